"""Patch match: for each patch of a target the nearest one of a source is looked for.

A *field* says for each patch of a target which patch of a source it is taken from: int32 (height,
width, 2), the row and the column of the patch's middle. Pictures and places are those of
``kernels``.

C. Barnes et al., "PatchMatch: A Randomized Correspondence Algorithm for Structural Image Editing",
ACM Transactions on Graphics 28 (2009). So that the result does not depend on which thread is first,
patches are improved like the squares of a chessboard, the black ones from the white ones and then
the other way round, and every random number is a function of the seed and the place.
"""

from typing import NamedTuple

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from .kernel_cache import compiled
from .kernels import AREA, FOUR, HALF, SIDE, shared

NEVER = np.float32(1e30)
"""Burden of a patch that may not be taken."""

UNSEEN = np.uint8(2)
"""Of a patch that has not been improved yet: see ``improve``."""

_FAR = 5
"""Patches away, besides the next ones, that a good match is taken over from: an odd number, so
that those are squares of the other colour."""

_NEIGHBOURS = np.array(
    [(-1, 0), (1, 0), (0, -1), (0, 1), (-_FAR, 0), (_FAR, 0), (0, -_FAR), (0, _FAR)], np.int64
)

_compiled = compiled(nogil=True)


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
            if total >= best:
                return total
            start += here
            other += there
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


def improve(
    target, source, field, cost, wanted, places, burden, seed, reach, light=None, moved=None
):
    """Give each patch of ``places`` a nearer one of the source, if found; ``cost`` is how far.

    ``target`` and ``source`` are packed pictures of as many groups. What a patch's neighbours have
    is tried, if they are ``wanted``, moved along, then places by chance, within ``reach`` pixels
    and ever nearer. ``burden``, float32 of the source's height and width, is added to the distance
    of the patch with its middle there: ``NEVER`` where none may be taken. A patch's distance is the
    sum of the squared differences of its pixels. ``places`` are all black or all white: see
    ``chessboard``. With ``light`` a patch may be made lighter or darker for it: see ``Light``.

    ``moved``, uint8 (height, width), is kept from call to call while ``target`` stays: ``UNSEEN``
    before the first, then whether a patch got another one when it was last improved. Only what
    neighbours have got since is tried again then, and costs are not counted anew; what is found is
    the same. None is as if nothing had been improved before.
    """
    tries = int(reach).bit_length()
    target_mean, source_mean, most, price = light or _AS_IT_IS
    if moved is None:
        moved = np.full(cost.shape, UNSEEN)
    shared(
        places,
        lambda part: _improve(
            *(target, source, field, cost, wanted, part, burden, np.uint64(seed), reach, tries),
            *(target_mean, source_mean, most, price, moved),
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


@_compiled
def moved_by(apart, most, price):
    """By how much a mean is moved that is so far away."""
    return min(max(apart / (np.float32(1) + price), -most), most)


@_compiled
def _spared(target_mean, source_mean, y, x, sy, sx, most, price):
    """What is spared of the distance of two patches by moving the means of one."""
    total = np.float32(0)
    for group in range(target_mean.shape[0]):
        for one in range(FOUR):
            apart = target_mean[group, y, x, one] - source_mean[group, sy, sx, one]
            by = moved_by(apart, most, price)
            total += by * (np.float32(2) * apart - (np.float32(1) + price) * by)
    return np.float32(AREA) * total


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
    moved,
):
    height, width = wanted.shape
    rows, columns = burden.shape
    count = _NEIGHBOURS.shape[0]
    for number in range(places.shape[0]):
        y, x = np.int64(places[number, 0]), np.int64(places[number, 1])
        by, bx = np.int64(field[y, x, 0]), np.int64(field[y, x, 1])
        again = moved[y, x] != UNSEEN
        best = cost[y, x] if again else NEVER
        state = scrambled(seed ^ (np.uint64(y) << np.uint64(32)) ^ np.uint64(x))
        span = np.int64(reach)
        was_y, was_x = by, bx
        for trial in range(0 if again else -1, count + tries):
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
                if not wanted[ny, nx] or (again and moved[ny, nx] == 0):
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
        moved[y, x] = by != was_y or bx != was_x


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
