"""Batch sources: which files of a folder a batch does, and in which order."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from pathlib import Path

from safelight.actions.plugin_jobs import Studio
from safelight.files import CODECS


def openable_endings(studio: Studio) -> set[str]:
    """The endings of what is opened, projects too."""
    own = {ending for codec in CODECS for ending in codec.suffixes} | {".safelight"}
    return own | {ending for item in studio.offers().importers for ending in item.suffixes}


def pictures_in(folder: Path, endings: Collection[str]) -> Iterator[Path]:
    """The pictures of a folder, by name; folders in it are left alone. Raises OSError."""
    with os.scandir(folder) as entries:
        names = sorted(entry.name for entry in entries if entry.is_file())
    known = (name for name in names if Path(name).suffix.casefold() in endings)
    yield from (folder / name for name in known if not name.startswith("."))
