"""Project reader: the history that a project's rows make, believed only as far as checked."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable
from typing import Any

from safelight.document import Document, History, Layer, Record, Step
from safelight.document.frames.frames_content import Film
from safelight.files.open_errors import LIMIT_VARIABLE, OpenError
from safelight.files.pixel_limit import LARGEST_LIMIT, stated_pixel_limit
from safelight.files.project.document_from_json import StoredFilm, from_json
from safelight.files.project.document_to_json import StoredDocument
from safelight.files.project.packed_tiles import tile_count, tile_shapes
from safelight.files.project.project_database import ProjectError, read_meta
from safelight.files.project.project_fields import MOST_STEPS, DataError
from safelight.files.project.project_tiles import Shelf, distinct_rasters
from safelight.files.sequences.film_files import FilmReader
from safelight.pixels import DEPTHS, Raster


def _pixel_limit(given: int | None) -> int:
    """Most pixels of a picture in a project: ``given``, or what SAFELIGHT_PIXEL_LIMIT says, or a
    gigapixel.

    What is free does not count, because tiles are read when they are needed. Raises ProjectError
    for a limit that is no number.
    """
    try:
        limit = stated_pixel_limit() if given is None else given
    except OpenError as error:
        raise ProjectError(str(error)) from None
    return LARGEST_LIMIT if limit is None else limit


def read(
    connection: sqlite3.Connection, shelf: Shelf, films: FilmReader, pixel_limit: int | None
) -> tuple[History, list[StoredDocument]]:
    """The history in a file, every step of it, and what its documents' rows are called.

    The tiles stay on ``shelf``; those of the present document have been looked at. ``films`` reads
    what the file names and does not hold. Raises DataError, also for a picture of more than
    ``pixel_limit`` pixels (see ``_pixel_limit``).
    """
    steps, position = _history(read_meta(connection).get("history", ""))
    reader = _Reader(connection, shelf, films, _pixel_limit(pixel_limit))
    made = tuple(
        Step(label, reader.document(name), token, record) for label, token, name, record in steps
    )
    shelf.check(distinct_rasters([made[position].document]))
    return History(made, position), reader.written


def _history(text: str) -> tuple[list[tuple[str, str | None, str, Record | None]], int]:
    """Label, token, document and record of each step, and which one is the present one."""
    try:
        data = json.loads(text)
        position = data["position"]
        steps = [
            (step["label"], step["token"], step["document"], _record(step.get("record")))
            for step in data["steps"]
        ]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DataError("its history cannot be read") from error
    if not 0 < len(steps) <= MOST_STEPS:
        raise DataError(f"its history has {len(steps)} steps")
    for label, token, name, _ in steps:
        if not (isinstance(label, str) and isinstance(name, str) and isinstance(token, str | None)):
            raise DataError("a step of its history makes no sense")
    if type(position) is not int or not 0 <= position < len(steps):
        raise DataError("its history has no present step")
    return steps, position


def _record(data: object) -> Record | None:
    """What a step did; None where the file, which may be an older one, does not say it."""
    try:
        return None if data is None else Record.from_json(data)
    except ValueError:
        return None


class _Reader:
    """Reads documents; each of them, and each raster, once."""

    def __init__(
        self, connection: sqlite3.Connection, shelf: Shelf, films: FilmReader, limit: int
    ) -> None:
        self._connection = connection
        self._shelf = shelf
        self._films = films
        self._present = {row[0] for row in connection.execute("SELECT hash FROM tiles")}
        self._limit = limit
        self._documents: dict[str, Document] = {}
        self._rasters: dict[str, Raster] = {}
        self._blobs: set[str] = set()
        self._names: dict[int, str] = {}
        self._layers: dict[str, tuple[Layer, set[str]]] = {}
        self.written: list[StoredDocument] = []

    def document(self, name: str) -> Document:
        """A document by its name, the SHA-256 of its text."""
        if name not in self._documents:
            text: str = self._one("SELECT data FROM documents WHERE hash = ?", name, str)
            if hashlib.sha256(text.encode("utf-8", "replace")).hexdigest() != name:
                raise DataError("a document in it is damaged")
            self._blobs = set()
            document = from_json(text, self._raster, self._blob, self._shared, self._film)
            self._check_size(document.width, document.height)
            self._documents[name] = document
            held = {id(raster): raster for raster in document.rasters()}
            rasters = {self._names[key]: held[key] for key in held.keys() & self._names.keys()}
            self.written.append(StoredDocument(document, name, rasters, frozenset(self._blobs)))
        return self._documents[name]

    def _shared(self, data: Any, make: Callable[[], Layer]) -> Layer:
        """The layer that ``data`` is: the same object in all steps that did not change it."""
        key = json.dumps(data, separators=(",", ":"))
        if key not in self._layers:
            before, self._blobs = self._blobs, set()
            self._layers[key] = make(), self._blobs
            self._blobs = before
        layer, blobs = self._layers[key]
        self._blobs |= blobs
        return layer

    def _blob(self, name: str) -> bytes:
        data: bytes = self._one("SELECT data FROM blobs WHERE hash = ?", name, bytes)
        if hashlib.sha256(data).hexdigest() != name:
            raise DataError("a profile or other bytes in it are damaged")
        self._blobs.add(name)
        return data

    def _raster(self, name: str) -> Raster:
        if name not in self._rasters:
            raster = self._rasters[name] = self._read_raster(name)
            self._names[id(raster)] = name
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
        self._check_size(width, height)
        if channels not in (1, 3, 4) or depth not in DEPTHS or not isinstance(packed, bytes):
            raise DataError("a picture in it is of no known kind")
        if len(packed) != 16 * tile_count(width, height):
            raise DataError("a picture in it has not as many tiles as it should")
        names = [packed[at : at + 16] for at in range(0, len(packed), 16)]
        if not self._present.issuperset(names):
            raise DataError("a part of it is missing")
        shapes = tile_shapes(width, height, channels)
        tiles = [
            self._shelf.tile(name, shape, depth) for name, shape in zip(names, shapes, strict=True)
        ]
        raster = Raster.stored(width, height, channels, depth, tiles, self._shelf.aside)
        if raster.digest().hex() != name:
            raise DataError("a picture in it is damaged")
        return raster

    def _film(self, told: StoredFilm) -> Film:
        self._check_size(told.shape[1], told.shape[0])
        return self._films.film(told)

    def _check_size(self, width: int, height: int) -> None:
        if width * height > self._limit:
            raise DataError(
                f"a picture of {width} x {height} pixels is too large: the limit is"
                f" {self._limit / 1e6:.4g} megapixels. If you trust the file, raise it:"
                f" --pixel-limit {width * height} on the command line, or"
                f" {LIMIT_VARIABLE}={width * height} in the environment"
            )

    def _one(self, question: str, name: object, kind: type) -> Any:
        row = self._connection.execute(question, (name,)).fetchone()
        if row is None or not isinstance(row[0], kind):
            raise DataError("a part of it is missing")
        return row[0]
