"""Warp squares: a part of a warped picture as squares, each of which is seen in a perspective."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from safelight.api import Region
from safelight.pixels.lanczos import WIDEST, Matrix
from safelight.pixels.warp import Warp

_SQUARES = (64, 32, 16, 8, 4)
"""Pixels of the sides of squares in which a warp is taken for a perspective."""

_OFF = 0.03
"""Pixels of a raster by which that may be off."""


_Found = NDArray[np.float64]


def squares(
    matrix: Matrix, warp: Warp, region: Region, size: tuple[int, int]
) -> tuple[Region, int, list[tuple[int, int, Matrix]]] | None:
    """What of a raster of a ``size`` a region of a picture looks at, in pixels, whose points lead
    through a ``matrix`` to those of the warped raster; the side of squares, and of each its left
    and upper edge in the region and the perspective from the picture to the raster. None where
    nothing is seen.
    """
    for side in _SQUARES:  # smaller ones where the picture is bent more
        there = _plane(matrix, region, side)
        within = _within(there, warp.bounds)
        if not within.any():
            return None
        found = np.stack(warp.back(there[..., 0], there[..., 1]), axis=-1)
        near = within & _near(found, size, side)
        lost = within & ~np.isfinite(np.stack(_ends(found))).all(axis=(0, -1))
        if not lost.any() and _roughness(found, near) <= _OFF:
            break
    if not near.any():
        return None
    ends = np.concatenate([end[near] for end in _ends(found)])
    low, high, rim = ends.min(axis=0), ends.max(axis=0), _rim(found, side)
    x0, y0 = (min(max(math.floor(low[k] - rim), 0), size[k] - 1) for k in (0, 1))
    x1 = min(max(math.ceil(high[0] + rim), x0 + 1), size[0])
    y1 = min(max(math.ceil(high[1] + rim), y0 + 1), size[1])
    maps = []
    for row, column in zip(*np.nonzero(near), strict=True):
        left, top = int(column) * side, int(row) * side
        corner = region.x + left, region.y + top
        seen = _perspective(corner, side, found[row : row + 2, column : column + 2])
        if seen is not None:
            maps.append((left, top, seen))
    return Region(x0, y0, x1 - x0, y1 - y0), side, maps


def _ends(found: _Found) -> tuple[_Found, _Found, _Found, _Found]:
    """The corners of each square of a lattice."""
    return found[:-1, :-1], found[:-1, 1:], found[1:, :-1], found[1:, 1:]


def _plane(matrix: Matrix, region: Region, side: int) -> _Found:
    """Where even points of a region lie in the warped plane: (rows, columns, 2), x and y in pixels;
    not a number for what lies behind the eye.
    """
    columns, rows = -(-region.width // side) + 1, -(-region.height // side) + 1
    x = (region.x + side * np.arange(columns, dtype=np.float64))[None]
    y = (region.y + side * np.arange(rows, dtype=np.float64))[:, None]
    a, b, c, d, e, f, g, h, i = matrix
    far = g * x + h * y + i
    far = np.where(far > 1e-9, far, np.nan)
    return np.stack([(a * x + b * y + c) / far, (d * x + e * y + f) / far], axis=-1)


def _within(there: _Found, bounds: tuple[int, int, int, int]) -> NDArray[np.bool_]:
    """Which squares of a lattice lie where the warp has something."""
    ends = np.stack(_ends(there))
    low, most = ends.min(axis=0), ends.max(axis=0)
    rim = (most - low) + 1
    left, top, right, bottom = bounds
    found = (most + rim >= (left, top)) & (low - rim <= (right, bottom))
    return np.asarray(found.all(axis=-1))


def _near(found: _Found, size: tuple[int, int], side: int) -> NDArray[np.bool_]:
    """Which squares of a lattice can have something of a source of that size in them."""
    ends = np.stack(_ends(found))
    low, most = ends.min(axis=0), ends.max(axis=0)
    rim = (most - low) / side + 1
    near: NDArray[np.bool_] = ((most >= -rim) & (low <= np.array(size) + rim)).all(axis=-1)
    return near & np.isfinite(ends).all(axis=(0, -1))


def _roughness(found: NDArray[np.float64], near: NDArray[np.bool_]) -> float:
    """Pixels by which a perspective between the points of a lattice is off, about."""
    counts = np.zeros(found.shape[:2], bool)
    for rows in (slice(None, -1), slice(1, None)):
        for columns in (slice(None, -1), slice(1, None)):
            counts[rows, columns] |= near
    off = 0.0
    for axis in (0, 1):
        if found.shape[axis] > 2:
            bent = np.abs(np.diff(found, 2, axis=axis)).max(axis=-1) / 8
            middle = counts[1:-1] if axis == 0 else counts[:, 1:-1]
            off += float(np.nanmax(np.where(middle, bent, 0.0)))
    if min(found.shape[:2]) <= 2:
        return math.inf  # too few points to tell
    return off


def _rim(found: NDArray[np.float64], side: int) -> float:
    """Pixels around a lattice's points that are looked at."""
    steps = [1.0]
    for axis in (0, 1):
        way = np.diff(found, axis=axis)
        steps.append(float(np.nanmax(np.hypot(way[..., 0], way[..., 1]), initial=0.0)) / side)
    return 3 * min(max(steps), WIDEST) + 2


def _perspective(corner: tuple[int, int], side: int, ends: NDArray[np.float64]) -> Matrix | None:
    """The perspective, as nine numbers, from a square of ``side`` whose first corner is there to
    four points (2, 2, 2: rows, columns, x and y); None for four that are none of a square seen
    (Heckbert 1989).
    """
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = ends[0, 0], ends[0, 1], ends[1, 1], ends[1, 0]
    x, y = x0 - x1 + x2 - x3, y0 - y1 + y2 - y3
    right, down = (x1 - x2, y1 - y2), (x3 - x2, y3 - y2)
    size = right[0] * down[1] - down[0] * right[1]
    if abs(size) < 1e-12:
        return None
    g, h = (x * down[1] - down[0] * y) / size, (right[0] * y - x * right[1]) / size
    if min(1 + g, 1 + h, 1 + g + h) < 0.1:
        return None
    a, b, c = x1 - x0 + g * x1, x3 - x0 + h * x3, x0
    d, e, f = y1 - y0 + g * y1, y3 - y0 + h * y3, y0
    left, top = corner
    g, h = g / side, h / side
    a, b, d, e = a / side, b / side, d / side, e / side
    i = 1 - g * left - h * top
    made = (a, b, c - a * left - b * top, d, e, f - d * left - e * top, g, h, i)
    return tuple(float(number) for number in made)
