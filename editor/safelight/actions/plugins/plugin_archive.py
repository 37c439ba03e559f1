"""Plugin archives: wheels and zips are looked through before they are unpacked."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

from safelight.actions.plugins.plugin_store import StoreError
from safelight.workers.wire.replies import visible

LARGEST = 4 << 30
_SMALLER = 200
"""How many times as large as the archive what is unpacked may be, beyond ``_ANY``."""

_ANY = 64 << 20
MOST_FILES = 100_000
_DEEPEST = 32
READ = 1 << 20
"""Bytes up to which what is read of a plugin is believed: its project, and its metadata."""

_METADATA = ("METADATA", "WHEEL", "entry_points.txt", "direct_url.json", "top_level.txt")


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_zip(path: Path) -> int:
    """How many bytes an archive takes when it is unpacked.

    Refuses one that would write outside its folder, or unpack to something absurd.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            items = archive.infolist()
    except (OSError, zipfile.BadZipFile):
        raise StoreError(f"{path.name} is damaged: it cannot be unpacked.") from None
    size = sum(item.file_size for item in items)
    if size > LARGEST:
        raise StoreError(f"{path.name} would unpack to more than {LARGEST >> 30} GB.")
    if size > _ANY + _SMALLER * path.stat().st_size:
        raise StoreError(
            f"{path.name} is refused: it would unpack to more than {_SMALLER} times its size."
        )
    if len(items) > MOST_FILES:
        raise StoreError(f"{path.name} is refused: it holds more than {MOST_FILES:,} files.")
    for item in items:
        parts = item.filename.replace("\\", "/").split("/")
        link = (item.external_attr >> 16) & 0o170000 == 0o120000
        if item.filename.startswith(("/", "\\")) or ".." in parts or ":" in parts[0] or link:
            raise StoreError(f"{path.name} is refused: {visible(item.filename)} leaves its folder.")
        if len(parts) > _DEEPEST:
            raise StoreError(f"{path.name} is refused: its folders are too deep.")
        metadata = parts[0].endswith(".dist-info") and parts[-1] in _METADATA
        if metadata and item.file_size > READ:
            raise StoreError(f"{path.name} is refused: its {parts[-1]} is longer than 1 MB.")
    return size


def unzipped(path: Path, place: Path, *, single: bool = True) -> Path:
    """Unpack a zip; with ``single`` its only folder is what is meant."""
    check_zip(path)
    with zipfile.ZipFile(path) as archive:
        archive.extractall(place)
    inside = list(place.iterdir())
    if single and len(inside) == 1 and inside[0].is_dir():
        return inside[0]
    return place
