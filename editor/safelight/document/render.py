"""Render: the pixels of a document, as a function of a value, a region and a zoom level."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.api import Region
from safelight.document.document import Document
from safelight.document.layer import Layer
from safelight.pixels import from_float, to_float


def render(document: Document, region: Region) -> NDArray[Any]:
    """The picture at ``region``: (height, width, 3 or 4) in the document's own profile.

    At level 0 the array has the document's depth; at higher levels it is 8-bit. ``region``
    is in pixels of its own level. A document of one opaque layer gives its tiles unchanged.
    """
    shown = [layer for layer in document.layers if layer.visible and layer.opacity > 0]
    depth = document.depth if region.level == 0 else "uint8"
    if len(shown) == 1 and shown[0].opacity == 1:
        return _read(shown[0], region)
    channels = 4 if document.has_alpha or not shown else 3
    below = np.zeros((region.height, region.width, 4), np.float32)
    for layer in shown:
        below = _over(below, to_float(_read(layer, region)), layer.opacity)
    return from_float(below[..., :channels], depth)


def render_srgb(document: Document, region: Region) -> NDArray[np.float32]:
    """The picture at ``region`` as filters see it: float32, sRGB-encoded, unclipped."""
    return document.profile.to_srgb(to_float(render(document, region)))


def _read(layer: Layer, region: Region) -> NDArray[Any]:
    flat = Region(region.x, region.y, region.width, region.height)
    return layer.raster.level(region.level).read(flat)


def _over(
    below: NDArray[np.float32], above: NDArray[np.float32], opacity: float
) -> NDArray[np.float32]:
    """Source-over of unpremultiplied colours (Porter and Duff 1984)."""
    alpha = above[..., 3:4] * opacity if above.shape[2] == 4 else np.float32(opacity)
    backdrop = below[..., 3:4] * (1 - alpha)
    total = alpha + backdrop
    colour = above[..., :3] * alpha + below[..., :3] * backdrop
    result = np.empty_like(below)
    np.divide(colour, total, out=result[..., :3], where=total > 0)
    result[..., :3][np.broadcast_to(total <= 0, colour.shape)] = 0
    result[..., 3:4] = total
    return result
