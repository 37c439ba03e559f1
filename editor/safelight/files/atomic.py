"""Atomic writing: the one way Safelight writes a file, so that no failure costs the old one.

The new contents go into a temporary file beside the target, are forced to the disk and read
back, and only then take the target's name. Whoever looks, or loses power, finds the old file or
the new one, whole.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from safelight.files.disk_operations import OPERATIONS, UNSUPPORTED, Operations
from safelight.files.temporary_files import PREFIX, SUFFIX, host_letters, sweep
from safelight.files.write_errors import WriteError, exists_already, plain_name, refusal_in_words

_SLACK = 1.1


@dataclass(frozen=True, slots=True)
class Written:
    """What ``atomic_write`` did: the real file (links followed), its size in bytes, notes."""

    path: Path
    bytes: int
    notes: tuple[str, ...] = ()


def atomic_write(
    path: str | os.PathLike[str],
    write: Callable[[BinaryIO], object],
    *,
    overwrite: bool = False,
    check: Callable[[Path], None] | None = None,
    expected_bytes: int = 0,
    operations: Operations = OPERATIONS,
) -> Written:
    """Write a file whole or not at all.

    ``write`` receives an empty binary file, open for writing, reading and seeking (it has no
    ``fileno``: every byte passes through ``operations``). ``check`` receives the path of the
    finished temporary file and raises when it does not read back as it should. Links are
    followed, and the file they lead to is replaced. Mode, group, access list and extended
    attributes of an old file are copied as far as the system allows. ``expected_bytes`` is a
    low estimate of the size, for an early and kind refusal on a full disk.

    Raises FileExists when the target exists and ``overwrite`` is False (also when it appeared
    during the write), WriteError for everything else the system refuses, and whatever ``write``
    and ``check`` raise. In each of these cases the old file is as it was, and no temporary file
    is left; with one exception: an error from forcing the folder's entry to the disk, after the
    new file has taken the name, is reported although the new file is there, complete.
    """
    job = AtomicWrite(os.path.realpath(os.fspath(path)), plain_name(path), overwrite, operations)
    with refusal_in_words(job.name):
        return job.run(write, check, expected_bytes)


def check_target(path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
    """See, without writing, that ``atomic_write`` would not refuse this target.

    Raises FileExists and WriteError as it would.
    """
    job = AtomicWrite(os.path.realpath(os.fspath(path)), plain_name(path), overwrite, OPERATIONS)
    with refusal_in_words(job.name):
        job.examine(0)
        if not job.operations.writable(job.folder):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


class AtomicWrite:
    """One atomic write: the target, what stood there, and the temporary file beside it."""

    def __init__(self, target: str, name: str, overwrite: bool, operations: Operations) -> None:
        self.target = target
        self.name = name
        self.overwrite = overwrite
        self.operations = operations
        self.folder = os.path.dirname(target)
        self.temporary: str | None = None
        self.notes: list[str] = []

    def run(
        self,
        write: Callable[[BinaryIO], object],
        check: Callable[[Path], None] | None,
        expected_bytes: int,
    ) -> Written:
        old = self.examine(expected_bytes)
        sweep(self.folder, self.operations)
        try:
            size = self._fill(write, old, check)
            assert self.temporary is not None
            if self.overwrite:
                self.operations.replace(self.temporary, self.target)
            else:
                self._take_new_name(self.temporary)
        finally:
            self._discard()
        self._sync_folder()
        return Written(Path(self.target), size, tuple(self.notes))

    def examine(self, expected_bytes: int) -> os.stat_result | None:
        """What stands at the target, after refusing what must not be replaced."""
        if os.path.basename(self.target) == "":
            raise WriteError(f"{self.name} is a folder, not a file; add a file name.")
        try:
            old: os.stat_result | None = self.operations.stat(self.target)
        except FileNotFoundError:
            old = None
        if old is not None:
            if stat.S_ISDIR(old.st_mode):
                raise WriteError(f"{self.name} is a folder, not a file; choose another name.")
            if stat.S_ISLNK(old.st_mode):
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
            if not stat.S_ISREG(old.st_mode):
                raise WriteError(f"{self.name} is not an ordinary file; choose another name.")
            if not self.overwrite:
                raise exists_already(self.name)
            # A rename asks the folder for permission, not the file: ask the file here.
            if not self.operations.writable(self.target):
                raise WriteError(f"{self.name} is write-protected; choose another name.")
            if old.st_nlink > 1:
                self.notes.append(
                    f"{self.name} has a second name (a hard link), which keeps the old contents."
                )
        try:
            folder = self.operations.stat(self.folder)
        except FileNotFoundError as error:
            raise WriteError(
                f"{self.name} was not saved: the folder {self.folder} does not exist."
            ) from error
        if not stat.S_ISDIR(folder.st_mode):
            raise WriteError(f"{self.name} was not saved: {self.folder} is not a folder.")
        free = self.operations.free_bytes(self.folder)
        if free is not None and expected_bytes * _SLACK > free:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return old

    def _fill(
        self,
        write: Callable[[BinaryIO], object],
        old: os.stat_result | None,
        check: Callable[[Path], None] | None,
    ) -> int:
        """Write the temporary file, force it to the disk and check it; its size in bytes."""
        path = os.path.join(
            self.folder, f"{PREFIX}{host_letters()}-{os.getpid()}-{os.urandom(6).hex()}{SUFFIX}"
        )
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL
        for flag in ("O_NOFOLLOW", "O_CLOEXEC", "O_BINARY"):
            flags |= getattr(os, flag, 0)
        # Without an old file the system's own rule (umask, the folder's default access list)
        # decides who may read it; over an old file nobody else may until its mode is copied.
        descriptor = self.operations.open(path, flags, 0o666 if old is None else 0o600)
        self.temporary = path
        raw = _Stream(descriptor, self.operations)
        try:
            # Unsupported on some network file systems; it only tells others that we are alive.
            with contextlib.suppress(OSError):
                self.operations.lock(descriptor)
            buffered = io.BufferedRandom(cast(io.RawIOBase, raw), 1 << 20)
            write(cast(BinaryIO, buffered))
            buffered.flush()
            if raw.failure is not None:
                # An encoder swallowed the error. What it wrote afterwards cannot be trusted.
                raise raw.failure
            if old is not None:
                self._copy_rights(descriptor, old)
            size = self.operations.seek(descriptor, 0, os.SEEK_END)
            self._sync_and_check(descriptor, Path(path), check)
        except BaseException:
            raw.abandon(quietly=True)
            raise
        raw.abandon(quietly=False)
        return size

    def _sync_and_check(
        self, descriptor: int, path: Path, check: Callable[[Path], None] | None
    ) -> None:
        """Force the temporary file to the disk, and check it while the disk works."""
        if check is None:
            self.operations.sync(descriptor)
            return
        from concurrent.futures import ThreadPoolExecutor  # 7 ms, at nobody's start

        with ThreadPoolExecutor(1, "sync") as thread:
            synced = thread.submit(self.operations.sync, descriptor)
            try:
                check(path)
            finally:
                # An error here is final, whatever the check found: the system may have dropped
                # the pages it could not write.
                synced.result()

    def _copy_rights(self, descriptor: int, old: os.stat_result) -> None:
        """Owner, group, attributes (access lists are among them) and mode of the old file."""
        mode = stat.S_IMODE(old.st_mode)
        complete = True
        try:
            self.operations.owner(descriptor, -1, old.st_gid)
        except OSError:
            # What the old group was allowed must not go to another group.
            mode = mode & ~0o070 | (mode & 0o007) << 3
            complete = False
        if getattr(os, "geteuid", lambda: -1)() == 0:
            with contextlib.suppress(OSError):
                self.operations.owner(descriptor, old.st_uid, -1)
        try:
            names = self.operations.attributes(self.target)
        except OSError:
            names, complete = [], False
        for name in names:
            try:
                value = self.operations.attribute(self.target, name)
                self.operations.set_attribute(descriptor, name, value)
            except OSError:
                complete = False
        try:
            self.operations.mode(descriptor, mode)
        except OSError:
            complete = False
        if not complete:
            self.notes.append(f"Not all access rights of the old {self.name} could be copied.")

    def _take_new_name(self, temporary: str) -> None:
        """Give the temporary file the target's name unless something has it already."""
        try:
            if sys.platform == "win32":
                self.operations.rename_to_new(temporary, self.target)
            else:
                self.operations.link(temporary, self.target)
            return
        except FileExistsError as error:
            raise exists_already(self.name) from error
        except OSError as error:
            if sys.platform == "win32" or error.errno not in UNSUPPORTED:
                raise
        # No hard links here (FAT, some network shares). Reserve the name with an empty file,
        # which cannot succeed if the name is taken, and rename over that. A kill between the
        # two leaves the empty file: nothing that was there before is lost.
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0)
        try:
            self.operations.close(self.operations.open(self.target, flags, 0o600))
        except FileExistsError as error:
            raise exists_already(self.name) from error
        try:
            self.operations.replace(temporary, self.target)
        except BaseException:
            with contextlib.suppress(OSError):
                self.operations.unlink(self.target)
            raise

    def _discard(self) -> None:
        """Remove the temporary name, on success (it is a second link) as on failure."""
        if self.temporary is None:
            return
        for _ in range(2):
            try:
                self.operations.unlink(self.temporary)
            except FileNotFoundError:
                return
            except OSError:
                continue
            return

    def _sync_folder(self) -> None:
        """Force the folder's entry to the disk, so that a power cut does not undo the rename."""
        if sys.platform == "win32":
            return
        try:
            descriptor = self.operations.open(self.folder, os.O_RDONLY | os.O_CLOEXEC)
            try:
                self.operations.sync(descriptor)
            finally:
                self.operations.close(descriptor)
        except OSError as error:
            if error.errno in UNSUPPORTED:
                return
            raise WriteError(
                f"{self.name} is written, but the disk did not confirm it"
                f" ({error.strerror}); keep another copy."
            ) from error


class _Stream(io.RawIOBase):
    """A file descriptor as a file object whose every call goes through ``Operations``."""

    def __init__(self, descriptor: int, operations: Operations) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._operations = operations
        self.failure: OSError | None = None

    @contextlib.contextmanager
    def _watched(self) -> Iterator[None]:
        if self._descriptor < 0:
            raise ValueError("the file is closed")
        try:
            yield
        except OSError as error:
            self.failure = self.failure or error
            raise

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        with self._watched():
            return self._operations.write(self._descriptor, data)

    def readinto(self, buffer: Any, /) -> int:
        with self._watched():
            data = self._operations.read(self._descriptor, len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        with self._watched():
            return self._operations.seek(self._descriptor, offset, whence)

    def truncate(self, size: int | None = None, /) -> int:
        with self._watched():
            size = self.tell() if size is None else size
            self._operations.truncate(self._descriptor, size)
        return size

    def abandon(self, *, quietly: bool) -> None:
        """Close the descriptor; nothing buffered above can reach it any more."""
        descriptor, self._descriptor = self._descriptor, -1
        # Marked closed, so that a buffer above does not try to write when it is collected.
        self.close()
        try:
            self._operations.close(descriptor)
        except OSError:
            if not quietly:
                raise
