"""Path tool: what lassos share: a path that grows, and what it goes around is selected."""

from __future__ import annotations

from typing import Annotated, ClassVar

from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QPainter, QPainterPath, QRegion

from safelight.document import Edit
from safelight.document.commands import selections
from safelight.document.placement import Place
from safelight.gui.canvas.marks import paint_outline
from safelight.gui.canvas.pose import Pose, nearest
from safelight.gui.canvas.tools.selection_tool import Mode, SelectionTool
from safelight.gui.canvas.tools.tool import Pointer, Step
from safelight.gui.canvas.viewport import Viewport

Point = tuple[float, float]

_NEAR = 8.0
"""Widget pixels within which a press at the first point closes the path."""

_MARK = 2.5
"""Half the size of the mark of a point, in widget pixels."""


class PathTool(SelectionTool):
    """Selects what a path goes around; it is made of parts, each from a point to the next."""

    buttons: ClassVar[tuple[Step, ...]] = (
        Step("Cancel", "Esc", "give_up"),
        Step("Close", "Return", "close"),
    )
    keys: ClassVar[tuple[Step, ...]] = (Step("Take back", "Backspace", "take_back"),)

    def __init__(self, surface: Viewport) -> None:
        super().__init__(surface)
        self.start: Point | None = None
        self.parts: list[list[Point]] = []
        self.trail: list[Point] = []
        """From the last point to the pointer."""
        self._begun_how = "replace"

    def options(
        self,
        *,
        mode: Annotated[Mode, "What becomes of the selection that there is"] = "new",
        smooth_edge: Annotated[bool, "Pixels on the edge are selected in part"] = True,
    ) -> None:
        """What becomes of the selection, and how the edge is."""

    @property
    def points(self) -> list[Point]:
        """All points of the path, without the trail."""
        first = [] if self.start is None else [self.start]
        return first + [point for part in self.parts for point in part]

    @property
    def last(self) -> Point | None:
        """The point that the trail begins at."""
        return self.parts[-1][-1] if self.parts else self.start

    @property
    def under_way_how(self) -> str | None:
        return None if self.start is None else self._begun_how

    def offers(self, name: str) -> bool:
        return name not in ("give_up", "close", "take_back") or self.start is not None

    def begin(self, pointer: Pointer) -> None:
        """Have the first point."""
        self.start, self.parts, self.trail = pointer.point, [], []
        self._begun_how = self.how(pointer)
        self.changed()

    def give_up(self) -> None:
        """Let go of the path."""
        self.start, self.parts, self.trail = None, [], []
        self.changed()

    def take_back(self) -> None:
        """Let go of the last point; of the first, of the path."""
        if not self.parts:
            self.give_up()
            return
        self.parts.pop()
        self.trail = []
        self.changed()

    def close(self) -> None:
        """Select what the path goes around. One of less than three points is no path."""
        points = self.closed()
        how = self._begun_how
        self.give_up()
        if len(points) > 2:
            self.surface.do(self.select(points, how))

    def closed(self) -> list[Point]:
        """The points of the path when it is closed."""
        return self.points

    def select(self, points: list[Point], how: str) -> Edit:
        """The edit that selects what some points go around."""
        smooth = bool(self.values["smooth_edge"])
        return selections.select_path(points=selections.path_told(points), how=how, smooth=smooth)

    def closes(self, at: QPointF) -> bool:
        """Whether a press at a widget point closes the path: it is near the first point."""
        if self.start is None or len(self.points) < 3:
            return False
        return (at - self.surface.widget_point(*self.start)).manhattanLength() <= _NEAR

    def carry(self, way: Place) -> None:
        if self.start is not None:
            self.start = way.at(*self.start)
            self.parts = [[way.at(*point) for point in part] for part in self.parts]
            self.trail = []

    def put_away(self) -> None:
        self.give_up()

    def still(self) -> QRegion | None:
        return QRegion() if self.start is None else None

    def paint(self, painter: QPainter, pose: Pose) -> None:
        if self.start is None:
            return
        points = [pose.point(*point) for point in (*self.points, *self.trail)]
        path = QPainterPath(points[0])
        for point in points[1:]:
            path.lineTo(point)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_outline(painter, path, pose.ratio)

    def paint_corners(self, painter: QPainter, pose: Pose) -> None:
        """Mark the first point, and each end of a part."""
        if self.start is None:
            return
        size = _MARK * pose.ratio
        for point in (self.start, *(part[-1] for part in self.parts)):
            at = pose.point(*point)
            painter.setPen(QColor("#000000"))
            painter.setBrush(QColor("#ffffff"))
            painter.drawRect(
                nearest(at.x() - size), nearest(at.y() - size), round(2 * size), round(2 * size)
            )
