"""Frame tiles: pictures of a sequence that stay in their file until somebody looks at them.

Each picture is decoded whole when one of its tiles is asked for; the tiles of those looked at last
are kept, as far as the memory has room. A picture that cannot be decoded shows the one before it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.api import Region
from safelight.files.codecs.photograph import DamagedError
from safelight.files.machine_memory import room
from safelight.files.project.history_spill import Scratch
from safelight.files.project.project_tiles import TileCache
from safelight.pixels import Raster, tile_digest
from safelight.pixels.halved_pixels import halved
from safelight.pixels.tiles import places

MOST_KEPT = 256 << 20
"""Bytes of decoded pictures and their zoom levels that are kept at most, however long a film."""

CACHE = TileCache(lambda held: min(room(held) // 2, MOST_KEPT))
"""What all sequences keep their pictures in, as single tiles of the height of a picture."""

Decode = Callable[[int], NDArray[Any]]
"""One picture of a sequence by its number: (height, width, 3 or 4) of the sequence's depth. Raises
DamagedError for one that cannot be had."""


class FrameStore:
    """The pictures of one sequence, of one size, number of channels and depth.

    ``decode`` gives them one at a time, ``key`` is of this sequence alone, and what is set aside
    goes into the folder ``scratch``. May be used on any thread.
    """

    def __init__(
        self,
        count: int,
        shape: tuple[int, int, int],
        depth: str,
        decode: Decode,
        key: bytes,
        scratch: Path,
    ) -> None:
        self.shape = shape
        self.depth = depth
        self.damaged: set[int] = set()
        self._count = count
        self._decode = decode
        self._key = key
        self._lock = threading.RLock()
        self._levels = Scratch(scratch)
        self._regions: dict[int, list[Region]] = {}

    def rasters(self) -> list[Raster]:
        """One raster for each picture, nothing of which is decoded yet."""
        return [self._raster(number, 0) for number in range(self._count)]

    def _raster(self, number: int, level: int) -> Raster:
        """A picture at a zoom level, which lies beside the pictures and goes like these."""
        height, width, channels = self.shape
        height, width = (-(-side >> level) for side in (height, width))
        regions = self._regions.setdefault(level, list(places(width, height)))
        return Raster.stored(
            *(width, height, channels, "uint8" if level else self.depth),
            [FrameTile(self, number, region, level) for region in regions],
            self._aside,
            encoded=True,
            reduced=partial(self._raster, number, level + 1),
        )

    def picture(self, number: int, level: int = 0) -> NDArray[Any]:
        """A picture's pixels (height, width, channels) of the sequence's depth, read-only; of one
        that is damaged those of the one before it, or black. At a zoom ``level`` above 0 each is
        the mean of 2 x 2 of the one below, in uint8.
        """
        key = self._key + number.to_bytes(4, "little") + bytes([level])
        found = CACHE.get(key)
        if found is not None:
            return found
        with self._lock:
            found = CACHE.get(key)
            if found is None:
                found = self._reduce(number, level) if level else self._read(number)
                CACHE.put(key, found)
            return found

    def _reduce(self, number: int, level: int) -> NDArray[np.uint8]:
        made = halved(self.picture(number, level - 1))
        made.flags.writeable = False
        return made

    def _read(self, number: int) -> NDArray[Any]:
        try:
            pixels = self._decode(number)
            if pixels.shape != self.shape or pixels.dtype.name != self.depth:
                raise DamagedError("is damaged: a picture is of another kind than the first")
        except DamagedError:
            self.damaged.add(number)
            pixels = self.picture(number - 1) if number else np.zeros(self.shape, self.depth)
        pixels = pixels.view()
        pixels.flags.writeable = False
        return pixels

    def _aside(self, level: NDArray[Any]) -> NDArray[Any]:
        with self._lock:
            try:
                return self._levels.put(level)
            except OSError:
                return level


class FrameTile:
    """A tile of a picture of a sequence; see ``pixels.StoredTile``."""

    __slots__ = ("__weakref__", "_level", "_number", "_region", "_store")

    def __init__(self, store: FrameStore, number: int, region: Region, level: int) -> None:
        self._store, self._level = store, level
        self._number = number
        self._region = region

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width and channels."""
        return self._region.height, self._region.width, self._store.shape[2]

    @property
    def digest(self) -> bytes:
        """The digest of the tile's pixels, which are decoded for it."""
        return tile_digest(self.fetch())

    def fetch(self) -> NDArray[Any]:
        """The pixels (height, width, channels) of the sequence's depth, read-only."""
        whole = self._store.picture(self._number, self._level)
        return whole[self._region.rows(), self._region.columns()]
