"""Permissions: what a plugin may do that others need not, as sentences, known before it is run.

What keeps a plugin from all else is the same for all (``workers.confinement.sandbox``).
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from importlib import metadata
from pathlib import Path

from safelight.actions.plugins.declared_files import DeclaredFile
from safelight.api import PROJECT, Format

_PICTURES = "It sees the pictures on which you use what it offers."
_COMPILED = "It runs compiled code, which cannot be read."
_NETWORKS = "It runs networks, on the graphics card where there is one."
_FETCHED = "It has Safelight fetch networks from {0}, when you install it."
_OPENS = "It opens files of formats of its own, each of which it is given whole."
_WRITES = "It writes files of formats of its own, from the pictures that you export."

_HOOKS = ((_OPENS, re.compile(rb"\bimporters\b")), (_WRITES, re.compile(rb"\bexporters\b")))
"""The hooks of formats, by whose names a plugin's code has to call them."""

_ENDINGS = (".so", ".pyd", ".dll", ".dylib")


def permissions(library: Path, files: Iterable[DeclaredFile]) -> tuple[str, ...]:
    """What a plugin may do whose code and packages lie in ``library`` and for which ``files`` are
    fetched.
    """
    compiled = networks = False
    for _, _, names in os.walk(library):
        compiled = compiled or any(_is_compiled(name) for name in names)
        networks = networks or any(name.lower().endswith(".onnx") for name in names)
    hosts = sorted({item.host for item in files})
    found = [_PICTURES]
    found += [_COMPILED] if compiled else []
    found += [_NETWORKS] if networks or hosts else []
    found += _formats(library)
    return (*found, *(_FETCHED.format(host) for host in hosts))


def unannounced(library: Path, formats: Iterable[Format]) -> tuple[str, ...]:
    """What a plugin with those ``formats`` may do that its code in ``library`` does not show."""
    announced = _formats(library)
    real = {_OPENS if item.reads else _WRITES for item in formats}
    return tuple(sorted(real.difference(announced)))


def _formats(library: Path) -> list[str]:
    """The sentences on formats, from the names of hooks in the plugin's own packages: nothing of
    them is run.
    """
    left = dict(_HOOKS)
    for file in _own_code(library):
        with contextlib.suppress(OSError):
            content = file.read_bytes()
            left = {key: name for key, name in left.items() if not name.search(content)}
    return [sentence for sentence, _ in _HOOKS if sentence not in left]


def _own_code(library: Path) -> Iterator[Path]:
    """The files of code of the packages that a plugin's entry points name."""
    points = [
        point
        for item in metadata.distributions(path=[str(library)])
        for point in item.entry_points
        if point.group == PROJECT
    ]
    for package in sorted({point.module.split(".")[0] for point in points}):
        for place in (library / package, *library.glob(f"{package}.*")):
            for file in sorted(place.rglob("*")) if place.is_dir() else [place]:
                if file.suffix == ".py" or _is_compiled(file.name):
                    yield file


def grown(before: Sequence[str], now: Sequence[str]) -> tuple[str, ...]:
    """What a plugin may do now that it might not do before."""
    return tuple(item for item in now if item not in before)


def _is_compiled(name: str) -> bool:
    lower = name.lower()
    return lower.endswith(_ENDINGS) or ".so." in lower
