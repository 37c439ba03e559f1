"""Guides: lines across the picture to align things by."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QColor, QPainter

_REACH = 6.0
"""Widget pixels within which a guide sticks to the picture's edges and middle."""

_COLOUR = QColor(64, 200, 232, 220)
_SHADE = QColor(0, 0, 0, 90)


class Guide(NamedTuple):
    """A line at ``at`` picture pixels from the left (axis x: it is upright) or the top (y)."""

    axis: Literal["x", "y"]
    at: float

    def of(self, point: tuple[float, float]) -> float:
        """The point's distance from the same edge."""
        return point[0] if self.axis == "x" else point[1]


def snapped(at: float, size: int, zoom: float) -> float:
    """On a pixel's edge, and on the picture's edges and middle where they are near."""
    near = min((0.0, size / 2, float(size)), key=lambda place: abs(place - at))
    return near if abs(near - at) * zoom <= _REACH else float(round(at))


def paint_guides(
    painter: QPainter,
    guides: Iterable[Guide],
    corner: tuple[float, float],
    zoom: float,
    clip: QRect,
    ratio: float,
) -> None:
    """Paint guides across ``clip``, on a picture that has its corner at ``corner``."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, painter.transform().isRotating())
    for guide in guides:
        place = round(guide.of(corner) + guide.at * zoom)
        for colour, width in ((_SHADE, 3 * ratio), (_COLOUR, ratio)):
            aside = (width - ratio) / 2
            if guide.axis == "x":
                line = QRectF(place - aside, clip.top(), width, clip.height())
            else:
                line = QRectF(clip.left(), place - aside, clip.width(), width)
            painter.fillRect(line, colour)
    painter.restore()
