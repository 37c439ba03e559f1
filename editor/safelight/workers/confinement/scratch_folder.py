"""Scratch folder: the one folder that a confined process may write to. It goes with the process.

What a stranger made is measured and removed without following a link, and without a call that goes
as deep as the folders do: a path may be longer than the system takes, a recursion too deep.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import sys
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

LIMIT = 1 << 30
"""Bytes that all files of a scratch folder may have together, and each alone."""

MOST_FILES = 20_000
"""Files and folders that anybody needs there."""

_DEEPEST = 32
"""Folders in one another that anybody needs."""

_MOST_REMOVED = 500_000
"""Files and folders that are removed at one time; what is left over goes the next time."""


def room_in_memory() -> int:
    """Bytes of a scratch folder that lies in memory: LIMIT, or an eighth of a small machine's."""
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        return min(LIMIT, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 8)
    return LIMIT


class Scratch:
    """A fresh folder below ``parent``. What processes that are gone left there goes first.

    Raises OSError where it cannot be made.
    """

    def __init__(self, parent: Path) -> None:
        parent.mkdir(parents=True, exist_ok=True)
        remove_left(parent)
        self.folder = parent / own_name()
        self.folder.mkdir()

    def overflows(self, pid: int = 0) -> bool:
        """Whether there is more in it than LIMIT, or more files than anybody needs.

        What the process ``pid`` has removed and still holds counts too.
        """
        return overflow([self.folder], pid)

    def remove(self) -> None:
        """Remove the folder with all that is in it."""
        remove(self.folder)


def overflow(
    folders: Sequence[Path], pid: int = 0, *, most: int = 0, files: int = MOST_FILES
) -> bool:
    """Whether there is more in ``folders`` than ``most`` bytes (0 = LIMIT), or more than so many
    ``files``, or what cannot be counted. What the process ``pid`` has removed and still holds
    counts too.
    """
    most = most or LIMIT
    size, found = _held(pid) if pid else 0, 0
    waiting = [(os.fspath(folder), 0) for folder in folders]
    while waiting:
        folder, depth = waiting.pop()
        if depth > _DEEPEST:
            return True
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    found += 1
                    with contextlib.suppress(OSError):
                        if entry.is_dir(follow_symlinks=False):
                            waiting.append((entry.path, depth + 1))
                        else:
                            size += entry.stat(follow_symlinks=False).st_blocks * 512
                    if found > files or size > most:
                        return True
        except FileNotFoundError:
            continue  # gone meanwhile
        except OSError:
            return True  # nobody may look into it: so nobody knows what it holds
    return size > most


def _held(pid: int) -> int:
    """Bytes of files without a name that a process has open or in its memory, on Linux."""
    found: dict[tuple[int, int], int] = {}
    with contextlib.suppress(OSError):
        for entry in os.scandir(f"/proc/{pid}/fd"):
            with contextlib.suppress(OSError):
                held = os.stat(entry.path)
                if stat.S_ISREG(held.st_mode) and held.st_nlink == 0 and not _in_memory(entry):
                    found[held.st_dev, held.st_ino] = held.st_blocks * 512
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in Path(f"/proc/{pid}/maps").read_text(errors="replace").splitlines():
            if not line.endswith(" (deleted)"):
                continue
            place, _, _, device, node, name, *_ = line.split(maxsplit=5)
            if name.startswith(_MEMORY):
                continue
            major, minor = (int(part, 16) for part in device.split(":"))
            key = os.makedev(major, minor), int(node)
            start, end = (int(part, 16) for part in place.split("-"))
            found[key] = max(found.get(key, 0), end - start)
    return sum(found.values())


_MEMORY = ("/memfd:", "/dev/zero", "/dev/shm/", "/SYSV")
"""What is called a file and is memory."""


def _in_memory(entry: os.DirEntry[str]) -> bool:
    return os.readlink(entry.path).startswith(_MEMORY)


def remove(folder: Path) -> None:
    """Remove a folder with all that is in it, however deep and whatever its rights are.

    What cannot be removed stays, and so does what is more than anybody needs: the next time it
    goes on. Raises nothing.
    """
    if os.rename not in os.supports_dir_fd:  # Windows, where a path may be as long as it likes
        with contextlib.suppress(RecursionError):
            shutil.rmtree(folder, ignore_errors=True)
        return
    with contextlib.suppress(OSError):
        top = _opened(os.fspath(folder), None)
        try:
            _empty(top)
        finally:
            os.close(top)
        os.rmdir(folder)


def _empty(top: int) -> None:
    """Remove what is in an open folder: what its folders hold is brought up into it first."""
    left = _MOST_REMOVED
    while left > 0:
        removed = 0
        for name, is_folder in _entries(top):
            if left - removed <= 0:
                return
            with contextlib.suppress(OSError):
                if is_folder:
                    removed += _dissolve(top, name, left - removed)
                else:
                    os.unlink(name, dir_fd=top)
                    removed += 1
        if not removed:
            return
        left -= removed


def _dissolve(top: int, name: str, most: int) -> int:
    """Remove the files of a folder and bring its folders up to ``top``; how many were touched."""
    place, touched = _opened(name, top), 0
    try:
        for inner, is_folder in _entries(place):
            if touched >= most:
                break
            with contextlib.suppress(OSError):
                if is_folder:
                    # The right to change a folder's parent is needed, which it may lack.
                    os.chmod(inner, 0o700, dir_fd=place)
                    os.rename(inner, uuid.uuid4().hex, src_dir_fd=place, dst_dir_fd=top)
                else:
                    os.unlink(inner, dir_fd=place)
                touched += 1
    finally:
        os.close(place)
    with contextlib.suppress(OSError):
        os.rmdir(name, dir_fd=top)
        touched += 1
    return touched


def _entries(folder: int) -> Iterator[tuple[str, bool]]:
    """The names in an open folder, and whether each is a folder."""
    with os.scandir(folder) as entries:
        found = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
    yield from found


def _opened(name: str, parent: int | None) -> int:
    """A folder, open, with all rights for its owner. Raises OSError; a link is no folder."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        opened = os.open(name, flags, dir_fd=parent)
    except PermissionError:
        os.chmod(name, 0o700, dir_fd=parent)
        opened = os.open(name, flags, dir_fd=parent)
    os.fchmod(opened, 0o700)
    return opened


def read_file(path: Path, most: int) -> bytes:
    """What is in a file that a stranger has made, of ``most`` bytes. Raises OSError where it is a
    link, a device or a pipe, which may have no end, or is longer.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    with open(os.open(path, flags | getattr(os, "O_BINARY", 0)), "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "it is no file", str(path))
        if found.st_size > most:
            raise OSError(errno.EFBIG, f"it is longer than {most} bytes", str(path))
        return file.read(most)


def own_name() -> str:
    """A name for a folder of this process that no other process takes."""
    return f"{os.getpid()}-{uuid.uuid4().hex}"


def remove_left(parent: Path) -> None:
    """Remove what processes that run no longer left in ``parent``, by ``own_name``."""
    with contextlib.suppress(OSError):
        for left in list(parent.iterdir()):
            if not _alive(left.name):
                remove(left)


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
