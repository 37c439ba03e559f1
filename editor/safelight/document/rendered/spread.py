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

_FINE = 6.0
"""Deviation in pixels from which on a Gaussian is drawn by straight lines between pixels: they are
off by 0.24 / (8 · 6²) of what it softens, a fifth of a step of 8 bits; the boxes are off by more.
"""

MOST_REDUCED = 32
"""How many times as small a plane is looked at, at the most."""

_BITS = 20
ONE = 1 << _BITS
"""A mask's 1.0 while it is summed up, as a whole number."""

_Plane = NDArray[Any]
_Sums = NDArray[np.int64]


def reduction_of(deviation: float) -> int:
    """How many times as small a plane is looked at under a Gaussian of that deviation, in pixels: a
    power of two that loses nothing of it which an eye could see.
    """
    times = 1
    while times < MOST_REDUCED and deviation / times >= 2 * _FINE:
        times *= 2
    return times


def halo_of(deviation: float) -> int:
    """Pixels around its own that a Gaussian of that deviation, in pixels, looks at: a multiple of
    what the plane is reduced by.
    """
    times = reduction_of(deviation)
    if times == 1:
        return halo_by(deviation, boxes_of(deviation))
    rest = _rest(deviation, times)
    return times * (halo_by(rest, boxes_of(rest)) + 1)


def _rest(deviation: float, times: int) -> float:
    """The deviation of what is left to do on a plane that is reduced by means and enlarged along
    straight lines, both of which soften it, too.
    """
    done = (times * times - 1) / 12 + times * times / 6
    return math.sqrt(deviation * deviation - done) / times


def softened(plane: NDArray[np.float32], deviation: float) -> NDArray[np.float32]:
    """A plane (height, width), 0 to 1, under a Gaussian of a deviation in pixels: smaller by
    ``halo_of`` that at each side. Parts of one plane agree where they begin, and end, at multiples
    of ``MOST_REDUCED``, that halo aside.
    """
    times = reduction_of(deviation)
    if times == 1:
        return _softened(plane, deviation)
    from safelight.pixels.opencv import opencv

    height, width = plane.shape
    rows, columns = -(-height // times), -(-width // times)
    if (rows * times, columns * times) != plane.shape:
        room = (0, rows * times - height), (0, columns * times - width)
        plane = np.pad(plane, room, mode="edge")
    small = plane.reshape(rows, times, columns, times).mean(axis=(1, 3), dtype=np.float32)
    small = _softened(small, _rest(deviation, times))
    size = small.shape[1] * times, small.shape[0] * times
    cv2 = opencv()
    large = cv2.resize(small, size, interpolation=cv2.INTER_LINEAR)
    halo = halo_of(deviation)
    made: NDArray[np.float32] = large[times:, times:][: height - 2 * halo, : width - 2 * halo]
    return made


def _softened(plane: NDArray[np.float32], deviation: float) -> NDArray[np.float32]:
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
    from safelight.pixels.opencv import opencv

    cv2 = opencv()
    made = sums.astype(np.float64)
    for box in boxes:
        half, area = box // 2, box * box
        # Whole numbers below 2^53, of which a running sum is exact, wherever it begins.
        total = cv2.boxFilter(made, cv2.CV_64F, (box, box), normalize=False)
        made = total[half : len(total) - half, half : total.shape[1] - half]
        made = np.floor((made + area // 2) / area)
    return made.astype(np.int64)


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
