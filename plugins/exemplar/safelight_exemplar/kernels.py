"""Kernels: the inner loops of the engine, compiled by numba; every result is that of one thread.

A *field* says for each patch of a target which patch of a source it is taken from: int32
(height, width, 2), the row and the column of the patch's middle. Pixels are float32 (height,
width, channels), however many channels there are. Patches are 7 x 7.

C. Barnes et al., "PatchMatch: A Randomized Correspondence Algorithm for Structural Image Editing",
ACM Transactions on Graphics 28 (2009). Rows of the loops are shared among threads; so that the
result does not depend on who is first, patches are improved like the squares of a chessboard, the
black ones from the white ones and then the other way round, and every random number is a function
of the seed, the round and the place.
"""

import numba
import numpy as np

HALF = 3
"""Pixels from a patch's middle to its edge."""

SIDE = 2 * HALF + 1
AREA = SIDE * SIDE

_CENTRAL = np.float32(1.0 / 9.0)
_FAR = 5
"""Patches away, besides the next ones, that a good match is taken over from: an odd number, so
that those are squares of the other colour."""

_compiled = numba.njit(cache=True, fastmath=True, error_model="numpy")
_threaded = numba.njit(cache=True, fastmath=True, error_model="numpy", parallel=True)
_NEIGHBOURS = np.array(
    [(-1, 0), (1, 0), (0, -1), (0, 1), (-_FAR, 0), (_FAR, 0), (0, -_FAR), (0, _FAR)], np.int64
)


@_compiled
def _distance(target, source, ty, tx, sy, sx, best):
    """Sum of squared differences of two patches; what exceeds ``best`` may be left unfinished."""
    total = np.float32(0.0)
    for dy in range(-HALF, HALF + 1):
        for dx in range(-HALF, HALF + 1):
            for channel in range(target.shape[2]):
                difference = target[ty + dy, tx + dx, channel] - source[sy + dy, sx + dx, channel]
                total += difference * difference
        if total >= best:
            break
    return total


@_compiled
def _scrambled(number):
    """A number of 64 bits that looks like chance (Steele, Lea and Flood, SplitMix64, 2014)."""
    number = np.uint64(number) + np.uint64(0x9E3779B97F4A7C15)
    number = (number ^ (number >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    number = (number ^ (number >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return number ^ (number >> np.uint64(31))


@_compiled
def _within(number, reach):
    """A whole number from ``-reach`` to ``reach``."""
    return np.int64(number >> np.uint64(33)) % (2 * reach + 1) - reach


@_threaded
def measure(target, source, field, wanted, cost):
    """Write into ``cost`` how far each ``wanted`` patch is from the one its field names."""
    height, width = wanted.shape
    for y in numba.prange(HALF, height - HALF):
        for x in range(HALF, width - HALF):
            if wanted[y, x]:
                sy, sx = field[y, x, 0], field[y, x, 1]
                cost[y, x] = _distance(target, source, y, x, sy, sx, np.float32(np.inf))


@_threaded
def improve(target, source, field, cost, wanted, allowed, seed, colour, reach):
    """Give each ``wanted`` patch of a ``colour`` (0 or 1) a nearer one of the source, if found.

    What its neighbours have is tried, moved along, then places by chance, within ``reach`` pixels
    and ever nearer. ``allowed`` (height, width of the source) are the middles of patches that may
    be taken.
    """
    height, width = wanted.shape
    rows, columns = allowed.shape
    for y in numba.prange(HALF, height - HALF):
        for x in range(HALF + (y + HALF + colour) % 2, width - HALF, 2):
            if not wanted[y, x]:
                continue
            by, bx = np.int64(field[y, x, 0]), np.int64(field[y, x, 1])
            best = cost[y, x]
            for index in range(_NEIGHBOURS.shape[0]):
                oy, ox = _NEIGHBOURS[index, 0], _NEIGHBOURS[index, 1]
                ny, nx = y + oy, x + ox
                if not (HALF <= ny < height - HALF and HALF <= nx < width - HALF):
                    continue
                if not wanted[ny, nx]:
                    continue
                cy, cx = np.int64(field[ny, nx, 0]) - oy, np.int64(field[ny, nx, 1]) - ox
                if not (0 <= cy < rows and 0 <= cx < columns) or not allowed[cy, cx]:
                    continue
                if cy == by and cx == bx:
                    continue
                found = _distance(target, source, y, x, cy, cx, best)
                if found < best:
                    best, by, bx = found, cy, cx
            state = _scrambled(np.uint64(seed) ^ (np.uint64(y) << np.uint64(32)) ^ np.uint64(x))
            span = np.int64(reach)
            while span >= 1:
                state = _scrambled(state)
                cy = by + _within(state, span)
                state = _scrambled(state)
                cx = bx + _within(state, span)
                span //= 2
                if not (0 <= cy < rows and 0 <= cx < columns) or not allowed[cy, cx]:
                    continue
                found = _distance(target, source, y, x, cy, cx, best)
                if found < best:
                    best, by, bx = found, cy, cx
            field[y, x, 0], field[y, x, 1] = by, bx
            cost[y, x] = best


@_threaded
def vote(source, field, cost, faith, usual, sharp, missing, result):
    """Write into the ``missing`` pixels of ``result`` the mean of what the patches over each say.

    A patch counts ``faith`` (height, width; 0 where it does not count) times
    exp(-``sharp`` * ``cost`` / ``usual``), the more the nearer its middle is.
    """
    height, width = missing.shape
    channels = source.shape[2]
    for y in numba.prange(height):
        total = np.empty(channels, np.float32)
        for x in range(width):
            if not missing[y, x]:
                continue
            low = np.float32(np.inf)
            top, bottom = max(y - HALF, HALF), min(y + HALF + 1, height - HALF)
            left, right = max(x - HALF, HALF), min(x + HALF + 1, width - HALF)
            for ny in range(top, bottom):
                for nx in range(left, right):
                    if faith[ny, nx] > 0.0:
                        low = min(low, cost[ny, nx])
            if low == np.inf:
                continue
            total[:] = 0.0
            count = np.float32(0.0)
            scale = sharp / usual
            for ny in range(top, bottom):
                for nx in range(left, right):
                    if faith[ny, nx] > 0.0:
                        away = np.float32((ny - y) * (ny - y) + (nx - x) * (nx - x))
                        near = (low - cost[ny, nx]) * scale - away * _CENTRAL * sharp
                        share = faith[ny, nx] ** sharp * np.exp(near)
                        sy, sx = field[ny, nx, 0] + y - ny, field[ny, nx, 1] + x - nx
                        for channel in range(channels):
                            total[channel] += share * source[sy, sx, channel]
                        count += share
            if count > 0.0:
                for channel in range(channels):
                    result[y, x, channel] = total[channel] / count


@_threaded
def scatter(field, allowed_rows, allowed_columns, wanted, seed):
    """Give each ``wanted`` patch a patch of the source by chance, among those that are allowed."""
    height, width = wanted.shape
    count = np.uint64(allowed_rows.shape[0])
    for y in numba.prange(height):
        for x in range(width):
            if wanted[y, x]:
                place = (np.uint64(y) << np.uint64(32)) ^ np.uint64(x)
                chosen = np.int64(_scrambled(np.uint64(seed) ^ place) % count)
                field[y, x, 0], field[y, x, 1] = allowed_rows[chosen], allowed_columns[chosen]
