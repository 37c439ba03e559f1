"""Whole picture: all that a document shows, as a raster."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from safelight.api import Region
from safelight.document.document import Document, clipping_base
from safelight.document.layer import Layer
from safelight.document.rendered.live import Live
from safelight.document.rendered.render import kernels, plain_raster, render
from safelight.pixels import TILE, Drawn, Raster, RasterBuilder, View
from safelight.pixels.opencv import opencv

_BAND = 2 * TILE
"""Rows that are made at a time."""


def whole(
    document: Document,
    live: Live | None = None,
    depth: str | None = None,
    hear: Callable[[float], object] | None = None,
) -> Raster:
    """All that a document shows, as a raster of ``depth``; without it, of the document's depth.

    ``hear`` is told between bands what share is done, 0 to 1; what it raises ends the work. One
    plain layer's own, uncopied, where that has the depth. Raises LayerFailed where a layer
    that is shown cannot be computed.
    """
    depth = depth or document.depth
    plain = plain_raster(document)
    if plain is not None and plain.depth == depth and not isinstance(plain, View | Drawn):
        return plain
    looked_up = _tables(document, live) if depth == "uint8" else None
    channels = 4 if document.has_alpha else 3
    at_once = None if looked_up is None else looked_up[0].in_one()
    builder = RasterBuilder(document.width, document.height, channels, depth)
    for y in range(0, document.height, _BAND):
        if hear is not None:
            hear(y / document.height)
        band = Region(0, y, document.width, _BAND).intersect(document.region)
        if looked_up is not None:
            raster, table = looked_up
            there = raster.read(band) if at_once is None else at_once[band.rows()]
            opencv().LUT(there, table[None], builder.at(band))
        else:
            builder.write(band, render(document, band, live, depth)[..., :channels])
    return builder.finish()


def whole_kernels(document: Document, live: Live | None = None) -> list[str]:
    """What ``pixels.prepare_kernels`` calls all that ``whole`` is faster with for a document."""
    return kernels(document) if _tables(document, live) is None else []


def _tables(document: Document, live: Live | None) -> tuple[Raster, NDArray[np.uint8]] | None:
    """The one 8-bit picture of a document under nothing but tones that keep channels apart, and
    what they make of each value, (256, 3); None for any other document.

    The table is rendered like any picture, so that what is looked up in it is what is rendered.
    """
    if live is None or not document.profile.is_srgb or document.depth != "uint8":
        return None
    layers = document.picture.layers
    shown = [layer for layer in layers if layer.shown]
    clipped = any(clipping_base(layers, place) is not None for place in range(len(layers)))
    if len(shown) < 2 or clipped or not _is_plain(shown[0]):
        return None
    raster, tones = shown[0].pixels, [layer.filter for layer in shown[1:] if _is_bare(layer)]
    filters = [held for held in tones if held is not None]
    if raster is None or raster.channels != 3 or raster.depth != "uint8":
        return None
    if isinstance(raster, View | Drawn) or len(filters) != len(shown) - 1:
        return None
    if not live.keeps_channels(filters):
        return None
    if any(held.keeps_grey for held in filters) and raster.is_grey():
        return None  # a grey picture stays grey, whatever tones make of greys
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    coloured = np.concatenate([ramp, ramp * np.array([1, 0, 0], np.uint8)])
    values = Document.from_raster(Raster.from_array(coloured), profile=document.profile)
    base = replace(shown[0], content=values.layers[0].content)
    values = replace(values, layers=(base, *shown[1:]))
    made = render(values, Region(0, 0, 256, 1), live, "uint8")
    return raster, np.ascontiguousarray(made[0, :, :3])


def _is_plain(layer: Layer) -> bool:
    """Whether a layer is all that shows of what lies below it and of itself: its pixels."""
    unmixed = layer.mode == "normal" and layer.opacity == 1
    return layer.pixels is not None and unmixed and layer.mask is None and not layer.effects


def _is_bare(layer: Layer) -> bool:
    """Whether a filter layer's result at a pixel depends on that pixel's channels alone, as far as
    its filter's does.
    """
    held = layer.filter
    if held is None or held.generates or layer.mask is not None or layer.effects:
        return False
    return layer.mode == "normal" and held.channels == "all" and not held.texture
