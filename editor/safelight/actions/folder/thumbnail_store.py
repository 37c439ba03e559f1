"""Thumbnail store: small pictures that were made once, kept on the disk in one file.

A small picture is found by its file's path and is of use as long as the file has the same size and
was changed at the same time. What was not looked at for longest goes first. The file is a cache:
one that is damaged is begun anew, one that another program has locked is done without.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from safelight.files.glance import SIDE, Glance, known

MOST_BYTES = 256 << 20
"""Bytes of small pictures that are kept: some 20,000."""

_QUALITY = 85
_LEFT = 0.9
"""The share of the bytes that are left when some have to go."""

_BESIDE = 300
"""Bytes that a row takes beside its picture."""

_PATIENCE = 2.0
"""Seconds to wait for another program that writes."""

_AGED = 86400
"""Seconds after which it is noted again that a picture was looked at."""

_TABLE = """
CREATE TABLE IF NOT EXISTS thumbnails (
    path BLOB PRIMARY KEY, stamp TEXT, facts TEXT, picture BLOB, bytes INTEGER, used INTEGER
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS by_use ON thumbnails (used, bytes);
"""


class ThumbnailStore:
    """Small pictures in the file ``path``, of at most ``most`` bytes together. For any thread."""

    def __init__(self, path: Path, most: int = MOST_BYTES) -> None:
        self._path = path
        self._most = most
        self._lock = threading.Lock()
        self._held = 0
        self._rows = self._opened()

    @property
    def held(self) -> int:
        """Bytes that are held."""
        return self._held

    def close(self) -> None:
        """Let the file go."""
        with self._lock:
            self._rows.close()

    def get(self, path: Path, stamp: str) -> Glance | None:
        """What was seen of a file as it is now; None where nothing is held."""
        import imagecodecs

        key, found = os.fsencode(path), None
        with self._using() as rows:
            found = rows.execute(
                "SELECT facts, picture, used FROM thumbnails WHERE path = ? AND stamp = ?",
                (key, stamp),
            ).fetchone()
            now = int(time.time())
            if found and now - found[2] > _AGED:
                rows.execute("UPDATE thumbnails SET used = ? WHERE path = ?", (now, key))
        if not found:
            return None
        try:
            glance = known(json.loads(found[0]))
            pixels = np.asarray(imagecodecs.jpeg8_decode(found[1]))
            if pixels.ndim != 3 or pixels.shape[2] != 3 or max(pixels.shape) > SIDE:
                return None
        except Exception:  # whatever has become of the file: it is made again
            return None
        return replace(glance, pixels=pixels)

    def facts(self, wanted: Iterable[tuple[Path, str]]) -> dict[Path, Glance]:
        """What is known of files as they are now, by their paths and stamps, without pictures."""
        stamps = {os.fsencode(path): (path, stamp) for path, stamp in wanted}
        keys = list(stamps)
        found: dict[Path, Glance] = {}
        for start in range(0, len(keys), 500):
            part = keys[start : start + 500]
            marks = ",".join("?" * len(part))
            listed = []
            with self._using() as rows:
                listed = rows.execute(
                    f"SELECT path, stamp, facts FROM thumbnails WHERE path IN ({marks})", part
                ).fetchall()
            for key, stamp, facts in listed:
                path, current = stamps[bytes(key)]
                if stamp == current:
                    with contextlib.suppress(LookupError, TypeError, ValueError):
                        found[path] = known(json.loads(facts))
        return found

    def put(self, path: Path, stamp: str, glance: Glance) -> None:
        """Keep what was seen of a file."""
        import imagecodecs

        picture = bytes(imagecodecs.jpeg8_encode(glance.pixels, _QUALITY))
        key, count = os.fsencode(path), len(picture) + len(os.fsencode(path)) + _BESIDE
        with self._using() as rows:
            before = rows.execute("SELECT bytes FROM thumbnails WHERE path = ?", (key,)).fetchone()
            row = key, stamp, json.dumps(glance.facts), picture, count, int(time.time())
            rows.execute("INSERT OR REPLACE INTO thumbnails VALUES (?, ?, ?, ?, ?, ?)", row)
            self._held += count - (before[0] if before else 0)
            if self._held > self._most:
                self._make_room(rows)

    def _make_room(self, rows: sqlite3.Connection) -> None:
        self._held = _bytes_in(rows)  # others may write as well
        gone = []
        for key, count in rows.execute("SELECT path, bytes FROM thumbnails ORDER BY used"):
            if self._held <= self._most * _LEFT:
                break
            gone.append((key,))
            self._held -= count
        rows.executemany("DELETE FROM thumbnails WHERE path = ?", gone)
        rows.execute("PRAGMA incremental_vacuum")

    @contextlib.contextmanager
    def _using(self) -> Iterator[sqlite3.Connection]:
        """The rows, for one thread at a time. What goes wrong with them is passed over, with the
        rest of the block; a damaged file is begun anew.
        """
        with self._lock:
            try:
                yield self._rows
            except (sqlite3.OperationalError, sqlite3.ProgrammingError):
                return  # locked, full, or closed: the next time may be better
            except sqlite3.DatabaseError:
                self._rows.close()
                self._remove()
                self._rows = self._opened()

    def _opened(self) -> sqlite3.Connection:
        """The file, or one begun anew where it is damaged; where none can be had, none: its rows
        fail as those of a file that is locked do.
        """
        for _ in range(2):
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                rows = sqlite3.connect(
                    self._path, _PATIENCE, check_same_thread=False, isolation_level=None
                )
            except (sqlite3.Error, OSError):
                break
            try:
                rows.execute("PRAGMA auto_vacuum = INCREMENTAL")
                rows.execute("PRAGMA journal_mode = WAL")
                rows.execute("PRAGMA synchronous = OFF")  # a cache may be lost
                rows.executescript(_TABLE)
                self._held = _bytes_in(rows)
                return rows
            except sqlite3.OperationalError:
                rows.close()
                break
            except sqlite3.DatabaseError:
                rows.close()
                self._remove()
        return sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)

    def _remove(self) -> None:
        for ending in ("", "-wal", "-shm"):
            with contextlib.suppress(OSError):
                os.unlink(f"{self._path}{ending}")


def _bytes_in(rows: sqlite3.Connection) -> int:
    found = rows.execute("SELECT TOTAL(bytes) FROM thumbnails").fetchone()
    return int(found[0])
