"""Perspective: four corners on the picture, of something that is to be seen from the front."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QCursor, QKeyEvent, QPainter, QPainterPath, QPen, QPolygonF

from safelight.document import Document, Edit, geometry, quadrilateral, reshape_commands
from safelight.document.placement import Place
from safelight.gui.canvas.grips import GRIP, paint_handles, pulling_cursor
from safelight.gui.canvas.pose import Pose
from safelight.gui.canvas.tools.tool import Pointer, Step, Tool
from safelight.gui.canvas.viewport import Viewport
from safelight.gui.keys import arrow_way

_Point = tuple[float, float]

_LINES = 6
"""Parts into which lines divide what lies between the corners, each way."""

_ALL = (0, 1, 2, 3)


class Perspective(Tool):
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

    def __init__(self, surface: Viewport) -> None:
        super().__init__(surface)
        self._document: Document | None = None
        self._plane: Document | None = None
        self._corners: list[_Point] = []
        self._known: list[_Point] = []
        self._before: list[_Point] = []
        self._held: tuple[int, ...] = ()
        self._last: tuple[int, ...] = _ALL
        self._start: _Point = (0.0, 0.0)

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
    def word(self) -> str:  # type: ignore[override]
        return self._trouble

    @property
    def _trouble(self) -> str:
        """Why what the hand has made cannot be; "" where it can."""
        edit = self.under_way()
        if edit is None or self._document is None:
            return ""
        try:
            quadrilateral.check(self._corners)
            edit.apply(self._document)  # the geometry alone: no pixel is made
        except ValueError as error:
            return f"{error}"[:1].upper() + f"{error}"[1:]
        return ""

    # -- in and out of the hand ----------------------------------------------------------------

    def take_up(self) -> None:
        """See all of the plane, without a perspective."""
        if self.surface.document is not None:
            self._document = None
            self.shows(self.surface.document)

    def put_away(self) -> None:
        self.settle()
        self._document = self._plane = None

    def under_way(self) -> Edit | None:
        """The edit that makes a rectangle of what lies between the corners; None where that is the
        picture already.
        """
        document, plane = self._document, self._plane
        if document is None or plane is None or self._corners == self._known:
            return None
        through = document.frame.inverse.after(plane.frame)
        corners = [through.at(*corner) for corner in self._corners]
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
                self._known = through.corners(document.width, document.height)
                self._corners = list(self._known)
        return self._plane

    def apply(self) -> None:
        """Make a rectangle of it; where that cannot be say why, and stay."""
        if self._trouble:
            self.settle()
        else:
            self.surface.leave()

    def give_up(self) -> None:
        """Leave the picture as it is."""
        self._corners = list(self._known)
        self.surface.leave()

    def whole(self) -> None:
        """Have the corners on those of all that there is."""
        width, height = self._size
        self._corners = list(Place().corners(width, height))
        self.changed()

    @property
    def _size(self) -> tuple[int, int]:
        return (1, 1) if self._plane is None else (self._plane.width, self._plane.height)

    # -- what a hand does ----------------------------------------------------------------------

    def press(self, pointer: Pointer) -> None:
        self._start, self._before = pointer.point, list(self._corners)
        self._held = self._at(pointer.at)
        self._last = self._held or self._last

    def move(self, pointer: Pointer) -> None:
        if self._held:
            x, y = (pointer.point[axis] - self._start[axis] for axis in (0, 1))
            if pointer.shift:
                x, y = (x, 0.0) if abs(x) >= abs(y) else (0.0, y)
            self._pull(self._before, self._held, x, y)

    def _pull(self, corners: list[_Point], which: tuple[int, ...], x: float, y: float) -> None:
        """Have some corners that far from where they were, as far as there is something."""
        way = [x, y]
        for axis, size in enumerate(self._size):
            places = [corners[k][axis] for k in which]
            least, most = min(-min(places), 0.0), max(size - max(places), 0.0)
            way[axis] = min(max(way[axis], least), most)
        self._corners = [
            (corner[0] + way[0], corner[1] + way[1]) if k in which else corner
            for k, corner in enumerate(corners)
        ]
        self.changed()

    def release(self, pointer: Pointer) -> None:
        self._held = ()
        self.surface.update()

    def cancel(self) -> None:
        if self._held:
            self._held, self._corners = (), self._before
            self.changed()

    def double_click(self, pointer: Pointer) -> bool:
        if self._at(pointer.at) == _ALL:
            self.apply()
        return True

    def key(self, event: QKeyEvent) -> bool:
        if event.key() == Qt.Key.Key_Escape and self._held:
            self.cancel()
            return True
        way = arrow_way(event)
        if way is None:
            return super().key(event)
        self._pull(list(self._corners), self._last, *way)
        return True

    def _places(self) -> list[QPointF]:
        """Where the corners are on the widget."""
        return [self.surface.widget_point(*corner) for corner in self._corners]

    def _at(self, at: QPointF) -> tuple[int, ...]:
        """The corners that a press at a widget point takes hold of."""
        places = self._places()
        if not places:
            return ()
        ways = [at - place for place in places]
        near = min(range(4), key=lambda k: math.hypot(ways[k].x(), ways[k].y()))
        if math.hypot(ways[near].x(), ways[near].y()) <= 1.5 * GRIP:
            return (near,)
        for k in range(4):
            if _distance(at, places[k], places[(k + 1) % 4]) <= GRIP:
                return (k, (k + 1) % 4)
        inside = QPolygonF(places).containsPoint(at, Qt.FillRule.WindingFill)
        return _ALL if inside else ()

    # -- what is seen --------------------------------------------------------------------------

    def cursor(self, at: QPointF) -> Qt.CursorShape | QCursor:
        held = self._held or self._at(at)
        if len(held) == 2:
            one, other = (self._places()[k] for k in held)
            edge = other - one
            return pulling_cursor(QPointF(-edge.y(), edge.x()))
        if len(held) == 1:
            return Qt.CursorShape.CrossCursor
        return Qt.CursorShape.SizeAllCursor if held else Qt.CursorShape.ArrowCursor

    def paint_above(self, painter: QPainter, pose: Pose) -> None:
        if pose.size != self._size or not self._corners:
            return
        ratio, places = pose.ratio, [place * pose.ratio for place in self._places()]
        shape = QPainterPath()
        shape.addPolygon(QPolygonF([*places, places[0]]))
        outside = QPainterPath()
        outside.addRect(QRectF(0, 0, *pose.room))
        painter.fillPath(outside.subtracted(shape), QColor(0, 0, 0, 150))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(255, 255, 255, 105), ratio))
        if not self._trouble:
            painter.drawPath(_grid(places))
        line = QColor("#e0705a") if self._trouble else QColor(255, 255, 255, 235)
        for colour, width in ((QColor(0, 0, 0, 130), 3 * ratio), (line, 1.3 * ratio)):
            painter.setPen(QPen(colour, width, j=Qt.PenJoinStyle.MiterJoin))
            painter.drawPath(shape)
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


def _distance(at: QPointF, start: QPointF, end: QPointF) -> float:
    """How far a point is from a line between two others."""
    way, off = end - start, at - start
    length = QPointF.dotProduct(way, way) or 1.0
    share = min(max(QPointF.dotProduct(off, way) / length, 0.0), 1.0)
    rest = off - way * share
    return math.hypot(rest.x(), rest.y())
