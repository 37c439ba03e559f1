"""Reading a project: the history that its rows and tiles make, believed only as far as checked."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.document import Document, History, Step
from safelight.files.projectdata import DataError, from_json, tile_count, tile_shapes, unpacked
from safelight.files.projectdatabase import read_meta
from safelight.pixels import DEPTHS, Raster, tile_digest

_MOST_STEPS = 10_000

_BYTES_PER_PIXEL = 16


class _TooLarge(DataError):
    """It does not fit into memory."""


def read(connection: sqlite3.Connection) -> History:
    """The history in a file. Raises DataError.

    The present document has to fit into memory; of the steps around it those that do are read.
    """
    steps, position = _history(read_meta(connection).get("history", ""))
    made: dict[int, Step] = {}
    with ThreadPoolExecutor(2) as threads:
        reader = _Reader(connection, threads)
        for index in (position, *range(position - 1, -1, -1), *range(position + 1, len(steps))):
            label, token, name = steps[index]
            try:
                made[index] = Step(label, reader.document(name), token)
            except _TooLarge:
                if index == position:
                    raise
                break
    first = min(made)
    return History(tuple(made[index] for index in sorted(made)), position - first)


def _history(text: str) -> tuple[list[tuple[str, str | None, str]], int]:
    """Label, token and document of each step, and which one is the present one."""
    try:
        data = json.loads(text)
        position = data["position"]
        steps = [(step["label"], step["token"], step["document"]) for step in data["steps"]]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DataError("its history cannot be read") from error
    if not 0 < len(steps) <= _MOST_STEPS:
        raise DataError(f"its history has {len(steps)} steps")
    for label, token, name in steps:
        if not (isinstance(label, str) and isinstance(name, str) and isinstance(token, str | None)):
            raise DataError("a step of its history makes no sense")
    if type(position) is not int or not 0 <= position < len(steps):
        raise DataError("its history has no present step")
    return steps, position


class _Reader:
    """Reads documents; each raster and tile once, and no more than memory can hold."""

    def __init__(self, connection: sqlite3.Connection, threads: ThreadPoolExecutor) -> None:
        from safelight.files.opening import default_pixel_limit

        self._connection = connection
        self._threads = threads
        self._pixels = default_pixel_limit()
        self._left = self._pixels * _BYTES_PER_PIXEL
        self._documents: dict[str, Document] = {}
        self._rasters: dict[str, Raster] = {}
        self._tiles: dict[bytes, NDArray[Any]] = {}

    def document(self, name: str) -> Document:
        """A document by its name, the SHA-256 of its text."""
        if name not in self._documents:
            text: str = self._one("SELECT data FROM documents WHERE hash = ?", name, str)
            if hashlib.sha256(text.encode("utf-8", "replace")).hexdigest() != name:
                raise DataError("a document in it is damaged")
            self._documents[name] = from_json(text, self._raster, self._blob)
        return self._documents[name]

    def _blob(self, name: str) -> bytes:
        data: bytes = self._one("SELECT data FROM blobs WHERE hash = ?", name, bytes)
        if hashlib.sha256(data).hexdigest() != name:
            raise DataError("a profile or other bytes in it are damaged")
        return data

    def _raster(self, name: str) -> Raster:
        if name not in self._rasters:
            self._rasters[name] = self._read_raster(name)
        return self._rasters[name]

    def _read_raster(self, name: str) -> Raster:
        row = self._connection.execute(
            "SELECT width, height, channels, depth, tiles FROM rasters WHERE hash = ?", (name,)
        ).fetchone()
        if row is None:
            raise DataError("pixels are missing")
        width, height, channels, depth, packed = row
        if not all(isinstance(number, int) for number in (width, height, channels)):
            raise DataError("a picture in it has no size")
        if not (width > 0 and height > 0):
            raise DataError(f"it holds a picture of {width} x {height} pixels")
        if width * height > self._pixels:
            raise _TooLarge(f"a picture of {width} x {height} pixels is too large for the memory")
        if channels not in (1, 3, 4) or depth not in DEPTHS or not isinstance(packed, bytes):
            raise DataError("a picture in it is of no known kind")
        if len(packed) != 16 * tile_count(width, height):
            raise DataError("a picture in it has not as many tiles as it should")
        names = [packed[at : at + 16] for at in range(0, len(packed), 16)]
        self._read_tiles(names, tile_shapes(width, height, channels), depth)
        tiles = [self._tiles[name] for name in names]
        raster = Raster.from_tiles(width, height, channels, depth, tiles)
        # They have just been computed, of each tile once; the next save asks for them again.
        raster._digests[:] = names
        if raster.digest().hex() != name:
            raise DataError("a picture in it is damaged")
        return raster

    def _read_tiles(
        self, names: list[bytes], shapes: list[tuple[int, int, int]], depth: str
    ) -> None:
        """Have these tiles in ``self._tiles``. Two threads unpack, this one fetches."""
        missing = {n: s for n, s in zip(names, shapes, strict=True) if n not in self._tiles}
        sizes = (int(np.prod(shape)) for shape in missing.values())
        self._left -= sum(sizes) * np.dtype(depth).itemsize
        if self._left < 0:
            raise _TooLarge("it holds more pixels than fit into memory")

        def tile(packed: bytes, name: bytes) -> NDArray[Any]:
            pixels = unpacked(packed, missing[name], depth)
            if tile_digest(pixels) != name:
                raise DataError("a tile is damaged")
            return pixels

        waiting = list(missing)
        for start in range(0, len(waiting), 32):
            some = waiting[start : start + 32]
            question = "SELECT data FROM tiles WHERE hash = ?"
            data = [self._one(question, name, bytes) for name in some]
            self._tiles.update(zip(some, self._threads.map(tile, data, some), strict=True))

    def _one(self, question: str, name: object, kind: type) -> Any:
        row = self._connection.execute(question, (name,)).fetchone()
        if row is None or not isinstance(row[0], kind):
            raise DataError("a part of it is missing")
        return row[0]
