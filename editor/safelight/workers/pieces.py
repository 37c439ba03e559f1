"""Pieces: how a picture is cut, so that the seams cannot be seen.

A piece is the pixels it answers for (``keep``) inside the pixels it needs (``window``). All
windows of one cut have the same shape wherever the picture and a network's grid allow: runtimes
reuse their memory then.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from safelight.api import Region
from safelight.api.registered_filter import LONGEST_SIDE

WHOLE = LONGEST_SIDE
"""The reach, in pixels, of what sees the whole picture, which is then one piece; also the longest
side that such a picture may have."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a filter needs of the cut, for some settings.

    ``reach``: pixels around its own that a result pixel depends on. ``multiple``: window
    positions and sizes are multiples of it. ``scale``: result pixels per pixel, each way.
    ``tile``: the piece size in pixels that suits it. ``in_steps``: it says how far it is,
    so it takes its time.
    """

    reach: int = 0
    multiple: int = 1
    scale: int = 1
    tile: int = 448
    in_steps: bool = False


def unwatched(plan: Plan) -> Plan:
    """The plan where nobody waits for the first pieces: those of a long reach are larger, so that
    windows have hardly more pixels than their keeps.

    A piece is at least ``_SPARE`` times its reach long, as far as its window stays within
    ``_LONGEST_WINDOW`` pixels, which bounds its memory; a plan without seams is left as it is.
    """
    wanted = min(_SPARE * plan.reach, _LONGEST_WINDOW - 2 * plan.reach)
    return plan if plan.tile >= wanted else replace(plan, tile=wanted)


_SPARE = 17
"""Reaches along a piece with which a window has 1.25 times the pixels of its keep."""

_LONGEST_WINDOW = 1152


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of a picture: what it answers for, inside what it needs."""

    keep: Region
    window: Region


def cut(region: Region, within: Region, plan: Plan) -> list[Piece]:
    """Cut ``region`` of the picture ``within`` into pieces of about ``plan.tile`` pixels.

    The keeps cover ``region`` exactly once; each window is its keep and ``plan.reach`` pixels
    around it, as far as ``within`` goes. Of a strip thinner than a tile the pieces are longer: what
    a piece costs beside its pixels, its reach among them, would else be paid for every few of them.
    """
    wide = _length(region.height, within.height, plan)
    tall = _length(region.width, within.width, plan)
    columns = _cut_line(region.x - within.x, region.width, within.width, plan, wide)
    rows = _cut_line(region.y - within.y, region.height, within.height, plan, tall)
    return _pieces(rows, columns, within, plan)


def quarters(piece: Piece, within: Region, plan: Plan) -> list[Piece]:
    """The piece cut once more, for when it was too much for the memory; a long one in halves."""
    keep = piece.keep.move(-within.x, -within.y)
    long = 0.75 * max(keep.width, keep.height)
    columns = _halves(keep.x, keep.width) if keep.width >= long else [(keep.x, keep.width)]
    rows = _halves(keep.y, keep.height) if keep.height >= long else [(keep.y, keep.height)]
    return _pieces(rows, columns, within, plan)


Line: TypeAlias = list[tuple[int, int]]
"""The keeps of one direction: start and size of each."""


def _pieces(rows: Line, columns: Line, within: Region, plan: Plan) -> list[Piece]:
    """The pieces of lines that are counted from where ``within`` begins."""
    x0, y0, level = within.x, within.y, within.level
    return [
        Piece(
            Region(x0 + x, y0 + y, width, height, level),
            Region(x0 + left, y0 + top, wide, tall, level),
        )
        for y, height, top, tall in ((*row, *_window(*row, within.height, plan)) for row in rows)
        for x, width, left, wide in (
            (*column, *_window(*column, within.width, plan)) for column in columns
        )
    ]


def _halves(start: int, size: int) -> Line:
    first = -(-size // 2)
    return [(start, first), (start + first, size - first)] if size > 1 else [(start, size)]


def _length(across: int, whole: int, plan: Plan) -> int:
    """How long a piece is where the region is ``across`` pixels thick: its window has the pixels of
    the square one that suits the filter, filled up to the grid.
    """
    square = plan.tile + 2 * plan.reach
    thick = _up(min(across + 2 * plan.reach, whole), plan.multiple)
    return max(plan.tile, square * square // thick - 2 * plan.reach)


def _cut_line(start: int, size: int, whole: int, plan: Plan, tile: int) -> Line:
    """Cut one direction into pieces of about ``tile`` pixels."""
    count = max(1, round(size / tile))
    fine = 4 * plan.multiple <= size / count  # a coarser grid would make pieces of very odd sizes
    grid = plan.multiple if fine else 1
    before = start % grid
    keeps = list(_even_windows(start - before, size + before, whole, count, plan.reach, grid))
    keeps[0] = start, keeps[0][1] - before
    return keeps


def _even_windows(
    start: int, size: int, whole: int, count: int, reach: int, grid: int
) -> Iterator[tuple[int, int]]:
    """Keeps chosen so that their windows are equally large, and begin on the grid.

    A piece at the picture's edge needs no pixels beyond it, so it may keep more than an inner
    one: with equal windows the least is computed twice.
    """
    reach = _up(reach, grid)
    before, after = min(reach, start), min(reach, whole - start - size)
    window = _up(-(-(size + before + after + 2 * reach * (count - 1)) // count), grid)
    end = start + size
    if window <= 2 * reach:  # the reach is larger than the tile: equal keeps instead
        before = after = reach
        window = _up(-(-size // count), grid) + 2 * reach
    while start < end:
        keep = min(window - before - reach, end - start)
        if end - start <= window - before - after:
            keep = end - start
        yield start, keep
        start, before = start + keep, reach


def _up(length: int, multiple: int) -> int:
    """The next multiple."""
    return -(-length // multiple) * multiple


def _window(keep: int, size: int, whole: int, plan: Plan) -> tuple[int, int]:
    """A window around a keep: ``reach`` more on each side, on the grid of ``multiple``."""
    first = max(keep - plan.reach, 0) // plan.multiple * plan.multiple
    last = min(keep + size + plan.reach, whole)
    last = min(_up(last, plan.multiple), whole)
    return first, last - first


def nearest(pieces: Sequence[Piece], focus: Region | None) -> Piece:
    """The piece whose middle is nearest to that of ``focus``; the first one without a focus."""
    if focus is None:
        return pieces[0]
    x, y = focus.x + focus.width / 2, focus.y + focus.height / 2

    def distance(piece: Piece) -> float:
        keep = piece.keep
        return math.hypot(keep.x + keep.width / 2 - x, keep.y + keep.height / 2 - y)

    return min(pieces, key=distance)
