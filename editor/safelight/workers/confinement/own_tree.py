"""Own tree: a process sees the files that it may touch and no other, not even their names.

Landlock keeps a process from reading files, not from asking whether they are there, how large they
are and where a link leads (stat(2), readlink(2)). In a mount namespace of its own there is nothing
to ask about. That takes a user namespace (user_namespaces(7)), which some systems refuse: there all
stays as it is. The process must have one thread.
"""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import struct
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

_NEW_USER, _NEW_MOUNTS = 0x10000000, 0x00020000  # CLONE_NEWUSER, CLONE_NEWNS
_NO_SUID, _NO_DEVICES, _READ_ONLY = 0x2, 0x4, 0x1
_REMOUNT, _BIND, _RECURSIVE, _PRIVATE = 0x20, 0x1000, 0x4000, 0x40000
_DETACH = 2
_HERE, _ALL_BELOW, _SEALED = -100, 0x8000, 0x1  # AT_FDCWD, AT_RECURSIVE, MOUNT_ATTR_RDONLY
_CAPABILITIES_VERSION = 0x20080522

_LIMITS = ("/proc/sys/user/max_user_namespaces", "/proc/sys/kernel/unprivileged_userns_clone")
_RESTRICTED = "/proc/sys/kernel/apparmor_restrict_unprivileged_userns"

_PLACE = "/tmp"
_OLD = "/old"


@dataclass(frozen=True, slots=True)
class Room:
    """A writable ``folder`` that lies in memory and holds so many ``bytes`` and ``files`` at most:
    who writes more is told at once that there is no room (tmpfs(5)). It goes with the process.
    """

    folder: Path
    bytes: int
    files: int


def possible() -> bool:
    """Whether this system lets a process have a tree of its own, as far as it says."""
    if sys.platform != "linux" or not os.path.isdir(_PLACE):
        return False
    said = [_said(file) for file in _LIMITS]
    return "0" not in said and _said(_RESTRICTED) in ("", "0")


def enter(
    readable: Iterable[Path],
    writable: Iterable[Path],
    numbers: Mapping[str, int],
    room: Room | None = None,
) -> bool:
    """Have a tree of those paths alone, each where it was; whether the system allowed it.

    ``numbers`` are those of calls that no library has. What is not ``writable`` is mounted
    read-only. Links that lead to a path by its real name still do. What lies in the folder of
    ``room`` is copied. The working folder is the tree's root. Raises OSError where it was allowed
    and then refused half-way.
    """
    user, group = os.getuid(), os.getgid()
    limited = os.path.realpath(room.folder) if room else ""
    found: dict[str, tuple[str, bool]] = {}
    for paths, writes in ((readable, False), (writable, True)):
        for path in paths:
            if path.exists():
                real = os.path.realpath(path)
                found |= {str(path): (real, writes), real: (real, writes)}
    libc = ctypes.CDLL(None, use_errno=True)
    if not possible() or libc.unshare(_NEW_USER | _NEW_MOUNTS) != 0:
        return False
    try:
        for name, text in (
            ("setgroups", "deny"),
            ("uid_map", f"{user} {user} 1"),
            ("gid_map", f"{group} {group} 1"),
        ):
            _tell(f"/proc/self/{name}", text)
        _mount("none", "/", _PRIVATE | _RECURSIVE)
        _mount("none", _PLACE, _NO_SUID | _NO_DEVICES, "tmpfs", "mode=0755,size=4m")
        os.mkdir(_PLACE + _OLD)
    except OSError:
        return False  # a namespace without rights changes nothing
    _checked(libc.syscall(numbers["pivot_root"], _PLACE.encode(), (_PLACE + _OLD).encode()))
    os.chdir("/")
    for target, (source, writes) in sorted(found.items()):
        if source != limited:
            _bind(_OLD + source, target, 0 if writes else numbers["mount_setattr"])
    if room is not None:
        _make_room(_OLD + limited, limited, room)
        for target in [item for item, (source, _) in found.items() if source == limited != item]:
            _bind(limited, target, 0)
    _checked(libc.umount2(_OLD.encode(), _DETACH))
    os.rmdir(_OLD)
    _mount("none", "/", _REMOUNT | _BIND | _READ_ONLY | _NO_SUID | _NO_DEVICES)
    head = ctypes.create_string_buffer(struct.pack("=Ii", _CAPABILITIES_VERSION, 0))
    _checked(libc.syscall(numbers["capset"], head, ctypes.create_string_buffer(24)))
    return True


def _make_room(source: str, target: str, room: Room) -> None:
    """Mount memory at ``target`` in which lies what is in ``source``."""
    os.makedirs(target, 0o700, exist_ok=True)
    options = f"mode=0700,size={room.bytes},nr_inodes={room.files}"
    _mount("none", target, _NO_SUID | _NO_DEVICES, "tmpfs", options)
    shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True)


def _bind(source: str, target: str, seals: int) -> None:
    """Show at ``target`` what is at ``source``, read-only with ``seals``, the call that does it."""
    if not os.path.lexists(target):
        if os.path.isdir(source):
            os.makedirs(target, 0o755)
        else:
            os.makedirs(os.path.dirname(target), 0o755, exist_ok=True)
            os.close(os.open(target, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o644))
    elif seals:
        return  # a folder above it shows it
    _mount(source, target, _BIND | _RECURSIVE)
    if seals:
        sealed = ctypes.create_string_buffer(struct.pack("=4Q", _SEALED, 0, 0, 0))
        libc = ctypes.CDLL(None, use_errno=True)
        where = target.encode()
        _checked(libc.syscall(seals, _HERE, where, _ALL_BELOW, sealed, ctypes.c_size_t(32)))


def _mount(source: str, target: str, flags: int, kind: str = "", options: str = "") -> None:
    words = (source.encode(), target.encode(), kind.encode() or None)
    libc = ctypes.CDLL(None, use_errno=True)
    _checked(libc.mount(*words, ctypes.c_ulong(flags), options.encode() or None))


def _checked(result: int) -> None:
    if result < 0:
        number = ctypes.get_errno() or errno.EPERM
        raise OSError(number, os.strerror(number))


def _tell(file: str, text: str) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)


def _said(file: str) -> str:
    try:
        return Path(file).read_text().strip()
    except OSError:
        return ""
