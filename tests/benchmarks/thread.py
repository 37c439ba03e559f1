"""Thread: the longest that an action holds the window's thread, against 50 ms.

A real window with a photograph of 24 megapixels (and of 200 in the full size). After each action
the event loop runs until everything is shown; what is told is the longest time in which it did not
answer. The time in which no processor was free is no part of it.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import tifffile
from PySide6.QtWidgets import QApplication

from safelight.api import Region
from safelight.document import Layer, Stroke, edits
from safelight.gui.application import make_application
from safelight.gui.window import Window
from safelight.gui.workspace import Workspace
from safelight.pixels import Raster
from tests.benchmarks.heartbeat import StallCounter
from tests.benchmarks.pairs import Row, Skipped, available_memory, touch

PAIRS = {"full": 5, "quick": 3, "tiny": 1}

_SIZES = {"full": [(6000, 4000), (17320, 11547)], "quick": [(6000, 4000)], "tiny": [(600, 400)]}

_LIMIT = 50.0
_SETTLED = {"full": 0.3, "quick": 0.3, "tiny": 0.02}
"""Seconds without anything to do after which an action is over."""

_LONGEST = 60.0
"""Seconds that an action may take."""


def measure(pairs: int, size: str = "full") -> list[Row]:
    """A row for each action and size; a note where there is too little memory for the large one."""
    application = QApplication.instance() or QApplication([])
    make_application([])
    rows: list[Row] = []
    for width, height in _SIZES[size]:
        if available_memory() < 12 * width * height:
            why = f"{width * height / 1e6:.3g} MP want {12 * width * height / 1e9:.1f} GB of memory"
            if not rows:
                raise Skipped(why)
            rows[-1] = replace(rows[-1], notes=[f"thread: {why} and were left out"])
            break
        touch(3 * width * height)
        measured = _Measured(application, width, height, _SETTLED[size])
        rows += measured.rows(pairs, warm=0 if size == "tiny" else 1)
    return rows


class _Measured:
    def __init__(self, application, width: int, height: int, settled: float) -> None:
        self._application = application
        self._settled = settled
        self._size = width, height
        self._folder = tempfile.TemporaryDirectory()
        self._files = [Path(self._folder.name) / f"{number}.tif" for number in (1, 2)]
        pixels = np.random.default_rng(7).integers(0, 256, (height, width, 3), np.uint8)
        for file in self._files:
            tifffile.imwrite(file, pixels)
        self.window = Window("cpu")
        self.window.resize(1600, 1000)
        self.window.show()
        self._until(lambda: self.window.ready)

    def rows(self, pairs: int, warm: int) -> list[Row]:
        """Every action ``pairs`` times, after ``warm`` rounds that do not count."""
        held: dict[str, list[float]] = {}
        for turn in range(warm + pairs):
            for name, action in self._actions():
                longest = self._hold(action)
                if turn >= warm:
                    held.setdefault(name, []).append(max(longest, 0.01))
        self.window.close()
        self._folder.cleanup()
        megapixels = self._size[0] * self._size[1] / 1e6
        return [
            Row(f"thread: {name}, {megapixels:.3g} MP", "ms", times, [_LIMIT] * len(times), 1.0)
            for name, times in held.items()
        ]

    @property
    def _front(self) -> Workspace:
        found = self.window.workspace()
        assert found is not None
        return found

    def _actions(self) -> list[tuple[str, Callable[[], object]]]:
        width, height = self._size
        most = Region(width // 20, height // 20, width * 9 // 10, height * 9 // 10)
        part = Region(width // 3, height // 3, width // 5, height // 2)
        top = Layer("Top", Raster.filled(width, height, (0, 0, 0, 0), "uint8"), id="top")
        mask = Raster.filled(width, height, (255,), "uint8")

        def do(make: Callable[[], object]) -> Callable[[], object]:
            return lambda: self._front.session.do(make())

        return [
            ("open", lambda: self._open(0)),
            ("open a second", lambda: self._open(1)),
            ("switch tabs", lambda: self.window.tabs.setCurrentIndex(0)),
            ("select a rectangle", lambda: self._select(most, "replace")),
            ("take from it", lambda: self._select(part, "subtract")),
            ("add to it", lambda: self._select(part, "add")),
            ("invert the selection", do(edits.invert_selection)),
            ("feather it", do(lambda: edits.feather_selection(20))),
            ("invert what is feathered", do(edits.invert_selection)),
            ("largest eraser", self._erase),
            ("largest soft brush", lambda: self._paint(0.0)),
            ("undo", lambda: self._front.session.undo()),
            ("redo", lambda: self._front.session.redo()),
            ("select all", do(edits.select_all)),
            ("undo selecting all", lambda: self._front.session.undo()),
            ("add a layer", do(lambda: edits.add_layer(top))),
            ("add a mask", do(lambda: edits.set_mask("top", mask))),
            ("invert the mask", do(lambda: edits.invert_mask("top"))),
            ("hide a layer", do(lambda: edits.set_visible("top", False))),
            ("show a layer", do(lambda: edits.set_visible("top", True))),
            ("back to the start", lambda: self._front.session.jump(0)),
            ("close a tab", lambda: self._close(0)),
            ("close the other", lambda: self._close(0)),
        ]

    def _open(self, number: int) -> None:
        count = self.window.tabs.count()
        self.window.open(self._files[number])
        self._until(lambda: self.window.tabs.count() > count)

    def _close(self, index: int) -> None:
        workspace = self.window.workspaces()[index]
        workspace.session.files.saved = workspace.session.document
        self.window.close_tab(index)

    def _select(self, region: Region, how: str) -> None:
        self._front.canvas.do(edits.select_region(region, how))

    def _erase(self) -> None:
        self._front.canvas.take("eraser")
        self._stroke(1.0, erase=True)

    def _paint(self, hardness: float) -> None:
        self._front.canvas.take("brush")
        self._stroke(hardness, erase=False)
        self._front.canvas.take("hand")

    def _stroke(self, hardness: float, *, erase: bool) -> None:
        """Ten pieces of a stroke, as a hand makes them: 12 ms each."""
        width, height = self._size
        points = [(width * (0.3 + 0.02 * n), height * (0.3 + 0.01 * n), 1.0) for n in range(11)]
        for number, piece in enumerate(zip(points, points[1:], strict=False)):
            canvas = self._front.canvas
            stroke = Stroke(piece, 500, hardness, erase, goes_on=number > 0)
            canvas.do(edits.paint_mask(canvas.painted_on, stroke, "stroke"))
            self._application.processEvents()

    def _hold(self, action: Callable[[], object]) -> float:
        counter = StallCounter(with_controls=False)
        self._idle()
        counter.start()
        self._application.processEvents()
        action()
        self._idle()
        counter.stop()
        return counter.longest()

    def _idle(self) -> None:
        """Run the event loop until nothing has been awaited for a while."""
        since = time.perf_counter()
        end = since + _LONGEST
        while time.perf_counter() < min(since + self._settled, end):
            self._application.processEvents()
            time.sleep(0.0005)
            front = self.window.workspace()
            if front is not None and (front.session.busy or not front.canvas.finished):
                since = time.perf_counter()

    def _until(self, true: Callable[[], bool]) -> None:
        end = time.perf_counter() + _LONGEST
        while not true():
            if time.perf_counter() > end:
                raise Skipped(f"nothing came in {_LONGEST:.0f} s")
            self._application.processEvents()
            time.sleep(0.0005)
