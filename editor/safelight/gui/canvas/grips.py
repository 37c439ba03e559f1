"""Grips: where a box on the widget is taken hold of, and what is seen of that."""

from __future__ import annotations

import math
from collections.abc import Iterable

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

GRIP = 11.0
"""How near a corner or an edge a press takes hold of it, in widget pixels."""

_SHAPES = (
    Qt.CursorShape.SizeHorCursor,
    Qt.CursorShape.SizeFDiagCursor,
    Qt.CursorShape.SizeVerCursor,
    Qt.CursorShape.SizeBDiagCursor,
)


def edge_at(at: float, low: float, high: float) -> int:
    """Which of two edges is near: -1 the lower one, 1 the higher one, 0 none."""
    near = min(GRIP, max((high - low) / 3, 3.0))
    if min(abs(at - low), abs(at - high)) > near and low < at < high:
        return 0
    return -1 if abs(at - low) < abs(at - high) else 1


def bearing(way: QPointF) -> float:
    """Degrees, clockwise, of a way on the widget."""
    return math.degrees(math.atan2(way.y(), way.x()))


def pulling_cursor(way: QPointF) -> Qt.CursorShape:
    """The cursor over what is pulled along a way on the widget, and back."""
    return _SHAPES[round(bearing(way) / 45) % 4]


def paint_pulled(painter: QPainter, path: QPainterPath, ratio: float, colour: QColor) -> None:
    """Lines that can be pulled, in physical pixels: seen on light and on dark."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for shade, width in ((QColor(0, 0, 0, 130), 3 * ratio), (colour, 1.3 * ratio)):
        painter.setPen(QPen(shade, width, j=Qt.PenJoinStyle.MiterJoin))
        painter.drawPath(path)


def paint_handles(painter: QPainter, places: Iterable[QPointF], ratio: float) -> None:
    """Squares, to be taken hold of, at places in physical pixels."""
    painter.setPen(QPen(QColor(0, 0, 0, 170), ratio))
    painter.setBrush(QColor(255, 255, 255))
    half = QPointF(4.5 * ratio, 4.5 * ratio)
    for place in places:
        painter.drawRect(QRectF(place - half, place + half))
