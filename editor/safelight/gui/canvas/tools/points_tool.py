"""Points tool: what the tools share whose points on the picture are pulled by hand."""

from __future__ import annotations

import math
from typing import ClassVar

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QCursor, QKeyEvent, QPainter, QPainterPath, QPolygonF

from safelight.gui.canvas.grips import GRIP, paint_pulled
from safelight.gui.canvas.tools.reshape_tool import ReshapeTool
from safelight.gui.canvas.tools.tool import Pointer
from safelight.gui.canvas.viewport import Viewport
from safelight.gui.widgets.keys import arrow_way

Point = tuple[float, float]

_NEAR = 1.5 * GRIP
"""Widget pixels within which a press takes hold of a point."""


class PointsTool(ReshapeTool):
    """Shows points on the picture, in its pixels: each can be pulled, and all of them from inside.

    ``_points`` is where they are, ``_known`` where the hand found them. Those of the numbers in
    ``_last`` were held last: arrow keys move them. ``edges_held``: a press on a line of the outline
    takes hold of the points at its ends.
    """

    edges_held: ClassVar[bool] = False

    def __init__(self, surface: Viewport) -> None:
        super().__init__(surface)
        self._points: list[Point] = []
        self._known: list[Point] = []
        self._before: list[Point] = []
        self._held: tuple[int, ...] = ()
        self._last: tuple[int, ...] = ()
        self._start: Point = (0.0, 0.0)

    def have(self, points: list[Point]) -> None:
        """Have points which no hand has pulled yet."""
        self._points, self._known, self._held = points, list(points), ()
        self._last = tuple(range(len(points)))

    def take_back(self) -> None:
        self._points = list(self._known)

    # -- what a hand does ----------------------------------------------------------------------

    @property
    def held(self) -> bool:
        return bool(self._held)

    def inside(self, at: QPointF) -> bool:
        return bool(self._points) and len(self._at(at)) == len(self._points)

    def press(self, pointer: Pointer) -> None:
        self._start, self._before = pointer.point, list(self._points)
        self._held = self._at(pointer.at)
        self._last = self._held or self._last

    def move(self, pointer: Pointer) -> None:
        if self._held:
            way = self.snapped(pointer.way_from(self._start), free=pointer.control)
            self._pull(self._before, way)

    def snapped(self, way: Point, *, free: bool) -> Point:
        """A way of the points that are held, to what is near unless it is ``free``."""
        return way

    def limited(self, points: list[Point], way: Point) -> Point:
        """A way of the points that were held last, as far as they may go from ``points``."""
        return way

    def _pull(self, points: list[Point], way: Point) -> None:
        """Have the points that were held last that far from where they were."""
        x, y = self.limited(points, way)
        self._points = [
            (point[0] + x, point[1] + y) if k in self._last else point
            for k, point in enumerate(points)
        ]
        self.changed()

    def release(self, pointer: Pointer) -> None:
        self._held = ()
        self.surface.update()

    def cancel(self) -> None:
        if self._held:
            self._held, self._points = (), self._before
            self.changed()

    def key(self, event: QKeyEvent) -> bool:
        way = arrow_way(event)
        if way is None or not self._points:
            return super().key(event)
        self._pull(list(self._points), way)
        return True

    def _places(self) -> list[QPointF]:
        """Where the points are on the widget."""
        return [self.surface.widget_point(*point) for point in self._points]

    def _at(self, at: QPointF) -> tuple[int, ...]:
        """The numbers of the points that a press at a widget point takes hold of."""
        places = self._places()
        if not places:
            return ()
        far = [math.hypot((at - place).x(), (at - place).y()) for place in places]
        near = min(range(len(far)), key=far.__getitem__)
        if far[near] <= _NEAR:
            return (near,)
        outline = self.outline
        for one, other in zip(outline, (*outline[1:], outline[0]), strict=True):
            if self.edges_held and _distance(at, places[one], places[other]) <= GRIP:
                return one, other
        area = QPolygonF([places[k] for k in outline])
        inside = area.containsPoint(at, Qt.FillRule.WindingFill)
        return tuple(range(len(places))) if inside else ()

    @property
    def outline(self) -> tuple[int, ...]:
        """The numbers of the points at the corners of the area, in order around it."""
        return tuple(range(len(self._points)))

    # -- what is seen --------------------------------------------------------------------------

    def cursor(self, at: QPointF) -> Qt.CursorShape | QCursor:
        held = self._held or self._at(at)
        if len(held) == 1:
            return Qt.CursorShape.CrossCursor
        return Qt.CursorShape.SizeAllCursor if held else Qt.CursorShape.ArrowCursor

    def paint_lines(self, painter: QPainter, lines: QPainterPath, ratio: float) -> None:
        """Paint lines through the points, in physical pixels: red where they cannot be so."""
        colour = QColor("#e0705a") if self.trouble else QColor(255, 255, 255, 235)
        paint_pulled(painter, lines, ratio, colour)


def _distance(at: QPointF, start: QPointF, end: QPointF) -> float:
    """How far a point is from a line between two others."""
    way, off = end - start, at - start
    length = QPointF.dotProduct(way, way) or 1.0
    share = min(max(QPointF.dotProduct(off, way) / length, 0.0), 1.0)
    rest = off - way * share
    return math.hypot(rest.x(), rest.y())
