"""Frame pictures: how pictures of sequences are seen, averaged, and set aside in a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.actions.plugin_jobs import Studio
from safelight.api import Region
from safelight.document import Document, render
from safelight.folders import cache_folder
from safelight.pixels import Raster

Hear = Callable[[float], object]
"""Told now and then how much is done, 0 to 1; what it raises ends the work."""

LOOKED_BACK = 8
"""Pictures that a filter of sequences sees before the one that is asked for."""


def scratch_folder() -> Path:
    """Where pictures of sequences are set aside."""
    return cache_folder() / "sequences"


def looked_at(
    document: Document, studio: Studio, region: Region | None = None
) -> NDArray[np.float32]:
    """What a document shows at a region, or all of it: (height, width, 3) float32, sRGB-encoded, 0
    to 1 nominally.
    """
    pixels = render(document, region or document.region, studio.live, "float32")[..., :3]
    return document.profile.to_srgb(pixels)


def mean_of(one: NDArray[Any], other: NDArray[Any]) -> NDArray[Any]:
    """The mean of two pictures (height, width, channels) of one shape and depth, in that depth;
    a half becomes the even one of its neighbours.
    """
    mean = (one.astype(np.float32) + other.astype(np.float32)) / 2
    return (np.rint(mean) if one.dtype.kind == "u" else mean).astype(one.dtype)


def like(pixels: NDArray[Any], made: Sequence[Raster]) -> NDArray[Any]:
    """Pixels (height, width, 3 or 4) of any depth, with alpha where the first of the pictures that
    were ``made`` has it, and without where it has none.
    """
    if not made or pixels.shape[2] == made[0].channels:
        return pixels
    if made[0].channels == 3:
        return pixels[..., :3]
    full = 1.0 if pixels.dtype.kind == "f" else np.iinfo(pixels.dtype).max
    opaque = np.full((*pixels.shape[:2], 1), full, pixels.dtype)
    return np.concatenate([pixels, opaque], axis=2)
