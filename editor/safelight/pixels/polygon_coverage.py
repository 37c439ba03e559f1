"""Polygon coverage: how much of each pixel lies inside closed paths of straight lines."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from safelight.api import Region

_LINES = 16
"""Lines of a row of pixels on which a path's crossings are looked up."""

_FINE = 4096
"""Places along a pixel at which a crossing can be."""

_SHIFT = 40
"""Bits of a crossing's place and way; what is above them is its line."""


def covered(
    points: NDArray[np.float64], region: Region, starts: NDArray[np.intp] | None = None
) -> NDArray[np.float32]:
    """How much of each pixel of a region lies in closed paths: (height, width), 0 to 1.

    ``points`` are (count, 2), x and y in the pixels of the region's level; each path's first point
    has its index in ``starts`` (without them there is one path), and its last one is joined to
    that. Inside is what the paths go around in one way more often than in the other (the nonzero
    rule), so that a path that crosses itself leaves no hole. Along a row the share is exact, to
    4096ths of a pixel; down a pixel it is the mean of sixteen lines.
    """
    found = np.zeros((region.height, region.width), np.float32)
    lines, places, ways = _crossings(points, region, starts)
    if not len(lines):
        return found
    # One whole number for each crossing, so that numpy sorts as fast as it can: the line, the
    # place along it, and in the last bit the way.
    width = region.width
    fine = np.rint(np.clip(places - region.x, 0, width) * _FINE).astype(np.int64)
    keys = (lines.astype(np.int64) << _SHIFT) | (fine << 1) | (ways > 0)
    keys.sort()
    way = ((keys & 1) << 1) - 1
    # Each line is crossed as often upwards as downwards, so one sum does for all of them.
    after = np.cumsum(way)
    starts_here, ends_here = (after == way), (after == 0)
    chosen = keys[starts_here | ends_here]
    sign = np.where(ends_here[starts_here | ends_here], -1.0, 1.0)
    at = (chosen & ((1 << _SHIFT) - 1)) >> 1
    column, share = at // _FINE, (at % _FINE) / _FINE
    flat = ((chosen >> _SHIFT) // _LINES) * (width + 2) + column
    size = region.height * (width + 2)
    steps = np.bincount(flat, sign * (1 - share), size)
    steps += np.bincount(flat + 1, sign * share, size)
    steps = steps.reshape(region.height, width + 2)
    np.cumsum(steps, axis=1, out=steps)
    np.clip(steps[:, :width] / _LINES, 0, 1, out=found, casting="same_kind")
    return found


def _crossings(
    points: NDArray[np.float64], region: Region, starts: NDArray[np.intp] | None
) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.intp]]:
    """Where closed paths cross the lines of a region: for each crossing the line, sixteen a row
    from the top, the place along it, and 1 downwards or -1 upwards.
    """
    x, y = points[:, 0], (points[:, 1] - region.y) * _LINES - 0.5
    following = np.arange(1, len(points) + 1)
    first = np.zeros(1, np.intp) if starts is None else starts
    following[np.append(first[1:], len(points)) - 1] = first
    far_x, far_y = x[following], y[following]
    down = np.where(far_y > y, 1, -1)
    most = region.height * _LINES
    # The lines at or below the upper end, and above the lower one: each corner counts once.
    top = np.clip(np.ceil(np.minimum(y, far_y)), 0, most).astype(np.intp)
    bottom = np.clip(np.ceil(np.maximum(y, far_y)), 0, most).astype(np.intp)
    count = bottom - top
    met = np.flatnonzero(count)
    x, y, far_x, far_y = x[met], y[met], far_x[met], far_y[met]
    down, top, count = down[met], top[met], count[met]
    edge = np.repeat(np.arange(len(met)), count)
    within = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count)
    lines = top[edge] + within
    slope = np.divide(far_x - x, far_y - y, out=np.zeros_like(x), where=far_y != y)
    return lines, x[edge] + (lines - y[edge]) * slope[edge], down[edge]
