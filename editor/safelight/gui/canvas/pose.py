"""Pose: how a picture lies on the widget at one moment. For painting; all in physical pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect, QRectF
from PySide6.QtGui import QPainter, QTransform

from safelight.api import Region
from safelight.gui.canvas.view_geometry import View

_PARTS = 1 << 20
"""Parts of a screen's pixel in which the place of a picture is reckoned."""

_OFF_GRID = 1 - 4e-6
"""What the zoom of a slanting picture is multiplied with: a picture that lies on whole pixels is
copied, not resampled, and that only suits one that lies level.
"""


def nearest(position: float) -> int:
    """The pixel edge nearest to a position: the same for neighbours that compute it apart, and for
    a picture that has been moved by whole pixels.
    """
    return math.floor(position + 0.5 + 1e-6)


def corner(view: View, room: tuple[float, float]) -> tuple[float, float]:
    """Where the corner of a picture that lies level is, in parts of a pixel that add up without an
    error: a picture that is moved by whole pixels looks the same.
    """
    left, top = view.to_widget(0, 0, room)
    return round(left * _PARTS) / _PARTS, round(top * _PARTS) / _PARTS


def shift(before: View, now: View, room: tuple[float, float]) -> tuple[float, float] | None:
    """How far a picture has moved on a widget of ``room``, in physical pixels; None where it has
    not only moved.
    """
    if before.angle or now.angle or before.zoom != now.zoom:
        return None
    (left, top), (old_left, old_top) = corner(now, room), corner(before, room)
    return left - old_left, top - old_top


@dataclass(frozen=True, slots=True)
class Pose:
    """A picture of ``size`` pixels, seen through ``view`` on a widget of ``room`` physical pixels.

    A picture that is turned is painted in a frame in which it lies level, into which ``lay`` goes.
    ``ratio``: physical pixels per widget pixel.
    """

    view: View
    size: tuple[int, int]
    room: tuple[float, float]
    ratio: float

    @property
    def slants(self) -> bool:
        """Whether the picture's pixels lie across those of the screen."""
        return self.view.angle % 90 != 0

    @property
    def zoom(self) -> float:
        """Physical pixels per picture pixel, for painting tiles."""
        return self.view.zoom * (_OFF_GRID if self.slants else 1.0)

    @property
    def covers(self) -> bool:
        """Whether the picture hides all of the widget."""
        if self.view.angle:
            return False
        left, top = self.view.to_widget(0, 0, self.room)
        right, bottom = self.view.to_widget(*self.size, self.room)
        return left <= 0 and top <= 0 and right >= self.room[0] and bottom >= self.room[1]

    def turn(self) -> QTransform:
        """The map from the frame in which the picture lies level to the widget.

        It turns around a whole pixel, so that a quarter turn puts pixels on pixels.
        """
        x, y = (math.floor(side / 2) for side in self.room)
        return QTransform().translate(x, y).rotate(self.view.angle).translate(-x, -y)

    def lay(self, painter: QPainter) -> None:
        """Have a painter paint in the frame in which the picture lies level."""
        if self.view.angle:
            painter.setTransform(self.turn(), combine=True)

    def on_widget(self, x: float, y: float) -> tuple[float, float]:
        """Where the picture's point (x, y) is on the widget."""
        return self.view.to_widget(x, y, self.room) if self.view.angle else self.in_frame(x, y)

    def in_frame(self, x: float, y: float) -> tuple[float, float]:
        """Where the picture's point (x, y) is in the frame in which the picture lies level."""
        if not self.view.angle:
            left, top = corner(self.view, self.room)
            return left + x * self.view.zoom, top + y * self.view.zoom
        place = self.view.to_widget(x, y, self.room)
        turned = self.turn().inverted()[0].map(QPointF(*place))
        return turned.x(), turned.y()

    def point(self, x: float, y: float) -> QPointF:
        """Where a point of the picture is in the frame, as ``in_frame`` gives it, for Qt."""
        return QPointF(*self.in_frame(x, y))

    def box(self, region: Region) -> QRectF:
        """Where a part of the picture is in the frame in which the picture lies level."""
        return QRectF(self.point(region.x, region.y), self.point(region.right, region.bottom))

    def whole_box(self, region: Region) -> QRectF:
        """Where a part of the picture is in that frame, on whole pixels of the screen."""
        left, top = self.in_frame(region.x, region.y)
        width, height = region.width * self.view.zoom, region.height * self.view.zoom
        corner = QPointF(nearest(left + width), nearest(top + height))
        return QRectF(QPointF(nearest(left), nearest(top)), corner)

    def clip(self) -> QRect:
        """What can be seen of the frame in which the picture lies level."""
        width, height = self.room
        clip = QRect(0, 0, math.ceil(width), math.ceil(height))
        if not self.view.angle:
            return clip
        return self.turn().inverted()[0].mapRect(QRectF(clip)).toAlignedRect()
