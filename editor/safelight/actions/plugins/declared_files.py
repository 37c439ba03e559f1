"""Declared files: networks that a plugin does not bring along, but says where they can be fetched.

``weights.json`` beside the plugin's module names them:
``{"painter.onnx": {"url": "https://…", "sha256": "…", "size": 12345678}}``. The host fetches them
when the user has said yes, never a worker. They lie under their hash, so versions share them.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import socket
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from safelight.workers.confinement.scratch_folder import read_file

WEIGHTS = "weights.json"
"""What the file is called that lies beside a plugin's module."""

_LARGEST, _MOST = 4 << 30, 64
_READ = 1 << 20
_WAIT = 30
_SPARE = 256 << 20
"""Bytes that have to stay free on the disk."""

_PART = ".part"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\.onnx")
_HERE = ("127.0.0.1", "localhost", "::1")

Tell = Callable[[str], None]


class FilesError(Exception):
    """Files that cannot be had; the message says which and why, in a sentence."""


class _Wrong(FilesError):
    """What has come is another file than was declared."""


@dataclass(frozen=True, slots=True)
class DeclaredFile:
    """A network to be fetched: what the filter calls it, where it is, what it has to be.

    ``size`` is in bytes.
    """

    name: str
    url: str
    sha256: str
    size: int

    @property
    def host(self) -> str:
        """The name of the server that the file comes from, to be read."""
        return urllib.parse.urlsplit(self.url).hostname or ""

    def sentence(self) -> str:
        """What fetching it means."""
        large = self.size >= 1e6
        size = f"{self.size / 1e6:,.1f} MB" if large else f"{max(self.size / 1e3, 1):.0f} kB"
        return f"{self.name}, {size}, is fetched from {self.host}"


def declared(folder: Path) -> tuple[DeclaredFile, ...]:
    """What the module in ``folder`` declares; nothing where it declares nothing.

    Raises FilesError for what is no such declaration.
    """
    path = folder / WEIGHTS
    if not path.exists():
        return ()
    try:
        data = json.loads(read_file(path, _READ))
        if not isinstance(data, dict) or len(data) > _MOST:
            raise ValueError(f"it is no list of up to {_MOST} files by name")
        return tuple(_declared(str(name), facts) for name, facts in sorted(data.items()))
    except (OSError, RecursionError) as error:
        raise FilesError(f"Its {WEIGHTS} cannot be read: {error}.") from None
    except ValueError as error:  # json's own is one
        raise FilesError(f"Its {WEIGHTS} is refused: {error}.") from None


def _declared(name: str, facts: Any) -> DeclaredFile:
    """Raises ValueError, a clause."""
    if not _NAME.fullmatch(name):
        raise ValueError("a name in it is none of a network (NAME.onnx)")
    if not isinstance(facts, Mapping):
        raise ValueError(f"{name} has no url, sha256 and size")
    url, digest, size = facts.get("url"), facts.get("sha256"), facts.get("size")
    if not isinstance(url, str) or len(url) > 2000 or not url.isprintable() or not _allowed(url):
        raise ValueError(f"{name} has no address that begins with https://")
    if not isinstance(digest, str) or not re.fullmatch("[0-9a-f]{64}", digest):
        raise ValueError(f"{name} has no sha256 of 64 digits")
    if isinstance(size, bool) or not isinstance(size, int) or not 0 < size <= _LARGEST:
        raise ValueError(f"{name} has no size of up to {_LARGEST >> 30} GB in bytes")
    return DeclaredFile(name, url, digest, size)


def _allowed(url: str) -> bool:
    """Whether an address is safe from listeners: https, or this machine."""
    try:
        parts = urllib.parse.urlsplit(url)
        return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _HERE)
    except ValueError:
        return False


def place(folder: Path, file: DeclaredFile) -> Path:
    """Where a fetched file lies, below the folder of all of them."""
    return folder / f"{file.sha256}.onnx"


def missing(folder: Path, files: Iterable[DeclaredFile]) -> tuple[DeclaredFile, ...]:
    """The declared files that have not been fetched."""
    return tuple(file for file in files if not place(folder, file).is_file())


def fetch_files(
    folder: Path, files: Sequence[DeclaredFile], stop: Callable[[], None], tell: Tell
) -> None:
    """Fetch what is missing, on the user's yes. What was begun before is gone on with.

    ``stop`` is called now and then and may raise; what has come until then stays, for the next
    time. Raises FilesError; what is complete by then stays as well.
    """
    wanted = missing(folder, files)
    if not wanted:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
        if free < sum(file.size for file in wanted) + _SPARE:
            raise FilesError("The disk has no room for the plugin's files.")
        for number, file in enumerate(wanted, 1):
            tell(f"Fetching {file.name} ({number} of {len(wanted)})")
            _fetch(folder, file, stop, tell)
    except OSError as error:
        raise FilesError(f"The plugin's files cannot be kept: {error.strerror}.") from None


def take_carried(folder: Path, files: Iterable[DeclaredFile], carried: Path) -> None:
    """Put what is missing and lies in ``carried`` where fetched files lie, once it is verified: a
    bundle brings it along. Raises FilesError.
    """
    try:
        for file in missing(folder, files):
            source = place(carried, file)
            if not source.is_file() or source.is_symlink():
                continue
            with source.open("rb") as opened:
                _verify(file, opened)
            folder.mkdir(parents=True, exist_ok=True)
            part = place(folder, file).with_suffix(_PART)
            shutil.copyfile(source, part)
            part.replace(place(folder, file))
    except OSError as error:
        raise FilesError(f"The plugin's files cannot be kept: {error.strerror}.") from None


def _fetch(folder: Path, file: DeclaredFile, stop: Callable[[], None], tell: Tell) -> None:
    part = place(folder, file).with_suffix(_PART)
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
    with os.fdopen(os.open(part, flags, 0o600), "r+b") as target:
        try:
            _download(file, target, stop, tell)
            _verify(file, target)
        except FilesError as error:
            if isinstance(error, _Wrong) or not target.seek(0, os.SEEK_END):
                part.unlink()  # the next time begins anew
            raise
        target.flush()
        os.fsync(target.fileno())
    part.replace(place(folder, file))


def _download(file: DeclaredFile, target: BinaryIO, stop: Callable[[], None], tell: Tell) -> None:
    """Add to ``target`` what it lacks. Raises FilesError."""
    there = target.seek(0, os.SEEK_END)
    if there >= file.size:
        return
    request = urllib.request.Request(file.url, headers={"User-Agent": "Safelight"})
    if there:
        request.add_header("Range", f"bytes={there}-")
    try:
        with closing(_opener().open(request, timeout=_WAIT)) as answer:
            begins = f"bytes {there}-"
            goes_on = answer.status == 206 and begins in (answer.headers["Content-Range"] or "")
            if there and not goes_on:
                target.seek(0)
                target.truncate()
                there = 0
            tenths = 0
            while part := answer.read(1 << 16):
                stop()
                there += len(part)
                if there > file.size:
                    raise _Wrong(f"{file.name} is refused: it is longer than was declared.")
                target.write(part)
                if there * 10 // file.size > tenths:
                    tenths = there * 10 // file.size
                    tell(f"Fetching {file.name}: {tenths}0 %")
    except (OSError, ValueError) as error:
        raise FilesError(
            f"{file.name} cannot be fetched from {file.host}: {_reason(error)}."
        ) from None
    if there < file.size:
        raise FilesError(
            f"{file.name} came in part from {file.host}: {there:,} of {file.size:,} bytes. The next"
            " time goes on from there."
        )


def _verify(file: DeclaredFile, target: Any) -> None:
    target.seek(0)
    if hashlib.file_digest(target, "sha256").hexdigest() != file.sha256:
        raise _Wrong(f"{file.name} is not what the plugin promised: its hash differs.")


def _reason(error: OSError | ValueError) -> str:
    """Why nothing came, without the number of the system's error."""
    inner = getattr(error, "reason", None) or error
    if isinstance(inner, socket.gaierror):
        return "no server of that name is reached"
    return str(getattr(inner, "strerror", None) or inner)


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows an address to another that is as safe."""

    def redirect_request(
        self, req: Any, fp: Any, code: int, msg: str, headers: Any, url: str
    ) -> Any:
        if not _allowed(url):
            raise urllib.error.URLError("it is sent on to an address that is not https")
        return super().redirect_request(req, fp, code, msg, headers, url)


def _opener() -> urllib.request.OpenerDirector:
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        _Redirects(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.UnknownHandler(),
    ):
        opener.add_handler(handler)
    return opener


def forget_unneeded(folder: Path, needed: Iterable[DeclaredFile]) -> None:
    """Remove the files that no plugin declares any more."""
    kept = {place(folder, file).name for file in needed}
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            if path.suffix in (".onnx", _PART) and path.with_suffix(".onnx").name not in kept:
                path.unlink()
