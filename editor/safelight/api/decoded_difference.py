"""Decoded difference: what a decoder makes of a changed code, added to a photograph of any size."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.api.image import Image
from safelight.api.region import Region


def with_difference(image: Image, difference: Any, region: Region, canvas: Region) -> Image:
    """``image`` with a small ``difference`` added to it: float32 (height, width, 3).

    ``image`` (height, width, 3) is ``region`` of the picture at ``canvas``, as a filter is told
    them. ``difference``, (rows, columns, 3) or (rows, columns, 1), an array or lists as ``prepare``
    returns them, spans all of the picture, each of its values standing for the middle of its share;
    between the middles it is linear, beyond the outermost ones it is level. What an autoencoder
    decodes of the changed code, less what it decodes of the code there is, is such a difference:
    the photograph keeps its own detail, of which a code knows nothing. Values are sRGB-encoded and
    may lie beyond 0 to 1. Raises ValueError for another shape.
    """
    small = np.asarray(difference, np.float32)
    if small.ndim != 3 or small.shape[2] not in (1, 3) or not small.size:
        raise ValueError(f"a difference is (rows, columns, 3), not {small.shape}")
    rows = _shares(region.y - canvas.y, region.height, canvas.height, small.shape[0])
    columns = _shares(region.x - canvas.x, region.width, canvas.width, small.shape[1])
    wide = np.einsum("cj,ijk->ick", columns, small, optimize=True)
    return np.asarray(image + np.einsum("ri,ick->rck", rows, wide, optimize=True), np.float32)


def _shares(start: int, length: int, whole: int, count: int) -> NDArray[np.float32]:
    """What share each of ``count`` values has in each of ``length`` pixels: (length, count)."""
    place = (np.arange(start, start + length) + 0.5) / whole * count - 0.5
    place = place.clip(0, count - 1)
    low = np.minimum(place.astype(int), count - 1)
    high = np.minimum(low + 1, count - 1)
    shares = np.zeros((length, count), np.float32)
    each = np.arange(length)
    shares[each, low] += np.float32(1) - (place - low).astype(np.float32)
    shares[each, high] += (place - low).astype(np.float32)
    return shares
