"""Project: the file that holds a document with its layers and history. One SQLite database.

Tiles lie in it once each, by the hash of their content, compressed; documents, by theirs, are rows
of JSON. A save is one transaction that writes what is new and takes away what is not needed any
more, so it costs what has changed, and a process that is killed leaves the last save that was
completed. While a project is open nobody else can open it.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import threading
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from safelight.document import History
from safelight.files import projectdatabase as database
from safelight.files.atomic import _OPERATIONS, _in_words, _Write, plain_name
from safelight.files.projectdata import DataError
from safelight.files.projectdatabase import (
    SUFFIX,
    ProjectChanged,
    ProjectError,
    ProjectInUse,
    spoken,
)
from safelight.files.projectreading import read
from safelight.files.projectwriting import Names, Save

__all__ = ["SUFFIX", "Project", "ProjectChanged", "ProjectError", "ProjectInUse", "is_project"]


class Project:
    """An open project file. May be used on any thread; saves wait for each other.

    ``writable`` is False where the file may not be written; it can be looked at all the same.
    """

    _held: weakref.WeakSet[Project] = weakref.WeakSet()

    def __init__(self, path: Path, *, checked: bool = False) -> None:
        """Take hold of a project; ``checked`` when it was written just now. See ``open``."""
        self.path = path
        self.writable = os.access(path, os.W_OK) or not path.exists()
        self._lock = threading.Lock()
        _refuse_open(path)
        database.look(path)
        connection = database.connect(path, write=self.writable)
        try:
            if not checked:
                database.check(connection, write=self.writable)
            self._known = Names.of(connection)
            self._meta = database.read_meta(connection)
        except BaseException:
            connection.close()
            raise
        self._connection: sqlite3.Connection | None = connection
        self._identity = database.identity(path)
        Project._held.add(self)

    @classmethod
    def create(
        cls,
        path: str | os.PathLike[str],
        history: History,
        *,
        overwrite: bool = False,
        note: Mapping[str, str] | None = None,
    ) -> Project:
        """Write a new project and keep it open. It is built beside ``path``, then renamed.

        ``note`` is kept as it is. Raises FileExists when there is a file and ``overwrite`` is
        False, ProjectInUse when it is an open project, ProjectError when it cannot be written.
        """
        path = Path(path)
        with spoken(path, "saved"):
            if overwrite:
                _refuse_in_use(path)
            writing = _Write(os.path.realpath(path), plain_name(path), overwrite, _OPERATIONS)

            def build(_: BinaryIO) -> None:
                # The file is there already, empty, under the rules for temporary files.
                assert writing.temporary is not None
                connection = database.connect_new(Path(writing.temporary))
                try:
                    with database.transaction(connection):
                        save = Save(Names(), {"note": json.dumps(dict(note or {}))})
                        save.write(connection, history)
                finally:
                    connection.close()
                # A cut-off save of a file that stood here once would be rolled back into this one.
                Path(f"{writing.target}-journal").unlink(missing_ok=True)

            with _in_words(writing.name):
                writing.run(build, None, 0)
            return cls(path, checked=True)

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> tuple[Project, History]:
        """Open a project. Raises ProjectInUse, or ProjectError for what is no sound project."""
        path = Path(path)
        with spoken(path, "opened"):
            project = cls(path)
            try:
                assert project._connection is not None
                return project, read(project._connection)
            except BaseException:
                project.close()
                raise

    def save(self, history: History) -> None:
        """Save the history; what is in the file already is not written again.

        Raises ProjectChanged when the file is not what it was, ProjectError when it cannot be
        written; the file then holds what it held before.
        """
        with self._lock, spoken(self.path, "saved"):
            if not self.writable:
                raise DataError("the file may not be written; save elsewhere")
            connection = self._unchanged()
            save = Save(self._known, self._meta)
            with database.transaction(connection):
                save.write(connection, history)
            self._known, self._meta = save.now, save.meta
            self._identity = database.identity(self.path)

    def _unchanged(self) -> sqlite3.Connection:
        """The connection, if the file is what it was after the last save. Raises ProjectChanged.

        Where the system says that something happened to it (a changed time is enough, and some
        network drives set that late), what is in it decides: each save has a number of its own.
        """
        if self._connection is not None and database.identity(self.path) == self._identity:
            return self._connection
        self._let_go()
        with contextlib.suppress(sqlite3.Error, OSError, ProjectError, DataError):
            again = Project(self.path)
            same = again._meta["save"] == self._meta["save"] and again._known == self._known
            if same and again._connection is not None:
                self._connection, again._connection = again._connection, None
                self._identity = again._identity
                Project._held.discard(again)
                Project._held.add(self)
                return self._connection
            again.close()
        raise ProjectChanged(
            f"{plain_name(self.path)} was changed, moved or deleted by another program since it"
            " was opened; save under another name to keep both."
        )

    @property
    def note(self) -> dict[str, str]:
        """What was noted when it was created."""
        try:
            note = json.loads(self._meta.get("note", "{}"))
        except (ValueError, RecursionError):
            note = None
        return {name: str(note[name]) for name in note} if isinstance(note, dict) else {}

    def close(self) -> None:
        """Let go of the file; others may open it then. Waits for a save."""
        with self._lock:
            self._let_go()

    def _let_go(self) -> None:
        Project._held.discard(self)
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def is_project(path: str | os.PathLike[str]) -> bool:
    """Whether a file's name says that it is a project."""
    return Path(path).suffix.lower() == SUFFIX


def _refuse_open(path: Path) -> None:
    """Raise ProjectInUse when this process has the project open.

    Asked before the file is opened for any other purpose, see ``projectdatabase.look``.
    """
    for project in list(Project._held):
        with contextlib.suppress(OSError):
            if project.path.samefile(path):
                raise database.in_use(path)


def _refuse_in_use(path: Path) -> None:
    """Raise ProjectInUse when any process has the project of that name open."""
    _refuse_open(path)
    try:
        database.look(path)
        database.connect(path).close()
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise database.in_use(path) from None
    except (sqlite3.Error, OSError, ProjectError, DataError):
        pass  # What is no project is nobody's project.
