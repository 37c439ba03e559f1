"""Tile digest: a tile's content as 16 bytes, by which projects know tiles that are the same."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray


def tile_digest(tile: NDArray[Any]) -> bytes:
    """The content of a tile (height, width, channels), of any depth, as 16 bytes (BLAKE3, 2020, or
    BLAKE2b where there is none), its shape and type included.
    """
    if is_of_one_value(tile):
        return _solid_digest(tile.shape, tile.dtype.name, tile[0, 0].tobytes())
    return _digest(tile)


def has_digest(tile: NDArray[Any], digest: bytes) -> bool:
    """Whether ``digest`` is that of a tile (height, width, channels), of any depth: by BLAKE3, or
    by BLAKE2b (RFC 7693), which projects up to version 2 know their tiles by.

    Raises LookupError where it is none by BLAKE2b, and there is no BLAKE3.
    """
    if tile_digest(tile) == digest or _by_blake2b(tile) == digest:
        return True
    if _blake3() is None:
        raise LookupError("BLAKE3 is not installed")
    return False


def is_of_one_value(tile: NDArray[Any]) -> bool:
    """Whether all pixels of a tile (height, width, channels), of any depth, are the same to the
    bit: where they are not, the first row says so nearly always.
    """
    bits = tile.view(f"u{tile.itemsize}") if tile.dtype.kind == "f" else tile
    first = bits[0]
    return bool((first == first[0]).all()) and bool((bits == first).all())


@lru_cache(maxsize=256)
def _solid_digest(shape: tuple[int, int, int], name: str, pixel: bytes) -> bytes:
    """The digest of a tile of one value, which most tiles of paint and of masks are."""
    tile = np.empty(shape, name)
    tile[...] = np.frombuffer(pixel, name)
    return _digest(tile)


def _digest(tile: NDArray[Any]) -> bytes:
    make = _blake3()
    if make is None:
        return _by_blake2b(tile)
    state = make(_head(tile))
    state.update(_bytes_of(tile))
    return bytes(state.digest(16))


def _by_blake2b(tile: NDArray[Any]) -> bytes:
    state = hashlib.blake2b(_head(tile), digest_size=16)
    state.update(_bytes_of(tile))
    return state.digest()


@lru_cache(maxsize=1)
def _blake3() -> Callable[[bytes], Any] | None:
    """BLAKE3, seven times as fast as BLAKE2b; None on a machine that there is no wheel of it for.
    Imported here: a window starts without it.
    """
    try:
        from blake3 import blake3
    except ImportError:
        return None
    return blake3


def _head(tile: NDArray[Any]) -> bytes:
    return f"{tile.shape} {tile.dtype.name}".encode()


def _bytes_of(tile: NDArray[Any]) -> memoryview:
    return np.ascontiguousarray(tile).reshape(-1).view(np.uint8).data
