"""Pose: how a picture lies on the widget at one moment. For painting; all in physical pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect, QRectF
from PySide6.QtGui import QPainter, QTransform

from safelight.api import Region
from safelight.gui.canvas.view_geometry import View

_OFF_GRID = 1 - 4e-6
"""What the zoom of a slanting picture is multiplied with: a picture that lies on whole pixels is
copied, not resampled, and that only suits one that lies level.
"""


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

    def in_frame(self, x: float, y: float) -> tuple[float, float]:
        """Where the picture's point (x, y) is in the frame in which the picture lies level."""
        place = self.view.to_widget(x, y, self.room)
        if not self.view.angle:
            return place
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
        corner = QPointF(round(left + width), round(top + height))
        return QRectF(QPointF(round(left), round(top)), corner)

    def clip(self) -> QRect:
        """What can be seen of the frame in which the picture lies level."""
        width, height = self.room
        clip = QRect(0, 0, math.ceil(width), math.ceil(height))
        if not self.view.angle:
            return clip
        return self.turn().inverted()[0].mapRect(QRectF(clip)).toAlignedRect()
