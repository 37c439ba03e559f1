"""Hands: how long the window's thread stands still while a tool or a command is used on a picture
of 200 megapixels, against the second within which it has to answer.

What takes longer is made on a thread, under its name. What other programs took from the machine
meanwhile is not counted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from safelight.document import DECLARED
from tests.benchmarks.heartbeat import StallCounter
from tests.benchmarks.pairs import Row
from tests.benchmarks.stalls import until, window_with_photograph

PAIRS = {"full": 3, "quick": 3, "tiny": 1}

_PICTURE = {"full": (17320, 11548), "quick": (6000, 4000), "tiny": (300, 200)}

LIMIT = 1000.0
"""Milliseconds within which the window answers."""

_TOOLS: dict[str, tuple[dict[str, Any], list[tuple[float, float]]]] = {
    "rectangle": ({}, [(0.2, 0.2), (0.8, 0.8)]),
    "lasso": ({}, [(0.2, 0.2), (0.8, 0.3), (0.6, 0.8), (0.2, 0.2)]),
    "wand": ({}, [(0.5, 0.2)]),
    "subject": ({}, [(0.4, 0.5), (0.6, 0.5)]),
    "paint": ({"size": 300}, [(0.3, 0.3), (0.5, 0.4)]),
    "touch_up": ({"size": 600}, [(0.3, 0.3), (0.5, 0.4)]),
    "smudge": ({"size": 300}, [(0.3, 0.3), (0.4, 0.35)]),
    "liquify": ({"size": 2000}, [(0.3, 0.3), (0.4, 0.35)]),
    "gradient": ({}, [(0.5, 0.1), (0.5, 0.6)]),
    "fill": ({}, [(0.5, 0.2)]),
    "move": ({}, [(0.4, 0.4), (0.5, 0.5)]),
}
"""Tools with their options, and the points of a drag, as parts of the picture."""

_COMMANDS: dict[str, dict[str, Any]] = {
    "select_colour": {},
    "gradient_mask": {"to_y": 300.0},
    "transform": {"angle": 7.0, "width": 80.0, "height": 80.0},
    "straighten": {"angle": 3.0},
    "add_shape": {"figure": "star"},
    "drop_shadow": {"size": 100.0},
    "flatten": {},
}


def measure(pairs: int, size: str = "full") -> list[Row]:
    """A row for each tool and command."""
    window = window_with_photograph(*_PICTURE[size])
    workspace = window.workspace()
    session, canvas = workspace.session, workspace.canvas

    def drag(points: list[tuple[float, float]]) -> None:
        wide, high = _PICTURE[size]
        places = [
            QPoint(*(round(v) for v in canvas.view.to_widget(x * wide, y * high, _size(canvas))))
            for x, y in points
        ]
        left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        QTest.mousePress(canvas, left, none, places[0])
        for place in places[1:]:
            QTest.mouseMove(canvas, place)
            QApplication.processEvents()
        QTest.mouseRelease(canvas, left, none, places[-1])

    def used(act: Callable[[], object]) -> float:
        """The longest standstill while something is done, until it is done and seen."""
        before = session.history.position
        counter = StallCounter(with_controls=False)
        counter.start()
        act()
        until(lambda: session.idle and canvas.finished)
        counter.stop()
        while session.history.position > before:
            session.undo()
        until(lambda: session.idle and canvas.finished)
        session.activate(session.document.layers[-1].id)
        return max(counter.longest(), 0.01)

    figures: dict[str, list[float]] = {}
    most = 2 if size == "tiny" else None
    try:
        for _ in range(pairs):
            for name, (options, points) in list(_TOOLS.items())[:most]:
                canvas.take(name)
                for option, value in options.items():
                    canvas.tool.set(option, value)
                figures.setdefault(name, []).append(used(lambda points=points: drag(points)))
            canvas.take("hand")
            for name, settings in list(_COMMANDS.items())[:most]:
                edit = DECLARED[name](**settings)
                figures.setdefault(name, []).append(used(lambda edit=edit: session.do(edit)))
    finally:
        session.files.saved = session.document
        window.close()
    megapixels = _PICTURE[size][0] * _PICTURE[size][1] / 1e6
    return [
        Row(
            f"hands: {name}, {megapixels:.3g} MP, longest / what it may",
            "ms",
            found,
            [LIMIT] * pairs,
            goal=1.0,
        )
        for name, found in figures.items()
    ]


def _size(canvas: Any) -> tuple[int, int]:
    return canvas.width(), canvas.height()
