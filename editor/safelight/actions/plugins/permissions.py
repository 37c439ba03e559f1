"""Permissions: what a plugin may do that others need not, as sentences, known before it is run.

What keeps a plugin from all else is the same for all (``workers.confinement.sandbox``).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from safelight.actions.plugins.declared_files import DeclaredFile

_PICTURES = "It sees the pictures on which you use what it offers."
_COMPILED = "It runs compiled code, which cannot be read."
_NETWORKS = "It runs networks, on the graphics card where there is one."
_FETCHED = "It has Safelight fetch networks from {0}, when you install it."

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
    return (*found, *(_FETCHED.format(host) for host in hosts))


def grown(before: Sequence[str], now: Sequence[str]) -> tuple[str, ...]:
    """What a plugin may do now that it might not do before."""
    return tuple(item for item in now if item not in before)


def _is_compiled(name: str) -> bool:
    lower = name.lower()
    return lower.endswith(_ENDINGS) or ".so." in lower
