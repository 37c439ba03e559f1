"""Recovery: what has been edited and not saved yet, in a project file of Safelight's own.

It is written by the same call as any project. As long as its writer lives the file is locked; one
that nobody holds was left by a process that was killed.
"""

from __future__ import annotations

import contextlib
import os
import threading
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from safelight.document import History
from safelight.files.project.project import (
    SUFFIX,
    Project,
    ProjectChanged,
    ProjectError,
    SaveStopped,
)
from safelight.files.project.project_database import spoken
from safelight.files.sequences.film_files import Pictures, no_pictures


@dataclass(frozen=True, slots=True)
class Left:
    """What a killed process left: its file, the photograph's name and place, when (seconds)."""

    path: Path
    name: str
    original: Path | None
    time: float


class Recovery:
    """The recovery file of one document. ``original`` is the file it was opened from, if any.

    May be used on any thread; what is called while it is being written waits, but ``give_up``.
    """

    def __init__(self, folder: Path, original: Path | None, name: str) -> None:
        self._path = _new_path(folder)
        self._note = {"original": str(original or ""), "name": name}
        self._project: Project | None = None
        self.notes: tuple[str, ...] = ()
        self._lock = threading.Lock()
        self._given_up = threading.Event()

    @classmethod
    def taken(
        cls, left: Left, *, scratch: Path | None = None, films: Pictures = no_pictures
    ) -> tuple[Recovery, History]:
        """Go on with what was left; ``scratch`` and ``films`` as for a project. Raises ProjectError
        when it cannot be read.
        """
        recovery = cls(left.path.parent, left.original, left.name)
        recovery._path = left.path
        recovery._project, history = Project.open(left.path, scratch=scratch, films=films)
        recovery.notes = recovery._project.notes
        return recovery, history

    def save(self, history: History) -> None:
        """Note the history. Raises ProjectError when it cannot be written, or SaveStopped."""
        with self._lock:
            if self._given_up.is_set():
                raise SaveStopped("Nothing is noted any more.")
            if self._project is not None:
                try:
                    self._project.save(history, wanted=self._wanted)
                    return
                except ProjectChanged:
                    # Somebody tidied the folder. What is not saved yet matters more than why.
                    self._project.close()
                    self._path = _new_path(self._path.parent)
            with spoken(self._path, "saved"):
                # Only the user may look into it: there are photographs in it.
                self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                # Tiles that lie in the user's project stay there: this file may go at any time.
                self._project = Project.create(
                    self._path, history, note=self._note, adopts=False, wanted=self._wanted
                )

    def give_up(self) -> None:
        """Note nothing any more; what is being written ends at its next tile. Does not wait."""
        self._given_up.set()

    def discard(self) -> None:
        """Nothing needs to be recovered: the document is saved, or given up."""
        with self._lock:
            if self._project is not None:
                self._project.close()
                self._project = None
            remove(self._path)

    def _wanted(self) -> bool:
        return not self._given_up.is_set()


def left_behind(folder: Path) -> list[Left]:
    """What killed processes left, newest first; never what a living one holds."""
    found = []
    for path in folder.glob(f"*{SUFFIX}"):
        with contextlib.suppress(ProjectError, OSError), spoken(path, "opened"):
            project = Project(path)
            note = project.note
            project.close()
            original = Path(note["original"]) if note.get("original") else None
            time = path.stat().st_mtime
            found.append(Left(path, note.get("name", path.stem), original, time))
    return sorted(found, key=lambda left: -left.time)


def _new_path(folder: Path) -> Path:
    return folder / f"{uuid.uuid4().hex}{SUFFIX}"


def remove(path: Path) -> None:
    """Delete a recovery file, and what a cut-off save left beside it; who asks does not wait.

    A disk takes its time to have a large file's space back, and takes it from whoever holds the
    file last: that is a thread.
    """
    for name in (path, Path(f"{path}-journal")):
        held = _held(name)
        with contextlib.suppress(OSError):
            name.unlink(missing_ok=True)
        if held is not None:
            threading.Thread(target=held.close, daemon=True).start()


def _held(path: Path) -> BinaryIO | None:
    """A file that stays on the disk until it is closed, deleted or not; None where none can."""
    with contextlib.suppress(OSError):
        if os.name == "posix" and path.is_file():
            return path.open("rb")
    return None
