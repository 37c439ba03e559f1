"""Disk operations: every call that atomic writing makes to the operating system."""

from __future__ import annotations

import errno
import os
import sys
from typing import Any


class Operations:
    """Every call ``atomic_write`` makes to the operating system.

    Tests put another object in its place, to make the n-th call fail.
    """

    def stat(self, path: str) -> os.stat_result:
        return os.lstat(path)

    def writable(self, path: str) -> bool:
        return os.access(path, os.W_OK)

    def free_bytes(self, folder: str) -> int | None:
        if not hasattr(os, "statvfs"):
            return None
        figures = os.statvfs(folder)
        if not figures.f_blocks:  # no disk: /proc, for one
            return None
        return figures.f_bavail * figures.f_frsize

    def names(self, folder: str) -> list[str]:
        return os.listdir(folder)

    def open(self, path: str, flags: int, mode: int = 0o600) -> int:
        return os.open(path, flags, mode)

    def lock(self, descriptor: int) -> None:
        """Hold the file until it is closed or the process ends; BlockingIOError if held."""
        if sys.platform != "win32":
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def write(self, descriptor: int, data: Any) -> int:
        return os.write(descriptor, data)

    def read(self, descriptor: int, count: int) -> bytes:
        return os.read(descriptor, count)

    def seek(self, descriptor: int, offset: int, whence: int) -> int:
        return os.lseek(descriptor, offset, whence)

    def truncate(self, descriptor: int, size: int) -> None:
        os.ftruncate(descriptor, size)

    def owner(self, descriptor: int, user: int, group: int) -> None:
        if hasattr(os, "fchown"):
            os.fchown(descriptor, user, group)

    def mode(self, descriptor: int, mode: int) -> None:
        if hasattr(os, "fchmod"):
            os.fchmod(descriptor, mode)

    def attributes(self, path: str) -> list[str]:
        return os.listxattr(path) if sys.platform == "linux" else []

    def attribute(self, path: str, name: str) -> bytes:
        return os.getxattr(path, name) if sys.platform == "linux" else b""

    def set_attribute(self, descriptor: int, name: str, value: bytes) -> None:
        if sys.platform == "linux":
            os.setxattr(descriptor, name, value)

    def sync(self, descriptor: int) -> None:
        if sys.platform == "darwin":
            import fcntl

            # macOS's fsync leaves the bytes in the drive's own cache; this does not.
            try:
                fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
                return
            except OSError as error:
                if error.errno not in UNSUPPORTED:
                    raise
        os.fsync(descriptor)

    def close(self, descriptor: int) -> None:
        os.close(descriptor)

    def link(self, source: str, target: str) -> None:
        os.link(source, target)

    def rename_to_new(self, source: str, target: str) -> None:
        """Windows only: its rename refuses an existing target."""
        os.rename(source, target)

    def replace(self, source: str, target: str) -> None:
        os.replace(source, target)

    def unlink(self, path: str) -> None:
        os.unlink(path)


OPERATIONS = Operations()
"""The operating system itself."""

UNSUPPORTED = frozenset(
    getattr(errno, name)
    for name in ("ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EINVAL", "EPERM", "EACCES", "ENOTTY", "EMLINK")
    if hasattr(errno, name)
)
"""Errors that mean "this file system cannot do that", not "the disk is failing"."""
