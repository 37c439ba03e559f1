"""Pip: the one tool that fetches and unpacks distributions. Its complaints become sentences.

Only wheels are fetched, so nothing that comes from an index runs here: pip unpacks a wheel, it
does not execute it.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from safelight import __version__
from safelight.actions.plugins.plugin_store import StoreError
from safelight.files import atomic_write

_OPTIONS = (
    *("--no-input", "--disable-pip-version-check", "--no-color", "--no-python-version-warning"),
    *("--retries", "1", "--timeout", "20"),
)


_WORKER = re.compile(r"(numpy|pluggy|onnxruntime)\b")
"""What a worker of the editor needs; another version of it must fit the editor too."""


_LOOKS = 25
"""How many times a running command is asked whether it goes on, between two looks at its deeds."""

_MOST_SAID = 1 << 20


class Stopped(StoreError):
    """The user has cancelled."""


class Pip:
    """Runs pip with the editor's interpreter and the user's own configuration (index, proxy).

    ``cancelled`` stops it. ``find_links`` are folders with wheels; ``offline`` uses those alone.
    """

    def __init__(
        self,
        cancelled: threading.Event,
        find_links: Sequence[Path] = (),
        *,
        offline: bool = False,
    ) -> None:
        self._cancelled = cancelled
        self._places = [word for place in find_links for word in ("--find-links", str(place))]
        if offline:
            self._places.append("--no-index")

    def resolve(self, what: Sequence[str], *, upgrade: bool = False) -> list[dict[str, Any]]:
        """What would be added so that ``what`` (requirements, wheels) can be used: pip's report.

        What the editor's environment has already, in a version that fits, is not in it. The
        plugin's worker needs little of what the editor needs, so a plugin may bring another
        version of the rest. Raises StoreError.
        """
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder) / "report.json"  # a file: other output mixes into "-"
            words = ["install", "--dry-run", "--progress-bar", "off", "--only-binary", ":all:"]
            words += ["--upgrade", "--upgrade-strategy", "only-if-needed"] if upgrade else []
            words += [*self._places, "--report", str(report), *what, f"safelight=={__version__}"]
            self.run(words, what[0], shadow=_worker_alone(Path(folder)))
            try:
                found: list[dict[str, Any]] = json.loads(report.read_text("utf-8"))["install"]
            except (OSError, ValueError, KeyError) as error:
                raise StoreError(f"pip's report cannot be read: {error}") from None
        return found

    def download(self, requirement: str, folder: Path) -> None:
        """Fetch one wheel into ``folder``. Raises StoreError."""
        words = ["download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest"]
        self.run([*words, str(folder), *self._places, requirement], requirement)

    def unpack(self, wheels: Sequence[Path], library: Path) -> None:
        """Unpack wheels into ``library``; nothing of them is executed. Raises StoreError."""
        words = ["install", "--quiet", "--no-deps", "--no-index", "--no-compile", "--target"]
        self.run([*words, str(library), *map(str, wheels)], wheels[0].name)

    def install(self, requirements: Sequence[str], library: Path) -> None:
        """Fetch and unpack wheels with all they need into ``library``. Raises StoreError."""
        words = ["install", "--quiet", "--only-binary", ":all:", "--no-compile", "--target"]
        self.run([*words, str(library), *self._places, *requirements], requirements[0])

    def run(self, words: Sequence[str], subject: str, shadow: Path | None = None) -> str:
        """Run pip; ``subject`` is what a complaint is about, what ``shadow`` holds is installed
        in pip's eyes. Raises StoreError, Stopped.
        """
        start = f"import runpy, sys; sys.path[:0] = {[str(shadow)] if shadow else []!r}"
        start += "; runpy.run_module('pip', run_name='__main__')"
        command = [sys.executable, "-I", "-c", start, words[0], *_OPTIONS, *words[1:]]
        status, output = run_until(command, self._cancelled)
        if status != 0:
            raise StoreError(_in_words(output, subject))
        return output


def _worker_alone(folder: Path) -> Path:
    """A folder in which Safelight is installed and needs no more than a plugin's worker does."""
    record = folder / "shadow" / f"safelight-{__version__}.dist-info"
    record.mkdir(parents=True)
    needed = [item for item in metadata.requires("safelight") or () if _WORKER.match(item)]
    lines = ["Metadata-Version: 2.1", "Name: safelight", f"Version: {__version__}"]
    lines += [f"Requires-Dist: {item}" for item in needed]
    atomic_write(record / "METADATA", lambda file: file.write("\n".join(lines).encode() + b"\n"))
    return record.parent


def run_until(
    command: Sequence[str],
    cancelled: threading.Event,
    offence: Callable[[int], str] = lambda pid: "",
    **options: Any,
) -> tuple[int, str]:
    """A command's exit status and what it said, of more than a megabyte the end.

    ``offence`` is asked now and then what its process, by its id, does that nobody may. Raises
    Stopped when cancelled, and StoreError for that, after ending it.
    """
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT, **options
        )
        try:
            for look in itertools.count(1):
                if process.poll() is not None:
                    break
                if cancelled.is_set():
                    raise Stopped("It was cancelled; nothing was changed.")
                if look % _LOOKS == 0 and (reason := offence(process.pid)):
                    raise StoreError(f"It was stopped: {reason}.")
                time.sleep(0.02)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        said.seek(max(said.seek(0, os.SEEK_END) - _MOST_SAID, 0))
        return process.returncode, said.read().decode(errors="replace")


_COMPLAINTS = (
    (r"No module named pip", "pip is missing: install it with “python -m ensurepip”."),
    (r"No space left on device", "The disk is full: make room and try again."),
    (r"Permission denied", "{subject} cannot be written: permission denied."),
    (
        r"(NewConnectionError|Temporary failure in name resolution|Connection (refused|timed out)"
        r"|ConnectTimeout|Network is unreachable|ProxyError|Name or service not known)",
        "The package index cannot be reached: look at the network, or install from a file.",
    ),
    (
        r"requires a different Python: \S+ not in '?([^'\n]+)",
        "{subject} needs Python {0}; Safelight runs on {python}.",
    ),
    (
        r"is not a supported wheel on this platform",
        "{subject} was made for another system or Python version; Safelight runs Python {python}.",
    ),
    (
        r"(?:Wheel .* is invalid|Invalid wheel filename|is not a valid wheel)",
        "{subject} is no wheel, or a damaged one.",
    ),
    (r"Invalid requirement: '?([^'\n]+)", "{0} is no name of a package and no file that is here."),
    (
        r"depends on safelight(?![\w.-])[ \t]*(\S*)",
        "{subject} is made for another version of Safelight ({0}); this is {safelight}.",
    ),
    (
        r"DO NOT MATCH THE HASHES",
        "{subject} is not what the index promised: its hash differs. Tell its author.",
    ),
    (
        r"ResolutionImpossible|conflicting dependencies",
        "{subject} needs versions of packages that do not go together.",
    ),
    (
        r"No matching distribution found for ([^\s;]+)",
        "There is no {0} for Python {python} on this system: look at the name, the network and "
        "the versions it supports.",
    ),
)


def _in_words(output: str, subject: str) -> str:
    """Pip's output as one sentence."""
    subject = Path(subject).name
    if subject.endswith(".whl"):
        subject = subject.split("-")[0].replace("_", "-")
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    for pattern, sentence in _COMPLAINTS:
        found = re.search(pattern, output)
        if found:
            groups = [(group or "").strip() for group in found.groups()]
            with contextlib.suppress(IndexError):
                return sentence.format(
                    *groups, subject=subject, python=python, safelight=__version__
                )
    lines = [line for line in output.splitlines() if line.strip()]
    last = next((line for line in reversed(lines) if "ERROR" in line), lines[-1] if lines else "")
    return f"{subject} cannot be installed: {last.removeprefix('ERROR:').strip()}"
