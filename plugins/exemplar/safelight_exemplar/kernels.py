"""Kernels: the inner loops of the engine, compiled by numba; every result is that of one thread.

Pictures are *packed*: float32 (groups, height, width, 4), their channels by fours, the rest of the
last group 0; so a row of a patch is one run of memory, however many channels there are. A *field*
says for each patch of a target which patch of a source it is taken from: int32 (height, width, 2),
the row and the column of the patch's middle. Patches are 7 x 7. Places are int32 (count, 2), rows
and columns.

C. Barnes et al., "PatchMatch: A Randomized Correspondence Algorithm for Structural Image Editing",
ACM Transactions on Graphics 28 (2009). The places of a list are shared among threads; so that the
result does not depend on who is first, patches are improved like the squares of a chessboard, the
black ones from the white ones and then the other way round, and every random number is a function
of the seed and the place.
"""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import NamedTuple

import numba
import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from .kernel_cache import compiled

HALF = 3
"""Pixels from a patch's middle to its edge."""

SIDE = 2 * HALF + 1
AREA = SIDE * SIDE

FOUR = 4
"""Channels of a group of a packed picture."""

NEVER = np.float32(1e30)
"""Burden of a patch that may not be taken."""

THREADS = numba.config.NUMBA_NUM_THREADS
"""Threads that share a list of places; the result does not depend on it."""

_WORTH = 1024
"""Places of a list for which another thread is worth its start."""

_ROWS = 32
"""Rows of a picture for which it is."""

_FAR = 5
"""Patches away, besides the next ones, that a good match is taken over from: an odd number, so
that those are squares of the other colour."""

_compiled = compiled(nogil=True)
_NEIGHBOURS = np.array(
    [(-1, 0), (1, 0), (0, -1), (0, 1), (-_FAR, 0), (_FAR, 0), (0, -_FAR), (0, _FAR)], np.int64
)
_AWAY = ((np.arange(SIDE)[:, None] - HALF) ** 2 + (np.arange(SIDE)[None] - HALF) ** 2) / 9.0
"""Squared distance of a patch's pixels from its middle."""


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


@intrinsic
def _row(_context, target, start, source, other):
    """Sum of squared differences of a patch's row, its four channels: 28 numbers of each array.

    Written in the compiler's own terms, as numba makes one multiplication after the other of it.
    """

    def generate(context, builder, signature, arguments):
        whole = ir.IntType(64)
        runs = [
            builder.gep(context.make_array(kind)(context, builder, array).data, [first])
            for kind, array, first in zip(
                signature.args[::2], arguments[::2], arguments[1::2], strict=True
            )
        ]
        four = ir.VectorType(ir.FloatType(), FOUR)
        sums = [None, None]
        for pixel in range(SIDE):
            loaded = []
            for run in runs:
                place = builder.gep(run, [ir.Constant(whole, FOUR * pixel)])
                loaded.append(builder.load(builder.bitcast(place, four.as_pointer()), align=4))
            apart = builder.fsub(*loaded, flags=("fast",))
            square = builder.fmul(apart, apart, flags=("fast",))
            before = sums[pixel % 2]
            sums[pixel % 2] = (
                square if before is None else builder.fadd(before, square, flags=("fast",))
            )
        total = builder.fadd(*sums, flags=("fast",))
        lanes = [builder.extract_element(total, ir.Constant(ir.IntType(32), k)) for k in range(4)]
        pairs = [builder.fadd(lanes[k], lanes[k + 2], flags=("fast",)) for k in range(2)]
        return builder.fadd(*pairs, flags=("fast",))

    return types.float32(target, types.uint64, source, types.uint64), generate


@_compiled
def distance(target, source, ty, tx, sy, sx, best):
    """Sum of squared differences of two patches; what exceeds ``best`` may be left unfinished."""
    total = np.float32(0.0)
    here, there = np.uint64(FOUR * target.shape[2]), np.uint64(FOUR * source.shape[2])
    for group in range(target.shape[0]):
        start = np.uint64(((group * target.shape[1] + ty - HALF) * target.shape[2] + tx - HALF) * 4)
        other = np.uint64(((group * source.shape[1] + sy - HALF) * source.shape[2] + sx - HALF) * 4)
        for _ in range(SIDE):
            total += _row(target, start, source, other)
            start += here
            other += there
        if total >= best:
            break
    return total


@_compiled
def scrambled(number):
    """A number of 64 bits that looks like chance (Steele, Lea and Flood, SplitMix64, 2014)."""
    number = np.uint64(number) + np.uint64(0x9E3779B97F4A7C15)
    number = (number ^ (number >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    number = (number ^ (number >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return number ^ (number >> np.uint64(31))


@_compiled
def within(number, reach):
    """A whole number from ``-reach`` to ``reach``."""
    return np.int64(number >> np.uint64(33)) % (2 * reach + 1) - reach


def improve(target, source, field, cost, wanted, places, burden, seed, reach, light=None):
    """Give each patch of ``places`` a nearer one of the source, if found; ``cost`` is how far.

    ``target`` and ``source`` are packed pictures of as many groups. What a patch's neighbours have
    is tried, if they are ``wanted``, moved along, then places by chance, within ``reach`` pixels
    and ever nearer. ``burden``, float32 of the source's height and width, is added to the distance
    of the patch with its middle there: ``NEVER`` where none may be taken. A patch's distance is the
    sum of the squared differences of its pixels. ``places`` are all black or all white: see
    ``chessboard``. With ``light`` a patch may be made lighter or darker for it: see ``Light``.
    """
    tries = int(reach).bit_length()
    target_mean, source_mean, most, price = light or _AS_IT_IS
    shared(
        places,
        lambda part: _improve(
            *(target, source, field, cost, wanted, part, burden, np.uint64(seed), reach, tries),
            *(target_mean, source_mean, most, price),
        ),
    )


class Light(NamedTuple):
    """How much lighter or darker patches may be made: each channel's mean is moved.

    ``target`` and ``source`` are the means of the patches by their middles, as packed pictures
    of the first groups, those that are moved. A mean is moved by no more than ``most``, and that
    costs ``price`` times as much as the same difference of all its pixels would.
    """

    target: np.ndarray
    source: np.ndarray
    most: np.float32
    price: np.float32


_AS_IT_IS = Light(*[np.zeros((0, 1, 1, FOUR), np.float32)] * 2, np.float32(0), np.float32(0))


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


@_compiled
def _moved(apart, most, price):
    """By how much a mean is moved that is so far away."""
    return min(max(apart / (np.float32(1) + price), -most), most)


@_compiled
def _spared(target_mean, source_mean, y, x, sy, sx, most, price):
    """What is spared of the distance of two patches by moving the means of one."""
    total = np.float32(0)
    for group in range(target_mean.shape[0]):
        for one in range(FOUR):
            apart = target_mean[group, y, x, one] - source_mean[group, sy, sx, one]
            by = _moved(apart, most, price)
            total += by * (np.float32(2) * apart - (np.float32(1) + price) * by)
    return np.float32(AREA) * total


def lightened(light, field, places):
    """By how much the patches of ``places`` are made lighter: a packed picture, 0 elsewhere."""
    result = np.zeros((len(light.target), *field.shape[:2], FOUR), np.float32)
    shared(places, lambda part: _lighten(*light, field, part, result))
    return result


@_compiled
def _lighten(target_mean, source_mean, most, price, field, places, result):
    for number in range(places.shape[0]):
        y, x = np.int64(places[number, 0]), np.int64(places[number, 1])
        sy, sx = np.int64(field[y, x, 0]), np.int64(field[y, x, 1])
        for group in range(target_mean.shape[0]):
            for one in range(FOUR):
                apart = target_mean[group, y, x, one] - source_mean[group, sy, sx, one]
                result[group, y, x, one] = _moved(apart, most, price)


def blend(source, field, weight, pixels, target, narrow=1.0, lighter=None):
    """Write into the ``pixels`` of ``target`` the mean of what the patches over each say.

    ``pixels`` are places, ``source`` and ``target`` packed pictures, of which the groups of the one
    with fewer are written. A patch counts its ``weight`` (float64, height, width; 0: not at all),
    the more the nearer its middle is, and the more so the more ``narrow``: 0 is the plain mean.
    Where no patch counts nothing is written. ``lighter`` is added to patches: see ``lightened``.
    """
    closeness = np.exp(-narrow * _AWAY)
    more = _AS_IT_IS.target if lighter is None else lighter
    shared(pixels, lambda part: _blend(source, field, weight, closeness, part, target, more))


def shared_rows(count, work):
    """As ``shared``, the numbers of so many rows of a picture."""
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
def _improve(
    target,
    source,
    field,
    cost,
    wanted,
    places,
    burden,
    seed,
    reach,
    tries,
    target_mean,
    source_mean,
    most,
    price,
):
    height, width = wanted.shape
    rows, columns = burden.shape
    count = _NEIGHBOURS.shape[0]
    for number in range(places.shape[0]):
        y, x = np.int64(places[number, 0]), np.int64(places[number, 1])
        by, bx = np.int64(field[y, x, 0]), np.int64(field[y, x, 1])
        best = NEVER
        state = scrambled(seed ^ (np.uint64(y) << np.uint64(32)) ^ np.uint64(x))
        span = np.int64(reach)
        for trial in range(-1, count + tries):
            cy, cx = by, bx
            if trial >= count:
                state = scrambled(state)
                cy += within(state, span)
                state = scrambled(state)
                cx += within(state, span)
                span //= 2
            elif trial >= 0:
                oy, ox = _NEIGHBOURS[trial, 0], _NEIGHBOURS[trial, 1]
                ny, nx = y + oy, x + ox
                if not (HALF <= ny < height - HALF and HALF <= nx < width - HALF):
                    continue
                if not wanted[ny, nx]:
                    continue
                cy, cx = np.int64(field[ny, nx, 0]) - oy, np.int64(field[ny, nx, 1]) - ox
            if trial >= 0 and cy == by and cx == bx:
                continue
            if not (0 <= cy < rows and 0 <= cx < columns):
                continue
            extra = burden[cy, cx]
            if extra < best:
                extra -= _spared(target_mean, source_mean, y, x, cy, cx, most, price)
                found = extra + distance(target, source, y, x, cy, cx, best - extra)
                if found < best or trial < 0:
                    best, by, bx = found, cy, cx
        field[y, x, 0], field[y, x, 1] = by, bx
        cost[y, x] = best


@_compiled
def _blend(source, field, weight, closeness, pixels, target, lighter):
    height, width = weight.shape
    for number in range(pixels.shape[0]):
        y, x = np.int64(pixels[number, 0]), np.int64(pixels[number, 1])
        top, bottom = max(y - HALF, HALF), min(y + HALF + 1, height - HALF)
        left, right = max(x - HALF, HALF), min(x + HALF + 1, width - HALF)
        for group in range(min(source.shape[0], target.shape[0])):
            a = b = c = d = count = 0.0
            for ny in range(top, bottom):
                for nx in range(left, right):
                    share = weight[ny, nx] * closeness[ny - y + HALF, nx - x + HALF]
                    if share > 0.0:
                        sy = np.int64(field[ny, nx, 0]) + y - ny
                        sx = np.int64(field[ny, nx, 1]) + x - nx
                        a += share * source[group, sy, sx, 0]
                        b += share * source[group, sy, sx, 1]
                        c += share * source[group, sy, sx, 2]
                        d += share * source[group, sy, sx, 3]
                        if group < lighter.shape[0]:
                            a += share * lighter[group, ny, nx, 0]
                            b += share * lighter[group, ny, nx, 1]
                            c += share * lighter[group, ny, nx, 2]
                            d += share * lighter[group, ny, nx, 3]
                        count += share
            if count > 0.0:
                target[group, y, x, 0] = a / count
                target[group, y, x, 1] = b / count
                target[group, y, x, 2] = c / count
                target[group, y, x, 3] = d / count


def said_most(field, weight, pixels, narrow=1.0):
    """From how far away most of the patches over each pixel take it: int32 (count, 2).

    Patches count as in ``blend``; what has none that counts is taken from itself.
    """
    closeness = np.exp(-narrow * _AWAY)
    result = np.zeros((len(pixels), 2), np.int32)
    shared(
        np.arange(len(pixels)),
        lambda part: _say_most(field, weight, closeness, pixels, part, result),
    )
    return result


@_compiled
def _say_most(field, weight, closeness, pixels, part, result):
    height, width = weight.shape
    shifts, shares = np.empty((AREA, 2), np.int64), np.empty(AREA)
    for number in part:
        y, x = np.int64(pixels[number, 0]), np.int64(pixels[number, 1])
        top, bottom = max(y - HALF, HALF), min(y + HALF + 1, height - HALF)
        left, right = max(x - HALF, HALF), min(x + HALF + 1, width - HALF)
        count, best = 0, 0
        for ny in range(top, bottom):
            for nx in range(left, right):
                share = weight[ny, nx] * closeness[ny - y + HALF, nx - x + HALF]
                if share > 0.0:
                    dy, dx = np.int64(field[ny, nx, 0]) - ny, np.int64(field[ny, nx, 1]) - nx
                    place = 0
                    while place < count and (shifts[place, 0] != dy or shifts[place, 1] != dx):
                        place += 1
                    if place == count:
                        shifts[place, 0], shifts[place, 1], shares[place] = dy, dx, 0.0
                        count += 1
                    shares[place] += share
                    if shares[place] > shares[best]:
                        best = place
        if count > 0:
            result[number, 0], result[number, 1] = shifts[best, 0], shifts[best, 1]


def inherit(field, cost, coarse_field, coarse_cost, coarse_wanted, burden, places):
    """Give patches what those at half the size have; which of the ``places`` got one: bool (count).

    Patches get the cost of what they get nothing from, too.
    """
    fits = np.zeros(len(places), bool)
    shared(
        np.arange(len(places)),
        lambda part: _inherit(
            *(field, cost, coarse_field, coarse_cost, coarse_wanted, burden, places, part, fits)
        ),
    )
    return fits


@_compiled
def _inherit(field, cost, coarse_field, coarse_cost, coarse_wanted, burden, places, part, fits):
    last, end = coarse_cost.shape[0] - 1, coarse_cost.shape[1] - 1
    rows, columns = burden.shape
    for number in part:
        y, x = np.int64(places[number, 0]), np.int64(places[number, 1])
        py, px = min(y // 2, last), min(x // 2, end)
        cost[y, x] = coarse_cost[py, px]
        sy = min(max(2 * np.int64(coarse_field[py, px, 0]) + y % 2, HALF), rows - HALF - 1)
        sx = min(max(2 * np.int64(coarse_field[py, px, 1]) + x % 2, HALF), columns - HALF - 1)
        if coarse_wanted[py, px] and burden[sy, sx] == 0:
            field[y, x, 0], field[y, x, 1] = sy, sx
            fits[number] = True


@_compiled
def strew(field, sources, places, seed):
    """Give each patch of ``places`` one of the ``sources`` (places of the source) by chance."""
    count = np.uint64(sources.shape[0])
    for number in range(places.shape[0]):
        y, x = places[number, 0], places[number, 1]
        place = (np.uint64(y) << np.uint64(32)) ^ np.uint64(x)
        chosen = np.int64(scrambled(np.uint64(seed) ^ place) % count)
        field[y, x, 0], field[y, x, 1] = sources[chosen, 0], sources[chosen, 1]


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
