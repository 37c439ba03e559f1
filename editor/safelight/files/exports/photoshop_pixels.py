"""Photoshop pixels: pixels as a PSD file holds them: trimmed, on white, as differences."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.api import Region
from safelight.pixels import Raster, from_float, to_float


def in_depth(pixels: NDArray[Any], depth: str) -> NDArray[Any]:
    """Pixels of any shape and depth in the depth of that name."""
    return pixels if pixels.dtype.name == depth else from_float(to_float(pixels), depth)


def differenced(plane: NDArray[Any]) -> bytes:
    """The bytes of a channel (height, width) of uint16 or float32, each number as the difference
    from the one before it in its row, most significant byte first.
    """
    if plane.dtype == np.uint16:
        rows = plane.copy()
        rows[:, 1:] -= plane[:, :-1]
        return rows.astype(">u2").tobytes()
    # Of floats the bytes of one order stand together, the highest first.
    split = np.frombuffer(plane.astype(">f4").tobytes(), np.uint8).reshape(*plane.shape, 4)
    bytes_ = np.ascontiguousarray(np.moveaxis(split, 2, 1)).reshape(len(plane), -1)
    differences = bytes_.copy()
    differences[:, 1:] -= bytes_[:, :-1]
    return differences.tobytes()


def matted(pixels: NDArray[Any]) -> NDArray[Any]:
    """Pixels (height, width, 3 or 4) of any depth, with white behind what is transparent, as
    Photoshop has it in the picture as a whole.
    """
    if pixels.shape[2] != 4:
        return pixels
    made = pixels.copy()
    full = 1.0 if pixels.dtype == np.float32 else float(np.iinfo(pixels.dtype).max)
    for top in range(0, len(made), 256):
        rows = made[top : top + 256]
        alpha = rows[..., 3:].astype(np.float64) / full
        if (alpha == 1).all():
            continue
        colour = rows[..., :3].astype(np.float64) * alpha + full * (1 - alpha)
        rows[..., :3] = colour if pixels.dtype == np.float32 else np.rint(colour)
    return made


def is_opaque(raster: Raster) -> bool:
    """Whether no pixel of a raster of four channels is transparent."""
    full = 1.0 if raster.depth == "float32" else np.iinfo(raster.depth).max
    return all(bool((tile[..., 3] == full).all()) for _, tile in raster.tiles())


def trimmed(raster: Raster) -> tuple[Raster, int, int]:
    """What of a layer is not wholly transparent, one pixel at the least, and the x and y in the
    layer at which it begins.
    """
    if raster.channels != 4:
        return raster, 0, 0
    rows = np.zeros(raster.height, bool)
    columns = np.zeros(raster.width, bool)
    for place, tile in raster.tiles():
        there = tile[..., 3] != 0
        rows[place.y : place.y + tile.shape[0]] |= there.any(axis=1)
        columns[place.x : place.x + tile.shape[1]] |= there.any(axis=0)
    if not rows.any():
        return Raster.from_array(raster.read(Region(0, 0, 1, 1))), 0, 0
    top, bottom = int(np.argmax(rows)), len(rows) - int(np.argmax(rows[::-1]))
    left, right = int(np.argmax(columns)), len(columns) - int(np.argmax(columns[::-1]))
    if (right - left, bottom - top) == (raster.width, raster.height):
        return raster, 0, 0
    part = raster.read(Region(left, top, right - left, bottom - top))
    return Raster.from_array(np.ascontiguousarray(part)), left, top
