"""Mask: what of a layer's mask counts: grown or shrunk, and feathered, at any zoom level.

The mask itself stays as it was painted. Of every region the result is the same, to the bit, as
the part of the whole: all sums are of whole numbers.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.api import Region
from safelight.document.layer import Layer
from safelight.pixels import Raster, from_float, to_float

FEATHER = 0.5
"""Standard deviation of the Gaussian as a part of the feather: 95 % of the rim lies within it."""

_DIRECT = 2.0
"""Deviation in pixels from which on three boxes are as good as the Gaussian, and faster."""

_LEAST = 0.2
"""Deviation in pixels below which nothing is smoothed: its neighbours weigh less than 1 / 255."""

_BITS = 20
_ONE = 1 << _BITS
"""A mask's 1.0 while it is summed up, as a whole number."""

_Plane = NDArray[Any]
_Sums = NDArray[np.int64]


def effective_mask(
    layer: Layer, region: Region, within: Region | None = None
) -> NDArray[np.float32] | None:
    """What a layer's mask is at ``region``, with the grow and feather of a filter layer.

    ``within`` is where the mask has pixels, at ``region``'s zoom level: all of the picture without.

    (height, width), 0 to 1, at ``region``'s zoom level; None where the layer has no mask. Raises
    ValueError when the region leaves the picture.
    """
    if layer.mask is None:
        return None
    held = layer.filter
    if held is None:
        return shaped(layer.mask, region)
    inside = region if within is None else region.intersect(within)
    if inside == region or not looks_around(layer):
        return shaped(layer.mask, region, held.grow, held.feather, within)
    mask = shaped(layer.mask, region)
    if not inside.empty:
        place = inside.move(-region.x, -region.y)
        mask = mask.copy()
        mask[place.rows(), place.columns()] = shaped(
            layer.mask, inside, held.grow, held.feather, within
        )
    return mask


def effective_raster(layer: Layer) -> Raster | None:
    """A layer's mask with its grow and feather, whole; the mask itself where it has neither."""
    held, mask = layer.filter, layer.mask
    found = None if mask is None else mask.bounds()
    if held is None or mask is None or found is None or not (held.grow or held.feather):
        return mask
    region = found.grow(math.ceil(max(held.grow, 0) + held.feather), mask.region)
    pixels = from_float(shaped(mask, region, held.grow, held.feather)[..., None], "uint8")
    return Raster.filled(mask.width, mask.height, (0,), "uint8").replaced(region, pixels)


def shaped(
    mask: Raster,
    region: Region,
    grow: float = 0.0,
    feather: float = 0.0,
    within: Region | None = None,
) -> NDArray[np.float32]:
    """A mask (one channel) at ``region``: (height, width), 0 to 1.

    ``grow``, in pixels of level 0, is how far every white part is widened in all directions, or
    narrowed when negative: the largest (smallest) value within a disc, grey morphology after
    Serra (1982), the disc being the pixels whose middles lie that near. ``feather``, in pixels
    too, is the radius of the soft rim made after that: a Gaussian of half of it. Beyond the
    picture, or beyond ``within`` in it, a mask goes on as it ends, and nothing grows or is eaten
    from there.
    """
    raster = mask.level(region.level)
    whole = within or Region(0, 0, raster.width, raster.height, region.level)
    size = 1 << region.level
    deviation = feather * FEATHER / size
    boxes = _boxes(deviation)
    halo = _halo(deviation, boxes)
    wide = region.grow(halo, whole)
    pixels = _grown(raster, wide, whole, grow / size)
    if halo == 0:
        return to_float(pixels)
    sums = np.rint(to_float(pixels) * np.float32(_ONE)).astype(np.int64)
    if pixels.min() == pixels.max():
        sums = sums[: region.height, : region.width]
    else:
        sums = np.pad(sums, _missing(region, halo, wide), mode="edge")
        sums = _boxed(sums, boxes) if boxes else _weighed(sums, deviation)
    result: NDArray[np.float32] = sums.astype(np.float32) * np.float32(1 / _ONE)
    return result


def reach(grow: float, feather: float, level: int) -> int:
    """How many pixels of ``level`` around its own ``shaped`` looks at."""
    deviation = feather * FEATHER / (1 << level)
    return math.floor(abs(grow) / (1 << level)) + _halo(deviation, _boxes(deviation))


def looks_around(layer: Layer) -> bool:
    """Whether a pixel of its mask depends on its neighbours."""
    held = layer.filter
    return layer.mask is not None and held is not None and bool(held.grow or held.feather)


def _halo(deviation: float, boxes: list[int]) -> int:
    """Pixels around a region that feathering looks at."""
    if boxes:
        return sum(box // 2 for box in boxes)
    return math.ceil(3 * deviation) if deviation >= _LEAST else 0


def _missing(region: Region, halo: int, wide: Region) -> tuple[tuple[int, int], tuple[int, int]]:
    """How many of a region's ``halo`` rows and columns lie beyond the picture, on each side."""
    above, left = wide.y - region.y + halo, wide.x - region.x + halo
    below, right = region.bottom + halo - wide.bottom, region.right + halo - wide.right
    return (above, below), (left, right)


def _read(raster: Raster, region: Region) -> _Plane:
    plane: _Plane = raster.read(Region(region.x, region.y, region.width, region.height))[..., 0]
    return plane


def _grown(raster: Raster, region: Region, whole: Region, grow: float) -> _Plane:
    """The mask at ``region``, in its own depth, grown by ``grow`` pixels of its level."""
    reach = math.floor(abs(grow))
    if reach == 0:
        return _read(raster, region)
    wide = region.grow(reach, whole)
    pixels = _read(raster, wide)
    if pixels.min() == pixels.max():
        return pixels[: region.height, : region.width]
    full = np.array(1.0 if pixels.dtype.kind == "f" else np.iinfo(pixels.dtype).max, pixels.dtype)
    if grow < 0:
        pixels = full - pixels
    pixels = np.pad(pixels, _missing(region, reach, wide))
    pixels = _widened(pixels, abs(grow))
    return full - pixels if grow < 0 else pixels


def _widened(pixels: _Plane, radius: float) -> _Plane:
    """The largest value within a disc: (height, width) of (height + 2 reach, width + 2 reach).

    Row by row of the disc: the largest in a run of pixels is that of two runs of a power of two
    that cover it, and those are made by doubling (van Herk's and Gil's aim, by simpler means).
    """
    reach = math.floor(radius)
    height, width = (side - 2 * reach for side in pixels.shape)
    runs, length = pixels, 1
    result = np.zeros((height, width), pixels.dtype)
    for row in range(reach, -1, -1):
        half = math.floor(math.sqrt(radius * radius - row * row))
        wanted = 2 * half + 1
        while 2 * length <= wanted:
            runs = np.maximum(runs[:, : runs.shape[1] - length], runs[:, length:])
            length *= 2
        first = reach - half
        second = first + wanted - length
        row_of_disc = np.maximum(runs[:, first : first + width], runs[:, second : second + width])
        for start in {reach - row, reach + row}:
            np.maximum(result, row_of_disc[start : start + height], out=result)
    return result


def _boxes(deviation: float) -> list[int]:
    """Widths of three boxes that together have that deviation; none where it is small.

    Kovesi (2010), Fast almost-Gaussian filtering: the two odd widths next to the ideal one.
    """
    if deviation < _DIRECT:
        return []
    variance = 12 * deviation * deviation
    lower = math.floor(math.sqrt(variance / 3 + 1))
    lower -= 1 - lower % 2
    count = round((variance - 3 * lower * lower - 12 * lower - 9) / (-4 * lower - 4))
    return [lower] * count + [lower + 2] * (3 - count)


def _boxed(sums: _Sums, boxes: list[int]) -> _Sums:
    """The mean over each box in turn, smaller by it at each side."""
    for box in boxes:
        for axis in (0, 1):
            total = np.cumsum(sums, axis=axis)
            total = np.pad(total, [(1, 0), (0, 0)] if axis == 0 else [(0, 0), (1, 0)])
            sums = total[box:] - total[:-box] if axis == 0 else total[:, box:] - total[:, :-box]
        sums = (sums + box * box // 2) // (box * box)
    return sums


def _weighed(sums: _Sums, deviation: float) -> _Sums:
    """A Gaussian cut off at three deviations, smaller by those at each side."""
    half = _halo(deviation, [])
    bell = np.exp(-0.5 * (np.arange(-half, half + 1) / deviation) ** 2)
    weights = np.rint(bell / bell.sum() * _ONE).astype(np.int64)
    weights[half] += _ONE - weights.sum()  # so that a flat part stays as it is, to the bit
    for axis in (0, 1):
        size = sums.shape[axis] - 2 * half
        total = np.full_like(sums[:size] if axis == 0 else sums[:, :size], _ONE // 2)
        for at, weight in enumerate(weights):
            total += weight * (sums[at : at + size] if axis == 0 else sums[:, at : at + size])
        sums = total >> _BITS
    return sums
