"""Composition: lines over a part of the picture, by which what is in it is placed."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal, TypeAlias

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QTransform

Guides: TypeAlias = Literal["thirds", "golden", "spiral", "diagonals", "none"]
"""What lines there are: at the golden ratio, along a golden spiral, from the corners at 45°."""

_LINE = QColor(255, 255, 255, 140)
_SHADE = QColor(0, 0, 0, 45)

_GOLDEN = (math.sqrt(5) - 1) / 2

_TURNS = 9
"""Quarters of a golden spiral that are drawn; the next would be smaller than a pixel."""

_FINE = 6
"""Parts into which a frame is divided while the picture is turned beneath it."""


def paint_guides(
    painter: QPainter, box: QRectF, guides: Guides, ratio: float, *, level: bool = False
) -> None:
    """Paint lines over a box, in physical pixels; ``level``: many, to level things by."""
    path = _grid(box, [k / _FINE for k in range(1, _FINE)]) if level else _LINES[guides](box)
    painter.save()
    painter.setClipRect(box)
    painter.setBrush(QColor(0, 0, 0, 0))
    for colour, width in ((_SHADE, 2.4 * ratio), (_LINE, ratio)):
        painter.setPen(QPen(colour, width))
        painter.drawPath(path)
    painter.restore()


def _grid(box: QRectF, shares: list[float]) -> QPainterPath:
    path = QPainterPath()
    for share in shares:
        x, y = box.left() + share * box.width(), box.top() + share * box.height()
        path.moveTo(x, box.top())
        path.lineTo(x, box.bottom())
        path.moveTo(box.left(), y)
        path.lineTo(box.right(), y)
    return path


def _diagonals(box: QRectF) -> QPainterPath:
    """Lines from each corner at 45°, as far as the box reaches."""
    path, side = QPainterPath(), min(box.width(), box.height())
    for x, across in ((box.left(), side), (box.right(), -side)):
        for y, down in ((box.top(), side), (box.bottom(), -side)):
            path.moveTo(x, y)
            path.lineTo(x + across, y + down)
    return path


def _spiral(box: QRectF) -> QPainterPath:
    """Quarters of ellipses in squares that are cut off a golden rectangle, one after the other."""
    path, rest = QPainterPath(), QRectF(0, 0, 1, 1)
    for turn in range(_TURNS):
        side = turn % 4  # from which side the next square is cut
        square, left = QRectF(rest), QRectF(rest)
        if side in (0, 2):
            width = rest.width() * _GOLDEN
            square.setWidth(width)
            left.setWidth(rest.width() - width)
            (left if side == 0 else square).moveRight(rest.right())
        else:
            height = rest.height() * _GOLDEN
            square.setHeight(height)
            left.setHeight(rest.height() - height)
            (left if side == 1 else square).moveBottom(rest.bottom())
        whole = QRectF(0, 0, 2 * square.width(), 2 * square.height())
        inner = (square.bottomRight(), square.bottomLeft(), square.topLeft(), square.topRight())
        whole.moveCenter(inner[side])
        if not turn:
            path.arcMoveTo(whole, 180)
        path.arcTo(whole, 180 - 90 * turn, -90)
        rest = left
    return QTransform(box.width(), 0, 0, box.height(), box.left(), box.top()).map(path)


_LINES: dict[str, Callable[[QRectF], QPainterPath]] = {
    "thirds": lambda box: _grid(box, [1 / 3, 2 / 3]),
    "golden": lambda box: _grid(box, [1 - _GOLDEN, _GOLDEN]),
    "spiral": _spiral,
    "diagonals": _diagonals,
    "none": lambda box: QPainterPath(),
}


def paint_line(painter: QPainter, line: tuple[QPointF, QPointF], ratio: float) -> None:
    """A line that is being drawn, from widget point to widget point, with a dot at each end."""
    start, end = line[0] * ratio, line[1] * ratio
    painter.setBrush(QColor(255, 255, 255))
    for colour, width in ((QColor(0, 0, 0, 130), 3 * ratio), (QColor(255, 255, 255), 1.3 * ratio)):
        painter.setPen(QPen(colour, width))
        painter.drawLine(start, end)
        for place in (start, end):
            painter.drawEllipse(place, 2.5 * ratio, 2.5 * ratio)
