"""Hand: moves the picture. What every press is for that no other tool takes."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt

from safelight.gui.canvas.tools.tool import Pointer
from safelight.gui.canvas.tools.view_buttons import Look


class Hand(Look):
    """Moves the picture; while Space is held, whatever else is in hand."""

    id = "hand"
    title = "Hand"
    icon = (
        "M 5 9 L 5 4.2 C 5 2.9 7 2.9 7 4.2 L 7 7.5 M 7 4.2 L 7 2.9 C 7 1.6 9 1.6 9 2.9 L 9 7.5"
        " M 9 3.6 C 9 2.3 11 2.3 11 3.6 L 11 8 M 11 5.4 C 11 4.1 13 4.1 13 5.4 L 13 10"
        " C 13 12.8 11.5 14.5 8.8 14.5 C 6.6 14.5 5.6 13.6 4.6 12"
        " L 2.5 8.8 C 1.9 7.7 3.4 6.8 4.2 7.8 L 5 9"
    )
    group = "looking"
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
