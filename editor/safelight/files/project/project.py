"""Project: the file that holds a document with its layers and history. One SQLite database.

Tiles lie in it once each, by the hash of their content, compressed; documents, by theirs, are rows
of JSON. A save is one transaction that writes what is new and takes away what is not needed any
more, so it costs what has changed, and a process that is killed leaves the last save that was
completed. While a project is open nobody else can open it.

The pixels of an opened project stay in its file until somebody looks at them. Its tiles can be read
as long as anything shows them, also when the project is closed, and the file replaced or deleted.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import tempfile
import threading
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO

from safelight.document import History
from safelight.files.atomic import AtomicWrite
from safelight.files.disk_operations import OPERATIONS
from safelight.files.project import project_database as database
from safelight.files.project.project_database import (
    SUFFIX,
    ProjectChanged,
    ProjectError,
    ProjectInUse,
    SaveStopped,
    spoken,
)
from safelight.files.project.project_fields import DataError
from safelight.files.project.project_reader import read
from safelight.files.project.project_tiles import Shelf
from safelight.files.project.project_writer import Names, Save, always
from safelight.files.sequences.film_files import FilmReader, Pictures, no_pictures
from safelight.files.write_errors import plain_name, refusal_in_words

__all__ = [
    "SUFFIX",
    "Project",
    "ProjectChanged",
    "ProjectError",
    "ProjectInUse",
    "SaveStopped",
    "is_project",
]


class Project:
    """An open project file. May be used on any thread; saves wait for each other.

    ``writable`` is False where the file may not be written; it can be looked at all the same.
    ``notes`` are sentences on what could not be read of it when it was opened.
    """

    _held: weakref.WeakSet[Project] = weakref.WeakSet()

    def __init__(
        self, path: Path, *, checked: bool = False, scratch: Path | None = None, adopts: bool = True
    ) -> None:
        """Take hold of a project; ``checked`` when it was written just now. See ``open``."""
        self.path = path
        self.writable = os.access(path, os.W_OK) or not path.exists()
        self.notes: tuple[str, ...] = ()
        self._adopts = adopts
        self._lock = threading.Lock()
        _refuse_open(path)
        left = _left_shelf(path)
        self._shelf = left or _new_shelf(path, self.writable, scratch)
        self._fresh = left is None
        try:
            connection = self._connected()
            if not checked:
                database.check(connection, write=self.writable)
            self._known = Names.of(connection)
            self._meta = database.read_meta(connection)
        except BaseException:
            self._shelf.release()
            raise
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
        adopts: bool = True,
        wanted: Callable[[], bool] = always,
    ) -> Project:
        """Write a new project and keep it open. It is built beside ``path``, then renamed.

        ``note`` is kept as it is. With ``adopts`` the history's tiles that lie in another project
        are read from this one from then on, so that the other one can go. ``wanted`` is asked as
        it is written; once it says no, SaveStopped is raised and nothing is left. Raises
        FileExists when there is a file and ``overwrite`` is False, ProjectInUse when it is an open
        project, ProjectError when it cannot be written.
        """
        path = Path(path)
        with spoken(path, "saved"):
            if overwrite:
                _refuse_in_use(path)
            writing = AtomicWrite(os.path.realpath(path), plain_name(path), overwrite, OPERATIONS)
            database.check_length(Path(writing.target), building=True)
            save = Save(Names(), {"note": json.dumps(dict(note or {}))}, wanted=wanted)

            def build(_: BinaryIO) -> None:
                # The file is there already, empty, under the rules for temporary files.
                assert writing.temporary is not None
                connection = database.connect_new(Path(writing.temporary))
                try:
                    with database.transaction(connection):
                        save.write(connection, history)
                finally:
                    connection.close()
                # A cut-off save of a file that stood here once would be rolled back into this one.
                Path(f"{writing.target}-journal").unlink(missing_ok=True)

            with refusal_in_words(writing.name):
                writing.run(build, None, 0)
            made = cls(path, checked=True, adopts=adopts)
            made._took(save)
            return made

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        *,
        scratch: Path | None = None,
        pixel_limit: int | None = None,
        films: Pictures = no_pictures,
    ) -> tuple[Project, History]:
        """Open a project. Raises ProjectInUse, or ProjectError for what is no sound project.

        The history has every step that was saved; pixels are read when they are looked at. Zoom
        levels for which there is no memory go to a file without a name in ``scratch``. Pictures of
        more than ``pixel_limit`` pixels are refused; without it SAFELIGHT_PIXEL_LIMIT counts, else
        a gigapixel. ``films`` reads files that the project names; ``notes`` say which are missing.
        """
        path = Path(path)
        with spoken(path, "opened"):
            project = cls(path, scratch=scratch)
            try:
                aside = scratch or Path(tempfile.gettempdir())
                reader = FilmReader(path.absolute().parent, films, aside)
                history, written = read(project._connected(), project._shelf, reader, pixel_limit)
            except BaseException:
                shelf = project._shelf
                project.close()
                if project._fresh:
                    shelf.close()  # also where the error still holds tiles
                raise
            project._known.note(written)
            project.notes = tuple(reader.notes)
            return project, history

    def save(self, history: History, *, wanted: Callable[[], bool] = always) -> None:
        """Save the history; what is in the file already is not written again.

        Raises SaveStopped once ``wanted`` says no, ProjectChanged when the file is not
        what it was, ProjectError when it cannot be written; the file then holds what it held
        before.
        """
        with self._lock, spoken(self.path, "saved"):
            if not self.writable:
                raise DataError("the file may not be written; save elsewhere")
            database.check_length(self.path)
            connection = self._unchanged()
            # Only this project still holds the other documents, and their tiles.
            self._known.keep(step.document for step in history.steps)
            save = Save(self._known, self._meta, self._shelf.live(), wanted)
            with database.transaction(connection):
                save.write(connection, history)
            self._identity = database.identity(self.path)
            self._took(save)

    def hear(self, told: Callable[[str], None]) -> None:
        """Hear a sentence, on any thread, when pixels that are looked at cannot be read.

        Of the steps before and after the present one nobody has looked at them before.
        """
        self._shelf.hear(told)

    def _took(self, save: Save) -> None:
        """The file is what a save has made of it."""
        fresh = [
            item.document
            for key, item in save.now.written.items()
            if key not in save.before.written
        ]
        self._known, self._meta = save.now, save.meta
        if self._adopts:
            self._shelf.adopt(fresh)

    @property
    def _connection(self) -> sqlite3.Connection | None:
        return self._shelf.connection

    def _connected(self) -> sqlite3.Connection:
        connection = self._shelf.connection
        if connection is None:
            raise DataError("it was closed")
        return connection

    def _unchanged(self) -> sqlite3.Connection:
        """The connection, if the file is what it was after the last save. Raises ProjectChanged.

        Where the system says that something happened to it (a changed time is enough, and some
        network drives set that late), what is in it decides: each save has a number of its own.
        """
        found = database.identity(self.path)
        connection = self._shelf.connection
        if connection is not None and found is not None and found == self._identity:
            return connection
        self._identity = None
        if found is not None and found[:2] == self._shelf.file:
            # SQLite would go on believing what it has read: the file has to be opened again. One
            # that has only lost its name stays open, because the history's tiles lie in it.
            self._shelf.close()
        with contextlib.suppress(sqlite3.Error, OSError, ProjectError, DataError):
            again = Project(self.path)
            same = again._meta["save"] == self._meta["save"]
            if same and again._known.same_rows(self._known):
                self._shelf.move_to(again._shelf)
                self._identity = again._identity
                Project._held.discard(again)
                return self._connected()
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
        """Let go of the file; others may open it as soon as nothing here shows its tiles any more.

        Waits for a save.
        """
        with self._lock:
            Project._held.discard(self)
            self._known = Names()
            shelf, self._shelf = self._shelf, _NO_SHELF
            shelf.hear(None)
            shelf.release()


def is_project(path: str | os.PathLike[str]) -> bool:
    """Whether a file's name says that it is a project."""
    return Path(path).suffix.lower() == SUFFIX


def _new_shelf(path: Path, writable: bool, scratch: Path | None) -> Shelf:
    database.look(path)
    database.check_length(Path(os.path.realpath(path)), saving=False)
    connection = database.connect(path, write=writable)
    file = (database.identity(path) or ())[:2]
    return Shelf(path, connection, file, scratch or Path(tempfile.gettempdir()))


def _left_shelf(path: Path) -> Shelf | None:
    """The shelf of this file where its project is closed, but something still shows its tiles.

    It has the file open, and nobody else could.
    """
    shelf = Shelf.of(database.identity(path))
    held = any(project._shelf is shelf for project in list(Project._held))
    return None if held else shelf


def _refuse_open(path: Path) -> None:
    """Raise ProjectInUse when this process has the project open.

    Asked before the file is opened for any other purpose, see ``projectdatabase.look``.
    """
    shelf = Shelf.of(database.identity(path))
    if shelf is not None and any(project._shelf is shelf for project in list(Project._held)):
        raise database.in_use(path)


def _refuse_in_use(path: Path) -> None:
    """Raise ProjectInUse when any process has the project of that name open."""
    _refuse_open(path)
    if _left_shelf(path) is not None:
        return  # What stands there may be replaced: the tiles that are shown stay in the old file.
    try:
        database.look(path)
        database.connect(path).close()
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise database.in_use(path) from None
    except (sqlite3.Error, OSError, ProjectError, DataError):
        pass  # What is no project is nobody's project.


_NO_SHELF = Shelf(Path(), None, (), Path())
"""What a closed project reads from."""
