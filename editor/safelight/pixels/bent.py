"""Bent: pictures whose colours lie elsewhere than they belong, by a coarse grid, put right.

Where each colour of a pixel lies is told for a few even points; what lies between is interpolated
along straight lines. Rows are bent along themselves first, then columns (Catmull and Smith 1980):
that takes two cubics of four pixels instead of one of sixteen. It is compiled by
``safelight.pixels.fused``; until then, and without numba, it runs in numpy with the same result.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import product
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Grid: TypeAlias = NDArray[np.float32]
"""(rows, columns) or (rows, columns, 3, 2), for even points of a picture from corner to corner."""

Kernel: TypeAlias = Callable[[NDArray[Any], Grid, Grid, Grid, NDArray[Any], int, int, int], None]
"""Puts a part of a picture right: the pixels (height, width, channels) as they are, uint16, where
the colours lie along rows and along columns in pixels (colours, rows, columns), or none, the gain
(rows, columns), or none, the pixels as they are to be, and top, left and side of the part.
"""

COMPILED: list[Kernel] = []
"""The compiled kernel once it is ready, put there by ``safelight.pixels.fused``."""

COMPILERS: list[Callable[[], object]] = []
"""What makes the kernel ready if it can, called before each picture that is worth it until then."""

WORTH = 2_000_000
"""Pixels from which on a kernel that is kept in a file is loaded in less time than it saves."""

DIFFERS = 32
"""Steps of uint16 by which a compiled kernel may differ from numpy, whose table is half of one of
``_PARTS_OF_A_PIXEL`` off: a cubic rises by 1.5 times the full scale a pixel at most, which makes
12 along a row and 12 along a column, each enlarged by the other cubic to 1.25 times that, and 2 of
rounding.
"""

SIDE = 256
"""Pixels of a part's sides: its bent rows stay in the second cache."""

_BAND = 1 << 16

_PARTS_OF_A_PIXEL = 4096
"""Places between two pixels that numpy tells apart."""

_BEFORE, _BEHIND = 1, 2
"""Pixels at each edge that repeat it: as far as a cubic reaches."""


def put_right(light: NDArray[Any], places: Grid | None, gain: Grid | None) -> NDArray[Any]:
    """The picture (height, width, channels), linear, uint16 or float32, with each colour fetched
    from where it lies, at the edge if that is outside, and made brighter by ``gain``.

    ``places`` (rows, columns, 3, 2) tells x and y of each colour as fractions of the picture's
    width and height; None where nothing moves. ``gain`` (rows, columns) multiplies the light where
    it lies in the picture; None where it is 1. A sensor of one colour is corrected as green is; a
    fourth colour is a second green.
    """
    if not COMPILED and light.shape[0] * light.shape[1] >= WORTH:
        for compiler in COMPILERS:
            compiler()
    if not COMPILED or light.dtype != np.uint16:
        return in_numpy(light, places, gain)
    return by_kernel(COMPILED[0], light, places, gain)


def by_kernel(
    kernel: Kernel, light: NDArray[Any], places: Grid | None, gain: Grid | None
) -> NDArray[Any]:
    """The picture (height, width, channels), linear, uint16 or float32, put right by a compiled
    kernel, part by part, on every core. ``places`` (rows, columns, 3, 2) and ``gain`` (rows,
    columns) are those of ``put_right``.
    """
    height, width, channels = light.shape
    across = down = np.empty((0, 2, 2), np.float32)
    if places is not None:
        lies = np.moveaxis(places, 2, 0)[_colours(channels)]
        across = np.stack([along_rows(grid) for grid in lies]) * np.float32(width - 1)
        down = np.ascontiguousarray(lies[..., 1]) * np.float32(height - 1)
    light = np.ascontiguousarray(light)
    brighter = np.empty((0, 0), np.float32) if gain is None else np.ascontiguousarray(gain)
    made = np.empty_like(light)

    def part(corner: tuple[int, int]) -> None:
        kernel(light, across, down, brighter, made, *corner, SIDE)

    corners = product(range(0, height, SIDE), range(0, width, SIDE))
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        for _ in threads.map(part, corners):
            pass
    return made


def _colours(channels: int) -> list[int]:
    """Which of the three colours' places each channel has."""
    return [channel if channel < 3 and channels > 1 else 1 for channel in range(channels)]


def along_rows(lies: Grid) -> Grid:
    """For where a colour lies, (rows, columns, 2): x for even points of a picture whose rows only
    have been bent, and whose columns are to be.
    """
    rows = np.linspace(0, 1, len(lies))
    made = np.empty(lies.shape[:2], np.float32)
    for column in range(lies.shape[1]):
        x, y = lies[:, column].T
        # Which row of the result has what lies in a row of the picture: y rises with it.
        made[:, column] = np.interp(np.interp(rows, y, rows), rows, x)
    return made


# -- compiled ----------------------------------------------------------------------------------


def loop(
    light: Any, across: Any, down: Any, gain: Any, made: Any, top: int, left: int, side: int
) -> None:  # compiled: loops over pixels, in float32
    """What ``safelight.pixels.fused`` compiles as a ``Kernel``.

    Neighbours nearly always lie beside each other. Such a run is worked on as it lies in memory,
    which the compiler does eight pixels at a time.
    """
    f, i = np.float32, np.int32
    height, width, channels = light.shape
    bottom, right = min(top + side, height), min(left + side, width)
    bends, brightens = across.shape[0] > 0, gain.shape[0] > 0
    grows, gcolumns = across.shape[1:] if bends else gain.shape
    per_row = f((grows - 1) / max(height - 1, 1))
    per_column = f((gcolumns - 1) / max(width - 1, 1))
    most, farthest, lowest = f(65535), f(width - 1), f(height - 1)
    zero, half, two, three, four, five = f(0), f(0.5), f(2), f(3), f(4), f(5)
    count = right - left
    lies, places = np.empty(count, np.float32), np.empty(count, np.int32)
    done = np.empty(count, np.float32)
    from_column = min(int(f(left) * per_column), gcolumns - 2)
    to_column = min(int(f(right - 1) * per_column), gcolumns - 2) + 2
    for channel in range(channels):
        first, last, start, end = top, bottom - 1, left, right
        # Straight lines between points are nowhere beyond them.
        if bends:
            upper = min(int(f(first) * per_row), grows - 2)
            lower = min(int(f(last) * per_row), grows - 2) + 2
            near = down[channel, upper:lower, from_column:to_column]
            first = int(min(max(near.min(), zero), lowest)) - 2
            last = int(min(max(near.max(), zero), lowest)) + 3
            y_grid = stretched_loop(down[channel], upper, lower, left, right, per_column)
            y_first = upper
        upper = min(int(f(max(first, 0)) * per_row), grows - 2)
        lower = min(int(f(min(last, height - 1)) * per_row), grows - 2) + 2
        if bends:
            near = across[channel, upper:lower, from_column:to_column]
            start = int(min(max(near.min(), zero), farthest)) - 2
            end = int(min(max(near.max(), zero), farthest)) + 4
            x_grid = stretched_loop(across[channel], upper, lower, left, right, per_column)
        inner, outer = max(start, 0), min(end, width)
        if brightens:
            bright = stretched_loop(gain, upper, lower, inner, outer, per_column)
        some = np.empty(end - start, np.float32)
        bent = np.empty((last - first + 1, count), np.float32)
        for r in range(first, last + 1):
            row = min(max(r, 0), height - 1)
            at = f(row) * per_row
            above = min(int(at), grows - 2)
            beyond = at - f(above)
            above -= upper
            inside = some[inner - start : outer - start]
            for c in range(outer - inner):
                inside[c] = f(light[row, inner + c, channel])
            if brightens:
                one, other = bright[above], bright[above + 1]
                for c in range(outer - inner):
                    brighter = inside[c] * (one[c] + (other[c] - one[c]) * beyond)
                    inside[c] = min(max(brighter, zero), most)
            some[: inner - start] = inside[0]
            some[outer - start :] = inside[outer - inner - 1]
            out = bent[r - first]
            if not bends:
                out[:] = some
                continue
            one, other = x_grid[above], x_grid[above + 1]
            for c in range(count):
                x = min(max(one[c] + (other[c] - one[c]) * beyond, zero), farthest)
                lies[c] = x - f(c)
                places[c] = i(x) - i(c)
            c = 0
            while c < count:
                place, stop = places[c], c + 1
                while stop < count and places[stop] == place:
                    stop += 1
                begin = place + c - start - 1
                n = stop - c
                p, q = some[begin : begin + n], some[begin + 1 : begin + 1 + n]
                s, v = some[begin + 2 : begin + 2 + n], some[begin + 3 : begin + 3 + n]
                beside, filled = lies[c:stop], out[c:stop]
                for k in range(n):
                    t = beside[k] - f(place)
                    cubic = three * (q[k] - s[k]) + v[k] - p[k]
                    square = two * p[k] - five * q[k] + four * s[k] - v[k]
                    filled[k] = q[k] + half * t * (s[k] - p[k] + t * (square + t * cubic))
                c = stop
        for r in range(top, bottom):
            if not bends:
                done[:] = bent[r - first]
            else:
                at = f(r) * per_row
                above = min(int(at), grows - 2)
                beyond = at - f(above)
                one, other = y_grid[above - y_first], y_grid[above - y_first + 1]
                for c in range(count):
                    y = min(max(one[c] + (other[c] - one[c]) * beyond, zero), lowest)
                    lies[c] = y
                    places[c] = i(y)
                c = 0
                while c < count:
                    place, stop = places[c], c + 1
                    while stop < count and places[stop] == place:
                        stop += 1
                    row = place - first
                    p, q = bent[row - 1, c:stop], bent[row, c:stop]
                    s, v = bent[row + 1, c:stop], bent[row + 2, c:stop]
                    beside, filled = lies[c:stop], done[c:stop]
                    for k in range(stop - c):
                        t = beside[k] - f(place)
                        cubic = three * (q[k] - s[k]) + v[k] - p[k]
                        square = two * p[k] - five * q[k] + four * s[k] - v[k]
                        filled[k] = q[k] + half * t * (s[k] - p[k] + t * (square + t * cubic))
                    c = stop
            line = made[r, left:right, channel]
            for c in range(count):
                line[c] = i(min(max(done[c], zero), most) + half)


def stretched_loop(
    grid: Any, upper: int, lower: int, left: int, right: int, per_column: Any
) -> Any:
    """Rows of a grid (rows, columns) for each column of the picture from ``left`` to ``right``."""
    f = np.float32
    made = np.empty((lower - upper, right - left), np.float32)
    for c in range(left, right):
        at = f(c) * per_column
        before = min(int(at), grid.shape[1] - 2)
        share = at - f(before)
        for r in range(upper, lower):
            one = grid[r, before]
            made[r - upper, c - left] = one + (grid[r, before + 1] - one) * share
    return made


# -- in numpy ----------------------------------------------------------------------------------


def in_numpy(light: NDArray[Any], places: Grid | None, gain: Grid | None) -> NDArray[Any]:
    """The picture (height, width, channels), linear, uint16 or float32, put right by numpy alone.
    ``places`` (rows, columns, 3, 2) and ``gain`` (rows, columns) are those of ``put_right``.
    """
    if gain is not None:
        light = _brightened(light, gain)
    return light if places is None else _moved(light, places)


def _stretched(grid: Grid, width: int) -> NDArray[np.float32]:
    """A grid (rows, columns) whose rows are stretched to a picture's width, corner to corner."""
    x = np.linspace(0, grid.shape[1] - 1, width, dtype=np.float32)
    left = np.minimum(x.astype(np.intp), grid.shape[1] - 2)
    first = grid[:, left]
    made: NDArray[np.float32] = first + (grid[:, left + 1] - first) * (x - left).astype(np.float32)
    return made


def _between(wide: NDArray[np.float32], height: int, top: int, rows: int) -> NDArray[np.float32]:
    """Rows of a ``_stretched`` grid, whose columns are stretched to a picture's height."""
    y = np.linspace(0, len(wide) - 1, height, dtype=np.float32)[top : top + rows]
    above = np.minimum(y.astype(np.intp), len(wide) - 2)
    first = wide[above]
    made: NDArray[np.float32] = wide[above + 1]
    made -= first
    made *= (y - above)[:, None].astype(np.float32)
    made += first
    return made


def _in_bands(made: NDArray[Any], work: Callable[[int, int], NDArray[np.float32]]) -> None:
    """Fill ``made`` (height, width, …) by bands of rows, on every core."""
    rows = max(_BAND // made.shape[1], 1)

    def band(top: int) -> None:
        made[top : top + rows] = _as(made.dtype, work(top, min(rows, len(made) - top)))

    with ThreadPoolExecutor(os.cpu_count()) as threads:
        for _ in threads.map(band, range(0, len(made), rows)):
            pass


def _as(kind: Any, values: NDArray[np.float32]) -> NDArray[Any]:
    if kind == np.float32:
        return values
    return (np.clip(values, 0, 65535) + 0.5).astype(kind)


def _brightened(light: NDArray[Any], gain: NDArray[np.float32]) -> NDArray[Any]:
    height, width = light.shape[:2]
    gain = _stretched(gain, width)

    def work(top: int, rows: int) -> NDArray[np.float32]:
        factor = _between(gain, height, top, rows)
        brighter: NDArray[np.float32] = light[top : top + rows] * factor[..., None]
        return brighter

    made = np.empty_like(light)
    _in_bands(made, work)
    return made


def _moved(light: NDArray[Any], places: NDArray[np.float32]) -> NDArray[Any]:
    """The picture with each colour fetched from where it lies, at the edge if that is outside."""
    height, width, channels = light.shape
    made = np.empty_like(light)
    for channel, colour in enumerate(_colours(channels)):
        lies = places[:, :, colour]
        x = _stretched(along_rows(lies) * np.float32(width - 1), width)
        y = _stretched(lies[..., 1] * np.float32(height - 1), width)
        plane = light[..., channel]
        bent = np.empty((_BEFORE + height + _BEHIND, width), np.float32)

        def across(
            top: int, rows: int, x: NDArray[np.float32] = x, plane: NDArray[Any] = plane
        ) -> NDArray[np.float32]:
            there = _between(x, height, top, rows)
            np.clip(there, 0, width - 1, out=there)
            sides = ((0, 0), (_BEFORE, _BEHIND))
            part = np.pad(plane[top : top + rows], sides, mode="edge").astype(np.float32)
            first = there.astype(np.intp)
            there -= first
            first += np.arange(rows)[:, None] * part.shape[1]
            return _sampled(part.ravel(), first, 1, there)

        inner = bent[_BEFORE:-_BEHIND]
        _in_bands(inner, across)
        bent[:_BEFORE], bent[-_BEHIND:] = inner[0], inner[-1]
        flat = bent.ravel()

        def down(
            top: int, rows: int, y: NDArray[np.float32] = y, flat: NDArray[np.float32] = flat
        ) -> NDArray[np.float32]:
            there = _between(y, height, top, rows)
            np.clip(there, 0, height - 1, out=there)
            first = there.astype(np.intp)
            there -= first
            first *= width
            first += np.arange(width)
            return _sampled(flat, first, width, there)

        _in_bands(made[..., channel], down)
    return made


def _sampled(
    flat: NDArray[np.float32], first: NDArray[np.intp], step: int, beyond: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Catmull and Rom's cubic through four numbers, of which ``first`` are the places of the first
    and ``step`` leads to the next; ``beyond`` the second, 0 to 1, and lost.
    """
    made: NDArray[np.float32]
    made, found, share = np.zeros((3, *beyond.shape), np.float32)
    beyond *= np.float32(_PARTS_OF_A_PIXEL)
    beyond += np.float32(0.5)
    part = beyond.astype(np.intp)
    for place, shares in enumerate(_cubic()):
        # One table of places for all neighbours: what moves is where the picture begins.
        np.take(flat[place * step :], first, out=found, mode="clip")
        np.take(shares, part, out=share, mode="clip")
        found *= share
        made += found
    return made


@cache
def _cubic() -> NDArray[np.float32]:
    """Catmull and Rom's shares of four pixels, (4, ``_PARTS_OF_A_PIXEL`` + 1), by how far beyond
    the second a place is.
    """
    t = np.linspace(0, 1, _PARTS_OF_A_PIXEL + 1)
    square, cube = t * t, t * t * t
    shares = [
        -0.5 * t + square - 0.5 * cube,
        1 - 2.5 * square + 1.5 * cube,
        0.5 * t + 2 * square - 1.5 * cube,
        -0.5 * square + 0.5 * cube,
    ]
    return np.array(shares, np.float32)
