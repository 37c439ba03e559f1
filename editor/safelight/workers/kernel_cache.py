"""Kernel cache: where numba keeps what it compiled for plugins, once for each user.

What lies there will be run by whoever finds it. So the workers of the built-in plugins alone write
there; a confined one is given a copy, which goes with it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

from safelight.folders import cache_folder

VARIABLE = "NUMBA_CACHE_DIR"
"""What tells numba where, before it is imported."""

_LARGEST = 64 << 20
"""Bytes up to which a confined worker is given a copy: far above what the built-in plugins take."""


def kept() -> dict[str, str]:
    """What a trusted worker's environment says of the folder.

    Nothing where it cannot be written to: numba then looks for a place by itself, beside the source
    and in the home folder.
    """
    folder = _folder()
    with contextlib.suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.access(folder, os.W_OK | os.X_OK):
            return {VARIABLE: str(folder)}
    return {}


def lent(scratch: Path) -> Path:
    """Where a confined worker that writes to ``scratch`` keeps its kernels."""
    return scratch / "kernels"


def lend(scratch: Path) -> None:
    """Copy into ``scratch`` what is compiled already. What cannot be copied is compiled again."""
    folder = _folder()
    with contextlib.suppress(OSError, shutil.Error):
        files = [file for file in folder.rglob("*") if file.is_file()]
        if sum(file.stat().st_size for file in files) <= _LARGEST:
            shutil.copytree(folder, lent(scratch))


def _folder() -> Path:
    return cache_folder() / "kernels" / "plugins"
