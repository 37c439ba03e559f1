"""Spread: a plane widened by a disc or softened by a Gaussian, of every part the same."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

_DIRECT = 2.0
"""Deviation in pixels from which on three boxes are as good as the Gaussian, and faster."""

_LEAST = 0.2
"""Deviation in pixels below which nothing is smoothed: its neighbours weigh less than 1 / 255."""

_BITS = 20
ONE = 1 << _BITS
"""A mask's 1.0 while it is summed up, as a whole number."""

_Plane = NDArray[Any]
_Sums = NDArray[np.int64]


def halo_of(deviation: float) -> int:
    """Pixels around its own that a Gaussian of that deviation, in pixels, looks at."""
    return halo_by(deviation, boxes_of(deviation))


def softened(plane: NDArray[np.float32], deviation: float) -> NDArray[np.float32]:
    """A plane (height, width), 0 to 1, under a Gaussian of a deviation in pixels: smaller by
    ``halo_of`` that at each side.
    """
    boxes = boxes_of(deviation)
    if not halo_by(deviation, boxes):
        return plane
    sums = np.rint(plane * np.float32(ONE)).astype(np.int64)
    sums = boxed(sums, boxes) if boxes else weighed(sums, deviation)
    result: NDArray[np.float32] = sums.astype(np.float32) * np.float32(1 / ONE)
    return result


def halo_by(deviation: float, boxes: list[int]) -> int:
    """Pixels around a region that feathering looks at."""
    if boxes:
        return sum(box // 2 for box in boxes)
    return math.ceil(3 * deviation) if deviation >= _LEAST else 0


def widened(pixels: _Plane, radius: float) -> _Plane:
    """The largest value within a disc: (height, width) of (height + 2 reach, width + 2 reach), both
    of one dtype, uint8 or int64.

    Row by row of the disc: the largest in a run of pixels is that of two runs of a power of two
    that cover it, and those are made by doubling (van Herk's and Gil's aim, by simpler means).
    """
    reach = math.floor(radius)
    height, width = (side - 2 * reach for side in pixels.shape)
    runs, length = pixels, 1
    result = np.zeros((height, width), pixels.dtype)
    for row in range(reach, -1, -1):
        half = math.floor(math.sqrt(radius * radius - row * row))
        wanted = 2 * half + 1
        while 2 * length <= wanted:
            runs = np.maximum(runs[:, : runs.shape[1] - length], runs[:, length:])
            length *= 2
        first = reach - half
        second = first + wanted - length
        row_of_disc = np.maximum(runs[:, first : first + width], runs[:, second : second + width])
        for start in {reach - row, reach + row}:
            np.maximum(result, row_of_disc[start : start + height], out=result)
    return result


def boxes_of(deviation: float) -> list[int]:
    """Widths of three boxes that together have that deviation; none where it is small.

    Kovesi (2010), Fast almost-Gaussian filtering: the two odd widths next to the ideal one.
    """
    if deviation < _DIRECT:
        return []
    variance = 12 * deviation * deviation
    lower = math.floor(math.sqrt(variance / 3 + 1))
    lower -= 1 - lower % 2
    count = round((variance - 3 * lower * lower - 12 * lower - 9) / (-4 * lower - 4))
    return [lower] * count + [lower + 2] * (3 - count)


def boxed(sums: _Sums, boxes: list[int]) -> _Sums:
    """The mean over each box in turn: int64, (height, width), of which each box takes its width
    less one from each side's length.
    """
    for box in boxes:
        for axis in (0, 1):
            total = np.cumsum(sums, axis=axis)
            total = np.pad(total, [(1, 0), (0, 0)] if axis == 0 else [(0, 0), (1, 0)])
            sums = total[box:] - total[:-box] if axis == 0 else total[:, box:] - total[:, :-box]
        sums = (sums + box * box // 2) // (box * box)
    return sums


def weighed(sums: _Sums, deviation: float) -> _Sums:
    """A Gaussian cut off at three deviations: int64, (height, width), smaller by those at each
    side.
    """
    half = halo_by(deviation, [])
    bell = np.exp(-0.5 * (np.arange(-half, half + 1) / deviation) ** 2)
    weights = np.rint(bell / bell.sum() * ONE).astype(np.int64)
    weights[half] += ONE - weights.sum()  # so that a flat part stays as it is, to the bit
    for axis in (0, 1):
        size = sums.shape[axis] - 2 * half
        total = np.full_like(sums[:size] if axis == 0 else sums[:, :size], ONE // 2)
        for at, weight in enumerate(weights):
            total += weight * (sums[at : at + size] if axis == 0 else sums[:, at : at + size])
        sums = total >> _BITS
    return sums
