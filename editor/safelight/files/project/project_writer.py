"""Project writer: what a save adds to the rows that are there, and what it takes away."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from safelight import __version__
from safelight.document import Document, History, Step
from safelight.document.frames import frames
from safelight.files.project.document_to_json import StoredDocument, to_json
from safelight.files.project.packed_tiles import packed
from safelight.files.project.project_database import SaveStopped, give_back_room, write_meta
from safelight.files.project.project_fields import MOST_STEPS, DataError
from safelight.files.project.project_tiles import Tile
from safelight.pixels import Part, Raster, fetched

_AHEAD = 16
"""Tiles that are packed before they can be written."""

_LONGEST_RECORD = 20_000
"""Characters of what a step did that the history holds."""

_CONTENT = ("tiles", "blobs", "rasters", "documents")
"""The tables whose rows are known by the hash of what they hold."""


@dataclass(slots=True)
class Names:
    """Which tiles, blobs, rasters and documents are in a file.

    ``written`` are the documents whose rows are known, by their identity, which they are held for.
    """

    tiles: set[bytes] = field(default_factory=set)
    blobs: set[str] = field(default_factory=set)
    rasters: set[str] = field(default_factory=set)
    documents: set[str] = field(default_factory=set)
    written: dict[int, StoredDocument] = field(default_factory=dict)

    @classmethod
    def of(cls, connection: sqlite3.Connection) -> Names:
        """The names that are in a project's file. Raises sqlite3.Error."""
        found = [{x for (x,) in connection.execute(f"SELECT hash FROM {t}")} for t in _CONTENT]
        tiles, blobs, rasters, documents = found
        return cls(tiles, blobs, rasters, documents)

    def same_rows(self, other: Names) -> bool:
        """Whether another file has the same rows."""
        return all(getattr(self, table) == getattr(other, table) for table in _CONTENT)

    def note(self, written: Iterable[StoredDocument]) -> None:
        """Know these documents' rows."""
        self.written |= {id(item.document): item for item in written}

    def keep(self, documents: Iterable[Document]) -> None:
        """Hold no other documents than these any more."""
        kept = {id(document) for document in documents}
        self.written = {key: item for key, item in self.written.items() if key in kept}


def always() -> bool:
    """A save that nobody will want to stop."""
    return True


class Save:
    """One save: what it finds in the file, and after it ``now`` and ``meta``, what is in it.

    ``live`` are tiles in the file that something that is not in the history still shows.
    ``wanted`` is asked before each tile; once it says no, ``write`` raises SaveStopped.
    """

    def __init__(
        self,
        before: Names,
        meta: Mapping[str, str],
        live: Set[bytes] = frozenset(),
        wanted: Callable[[], bool] = always,
    ) -> None:
        self.before = before
        self.now = Names()
        self.meta = dict(meta)
        self._live = live
        self._tiles: dict[bytes, Part] = {}
        self._wanted = wanted
        self._blobs: dict[str, bytes] = {}
        self._rasters: dict[str, Raster] = {}
        self._names: dict[int, str] = {}

    def write(self, connection: sqlite3.Connection, history: History) -> None:
        """Write what is new, delete what is not needed.

        Raises sqlite3.Error, DataError and SaveStopped.
        """
        steps = history.steps
        if len(steps) > MOST_STEPS:
            raise DataError(f"its history has more than {MOST_STEPS} steps")
        with ThreadPoolExecutor(3) as threads:
            new = [x.document for x in steps if id(x.document) not in self.before.written]
            # Digests are computed once for each tile and kept; here several at a time.
            for raster in _held(new):
                self._go_on()
                raster.digests(threads.map)
            documents, listed = self._documents(steps)
            self._take_tiles()
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
        self.now.tiles |= self._live & self.before.tiles
        for table in _CONTENT:
            gone = getattr(self.before, table) - getattr(self.now, table)
            names = ((name,) for name in gone)
            connection.executemany(f"DELETE FROM {table} WHERE hash = ?", names)
        self.meta |= {
            "history": json.dumps({"position": history.position, "steps": listed}),
            "save": uuid.uuid4().hex,
            "application": __version__,
        }
        write_meta(connection, self.meta)
        self._go_on()
        give_back_room(connection)

    def _go_on(self) -> None:
        if not self._wanted():
            raise SaveStopped("The save was stopped.")

    def _insert(
        self, connection: sqlite3.Connection, table: str, rows: Iterable[tuple[Any, ...]]
    ) -> None:
        """Insert the rows whose hash, their first column, is not in the file."""
        before: set[Any] = getattr(self.before, table)
        marks = "?, ?, ?, ?, ?, ?" if table == "rasters" else "?, ?"
        new = (row for row in rows if row[0] not in before)
        connection.executemany(f"INSERT INTO {table} VALUES ({marks})", new)

    def _documents(self, steps: Iterable[Step]) -> tuple[dict[str, str], list[dict[str, Any]]]:
        """The text of each new document by its name, and the steps for the history."""
        documents: dict[str, str] = {}
        listed = []
        for step in steps:
            written = self.now.written.get(id(step.document))
            if written is None:
                written = self.before.written.get(id(step.document))
            if written is None:
                written, text = self._told(step.document)
                documents[written.name] = text
            self.now.written[id(step.document)] = written
            self._rasters |= written.rasters
            self.now.blobs |= written.blobs
            self.now.documents.add(written.name)
            entry: dict[str, Any] = {
                "label": step.label,
                "token": step.token,
                "document": written.name,
            }
            if record := _record(step):
                entry["record"] = record
            listed.append(entry)
        return documents, listed

    def _told(self, document: Document) -> tuple[StoredDocument, str]:
        """A document that is not in the file, as its row."""
        rasters: dict[str, Raster] = {}
        blobs: set[str] = set()

        def keep(raster: Raster) -> str:
            name = self._names.get(id(raster))
            if name is None:
                name = self._names[id(raster)] = raster.digest().hex()
            rasters[name] = raster
            return name

        def keep_bytes(data: bytes) -> str:
            name = hashlib.sha256(data).hexdigest()
            self._blobs[name] = data
            blobs.add(name)
            return name

        text = to_json(document, keep, keep_bytes)
        name = hashlib.sha256(text.encode()).hexdigest()
        return StoredDocument(document, name, rasters, frozenset(blobs)), text

    def _take_tiles(self) -> None:
        """Note which tiles the file is to have, and those that it has not."""
        self.now.rasters = set(self._rasters)
        for raster in self._rasters.values():
            digests = raster.digests()
            self.now.tiles.update(digests)
            if not self.before.tiles.issuperset(digests):
                for digest, part in zip(digests, raster.parts(), strict=True):
                    if digest not in self.before.tiles:
                        self._tiles[digest] = part

    def _packed(self, threads: ThreadPoolExecutor) -> Iterator[tuple[bytes, bytes]]:
        """The new tiles, packed on threads while this one writes; a few at a time in memory.

        Those that lie in another project are copied as they are.
        """
        tiles = iter(self._tiles.items())
        waiting: deque[tuple[bytes, Future[bytes]]] = deque()
        while True:
            self._go_on()
            for name, part in islice(tiles, _AHEAD - len(waiting)):
                waiting.append((name, threads.submit(_row, part)))
            if not waiting:
                return
            name, done = waiting.popleft()
            yield name, done.result()


def _held(documents: Iterable[Document]) -> Iterable[Raster]:
    """The rasters that a file of these documents holds, each once: of a film that is only named
    none, which would have to be decoded from end to end.
    """
    found: dict[int, Raster] = {}
    for document in documents:
        named = frames.named_alone(document)
        found |= {id(raster): raster for raster in document.rasters() if raster not in named}
    return found.values()


def _record(step: Step) -> dict[str, Any] | None:
    """What a step did, as data; None where that is long, as a picture among its settings is: the
    document has it, and the history is written anew each time.
    """
    data = None if step.record is None else step.record.to_json()
    return data if data is None or len(json.dumps(data)) <= _LONGEST_RECORD else None


def _row(part: Part) -> bytes:
    return part.packed() if isinstance(part, Tile) else packed(fetched(part))
