"""Project database: its tables and versions, its lock, and its errors in words.

A stranger's file is looked at before SQLite touches it, and its tables have to be a project's to
the letter: no view, trigger or index of its own ever runs.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sqlite3
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from safelight.files.project.project_fields import DataError
from safelight.files.temporary_files import LONGEST_TEMPORARY
from safelight.files.write_errors import FileExists, WriteError, plain_name

SUFFIX = ".safelight"

SCHEMA = 3
"""Version of the tables. A file of a later one is refused, one of an earlier one is migrated."""

APPLICATION = 0x5AFE1167
"""SQLite's application id of a project."""

_LONGEST = 64 << 20
"""Bytes of one value that is believed: far more than a tile or a document needs."""

_PAGE = 16384
"""Bytes of a page. A tile takes several; With SQLite's own 4096 saving is slower."""

_JOURNAL = "-journal"
"""What SQLite adds to a file's name for the journal of a save."""

_LONGEST_NAME = 255
"""Bytes of a file's name, on all common file systems."""

_LONGEST_PATH = 512
"""Bytes of a path with its journal's: MAX_PATHNAME of SQLite's os_unix.c."""

_COMMON = {
    "meta": "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    "tiles": "CREATE TABLE tiles (hash BLOB PRIMARY KEY, data BLOB NOT NULL)",
    "blobs": "CREATE TABLE blobs (hash TEXT PRIMARY KEY, data BLOB NOT NULL)",
    "rasters": (
        "CREATE TABLE rasters (hash TEXT PRIMARY KEY, width INTEGER NOT NULL,"
        " height INTEGER NOT NULL, channels INTEGER NOT NULL, depth TEXT NOT NULL,"
        " tiles BLOB NOT NULL)"
    ),
    "documents": "CREATE TABLE documents (hash TEXT PRIMARY KEY, data TEXT NOT NULL)",
}

TABLES: dict[int, dict[str, str]] = {
    0: _COMMON
    | {
        "steps": (
            "CREATE TABLE steps (position INTEGER PRIMARY KEY, label TEXT NOT NULL,"
            " document TEXT NOT NULL)"
        )
    },
    1: _COMMON,
    2: _COMMON,
    3: _COMMON,
}
"""The tables of each version. Version 0 had the history in a table, without tokens or a seal."""


class ProjectError(Exception):
    """A project cannot be opened or saved; the message is a sentence for people."""


class ProjectInUse(ProjectError):
    """The project is open already, here or in another program."""


class ProjectChanged(ProjectError):
    """Another program has changed the file since it was opened."""


class SaveStopped(ProjectError):
    """Nobody wanted the save any more; what was written of it is gone."""


def look(path: Path) -> None:
    """See from its first bytes that it is a project. Raises ProjectError, DataError, OSError.

    Not for a file that this process has open as a project: closing any of a file's descriptors
    gives up all of a process's POSIX locks on it.
    """
    name = plain_name(path)
    if not path.is_file():
        path.stat()
        raise ProjectError(f"{name} is no file; choose a project.")
    with path.open("rb") as file:
        head = file.read(100)
    # SQLite's file format, 1.3: 18 and 19 say whether there is a write-ahead log.
    if head[:16] != b"SQLite format 3\0" or len(head) < 100:
        raise ProjectError(f"{name} is no Safelight project.")
    if int.from_bytes(head[68:72], "big") != APPLICATION:
        raise ProjectError(f"{name} is a database of another program, no Safelight project.")
    if int.from_bytes(head[60:64], "big") > SCHEMA:
        raise DataError("it was saved by a later version of Safelight; install that one")
    if head[18:20] != b"\1\1":
        raise DataError("it is no database as Safelight writes them")


def check_length(path: Path, *, saving: bool = True, building: bool = False) -> None:
    """See that a path, links followed, is none that SQLite cannot hold. Raises DataError.

    A save has a journal beside the file; ``building`` it comes first a file with a longer name.
    """
    folder, name = (len(os.fsencode(part)) for part in (path.parent, path.name))
    if saving and name + len(_JOURNAL) > _LONGEST_NAME:
        most = _LONGEST_NAME - len(_JOURNAL)
        raise DataError(
            f"the name is too long ({name} bytes, at most {most}); choose a shorter one"
        )
    longest = max(name, LONGEST_TEMPORARY) if building else name
    if folder + 1 + longest + len(_JOURNAL) > _LONGEST_PATH and sys.platform != "win32":
        raise DataError(
            f"its path is too long ({folder + 1 + name} bytes); choose a folder nearer to the top"
        )


def connect(path: Path, *, write: bool = True) -> sqlite3.Connection:
    """A connection that nobody else can have at the same time, unless it only reads.

    Raises sqlite3.Error; "locked" when somebody has it.
    """
    connection = _connected(path, "mode=rw" if write else "mode=ro")
    try:
        for pragma in ("locking_mode = EXCLUSIVE", "journal_size_limit = 0", "synchronous = EXTRA"):
            if write:
                connection.execute(f"PRAGMA {pragma}").fetchall()
        # Nobody else comes in from here on, and a save that was cut off is rolled back.
        connection.execute("BEGIN EXCLUSIVE" if write else "BEGIN")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        connection.execute("COMMIT")
    except BaseException:
        connection.close()
        raise
    return connection


def connect_new(path: Path) -> sqlite3.Connection:
    """A connection to an empty file that becomes a project, and that nobody knows of yet.

    It needs no lock and no journal: if it is not finished, it is thrown away.
    """
    connection = _connected(path, "mode=rw&nolock=1")
    for pragma in (
        "journal_mode = OFF",  # First, because what follows writes.
        "synchronous = OFF",
        f"page_size = {_PAGE}",
        "auto_vacuum = INCREMENTAL",
        f"application_id = {APPLICATION}",
        f"user_version = {SCHEMA}",
    ):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    for statement in TABLES[SCHEMA].values():
        connection.execute(statement)
    return connection


def _connected(path: Path, how: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?{how}",
        uri=True,
        timeout=0.2,
        isolation_level=None,
        check_same_thread=False,
    )
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST)
    for pragma in ("trusted_schema = OFF", "cell_size_check = ON", "mmap_size = 0"):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    return connection


# -- tables and versions ---------------------------------------------------------------------


def check(connection: sqlite3.Connection, *, write: bool = True) -> None:
    """See that the tables are a project's and the database is whole; migrate an older one.

    Raises DataError and sqlite3.Error.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    rows = connection.execute("SELECT type, name, sql FROM sqlite_master LIMIT 100").fetchall()
    found = {name: sql for kind, name, sql in rows if kind == "table"}
    rest = [name for kind, name, _ in rows if kind != "table"]
    if found != TABLES.get(version) or any(
        not str(name).startswith("sqlite_autoindex_") for name in rest
    ):
        raise DataError("its tables are not a project's")
    if connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
        raise DataError("the database is damaged")
    if version < SCHEMA:
        if not write and TABLES[version] == TABLES[SCHEMA]:
            return
        if not write:
            raise DataError("it is of an earlier version and may not be written; copy it first")
        _migrate(connection, version)


def _migrate(connection: sqlite3.Connection, version: int) -> None:
    with transaction(connection):
        for earlier in range(version, SCHEMA):
            _MIGRATIONS[earlier](connection)
        connection.execute(f"PRAGMA user_version = {SCHEMA}")


def _from_version_0(connection: sqlite3.Connection) -> None:
    steps = connection.execute("SELECT label, document FROM steps ORDER BY position").fetchall()
    position = connection.execute("SELECT value FROM meta WHERE name = 'position'").fetchone()
    if position is None or not str(position[0]).isdecimal():
        raise DataError("the history has no present step")
    history = {
        "position": int(position[0]),
        "steps": [{"label": str(x), "token": None, "document": str(y)} for x, y in steps],
    }
    connection.execute("DROP TABLE steps")
    connection.execute("DELETE FROM meta WHERE name = 'position'")
    rows = connection.execute("SELECT name, value FROM meta LIMIT 1000")
    meta = {str(name): str(value) for name, value in rows}
    write_meta(connection, meta | {"history": json.dumps(history), "save": ""})


def _from_version_1(connection: sqlite3.Connection) -> None:
    """The tables stay: documents may have frames, rasters places and sizes of their own, and those
    of version 1 have none. A version that knew of none would show such a document wrongly.
    """


def _from_version_2(connection: sqlite3.Connection) -> None:
    """The rows stay: tiles may be known by BLAKE3, and those of version 2 are known by BLAKE2b,
    which is still believed. A version that knew of none would take such a tile for damaged.
    """


_MIGRATIONS: dict[int, Callable[[sqlite3.Connection], None]] = {
    0: _from_version_0,
    1: _from_version_1,
    2: _from_version_2,
}
"""From each earlier version to the next."""


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Make all changes in the block or none."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # A full disk may have rolled it back already.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def read_meta(connection: sqlite3.Connection) -> dict[str, str]:
    """The rows of ``meta``. Raises DataError when they are not as they were written."""
    rows = connection.execute("SELECT name, value FROM meta LIMIT 1000").fetchall()
    if not all(isinstance(name, str) and isinstance(value, str) for name, value in rows):
        raise DataError("what it says of itself makes no sense")
    meta = dict(rows)
    if meta.get("seal") != _seal(meta):
        raise DataError("its history is damaged")
    return meta


def write_meta(connection: sqlite3.Connection, meta: Mapping[str, str]) -> None:
    """Write rows of ``meta`` and their seal. Rows that are unknown here are among them."""
    rows = {**meta, "seal": _seal(meta)}
    connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", rows.items())


def give_back_room(connection: sqlite3.Connection) -> None:
    """Make the file smaller when a third of it has become free; the next saves use the rest."""
    (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    if free > pages // 3:
        # One page each time: Python takes only the first step of a statement without columns.
        for _ in range(free):
            connection.execute("PRAGMA incremental_vacuum(1)")


def _seal(meta: Mapping[str, str]) -> str:
    rows = sorted((name, value) for name, value in meta.items() if name != "seal")
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


# -- errors ----------------------------------------------------------------------------------

_WORDS = {
    "full": "the disk is full; free some space or save elsewhere",
    "readonly": "the file or its folder may not be written; save elsewhere",
    "unable to open": "the file or its folder may not be written; save elsewhere",
    "not a database": "it is no Safelight project",
    "malformed": "the database is damaged",
    "decode": "a part of it is no text",
    "too big": "a part of it is far too large",
    "disk I/O": "the disk reports an error; save elsewhere",
}


@contextlib.contextmanager
def spoken(path: Path, done: str) -> Iterator[None]:
    """Errors of the database, the system and the data as ProjectError, with a sentence.

    FileExists stays as it is, because the window asks then.
    """
    name = plain_name(path)
    try:
        yield
    except (ProjectError, FileExists):
        raise
    except WriteError as error:
        raise ProjectError(str(error)) from error
    except DataError as error:
        raise ProjectError(f"{name} cannot be {done}: {error}.") from error
    except sqlite3.Error as error:
        reason = str(error)
        if "locked" in reason:
            raise in_use(path) from error
        words = next((text for sign, text in _WORDS.items() if sign in reason), reason)
        raise ProjectError(f"{name} cannot be {done}: {words}.") from error
    except MemoryError as error:
        raise ProjectError(f"{name} cannot be {done}: there is not enough memory.") from error
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ProjectError(f"{name} cannot be {done}: {reason}.") from error


def in_use(path: Path) -> ProjectInUse:
    """The error for a project that somebody has open."""
    return ProjectInUse(f"{plain_name(path)} is open already, here or in another window.")


def identity(path: Path) -> tuple[int, ...] | None:
    """Which file it is, and in which state; None when it is not there."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
