"""Stalls: how long the window's thread does not answer, against the 50 milliseconds it may.

A 24-megapixel photograph is panned and zoomed without rest, first alone, then while a network
enlarges it to four times as many pixels. What other programs took from the machine meanwhile is
not counted. The figure of a pair is the longest standstill of its round.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from PySide6.QtCore import QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication

from tests.benchmarks.heartbeat import StallCounter
from tests.benchmarks.pairs import Row

if TYPE_CHECKING:
    from safelight.gui.window import Window

PAIRS = {"full": 5, "quick": 3, "tiny": 1}

_PICTURE = {"full": (6000, 4000), "quick": (3000, 2000), "tiny": (300, 200)}
_SECONDS = {"full": 6.0, "quick": 3.0, "tiny": 0.3}

LIMIT = 50.0
"""Milliseconds the event loop may stand still."""


class Hands:
    """Zooms and pans without rest."""

    def __init__(self, canvas) -> None:
        self.canvas = canvas
        self.turn = 0
        self.timer = QTimer(canvas)
        self.timer.setInterval(40)
        self.timer.timeout.connect(self.move)
        self.timer.start()

    def move(self) -> None:
        """One movement: every fifth a zoom, at the same place."""
        self.turn += 1
        if self.turn % 5:
            self.canvas.look(self.canvas.view.moved(9 if self.turn % 60 < 30 else -9, 4))
            return
        at = QPointF(self.canvas.width() // 3, self.canvas.height() // 2)
        event = QWheelEvent(
            *(at, QPointF(self.canvas.mapToGlobal(at.toPoint())), QPoint()),
            QPoint(0, 120 if self.turn % 40 < 20 else -120),
            *(Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier),
            *(Qt.ScrollPhase.NoScrollPhase, False),
        )
        QApplication.sendEvent(self.canvas, event)


def measure(pairs: int, size: str = "full") -> list[Row]:
    """Two rows."""
    window = window_with_photograph(*_PICTURE[size])
    workspace = window.workspace()
    session = workspace.session

    def pan() -> float:
        end = time.monotonic() + _SECONDS[size]
        return standstill(workspace.canvas, lambda: time.monotonic() > end)

    def enlarge() -> float:
        filter = next(item for item in window.filters if item.name == "enlarge")
        session.jobs.apply(filter, filter.settings({}), None)
        until(lambda: session.job is not None)
        longest = standstill(workspace.canvas, lambda: session.job is None)
        session.undo()
        return longest

    try:
        rows = [("pan and zoom", [pan() for _ in range(pairs)])]
        rows.append(("enlarge", [enlarge() for _ in range(pairs)]))
    finally:
        session.files.saved = session.document
        window.close()
    width, height = _PICTURE[size]
    return [
        Row(
            f"stalls: {name}, {width * height / 1e6:.3g} MP, longest / what it may",
            "ms",
            [max(figure, 0.01) for figure in figures],
            [LIMIT] * pairs,
            goal=1.0,
        )
        for name, figures in rows
    ]


def standstill(canvas, over: Callable[[], bool]) -> float:
    """The longest standstill in milliseconds while hands move the canvas, until it is over."""
    counter, hands = StallCounter(), Hands(canvas)
    counter.start()
    until(over)
    counter.stop()
    hands.timer.stop()
    return counter.longest()


def window_with_photograph(width: int, height: int) -> Window:
    """A window of 1200 × 800 in which a photograph of so many pixels has been opened."""
    from safelight.gui.application import make_application
    from safelight.gui.window import Window

    make_application([])
    window = Window()
    window.resize(1200, 800)
    window.show()
    until(lambda: window.ready)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.jpg"
        _photograph(path, width, height)
        window.open(path)
        until(lambda: window.workspace() is not None)
    return window


def until(condition: Callable[[], bool]) -> None:
    """Run the event loop until something is so."""
    while not condition():
        QApplication.processEvents()
        time.sleep(0.001)


def _photograph(path: Path, width: int, height: int) -> None:
    rows, columns = np.mgrid[0 : height // 4, 0 : width // 4]
    red, green = columns * 255 // columns.max(), rows * 255 // rows.max()
    small = np.stack([red, green, (rows + columns) % 256], axis=2).astype(np.uint8)
    Image.fromarray(small.repeat(4, 0).repeat(4, 1)).save(path, quality=90)
