"""Packed tiles: pixels of a project as compressed bytes, there and back."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.files.project.project_fields import DataError
from safelight.pixels import TILE

_RAW, _ZSTD = b"\0", b"\1"


def packed(tile: NDArray[Any]) -> bytes:
    """A tile (height, width, channels), of uint8, uint16 or float32, as bytes: differences along
    its rows (integers), bytes by significance, Zstandard.

    What does not shrink is stored as it is.
    """
    import imagecodecs

    pixels = np.ascontiguousarray(tile)
    if pixels.dtype.kind == "u":
        coded = np.empty_like(pixels)
        coded[:, :1] = pixels[:, :1]
        np.subtract(pixels[:, 1:], pixels[:, :-1], out=coded[:, 1:])
    else:
        coded = pixels
    plain: Any = _by_significance(coded) if coded.itemsize > 1 else coded.reshape(-1).data
    small = imagecodecs.zstd_encode(plain, 1)
    return _ZSTD + bytes(small) if len(small) < pixels.nbytes else _RAW + pixels.tobytes()


def unpacked(data: bytes, shape: tuple[int, int, int], depth: str) -> NDArray[Any]:
    """The tile of that ``shape`` (height, width, channels) and depth (uint8, uint16 or float32)
    that ``packed`` has made bytes of. Raises DataError when the bytes are no such tile.
    """
    import imagecodecs

    size = math.prod(shape) * np.dtype(depth).itemsize
    kind, body = data[:1], data[1:]
    if kind == _RAW and len(body) == size:
        return np.frombuffer(body, depth).reshape(shape)
    if kind != _ZSTD:
        raise DataError("a tile has a size of its own")
    try:
        # Never more than ``size`` bytes are written, whatever the data claims.
        plain = imagecodecs.zstd_decode(body, out=bytearray(size))
    except Exception as error:  # imagecodecs has an error class for each codec
        raise DataError("a tile cannot be unpacked") from error
    if len(plain) != size:
        raise DataError("a tile is too small")
    coded = _from_significance(np.frombuffer(plain, np.uint8), shape, depth)
    if coded.dtype.kind != "u":
        return coded
    return np.add.accumulate(coded, axis=1, dtype=coded.dtype)


def _by_significance(pixels: NDArray[Any]) -> bytes:
    width = pixels.dtype.itemsize
    return pixels.reshape(-1).view(np.uint8).reshape(-1, width).T.tobytes()


def _from_significance(
    plain: NDArray[np.uint8], shape: tuple[int, int, int], depth: str
) -> NDArray[Any]:
    width = np.dtype(depth).itemsize
    if width > 1:
        plain = np.ascontiguousarray(plain.reshape(width, -1).T).reshape(-1)
    return plain.view(depth).reshape(shape)


def tile_count(width: int, height: int) -> int:
    """How many tiles a raster has."""
    return -(-width // TILE) * -(-height // TILE)


def tile_shapes(width: int, height: int, channels: int) -> list[tuple[int, int, int]]:
    """Shapes of a raster's tiles, row by row."""
    return [
        (min(TILE, height - y), min(TILE, width - x), channels)
        for y in range(0, height, TILE)
        for x in range(0, width, TILE)
    ]
