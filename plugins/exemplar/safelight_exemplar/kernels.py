"""Kernels: packed pictures, their patches, and lists that threads share, compiled by numba.

Pictures are *packed*: float32 (groups, height, width, 4), their channels by fours, the rest of the
last group 0; so a row of a patch is one run of memory, however many channels there are. Patches are
7 x 7. Places are int32 (count, 2), rows and columns. The places of a list are shared among threads,
and every result is that of one thread.
"""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numba
import numpy as np

from .kernel_cache import compiled

HALF = 3
"""Pixels from a patch's middle to its edge."""

SIDE = 2 * HALF + 1
AREA = SIDE * SIDE

FOUR = 4
"""Channels of a group of a packed picture."""

THREADS = numba.config.NUMBA_NUM_THREADS
"""Threads that share a list of places; the result does not depend on it."""

_WORTH = 1024
"""Places of a list for which another thread is worth its start."""

_ROWS = 32
"""Rows of a picture for which it is."""

_compiled = compiled(nogil=True)


def packed(*pictures):
    """Pictures of one size, each (height, width, channels), each in groups of its own."""
    height, width = pictures[0].shape[:2]
    counts = [-(-picture.shape[2] // FOUR) for picture in pictures]
    groups = np.empty((sum(counts), height, width, FOUR), np.float32)
    first = 0
    for picture, count in zip(pictures, counts, strict=True):
        given = np.ascontiguousarray(picture, np.float32)
        own = groups[first : first + count]
        shared_rows(height, lambda rows, given=given, own=own: _pack(given, rows, own))
        first += count
    return groups


@_compiled
def _pack(picture, rows, groups):
    channels = picture.shape[2]
    for group in range(groups.shape[0]):
        for y in rows:
            for x in range(picture.shape[1]):
                for one in range(FOUR):
                    channel = FOUR * group + one
                    groups[group, y, x, one] = picture[y, x, channel] if channel < channels else 0


def unpacked(groups, channels):
    """The first ``channels`` of a packed picture: float32 (height, width, channels)."""
    count, height, width, four = groups.shape
    return groups.transpose(1, 2, 0, 3).reshape(height, width, count * four)[..., :channels]


def chessboard(wanted):
    """The places of ``wanted`` (height, width) that have room for a patch, black and white."""
    rows, columns = np.nonzero(wanted[HALF:-HALF, HALF:-HALF])
    places = np.stack([rows + HALF, columns + HALF], 1).astype(np.int32)
    black = places.sum(axis=1) % 2 == 0
    return np.ascontiguousarray(places[black]), np.ascontiguousarray(places[~black])


def counted(mask):
    """How many pixels of a mask each patch holds, by its middle; 0 where a patch has no room."""
    counts = np.zeros(mask.shape, np.int32)
    if min(mask.shape) >= SIDE:
        whole = np.ascontiguousarray(mask, bool)
        shared_rows(mask.shape[0] - 2 * HALF, lambda rows: _count(whole, rows, counts))
    return counts


@_compiled
def _count(mask, rows, counts):
    width = mask.shape[1]
    columns = np.zeros(width, np.int32)
    for number in range(rows.shape[0]):
        y = rows[number] + HALF
        for x in range(width):
            if number == 0:
                for above in range(y - HALF, y + HALF):
                    columns[x] += mask[above, x]
            else:
                columns[x] -= mask[y - HALF - 1, x]
            columns[x] += mask[y + HALF, x]
        count = np.int32(0)
        for x in range(width):
            count += columns[x]
            if x >= SIDE:
                count -= columns[x - SIDE]
            if x >= SIDE - 1:
                counts[y, x - HALF] = count


def means(groups, part=np.s_[:, :], into=None):
    """The means of the patches of a packed picture by their middles, those of a part alone.

    What is no middle of a patch, or outside the part, is as it was.
    """
    result = np.zeros_like(groups) if into is None else into
    height, width = groups.shape[1:3]
    edges = [side.indices(size)[:2] for side, size in zip(part, (height, width), strict=True)]
    (top, bottom), (left, right) = (
        (max(first, HALF), min(last, size - HALF))
        for (first, last), size in zip(edges, (height, width), strict=True)
    )
    if top < bottom and left < right:
        shared_rows(bottom - top, lambda rows: _means(groups, rows, top, left, right, result))
    return result


@_compiled
def _means(groups, rows, top, left, right, result):
    columns = np.empty((right - left + 2 * HALF, FOUR), np.float32)
    for group in range(groups.shape[0]):
        for number in rows:
            y = number + top
            for x in range(columns.shape[0]):
                for one in range(FOUR):
                    total = np.float32(0)
                    for beside in range(y - HALF, y + HALF + 1):
                        total += groups[group, beside, x + left - HALF, one]
                    columns[x, one] = total
            for x in range(left, right):
                for one in range(FOUR):
                    total = np.float32(0)
                    for beside in range(x - left, x - left + SIDE):
                        total += columns[beside, one]
                    result[group, y, x, one] = total / np.float32(AREA)


def shared_rows(count, work):
    """Share the numbers of ``count`` rows of a picture among threads, as ``shared`` does places."""
    shared(np.arange(count), work, _ROWS)


def shared(places, work, worth=None):
    """Share the places of a list among the processor's threads; ``work`` does a part of it.

    Another thread is started for each ``worth`` places; None is as many as patches are worth.
    """
    parts = min(THREADS, len(places) // (worth or _WORTH))
    if parts < 2:
        work(places)
        return
    edges = [len(places) * part // parts for part in range(parts + 1)]
    with ThreadPoolExecutor(parts) as threads:
        for _ in threads.map(lambda edge: work(places[edge[0] : edge[1]]), pairwise(edges)):
            pass


@_compiled
def depth(missing):
    """Pixels from the rim of a hole, 0 outside it: float32 (height, width), by city blocks."""
    height, width = missing.shape
    far = np.zeros((height, width), np.float32)
    most = np.float32(height + width)
    for y in range(height):
        for x in range(width):
            if missing[y, x]:
                above = far[y - 1, x] if y > 0 else most
                before = far[y, x - 1] if x > 0 else most
                far[y, x] = min(above, before) + 1
    for y in range(height - 1, -1, -1):
        for x in range(width - 1, -1, -1):
            if missing[y, x]:
                below = far[y + 1, x] if y < height - 1 else most
                after = far[y, x + 1] if x < width - 1 else most
                far[y, x] = min(far[y, x], min(below, after) + 1)
    return far
