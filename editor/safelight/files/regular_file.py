"""Regular file: a file opened for reading, and nothing else that a path may lead to."""

from __future__ import annotations

import io
import os
import stat

from safelight.files.machine_memory import free_memory
from safelight.files.open_errors import OpenError
from safelight.files.pixel_limit import SHARE_OF_MEMORY
from safelight.files.sentences import CLOSE


def size_of(file: io.BufferedReader) -> int:
    """The size of an open file in bytes."""
    return os.fstat(file.fileno()).st_size


def check_memory(file: io.BufferedReader, name: str) -> None:
    """Raise OpenError, about the file called ``name``, for one that the memory has no room for."""
    free, size = free_memory(), size_of(file)
    if free is not None and size > free * SHARE_OF_MEMORY:
        raise OpenError(f"{name} is larger ({size >> 20} MB) than the free memory allows; {CLOSE}.")


def open_regular(path: str | os.PathLike[str], name: str) -> io.BufferedReader:
    """The file at ``path``, open for reading. Raises OpenError for anything but a regular file,
    which it calls ``name``; never waits, as a FIFO would until somebody writes.
    """
    flags = os.O_RDONLY
    for flag in ("O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):
        flags |= getattr(os, flag, 0)
    try:
        # Asked before opening, because opening a device can already do something.
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            raise OpenError(f"{name} is a folder; choose a picture in it.")
        if not stat.S_ISREG(mode):
            raise OpenError(f"{name} is not an ordinary file; choose a picture.")
        descriptor = os.open(path, flags)
    except FileNotFoundError as error:
        raise OpenError(f"{name} does not exist; check the name and the folder.") from error
    except PermissionError as error:
        raise OpenError(
            f"You have no permission to read {name}; ask its owner, or change its permissions."
        ) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise OpenError(f"{name} cannot be read: {reason}.") from error
    # By this roundabout way the file object knows its name, which tifffile asks for.
    file = open(os.fsdecode(path), "rb", opener=lambda *_: descriptor)  # noqa: SIM115
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        file.close()
        raise OpenError(f"{name} is not an ordinary file; choose a picture.")
    return file
