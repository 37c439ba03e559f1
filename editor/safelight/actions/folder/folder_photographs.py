"""Folder photographs: which pictures lie in a folder, and what lies beside each."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from safelight.files.metadata.picture_marks import (
    SIDECAR,
    FolderNames,
    Marks,
    read_marks,
    sidecars,
    write_marks,
)


class FolderError(Exception):
    """A folder that cannot be looked through. The text is a sentence for the user."""


@dataclass(frozen=True, slots=True)
class FolderPhotograph:
    """A picture of a folder: its ``path``, its ``size`` in bytes, when it was ``changed``, in
    nanoseconds since 1970, its ``sidecars``, and when the last of these was ``marked``.
    """

    path: Path
    size: int
    changed: int
    sidecars: tuple[Path, ...] = ()
    marked: int = 0

    @property
    def stamp(self) -> str:
        """A text that is another one once the file has changed."""
        return f"{self.size} {self.changed}"


@dataclass(frozen=True, slots=True)
class PictureFolder:
    """A folder and its ``photographs`` by name, numbers in names by their value; ``skipped`` files
    could not be asked about. Folders in it are left alone.
    """

    path: Path
    photographs: Sequence[FolderPhotograph] = ()
    skipped: int = 0


def read_folder(path: Path, endings: Collection[str]) -> PictureFolder:
    """The photographs of a folder: files with those endings, in lower case. Links are followed to
    files, and never to folders, so a circle of them has no end to be looked for. Raises
    FolderError.
    """
    names: list[str] = []
    found: list[tuple[str, int, int]] = []
    marked: dict[str, int] = {}
    skipped = 0
    try:
        with os.scandir(path) as entries:
            for entry in entries:
                names.append(entry.name)
                ending = os.path.splitext(entry.name)[1].casefold()
                if entry.name.startswith(".") or (ending not in endings and ending != SIDECAR):
                    continue
                try:
                    if ending == SIDECAR:
                        marked[entry.name] = entry.stat().st_mtime_ns
                    elif entry.is_file():
                        facts = entry.stat()
                        found.append((entry.name, facts.st_size, facts.st_mtime_ns))
                    elif entry.is_symlink():
                        skipped += not entry.is_dir()
                except OSError:  # a circle of links, or a disk that fails
                    skipped += 1
    except OSError as error:
        raise FolderError(_why_not(path, error)) from error
    there = FolderNames(names)
    found.sort(key=lambda item: in_order(item[0]))
    photographs = []
    for name, size, changed in found:
        beside = sidecars(path / name, there)
        last = max((marked.get(each.name, 0) for each in beside), default=0)
        photographs.append(FolderPhotograph(path / name, size, changed, beside, last))
    return PictureFolder(path, tuple(photographs), skipped)


def in_order(name: str) -> tuple[object, ...]:
    """What names are sorted by: IMG_9 comes before IMG_10."""
    parts = _DIGITS.split(name.casefold())
    return tuple((int(part) if index % 2 else part) for index, part in enumerate(parts)), name


_DIGITS = re.compile(r"([0-9]{1,18})")


def _why_not(path: Path, error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return f"The folder {path} is not there any more."
    if isinstance(error, NotADirectoryError):
        return f"{path} is no folder."
    if isinstance(error, PermissionError):
        return f"You have no permission to look into {path}."
    return f"The folder {path} cannot be read: {error.strerror or error}."


def marks_beside(photograph: FolderPhotograph) -> Marks | None:
    """What the sidecars of a photograph say; None where they say nothing of the kind."""
    return read_marks(photograph.sidecars) if photograph.sidecars else None


def mark(path: Path, marks: Marks, embedded: bytes | None = None) -> tuple[Path, ...]:
    """Write marks of a photograph into its sidecars, as they lie in its folder now; ``embedded`` is
    the XMP in the photograph itself, with which a new sidecar begins. Raises FolderError and
    WriteError.
    """
    try:
        names = FolderNames.of(path.parent)
    except OSError as error:
        raise FolderError(_why_not(path.parent, error)) from error
    return write_marks(path, marks, names, embedded)
