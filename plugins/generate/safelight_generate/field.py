"""Field: the cells that a surface is made of, and what is made of a piece of them.

A surface is made of cells of CELL pixels: noise says where things are, a code of what they are. The
whole goes on at the opposite border, so it has no seam; a piece of it is made with MARGIN cells
around it that are thrown away.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from safelight import api

Array = NDArray[np.float32]

CELL = 16
"""Pixels a side that the network makes of a cell."""

MARGIN = 6
"""Cells around a piece that its pixels depend on: what the network's file says of itself."""

NOISE = 24
"""Numbers of a cell."""

BLOCK = 16
"""Cells a side that are drawn at once."""

RESAMPLED = 1
"""Cells more, from which the pixels of another scale are made."""


@dataclass(frozen=True, slots=True)
class Span:
    """What is made along one side for a piece: ``cells``, ``count`` of them from ``first`` on.

    Where it is cheaper, all cells of the side are made once, and laid out again and again. ``box``
    is where the piece begins and ends, in pixels of the cells.
    """

    cells: NDArray[np.int64]
    first: int
    count: int
    box: tuple[float, float]

    def laid_out(self, made: Array, axis: int) -> Array:
        """The pixels of all ``count`` cells along ``axis``, of those that were made: (height,
        width, 3).
        """
        if len(self.cells) == self.count and self.cells[0] == self.first:
            return made
        wanted = np.arange(self.first * CELL, (self.first + self.count) * CELL)
        return np.take(made, wanted % made.shape[axis], axis)


@dataclass(frozen=True, slots=True)
class Axis:
    """Cells along one side of a canvas of ``pixels``: as many as fit at about ``scale``."""

    pixels: int
    cells: int

    @classmethod
    def of(cls, pixels: int, scale: float) -> Axis:
        """The cells of a side, of which ``scale`` times CELL pixels are to be one."""
        return cls(pixels, max(round(pixels / (scale * CELL)), 1))

    @property
    def step(self) -> float:
        """Pixels that the network makes for a pixel of the canvas."""
        return self.cells * CELL / self.pixels

    def span(self, start: int, length: int, goes_on: bool) -> Span:
        """What is made for pixels ``start`` to ``start + length``, MARGIN included."""
        beyond = MARGIN + RESAMPLED
        first = math.floor(start * self.step / CELL) - beyond
        count = math.ceil((start + length) * self.step / CELL) + beyond - first
        at_once = goes_on and count >= self.cells
        cells = np.arange(self.cells) if at_once else np.arange(first, first + count)
        begin = start * self.step - first * CELL
        return Span(cells, first, count, (begin, begin + length * self.step))


Making = Callable[[NDArray[np.int64], NDArray[np.int64]], Array]
"""From the rows and columns of cells to their pixels (h, w, 3); those beyond the canvas lie at its
opposite border.
"""


def piece(
    region: api.Region, canvas: api.Region, scale: float, make: Making, *, goes_on: bool = True
) -> Array:
    """The pixels of ``region`` (h, w, 3), of a surface that fills ``canvas``.

    What ``goes_on`` at the opposite border is the same beyond every border.
    """
    place = region.move(-canvas.x, -canvas.y)
    rows = Axis.of(canvas.height, scale).span(place.y, place.height, goes_on)
    columns = Axis.of(canvas.width, scale).span(place.x, place.width, goes_on)
    made = columns.laid_out(rows.laid_out(make(rows.cells, columns.cells), 0), 1)
    box = columns.box[0], rows.box[0], columns.box[1], rows.box[1]
    return resized(made, (place.height, place.width), box)


def noise(seed: int, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> Array:
    """Independent normal numbers (NOISE, h, w) of cells, always the same for a cell and a seed."""
    found = np.empty((len(rows), len(columns), NOISE), np.float32)
    for y in np.unique(rows // BLOCK):
        inside_y = rows // BLOCK == y
        for x in np.unique(columns // BLOCK):
            inside_x = columns // BLOCK == x
            # Not default_rng: of RandomState alone numpy promises that its numbers never change.
            random = np.random.RandomState([seed, int(y), int(x)])
            block = random.standard_normal((BLOCK, BLOCK, NOISE))
            part = block[np.ix_(rows[inside_y] % BLOCK, columns[inside_x] % BLOCK)]
            found[np.ix_(inside_y, inside_x)] = part
    return np.ascontiguousarray(found.transpose(2, 0, 1))


def resized(
    image: Array, size: tuple[int, int], box: tuple[float, float, float, float] | None = None
) -> Array:
    """A part of a picture (left, top, right, bottom), or all, as (height, width, 3), bicubic."""
    box = box or (0.0, 0.0, float(image.shape[1]), float(image.shape[0]))
    if all(float(edge).is_integer() for edge in box):
        left, top, right, bottom = (int(edge) for edge in box)
        if (bottom - top, right - left) == size:
            return np.ascontiguousarray(image[top:bottom, left:right])
    planes = [
        Image.fromarray(np.ascontiguousarray(image[..., channel])).resize(
            size[::-1], Image.Resampling.BICUBIC, box
        )
        for channel in range(3)
    ]
    return np.stack([np.asarray(plane, np.float32) for plane in planes], 2)
