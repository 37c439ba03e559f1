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

_CARDS_VARIABLE = "CUDA_CACHE_PATH"

_LARGEST = 64 << 20
"""Bytes up to which a confined worker is given a copy: far above what the built-in plugins take."""


def kept() -> dict[str, str]:
    """What tells the workers of the built-in plugins where the folders are that they may write to:
    numba's, and the one of a graphics card's driver, which compiles for cards it does not know.

    Nothing where they cannot be written to: numba then looks for a place by itself, in the end in
    its home folder, which is a scratch folder.
    """
    found = {}
    for variable, folder in ((VARIABLE, _folder()), (_CARDS_VARIABLE, _folder().parent / "cards")):
        with contextlib.suppress(OSError):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if os.access(folder, os.W_OK | os.X_OK):
                found[variable] = str(folder)
    return found


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
