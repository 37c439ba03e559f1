"""Project: the file that holds a document with its layers and history. One SQLite database.

Tiles lie in it once each, by the hash of their content, compressed; documents and the steps of the
history are rows of JSON. A save is one transaction that writes what is new and takes away what is
not needed any more, so it costs what has changed, and a process that is killed leaves the last
save that was completed. While a project is open nobody else can open it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.document import Document, History, Step
from safelight.files.atomic import plain_name
from safelight.files.projectdata import (
    DataError,
    from_json,
    packed,
    tile_shapes,
    to_json,
    unpacked,
)
from safelight.pixels import DEPTHS, Raster, tile_digest

SUFFIX = ".safelight"

SCHEMA = 1
"""Version of the tables. A file of a later one is refused, one of an earlier one is migrated."""

APPLICATION = 0x5AFE1167
"""SQLite's application id of a project."""

KEPT_STEPS = 100
"""Steps of the history that go into the file, the newest; as far as they fit ``KEPT_BYTES``."""

KEPT_BYTES = 1 << 30

_LONGEST = 256 << 20
"""Bytes of one value that is believed: far more than a tile or a document needs."""

_TABLES = {
    "meta": "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    "tiles": "CREATE TABLE tiles (hash BLOB PRIMARY KEY, data BLOB NOT NULL)",
    "blobs": "CREATE TABLE blobs (hash TEXT PRIMARY KEY, data BLOB NOT NULL)",
    "rasters": (
        "CREATE TABLE rasters (hash TEXT PRIMARY KEY, width INTEGER NOT NULL,"
        " height INTEGER NOT NULL, channels INTEGER NOT NULL, depth TEXT NOT NULL,"
        " tiles BLOB NOT NULL)"
    ),
    "documents": "CREATE TABLE documents (hash TEXT PRIMARY KEY, data TEXT NOT NULL)",
    "steps": (
        "CREATE TABLE steps (position INTEGER PRIMARY KEY, label TEXT NOT NULL, token TEXT,"
        " document TEXT NOT NULL)"
    ),
}

_FROM_VERSION_0 = (
    "ALTER TABLE steps RENAME TO old_steps",
    _TABLES["steps"],
    "INSERT INTO steps SELECT position, label, NULL, document FROM old_steps",
    "DROP TABLE old_steps",
)
_MIGRATIONS: dict[int, tuple[str, ...]] = {0: _FROM_VERSION_0}
"""From each earlier version to the next. In version 0 a step had no token."""


class ProjectError(Exception):
    """A project cannot be opened or saved; the message is a sentence for people."""


class ProjectInUse(ProjectError):
    """It is open already, here or in another program."""


class ProjectChanged(ProjectError):
    """Another program has changed the file since it was opened."""


class Project:
    """An open project file. May be used on any thread; saves wait for each other."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        self._lock = threading.Lock()
        self._known = _Names.of(connection)
        self._identity = _identity(path)

    @classmethod
    def create(
        cls,
        path: str | os.PathLike[str],
        history: History,
        *,
        overwrite: bool = False,
        note: dict[str, str] | None = None,
    ) -> Project:
        """Write a new project and keep it open. It is built beside ``path``, then renamed.

        ``note`` is kept as it is. Raises FileExistsError when there is a file and ``overwrite``
        is False, ProjectInUse when it is an open project, ProjectError when it cannot be written.
        """
        path = Path(path)
        if path.exists() and not overwrite:
            raise FileExistsError(f"{plain_name(path)} exists already")
        _refuse_open(path)
        beside = path.with_name(f".{path.name}.{uuid.uuid4().hex[:12]}")
        try:
            with _spoken(path, "saved"):
                connection = _connect(beside)
                try:
                    _make_tables(connection, note or {})
                    project = cls(beside, connection)
                    project.save(history)
                finally:
                    connection.close()
                os.replace(beside, path)
                _sync_folder(path.parent)
        finally:
            for left in (beside, Path(f"{beside}-journal")):
                left.unlink(missing_ok=True)
        return cls.take(path)

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> tuple[Project, History]:
        """Open a project. Raises ProjectInUse, or ProjectError for what is no sound project."""
        path = Path(path)
        with _spoken(path, "opened"):
            if not path.is_file():
                raise ProjectError(f"{plain_name(path)} cannot be opened: it is no file.")
            with path.open("rb") as file:
                if file.read(16) != b"SQLite format 3\0":
                    raise ProjectError(f"{plain_name(path)} is no Safelight project.")
        project = cls.take(path)
        try:
            with _spoken(path, "opened"):
                return project, _read(project._connection)
        except BaseException:
            project.close()
            raise

    @classmethod
    def take(cls, path: Path) -> Project:
        """The project at ``path``, without reading what it holds. Raises as ``open`` does."""
        with _spoken(path, "opened"):
            connection = _connect(path, create=False)
            try:
                _check_schema(connection)
                return cls(path, connection)
            except BaseException:
                connection.close()
                raise

    def save(self, history: History) -> None:
        """Save the history; what is in the file already is not written again.

        Raises ProjectChanged when the file is not what it was, ProjectError when it cannot be
        written; the file then holds what it held before.
        """
        with self._lock, _spoken(self.path, "saved"):
            if _identity(self.path) != self._identity:
                raise ProjectChanged(
                    f"{plain_name(self.path)} was changed or moved by another program since it"
                    " was opened; save under another name to keep both."
                )
            known = _Writing(self._known)
            connection = self._connection
            try:
                connection.execute("BEGIN IMMEDIATE")
                known.write(connection, history)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            self._known = known.now
            self._identity = _identity(self.path)

    def note(self) -> dict[str, str]:
        """What was noted when it was created."""
        rows = self._connection.execute("SELECT name, value FROM meta")
        return {str(name): str(value) for name, value in rows}

    def close(self) -> None:
        """Let go of the file; others may open it then."""
        self._connection.close()


class _Names:
    """Which tiles, blobs, rasters and documents are in a file."""

    def __init__(self) -> None:
        self.tiles: set[bytes] = set()
        self.blobs: set[str] = set()
        self.rasters: set[str] = set()
        self.documents: set[str] = set()

    @classmethod
    def of(cls, connection: sqlite3.Connection) -> _Names:
        names = cls()
        for table in ("tiles", "blobs", "rasters", "documents"):
            found = {row[0] for row in connection.execute(f"SELECT hash FROM {table}")}
            setattr(names, table, found)
        return names


class _Writing:
    """One save: what it finds in the file, what it writes, what is in it afterwards."""

    def __init__(self, before: _Names) -> None:
        self.before = before
        self.now = _Names()
        self._new_tiles: dict[bytes, NDArray[Any]] = {}
        self._blobs: dict[str, bytes] = {}
        self._rasters: dict[str, Raster] = {}
        self._known_rasters: dict[int, str] = {}

    def write(self, connection: sqlite3.Connection, history: History) -> None:
        first, steps = kept_steps(history)
        rows, documents = [], {}
        for position, step in enumerate(steps):
            text = to_json(step.document, self._keep, self._keep_bytes)
            name = hashlib.sha256(text.encode()).hexdigest()
            documents[name] = text
            rows.append((position, step.label, step.token, name))
        self.now.documents = set(documents)
        self._write_tiles(connection)
        connection.executemany(
            "INSERT INTO blobs VALUES (?, ?)",
            [(k, v) for k, v in self._blobs.items() if k not in self.before.blobs],
        )
        connection.executemany(
            "INSERT INTO rasters VALUES (?, ?, ?, ?, ?, ?)",
            [
                (name, r.width, r.height, r.channels, r.depth, b"".join(r.digests()))
                for name, r in self._rasters.items()
                if name not in self.before.rasters
            ],
        )
        connection.executemany(
            "INSERT INTO documents VALUES (?, ?)",
            [(k, v) for k, v in documents.items() if k not in self.before.documents],
        )
        connection.execute("DELETE FROM steps")
        connection.executemany("INSERT INTO steps VALUES (?, ?, ?, ?)", rows)
        for table in ("tiles", "blobs", "rasters", "documents"):
            gone = getattr(self.before, table) - getattr(self.now, table)
            connection.executemany(
                f"DELETE FROM {table} WHERE hash = ?", [(name,) for name in gone]
            )
        connection.execute(
            "INSERT OR REPLACE INTO meta VALUES ('position', ?)", (str(history.position - first),)
        )

    def _write_tiles(self, connection: sqlite3.Connection) -> None:
        # Two at a time: the compressor lets other threads run.
        with ThreadPoolExecutor(2) as threads:
            waiting = iter(self._new_tiles.items())
            while batch := [pair for _, pair in zip(range(64), waiting, strict=False)]:
                data = threads.map(lambda pair: (pair[0], packed(pair[1])), batch)
                connection.executemany("INSERT INTO tiles VALUES (?, ?)", data)

    def _keep(self, raster: Raster) -> str:
        known = self._known_rasters.get(id(raster))
        if known is not None:
            return known
        name = raster.digest().hex()
        self._known_rasters[id(raster)] = name
        self._rasters[name] = raster
        self.now.rasters.add(name)
        for digest, (_, tile) in zip(raster.digests(), raster.tiles(), strict=True):
            self.now.tiles.add(digest)
            if digest not in self.before.tiles:
                self._new_tiles[digest] = tile
        return name

    def _keep_bytes(self, data: bytes) -> str:
        name = hashlib.sha256(data).hexdigest()
        self._blobs[name] = data
        self.now.blobs.add(name)
        return name


def kept_steps(history: History) -> tuple[int, tuple[Step, ...]]:
    """The steps that go into a file: the first one's position, and they.

    The present one and what can be redone always; before it as many as ``KEPT_STEPS`` and
    ``KEPT_BYTES`` (their tiles, each once, as they are in memory) allow.
    """
    first = position = history.position
    seen: set[int] = set()
    total = 0
    while first > 0 and position - first < KEPT_STEPS:
        fresh = {
            id(tile): tile.nbytes
            for raster in history.steps[first - 1].document.rasters()
            for _, tile in raster.tiles()
        }
        total += sum(size for key, size in fresh.items() if key not in seen)
        seen |= set(fresh)
        if total > KEPT_BYTES and position - first > 0:
            break
        first -= 1
    return first, history.steps[first : position + 1 + KEPT_STEPS]


# -- reading ---------------------------------------------------------------------------------


def _read(connection: sqlite3.Connection) -> History:
    """The history in a file. Raises DataError."""
    steps = connection.execute(
        "SELECT position, label, token, document FROM steps ORDER BY position"
    ).fetchall()
    if not steps or len(steps) > 1_000_000:
        raise DataError("it holds no document")
    (position,) = connection.execute("SELECT value FROM meta WHERE name = 'position'").fetchone()
    reader = _Reader(connection)
    made: dict[str, Document] = {}
    found: list[Step] = []
    for _, label, token, name in steps:
        if not isinstance(label, str) or not isinstance(name, str):
            raise DataError("a step of the history has no name")
        if not (token is None or isinstance(token, str)):
            raise DataError("a step of the history makes no sense")
        if name not in made:
            made[name] = from_json(reader.text(name), reader.raster, reader.blob)
        found.append(Step(label, made[name], token))
    if not str(position).isdigit() or int(position) >= len(found):
        raise DataError("the history has no present step")
    return History(tuple(found), int(position))


class _Reader:
    """Reads rasters, each tile once, and no more than memory can hold."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        from safelight.files.opening import default_pixel_limit

        self._connection = connection
        self._pixels = default_pixel_limit()
        self._left = default_pixel_limit() * 16
        self._rasters: dict[str, Raster] = {}
        self._tiles: dict[tuple[bytes, tuple[int, int, int], str], NDArray[Any]] = {}

    def text(self, name: str) -> str:
        """The JSON of a document."""
        return str(self._one("SELECT data FROM documents WHERE hash = ?", name, str))

    def blob(self, name: str) -> bytes:
        """Bytes by their name."""
        data: bytes = self._one("SELECT data FROM blobs WHERE hash = ?", name, bytes)
        if hashlib.sha256(data).hexdigest() != name:
            raise DataError("bytes in it are damaged")
        return data

    def raster(self, name: str) -> Raster:
        """A raster by its name."""
        if name not in self._rasters:
            self._rasters[name] = self._read_raster(name)
        return self._rasters[name]

    def _read_raster(self, name: str) -> Raster:
        row = self._connection.execute(
            "SELECT width, height, channels, depth, tiles FROM rasters WHERE hash = ?", (name,)
        ).fetchone()
        if row is None:
            raise DataError("pixels are missing")
        width, height, channels, depth, names = row
        if not all(isinstance(x, int) for x in (width, height, channels)):
            raise DataError("a picture has no size")
        if not (width > 0 and height > 0 and width * height <= self._pixels):
            raise DataError(f"it holds a picture of {width} x {height} pixels, which is too large")
        if channels not in (1, 3, 4) or depth not in DEPTHS or not isinstance(names, bytes):
            raise DataError("a picture is of no known kind")
        shapes = tile_shapes(width, height, channels)
        if len(names) != 16 * len(shapes):
            raise DataError("a picture has not as many tiles as it should")
        tiles = [
            self._tile(names[16 * i : 16 * i + 16], shape, depth) for i, shape in enumerate(shapes)
        ]
        return Raster.from_tiles(width, height, channels, depth, tiles)

    def _tile(self, name: bytes, shape: tuple[int, int, int], depth: str) -> NDArray[Any]:
        key = name, shape, depth
        if key not in self._tiles:
            self._left -= int(np.prod(shape)) * np.dtype(depth).itemsize
            if self._left < 0:
                raise DataError("it holds more pixels than fit into memory")
            data: bytes = self._one("SELECT data FROM tiles WHERE hash = ?", name, bytes)
            tile = unpacked(data, shape, depth)
            if tile_digest(tile) != name:
                raise DataError("a tile is damaged")
            self._tiles[key] = tile
        return self._tiles[key]

    def _one(self, question: str, name: object, kind: type) -> Any:
        row = self._connection.execute(question, (name,)).fetchone()
        if row is None or not isinstance(row[0], kind):
            raise DataError("a part of it is missing")
        return row[0]


# -- the database ----------------------------------------------------------------------------


def _connect(path: Path, *, create: bool = True) -> sqlite3.Connection:
    """An exclusive connection. Raises sqlite3.Error."""
    mode = "rwc" if create else "rw"
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=0.2,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        if hasattr(connection, "setlimit"):
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST)
        for pragma in (
            "trusted_schema = OFF",
            "cell_size_check = ON",
            "mmap_size = 0",
            "locking_mode = EXCLUSIVE",
            "journal_mode = DELETE",
            "synchronous = EXTRA",
        ):
            connection.execute(f"PRAGMA {pragma}").fetchall()
        # Nobody else comes in from here on, and a save that was cut off is rolled back.
        connection.execute("BEGIN EXCLUSIVE")
        connection.execute("COMMIT")
    except BaseException:
        connection.close()
        raise
    return connection


def _make_tables(connection: sqlite3.Connection, note: dict[str, str]) -> None:
    connection.execute("BEGIN")
    connection.execute(f"PRAGMA application_id = {APPLICATION}")
    connection.execute(f"PRAGMA user_version = {SCHEMA}")
    for statement in _TABLES.values():
        connection.execute(statement)
    connection.executemany("INSERT INTO meta VALUES (?, ?)", note.items())
    connection.execute("COMMIT")


def _check_schema(connection: sqlite3.Connection) -> None:
    """Migrate an older file; raise DataError for what is not exactly a project's tables."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION:
        raise DataError("it is a database of another program")
    if version > SCHEMA:
        raise DataError("it was saved by a later version of Safelight")
    if connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
        raise DataError("the database is damaged")
    if version in _MIGRATIONS:
        connection.execute("BEGIN IMMEDIATE")
        for earlier in range(version, SCHEMA):
            for statement in _MIGRATIONS[earlier]:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {SCHEMA}")
        connection.execute("COMMIT")
    rows = connection.execute("SELECT type, name, sql FROM sqlite_master").fetchall()
    found = {name: sql for kind, name, sql in rows if kind == "table"}
    rest = [name for kind, name, _ in rows if kind != "table"]
    if found != _TABLES or any(not str(name).startswith("sqlite_autoindex_") for name in rest):
        raise DataError("its tables are not a project's")


def _refuse_open(path: Path) -> None:
    """Raise ProjectInUse when a project of that name is open."""
    if path.is_file():
        with contextlib.suppress(sqlite3.DatabaseError, OSError):
            try:
                _connect(path, create=False).close()
            except sqlite3.OperationalError as error:
                if "locked" in str(error):
                    raise _in_use(path) from None
                raise


def _in_use(path: Path) -> ProjectInUse:
    return ProjectInUse(f"{plain_name(path)} is open already, here or in another window.")


@contextlib.contextmanager
def _spoken(path: Path, done: str) -> Iterator[None]:
    """Errors of the database and of the system as sentences."""
    name = plain_name(path)
    try:
        yield
    except DataError as error:
        raise ProjectError(f"{name} cannot be {done}: {error}.") from error
    except sqlite3.Error as error:
        raise _sentence(path, name, done, error) from error
    except MemoryError as error:
        raise ProjectError(f"{name} cannot be {done}: there is not enough memory.") from error
    except OSError as error:
        if isinstance(error, FileExistsError):
            raise
        reason = error.strerror or type(error).__name__
        raise ProjectError(f"{name} cannot be {done}: {reason}.") from error


def _sentence(path: Path, name: str, done: str, error: sqlite3.Error) -> ProjectError:
    reason = str(error)
    if "locked" in reason:
        return _in_use(path)
    known = {
        "full": "the disk is full",
        "readonly": "the file or its folder may not be written",
        "unable to open": "the file or its folder may not be written",
        "not a database": "it is no Safelight project",
        "malformed": "the database is damaged",
        "too big": "a part of it is far too large",
        "disk I/O": "the disk reports an error",
    }
    words = next((text for sign, text in known.items() if sign in reason), reason)
    return ProjectError(f"{name} cannot be {done}: {words}.")


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file it is; None when it is not there."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _sync_folder(folder: Path) -> None:
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def is_project(path: str | os.PathLike[str]) -> bool:
    """Whether a file's name says that it is a project."""
    return Path(path).suffix.lower() == SUFFIX
