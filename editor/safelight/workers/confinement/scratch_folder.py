"""Scratch folder: the one folder that a confined process may write to. It goes with the process."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import uuid
from pathlib import Path

LIMIT = 1 << 30
"""Bytes that all files of a scratch folder may have together, and each alone."""

_MOST_FILES = 20_000


class Scratch:
    """A fresh folder below ``parent``. What processes that are gone left there goes first.

    Raises OSError where it cannot be made.
    """

    def __init__(self, parent: Path) -> None:
        parent.mkdir(parents=True, exist_ok=True)
        remove_left(parent)
        self.folder = parent / own_name()
        self.folder.mkdir()

    def overflows(self) -> bool:
        """Whether there is more in it than LIMIT, or more files than anybody needs."""
        size = files = 0
        folders = [os.fspath(self.folder)]
        while folders:
            with contextlib.suppress(OSError), os.scandir(folders.pop()) as entries:
                for entry in entries:
                    files += 1
                    with contextlib.suppress(OSError):
                        if entry.is_dir(follow_symlinks=False):
                            folders.append(entry.path)
                        else:
                            size += entry.stat(follow_symlinks=False).st_blocks * 512
                    if files > _MOST_FILES or size > LIMIT:
                        return True
        return False

    def remove(self) -> None:
        """Remove it with all that is in it."""
        shutil.rmtree(self.folder, ignore_errors=True)


def own_name() -> str:
    """A name for a folder of this process that no other process takes."""
    return f"{os.getpid()}-{uuid.uuid4().hex}"


def remove_left(parent: Path) -> None:
    """Remove what processes that run no longer left in ``parent``, by ``own_name``."""
    with contextlib.suppress(OSError):
        for left in list(parent.iterdir()):
            if not _alive(left.name):
                shutil.rmtree(left, ignore_errors=True)


def _alive(name: str) -> bool:
    """Whether the process that made a folder still runs."""
    if sys.platform == "win32":
        return True  # where the question would be a signal
    try:
        os.kill(int(name.split("-")[0]), 0)
    except (ValueError, ProcessLookupError):
        return False
    except OSError:
        return True
    return True
