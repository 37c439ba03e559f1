"""View: where on the widget each pixel of the picture is. Geometry alone; knows no widget."""

from __future__ import annotations

from dataclasses import dataclass, replace

SMALLEST, LARGEST = 0.01, 32.0
"""Limits of the zoom."""

_STEPS = (0.01, 0.02, 0.03, 0.05, 0.0667, 0.1, 0.1667, 0.25, 0.3333, 0.5, 0.6667)
STEPS = (*_STEPS, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 32.0)
"""The zooms that zooming in and out by key stops at."""

_MARGIN = 24.0


@dataclass(frozen=True, slots=True)
class View:
    """``zoom``: physical screen pixels per picture pixel. ``x``, ``y``: the point of the picture
    (in its pixels) at the widget's middle. Widget sizes are in physical pixels too.
    """

    zoom: float = 1.0
    x: float = 0.0
    y: float = 0.0

    @classmethod
    def fitted(cls, picture: tuple[int, int], widget: tuple[float, float]) -> View:
        """The whole picture in the middle, never larger than 100 %."""
        zoom = min(
            max(widget[0] - 2 * _MARGIN, 1) / picture[0],
            max(widget[1] - 2 * _MARGIN, 1) / picture[1],
        )
        return cls(min(max(zoom, SMALLEST), 1.0), picture[0] / 2, picture[1] / 2)

    def to_widget(self, x: float, y: float, widget: tuple[float, float]) -> tuple[float, float]:
        """Where the picture's point (x, y) is on the widget."""
        return (
            (x - self.x) * self.zoom + widget[0] / 2,
            (y - self.y) * self.zoom + widget[1] / 2,
        )

    def to_picture(self, x: float, y: float, widget: tuple[float, float]) -> tuple[float, float]:
        """The picture's point under the widget's point (x, y)."""
        return (
            (x - widget[0] / 2) / self.zoom + self.x,
            (y - widget[1] / 2) / self.zoom + self.y,
        )

    def zoomed(self, zoom: float, x: float, y: float, widget: tuple[float, float]) -> View:
        """Zoomed so that what lies under the widget's point (x, y) stays there."""
        zoom = min(max(zoom, SMALLEST), LARGEST)
        under_x, under_y = self.to_picture(x, y, widget)
        return View(
            zoom, under_x - (x - widget[0] / 2) / zoom, under_y - (y - widget[1] / 2) / zoom
        )

    def moved(self, dx: float, dy: float) -> View:
        """Moved by physical pixels, as a hand moves a print."""
        return replace(self, x=self.x - dx / self.zoom, y=self.y - dy / self.zoom)

    def kept_in(self, picture: tuple[int, int], widget: tuple[float, float]) -> View:
        """Moved back so that the picture cannot be lost: centred where it is smaller."""
        centre = []
        for position, size, room in zip((self.x, self.y), picture, widget, strict=True):
            half = room / 2 / self.zoom
            slack = min(half, 0.5 * size)  # an edge may come to the middle at most
            low, high = half - slack, size - half + slack
            centre.append(size / 2 if size * self.zoom <= room else min(max(position, low), high))
        return replace(self, x=centre[0], y=centre[1])

    def larger_step(self) -> float:
        """The next zoom step up."""
        return next((step for step in STEPS if step > self.zoom * 1.001), LARGEST)

    def smaller_step(self) -> float:
        """The next zoom step down."""
        return next((step for step in reversed(STEPS) if step < self.zoom * 0.999), SMALLEST)
