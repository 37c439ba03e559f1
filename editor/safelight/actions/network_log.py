"""Network log: which network saw which document, when, in which version; on this machine alone.

A line of JSON an entry, in the state folder. Each holds a seal, the hash of what it says and of the
seal before it: an entry that was changed, taken out or put in shows from there on. Nothing keeps
whoever can write the file from making all seals anew, or from cutting off the last entries. Entries
are in order by number: a clock can be set back.
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safelight.files import WriteError, atomic_write
from safelight.folders import state_folder
from safelight.workers.network_sight import Sight

UNHEARD: list[str] = []
"""Why a log was not kept, where no window heard it: for the end of a command."""

_SAME = 60.0
"""Seconds within which the same network's sight of the same part of a document is one entry."""

_TAIL = 1 << 14
"""Bytes from the end of the file in which its last line is looked for."""

_MOST = 256 << 20
"""Bytes of a log that are read: half a million entries."""

_BACK = "The clock was behind the entry before."


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the log. ``intact`` says whether its seal fits what it says and what is before it.

    ``part`` is (x, y, width, height) in the document, None = all of it; ``time`` is UTC, as
    YYYY-MM-DDTHH:MM:SSZ; ``remark`` says what is odd about it.
    """

    number: int
    time: str
    document: str
    width: int
    height: int
    part: tuple[int, int, int, int] | None
    network: str
    sha256: str
    filter: str
    plugin: str
    version: str
    remark: str
    intact: bool


class NetworkLog:
    """The log, kept by any number of processes at once. ``failed`` is told a sentence, once, where
    it cannot be kept, and says whether anybody has heard it. Work goes on without it.
    """

    def __init__(
        self, path: Path | None = None, failed: Callable[[str], bool] = lambda sentence: False
    ) -> None:
        self.path = path or state_folder() / "networks-log.jsonl"
        self._failed = failed
        self._told = False
        self._lock = threading.Lock()
        self._lately: dict[tuple[Sight, str, str], float] = {}

    def note(self, sight: Sight, network: str, sha256: str) -> None:
        """Write that a network sees something. Raises nothing."""
        key, now = (sight, network, sha256), time.monotonic()
        with self._lock:
            lately = self._lately.get(key)
            if lately is not None and now < lately + _SAME:
                return
            self._lately = {x: at for x, at in self._lately.items() if now < at + _SAME}
            try:
                with self._alone() as file:
                    _append(file, _said(sight, network, sha256))
                self._lately[key] = now
                return
            except OSError as error:
                if self._told:
                    return
                self._told = True
                reason = error.strerror or error
        sentence = f"What networks see is not noted: {self.path.name} cannot be written ({reason})."
        if not self._failed(sentence):
            UNHEARD.append(sentence)

    def entries(self) -> tuple[Entry, ...]:
        """All entries of the log, as they were written; a line that is none has no network. Raises
        OSError.
        """
        return tuple(_read(self._content()))

    def export(self, target: Path, *, overwrite: bool = False) -> int:
        """Copy the log as it is, seals and all, and say how many bytes. Raises FileExists,
        WriteError, OSError.
        """
        content = self._content()
        atomic_write(target, lambda file: file.write(content), overwrite=overwrite)
        return len(content)

    def delete(self) -> None:
        """Forget all entries; the next one is the first. Raises WriteError."""
        with self._lock:
            self._lately.clear()
            try:
                self.path.unlink(missing_ok=True)
            except OSError as error:
                raise WriteError(f"The log cannot be deleted: {error.strerror}.") from None

    def _content(self) -> bytes:
        try:
            with self.path.open("rb") as file:
                return file.read(_MOST)
        except FileNotFoundError:
            return b""

    @contextlib.contextmanager
    def _alone(self) -> Iterator[int]:
        """The open file, which no other process writes to meanwhile. Raises OSError."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
        while True:
            file = os.open(self.path, flags | getattr(os, "O_CLOEXEC", 0), 0o600)
            try:
                _wait_for(file)
                if not self.path.exists() or not os.path.samestat(os.fstat(file), self.path.stat()):
                    continue  # another process has deleted it meanwhile
                yield file
                return
            finally:
                os.close(file)


def verdict(entries: tuple[Entry, ...]) -> str:
    """Whether a log is as it was written, as a sentence."""
    if not entries:
        return "No network has seen a document yet, or the log was deleted."
    broken = [item.number for item in entries if not item.intact]
    many = f"{len(entries):,} entr{'y' if len(entries) == 1 else 'ies'}"
    if not broken:
        return f"{many}; none has been changed, taken out or put in, as far as their seals tell."
    return f"{many}; at number {broken[0]} something was changed, taken out, put in or cut short."


def _wait_for(file: int) -> None:
    """Hold an open file until it is closed."""
    if sys.platform != "win32":
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX)


def _said(sight: Sight, network: str, sha256: str) -> dict[str, Any]:
    part = sight.part
    return {
        "document": sight.document,
        "width": sight.width,
        "height": sight.height,
        "part": [part.x, part.y, part.width, part.height] if part else None,
        "network": network,
        "sha256": sha256,
        "filter": sight.filter,
        "plugin": sight.plugin,
        "version": sight.version,
    }


def _append(file: int, said: dict[str, Any]) -> None:
    """Write an entry behind the last one. Raises OSError; a part of a line is then taken back."""
    size = os.lseek(file, 0, os.SEEK_END)
    os.lseek(file, max(size - _TAIL, 0), os.SEEK_SET)
    tail = os.read(file, _TAIL)
    before: dict[str, Any] = {}
    for line in reversed(tail.splitlines()):
        found = _object(line)
        if found is not None:
            before = found
            break
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    number, last = before.get("number"), before.get("time")
    entry = {"number": number + 1 if isinstance(number, int) else 1, "time": now, **said}
    if isinstance(last, str) and now < last:
        entry["remark"] = _BACK
    entry["seal"] = _seal(entry, str(before.get("seal", "")))
    line = json.dumps(entry, ensure_ascii=True).encode() + b"\n"
    if tail and not tail.endswith(b"\n"):
        line = b"\n" + line  # behind one that was cut short
    if os.write(file, line) != len(line):
        os.ftruncate(file, size)
        raise OSError(28, "No space left on device")


def _seal(entry: dict[str, Any], before: str) -> str:
    said = {name: value for name, value in entry.items() if name != "seal"}
    text = json.dumps(said, ensure_ascii=True, sort_keys=True)
    return hashlib.sha256(f"{before}\n{text}".encode()).hexdigest()


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _read(content: bytes) -> Iterator[Entry]:
    before, number = "", 0
    for line in content.splitlines():
        found = _object(line)
        if found is None:
            yield Entry(number + 1, "", "", 0, 0, None, "", "", "", "", "", "No entry.", False)
            continue
        follows = found.get("number") == number + 1
        intact = follows and found.get("seal") == _seal(found, before)
        before = str(found.get("seal", ""))
        number = _whole(found.get("number"), number + 1)
        part = found.get("part")
        words = {
            name: str(found.get(name, ""))
            for name in ("time", "document", "network", "sha256", "filter", "plugin", "version")
        }
        yield Entry(
            number=number,
            width=_whole(found.get("width")),
            height=_whole(found.get("height")),
            part=(
                (_whole(part[0]), _whole(part[1]), _whole(part[2]), _whole(part[3]))
                if isinstance(part, list) and len(part) == 4
                else None
            ),
            remark=str(found.get("remark", "")),
            intact=intact,
            **words,
        )


def _whole(value: Any, otherwise: int = 0) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else otherwise
