"""Brushwork: the inner loops of painting, compiled by numba; every result is that of one thread.

Beside what ``kernels`` has: guides that count at a patch's middle alone, an even use of the
sources, and pieces that go on where their neighbours' were taken from.
"""

from collections import namedtuple

import numba
import numpy as np

from .compiling import compiled
from .kernels import AREA, HALF, distance, packed, scrambled, within

Target = namedtuple("Target", "colour guides clear fine")
"""What is painted: colours now (height, width, 3); what they are to be (height, width, 7): colour,
tone, doubled direction, fineness; how clear the direction is, how fine the structure, (height,
width), 0 to 1."""

_plain = compiled()
_threaded = compiled(parallel=True)

_MEAN = np.float32(1 / (3 * AREA))
_CELL = 4
"""Pixels of the squares in which uses are counted."""

_STEPS = np.array([(-1, 0), (1, 0), (0, -1), (0, 1)], np.int64)


@_plain
def _guided(target, guides, use, field, weights, even, y, x, sy, sx):
    """What speaks against a piece beside its colours."""
    total = np.float32(0.0)
    surely = np.float32(1.0) + target.fine[y, x]
    for channel in range(3):
        away = target.guides[y, x, channel] - guides[sy, sx, channel]
        total += weights[0] * surely * away * away
    away = target.guides[y, x, 3] - guides[sy, sx, 3]
    total += weights[1] * surely * away * away
    for channel in range(4, 6):
        away = target.guides[y, x, channel] - guides[sy, sx, channel]
        total += weights[2] * target.clear[y, x] * away * away * np.float32(0.25)
    away = target.guides[y, x, 6] - guides[sy, sx, 6]
    total += weights[3] * away * away
    total += even * use[sy // _CELL, sx // _CELL]
    alone = np.float32(1.0)
    for index in range(4):
        oy, ox = _STEPS[index, 0], _STEPS[index, 1]
        ny, nx = y + oy, x + ox
        if not (0 <= ny < field.shape[0] and 0 <= nx < field.shape[1]):
            continue
        if field[ny, nx, 0] - oy == sy and field[ny, nx, 1] - ox == sx:
            alone -= np.float32(0.25)
    return total + weights[5] * alone


@_threaded
def _half(target, pixels, source, guides, allowed, use, field, cost, weights, seed, colour, reach):
    height, width = cost.shape
    rows, columns = allowed.shape
    for y in numba.prange(HALF, height - HALF):
        for x in range(HALF + (y + HALF + colour) % 2, width - HALF, 2):
            by, bx = np.int64(field[y, x, 0]), np.int64(field[y, x, 1])
            state = scrambled(np.uint64(seed) ^ (np.uint64(y) << np.uint64(32)) ^ np.uint64(x))
            # Not all shun a place as much: else all would leave it, and come back, at once.
            even = weights[4] * np.float32(state >> np.uint64(40)) * np.float32(2.0 / (1 << 24))
            best = _guided(target, guides, use, field, weights, even, y, x, by, bx)
            best += _MEAN * distance(pixels, source, y, x, by, bx, np.float32(np.inf))
            span = np.int64(reach)
            index = 0
            while index < 8 or span >= 1:
                if index < 8:
                    far = 1 if index < 4 else 5
                    oy, ox = far * _STEPS[index % 4, 0], far * _STEPS[index % 4, 1]
                    index += 1
                    ny, nx = y + oy, x + ox
                    if not (HALF <= ny < height - HALF and HALF <= nx < width - HALF):
                        continue
                    cy, cx = np.int64(field[ny, nx, 0]) - oy, np.int64(field[ny, nx, 1]) - ox
                else:
                    state = scrambled(state)
                    cy = by + within(state, span)
                    state = scrambled(state)
                    cx = bx + within(state, min(span, columns))
                    span //= 2
                if not (0 <= cy < rows and 0 <= cx < columns) or not allowed[cy, cx]:
                    continue
                if cy == by and cx == bx:
                    continue
                found = _guided(target, guides, use, field, weights, even, y, x, cy, cx)
                if found >= best:
                    continue
                found += _MEAN * distance(pixels, source, y, x, cy, cx, (best - found) / _MEAN)
                if found < best:
                    best, by, bx = found, cy, cx
            field[y, x, 0], field[y, x, 1] = by, bx
            cost[y, x] = best


def match(target, source, guides, allowed, plenty, field, cost, weights, seed, reach):
    """Give each patch a better piece of the source; ``cost`` becomes what speaks against it."""
    pixels = packed(target.colour)
    for colour in (0, 1):
        use = measure_use(field, allowed, plenty)
        chance = seed * 1_000_003 + colour
        _half(
            target,
            pixels,
            source,
            guides,
            allowed,
            use,
            field,
            cost,
            weights,
            chance,
            colour,
            reach,
        )


def measure_use(field, allowed, plenty):
    """How much more often than on the average pieces are taken from each square of the source."""
    rows, columns = -(-allowed.shape[0] // _CELL), -(-allowed.shape[1] // _CELL)
    inner = field[HALF:-HALF, HALF:-HALF]
    places = (inner[..., 0] // _CELL) * columns + inner[..., 1] // _CELL
    counts = np.bincount(places.ravel(), minlength=rows * columns).reshape(rows, columns)
    room = np.zeros((rows * _CELL, columns * _CELL), np.float32)
    room[: allowed.shape[0], : allowed.shape[1]] = allowed * plenty
    room = room.reshape(rows, _CELL, columns, _CELL).sum((1, 3))
    mean = places.size / max(room.sum(), 1)
    usual = np.maximum(room, 1) * mean
    return np.maximum(counts / np.maximum(usual, 1e-3) - 1, 0).astype(np.float32)


@_threaded
def turned(painting, matrix, away, made, known):
    """Sample a painting along a map; beyond it its border goes on, and nothing is known."""
    rows, columns = painting.shape[:2]
    for y in numba.prange(made.shape[0]):
        for x in range(made.shape[1]):
            sy = matrix[0, 0] * y + matrix[0, 1] * x + away[0]
            sx = matrix[1, 0] * y + matrix[1, 1] * x + away[1]
            known[y, x] = -0.5 <= sy <= rows - 0.5 and -0.5 <= sx <= columns - 0.5
            sy, sx = min(max(sy, 0.0), rows - 1.0), min(max(sx, 0.0), columns - 1.0)
            iy, ix = min(int(sy), rows - 2), min(int(sx), columns - 2)
            fy, fx = np.float32(sy - iy), np.float32(sx - ix)
            for channel in range(made.shape[2]):
                upper = painting[iy, ix, channel] * (1 - fx) + painting[iy, ix + 1, channel] * fx
                lower = (
                    painting[iy + 1, ix, channel] * (1 - fx)
                    + painting[iy + 1, ix + 1, channel] * fx
                )
                made[y, x, channel] = upper * (1 - fy) + lower * fy


@_threaded
def render(
    field,
    cost,
    relief,
    kind,
    inverses,
    sheet,
    usual,
    sharp,
    top,
    left,
    step_y,
    step_x,
    border,
    result,
):
    """Draw pieces at another size: each pixel is the mean of what the patches near it say."""
    height, width = cost.shape
    scale = np.float32(2.0) / usual
    central = sharp / np.float32(9.0)
    for row in numba.prange(result.shape[0]):
        raw_y = (row + top + 0.5) * step_y - 0.5 + border
        y = min(max(raw_y, HALF * 1.0), height - 1.0 - HALF)
        first = int(np.floor(y)) - 1
        for column in range(result.shape[1]):
            raw_x = (column + left + 0.5) * step_x - 0.5 + border
            x = min(max(raw_x, HALF * 1.0), width - 1.0 - HALF)
            start = int(np.floor(x)) - 1
            red = green = blue = total = np.float32(0.0)
            for ny in range(max(first, HALF), min(first + 4, height - HALF)):
                for nx in range(max(start, HALF), min(start + 4, width - HALF)):
                    dy, dx = np.float32(y - ny), np.float32(x - nx)
                    # A patch's share fades to nothing at two pixels, so that no edge is seen.
                    fade = max(4 - dy * dy, np.float32(0)) * max(4 - dx * dx, np.float32(0))
                    if fade <= 0:
                        continue
                    away = min(cost[ny, nx] * scale, np.float32(6)) + (dy * dy + dx * dx) * central
                    share = fade * np.exp(-away)
                    sy, sx = field[ny, nx, 0], field[ny, nx, 1]
                    number = kind[sy, sx]
                    ay, ax = sy + raw_y - ny, sx + raw_x - nx
                    py = inverses[number, 0] * ay + inverses[number, 1] * ax + inverses[number, 2]
                    px = inverses[number, 3] * ay + inverses[number, 4] * ax + inverses[number, 5]
                    rows, columns = inverses[number, 7], inverses[number, 8]
                    py, px = min(max(py, 0.0), rows - 1.0), min(max(px, 0.0), columns - 1.0)
                    iy, ix = min(int(py), int(rows) - 2), min(int(px), int(columns) - 2)
                    fy, fx = np.float32(py - iy), np.float32(px - ix)
                    iy += int(inverses[number, 6])
                    a, b = share * (1 - fy) * (1 - fx), share * (1 - fy) * fx
                    c, d = share * fy * (1 - fx), share * fy * fx
                    red += a * sheet[iy, ix, 0] + b * sheet[iy, ix + 1, 0]
                    red += c * sheet[iy + 1, ix, 0] + d * sheet[iy + 1, ix + 1, 0]
                    green += a * sheet[iy, ix, 1] + b * sheet[iy, ix + 1, 1]
                    green += c * sheet[iy + 1, ix, 1] + d * sheet[iy + 1, ix + 1, 1]
                    blue += a * sheet[iy, ix, 2] + b * sheet[iy, ix + 1, 2]
                    blue += c * sheet[iy + 1, ix, 2] + d * sheet[iy + 1, ix + 1, 2]
                    total += share
            iy, ix = min(int(y), height - 2), min(int(x), width - 2)
            fy, fx = np.float32(y - iy), np.float32(x - ix)
            upper = relief[iy, ix] * (1 - fx) + relief[iy, ix + 1] * fx
            lower = relief[iy + 1, ix] * (1 - fx) + relief[iy + 1, ix + 1] * fx
            more = upper * (1 - fy) + lower * fy
            result[row, column, 0] = red / total + more
            result[row, column, 1] = green / total + more
            result[row, column, 2] = blue / total + more
