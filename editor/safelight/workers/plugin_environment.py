"""Plugin environment: where a plugin's code lives, and what its worker may touch."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

from safelight.folders import cache_folder
from safelight.workers import kernel_cache as kernels
from safelight.workers.confinement.sandbox import wrapping
from safelight.workers.confinement.scratch_folder import LIMIT, MOST_FILES, room_in_memory
from safelight.workers.editor_parts import editor_parts
from safelight.workers.locked_network import keys_for

_LARGE_PAGES = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
"""Has glibc (2.35 and later) ask for large pages where much memory is allocated. What lies between
a network's layers is hundreds of megabytes: in pages of 4 kB a tenth of its time is spent on
finding them. Nothing else looks at it."""


@dataclass(frozen=True, slots=True)
class Environment:
    """A stranger's plugin, installed beside the editor.

    ``library`` holds the plugin and what it needs beside the editor's packages; of two versions
    of a package its own comes first. Each worker writes to a folder of its own in ``scratch``.
    An author's plugin is imported from ``sources``, its package's own folder or file, instead;
    ``stamp`` is what ``stamp_of`` said of it, so that an environment whose code has changed is
    another one. ``fetched`` are the networks that were fetched for it, by the name that it has for
    each: their paths, "" for one that is not there. ``recorded`` are the hashes of its networks by
    path, as they were installed.
    """

    plugin: str
    library: Path
    scratch: Path
    sources: Path | None = None
    stamp: int = 0
    fetched: tuple[tuple[str, str], ...] = ()
    recorded: tuple[tuple[str, str], ...] = ()

    @property
    def trusted(self) -> bool:
        """No: what a stranger's plugin broke in its process stays broken."""
        return False

    @property
    def variables(self) -> Mapping[str, str]:
        """What a plugin's worker sees of the environment, beside what every confined one does."""
        return _LARGE_PAGES

    def renewed(self) -> Environment:
        """The environment with its sources as they are now; itself unless they have changed."""
        return self if self.sources is None else replace(self, stamp=stamp_of(self.sources))

    def keys(self) -> dict[str, bytes]:
        """The keys that a plugin's networks are locked with, by id, as far as they were added."""
        own = self.sources if self.sources is not None and self.sources.is_dir() else self.library
        fetched = [Path(path) for _, path in self.fetched if path]
        return keys_for([*own.rglob("*.onnx"), *fetched])

    def furnish(self, scratch: Path) -> None:
        """Put into ``scratch`` what a plugin can use: loops that are compiled already."""
        kernels.lend(scratch)

    def command(self, scratch: Path, memory: int) -> list[str]:
        """What starts a confined worker that writes to ``scratch`` and allocates ``memory`` bytes.

        The far side's own arguments follow.
        """
        own = [self.library]
        if self.sources is not None:
            own.insert(0, self.sources.parent)
        work = ["safelight.workers.far.worker_main", "--only", str(self.library)]
        work += [json.dumps(dict(self.fetched)), json.dumps(dict(self.recorded))]
        files = [Path(path) for _, path in self.fetched if path]
        return _command(own, scratch, memory, work, files)


@dataclass(frozen=True, slots=True)
class BuiltIns:
    """The editor's own plugins, and those in ``folders``, which are trusted like them.

    They need the packages that the editor is made of, with the networks in them, the kernels that
    were compiled for them before, and a graphics card where there is one. They need no network,
    nothing of the user's and no other folder to write to.
    """

    folders: tuple[Path, ...] = ()

    @property
    def trusted(self) -> bool:
        """Yes: their workers go on after a fault, and compile kernels for all."""
        return True

    @property
    def variables(self) -> Mapping[str, str]:
        """What says which graphics card, how many threads and which pages there are."""
        return _LARGE_PAGES | {
            name: value
            for name, value in os.environ.items()
            if name.startswith(("CUDA", "NVIDIA", "OMP_", "LD_LIBRARY", "LC_"))
        }

    @property
    def scratch(self) -> Path:
        """Where the built-ins' workers have folders of their own."""
        return cache_folder() / "working"

    def keys(self) -> dict[str, bytes]:
        """None: nothing of theirs is locked."""
        return {}

    def furnish(self, scratch: Path) -> None:
        """Nothing: they use the kernels where these lie."""

    def command(self, scratch: Path, memory: int) -> list[str]:
        """The command line that starts a worker, as ``Environment.command`` gives it."""
        kept = kernels.kept()
        work = ["safelight.workers.far.worker_main", "--built-in"]
        return _command([], scratch, memory, work, kept=kept, beside=self.folders)


@dataclass(frozen=True, slots=True)
class DecoderEnvironment:
    """Where strangers' files are decoded: the editor's own packages and no plugin.

    ``decoders`` is the module that decodes (``workers.far.decoder_main`` says how), by its name.
    ``kernels`` is where the window keeps what it has compiled: it may be read.
    """

    decoders: str
    scratch: Path
    kernels: Path | None = None

    @property
    def trusted(self) -> bool:
        """No: a file may have taken the process over."""
        return False

    @property
    def variables(self) -> Mapping[str, str]:
        """Nothing."""
        return {}

    def keys(self) -> dict[str, bytes]:
        """None: it runs no networks."""
        return {}

    def furnish(self, scratch: Path) -> None:
        """See that what may be read is there: a folder that comes later stays out of reach."""
        if self.kernels is not None:
            with contextlib.suppress(OSError):
                self.kernels.mkdir(mode=0o700, parents=True, exist_ok=True)

    def command(self, scratch: Path, memory: int) -> list[str]:
        """The command line that starts a decoder, as ``Environment.command`` gives it."""
        work = ["safelight.workers.far.decoder_main", "--decoders", self.decoders]
        kernels = [] if self.kernels is None else [self.kernels.resolve()]
        if kernels:
            work += ["--kernels", str(kernels[0]), "--own", str(scratch)]
        # Somebody waits for the picture: this is the window's own work, done elsewhere.
        return _command([], scratch, memory, work, kernels, yields=False, card=False)


class Confined(Protocol):
    """What a confined worker is started from. Its folder in ``scratch`` is the one it writes to."""

    @property
    def scratch(self) -> Path:
        """The folder in which each worker has one of its own."""

    @property
    def trusted(self) -> bool:
        """Whether what runs there is the editor's own, so that a fault of it breaks nothing."""

    @property
    def variables(self) -> Mapping[str, str]:
        """What a worker sees of the environment, beside what every confined one does."""

    def keys(self) -> dict[str, bytes]:
        """What networks are locked with, secrets by id: told, never put on a command line."""

    def furnish(self, scratch: Path) -> None:
        """Put into ``scratch`` what a worker finds there when it starts."""

    def command(self, scratch: Path, memory: int) -> list[str]:
        """What starts a worker that writes to ``scratch`` and allocates ``memory`` bytes."""


def _command(
    own: Sequence[Path],
    scratch: Path,
    memory: int,
    work: list[str],
    readable: Sequence[Path] = (),
    *,
    yields: bool = True,
    card: bool = True,
    kept: Mapping[str, str] = MappingProxyType({}),
    beside: Sequence[Path] = (),
) -> list[str]:
    """What starts a confined process that imports from ``own``, then from what the editor is made
    of, then from ``beside``, reads ``readable`` too and does ``work``: a module that has a
    ``main``, and its last arguments. ``yields``: it leaves the cores to the window. ``card``: it
    may open the graphics card. ``kept``: variables that name folders which it may write to and
    which stay.
    """
    writable = [scratch, *map(Path, kept.values())]
    found = imports(own, writable, [*readable, *beside], card=card)
    order = {
        **found,
        "path": [*found["path"], *map(str, beside)],
        "work": work,
        "scratch": str(scratch),
        "kept": dict(kept),
        "memory": memory,
        "limit": LIMIT,
        "room": (room_in_memory(), MOST_FILES),
        "yields": yields,
        "card": card,
    }
    wrapped: list[str] = order.pop("wrapping")
    first = str(far_side("confined_main"))
    python = [sys.executable, "-I", "-S", "-B", "-X", "faulthandler", first]
    return [*wrapped, *python, json.dumps(order)]


def imports(
    own: Sequence[Path],
    writable: Sequence[Path],
    readable: Sequence[Path] = (),
    *,
    card: bool = False,
) -> dict[str, Any]:
    """What an order says of what a confined process imports (``far.search_path``) and may read:
    ``own`` folders first, then what the editor is made of; it also reads ``readable``
    and opens the graphics card with ``card``.

    ``wrapping`` goes before the command; it is no part of the order.
    """
    parts = editor_parts()
    reads = [*map(str, (*own, *readable)), *parts.readable]
    wrapped = wrapping(map(Path, reads), writable, card=card)
    return {
        "own": [str(place) for place in own],
        "path": list(parts.path),
        "packages": dict(parts.packages),
        "readable": reads,
        "wrapped": bool(wrapped),
        "wrapping": wrapped,
    }


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
