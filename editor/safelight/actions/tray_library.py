"""Tray library: the pictures that a filter offers: a starter set, and the user's own."""

from __future__ import annotations

import contextlib
import functools
import os
import tomllib
from dataclasses import dataclass
from pathlib import Path

from safelight.actions.picture_settings import kept_copy
from safelight.document.contents.embedded_picture import Embedded
from safelight.files import atomic_write
from safelight.folders import data_folder, resources

_MOST_OWN = 500
_LONGEST_NAME = 200
"""Bytes of a file's name: file systems have 255 for it and its ending."""

_LARGEST = 2 << 20
"""Bytes of a file in the user's tray; a copy of 512 pixels a side has a twentieth."""


@dataclass(frozen=True, slots=True)
class TrayPicture:
    """A picture to choose. ``text`` is it as a setting holds it; ``own`` the user's file of it."""

    title: str
    text: str
    artist: str = ""
    date: str = ""
    own: Path | None = None

    def credit(self) -> str:
        """The artist and the date, as far as they are known."""
        return ", ".join(filter(None, (self.artist, self.date)))


def tray_pictures() -> tuple[TrayPicture, ...]:
    """The starter set, then the user's own, the newest last. Reads files."""
    return (*_starter_set(), *_own())


def add_picture(path: str | os.PathLike[str]) -> TrayPicture:
    """Put a small copy of a picture file into the user's tray; one that is there is not doubled.

    Raises OpenError and WriteError.
    """
    embedded = Embedded.read(kept_copy(path))
    for picture in _own():
        if Embedded.read(picture.text).data == embedded.data:
            return picture
    _folder().mkdir(parents=True, exist_ok=True)
    target = _free_name(embedded.title)
    atomic_write(target, lambda file: file.write(embedded.data))
    return _picture(target)


def remove_picture(picture: TrayPicture) -> None:
    """Take one of the user's own out of the tray; documents that hold it keep it. Raises OSError.

    Of the starter set none can be removed.
    """
    if picture.own is not None:
        picture.own.unlink(missing_ok=True)


@functools.cache
def _starter_set() -> tuple[TrayPicture, ...]:
    folder = resources("styles")
    if folder is None:
        return ()
    credits = tomllib.loads((folder / "credits.toml").read_text("utf-8"))
    return tuple(
        TrayPicture(
            item["title"],
            Embedded("image/jpeg", item["title"], (folder / item["file"]).read_bytes()).text(),
            item["artist"],
            item["date"],
        )
        for item in credits["painting"]
    )


def _own() -> list[TrayPicture]:
    found: list[tuple[int, Path]] = []
    for path in _folder().glob("*.webp"):
        with contextlib.suppress(OSError):  # it may have gone meanwhile
            facts = path.stat()
            if facts.st_size <= _LARGEST:
                found.append((facts.st_mtime_ns, path))
    pictures = []
    for _, path in sorted(found)[-_MOST_OWN:]:
        with contextlib.suppress(OSError):
            pictures.append(_picture(path))
    return pictures


def _picture(path: Path) -> TrayPicture:
    embedded = Embedded("image/webp", path.stem, path.read_bytes())
    return TrayPicture(path.stem, embedded.text(), own=path)


def _folder() -> Path:
    return data_folder() / "tray"


def _free_name(title: str) -> Path:
    """A file's name for a title that no other picture has."""
    allowed = "".join("-" if c in '/\\:*?"<>|' else c for c in title).encode()[:_LONGEST_NAME]
    plain = allowed.decode(errors="ignore").strip(" .") or "picture"
    names = [plain, *(f"{plain} {number}" for number in range(2, _MOST_OWN + 2))]
    free = (path for path in (_folder() / f"{name}.webp" for name in names) if not path.exists())
    return next(free, _folder() / f"{plain} {os.urandom(4).hex()}.webp")
