"""Brushwork: the inner loops of painting, compiled by numba; every result is that of one thread.

Beside what ``kernels`` has: guides that count at a patch's middle alone, an even use of the
sources, and pieces that go on where their neighbours' were taken from. Pictures are packed and
places are shared among threads as there.
"""

from collections import namedtuple

import numpy as np

from .kernel_cache import compiled
from .kernels import AREA, HALF, shared
from .patch_match import NEVER, distance, scrambled, within

Target = namedtuple("Target", "pixels guides clear fine firm")
"""What is painted: its colours now, packed; what they are to be (height, width, 7): colour, tone,
doubled direction, fineness; how clear the direction is, how fine the structure, and how much an
outline holds a patch where it is, (height, width), 0 to 1."""

_compiled = compiled(nogil=True)

_MEAN = np.float32(1 / (3 * AREA))
_CELL = 4
"""Pixels of the squares in which uses are counted."""

_TWICE = 16.0
"""Times the average from which on a use counts twice."""

_FAR = 5
"""Patches away, besides the next ones, that a good match is taken over from."""

ROWS = 16
"""Rows of a picture for which another thread is worth its start."""

_STEPS = np.array([(-1, 0), (1, 0), (0, -1), (0, 1)], np.int64)


@_compiled
def _against(target, guides, use, field, weights, even, y, x, sy, sx, best):
    """What speaks against a piece beside its colours; ``best`` or more may be left unfinished."""
    fine = target.fine[y, x]
    red = target.guides[y, x, 0] - guides[sy, sx, 0]
    green = target.guides[y, x, 1] - guides[sy, sx, 1]
    blue = target.guides[y, x, 2] - guides[sy, sx, 2]
    tone = target.guides[y, x, 3] - guides[sy, sx, 3]
    down = target.guides[y, x, 4] - guides[sy, sx, 4]
    across = target.guides[y, x, 5] - guides[sy, sx, 5]
    small = target.guides[y, x, 6] - guides[sy, sx, 6]
    broad = target.guides[y, x, 3] - guides[sy, sx, 7]
    firm = target.firm[y, x]
    tones = firm * tone * tone + (np.float32(1.0) - firm) * broad * broad
    total = weights[0] * (red * red + green * green + blue * blue) + weights[1] * tones
    total += max(fine, np.float32(2.0) * firm * firm) * total + weights[3] * small * small
    total += weights[2] * target.clear[y, x] * (down * down + across * across)
    if total >= best:
        return total
    total += even * use[sy // _CELL, sx // _CELL]
    together = np.int64(0)
    for index in range(4):
        oy, ox = _STEPS[index, 0], _STEPS[index, 1]
        if field[y + oy, x + ox, 0] - oy == sy and field[y + oy, x + ox, 1] - ox == sx:
            together += 1
    loose = np.float32(1.0) - np.float32(0.25) * together
    return total + weights[5] * (np.float32(1.0) - np.float32(0.8) * firm) * loose


@_compiled
def _improve(target, source, guides, allowed, use, field, cost, weights, places, seed, reach):
    height, width = cost.shape
    rows, columns = allowed.shape
    for number in range(places.shape[0]):
        y, x = np.int64(places[number, 0]), np.int64(places[number, 1])
        by, bx = np.int64(field[y, x, 0]), np.int64(field[y, x, 1])
        state = scrambled(seed ^ (np.uint64(y) << np.uint64(32)) ^ np.uint64(x))
        # Not all shun a place as much: else all would leave it, and come back, at once.
        even = weights[4] * (np.float32(0.5) + np.float32(state >> np.uint64(40)) / (1 << 24))
        best = _MEAN * distance(target.pixels, source, y, x, by, bx, np.float32(np.inf))
        best += _against(target, guides, use, field, weights, even, y, x, by, bx, NEVER)
        span = np.int64(reach)
        index = 0
        while index < 8 or span >= 1:
            if index < 8:
                far = 1 if index < 4 else _FAR
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
            found = _against(target, guides, use, field, weights, even, y, x, cy, cx, best)
            if found >= best:
                continue
            left = (best - found) / _MEAN
            found += _MEAN * distance(target.pixels, source, y, x, cy, cx, left)
            if found < best:
                best, by, bx = found, cy, cx
        field[y, x, 0], field[y, x, 1] = by, bx
        cost[y, x] = best


def match(target, source, guides, allowed, plenty, field, cost, places, weights, seed, reach):
    """Give each patch a better piece of the source; ``cost`` becomes what speaks against it.

    ``source`` is packed; ``guides`` (rows, columns, 8: those of a target, of the tone the near mean
    and last the broad one), bool ``allowed`` and ``plenty``, how much
    is to be taken from where (rows, columns), lie beside it. ``places`` are lists of black ones
    and of white ones.
    """
    for number, part in enumerate(places):
        use = measure_use(field, allowed, plenty)
        chance = np.uint64(seed * 1_000_003 + number)
        told = target, source, guides, allowed, use, field, cost, weights
        shared(part, lambda some, told=told, chance=chance: _improve(*told, some, chance, reach))


def measure_use(field, allowed, plenty):
    """How much more often than on the average pieces are taken from each square of the source.

    From some use on it counts for more than it is: nothing fits so well that it is to be seen
    everywhere.
    """
    rows, columns = -(-allowed.shape[0] // _CELL), -(-allowed.shape[1] // _CELL)
    inner = field[HALF:-HALF, HALF:-HALF]
    places = (inner[..., 0] // _CELL) * columns + inner[..., 1] // _CELL
    counts = np.bincount(places.ravel(), minlength=rows * columns).reshape(rows, columns)
    room = np.zeros((rows * _CELL, columns * _CELL), np.float32)
    room[: allowed.shape[0], : allowed.shape[1]] = allowed * plenty
    room = room.reshape(rows, _CELL, columns, _CELL).sum((1, 3))
    mean = places.size / max(room.sum(), 1)
    usual = np.maximum(room, 1) * mean
    more = np.maximum(counts / np.maximum(usual, 1e-3) - 1, 0)
    return (more + more * more / _TWICE).astype(np.float32)


def softened(planes, radius):
    """Planes (height, width, ...) smoothed three times by a box of ``2 * radius + 1`` pixels."""
    made = np.ascontiguousarray(planes, np.float32)
    height, width = made.shape[:2]
    for shape in ((1, height, made.size // height), (height, width, made.size // height // width)):
        near = min(radius, shape[1] - 1)
        if near < 1:
            continue
        flat = made.reshape(shape)
        for _ in range(3):
            smooth = np.empty_like(flat)
            _boxed(flat, near, smooth)
            flat = smooth
        made = flat.reshape(planes.shape)
    return made


@_compiled
def _boxed(source, radius, result):
    """The mean of ``2 * radius + 1`` numbers along the middle axis; the first and last go on."""
    last = source.shape[1] - 1
    share = 1.0 / (2 * radius + 1)
    sums = np.empty(source.shape[2], np.float64)
    for outer in range(source.shape[0]):
        for inner in range(source.shape[2]):
            sums[inner] = (radius + 1.0) * source[outer, 0, inner]
        for place in range(1, radius + 1):
            for inner in range(source.shape[2]):
                sums[inner] += source[outer, min(place, last), inner]
        for place in range(last + 1):
            after, before = min(place + radius + 1, last), max(place - radius, 0)
            for inner in range(source.shape[2]):
                result[outer, place, inner] = sums[inner] * share
                sums[inner] += source[outer, after, inner] - source[outer, before, inner]


def turned(painting, matrix, away, made, known):
    """Sample a painting along a map; beyond it its border goes on, and nothing is known."""
    rows = np.arange(made.shape[0])
    shared(rows, lambda part: _turned(painting, matrix, away, part, made, known), ROWS)


@_compiled
def _turned(painting, matrix, away, part, made, known):
    rows, columns = painting.shape[:2]
    for y in part:
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


Drawing = namedtuple("Drawing", "field worth relief kind inverses sheet")
"""What is drawn: which piece lies where, how much each counts, what fine structure is added; which
copy a place belongs to, the maps to where copies are drawn from, and what lies there."""


def render(drawing, sharp, place, steps, border, result):
    """Draw pieces at another size: each pixel is the mean of what the patches near it say.

    ``place`` is the row and the column of ``result`` in the whole, ``steps`` how many patches lie
    on a pixel, down and across, ``border`` how many lie beyond the picture's edge. A patch counts
    the more the nearer its middle is, and the more so the more ``sharp``.
    """
    rows = np.arange(result.shape[0])
    told = np.float32(sharp / 9.0), *place, *steps, border
    shared(rows, lambda part: _render(drawing, *told, part, result), ROWS)


@_compiled
def _render(drawing, central, top, left, step_y, step_x, border, part, result):
    field, kind, inverses, sheet = drawing.field, drawing.kind, drawing.inverses, drawing.sheet
    height, width = drawing.worth.shape
    columns_ = result.shape[1]
    starts = np.empty(columns_, np.int64)
    shares = np.empty((columns_, 4), np.float32)
    raws = np.empty(columns_)
    for column in range(columns_):
        raws[column] = (column + left + 0.5) * step_x - 0.5 + border
        x = min(max(raws[column], HALF * 1.0), width - 1.0 - HALF)
        starts[column] = int(np.floor(x)) - 1
        for index in range(4):
            shares[column, index] = _share(x, starts[column] + index, width, central)
    for row in part:
        raw_y = (row + top + 0.5) * step_y - 0.5 + border
        y = min(max(raw_y, HALF * 1.0), height - 1.0 - HALF)
        first = int(np.floor(y)) - 1
        for column in range(columns_):
            raw_x, start = raws[column], starts[column]
            x = min(max(raw_x, HALF * 1.0), width - 1.0 - HALF)
            red = green = blue = total = np.float32(0.0)
            for down in range(4):
                ny = first + down
                tall = _share(y, ny, height, central)
                if tall <= 0:
                    continue
                for across in range(4):
                    nx = start + across
                    share = tall * shares[column, across]
                    if share <= 0:
                        continue
                    share *= drawing.worth[ny, nx]
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
            relief = drawing.relief
            upper = relief[iy, ix] * (1 - fx) + relief[iy, ix + 1] * fx
            lower = relief[iy + 1, ix] * (1 - fx) + relief[iy + 1, ix + 1] * fx
            more = upper * (1 - fy) + lower * fy
            result[row, column, 0] = red / total + more
            result[row, column, 1] = green / total + more
            result[row, column, 2] = blue / total + more


@_compiled
def _share(place, patch, size, central):
    """How much a patch counts at a place, along one axis: nothing from two patches away on."""
    if not HALF <= patch < size - HALF:
        return np.float32(0.0)
    away = np.float32((place - patch) * (place - patch))
    # The share fades to nothing at two patches, so that no edge is seen.
    return max(np.float32(4.0) - away, np.float32(0.0)) * np.exp(-away * central)
