"""Dab: a round brush drawn along straight lines over a tile of a mask.

Each pixel takes the strength of the brush where it comes nearest: all of it in the core, none
beyond the rim, a smoothstep, 3t² - 2t³, between; a pencil has no rim. It is compiled by
``safelight.pixels.fused``; until then, and without numba, it runs in numpy with the same result,
bit by bit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.api import Region
from safelight.pixels.depth import WHITE, from_float

RIM = 1.0
"""Pixels over which the hardest brush fades: its edge is smooth, not stepped."""

SMALLEST = 0.5
"""Pixels a dab's radius never falls below, however light the pressure."""

_ROWS = 64
"""Rows of a tile that are computed at a time."""

Point = tuple[float, float, float, float]
"""x, y, width and strength, the last two 0 to 1."""

Kernel = Callable[..., bool]
"""(pixels, tile, place, lines, brush): as ``draw``, of a compiled one."""

COMPILED: list[Kernel] = []
"""The compiled kernel once it is ready, put there by ``safelight.pixels.fused``."""


@dataclass(frozen=True, slots=True)
class Line:
    """A straight way of a brush: its ``start``, what is added up to its end in x, y, width and
    strength, and the square of its ``length``, 0 where the brush stands. All in pixels.
    """

    start: Point
    way: Point
    length: float

    @property
    def share(self) -> tuple[float, float]:
        """How much of the line a pixel to the right, and one down, is."""
        if self.length == 0:
            return 0.0, 0.0
        return self.way[0] / self.length, self.way[1] / self.length

    def distance(self, x: float, y: float) -> float:
        """How far a point is from the nearest one of the line."""
        right, down = x - self.start[0], y - self.start[1]
        along = right * self.share[0] + down * self.share[1]
        along = min(max(along, 0.0), 1.0)
        return math.hypot(right - along * self.way[0], down - along * self.way[1])


@dataclass(frozen=True, slots=True)
class Round:
    """A round brush: its radius in pixels, how much of that counts fully, whether it erases.

    ``opacity`` is what it leaves at most, ``flow`` how far one line brings a pixel there, both 0 to
    1. A ``pencil`` takes a pixel wholly or not at all, by the pixel's middle.
    """

    radius: float
    hardness: float
    erases: bool
    opacity: float = 1.0
    flow: float = 1.0
    pencil: bool = False


def draw(
    pixels: NDArray[Any], tile: Region, place: Region, lines: Sequence[Line], brush: Round
) -> bool:
    """Draw some lines on ``pixels`` (height, width), of any depth and in one piece, which lie at
    ``tile``, as far as ``place``, a part of it, goes; whether that changes any.
    """
    kernel = COMPILED[0] if COMPILED else in_numpy
    return kernel(pixels, tile, place, lines, brush)


def in_numpy(
    pixels: NDArray[Any], tile: Region, place: Region, lines: Sequence[Line], brush: Round
) -> bool:
    """Draw some lines on ``pixels`` (height, width), of uint8, uint16 or float32, which lie at
    ``tile``, as far as ``place`` goes, in numpy: the reference for the kernel; whether that changes
    any.
    """
    inside = place.move(-tile.x, -tile.y)
    met = pixels[inside.rows(), inside.columns()]
    if brush.flow < 1:
        return any([_flow(met, _strength(place, line, brush), brush) for line in lines])
    strength = _strength(place, lines[0], brush)
    for line in lines[1:]:
        np.maximum(strength, _strength(place, line, brush), out=strength)
    wanted = from_float(1 - strength if brush.erases else strength, pixels.dtype.name)
    changed = bool(((wanted < met) if brush.erases else (wanted > met)).any())
    (np.minimum if brush.erases else np.maximum)(met, wanted, out=met)
    return changed


def _flow(met: NDArray[Any], strength: NDArray[np.float32], brush: Round) -> bool:
    """Bring stored pixels (height, width), in place, a part of the way to what a line leaves; by
    one of the depth's steps at least, so that they arrive; whether that changes any.
    """
    depth, flow = met.dtype.name, np.float32(brush.flow)
    wanted = from_float(1 - strength if brush.erases else strength, depth).astype(np.float32)
    before = met.astype(np.float32)
    way = np.maximum(before - wanted if brush.erases else wanted - before, np.float32(0))
    way *= flow
    if depth != "float32":
        np.ceil(way, out=way)
    met[...] = (before - way if brush.erases else before + way).astype(met.dtype)
    return bool((way > 0).any())


def _strength(place: Region, line: Line, brush: Round) -> NDArray[np.float32]:
    """How strongly each pixel of ``place`` is painted: (height, width), 0 to 1.

    Some rows at a time, which stay in the processor's cache: that takes a third of the time.
    """
    (x, y, width, strong), (dx, dy, more, stronger) = line.start, line.way
    across = (np.arange(place.x, place.right) + (0.5 - x)).astype(np.float32)
    down = (np.arange(place.y, place.bottom) + (0.5 - y)).astype(np.float32)[:, None]
    along, beside = across * np.float32(line.share[0]), down * np.float32(line.share[1])
    found = np.empty((place.height, place.width), np.float32)
    spare = np.empty((_ROWS, place.width), np.float32)
    for top in range(0, place.height, _ROWS):
        left = found[top : top + _ROWS]
        rows, nearest = down[top : top + _ROWS], spare[: len(left)]
        np.add(along, beside[top : top + _ROWS], out=nearest)
        _clip(nearest)
        # Not |p|² - ...: on a long line that would be a small difference of large numbers.
        np.multiply(nearest, np.float32(dx), out=left)
        np.subtract(across, left, out=left)
        left *= left
        radius: NDArray[np.float32] | np.float32 = np.float32(brush.radius * width)
        if more:
            radius = radius + nearest * np.float32(brush.radius * more)
        share: NDArray[np.float32] | np.float32 = np.float32(brush.opacity * strong)
        if stronger:
            share = share + nearest * np.float32(brush.opacity * stronger)
        nearest *= np.float32(dy)
        np.subtract(rows, nearest, out=nearest)
        nearest *= nearest
        left += nearest
        np.sqrt(left, out=left)
        radius = np.maximum(radius, np.float32(SMALLEST))
        if brush.pencil:
            np.less_equal(left, radius, out=left)
            left *= share
            continue
        fade = np.maximum(radius * np.float32(1 - brush.hardness), np.float32(RIM))
        np.subtract(radius + np.float32(RIM / 2), left, out=left)
        left /= fade
        _clip(left)
        np.multiply(left, np.float32(-2), out=nearest)
        nearest += np.float32(3)
        left *= left
        left *= nearest
        left *= share
    return found


def _clip(numbers: NDArray[np.float32]) -> None:
    """Keep numbers between 0 and 1, where they are."""
    np.maximum(numbers, 0, out=numbers)
    np.minimum(numbers, 1, out=numbers)


def numbers(lines: Sequence[Line], brush: Round) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """What the compiled kernel is told of some lines: (lines, 2), what is added to a pixel's
    column and row to have its middle's place beside the start; (lines, 8), way, shares, radius and
    strength, each with what is added to it up to the end.
    """
    starts = np.array([(0.5 - line.start[0], 0.5 - line.start[1]) for line in lines])
    others = [
        (
            *line.way[:2],
            *line.share,
            brush.radius * line.start[2],
            brush.radius * line.way[2],
            brush.opacity * line.start[3],
            brush.opacity * line.way[3],
        )
        for line in lines
    ]
    return starts, np.array(others, np.float32)


def scale(pixels: NDArray[Any]) -> np.float32:
    """What 1.0 is in pixels of any shape, uint8 or uint16; 0 for float32, which are not rounded."""
    depth = pixels.dtype.name
    return np.float32(0 if depth == "float32" else WHITE[depth])
