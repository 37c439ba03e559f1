"""Polygon coverage: how much of each pixel lies inside a closed path of straight lines."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from safelight.api import Region

_LINES = 16
"""Lines of a row of pixels on which a path's crossings are looked up."""


def covered(points: NDArray[np.float64], region: Region) -> NDArray[np.float32]:
    """How much of each pixel of a region lies in a closed path: (height, width), 0 to 1.

    ``points`` are (count, 2), x and y in the pixels of the region's level, the last one joined to
    the first. Inside is what the path goes around at least once, whichever way (the nonzero rule),
    so that a path that crosses itself leaves no hole. Along a row the share is exact; down a
    pixel it is the mean of sixteen lines.
    """
    found = np.zeros((region.height, region.width), np.float32)
    lines, places, ways = _crossings(points, region)
    if not len(lines):
        return found
    order = np.lexsort((places, lines))
    lines, places, ways = lines[order], places[order], ways[order]
    # Each line is crossed as often upwards as downwards, so one sum does for all of them.
    after = np.cumsum(ways)
    starts, ends = (after - ways == 0), (after == 0)
    width = region.width
    steps = np.zeros((region.height, width + 2))
    for chosen, sign in ((starts, 1.0), (ends, -1.0)):
        at = np.clip(places[chosen] - region.x, 0, width)
        column = np.floor(at).astype(np.intp)
        share = at - column
        row = lines[chosen] // _LINES
        flat = row * (width + 2) + column
        size = steps.size
        steps += sign * np.bincount(flat, 1 - share, size).reshape(steps.shape)
        steps += sign * np.bincount(flat + 1, share, size).reshape(steps.shape)
    np.cumsum(steps, axis=1, out=steps)
    np.clip(steps[:, :width] / _LINES, 0, 1, out=found, casting="same_kind")
    return found


def _crossings(
    points: NDArray[np.float64], region: Region
) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.intp]]:
    """Where a closed path crosses the lines of a region: for each crossing the line, sixteen a row
    from the top, the place along it, and 1 downwards or -1 upwards.
    """
    x, y = points[:, 0], (points[:, 1] - region.y) * _LINES - 0.5
    far_x, far_y = np.roll(x, -1), np.roll(y, -1)
    down = np.where(far_y > y, 1, -1)
    most = region.height * _LINES
    # The lines at or below the upper end, and above the lower one: each corner counts once.
    first = np.clip(np.ceil(np.minimum(y, far_y)), 0, most).astype(np.intp)
    last = np.clip(np.ceil(np.maximum(y, far_y)), 0, most).astype(np.intp)
    count = last - first
    edge = np.repeat(np.arange(len(x)), count)
    within = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count)
    lines = first[edge] + within
    slope = np.divide(far_x - x, far_y - y, out=np.zeros_like(x), where=far_y != y)
    return lines, x[edge] + (lines - y[edge]) * slope[edge], down[edge]
