"""View geometry: where on the widget each pixel of the picture is. Knows no widget."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from safelight.api import Region

SMALLEST, LARGEST = 0.01, 32.0
"""Limits of the zoom."""

_STEPS = (0.01, 0.02, 0.03, 0.05, 0.0667, 0.1, 0.1667, 0.25, 0.3333, 0.5, 0.6667)
STEPS = (*_STEPS, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 32.0)
"""The zooms that zooming in and out by key stops at."""

_MARGIN = 24.0

_ROUNDING = 1e-6
"""What a turned size may be off by."""


@dataclass(frozen=True, slots=True)
class View:
    """``zoom``: physical screen pixels per picture pixel. ``x``, ``y``: the point of the picture
    (in its pixels) at the widget's middle. ``angle``: degrees clockwise that the picture is turned
    on the screen. Widget sizes are in physical pixels too.
    """

    zoom: float = 1.0
    x: float = 0.0
    y: float = 0.0
    angle: float = 0.0

    @classmethod
    def fitted(
        cls, picture: tuple[int, int], widget: tuple[float, float], angle: float = 0.0
    ) -> View:
        """The whole picture in the middle, never larger than 100 %."""
        covered = turned_size(picture, angle)
        zoom = min(
            max(widget[0] - 2 * _MARGIN, 1) / covered[0],
            max(widget[1] - 2 * _MARGIN, 1) / covered[1],
        )
        return cls(min(max(zoom, SMALLEST), 1.0), picture[0] / 2, picture[1] / 2, angle)

    @classmethod
    def filled(
        cls, picture: tuple[int, int], widget: tuple[float, float], angle: float = 0.0
    ) -> View:
        """The middle of the picture, as large as it takes to leave nothing of the widget bare."""
        covered = turned_size(widget, angle)
        zoom = max(covered[0] / picture[0], covered[1] / picture[1])
        return cls(min(max(zoom, SMALLEST), LARGEST), picture[0] / 2, picture[1] / 2, angle)

    def to_widget(self, x: float, y: float, widget: tuple[float, float]) -> tuple[float, float]:
        """Where the picture's point (x, y) is on the widget."""
        cos, sin = _direction(self.angle)
        right, down = (x - self.x) * self.zoom, (y - self.y) * self.zoom
        return (
            right * cos - down * sin + widget[0] / 2,
            right * sin + down * cos + widget[1] / 2,
        )

    def to_picture(self, x: float, y: float, widget: tuple[float, float]) -> tuple[float, float]:
        """The picture's point under the widget's point (x, y)."""
        along, across = self._in_picture(x - widget[0] / 2, y - widget[1] / 2)
        return along + self.x, across + self.y

    def zoomed(self, zoom: float, x: float, y: float, widget: tuple[float, float]) -> View:
        """Zoomed so that what lies under the widget's point (x, y) stays there."""
        zoom = min(max(zoom, SMALLEST), LARGEST)
        return self._holding(replace(self, zoom=zoom), x, y, widget)

    def turned(self, angle: float, x: float, y: float, widget: tuple[float, float]) -> View:
        """Turned to ``angle`` so that what lies under the widget's point (x, y) stays there."""
        angle = 180 - (180 - angle) % 360
        return self._holding(replace(self, angle=angle), x, y, widget)

    def moved(self, dx: float, dy: float) -> View:
        """Moved by physical pixels, as a hand moves a print."""
        along, across = self._in_picture(dx, dy)
        return replace(self, x=self.x - along, y=self.y - across)

    def kept_in(self, picture: tuple[int, int], widget: tuple[float, float]) -> View:
        """Moved back so that the picture cannot be lost: centred where it is smaller.

        Where it is not, its edge may come to the middle at most.
        """
        middle = picture[0] / 2, picture[1] / 2
        covered = turned_size(picture, self.angle)
        fits = [
            size * self.zoom <= room + _ROUNDING for size, room in zip(covered, widget, strict=True)
        ]
        if all(fits):
            return replace(self, x=middle[0], y=middle[1])
        x, y = self.x, self.y
        if any(fits):  # along the axis on which it does not fit, through the picture's middle
            cos, sin = _direction(self.angle)
            axis = (sin, cos) if fits[0] else (cos, -sin)
            offset = (x - middle[0]) * axis[0] + (y - middle[1]) * axis[1]
            limits = [half / abs(part) for half, part in zip(middle, axis, strict=True) if part]
            offset = min(max(offset, -min(limits)), min(limits))
            x, y = middle[0] + offset * axis[0], middle[1] + offset * axis[1]
        return replace(self, x=min(max(x, 0), picture[0]), y=min(max(y, 0), picture[1]))

    def _holding(self, other: View, x: float, y: float, widget: tuple[float, float]) -> View:
        """The other view, moved so that it has the same under the widget's point (x, y)."""
        under_x, under_y = self.to_picture(x, y, widget)
        along, across = other._in_picture(x - widget[0] / 2, y - widget[1] / 2)
        return replace(other, x=under_x - along, y=under_y - across)

    def _in_picture(self, dx: float, dy: float) -> tuple[float, float]:
        """A way on the widget as a way on the picture."""
        cos, sin = _direction(self.angle)
        return (dx * cos + dy * sin) / self.zoom, (dy * cos - dx * sin) / self.zoom

    def larger_step(self) -> float:
        """The next zoom step up."""
        return next((step for step in STEPS if step > self.zoom * 1.001), LARGEST)

    def smaller_step(self) -> float:
        """The next zoom step down."""
        return next((step for step in reversed(STEPS) if step < self.zoom * 0.999), SMALLEST)


def region_between(one: tuple[float, float], other: tuple[float, float]) -> Region:
    """The whole pixels between two points of the picture."""
    left, right = sorted((one[0], other[0]))
    top, bottom = sorted((one[1], other[1]))
    x, y = math.floor(left + 0.5), math.floor(top + 0.5)
    return Region(x, y, math.floor(right + 0.5) - x, math.floor(bottom + 0.5) - y)


def turned_size(size: tuple[float, float], angle: float) -> tuple[float, float]:
    """Width and height that a turned rectangle covers."""
    cos, sin = map(abs, _direction(angle))
    return size[0] * cos + size[1] * sin, size[0] * sin + size[1] * cos


def _direction(angle: float) -> tuple[float, float]:
    """Cosine and sine of degrees; exact for quarter turns, which show pixels as they are."""
    if angle % 90 == 0:
        return ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0))[round(angle / 90) % 4]
    return math.cos(math.radians(angle)), math.sin(math.radians(angle))
