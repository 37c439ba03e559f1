"""Turn view: turns the view; the picture itself stays as it is."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QCursor

from safelight.gui.canvas.marks import turning_cursor
from safelight.gui.canvas.tools.tool import Pointer, Step, Tool

_SNAP = 15.0
"""Degrees to which Shift rounds a turn."""


class Turn(Tool):
    """Turns the view around the canvas's middle; while R is held, whatever else is in hand."""

    id = "turn"
    title = "Turn view"
    icon = "turn"
    group = "looking"
    hint = "Drag to turn the view, with Shift by 15°; R held does so with any tool"
    hold = Qt.Key.Key_R
    buttons = (
        Step("15° left", "", "left", after="title"),
        Step("15° right", "", "right", after="title"),
        Step("Level", "", "level", after="title"),
    )
    _grip = 0.0

    def left(self) -> None:
        """Turn the view a step counter-clockwise."""
        self.surface.rotate_left()

    def right(self) -> None:
        """Turn the view a step clockwise."""
        self.surface.rotate_right()

    def level(self) -> None:
        """Show the picture level again."""
        self.surface.reset_rotation()

    def press(self, pointer: Pointer) -> None:
        self._grip = self.surface.view.angle - self._bearing(pointer.at)

    def move(self, pointer: Pointer) -> None:
        angle = self._grip + self._bearing(pointer.at)
        self.surface.rotate_to(_SNAP * round(angle / _SNAP) if pointer.shift else angle)

    def double_click(self, pointer: Pointer) -> bool:
        return True

    def cursor(self, at: QPointF) -> QCursor:
        return turning_cursor()

    def _bearing(self, at: QPointF) -> float:
        """Degrees, clockwise, at which a widget point is seen from the middle."""
        width, height = self.surface.width(), self.surface.height()
        return math.degrees(math.atan2(at.y() - height / 2, at.x() - width / 2))
