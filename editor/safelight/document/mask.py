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
from safelight.document.rendered.spread import ONE, boxed, boxes_of, halo_by, weighed, widened
from safelight.pixels import Raster, from_float, to_float

FEATHER = 0.5
"""Standard deviation of the Gaussian as a part of the feather: 95 % of the rim lies within it."""

_Plane = NDArray[Any]


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
    boxes = boxes_of(deviation)
    halo = halo_by(deviation, boxes)
    wide = region.grow(halo, whole)
    pixels = _grown(raster, wide, whole, grow / size)
    if halo == 0:
        return to_float(pixels)
    sums = np.rint(to_float(pixels) * np.float32(ONE)).astype(np.int64)
    if pixels.min() == pixels.max():
        sums = sums[: region.height, : region.width]
    else:
        sums = np.pad(sums, _missing(region, halo, wide), mode="edge")
        sums = boxed(sums, boxes) if boxes else weighed(sums, deviation)
    result: NDArray[np.float32] = sums.astype(np.float32) * np.float32(1 / ONE)
    return result


def reach(grow: float, feather: float, level: int) -> int:
    """How many pixels of ``level`` around its own ``shaped`` looks at."""
    deviation = feather * FEATHER / (1 << level)
    return math.floor(abs(grow) / (1 << level)) + halo_by(deviation, boxes_of(deviation))


def looks_around(layer: Layer) -> bool:
    """Whether a pixel of its mask depends on its neighbours."""
    held = layer.filter
    return layer.mask is not None and held is not None and bool(held.grow or held.feather)


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
    pixels = widened(pixels, abs(grow))
    return full - pixels if grow < 0 else pixels
