"""Polygonal lasso: selects what straight lines go around, from press to press."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter

from safelight.gui.canvas.pose import Pose
from safelight.gui.canvas.tools.path_tool import PathTool, Point
from safelight.gui.canvas.tools.tool import Pointer

_TURN = math.pi / 4
"""The angle to which Shift rounds the way of a line."""


class Polygon(PathTool):
    """Selects what lines go around; a press puts a corner, one at the first corner closes."""

    id = "polygon"
    title = "Polygonal lasso"
    icon = "M 3 5 L 9 2.5 L 13.5 7 L 10 13 L 4.5 11.5 Z"
    group = "lassos"
    hint = (
        "Click corner by corner, Shift for 45°; Enter or a double click closes, Backspace takes"
        " back; before the first, Shift adds, Alt takes"
    )

    def press(self, pointer: Pointer) -> None:
        if self.closes(pointer.at):
            self.close()
        elif self.start is None:
            self.begin(pointer)
        elif self._aimed(pointer) != self.last:
            self.parts.append([self._aimed(pointer)])
            self.trail = []
            self.changed()

    def move(self, pointer: Pointer) -> None:
        if self.start is not None:
            self.trail = [self._aimed(pointer)]
            self.surface.update()

    def hover(self, at: QPointF | None) -> None:
        if self.start is not None:
            keys = self.surface.held
            self.trail = [] if at is None else [self._rounded(at, square="adds" in keys)]
            self.surface.update()

    def double_click(self, pointer: Pointer) -> bool:
        if self.start is not None:
            self.close()
        return True

    def _aimed(self, pointer: Pointer) -> Point:
        return self._rounded(pointer.at, square=pointer.shift)

    def _rounded(self, at: QPointF, *, square: bool) -> Point:
        """The picture's point at a widget point, on a line of a multiple of 45° if ``square``."""
        x, y = self.surface.picture_point(at)
        if not square or self.last is None:
            return x, y
        from_x, from_y = self.last
        way = round(math.atan2(y - from_y, x - from_x) / _TURN) * _TURN
        far = (x - from_x) * math.cos(way) + (y - from_y) * math.sin(way)
        return from_x + far * math.cos(way), from_y + far * math.sin(way)

    def paint(self, painter: QPainter, pose: Pose) -> None:
        super().paint(painter, pose)
        self.paint_corners(painter, pose)
