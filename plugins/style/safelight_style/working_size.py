"""Working size: a network draws strokes of one size, so larger ones are drawn on a smaller picture.

The smaller picture lies on a grid of the whole picture: pixel i of it covers the pixels from
i * step to (i + 1) * step, wherever a piece begins. So pieces are reduced and enlarged as the
whole would be, for any step, and fit together.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Array = NDArray[np.float32]

GRID = 8
"""Working pixels: a network halves its picture three times, from the same places on."""

BORDER = 6 * GRID
"""Working pixels around a piece, where a network sees that a picture ends. At the edge of the
photograph it is mirrored there; with less a frame would be seen."""

SMALL, NARROW = 96, 2 * GRID
"""A side of fewer working pixels has a narrower border: the host learns from such a piece how much
larger than itself a piece becomes, and cuts a photograph accordingly. No photograph of more has
pieces that small: each has as many pixels around it as a network looks at."""

FILTER = Image.Resampling.BICUBIC
SUPPORT = 2
"""Working pixels on each side that the filter takes in."""


@dataclass(frozen=True)
class Span:
    """Part of one side of the picture, in pixels, and the working pixels ``first`` to ``last``
    that hold it and a border: multiples of GRID.
    """

    start: int
    length: int
    step: float

    @property
    def border(self) -> int:
        """Working pixels on either side that are not the piece's."""
        return BORDER if self.length / self.step >= SMALL else NARROW

    @property
    def first(self) -> int:
        return math.floor(self.start / self.step / GRID) * GRID - self.border

    @property
    def last(self) -> int:
        return math.ceil((self.start + self.length) / self.step / GRID) * GRID + self.border

    @property
    def before(self) -> float:
        """Pixels between the first working pixel's edge and the start."""
        return self.start - self.first * self.step

    @property
    def after(self) -> float:
        """Pixels between the end and the last working pixel's edge."""
        return self.last * self.step - self.start - self.length


def reduced(image: Array, rows: Span, columns: Span) -> Array:
    """The working pixels (h, w, 3) of a piece of the picture (h, w, 3), mirrored beyond it."""
    tops, lefts = ((math.ceil(span.before), math.ceil(span.after)) for span in (rows, columns))
    filled = np.pad(image, (tops, lefts, (0, 0)), mode="symmetric")
    top, left = tops[0] - rows.before, lefts[0] - columns.before
    height, width = rows.last - rows.first, columns.last - columns.first
    box = (left, top, left + width * columns.step, top + height * rows.step)
    return resized(filled, (height, width), box)


def enlarged(made: Array, rows: Span, columns: Span) -> Array:
    """The piece of the picture, (h, w, 3), that working pixels (h, w, 3) stand for: what
    ``reduced`` took them of.
    """
    top, left = rows.before / rows.step, columns.before / columns.step
    box = (left, top, left + columns.length / columns.step, top + rows.length / rows.step)
    return resized(made, (rows.length, columns.length), box)


def resized(
    image: Array, size: tuple[int, int], box: tuple[float, float, float, float] | None = None
) -> Array:
    """A part of the picture (left, top, right, bottom), or all, as (height, width, 3)."""
    height, width = size
    whole = (0.0, 0.0, float(image.shape[1]), float(image.shape[0]))
    box = box or whole
    if all(float(edge).is_integer() for edge in box):
        left, top, right, bottom = (int(edge) for edge in box)
        if (bottom - top, right - left) == (height, width):
            return np.ascontiguousarray(image[top:bottom, left:right])
    planes = [
        Image.fromarray(np.ascontiguousarray(image[..., channel])).resize(
            (width, height), FILTER, box
        )
        for channel in range(image.shape[2])
    ]
    return np.stack([np.asarray(plane, np.float32) for plane in planes], 2)
