"""Rectangle: selects a rectangle of the picture."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QKeyEvent, QPainter

from safelight.document import edits
from safelight.gui.canvas.marks import paint_marquee
from safelight.gui.canvas.pose import Pose
from safelight.gui.canvas.tools.tool import Pointer, Tool
from safelight.gui.canvas.view import region_between


class Rectangle(Tool):
    """Selects the rectangle that is pulled; Shift adds it to the selection, Alt takes it away."""

    id = "rectangle"
    title = "Rectangle"
    icon = "rectangle"
    shortcut = "M"
    hint = "Drag to select a rectangle; Shift adds to the selection, Alt takes from it"
    _pulled: tuple[tuple[float, float], tuple[float, float]] | None = None

    def press(self, pointer: Pointer) -> None:
        self._pulled = pointer.point, pointer.point

    def move(self, pointer: Pointer) -> None:
        if self._pulled is not None:
            self._pulled = self._pulled[0], pointer.point
            self.surface.update()

    def release(self, pointer: Pointer) -> None:
        if self._pulled is not None:
            region, self._pulled = region_between(*self._pulled), None
            how = "add" if pointer.shift else "subtract" if pointer.alt else "replace"
            self.surface.do(edits.select_region(region, how))
            self.surface.update()

    def cancel(self) -> None:
        self._pulled = None
        self.surface.update()

    def key(self, event: QKeyEvent) -> bool:
        if event.key() != Qt.Key.Key_Escape or self._pulled is None:
            return False
        self.cancel()
        return True

    def cursor(self, at: QPointF) -> Qt.CursorShape:
        return Qt.CursorShape.CrossCursor

    def paint(self, painter: QPainter, pose: Pose) -> None:
        if self._pulled is not None:
            paint_marquee(painter, pose.box(region_between(*self._pulled)), pose.ratio)
