"""Project tiles: pixels that stay in a project file until somebody looks at them.

A ``Shelf`` is the connection to one project file, for as long as the project is open or a raster
anywhere holds one of its tiles. What was looked at last is kept, as far as the memory has room.
"""

from __future__ import annotations

import itertools
import sqlite3
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from safelight.document import Document
from safelight.files.machine_memory import room
from safelight.files.project.history_spill import Scratch
from safelight.files.project.packed_tiles import unpacked
from safelight.files.project.project_database import ProjectError, spoken
from safelight.files.project.project_fields import DataError
from safelight.pixels import Part, Raster, has_digest, mended

_LEAST = 64 << 20
"""Bytes of tiles that are kept however little memory is free."""

_ASKED = 32 << 20
"""Bytes of tiles that are taken in before the system is asked again what is free."""

_LEVELS = 0.25
"""Share of the room for tiles that zoom levels may take before they go to a scratch file."""

_AHEAD = 32
"""Tiles that are fetched before they can be unpacked."""


class TileCache:
    """Unpacked tiles by their digest, of all projects; those not looked at for longest go first.

    ``limit`` gives the bytes it may hold, given those it holds. May be used on any thread.
    """

    def __init__(self, limit: Callable[[int], int] = room) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._tiles: OrderedDict[bytes, NDArray[Any]] = OrderedDict()
        self._held = self._fresh = self._most = 0

    @property
    def held(self) -> int:
        """Bytes of the tiles in it."""
        return self._held

    @property
    def most(self) -> int:
        """Bytes that it may hold, as the system said last."""
        with self._lock:
            return self._asked()

    def get(self, digest: bytes) -> NDArray[Any] | None:
        """The pixels (height, width, channels), of the project's depth, of the tile with that
        digest; None where the cache does not hold it.
        """
        with self._lock:
            tile = self._tiles.get(digest)
            if tile is not None:
                self._tiles.move_to_end(digest)
            return tile

    def put(self, digest: bytes, tile: NDArray[Any]) -> None:
        """Keep a tile (height, width, channels) of any depth, and give up others where there is no
        room for it.
        """
        with self._lock:
            if digest in self._tiles:
                return
            self._tiles[digest] = tile
            self._held += tile.nbytes
            self._fresh += tile.nbytes
            most = self._asked()
            while self._held > most and len(self._tiles) > 1:
                _, gone = self._tiles.popitem(last=False)
                self._held -= gone.nbytes

    def _asked(self) -> int:
        if self._most == 0 or self._fresh > _ASKED:
            self._most, self._fresh = max(self._limit(self._held), _LEAST), 0
        return self._most


CACHE = TileCache()
"""What every project keeps its unpacked tiles in."""


class Shelf:
    """The tiles of one project file, and the connection to it.

    ``file`` says which file that is, wherever it goes: device and number. May be used on any
    thread. The connection is closed with ``release``, or with the last tile that a raster holds.
    """

    known: weakref.WeakSet[Shelf] = weakref.WeakSet()

    def __init__(
        self,
        path: Path,
        connection: sqlite3.Connection | None,
        file: tuple[int, ...],
        scratch: Path,
    ) -> None:
        self.path = path
        self.file = file
        # A list, so that what closes it at the end knows the present one.
        self._connection = [] if connection is None else [connection]
        self._lock = threading.RLock()
        self._tiles: weakref.WeakValueDictionary[tuple[Any, ...], Tile] = (
            weakref.WeakValueDictionary()
        )
        self._levels = 0
        self._told: Callable[[str], None] | None = None
        self._scratch = Scratch(scratch)
        weakref.finalize(self, _close, self._connection)
        Shelf.known.add(self)

    @classmethod
    def of(cls, identity: tuple[int, ...] | None) -> Shelf | None:
        """The shelf that has a file open, by what ``projectdatabase.identity`` says of the file."""
        for shelf in list(cls.known):
            if identity is not None and shelf.file == identity[:2] and shelf.connection is not None:
                return shelf
        return None

    @property
    def connection(self) -> sqlite3.Connection | None:
        """The connection; None when it is closed."""
        return self._connection[0] if self._connection else None

    def release(self) -> None:
        """Close the connection: now, or with the last tile that a raster still holds."""
        with self._lock:
            if not len(self._tiles):
                self.close()

    def close(self) -> None:
        """Close the connection; no tile can be read any more."""
        with self._lock:
            _close(self._connection)

    def move_to(self, other: Shelf) -> None:
        """Read the tiles through the connection of ``other``, which holds the same ones."""
        with self._lock, other._lock:
            if other.connection is not None and other is not self:
                _close(self._connection)
                self._connection.append(other._connection.pop())
                self.file = other.file

    def tile(self, digest: bytes, shape: tuple[int, int, int], depth: str) -> Tile:
        """The tile of that content; one object, however often it is asked for."""
        with self._lock:
            key = digest, shape, depth
            found = self._tiles.get(key)
            if found is None:
                found = self._tiles[key] = Tile(self, digest, shape, depth)
            return found

    def hear(self, told: Callable[[str], None] | None) -> None:
        """Have the first tile that cannot be read told in a sentence, on the thread that asked."""
        self._told = told

    def unreadable(self, sentence: str) -> None:
        """Tell that a tile cannot be read, unless that has been told."""
        with self._lock:
            told, self._told = self._told, None
        if told is not None:
            told(sentence)

    def live(self) -> set[bytes]:
        """The digests of all tiles that a raster somewhere still holds."""
        with self._lock:
            return {digest for digest, _, _ in list(self._tiles.keys())}

    def adopt(self, documents: Iterable[Document]) -> None:
        """Read tiles of these documents that lie in other files from this one, which has them."""
        for raster in distinct_rasters(documents):
            equal: dict[int, Part] = {
                id(part): self.tile(part.digest, part.shape, part.depth)
                for part in raster.parts()
                if isinstance(part, Tile) and part.shelf is not self
            }
            if equal:
                raster.swap_tiles(equal)

    def packed(self, digest: bytes) -> bytes:
        """A tile's bytes as they lie in the file. Raises DataError, sqlite3.Error."""
        try:
            row = self._row(digest)
        except sqlite3.OperationalError:
            # A save that is rolled back on another thread breaks off what is being read.
            row = self._row(digest)
        if row is None or not isinstance(row[0], bytes):
            raise DataError("a part of it is missing")
        return row[0]

    def _row(self, digest: bytes) -> tuple[object] | None:
        with self._lock:
            if self.connection is None:
                raise DataError("the file was closed or changed by another program")
            question = "SELECT data FROM tiles WHERE hash = ?"
            found: tuple[object] | None = self.connection.execute(question, (digest,)).fetchone()
            return found

    def check(self, rasters: Iterable[Raster]) -> None:
        """See that all tiles of these can be read and are what they should be, on two threads.

        Raises DataError, sqlite3.Error.
        """
        parts = {id(part): part for raster in rasters for part in raster.parts()}
        waiting = (part for part in parts.values() if isinstance(part, Tile))
        with ThreadPoolExecutor(2) as threads:
            while some := list(itertools.islice(waiting, _AHEAD)):
                data = [self.packed(tile.digest) for tile in some]
                list(threads.map(Tile.unpacked, some, data))

    def aside(self, made: NDArray[Any]) -> NDArray[Any]:
        """The pixels (height, width, channels) of a zoom level, of any depth, unchanged: in memory
        while there is room, else in a file.
        """
        with self._lock:
            if self._levels + made.nbytes <= CACHE.most * _LEVELS:
                self._levels += made.nbytes
                return made
            try:
                return self._scratch.put(made)
            except OSError:
                return made  # There is no room for it anywhere else.


def _close(connection: list[sqlite3.Connection]) -> None:
    while connection:
        connection.pop().close()


class Tile:
    """A tile on a shelf; see ``pixels.StoredTile``."""

    __slots__ = ("__weakref__", "depth", "digest", "shape", "shelf")

    def __init__(
        self, shelf: Shelf, digest: bytes, shape: tuple[int, int, int], depth: str
    ) -> None:
        self.shelf = shelf
        self.digest = digest
        self.shape = shape
        self.depth = depth

    def fetch(self) -> NDArray[Any]:
        """The pixels (height, width, channels) of the tile's depth, read-only. Raises ProjectError
        where they cannot be read any more.
        """
        found = CACHE.get(self.digest)
        if found is not None:
            return found
        try:
            with spoken(self.shelf.path, "read"):
                return self.unpacked(self.shelf.packed(self.digest))
        except ProjectError as error:
            self.shelf.unreadable(str(error))
            raise

    def packed(self) -> bytes:
        """The bytes as they lie in the file. Raises ProjectError."""
        with spoken(self.shelf.path, "read"):
            return self.shelf.packed(self.digest)

    def unpacked(self, data: bytes) -> NDArray[Any]:
        """The pixels (height, width, channels), of the tile's depth, that these bytes are; kept,
        read-only. Raises DataError when they are not this tile's.
        """
        pixels = unpacked(data, self.shape, self.depth)
        try:
            whole = has_digest(pixels, self.digest)
        except LookupError:
            raise DataError("what it knows its tiles by is not here; install blake3") from None
        if not whole:
            raise DataError("a tile is damaged")
        if pixels.dtype.kind == "f":
            # Saved before pictures were mended on opening; the file keeps what it holds.
            pixels, _ = mended(pixels)
        pixels.flags.writeable = False
        CACHE.put(self.digest, pixels)
        return pixels


def distinct_rasters(documents: Iterable[Document]) -> list[Raster]:
    """Every raster of these documents once."""
    found = {id(raster): raster for document in documents for raster in document.rasters()}
    return list(found.values())
