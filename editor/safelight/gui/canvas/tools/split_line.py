"""Split line: between the picture as it was and as it is; a tool where the line is shown."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QRegion

from safelight.gui.canvas.marks import paint_split
from safelight.gui.canvas.pose import Pose
from safelight.gui.canvas.tools.tool import Pointer, Tool

_GRIP = 9.0
"""How near the split line a press takes hold of it, in widget pixels."""


class Split(Tool):
    """A line with the picture as it was on its left, ``at`` that fraction of the canvas's width."""

    id = "split"
    chosen = False
    at: float | None = None
    hidden = False

    def takes(self, at: QPointF) -> bool:
        line = self.at
        return line is not None and abs(at.x() - line * self.surface.width()) <= _GRIP

    def move(self, pointer: Pointer) -> None:
        self.at = min(max(pointer.at.x() / max(self.surface.width(), 1), 0.0), 1.0)
        self.surface.update()

    def cursor(self, at: QPointF) -> Qt.CursorShape:
        return Qt.CursorShape.SplitHCursor

    def still(self) -> QRegion | None:
        return QRegion() if self.at is None else None

    def paint_above(self, painter: QPainter, pose: Pose) -> None:
        if self.at is not None and not self.hidden:
            paint_split(painter, round(pose.room[0] * self.at), pose.room[1], pose.ratio)
