"""Detail: octaves of real pictures are added to a smooth field, one doubling after another."""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np

from .kernels import AREA, HALF, SIDE, THREADS, _compiled, scrambled, within
from .pyramid import halved, smooth_doubled

STEP = 2
"""Pixels between the middles of patches."""

_SWEEPS = (5, 3, 2, 1)
"""How often matches are improved, from the first doubling on; the last one stays."""

_LOOKED_FOR = 1 << 16
"""Patches above which they are only moved by a few pixels: what is coarse has decided."""

_NEAR = 2
_AGREED = np.float32(0.12)
"""How much less a match costs for each of four neighbours that goes on with the same piece."""

_SHARP = np.float32(3.0)
_GAINS = (0.7, 3.0)
"""What detail is scaled by at a place, to have the energy of the pieces that it is the mean of."""

_OVERALL = (0.8, 1.35)
"""What it is scaled by everywhere, to have the energy of the pictures."""

_WORTH = 32
"""Rows for which another thread is worth its start."""

_NEIGHBOURS = np.array([(-1, 0), (1, 0), (0, -1), (0, 1), (-3, 0), (3, 0), (0, -3), (0, 3)])


def detail(field, bank, doublings, *, halvings, wraps=False, seed=0, progress=None):
    """A field with the detail of real ones: float32, ``doublings`` times doubled.

    ``field`` is float32 (height, width); ``bank`` float32 (count, rows, columns), real fields of
    the same mean and spread, which hold what ``field`` does when they are halved ``halvings``
    times. Past their full size their finest octave is used again. With ``wraps`` the right border
    goes on at the left one. Another ``seed`` finds other pieces. ``progress`` is called with the
    part that is done, 0 to 1, and may raise to end it. Raises ValueError where the width is odd,
    or the pictures are too small or no multiple of what they are halved to.

    At each doubling, patches of 7 x 7 of the enlarged field are matched against the pictures
    halved and enlarged again, and what those had lost by it is added: after W. Freeman, T. Jones
    and E. Pasztor, "Example-Based Super-Resolution", IEEE CG&A 22 (2002), matched as kernels.py
    does it.
    """
    field, bank = np.ascontiguousarray(field, np.float32), np.asarray(bank, np.float32)
    levels = _levels(bank, halvings)
    reals = {}
    if field.shape[1] % 2:
        raise ValueError(f"A field of {field.shape[1]} columns: their number has to be even.")
    matches, before = None, -1
    work = [4.0**n for n in range(doublings)]
    for number in range(doublings):
        place = max(halvings - 1 - number, 0)
        real = reals[place] if place in reals else _Real(levels[place])
        reals = {place: real}
        shape = 2 * field.shape[0], 2 * field.shape[1]
        large = _doubled(field, shape, wraps)
        started = matches if place < before else None
        before = place
        matches = _matched(large, real, started, number, wraps, seed)
        field = large + _added(large, real, matches, wraps)
        if progress:
            progress(sum(work[: number + 1]) / sum(work))
    return field


class _Real:
    """Real fields of one size: their smooth part, what it lacks, and the energy of that."""

    def __init__(self, bank):
        self.smooth = np.stack([_doubled(_halved(one), one.shape, False) for one in bank])
        self.lacks = bank - self.smooth
        self.energy = np.stack([_blurred(one * one, False) for one in self.lacks])
        self.spread = float(np.sqrt(np.mean(self.lacks * self.lacks)))


def _levels(bank, halvings):
    """The bank at each size, the full one first."""
    if bank.ndim != 3 or any(side % (1 << halvings) for side in bank.shape[1:]):
        raise ValueError(f"A bank of {bank.shape} cannot be halved {halvings} times.")
    if min(bank.shape[1:]) >> max(halvings - 1, 0) < SIDE + 1:
        raise ValueError(f"A bank of {bank.shape} is too small to be halved {halvings} times.")
    found = []
    for _ in range(max(halvings, 1)):
        found.append(bank)
        bank = np.stack([_halved(one) for one in bank])
    return found


def _halved(field):
    return halved(field[..., None])[..., 0]


def _doubled(field, shape, wraps):
    if not wraps:
        return np.ascontiguousarray(smooth_doubled(field[..., None], shape)[..., 0])
    around = np.pad(field, ((0, 0), (1, 1)), mode="wrap")
    large = smooth_doubled(around[..., None], (shape[0], shape[1] + 4))[..., 0]
    return np.ascontiguousarray(large[:, 2:-2])


def _bordered(field, wraps):
    around = np.pad(field, ((HALF, HALF), (0, 0)), mode="edge")
    return np.pad(around, ((0, 0), (HALF, HALF)), mode="wrap" if wraps else "edge")


def _blurred(field, wraps):
    """The mean over each patch."""
    around = np.pad(_bordered(field, wraps).astype(np.float64), ((1, 0), (1, 0)))
    sums = np.cumsum(np.cumsum(around, 0), 1)
    rows = sums[SIDE:] - sums[:-SIDE]
    return ((rows[:, SIDE:] - rows[:, :-SIDE]) / AREA).astype(np.float32)


def _matched(large, real, started, number, wraps, seed):
    """Which patch of which picture goes where, int32 (rows, columns, 3), and at what cost.

    ``started`` are the matches at half the size, None where there are none.
    """
    grid = large.shape[0] // STEP, large.shape[1] // STEP
    target = _bordered(large, wraps)
    matches = np.empty((*grid, 3), np.int32)
    cost = np.empty(grid, np.float32)
    near = started is not None and grid[0] * grid[1] > _LOOKED_FOR
    chance = seed * 1_000_003 + number * 8191
    if started is None:
        _by_rows(_begin, grid[0], matches, real.smooth, chance)
    else:
        _by_rows(_refine, grid[0], matches, started[0], real.smooth)
    _by_rows(_price, grid[0], target, real.smooth, matches, cost)
    reach = _NEAR if near else max(real.smooth.shape[1:])
    for sweep in range(_SWEEPS[min(number, len(_SWEEPS) - 1)]):
        for colour in (0, 1):
            of_sweep = chance + 127 * sweep + colour
            told = wraps, of_sweep, colour, reach
            _by_rows(_search, grid[0], target, real.smooth, matches, cost, *told)
    for colour in (0, 1):
        _by_rows(_agree, grid[0], target, real.smooth, matches, cost, wraps, colour)
    return matches, cost


def _added(large, real, found, wraps):
    """The detail that matches add to a field."""
    matches, cost = found
    added, energy = np.empty_like(large), np.empty_like(large)
    usual = np.float32(max(np.percentile(cost, 75), 1e-6))
    told = real.lacks, real.energy, matches, cost, usual, wraps
    _by_rows(_vote_for, len(large), *told, added, energy)
    own = _blurred(added * added, wraps)
    gain = np.sqrt(np.maximum(energy, 1e-12) / np.maximum(own, 1e-12))
    added *= _blurred(np.clip(gain, *_GAINS).astype(np.float32), wraps)
    overall = real.spread / max(float(np.sqrt(np.mean(added * added))), 1e-9)
    return added * np.float32(np.clip(overall, *_OVERALL))


def _by_rows(kernel, rows, *told):
    """Share rows among the processor's threads: a ``kernel`` does those from a first to a last."""
    parts = max(min(THREADS, rows // _WORTH), 1)
    if parts == 1:
        kernel(0, rows, *told)
        return
    edges = [rows * part // parts for part in range(parts + 1)]
    with ThreadPoolExecutor(parts) as threads:
        for _ in threads.map(lambda edge: kernel(*edge, *told), pairwise(edges)):
            pass


@_compiled
def _apart(target, source, top, left, picture, y, x, best):
    """Sum of squared differences of two patches; what exceeds ``best`` may be left unfinished."""
    total = np.float32(0.0)
    for dy in range(SIDE):
        for dx in range(SIDE):
            difference = target[top + dy, left + dx] - source[picture, y + dy - HALF, x + dx - HALF]
            total += difference * difference
        if total >= best:
            break
    return total


@_compiled
def _held(place, size):
    """A middle of a patch within a picture."""
    return min(max(place, HALF), size - HALF - 1)


@_compiled
def _begin(first, last, matches, source, seed):
    """Give every patch one by chance."""
    columns = matches.shape[1]
    count, height, width = source.shape
    for i in range(first, last):
        for j in range(columns):
            state = scrambled(np.uint64(seed) ^ (np.uint64(i) << np.uint64(32)) ^ np.uint64(j))
            matches[i, j, 0] = np.int64(state >> np.uint64(33)) % count
            state = scrambled(state)
            matches[i, j, 1] = HALF + np.int64(state >> np.uint64(33)) % (height - SIDE + 1)
            state = scrambled(state)
            matches[i, j, 2] = HALF + np.int64(state >> np.uint64(33)) % (width - SIDE + 1)


@_compiled
def _refine(first, last, matches, coarser, source):
    """Give every patch what lay there at half the size."""
    columns = matches.shape[1]
    height, width = source.shape[1:]
    for i in range(first, last):
        for j in range(columns):
            y, x = min(i // 2, coarser.shape[0] - 1), min(j // 2, coarser.shape[1] - 1)
            matches[i, j, 0] = coarser[y, x, 0]
            matches[i, j, 1] = _held(2 * coarser[y, x, 1] + STEP * (i % 2), height)
            matches[i, j, 2] = _held(2 * coarser[y, x, 2] + STEP * (j % 2), width)


@_compiled
def _price(first, last, target, source, matches, cost):
    """Write into ``cost`` how far each patch is from its match."""
    rows, columns = cost.shape
    for i in range(first, last):
        for j in range(columns):
            picture, y, x = matches[i, j, 0], matches[i, j, 1], matches[i, j, 2]
            found = _apart(target, source, STEP * i, STEP * j, picture, y, x, np.float32(np.inf))
            cost[i, j] = found


@_compiled
def _search(first, last, target, source, matches, cost, wraps, seed, colour, reach):
    """Give each patch of a ``colour`` (0 or 1) a nearer one: its neighbours' or one by chance."""
    rows, columns = cost.shape
    height, width = source.shape[1:]
    for i in range(first, last):
        for j in range((i + colour) % 2, columns, 2):
            picture = np.int64(matches[i, j, 0])
            by, bx = np.int64(matches[i, j, 1]), np.int64(matches[i, j, 2])
            best = cost[i, j]
            for index in range(_NEIGHBOURS.shape[0]):
                oi, oj = _NEIGHBOURS[index, 0], _NEIGHBOURS[index, 1]
                ni, nj = i + oi, j + oj
                if wraps:
                    nj = nj % columns
                if not (0 <= ni < rows and 0 <= nj < columns):
                    continue
                other = np.int64(matches[ni, nj, 0])
                cy, cx = matches[ni, nj, 1] - STEP * oi, matches[ni, nj, 2] - STEP * oj
                if not (HALF <= cy < height - HALF and HALF <= cx < width - HALF):
                    continue
                if other == picture and cy == by and cx == bx:
                    continue
                found = _apart(target, source, STEP * i, STEP * j, other, cy, cx, best)
                if found < best:
                    best, picture, by, bx = found, other, np.int64(cy), np.int64(cx)
            state = scrambled(np.uint64(seed) ^ (np.uint64(i) << np.uint64(32)) ^ np.uint64(j))
            span = np.int64(reach)
            while span >= 1:
                state = scrambled(state)
                cy = _held(by + within(state, span), height)
                state = scrambled(state)
                cx = _held(bx + within(state, span), width)
                span //= 2
                found = _apart(target, source, STEP * i, STEP * j, picture, cy, cx, best)
                if found < best:
                    best, by, bx = found, cy, cx
            matches[i, j, 0], matches[i, j, 1], matches[i, j, 2] = picture, by, bx
            cost[i, j] = best


@_compiled
def _agree(first, last, target, source, matches, cost, wraps, colour):
    """Let each patch of a ``colour`` go on with its neighbours' piece where that costs little."""
    rows, columns = cost.shape
    height, width = source.shape[1:]
    for i in range(first, last):
        near = np.empty((5, 3), np.int64)
        for j in range((i + colour) % 2, columns, 2):
            near[0] = matches[i, j]
            count = 1
            for index in range(4):
                oi, oj = _NEIGHBOURS[index, 0], _NEIGHBOURS[index, 1]
                ni, nj = i + oi, j + oj
                if wraps:
                    nj = nj % columns
                if not (0 <= ni < rows and 0 <= nj < columns):
                    continue
                cy, cx = matches[ni, nj, 1] - STEP * oi, matches[ni, nj, 2] - STEP * oj
                if HALF <= cy < height - HALF and HALF <= cx < width - HALF:
                    near[count, 0], near[count, 1], near[count, 2] = matches[ni, nj, 0], cy, cx
                    count += 1
            lowest, chosen = np.float32(np.inf), 0
            for one in range(count):
                support = 0
                for other in range(1, count):
                    if other != one and (near[other] == near[one]).all():
                        support += 1
                apart = _apart(
                    target,
                    source,
                    STEP * i,
                    STEP * j,
                    near[one, 0],
                    near[one, 1],
                    near[one, 2],
                    np.float32(np.inf),
                )
                felt = apart * (np.float32(1.0) - _AGREED * support)
                if felt < lowest:
                    lowest, chosen, cost[i, j] = felt, one, apart
            for part in range(3):
                matches[i, j, part] = near[chosen, part]


@_compiled
def _vote_for(first, last, lacks, energy, matches, cost, usual, wraps, added, felt):
    """Write into ``added`` the mean of what the patches over each pixel lack.

    Into ``felt`` goes the mean of its energy.
    """
    height, width = added.shape
    rows, columns = cost.shape
    for y in range(first, last):
        for x in range(width):
            total, power, count = np.float32(0.0), np.float32(0.0), np.float32(0.0)
            for i in range(max((y - HALF + 1) // STEP, 0), min((y + HALF) // STEP, rows - 1) + 1):
                for k in range((x - HALF + 1) // STEP, (x + HALF) // STEP + 1):
                    j = k % columns if wraps else k
                    if not 0 <= j < columns:
                        continue
                    oy, ox = y - STEP * i, x - STEP * k
                    away = np.float32(oy * oy + ox * ox) / np.float32(9.0)
                    share = np.exp(-_SHARP * (cost[i, j] / usual) - away)
                    share += np.float32(1e-12)
                    picture = matches[i, j, 0]
                    sy, sx = matches[i, j, 1] + oy, matches[i, j, 2] + ox
                    total += share * lacks[picture, sy, sx]
                    power += share * energy[picture, sy, sx]
                    count += share
            added[y, x] = total / count
            felt[y, x] = power / count
