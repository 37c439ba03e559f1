"""Environment: where a plugin's code lives, and what its worker may touch."""

from __future__ import annotations

import contextlib
import json
import sys
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import safelight
from safelight.workers import kernels
from safelight.workers.confinement.sandbox import wrapping
from safelight.workers.confinement.scratch import LIMIT


@dataclass(frozen=True, slots=True)
class Environment:
    """A stranger's plugin, installed beside the editor.

    ``library`` holds the plugin and what it needs beside the editor's packages; of two versions
    of a package its own comes first. Each worker writes to a folder of its own in ``scratch``.
    An author's plugin is imported from ``sources``, its package's own folder or file, instead;
    ``stamp`` is what ``stamp_of`` said of it, so that an environment whose code has changed is
    another one.
    """

    plugin: str
    library: Path
    scratch: Path
    sources: Path | None = None
    stamp: int = 0

    def renewed(self) -> Environment:
        """The environment with its sources as they are now; itself unless they have changed."""
        return self if self.sources is None else replace(self, stamp=stamp_of(self.sources))

    def furnish(self, scratch: Path) -> None:
        """Put into ``scratch`` what a plugin can use: loops that are compiled already."""
        kernels.lend(scratch)

    def command(self, scratch: Path, memory: int) -> list[str]:
        """What starts a confined worker that writes to ``scratch`` and allocates ``memory`` bytes.

        The far side's own arguments follow.
        """
        path = [str(self.library), *editor_path()]
        if self.sources is not None:
            path.insert(0, str(self.sources.parent))
        work = ["safelight.workers.far.process", "--only", str(self.library)]
        return _command(path, scratch, memory, work)


@dataclass(frozen=True, slots=True)
class DecoderEnvironment:
    """Where strangers' files are decoded: the editor's own packages and no plugin.

    ``decoders`` is the module that decodes (``workers.far.decoder`` says how), by its name.
    """

    decoders: str
    scratch: Path

    def furnish(self, scratch: Path) -> None:
        """Nothing: decoding compiles nothing, and somebody waits for it."""

    def command(self, scratch: Path, memory: int) -> list[str]:
        """As ``Environment.command``."""
        work = ["safelight.workers.far.decoder", "--decoders", self.decoders]
        # Somebody waits for the picture: this is the window's own work, done elsewhere.
        return _command(editor_path(), scratch, memory, work, yields=False)


class Confined(Protocol):
    """What a confined worker is started from. Its folder in ``scratch`` is the one it writes to."""

    @property
    def scratch(self) -> Path:
        """The folder in which each worker has one of its own."""

    def furnish(self, scratch: Path) -> None:
        """Put into ``scratch`` what a worker finds there when it starts."""

    def command(self, scratch: Path, memory: int) -> list[str]:
        """What starts a worker that writes to ``scratch`` and allocates ``memory`` bytes."""


def _command(
    path: list[str], scratch: Path, memory: int, work: list[str], *, yields: bool = True
) -> list[str]:
    """What starts a confined process that imports from ``path`` and then does ``work``: a module
    that has a ``main``, and its last arguments. ``yields``: it leaves the cores to the window.
    """
    readable = [*path, *interpreter()]
    wrapped = wrapping(map(Path, readable), [scratch])
    order = {
        "work": work,
        "path": path,
        "readable": readable,
        "scratch": str(scratch),
        "memory": memory,
        "limit": LIMIT,
        "wrapped": bool(wrapped),
        "yields": yields,
    }
    first = str(far_side("confined"))
    python = [sys.executable, "-I", "-S", "-B", "-X", "faulthandler", first]
    return [*wrapped, *python, json.dumps(order)]


def far_side(name: str) -> Path:
    """The file of a far side, which is started by its path: nothing on this side imports it."""
    return Path(__file__).parent / "far" / f"{name}.py"


def stamp_of(sources: Path) -> int:
    """A number that is another one once a file below ``sources`` has changed, come or gone."""
    facts = []
    for file in sorted(sources.rglob("*")) if sources.is_dir() else [sources]:
        if file.suffix != ".pyc" and file.is_file():
            with contextlib.suppress(OSError):  # gone meanwhile
                found = file.stat()
                facts.append(f"{file.name} {found.st_mtime_ns} {found.st_size}")
    return zlib.crc32("\n".join(facts).encode())


def editor_path() -> list[str]:
    """The folders the editor's own packages are imported from."""
    own = str(Path(safelight.__file__).parents[1])
    return list(dict.fromkeys([own, *(place for place in sys.path if place)]))


def interpreter() -> list[str]:
    """Where Python itself lies; a prefix like /usr is not all readable, only its libraries."""
    places = {Path(sys.base_prefix), Path(sys.base_exec_prefix)}
    return [str(place / part) for place in places for part in ("lib", "lib64", "bin")]
