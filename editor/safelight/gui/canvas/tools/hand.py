"""Hand: moves the picture. What every press is for that no other tool takes."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt

from safelight.gui.canvas.tools.tool import Pointer, Tool


class Hand(Tool):
    """Moves the picture; while Space is held, whatever else is in hand."""

    id = "hand"
    title = "Hand"
    icon = "hand"
    shortcut = "H"
    hint = "Drag to move the picture; Space held does so with any tool"
    hold = Qt.Key.Key_Space
    _last: QPointF | None = None

    def holds(self, key: int, keys: Qt.KeyboardModifier) -> bool:
        return key == self.hold

    def press(self, pointer: Pointer) -> None:
        self._last = pointer.at

    def move(self, pointer: Pointer) -> None:
        if self._last is not None:
            way = (pointer.at - self._last) * self.surface.devicePixelRatioF()
            self.surface.look(self.surface.view.moved(way.x(), way.y()))
            self._last = pointer.at

    def release(self, pointer: Pointer) -> None:
        self._last = None

    def cancel(self) -> None:
        self._last = None

    def cursor(self, at: QPointF) -> Qt.CursorShape:
        dragged = self._last is not None
        return Qt.CursorShape.ClosedHandCursor if dragged else Qt.CursorShape.OpenHandCursor
