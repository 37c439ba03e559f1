"""Mesh: a raster drawn out of shape by a grid that tells of even points from where they come.

Between the grid's points places are Catmull and Rom's cubics each way, so that no line breaks where
two squares of the grid meet.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from safelight.api import Region
from safelight.pixels.tiles import Raster

MOST_POINTS = 400_000
"""Points of a grid at the most, about: 24 megapixels have one each 8 pixels."""

FINEST = 4
"""Pixels between two points of a grid at the least."""

FARTHEST = 50_000.0
"""Pixels from which a place comes at the most."""

Numbers: TypeAlias = NDArray[np.float64]
_Field: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class Mesh:
    """A map from the points of a raster of ``size`` (width, height) in shape to those of it drawn
    out of shape, told the other way round.

    ``field`` (float32, three channels) has at column c and row r how many pixels to the right and
    below that place comes from which lies at ``step`` times (c, r); its third channel means
    nothing. What comes from beyond the raster comes from its edge.
    """

    size: tuple[float, float]
    step: float
    field: Raster

    @classmethod
    def at_rest(cls, width: int, height: int) -> Mesh:
        """The mesh that leaves all of a raster where it is."""
        step = max(math.ceil(math.sqrt(width * height / MOST_POINTS)), FINEST)
        columns, rows = (math.ceil(side / step) + 1 for side in (width, height))
        field = Raster.filled(columns, rows, (0.0, 0.0, 0.0), "float32")
        return cls((float(width), float(height)), float(step), field)

    @property
    def told(self) -> list[object]:
        """The mesh as JSON: equal meshes are told alike."""
        return [*self.size, self.step, self.field.digest().hex()]

    def __repr__(self) -> str:
        return f"Mesh({self.told})"

    @cached_property
    def is_rest(self) -> bool:
        """Whether the mesh leaves everything where it is."""
        return not any(tile.any() for tile in self.field.tiles_at(self.field.region))

    @property
    def bounds(self) -> tuple[int, int, int, int]:
        """Left, top, right and bottom of what it makes of the raster, in whole pixels."""
        return 0, 0, math.ceil(self.size[0]), math.ceil(self.size[1])

    def reduced(self, times: float) -> Mesh:
        """The mesh of a raster that is ``times`` times as small."""
        width, height = (math.ceil(side / times) for side in self.size)
        return _Reduced((float(width), float(height)), self.step, self.field, times)

    @property
    def times(self) -> float:
        """How many times as large the raster is of which the grid tells."""
        return 1.0

    def still(self, region: Region) -> bool:
        """Whether all that comes to lie at a region, in pixels, lies there already."""
        around = self._points(region.x, region.y, region.right, region.bottom)
        return not any(tile.any() for tile in self.field.tiles_at(around)) or not (
            self.field.read(around)[..., :2].any()
        )

    def back(self, x: Numbers, y: Numbers) -> tuple[Numbers, Numbers]:
        """What comes to lie at points (float64, of one shape), in pixels of the raster."""
        moved = self.moved(x, y)
        width, height = self.size
        return np.clip(x + moved[..., 0], 0, width), np.clip(y + moved[..., 1], 0, height)

    def moved(self, x: Numbers, y: Numbers) -> Numbers:
        """How many pixels to the right and below points (float64, of one shape) come from:
        (..., 2).
        """
        if x.size == 0:
            return np.zeros((*x.shape, 2))
        low_x, high_x, low_y, high_y = x.min(), x.max(), y.min(), y.max()
        around = self._points(low_x, low_y, high_x, high_y)
        held = self._field(around)
        grid = self.step / self.times
        columns, rows = x / grid - around.x, y / grid - around.y
        straight = x.ndim == 2 and (x == x[:1]).all() and (y == y[:, :1]).all()
        if straight:
            made = _along(np.moveaxis(_along(held, rows[:, 0]), 1, 0), columns[0])
            made = np.moveaxis(made, 1, 0)
        else:
            made = _gathered(held, columns, rows)
        return made / self.times

    def _field(self, around: Region) -> _Field:
        found = self.field.read(around)[..., :2].astype(np.float64)
        return np.clip(np.nan_to_num(found), -FARTHEST, FARTHEST)

    def _points(self, left: float, top: float, right: float, bottom: float) -> Region:
        """The grid's points around a part of the raster, with those that a cubic looks at."""
        grid = self.step / self.times
        columns, rows = self.field.width, self.field.height
        x, y = (min(max(math.floor(at / grid) - 1, 0), most - 1) for at, most in
                ((left, columns), (top, rows)))  # fmt: skip
        end_x, end_y = (max(min(math.floor(at / grid) + 3, most), begin + 1) for at, most, begin in
                        ((right, columns, x), (bottom, rows, y)))  # fmt: skip
        return Region(x, y, end_x - x, end_y - y)


@dataclass(frozen=True, repr=False)
class _Reduced(Mesh):
    """A mesh of a raster at a zoom level."""

    smaller: float = 1.0

    @property
    def times(self) -> float:
        return self.smaller

    @property
    def told(self) -> list[object]:
        return [*self.size, self.step, self.smaller, self.field.digest().hex()]


def cubic(part: Numbers) -> Numbers:
    """Catmull and Rom's shares of four neighbours: (..., 4), by how far beyond the second one."""
    t, half = part, 0.5
    return np.stack(
        [
            half * (-t + 2 * t**2 - t**3),
            half * (2 - 5 * t**2 + 3 * t**3),
            half * (t + 4 * t**2 - 3 * t**3),
            half * (-(t**2) + t**3),
        ],
        axis=-1,
    )


def cubic_slopes(part: Numbers) -> Numbers:
    """How those shares change with how far a place is beyond the second one: (..., 4)."""
    t, half = part, 0.5
    return np.stack(
        [
            half * (-1 + 4 * t - 3 * t**2),
            half * (-10 * t + 9 * t**2),
            half * (1 + 8 * t - 9 * t**2),
            half * (-2 * t + 3 * t**2),
        ],
        axis=-1,
    )


def _along(held: Numbers, places: Numbers) -> Numbers:
    """The cubics of numbers along their first axis at some places of it."""
    first = np.floor(places)
    weights, first = cubic(places - first), first.astype(np.intp)
    made = np.zeros((len(places), *held.shape[1:]))
    for k in range(4):
        at = np.clip(first + k - 1, 0, len(held) - 1)
        made += held[at] * weights[:, k].reshape(-1, *(1,) * (held.ndim - 1))
    return made


def _gathered(held: _Field, columns: Numbers, rows: Numbers) -> Numbers:
    """The cubics of a grid (rows, columns, 2) at some places: (..., 2)."""
    left, top = np.floor(columns), np.floor(rows)
    across, down = cubic(columns - left), cubic(rows - top)
    x, y = left.astype(np.intp), top.astype(np.intp)
    height, width = held.shape[:2]
    made = np.zeros((*columns.shape, 2))
    for j in range(4):
        row = np.clip(y + j - 1, 0, height - 1)
        along = np.zeros_like(made)
        for i in range(4):
            column = np.clip(x + i - 1, 0, width - 1)
            along += held[row, column] * across[..., i, None]
        made += along * down[..., j, None]
    return made
