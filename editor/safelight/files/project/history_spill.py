"""History spill: the pixels of old history steps, moved from memory into a scratch file.

The history has no limit by count. What it holds beyond a budget goes, oldest first, to a file that
has no name and vanishes with the process; it is read back by the system, page by page, when a step
is looked at again. The tiles stay the same pixels in the same rasters, so nobody else notices.
"""

from __future__ import annotations

import mmap
import tempfile
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from safelight.document import Document, History
from safelight.files.machine_memory import default_budget
from safelight.pixels import Raster

Tile = NDArray[Any]

_CHUNK = 64 << 20
"""Bytes of a scratch file; its place on the disk is taken as it fills."""

_ALIGNED = 64
"""Bytes that an array's start is a multiple of."""


class _Pages(mmap.mmap):
    """Pages of a scratch file; other mapped memory holds pixels of photographs just opened."""


class Scratch:
    """Files without a name that take arrays out of memory; they go with the last of those.

    ``folder`` is made when it is needed. Not for two threads at once.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: BinaryIO | None = None
        self._pages: _Pages | None = None
        self._used = 0

    def put(self, tile: Tile) -> Tile:
        """The pixels of a tile (height, width, channels), of any depth, read-only, as a view of a
        file. Raises OSError where the file is full.
        """
        if self._pages is None or self._used + tile.nbytes > len(self._pages):
            self._start(max(_CHUNK, tile.nbytes))
        assert self._file is not None
        assert self._pages is not None
        # Written, not copied into the pages: on a full disk that would be a signal, no error.
        self._file.seek(self._used)
        self._file.write(np.ascontiguousarray(tile).data)
        self._file.flush()
        flat = np.frombuffer(self._pages, tile.dtype, tile.size, self._used)
        self._used += -(-tile.nbytes // _ALIGNED) * _ALIGNED
        return flat.reshape(tile.shape)

    def _start(self, size: int) -> None:
        """Go on in a new file."""
        self._folder.mkdir(parents=True, exist_ok=True)
        file = tempfile.TemporaryFile(dir=self._folder, prefix="history-")  # noqa: SIM115
        file.truncate(size)
        self._pages = _Pages(file.fileno(), size, access=mmap.ACCESS_READ)
        self._file, self._used = file, 0


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
            seen = [history.steps[index].document for index in near]
            kept = {id(tile) for tile in _tiles(seen)}
            shown = {id(raster) for document in seen for raster in document.rasters()}
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
                    if id(raster) not in shown:
                        raster.forget_levels()
                for tile in _tiles([document]):
                    if id(tile) not in kept and not _is_spilled(tile):
                        moving[id(tile)] = tile
            if not moving:
                return 0
            scratch = Scratch(self._folder)
            equal = {identity: scratch.put(tile) for identity, tile in moving.items()}
            for document in _documents(history):
                for raster in document.rasters():
                    raster.swap_tiles(equal)
            moved = sum(tile.nbytes for tile in equal.values())
            self.spilled += moved
            return moved


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
    """Every tile once that does not lie in a project file, those of zoom levels too."""
    rasters: dict[int, Raster] = {}
    for document in documents:
        for raster in document.rasters():
            rasters[id(raster)] = raster
    tiles: dict[int, Tile] = {}
    for raster in rasters.values():
        for level in (raster, *raster.made_levels()):
            for part in level.parts():
                if isinstance(part, np.ndarray):
                    tiles[id(part)] = part
    return list(tiles.values())


def _is_spilled(tile: Tile) -> bool:
    base: Any = tile
    while isinstance(base, np.ndarray):
        base = base.base
    if isinstance(base, memoryview):
        base = base.obj
    return isinstance(base, _Pages)
