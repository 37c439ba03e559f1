"""Missing pixels: what is missing of a picture, made up from what lies around it.

What hides under transparent pixels is nobody's colour, so a filter that looks at neighbours must
not see it; a number that is none must not stay one. Both are replaced by the same pyramid, coarse
to fine: push-pull (Gortler, Grzeszczuk, Szeliski and Cohen, "The Lumigraph", 1996, section 4.2).

With colours c and weights w from 0 (missing) to 1, premultiplied as p = c w:

    pull:  S0 = (p, w),  S(l+1) at 2 i = (S(l) at i - 1  +  2 S(l) at i  +  S(l) at i + 1) / 4
    push:  F(L) = S(L),  F(l) = S(l) + (1 - w of S(l)) up(F(l+1)),  up: halfway between two, linear

in each direction, and what is missing becomes p / w of F(0). Samples of level l lie on the whole
picture's pixels at multiples of 2 ** l, and beyond the picture everything is missing. So a part of
the picture comes out bit for bit as in the whole, as long as ``surroundings`` of it are known.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.api import Region
from safelight.pixels.depth import to_float

Pixels = NDArray[np.float32]

_LARGEST = np.float32(2.0**40)

_CELL = 256
"""Pixels a side of what is looked through, and mended, at a time."""

_MENDING = 5
"""How often surroundings are halved to mend what is no number."""


def seen(
    pixels: NDArray[Any],
    region: Region,
    within: Region,
    reach: int,
    read: Callable[[Region], NDArray[Any]],
) -> Pixels:
    """What a filter that looks ``reach`` pixels around its own may see of ``region``.

    ``pixels`` lie there: (height, width, 3 or 4) of any depth, alpha not premultiplied; ``read``
    gives those of any region of the picture ``within``. They come back as float32; colours under an
    alpha of 0 are made up from what is not transparent as far as ``reach`` pixels away, and are 0
    further away. All else is as it was, and pixels of which none is transparent are left alone.
    """
    pixels = to_float(pixels)
    if not reach or pixels.shape[2] < 4 or pixels[..., 3].min() > 0:
        return pixels
    levels = _levels(reach, within)
    wide = region.grow(_extent(levels), within)
    around = pixels if wide == region else to_float(read(wide))
    weight = np.clip(around[..., 3:], 0, 1)
    colour = filled(around[..., :3], weight, levels, (wide.y, wide.x))
    inside = region.move(-wide.x, -wide.y)
    return np.concatenate(
        [colour[inside.rows(), inside.columns()], pixels[..., 3:]], axis=2, dtype=np.float32
    )


def surroundings(reach: int, within: Region) -> int:
    """Pixels around a region that what ``seen`` makes up in it depends on, at most."""
    return _extent(_levels(reach, within))


def filled(values: Pixels, weight: Pixels, levels: int, origin: tuple[int, int] = (0, 0)) -> Pixels:
    """``values`` (height, width, channels) where ``weight`` is above 0, elsewhere made up.

    ``weight`` is (height, width, 1 or channels), 0 to 1. What has no weight within 2 ** ``levels``
    pixels may become 0; up to one less it never does. ``origin`` is the (y, x) of the first pixel
    in the whole picture.
    """
    known = weight > 0
    made, _ = _made_up(np.where(known, values, 0), weight, levels, origin)
    return np.asarray(np.where(known, values, made), np.float32)


def is_finite(pixels: NDArray[Any]) -> bool:
    """Whether all numbers of an array of any shape and dtype are numbers: none is NaN or infinite.
    Whole numbers always are.
    """
    if pixels.dtype.kind != "f":
        return True
    with np.errstate(over="ignore", invalid="ignore"):
        # A sum is a number only if all are; it may be none because it is too large.
        return all(
            bool(np.isfinite(band.sum()) or np.isfinite(band).all())
            for band in np.split(pixels, range(_CELL, len(pixels), _CELL))
        )


def mended(pixels: NDArray[Any]) -> tuple[NDArray[Any], int]:
    """Pixels (height, width, channels), of any depth, with numbers in place of what is NaN,
    infinite or too large to be computed with (beyond 2 ** 40), and how many pixels had such.

    Each channel is mended by itself, from numbers within 31 pixels; further away by the mean of
    what lies around in squares of 32. Without a single number it becomes 0. Pixels that need
    nothing come back as they are, not copied.
    """
    if all(_usable(pixels[y : y + _CELL]).all() for y in range(0, len(pixels), _CELL)):
        return pixels, 0
    whole = Region(0, 0, pixels.shape[1], pixels.shape[0])
    result, count, coarse = pixels.copy(), 0, None
    for y in range(0, whole.height, _CELL):
        for x in range(0, whole.width, _CELL):
            cell = Region(x, y, _CELL, _CELL).intersect(whole)
            bad = ~_usable(pixels[cell.rows(), cell.columns()])
            if not bad.any():
                continue
            count += int(bad.any(axis=2).sum())
            wide = cell.grow(_extent(_MENDING), whole)
            values, weight = _numbers(pixels[wide.rows(), wide.columns()])
            made, share = _made_up(values, weight, _MENDING, (wide.y, wide.x))
            inside = cell.move(-wide.x, -wide.y)
            made, share = (item[inside.rows(), inside.columns()] for item in (made, share))
            if (bad & (share == 0)).any():
                coarse = _coarse(pixels) if coarse is None else coarse
                rows = (np.arange(y, cell.bottom) >> _MENDING)[:, None]
                columns = (np.arange(x, cell.right) >> _MENDING)[None]
                made = np.where(share == 0, coarse[rows, columns], made)
            result[cell.rows(), cell.columns()][bad] = made[bad]
    return result, count


def _usable(pixels: NDArray[Any]) -> NDArray[np.bool_]:
    """Where numbers can be computed with: light of them, their power of 2.4, is a number too."""
    if pixels.dtype.kind != "f":
        return np.ones((), np.bool_)
    return np.asarray(np.abs(pixels) <= _LARGEST, np.bool_)


def _numbers(pixels: Pixels) -> tuple[Pixels, Pixels]:
    """Pixels with 0 in place of what is no number, and 1 where they are numbers, else 0."""
    fine = _usable(pixels)
    return np.where(fine, pixels, np.float32(0)), fine.astype(np.float32)


def _coarse(pixels: Pixels) -> Pixels:
    """One pixel for each square of 2 ** _MENDING, made up where there is no number in it."""
    side, (height, width) = 1 << _MENDING, pixels.shape[:2]
    rows = []
    for y in range(0, height, side):
        values, weight = _numbers(pixels[y : y + side])
        columns = range(0, width, side)
        values, weight = (
            np.add.reduceat(item.sum(axis=0, dtype=np.float64), columns, axis=0)
            for item in (values, weight)
        )
        rows.append((values / np.maximum(weight, 1), weight > 0))
    means, known = (np.stack(item).astype(np.float32) for item in zip(*rows, strict=True))
    return filled(means, known, max(means.shape[:2]).bit_length())


def _made_up(
    values: Pixels, weight: Pixels, levels: int, origin: tuple[int, int]
) -> tuple[Pixels, Pixels]:
    """F(0) of the pyramid without its weights, and its weights; values without weight are 0."""
    channels = values.shape[2]
    fine = [_on_the_grid(values * weight, weight, levels, origin)]
    for _ in range(levels):
        fine.append(_pulled(fine[-1]))
    made = fine.pop()
    while fine:
        finer = fine.pop()
        made = _pushed(made)
        missing = 1 - finer[channels:]
        made[:channels] *= missing
        made[channels:] *= missing
        made += finer
    top, left = (place % (1 << levels) for place in origin)
    height, width = values.shape[:2]
    made = made[:, top : top + height, left : left + width].transpose(1, 2, 0)
    share = made[..., channels:]
    colour = made[..., :channels] / np.where(share > 0, share, np.float32(1))
    return np.asarray(colour, np.float32), share


def _levels(reach: int, within: Region) -> int:
    """How often the picture is halved so that nothing within ``reach`` pixels is missed."""
    return min(reach, max(within.width, within.height)).bit_length()


def _extent(levels: int) -> int:
    """Pixels around its own that a made-up pixel depends on."""
    return 2 * ((1 << levels) - 1)


def _on_the_grid(values: Pixels, weight: Pixels, levels: int, origin: tuple[int, int]) -> Pixels:
    """Values and weights as planes (channels, height, width), with nothing around them, from one
    multiple of 2 ** levels to another.
    """
    step = 1 << levels
    height, width = values.shape[:2]
    top, left = (place % step for place in origin)
    tall, wide = (-(-(top + height - 1) // step), -(-(left + width - 1) // step))
    channels = values.shape[2]
    planes = np.zeros((channels + weight.shape[2], tall * step + 1, wide * step + 1), np.float32)
    inside = planes[:, top : top + height, left : left + width]
    inside[:channels] = values.transpose(2, 0, 1)
    inside[channels:] = weight.transpose(2, 0, 1)
    return planes


def _pulled(planes: Pixels) -> Pixels:
    """Every other sample of both directions, half of it and a quarter of each neighbour."""
    rows = np.float32(0.5) * planes[:, ::2]
    odd = np.float32(0.25) * planes[:, 1::2]
    rows[:, 1:] += odd
    rows[:, :-1] += odd
    half = np.float32(0.5) * rows[:, :, ::2]
    odd = np.float32(0.25) * rows[:, :, 1::2]
    half[:, :, 1:] += odd
    half[:, :, :-1] += odd
    return np.asarray(half, np.float32)


def _pushed(planes: Pixels) -> Pixels:
    """A sample more between every two of both directions, halfway between them."""
    channels, height, width = planes.shape
    rows = np.empty((channels, height, 2 * width - 1), np.float32)
    rows[:, :, ::2] = planes
    np.add(planes[:, :, 1:], planes[:, :, :-1], out=rows[:, :, 1::2])
    rows[:, :, 1::2] *= np.float32(0.5)
    twice = np.empty((channels, 2 * height - 1, 2 * width - 1), np.float32)
    twice[:, ::2] = rows
    np.add(rows[:, 1:], rows[:, :-1], out=twice[:, 1::2])
    twice[:, 1::2] *= np.float32(0.5)
    return twice
