"""Remove: what is painted over goes, and what is around it fills the place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import cast

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPainterPath, QPen, QRegion

from safelight.api import Value
from safelight.document import Stroke
from safelight.gui.canvas.pose import Pose
from safelight.gui.canvas.tools.brush import Brush
from safelight.gui.canvas.tools.round_brush import Size, Touch
from safelight.gui.canvas.tools.tool import Pointer, Tool

FILTER = "safelight_repair.remove"
"""The filter that fills what was painted over."""

_RED = QColor(230, 60, 60, 120)
"""What is painted over until it is gone."""


class Remove(Brush):
    """Removes what one stroke paints over, or a press touches. As large as the brush."""

    id = "remove"
    title = "Remove"
    icon = "M 10.5 2.5 L 13.5 5.5 L 5.5 13.5 L 2.5 10.5 Z M 5.5 7.5 L 8.5 10.5 M 7.5 5.5 L 10.5 8.5"
    shortcut = ""
    group = "healing"
    hint = "Paint over what is to go; it is filled when you let go. Shift draws a line"
    steps = ()
    tints = pressure = False
    rare = ()
    verb = "Removes what you paint over"

    def options(  # type: ignore[override]
        self,
        *,
        size: Size = 20,
    ) -> None:
        """The size, which is that of the brush."""

    @property
    def values(self) -> Mapping[str, Value]:
        return {"size": self.brush.size}

    def set(self, name: str, value: Value) -> None:
        self.brush.resize(cast(int, value))
        self.changed()

    @property
    def note(self) -> str:
        return self.verb

    # -- strokes -------------------------------------------------------------------------------

    @property
    def erasing(self) -> bool:
        return False

    def press(self, pointer: Pointer) -> None:
        self.begin(pointer, erase=False)
        self.surface.update()

    def move(self, pointer: Pointer) -> None:
        if self.brush.pressed and self.brush.move(pointer.point, Touch(), self.surface.view.zoom):
            self.surface.update()

    def release(self, pointer: Pointer) -> None:
        self.move(pointer)
        self.brush.arrive()
        stroke = self.brush.take()
        self.cancel()
        if stroke is not None:
            plain = Stroke(stroke.points, stroke.radius)  # what goes goes wholly
            self.surface.apply(FILTER, plain)

    def cancel(self) -> None:
        """End the stroke as if it had not begun."""
        self.end()
        self.surface.update()

    def key(self, event: QKeyEvent) -> bool:
        if event.key() != Qt.Key.Key_Escape or not self.brush.pressed:
            return Tool.key(self, event)
        self.cancel()
        return True

    def held_changed(self) -> None:
        """Alt means nothing here."""

    def still(self) -> QRegion | None:
        return None if self.surface.strokes or self.brush.points else super().still()

    def paint(self, painter: QPainter, pose: Pose) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for stroke in self.surface.strokes:
            self._redden(painter, pose, [point[:2] for point in stroke.points], stroke.radius)
        self._redden(painter, pose, self.brush.points, self.brush.size / 2)

    def _redden(
        self, painter: QPainter, pose: Pose, points: Iterable[Sequence[float]], radius: float
    ) -> None:
        """Lay red along points of the picture."""
        seen = [pose.point(x, y) for x, y in points]
        if not seen:
            return
        path = QPainterPath(seen[0])
        for point in seen[1:] or [seen[0] + QPointF(0.01, 0)]:
            path.lineTo(point)
        pen = QPen(_RED, 2 * radius * pose.view.zoom)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.strokePath(path, pen)
