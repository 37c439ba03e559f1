"""Warp: a part of a raster drawn out of shape by a grid of 4 x 4 points.

What lies between the points is a natural cubic spline each way, which goes through all of them (de
Boor 1978); beyond the grid it goes on straight. It folds over itself later than a polynomial would.
Where a pixel comes from is found by Newton's method, for a few even points of a part of the
picture; between those a perspective is near enough.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

SIDE = 4
"""Points of the grid along each side."""

FARTHEST = 20.0
"""Sides of the grid by which one of its points is off at the most."""

_FLATTEST = 0.02
"""How many times as small an area is at the least, of what the whole grid is enlarged by."""

_SAMPLES = 33
"""Places along each side at which a fold is looked for, and from which Newton's method starts."""

_STEPS = 9
"""Steps of Newton's method, each of which doubles the digits that are right."""

_LOST = 1e-4
"""Shares of the box by which a place that was looked for is off at the most."""

_EDGES = 257
"""Places along each edge by which is told how far a warp reaches."""

_NEAR = 1e-6
"""What places are off by that were computed."""

Numbers: TypeAlias = NDArray[np.float64]
_Point: TypeAlias = tuple[float, float]


def at_rest() -> tuple[_Point, ...]:
    """The grid's points where nothing is out of shape, row by row, 0 to 1 each way."""
    return tuple((x / (SIDE - 1), y / (SIDE - 1)) for y in range(SIDE) for x in range(SIDE))


@dataclass(frozen=True)
class Warp:
    """A map from the points of a raster to those of the same drawn out of shape.

    The grid lies on ``box`` (x, y, width, height), in pixels of the raster. ``points`` are where
    its points come to lie, row by row, as shares of the box. Raises ValueError, for people, for a
    grid that is folded over itself.
    """

    box: tuple[float, float, float, float]
    points: tuple[_Point, ...]

    def __post_init__(self) -> None:
        numbers = [*self.box, *(number for point in self.points for number in point)]
        if len(self.points) != SIDE * SIDE or not all(map(math.isfinite, numbers)):
            raise ValueError(f"a warp has {SIDE * SIDE} points")
        if min(self.box[2:]) <= 0:
            raise ValueError("a warp lies on something that has a width and a height")
        if max(abs(x - y) for x, y in zip(numbers[4:], _flat(at_rest()), strict=True)) > FARTHEST:
            raise ValueError("a point of the warp is too far away")
        places = np.linspace(0, 1, _SAMPLES)
        u, v = np.meshgrid(places, places)
        _, _, (a, b, c, d) = self._seen(u, v)
        area = a * d - b * c
        if area.min() <= max(_FLATTEST * area.max(), 1e-6):
            raise ValueError("the grid is folded over itself there; pull its points apart")

    @property
    def told(self) -> list[object]:
        """The warp as JSON: equal warps are told alike."""
        return [self.box, self.points]

    @property
    def is_rest(self) -> bool:
        """Whether the warp leaves everything where it is."""
        off = zip(_flat(self.points), _flat(at_rest()), strict=True)
        return max(abs(one - other) for one, other in off) < 1e-9

    def reduced(self, times: float) -> Warp:
        """The warp of a raster that is ``times`` times as small."""
        x, y, width, height = (side / times for side in self.box)
        made = object.__new__(Warp)  # which is checked already
        object.__setattr__(made, "box", (x, y, width, height))
        object.__setattr__(made, "points", self.points)
        return made

    @cached_property
    def bounds(self) -> tuple[int, int, int, int]:
        """Left, top, right and bottom of what it makes of its box, in whole pixels."""
        along, none = np.linspace(0, 1, _EDGES), np.zeros(_EDGES)
        u = np.concatenate([along, along, none, none + 1])
        v = np.concatenate([none, none + 1, along, along])
        x, y = self.at(self.box[0] + u * self.box[2], self.box[1] + v * self.box[3])
        return (
            *(math.floor(x.min() + _NEAR), math.floor(y.min() + _NEAR)),
            *(math.ceil(x.max() - _NEAR), math.ceil(y.max() - _NEAR)),
        )

    def at(self, x: Numbers, y: Numbers) -> tuple[Numbers, Numbers]:
        """Where points (float64, of one shape) of the raster come to lie, in pixels."""
        left, top, width, height = self.box
        p, q, _ = self._seen((x - left) / width, (y - top) / height)
        return left + p * width, top + q * height

    def back(self, x: Numbers, y: Numbers) -> tuple[Numbers, Numbers]:
        """What comes to lie at points (float64, of one shape), in pixels of the raster: the inverse
        of ``at``; not a number far outside, where lines that go on straight cross.
        """
        left, top, width, height = self.box
        p, q = (x - left) / width, (y - top) / height
        here = np.isfinite(p) & np.isfinite(q)
        p, q = np.where(here, p, 0.5), np.where(here, q, 0.5)
        u, v = self._starts(p, q)
        for _ in range(_STEPS):
            at_p, at_q, (a, b, c, d) = self._seen(u, v)
            off_p, off_q = p - at_p, q - at_q
            area = a * d - b * c
            area = np.where(np.abs(area) < 1e-12, 1e-12, area)
            step_u, step_v = (d * off_p - b * off_q) / area, (a * off_q - c * off_p) / area
            longest = np.maximum(np.maximum(np.abs(step_u), np.abs(step_v)), 0.5)
            # Far outside all is straight and a step leads there at once.
            shorter = np.where((np.abs(u - 0.5) < 1) & (np.abs(v - 0.5) < 1), 0.5 / longest, 1.0)
            u, v = u + step_u * shorter, v + step_v * shorter
        at_p, at_q, _ = self._seen(u, v)
        lost = ~here | (np.abs(at_p - p) + np.abs(at_q - q) > _LOST)
        u, v = np.where(lost, np.nan, u), np.where(lost, np.nan, v)
        return left + u * width, top + v * height

    def _starts(self, p: Numbers, q: Numbers) -> tuple[Numbers, Numbers]:
        """The place of the sample that comes to lie nearest to each point, as shares of the box."""
        known_p, known_q, places = self._known
        found = np.empty(p.size, np.intp)
        for first in range(0, p.size, 1024):
            part = slice(first, first + 1024)
            across = p.ravel()[part, None] - known_p
            down = q.ravel()[part, None] - known_q
            found[part] = np.argmin(across * across + down * down, axis=1)
        u, v = places[found % _COARSE], places[found // _COARSE]
        return u.reshape(p.shape), v.reshape(p.shape)

    @cached_property
    def _known(self) -> tuple[Any, Any, Numbers]:
        places = np.linspace(0, 1, _COARSE)
        u, v = np.meshgrid(places, places)
        p, q, _ = self._seen(u, v)
        return p.ravel().astype(np.float32), q.ravel().astype(np.float32), places

    def _seen(
        self, u: Numbers, v: Numbers
    ) -> tuple[Numbers, Numbers, tuple[Numbers, Numbers, Numbers, Numbers]]:
        """Where places of the box, 0 to 1 each way, come to lie, as shares of it, and how much that
        changes: (p over u, p over v, q over u, q over v).
        """
        inner_u, inner_v = np.clip(u, 0, 1), np.clip(v, 0, 1)
        grid = np.array(self.points, np.float64).reshape(SIDE, SIDE, 2)
        across, slopes = _bases(inner_u)
        down, falls = _bases(inner_v)
        rows = np.einsum("...i,jik->...jk", across, grid)
        value = np.einsum("...j,...jk->...k", down, rows)
        over_v = np.einsum("...j,...jk->...k", falls, rows)
        over_u = np.einsum("...j,...i,jik->...k", down, slopes, grid, optimize=True)
        beyond_u, beyond_v = (u - inner_u)[..., None], (v - inner_v)[..., None]
        if beyond_u.any() or beyond_v.any():
            value = value + over_u * beyond_u + over_v * beyond_v
            both = np.einsum("...j,...i,jik->...k", falls, slopes, grid, optimize=True)
            over_u, over_v = (
                over_u + np.where(beyond_u == 0, both * beyond_v, 0.0),
                over_v + np.where(beyond_v == 0, both * beyond_u, 0.0),
            )
        slopes_of = over_u[..., 0], over_v[..., 0], over_u[..., 1], over_v[..., 1]
        return value[..., 0], value[..., 1], slopes_of


_COARSE = 17
"""Places along each side from which Newton's method starts."""


def _flat(points: tuple[_Point, ...]) -> list[float]:
    return [number for point in points for number in point]


def _bases(t: Numbers) -> tuple[Numbers, Numbers]:
    """The natural splines that are 1 at one of the grid's places and 0 at the others, and their
    slopes: (..., 4) each, for places of 0 to 1.
    """
    part = np.clip((t * (SIDE - 1)).astype(np.intp), 0, SIDE - 2)
    s = t * (SIDE - 1) - part
    powers = np.stack([np.ones_like(s), s, s * s, s * s * s], axis=-1)
    slopes = np.stack([np.zeros_like(s), np.ones_like(s), 2 * s, 3 * s * s], axis=-1)
    held = _CUBICS[part]
    return (
        np.einsum("...p,...pi->...i", powers, held),
        np.einsum("...p,...pi->...i", slopes, held) * (SIDE - 1),
    )


def _cubics() -> Numbers:
    """The numbers of those splines: (parts, powers, places), each part from 0 to 1."""
    inner = SIDE - 2
    curved = np.zeros((SIDE, SIDE))  # second derivatives at the places, of each spline
    system = 4 * np.eye(inner) + np.eye(inner, k=1) + np.eye(inner, k=-1)
    one = np.eye(SIDE)
    curved[1:-1] = np.linalg.solve(system, 6 * (one[:-2] - 2 * one[1:-1] + one[2:]))
    made = np.empty((SIDE - 1, 4, SIDE))
    for part in range(SIDE - 1):
        here, there = curved[part], curved[part + 1]
        slope = one[part + 1] - one[part] - (2 * here + there) / 6
        made[part] = one[part], slope, here / 2, (there - here) / 6
    return made


_CUBICS = _cubics()
