"""Liveliness: how much the pixels of a picture differ from those beside them."""

import numpy as np

from .kernel_cache import compiled
from .kernels import AREA, HALF, shared_rows
from .pyramid import spread

_compiled = compiled(nogil=True, fastmath=False)


def liveliness(picture, known):
    """How much pixels differ from those beside them: float32 (height, width, 1).

    The deviation of the ``known`` pixels of each patch from the means of 3 x 3; what is not known
    goes on smoothly from its rim.
    """
    height, width = known.shape
    picture, known = np.ascontiguousarray(picture), np.ascontiguousarray(known)
    apart, seen = np.zeros((height, width)), np.zeros((height, width, 1), np.float32)
    enough = np.zeros((height, width), bool)
    shared_rows(height, lambda rows: _apart_from_mean(picture, known, rows, apart))
    shared_rows(height, lambda rows: _deviation(apart, known, rows, seen, enough))
    return spread(seen, enough)


@_compiled
def _apart_from_mean(picture, known, rows, apart):
    """Write the squared difference of each known pixel from the mean of those of its 3 x 3."""
    height, width, channels = picture.shape
    for y in rows:
        top, bottom = max(y - 1, 0), min(y + 2, height)
        for x in range(width):
            if not known[y, x]:
                continue
            left, right = max(x - 1, 0), min(x + 2, width)
            count = 0
            for ny in range(top, bottom):
                for nx in range(left, right):
                    count += known[ny, nx]
            total = 0.0
            for channel in range(channels):
                mean = 0.0
                for ny in range(top, bottom):
                    for nx in range(left, right):
                        if known[ny, nx]:
                            mean += picture[ny, nx, channel]
                difference = picture[y, x, channel] - mean / count
                total += difference * difference
            apart[y, x] = total / channels


@_compiled
def _deviation(apart, known, rows, seen, enough):
    """Write the root of each patch's mean, and whether half of the patch is known."""
    height, width = apart.shape
    sums, counts = np.empty(width), np.empty(width, np.int64)
    for y in rows:
        for x in range(width):
            sums[x], counts[x] = 0.0, 0
        for ny in range(max(y - HALF, 0), min(y + HALF + 1, height)):
            for x in range(width):
                sums[x] += apart[ny, x]
                counts[x] += known[ny, x]
        for x in range(width):
            total, count = 0.0, 0
            for nx in range(max(x - HALF, 0), min(x + HALF + 1, width)):
                total += sums[nx]
                count += counts[nx]
            seen[y, x, 0] = np.sqrt(total / max(count, 1))
            enough[y, x] = count >= AREA // 2
