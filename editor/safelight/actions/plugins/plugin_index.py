"""Plugin index: a folder of bundles as one JSON file and one page, and what is found in one.

An index is a file, or at an https address; its bundles lie beside it. ``INDEX.json#NAME`` is a
source that the installer takes: the bundle's hash must be the index's.
"""

from __future__ import annotations

import hashlib
import html
import io
import json
import re
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, fields
from email import message_from_bytes
from pathlib import Path
from typing import Any

from packaging.version import InvalidVersion, Version

from safelight.actions.plugins.plugin_store import StoreError, canonical
from safelight.actions.plugins.signatures import key_name, signer
from safelight.files import atomic_write
from safelight.workers.confinement.scratch_folder import read_file
from safelight.workers.minisign import SIGNATURE
from safelight.workers.wire.replies import visible

BUNDLE = ".safelight-plugin"
"""How the file of a bundle ends: a zip of the wheels and ``bundle.json``."""

INDEX, PAGE = "index.json", "index.html"
_FORM = 1
_MOST, _READ, _LARGEST = 8 << 20, 1 << 20, 2 << 30
_WAIT = 30
_PICTURES = (".png", ".jpg", ".jpeg", ".webp")
_ENTRY = re.compile(r"(?P<place>.+\.json)#(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)")


@dataclass(frozen=True, slots=True)
class Entry:
    """A bundle in an index. ``card`` is the plugin's description in Markdown, ``changes`` its
    section on changes; ``size`` is in bytes, ``key`` the public key by which the bundle is signed,
    "" = it is not. ``file`` and ``screenshots`` are names beside the index.
    """

    name: str
    version: str
    file: str
    sha256: str
    size: int
    summary: str = ""
    licence: str = ""
    card: str = ""
    changes: str = ""
    key: str = ""
    screenshots: tuple[str, ...] = ()


def write_index(folder: Path) -> tuple[Entry, ...]:
    """Write ``index.json`` and ``index.html`` of the bundles in a folder; nothing of them is run.

    Where a plugin is there in several versions, the newest is listed. A bundle's screenshots are
    the pictures whose names begin with its own. Raises StoreError, WriteError.
    """
    found: dict[str, Entry] = {}
    for path in sorted(folder.glob(f"*{BUNDLE}")):
        entry = _described(path)
        before = found.get(entry.name)
        if before is None or _order(before.version) <= _order(entry.version):
            found[entry.name] = entry
    if not found:
        raise StoreError(f"There is no bundle (*{BUNDLE}) in {folder.name or folder}.")
    entries = tuple(found[name] for name in sorted(found))
    data = {"form": _FORM, "plugins": [asdict(item) for item in entries]}
    _write(folder / INDEX, json.dumps(data, indent=1, ensure_ascii=False).encode())
    _write(folder / PAGE, _page(entries).encode())
    return entries


def read_index(place: str) -> tuple[Entry, ...]:
    """What an index lists: a file, a folder that holds one, or an https address.

    Raises StoreError.
    """
    try:
        data = json.loads(_content(_file(place), _MOST))
        if data["form"] != _FORM:
            raise StoreError("The index was made for another version of Safelight.")
        return tuple(_entry(item) for item in data["plugins"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise StoreError(f"{place} is no index of plugins.") from None


def search(entries: Sequence[Entry], words: str) -> tuple[Entry, ...]:
    """The plugins of an index that have all the words in their name, summary or card."""
    wanted = words.lower().split()
    return tuple(
        item
        for item in entries
        if all(word in f"{item.name} {item.summary} {item.card}".lower() for word in wanted)
    )


def source_of(place: str, entry: Entry) -> str:
    """What the installer takes to install an entry, now and when it looks for a newer one."""
    return f"{_file(place)}#{entry.name}"


def is_entry(source: str) -> bool:
    """Whether a source is what ``source_of`` gives."""
    return _ENTRY.fullmatch(source) is not None


def fetch(source: str, folder: Path, stop: Callable[[], None]) -> tuple[Path, Entry]:
    """Bring an entry's bundle, and its signature, into ``folder``; ``stop`` is called now and then
    and may raise. Raises StoreError where its hash or its signature is not what the index says.
    """
    found = _ENTRY.fullmatch(source)
    assert found is not None
    place, name = found["place"], canonical(found["name"])
    entry = next((item for item in read_index(place) if canonical(item.name) == name), None)
    if entry is None:
        raise StoreError(f"The index has no plugin {found['name']}.")
    folder.mkdir(exist_ok=True)
    path = folder / entry.file
    atomic_write(path, lambda file: _copy(_beside(place, entry.file), file, stop))
    with path.open("rb") as opened:
        if hashlib.file_digest(opened, "sha256").hexdigest() != entry.sha256:
            raise StoreError(f"{entry.file} is not what the index promised: its hash differs.")
    if entry.key:
        proof = _content(_beside(place, entry.file + SIGNATURE), _READ)
        _write(path.with_name(path.name + SIGNATURE), proof)
        if signer(path) != entry.key:
            raise StoreError(f"{entry.file} is refused: the index names another key.")
    return path, entry


def _described(path: Path) -> Entry:
    """What a bundle says of itself."""
    try:
        with zipfile.ZipFile(path) as archive:
            facts = json.loads(_bounded(archive, "bundle.json"))
            name, version = visible(str(facts["name"])), visible(str(facts["version"]))
            wheels = [item for item in archive.namelist() if item.endswith(".whl")]
            inner = next(x for x in wheels if canonical(Path(x).name.split("-")[0]) == name)
            if archive.getinfo(inner).file_size > _LARGEST:
                raise ValueError("too large")
            with zipfile.ZipFile(io.BytesIO(archive.read(inner))) as wheel:
                listed = wheel.namelist()
                meta = next(x for x in listed if x.endswith(".dist-info/METADATA"))
                said = message_from_bytes(_bounded(wheel, meta))
    except (OSError, ValueError, KeyError, TypeError, StopIteration, zipfile.BadZipFile):
        raise StoreError(f"{path.name} is no bundle of a plugin.") from None
    payload = said.get_payload(decode=True)
    card = payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    stem = path.name.removesuffix(BUNDLE)
    pictures = (x.name for x in path.parent.iterdir() if x.suffix.lower() in _PICTURES)
    return Entry(
        canonical(name),
        version,
        path.name,
        digest,
        path.stat().st_size,
        visible(said.get("Summary") or ""),
        visible(said.get("License-Expression") or said.get("License") or ""),
        card,
        _changes(card),
        signer(path),
        tuple(sorted(x for x in pictures if x.startswith(stem))),
    )


def _changes(card: str) -> str:
    """The section of a card that is headed Changes or Changelog; "" = it has none."""
    found = re.search(r"(?ims)^#+ *(?:changes|changelog)\b[^\n]*\n(.*?)(?=^#{1,2} |\Z)", card)
    return found[1].strip() if found else ""


def _bounded(archive: zipfile.ZipFile, name: str) -> bytes:
    if archive.getinfo(name).file_size > _READ:
        raise ValueError(f"{name} is too long")
    return archive.read(name)


def _entry(data: dict[str, Any]) -> Entry:
    """An entry of a stranger's index. Raises ValueError, KeyError, TypeError."""
    known = {item.name for item in fields(Entry)}
    given = {key: value for key, value in data.items() if key in known}
    entry = Entry(**given | {"screenshots": tuple(map(str, given.get("screenshots", ())))})
    for name in (entry.file, *entry.screenshots):
        if not isinstance(name, str) or not name or Path(name).name != name or "\\" in name:
            raise ValueError(f"{name} leaves the folder")
    if not re.fullmatch("[0-9a-f]{64}", entry.sha256) or not isinstance(entry.size, int):
        raise ValueError("no hash")
    if not entry.file.endswith(BUNDLE) or not re.fullmatch(r"[a-z0-9][a-z0-9-]*", entry.name):
        raise ValueError("no bundle")
    key_name(entry.key)
    texts = {key: visible(str(getattr(entry, key))) for key in ("version", "summary", "licence")}
    return Entry(**asdict(entry) | texts | {"screenshots": entry.screenshots})


def _write(path: Path, made: bytes) -> None:
    atomic_write(path, lambda file: file.write(made), overwrite=True)


def _order(version: str) -> Version:
    try:
        return Version(version)
    except InvalidVersion:
        return Version("0")


def _file(place: str) -> str:
    if "://" in place:
        return place if place.endswith(".json") else f"{place.rstrip('/')}/{INDEX}"
    path = Path(place).expanduser().resolve()
    return str(path / INDEX if path.is_dir() else path)


def _beside(place: str, name: str) -> str:
    if "://" in place:
        return urllib.parse.urljoin(place, urllib.parse.quote(name))
    return str(Path(place).parent / name)


def _content(place: str, most: int) -> bytes:
    if "://" not in place:
        try:
            return read_file(Path(place), most)
        except OSError as error:
            raise StoreError(f"{place} cannot be read: {error.strerror}.") from None
    memory = io.BytesIO()
    _copy(place, memory, lambda: None, most)
    return memory.getvalue()


def _copy(place: str, file: Any, stop: Callable[[], None], most: int = _LARGEST) -> None:
    """Copy a file, or what lies at an https address. Raises StoreError."""
    try:
        far = "://" in place
        origin = _opener().open(place, timeout=_WAIT) if far else io.FileIO(place)
        assert origin is not None
        with closing(origin) as answer:
            left = most
            while part := answer.read(1 << 16):
                stop()
                left -= len(part)
                if left < 0:
                    raise StoreError(f"{place} is refused: it is longer than {most} bytes.")
                file.write(part)
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
        raise StoreError(f"{place} cannot be fetched: {reason}.") from None


def _opener() -> urllib.request.OpenerDirector:
    """What fetches by https alone, wherever it is sent on to."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPRedirectHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.UnknownHandler(),
    ):
        opener.add_handler(handler)
    return opener


def _page(entries: Sequence[Entry]) -> str:
    """The index as a page without scripts, to be put on a server beside the bundles."""
    parts = [
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Plugins for Safelight</title>'
        "<style>body{font:16px/1.5 sans-serif;max-width:46em;margin:2em auto;padding:0 1em}"
        "img{max-width:100%}pre{white-space:pre-wrap}code{overflow-wrap:anywhere}</style>"
        "<h1>Plugins for Safelight</h1>"
    ]
    for item in entries:
        link = html.escape(urllib.parse.quote(item.file))
        signed = f"signed by the key {key_name(item.key)}" if item.key else "not signed"
        parts.append(
            f"<h2>{html.escape(item.name)} {html.escape(item.version)}</h2>"
            f"<p>{html.escape(item.summary)}</p>"
            f'<p><a href="{link}">{html.escape(item.file)}</a>, {item.size / 1e6:,.1f} MB,'
            f" {html.escape(item.licence or 'no licence named')}, {signed}<br>"
            f"<code>SHA-256 {item.sha256}</code></p>"
        )
        for picture in item.screenshots:
            parts.append(f'<p><img alt="" src="{html.escape(urllib.parse.quote(picture))}"></p>')
        if item.card:
            parts.append(
                f"<details><summary>About</summary><pre>{html.escape(item.card)}</pre></details>"
            )
    return "\n".join(parts) + "\n"
