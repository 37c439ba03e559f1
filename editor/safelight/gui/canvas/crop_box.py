"""Crop box: a box on the plane, level once the plane is turned, and never outside it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from safelight.document.placement import Place

_RIM = 1.75
"""Pixels that a box which is turned stays away from the plane's edge: what is resampled there has
whole pixels around it, also after the box has come to lie on whole pixels.
"""


@dataclass(frozen=True, slots=True)
class CropBox:
    """A box about the point (x, y) of the plane, whose sides are level once the plane is turned
    clockwise by ``angle``.
    """

    x: float
    y: float
    width: float
    height: float
    angle: float = 0.0

    def point(self, across: float, down: float) -> tuple[float, float]:
        """The plane's point so far from the middle, along the box's sides."""
        x, y = Place.turned(-self.angle, 0, 0).at(across, down)
        return self.x + x, self.y + y

    def corners(self) -> list[tuple[float, float]]:
        """The box's corners, in points of the plane."""
        across, down = self.width / 2, self.height / 2
        signs = ((-1, -1), (1, -1), (1, 1), (-1, 1))
        return [self.point(x * across, y * down) for x, y in signs]

    def stretched(self, left: float, top: float, right: float, bottom: float) -> CropBox:
        """The box with its edges moved by so much; each is one pixel from the other at least."""
        width = max(self.width + right - left, 1.0)
        height = max(self.height + bottom - top, 1.0)
        x, y = self.point((left + right) / 2, (top + bottom) / 2)
        return replace(self, x=x, y=y, width=width, height=height)

    def towards(self, wanted: CropBox, size: tuple[int, int]) -> CropBox:
        """The box on the way to ``wanted`` that is the last one inside a plane of that size."""
        rim, share = _rim(self.angle), 1.0
        for start, end in zip(self.corners(), wanted.corners(), strict=True):
            for axis in (0, 1):
                low, high = rim, size[axis] - rim
                if end[axis] < low:
                    way = start[axis] - end[axis]
                    share = min(share, max(start[axis] - low, 0.0) / way if way else 0.0)
                elif end[axis] > high:
                    way = end[axis] - start[axis]
                    share = min(share, max(high - start[axis], 0.0) / way if way else 0.0)
        return replace(
            self,
            x=self.x + share * (wanted.x - self.x),
            y=self.y + share * (wanted.y - self.y),
            width=self.width + share * (wanted.width - self.width),
            height=self.height + share * (wanted.height - self.height),
        )

    def moved(self, across: float, down: float, size: tuple[int, int]) -> CropBox:
        """The box moved so far along its sides, and no corner out of a plane of that size: at an
        edge of the plane it goes on along that.
        """
        rim, wanted, found = _rim(self.angle), self.point(across, down), []
        for here, there, needed, side in zip(
            (self.x, self.y), wanted, self._extent(), size, strict=True
        ):
            low, high = rim + needed / 2, side - rim - needed / 2
            # Where there is no room it stays; rounding may have put it a little beside.
            found.append(min(max(there, min(low, here)), max(high, here)))
        return replace(self, x=found[0], y=found[1])

    def _extent(self) -> tuple[float, float]:
        """How much of the plane it takes, across and down."""
        cosine = abs(math.cos(math.radians(self.angle)))
        sine = abs(math.sin(math.radians(self.angle)))
        return self.width * cosine + self.height * sine, self.width * sine + self.height * cosine

    def shrunk(self, size: tuple[int, int]) -> CropBox:
        """The largest of its shape about its middle that lies in a plane of that size."""
        rim = _rim(self.angle)
        room = (min(at, side - at) - rim for at, side in zip((self.x, self.y), size, strict=True))
        share = min(
            1.0, *(2 * half / need for half, need in zip(room, self._extent(), strict=True))
        )
        return replace(self, width=self.width * max(share, 0), height=self.height * max(share, 0))

    def shaped(self, ratio: float) -> CropBox:
        """The largest inside it that is ``ratio`` times as wide as high."""
        width = min(self.width, self.height * ratio)
        return replace(self, width=width, height=width / ratio)

    def on_pixels(self, size: tuple[int, int]) -> CropBox:
        """The box with whole sides, and where it is not turned with whole edges."""
        if self.angle:
            width, height = (max(math.floor(side + 1e-6), 1) for side in (self.width, self.height))
            return replace(self, width=width, height=height)
        width = min(max(math.floor(self.width + 0.5), 1), size[0])
        height = min(max(math.floor(self.height + 0.5), 1), size[1])
        left = min(max(round(self.x - width / 2), 0), size[0] - width)
        top = min(max(round(self.y - height / 2), 0), size[1] - height)
        middle = left + width / 2, top + height / 2
        return CropBox(*middle, width, height)


def _rim(angle: float) -> float:
    return _RIM if angle else 0.0


def told_of(box: CropBox, grip: object) -> str:
    """What a hand that has hold of that is about to make, in words."""
    if grip == "outside":
        return f"{box.angle:.1f}°".replace("-", "\N{MINUS SIGN}")
    return f"{round(box.width)} × {round(box.height)} px"
