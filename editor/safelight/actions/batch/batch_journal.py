"""Batch journal: what a batch has written, kept so that a killed one goes on where it was.

It lies in the state folder, one for each folder that is written to, and is forgotten some time
after the last batch. SQLite keeps it whole whenever the process ends; rows, not lists in
memory, hold the names.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Literal, TypeAlias

from safelight.files.disk_operations import Operations
from safelight.files.exports.export_names import numbered
from safelight.folders import state_folder

State: TypeAlias = Literal["begun", "done", "failed"]

_KEPT = 90 * 86400
"""Seconds after which a journal that nobody has used is forgotten."""

_TABLES = """
CREATE TABLE IF NOT EXISTS batch (digest TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS items (
    source BLOB PRIMARY KEY, stamp TEXT NOT NULL, target TEXT NOT NULL, folded TEXT UNIQUE NOT NULL,
    state TEXT NOT NULL, replaces INTEGER NOT NULL
) WITHOUT ROWID;
"""


class BatchError(Exception):
    """A batch cannot be begun or go on. The text is a sentence for people."""


class Journal:
    """The journal of the batches that write into a folder. Close it, or use ``with``.

    ``digest`` is that of all that decides what is written: one that goes on (``resume``) has to be
    the same batch. Raises BatchError where another batch writes into the folder, or another one
    was to go on.
    """

    def __init__(self, folder: Path, digest: str, *, resume: bool = False) -> None:
        name = hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:32]
        self._path = state_folder() / "batches" / f"{name}.sqlite"
        self._folder = folder
        self._lock = threading.Lock()
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            _forget_old(self._path.parent)
            held = os.open(self._path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise BatchError(f"No journal of the batch can be kept: {error.strerror}.") from None
        self._held = held
        try:
            Operations().lock(held)
        except OSError:
            os.close(held)
            raise BatchError(f"Another batch is writing into {folder}.") from None
        try:
            self._rows = sqlite3.connect(self._path, check_same_thread=False, isolation_level=None)
            self._begin(digest, resume)
        except sqlite3.Error as error:
            os.close(held)
            raise BatchError(f"The journal of the batch cannot be used: {error}.") from None
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        self.close()

    def _begin(self, digest: str, resume: bool) -> None:
        self._rows.execute("PRAGMA synchronous = NORMAL")
        self._rows.execute("PRAGMA journal_mode = WAL")
        self._rows.executescript(_TABLES)
        self._rows.execute(
            "CREATE TEMP TABLE seen (source BLOB, stamp TEXT, PRIMARY KEY (source, stamp))"
            " WITHOUT ROWID"
        )
        found = self._rows.execute("SELECT digest FROM batch").fetchone()
        if resume and found is not None and found[0] != digest:
            raise BatchError(
                f"What was begun in {self._folder} was another recipe, or another way to export;"
                " without resuming a new batch begins."
            )
        if not resume or found is None:
            self._rows.execute("DELETE FROM items")
            self._rows.execute("DELETE FROM batch")
            self._rows.execute("INSERT INTO batch VALUES (?)", (digest,))

    def close(self) -> None:
        """Let the folder go."""
        with self._lock:
            if hasattr(self, "_rows"):
                self._rows.close()
            if self._held >= 0:
                os.close(self._held)
                self._held = -1

    def first_time(self, source: Path) -> bool:
        """Whether a source, as it is now, has not been asked about since the journal was opened."""
        with self._lock:
            key = os.fsencode(source), stamp_of(source)
            return bool(
                self._rows.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", key).rowcount
            )

    def written(self, source: Path) -> Path | None:
        """The whole file that came of a source that has not changed since; None: there is none."""
        with self._lock:
            row = self._rows.execute(
                "SELECT target, state, stamp, replaces FROM items WHERE source = ?",
                (os.fsencode(source),),
            ).fetchone()
        if row is None or row[1] == "failed" or row[2] != stamp_of(source):
            return None
        path = self._folder / str(row[0])
        # A file takes its name when it is whole; one that was to be replaced may be the old one.
        whole = row[1] == "done" or not row[3]
        return path if whole and path.is_file() else None

    def name(self, source: Path, wanted: Path) -> Path:
        """The file in the folder that a source goes to: the one it had before, else ``wanted``,
        with a number behind it where another source has it, on any system.
        """
        key = os.fsencode(source)
        with self._lock:
            held = "SELECT target, state, stamp, replaces FROM items WHERE source = ?"
            row = self._rows.execute(held, (key,)).fetchone()
            # What came to a free name since then is what was begun: on another machine, say.
            begun = row is not None and row[1:] == ("begun", stamp_of(source), 0)
            if row is not None:
                path = self._folder / str(row[0])
            else:
                path = numbered(wanted.parent, wanted.stem, wanted.suffix, self._given)
            there = path.exists() and not begun
            self._rows.execute(
                "INSERT OR REPLACE INTO items VALUES (?, ?, ?, ?, 'begun', ?)",
                (key, stamp_of(source), path.name, path.name.casefold(), there),
            )
        return path

    def ended(self, source: Path, state: State) -> None:
        """Keep what became of a source."""
        with self._lock:
            self._rows.execute(
                "UPDATE items SET state = ? WHERE source = ?", (state, os.fsencode(source))
            )

    def _given(self, path: Path) -> bool:
        found = self._rows.execute("SELECT 1 FROM items WHERE folded = ?", (path.name.casefold(),))
        return found.fetchone() is not None


def _forget_old(folder: Path) -> None:
    oldest = time.time() - _KEPT
    for path in folder.glob("*.sqlite*"):  # never a lock, which somebody may hold
        with contextlib.suppress(OSError):
            if path.stat().st_mtime < oldest:
                path.unlink()


def stamp_of(path: Path) -> str:
    """What tells a file that has changed: its size and when it was written; "" for none."""
    try:
        found = path.stat()
    except OSError:
        return ""
    return f"{found.st_size} {found.st_mtime_ns}"
