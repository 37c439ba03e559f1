"""Temporary files: how those beside a target are called, and what dead processes left of them."""

from __future__ import annotations

import contextlib
import os
import sys
import zlib

from safelight.files.disk_operations import Operations

PREFIX = ".safelight-"
"""How the name of every temporary file begins; it goes on with host, process and chance."""

SUFFIX = ".tmp"
"""How the name of every temporary file ends."""

LONGEST_TEMPORARY = 44
"""Bytes that the name of a temporary file has at most: a process has seven digits."""


def host_letters() -> str:
    """Eight letters for this computer: a process number means nothing on another one."""
    name = os.environ.get("COMPUTERNAME", "") if sys.platform == "win32" else os.uname().nodename
    return f"{zlib.crc32(name.encode()):08x}"


def sweep(folder: str, operations: Operations) -> None:
    """Remove temporary files here that a dead process of this computer left behind."""
    beginning = f"{PREFIX}{host_letters()}-"
    try:
        names = operations.names(folder)
    except OSError:
        return
    for name in names:
        if not (name.startswith(beginning) and name.endswith(SUFFIX)):
            continue
        number = name[len(beginning) :].split("-")[0]
        if not number.isdecimal() or _alive(int(number)):
            continue
        path = os.path.join(folder, name)
        with contextlib.suppress(OSError):
            # A sandbox may number its processes on its own, so the number alone is not proof;
            # a living writer also holds a lock.
            flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
            descriptor = operations.open(path, flags)
            try:
                operations.lock(descriptor)
            finally:
                operations.close(descriptor)
            operations.unlink(path)


def _alive(process: int) -> bool:
    """Whether a process of that number runs here."""
    if process == os.getpid():
        return True
    if sys.platform == "win32":
        # There, os.kill would end it, and a file still open cannot be removed anyway.
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
