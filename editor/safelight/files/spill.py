"""Spill: the pixels of old history steps, moved from memory into a scratch file.

The history has no limit by count. What it holds beyond a budget goes, oldest first, to a file that
has no name and vanishes with the process; it is read back by the system, page by page, when a step
is looked at again. The tiles stay the same pixels in the same rasters, so nobody else notices.
"""

from __future__ import annotations

import mmap
import os
import tempfile
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.document import Document, History
from safelight.pixels import Raster

Tile = NDArray[Any]


def default_budget() -> int:
    """Bytes that a history may hold in memory: a quarter of the machine's, 2 GiB if unknown."""
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 4
    return 2 << 30


class Spill:
    """The scratch file of one history.

    ``budget`` is in bytes (None = ``default_budget()``); ``folder`` is made when it is needed.

    May be used on any thread, by one at a time.
    """

    def __init__(self, folder: Path, budget: int | None = None) -> None:
        self.budget = default_budget() if budget is None else budget
        self.spilled = 0
        self._folder = folder
        self._lock = threading.Lock()

    def tidy(self, history: History) -> int:
        """Bring ``history`` within the budget; returns the bytes that were moved.

        The present document and its neighbours stay in memory. Raises OSError when the scratch
        file cannot be written; what was not moved is then still in memory.
        """
        with self._lock:
            excess = held(_documents(history)) - self.budget
            if excess <= 0:
                return 0
            near = set(_near(history))
            kept = {id(tile) for index in near for tile in _tiles([history.steps[index].document])}
            # From the step furthest from the present one: that is the least likely to be seen.
            far = sorted(
                (index for index in range(len(history.steps)) if index not in near),
                key=lambda index: -abs(index - history.position),
            )
            moving: dict[int, Tile] = {}
            for index in far:
                if sum(tile.nbytes for tile in moving.values()) >= excess:
                    break
                document = history.steps[index].document
                for raster in document.rasters():
                    raster.forget_levels()
                for tile in _tiles([document]):
                    if id(tile) not in kept and not _is_spilled(tile):
                        moving[id(tile)] = tile
            if not moving:
                return 0
            equal = self._write(moving)
            for document in _documents(history):
                for raster in document.rasters():
                    raster.swap_tiles(equal)
            moved = sum(tile.nbytes for tile in equal.values())
            self.spilled += moved
            return moved

    def _write(self, tiles: dict[int, Tile]) -> dict[int, Tile]:
        """The same tiles as views of a new piece of the scratch file."""
        size = sum(tile.nbytes for tile in tiles.values())
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=self._folder, prefix="history-") as file:
            for tile in tiles.values():
                file.write(np.ascontiguousarray(tile).data)
            file.flush()
            pages = mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ)
        equal, start = {}, 0
        for identity, tile in tiles.items():
            flat = np.frombuffer(pages, tile.dtype, tile.size, start)
            equal[identity] = flat.reshape(tile.shape)
            start += tile.nbytes
        return equal


def held(documents: Iterable[Document]) -> int:
    """Bytes of memory that the pixels of all these documents take together."""
    return sum(tile.nbytes for tile in _tiles(documents) if not _is_spilled(tile))


def _documents(history: History) -> Iterator[Document]:
    for step in history.steps:
        yield step.document


def _near(history: History) -> Iterator[int]:
    """The present step, the ones beside it, and the first, which "before" shows."""
    yield 0
    for index in range(history.position - 1, history.position + 2):
        if 0 <= index < len(history.steps):
            yield index


def _tiles(documents: Iterable[Document]) -> list[Tile]:
    """Every tile once."""
    rasters: dict[int, Raster] = {}
    for document in documents:
        for raster in document.rasters():
            rasters[id(raster)] = raster
    tiles: dict[int, Tile] = {}
    for raster in rasters.values():
        for _, tile in raster.tiles():
            tiles[id(tile)] = tile
    return list(tiles.values())


def _is_spilled(tile: Tile) -> bool:
    base: Any = tile
    while isinstance(base, np.ndarray):
        base = base.base
    if isinstance(base, memoryview):
        base = base.obj
    return isinstance(base, mmap.mmap)
