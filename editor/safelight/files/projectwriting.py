"""Writing a project: what a save adds to the rows that are there, and what it takes away."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import uuid
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from numpy.typing import NDArray

from safelight import __version__
from safelight.document import History, Step
from safelight.files.projectdata import packed, to_json
from safelight.files.projectdatabase import give_back_room, write_meta
from safelight.pixels import Raster

KEPT_STEPS = 100
"""Steps of the history that go into the file, the newest; as far as they fit ``KEPT_BYTES``."""

KEPT_BYTES = 1 << 30

_AHEAD = 16
"""Tiles that are packed before they can be written."""

_CONTENT = ("tiles", "blobs", "rasters", "documents")
"""The tables whose rows are known by the hash of what they hold."""


@dataclass(slots=True)
class Names:
    """Which tiles, blobs, rasters and documents are in a file."""

    tiles: set[bytes] = field(default_factory=set)
    blobs: set[str] = field(default_factory=set)
    rasters: set[str] = field(default_factory=set)
    documents: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, connection: sqlite3.Connection) -> Names:
        """Those in this file. Raises sqlite3.Error."""
        return cls(
            *({row[0] for row in connection.execute(f"SELECT hash FROM {x}")} for x in _CONTENT)
        )


class Save:
    """One save: what it finds in the file, and after it ``now`` and ``meta``, what is in it."""

    def __init__(self, before: Names, meta: Mapping[str, str]) -> None:
        self.before = before
        self.now = Names()
        self.meta = dict(meta)
        self._tiles: dict[bytes, NDArray[Any]] = {}
        self._blobs: dict[str, bytes] = {}
        self._rasters: dict[str, Raster] = {}
        self._names: dict[int, str] = {}

    def write(self, connection: sqlite3.Connection, history: History) -> None:
        """Write what is new, delete what is not needed. Raises sqlite3.Error and DataError."""
        first, steps = kept_steps(history)
        with ThreadPoolExecutor(3) as threads:
            rasters = {id(raster): raster for step in steps for raster in step.document.rasters()}
            # Digests are computed once for each tile and kept; here several at a time.
            deque(threads.map(Raster.digests, rasters.values()), 0)
            documents, listed = self._documents(steps)
            self._insert(connection, "tiles", self._packed(threads))
        self._insert(connection, "blobs", self._blobs.items())
        self._insert(
            connection,
            "rasters",
            (
                (name, r.width, r.height, r.channels, r.depth, b"".join(r.digests()))
                for name, r in self._rasters.items()
            ),
        )
        self._insert(connection, "documents", documents.items())
        for table in _CONTENT:
            gone = getattr(self.before, table) - getattr(self.now, table)
            names = ((name,) for name in gone)
            connection.executemany(f"DELETE FROM {table} WHERE hash = ?", names)
        self.meta |= {
            "history": json.dumps({"position": history.position - first, "steps": listed}),
            "save": uuid.uuid4().hex,
            "application": __version__,
        }
        write_meta(connection, self.meta)
        give_back_room(connection)

    def _insert(
        self, connection: sqlite3.Connection, table: str, rows: Iterable[tuple[Any, ...]]
    ) -> None:
        """Insert the rows whose hash, their first column, is not in the file."""
        before: set[Any] = getattr(self.before, table)
        marks = "?, ?, ?, ?, ?, ?" if table == "rasters" else "?, ?"
        new = (row for row in rows if row[0] not in before)
        connection.executemany(f"INSERT INTO {table} VALUES ({marks})", new)

    def _documents(self, steps: Iterable[Step]) -> tuple[dict[str, str], list[dict[str, Any]]]:
        """The text of each document by its name, and the steps for the history."""
        documents: dict[str, str] = {}
        listed = []
        for step in steps:
            text = to_json(step.document, self._keep, self._keep_bytes)
            name = hashlib.sha256(text.encode()).hexdigest()
            documents[name] = text
            listed.append({"label": step.label, "token": step.token, "document": name})
        self.now.documents = set(documents)
        return documents, listed

    def _packed(self, threads: ThreadPoolExecutor) -> Iterator[tuple[bytes, bytes]]:
        """The new tiles, packed on threads while this one writes; a few at a time in memory."""
        tiles = iter(self._tiles.items())
        waiting: deque[tuple[bytes, Future[bytes]]] = deque()
        while True:
            for name, tile in islice(tiles, _AHEAD - len(waiting)):
                waiting.append((name, threads.submit(packed, tile)))
            if not waiting:
                return
            name, done = waiting.popleft()
            yield name, done.result()

    def _keep(self, raster: Raster) -> str:
        name = self._names.get(id(raster))
        if name is None:
            name = self._names[id(raster)] = raster.digest().hex()
            self._rasters[name] = raster
            self.now.rasters.add(name)
            digests = raster.digests()
            self.now.tiles.update(digests)
            if not self.before.tiles.issuperset(digests):
                for digest, (_, tile) in zip(digests, raster.tiles(), strict=True):
                    if digest not in self.before.tiles:
                        self._tiles[digest] = tile
        return name

    def _keep_bytes(self, data: bytes) -> str:
        name = hashlib.sha256(data).hexdigest()
        self._blobs[name] = data
        self.now.blobs.add(name)
        return name


def kept_steps(history: History) -> tuple[int, tuple[Step, ...]]:
    """The steps that go into a file: the first one's position, and they.

    The present one always; of those before and after it ``KEPT_STEPS`` each, and before it only
    as far as the pixels that the present one does not share stay within ``KEPT_BYTES``.
    """
    first = position = history.position
    seen = set(_sizes(history.steps[position]))
    total = 0
    while first > 0 and position - first < KEPT_STEPS:
        fresh = _sizes(history.steps[first - 1])
        total += sum(size for key, size in fresh.items() if key not in seen)
        seen |= set(fresh)
        if total > KEPT_BYTES:
            break
        first -= 1
    return first, history.steps[first : position + 1 + KEPT_STEPS]


def _sizes(step: Step) -> dict[int, int]:
    """Bytes of each tile of a step, by the tile's identity."""
    tiles = (tile for raster in step.document.rasters() for _, tile in raster.tiles())
    return {id(tile): tile.nbytes for tile in tiles}
