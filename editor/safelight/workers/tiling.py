"""Tiling: how a picture is cut into pieces, so that the seams cannot be seen.

A piece is the pixels it answers for (``keep``) inside the pixels it needs (``window``). All
windows of one cut have the same shape wherever the picture allows: runtimes reuse their memory
then, and no strip of a few pixels is left over at the end.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from safelight.api import Region


@dataclass(frozen=True, slots=True)
class Plan:
    """What a filter needs of the cut, for some settings.

    ``reach``: pixels around its own that a result pixel depends on. ``multiple``: window
    positions and sizes are multiples of it. ``scale``: result pixels per pixel, each way.
    ``tile``: the piece size in pixels that suits it.
    """

    reach: int = 0
    multiple: int = 1
    scale: int = 1
    tile: int = 448


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of a picture: what it answers for, inside what it needs."""

    keep: Region
    window: Region


def cut(region: Region, within: Region, plan: Plan, tile: int | None = None) -> list[Piece]:
    """Cut ``region`` of the picture ``within`` into pieces of about ``plan.tile`` pixels.

    The keeps cover ``region`` exactly once; each window is its keep and ``plan.reach`` pixels
    around it, as far as the picture goes.
    """
    size = tile or plan.tile
    columns = _cut_line(region.x, region.width, within.width, size, plan)
    rows = _cut_line(region.y, region.height, within.height, size, plan)
    return [
        Piece(
            Region(keep_x, keep_y, keep_width, keep_height, region.level),
            Region(x, y, width, height, region.level),
        )
        for keep_y, keep_height, y, height in rows
        for keep_x, keep_width, x, width in columns
    ]


def quarters(piece: Piece, within: Region, plan: Plan) -> list[Piece]:
    """The piece cut once more, for when it was too much for the memory."""
    smaller = -(-max(piece.keep.width, piece.keep.height) // 2)
    return cut(piece.keep, within, plan, smaller)


def _cut_line(
    start: int, size: int, whole: int, tile: int, plan: Plan
) -> list[tuple[int, int, int, int]]:
    """Cut one direction: (keep start, keep size, window start, window size) of each piece."""
    count = max(1, round(size / tile))
    pieces = list(_even_windows(start, size, whole, count, plan.reach))
    return [
        (keep, keep_size, *_aligned(keep, keep_size, whole, plan)) for keep, keep_size in pieces
    ]


def _even_windows(
    start: int, size: int, whole: int, count: int, reach: int
) -> Iterator[tuple[int, int]]:
    """Keeps chosen so that their windows are equally large.

    A piece at the picture's edge needs no pixels beyond it, so it may keep more than an inner
    one: with equal windows the least is computed twice.
    """
    before, after = min(reach, start), min(reach, whole - start - size)
    window = -(-(size + before + after + 2 * reach * (count - 1)) // count)
    end = start + size
    if window <= 2 * reach:  # the reach is larger than the tile: equal keeps instead
        before = after = reach
        window = -(-size // count) + 2 * reach
    while start < end:
        keep = min(window - before - reach, end - start)
        if end - start <= window - before - after:
            keep = end - start
        yield start, keep
        start, before = start + keep, reach


def _aligned(keep: int, size: int, whole: int, plan: Plan) -> tuple[int, int]:
    """A window around a keep: ``reach`` more on each side, on the grid of ``multiple``."""
    first = max(keep - plan.reach, 0) // plan.multiple * plan.multiple
    last = min(keep + size + plan.reach, whole)
    last = min(-(-last // plan.multiple) * plan.multiple, whole)
    return first, last - first
