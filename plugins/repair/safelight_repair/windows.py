"""Windows: which parts of a picture a network has to see so that everything wanted is filled.

What is wanted is looked at in blocks of 16 pixels. Blocks that lie nearer to each other than the
network sees form a cluster; clusters do not know of each other, so dust in one corner changes
nothing in another, and a small one costs one small window. A larger one is cut into cells of a grid
that belongs to the picture; the windows of neighbouring cells fade into each other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .sizes import Array, Mask

BLOCK = 16  # pixels: sides and places of windows are multiples
CELL = 192  # pixels that a window answers for, at most
FEATHER = 32  # pixels over which it fades into the next

Place = tuple[int, int]  # of a block: row, column
Labels = NDArray[np.int32]  # the number of each block's cluster, from 1; 0 outside


class Box(NamedTuple):
    """Rows and columns of a picture: from the first on, up to the last but not with it."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def slices(self) -> tuple[slice, slice]:
        return slice(self.top, self.bottom), slice(self.left, self.right)

    @property
    def area(self) -> int:
        return (self.bottom - self.top) * (self.right - self.left)

    def grown(self, by: int, grid: int = 1) -> Box:
        """With so many pixels more on each side and then up to multiples of `grid`; 0 at least."""
        first = (max(0, (at - by) // grid * grid) for at in self[:2])
        return Box(*first, *(-(-(at + by) // grid) * grid for at in self[2:]))

    def within(self, shape: tuple[int, int]) -> Box:
        return Box(self.top, self.left, min(self.bottom, shape[0]), min(self.right, shape[1]))

    def moved(self, down: int, right: int) -> Box:
        return Box(self.top + down, self.left + right, self.bottom + down, self.right + right)


@dataclass(frozen=True)
class Part:
    """What one run of the network fills: those pixels in and near `box` that are of one cluster.

    `others` are the boxes of the same cluster that it may fade into.
    """

    box: Box
    label: int
    others: tuple[Box, ...]

    def weights(self, window: Box) -> Array:
        """(h, w) of a window around it: its share of every pixel; those of all parts sum to 1."""
        own = nearness(self.box, window)
        total = own + sum(nearness(other, window) for other in self.others)
        return np.divide(own, total, out=np.zeros_like(own), where=own > 0)


def nearness(box: Box, window: Box) -> Array:
    """(h, w) of the window: 1 in the box, falling to 0 over FEATHER pixels around it."""

    def ramp(first: int, end: int, start: int, stop: int) -> Array:
        place = np.arange(start, stop)
        away = np.maximum(first - place, place - (end - 1))
        return np.clip(1 - away / np.float32(FEATHER), 0, 1).astype(np.float32)

    rows = ramp(box.top, box.bottom, window.top, window.bottom)
    return np.outer(rows, ramp(box.left, box.right, window.left, window.right))


def in_blocks(mask: Mask, fully: bool = False) -> Mask:
    """(rows, columns) of blocks: where any pixel is set, or every one that is in the picture."""
    more = [(0, -size % BLOCK) for size in mask.shape]
    padded = np.pad(mask, more, constant_values=fully) if any(b for _, b in more) else mask
    rows, columns = (size // BLOCK for size in padded.shape)
    squares = padded.reshape(rows, BLOCK, columns, BLOCK)
    return (squares.all(3).all(1) if fully else squares.any(3).any(1)).astype(bool)


def clusters(blocks: Mask, gap: int) -> list[list[Place]]:
    """Blocks that are set, in groups: no two groups come nearer than `gap` blocks."""
    left = {(int(row), int(column)) for row, column in np.argwhere(blocks)}
    around = [(y, x) for y in range(-gap, gap + 1) for x in range(-gap, gap + 1)]
    found = []
    for place in sorted(left):
        if place not in left:
            continue
        left.discard(place)
        group = [place]
        for row, column in group:  # it grows while it is gone through
            reached = [(row + y, column + x) for y, x in around if (row + y, column + x) in left]
            left.difference_update(reached)
            group += reached
        found.append(group)
    return found


def labelled(groups: list[list[Place]], shape: tuple[int, int]) -> Labels:
    """The number of each block's group, from 1, in an array of `shape`, (rows, columns) of blocks,
    int32.
    """
    labels = np.zeros(shape, np.int32)
    for number, group in enumerate(groups, 1):
        rows, columns = zip(*group, strict=True)
        labels[list(rows), list(columns)] = number
    return labels


def owned(wanted: Mask, labels: Labels, label: int, box: Box) -> Mask:
    """(h, w) of a box: what is wanted in the blocks of one cluster."""
    first, left = box.top // BLOCK, box.left // BLOCK
    blocks = labels[first : -(-box.bottom // BLOCK), left : -(-box.right // BLOCK)] == label
    top, start = box.top - first * BLOCK, box.left - left * BLOCK
    pixels = blocks.repeat(BLOCK, 0).repeat(BLOCK, 1)[top:, start:]
    part = wanted[box.slices]
    return part & pixels[: part.shape[0], : part.shape[1]]


def around(places: list[Place]) -> Box:
    """The pixels of blocks and of all between them."""
    rows, columns = zip(*places, strict=True)
    ends = max(rows) + 1, max(columns) + 1
    return Box(*(BLOCK * n for n in (min(rows), min(columns), *ends)))


def parts(wanted: Mask, gap: int, origin: Place = (0, 0)) -> tuple[list[Part], Labels]:
    """What the network is run for, to fill what is `wanted` (h, w), and the clusters' labels (rows,
    columns).

    `gap` in pixels: clusters are further apart. `origin` is where in the whole picture, at this
    size, `wanted` begins, in pixels, multiples of BLOCK.
    """
    blocks = in_blocks(wanted)
    groups = clusters(blocks, -(-gap // BLOCK))
    labels = labelled(groups, blocks.shape)
    found = []
    for label, group in enumerate(groups, 1):
        found += list(_parts_of(wanted, labels, label, group, origin))
    return found, labels


def _parts_of(
    wanted: Mask, labels: Labels, label: int, group: list[Place], origin: Place
) -> Iterator[Part]:
    """A small cluster as a whole, a larger one cell by cell, each as narrow as it can be."""
    box = around(group)
    cells: dict[Place, list[Place]] = defaultdict(list)
    if max(box.bottom - box.top, box.right - box.left) <= CELL:
        cells[0, 0] = group
    else:
        for row, column in group:
            y, x = (BLOCK * n + first for n, first in zip((row, column), origin, strict=True))
            cells[y // CELL, x // CELL].append((row, column))
    boxes = {cell: _tight(wanted, labels, label, around(its)) for cell, its in cells.items()}
    for (row, column), own in boxes.items():
        beside = [(row + y, column + x) for y in (-1, 0, 1) for x in (-1, 0, 1) if y or x]
        yield Part(own, label, tuple(boxes[cell] for cell in beside if cell in boxes))


def _tight(wanted: Mask, labels: Labels, label: int, box: Box) -> Box:
    """The box without rows and columns at its sides where the cluster wants nothing."""
    box = box.within(wanted.shape)
    mask = owned(wanted, labels, label, box)
    rows, columns = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
    ends = (box.top + rows[-1] + 1, box.left + columns[-1] + 1)
    return Box(*(int(n) for n in (box.top + rows[0], box.left + columns[0], *ends)))
