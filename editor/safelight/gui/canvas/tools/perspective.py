"""Perspective: four corners on the picture, of something that is to be seen from the front."""

from __future__ import annotations

from typing import Annotated, Literal

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QCursor, QPainter, QPainterPath, QPen, QPolygonF, QRegion

from safelight.document import Document, Edit, geometry, quadrilateral
from safelight.document.commands import reshape_commands
from safelight.document.placement import Place
from safelight.gui.canvas.grips import paint_handles, pulling_cursor
from safelight.gui.canvas.pose import Pose
from safelight.gui.canvas.tools.points_tool import Point, PointsTool
from safelight.gui.canvas.tools.tool import Step, reason
from safelight.gui.canvas.viewport import Viewport

_LINES = 6
"""Parts into which lines divide what lies between the corners, each way."""


class Perspective(PointsTool):
    """Shows the whole plane, and in it the four corners of what is the picture now. They are put on
    those of a wall or a page, which becomes a rectangle when the tool is put away. Nothing is lost:
    with the tool in hand again all is there.
    """

    id = "perspective"
    title = "Perspective"
    icon = "M 5.5 3 L 10.5 3 L 14 13 L 2 13 Z M 8 3 L 8 13 M 4 8 L 12 8"
    group = "framing"
    hint = (
        "Put the four corners on those of a wall or a page; arrow keys move the last one; Enter"
        " applies"
    )
    buttons = (
        Step("Whole", "W", "whole"),
        Step("Cancel", "Esc", "give_up"),
        Step("Apply", "Return", "apply"),
    )

    edges_held = True

    def __init__(self, surface: Viewport) -> None:
        super().__init__(surface)
        self._plane: Document | None = None

    def options(
        self,
        *,
        keep: Annotated[
            Literal["marked", "picture"],
            "What is shown: what lies between the corners, or as much of the picture as can be",
        ] = "marked",
    ) -> None:
        """What is shown of the picture."""

    @property
    def trouble(self) -> str:
        edit = self.under_way()
        if edit is None or self._document is None:
            return ""
        try:
            quadrilateral.check(self._points)
            edit.apply(self._document)  # the geometry alone: no pixel is made
        except ValueError as error:
            return reason(error)
        return ""

    # -- in and out of the hand ----------------------------------------------------------------

    def put_away(self) -> None:
        self.settle()
        self._document = self._plane = None

    def under_way(self) -> Edit | None:
        """The edit that makes a rectangle of what lies between the corners; None where that is the
        picture already.
        """
        document, plane = self._document, self._plane
        if document is None or plane is None or self._points == self._known:
            return None
        through = document.frame.inverse.after(plane.frame)
        corners = [through.at(*corner) for corner in self._points]
        written = ";".join(f"{round(x, 2):g},{round(y, 2):g}" for x, y in corners)
        return reshape_commands.rectify(corners=written, keep=self._values["keep"])

    def shows(self, document: Document) -> Document:
        if document is not self._document or self._plane is None:
            same = self._document is not None and document.looked_at == self._document.looked_at
            plane = geometry.unwarped(document)
            fresh = not same or self._plane is None or plane.looked_at != self._plane.looked_at
            self._document, self._plane = document, plane
            if fresh:
                through = plane.frame.inverse.after(document.frame)
                self.have(through.corners(document.width, document.height))
        return self._plane

    def whole(self) -> None:
        """Have the corners on those of all that there is."""
        width, height = self._size
        self._points = list(Place().corners(width, height))
        self.changed()

    @property
    def _size(self) -> tuple[int, int]:
        return (1, 1) if self._plane is None else (self._plane.width, self._plane.height)

    # -- what a hand does ----------------------------------------------------------------------

    def limited(self, points: list[Point], way: Point) -> Point:
        """A way as far as there is something of the picture."""
        found = list(way)
        for axis, size in enumerate(self._size):
            places = [points[k][axis] for k in self._last]
            least, most = min(-min(places), 0.0), max(size - max(places), 0.0)
            found[axis] = min(max(found[axis], least), most)
        return found[0], found[1]

    # -- what is seen --------------------------------------------------------------------------

    def cursor(self, at: QPointF) -> Qt.CursorShape | QCursor:
        held = self._held or self._at(at)
        if len(held) == 2:
            one, other = (self._places()[k] for k in held)
            edge = other - one
            return pulling_cursor(QPointF(-edge.y(), edge.x()))
        return super().cursor(at)

    def still(self) -> QRegion | None:
        return None if self._points else QRegion()

    def paint_above(self, painter: QPainter, pose: Pose) -> None:
        if pose.size != self._size or not self._points:
            return
        ratio, places = pose.ratio, [place * pose.ratio for place in self._places()]
        shape = QPainterPath()
        shape.addPolygon(QPolygonF([*places, places[0]]))
        outside = QPainterPath()
        outside.addRect(QRectF(0, 0, *pose.room))
        painter.fillPath(outside.subtracted(shape), QColor(0, 0, 0, 150))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setPen(QPen(QColor(255, 255, 255, 105), ratio))
        if not self.trouble:
            painter.drawPath(_grid(places))
        self.paint_lines(painter, shape, ratio)
        paint_handles(painter, places, ratio)


def _grid(places: list[QPointF]) -> QPainterPath:
    """Lines between four corners as a camera draws those of a grid."""
    through = Place.onto(1, 1, [(place.x(), place.y()) for place in places])
    path = QPainterPath()
    for k in range(1, _LINES):
        share = k / _LINES
        for start, end in (((share, 0), (share, 1)), ((0, share), (1, share))):
            path.moveTo(*through.at(*start))
            path.lineTo(*through.at(*end))
    return path
