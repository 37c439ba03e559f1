"""Sandbox: what a stranger's plugin may touch. A process confines itself, before it loads one.

Two kernel features do it, neither of which needs a package, a privilege or a helper: Landlock
(files, signals, abstract sockets; landlock(7)) and seccomp (system calls; seccomp(2)). Without
Landlock the process is started through bubblewrap, where that is installed. Only the standard
library is imported: threads that numpy starts would stay outside.
"""

from __future__ import annotations

import contextlib
import ctypes
import glob
import os
import platform
import struct
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from safelight.workers.confinement import bubblewrap, own_tree
from safelight.workers.confinement.call_filter import program, rules
from safelight.workers.confinement.call_numbers import ARCHITECTURES, Architecture
from safelight.workers.confinement.own_tree import Room
from safelight.workers.confinement.syscalls import ALLOWED, DENIED

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = (1 << bit for bit in range(4))
_TRUNCATE = 1 << 14
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_FIRST = (1 << 13) - 1
"""Rights that the first version of Landlock knows; later ones add a bit each."""

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_PATH_BENEATH = 1
_VERSION_FLAG = 1

_NO_NEW_PRIVILEGES, _SET_SECCOMP, _GET_SECCOMP, _FILTER = 38, 22, 21, 2

_SYSTEM = (
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/lib",
    "/lib64",
    "/usr/share/zoneinfo",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/proc/self",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/sys/devices/system/cpu",
    "/dev/urandom",
    "/dev/random",
    "/dev/zero",
    "/proc/driver/nvidia",
)
"""What every Python process reads of the system."""

_SEEN = ("/proc", "/etc/alternatives")
"""What a process sees beside what it reads: where links between libraries lead."""

NICENESS = 5
"""How much less of the processors a worker gets than the window: a third, when both want all."""

DEVICES = "/dev/nvidia*"
"""What a process writes to that runs a network on the graphics card."""

_CARD = (
    *("/usr/local/cuda*", "/opt/cuda*", "/proc/driver/nvidia-uvm", "/sys/module/nvidia*"),
    *("/sys/bus/pci", "/sys/devices/system/node"),
)
"""What a driver of a graphics card reads, where there is one, as patterns."""

_LOADED = (
    *("/usr/lib", "/usr/lib64", "/usr/local/lib", "/lib", "/lib64", "/usr/share/zoneinfo"),
    *("/etc/ld.so.cache", "/etc/localtime", "/sys/devices/system/cpu", "/proc/driver/nvidia"),
)
"""What a process reads, beside its own folders, that has a /proc and a /dev of its own."""


@dataclass(frozen=True, slots=True)
class Protection:
    """What holds a stranger's plugin back here. ``reason`` says why something does not."""

    files: bool
    network: bool
    reason: str = ""
    wrapped: bool = False
    """Whether bubblewrap holds its files back, so that ``wrapping`` has to start the process."""

    @property
    def complete(self) -> bool:
        """Whether a plugin reaches neither the user's files nor the network."""
        return self.files and self.network

    def sentence(self) -> str:
        """What a user should know, in one sentence."""
        if self.complete:
            return "Plugins reach neither your files nor the network."
        if self.network:
            return f"Plugins can read and change your files here, because {self.reason}."
        return f"Plugins run with all that you may do here, because {self.reason}."


class SandboxError(Exception):
    """The kernel refused a protection that it said it has."""


def available() -> Protection:
    """What this system can do, without doing it."""
    if sys.platform != "linux":
        return Protection(False, False, f"Safelight cannot confine a process on {sys.platform} yet")
    if _architecture() is None or _libc().prctl(_GET_SECCOMP, 0, 0, 0, 0) < 0:
        return Protection(False, False, "this kernel cannot filter system calls (seccomp)")
    if landlock_version() > 0:
        return Protection(True, True)
    if bubblewrap.usable():
        return Protection(True, True, wrapped=True)
    reason = "this kernel has no Landlock (Linux 5.13 or newer has) and bubblewrap is not installed"
    return Protection(False, True, reason)


def wrapping(
    readable: Iterable[Path], writable: Iterable[Path], *, card: bool = False
) -> list[str]:
    """What to put before the command of a process that will confine itself: mostly nothing.

    ``card``: it may open the graphics card.
    """
    if not available().wrapped:
        return []
    loaded = [*readable, *_interpreter(), *map(Path, _LOADED)]
    return bubblewrap.prefix(loaded, writable, DEVICES if card else "")


def _interpreter() -> list[Path]:
    """What a command needs that starts this Python: the program, which may be a link, and what says
    that it is a virtual environment's.
    """
    program = Path(sys.executable)
    beside = [program.parent / "pyvenv.cfg", program.parent.parent / "pyvenv.cfg"]
    return [program, program.resolve(), *(file for file in beside if file.exists())]


def calls_in_force() -> str:
    """Which system calls the workers of plugins have here, in a few words."""
    if not available().network:
        return "all"
    if glob.glob(DEVICES):
        return f"denylist of {len(DENIED)}, since workers open the graphics card"
    return f"allowlist of {len(ALLOWED)}"


def landlock_version() -> int:
    """The version of Landlock that the kernel speaks; 0 when it has none."""
    if sys.platform != "linux":
        return 0
    return max(int(_libc().syscall(_CREATE_RULESET, None, 0, _VERSION_FLAG)), 0)


def confine(
    readable: Iterable[Path],
    writable: Iterable[Path],
    *,
    card: bool = False,
    wrapped: bool = False,
    room: Room | None = None,
) -> Protection:
    """Confine this process and all that comes from it, for good.

    It reads what lies under ``readable`` and what Python needs of the system, writes under
    ``writable`` alone, has no network, and starts no process. With ``card`` it opens the graphics
    card, where there is one, and has all system calls but those that are refused; else it has
    those alone that are known to be needed.
    ``wrapped`` says that it was started through ``wrapping``, which holds its files back already.
    ``room`` bounds one of the ``writable`` folders, where the process can have a tree of its own.
    Returns what holds. Raises SandboxError when the kernel refuses what ``available`` promised.
    """
    protection = Protection(True, True, wrapped=True) if wrapped else available()
    if not protection.network:
        return protection
    if _libc().prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
        raise SandboxError("the kernel does not let this process give up its privileges")
    cards = [Path(found) for found in sorted(glob.glob(DEVICES))] if card else []
    alone = wrapped
    if protection.files and not wrapped:
        beside = [Path(found) for pattern in _CARD if cards for found in glob.glob(pattern)]
        # Newer drivers give their threads names, there.
        devices = [Path("/dev/null"), *cards, *([Path("/proc/self/task")] if cards else [])]
        read, written = [*readable, *map(Path, _SYSTEM), *beside], [*writable, *devices]
        if not cards:
            alone = _leave_sight(read, written, room)
        _confine_files(read, written)
    _filter_calls(only=not cards, times=alone)
    return protection


def _leave_sight(readable: Sequence[Path], writable: Sequence[Path], room: Room | None) -> bool:
    """See nothing else, where the system allows a process that; whether it did."""
    numbers, folder = ARCHITECTURES[platform.machine()].numbers, os.getcwd()
    try:
        allowed = own_tree.enter([*readable, *map(Path, _SEEN)], writable, numbers, room)
    except OSError as error:
        raise SandboxError(f"no tree of its own: {error.strerror}") from None
    with contextlib.suppress(OSError):
        os.chdir(folder)
    return allowed


def _confine_files(readable: Sequence[Path], writable: Sequence[Path]) -> None:
    version = landlock_version()
    handled = _FIRST
    for bit, since in ((13, 2), (14, 3), (15, 5)):
        handled |= (1 << bit) if version >= since else 0
    network = 3 if version >= 4 else 0  # binding and connecting with TCP
    scoped = 3 if version >= 6 else 0  # abstract sockets and signals
    attributes = struct.pack("=QQQ", handled, network, scoped)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    ruleset = _call(_CREATE_RULESET, attributes, size, 0)
    try:
        for path in readable:
            _allow(ruleset, path, _READ & handled)
        for path in writable:
            _allow(ruleset, path, handled)
        _call(_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: Path, access: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # what is not there need not be allowed
    try:
        if not path.is_dir():
            access &= _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE
        rule = struct.pack("=Qi", access, descriptor)
        _call(_ADD_RULE, ruleset, _PATH_BENEATH, rule, 0)
    finally:
        os.close(descriptor)


def _filter_calls(*, only: bool, times: bool) -> None:
    """Refuse what no filter needs, and act as if file modes and times were set. ``only``: what is
    not known to be needed does not exist. ``times``: those of files are really set.
    """
    architecture = _architecture()
    assert architecture is not None
    steps = program(architecture, rules(os.getpid(), only=only, times=times), only=only)
    code = ctypes.create_string_buffer(steps, len(steps))
    head = ctypes.create_string_buffer(struct.pack("@HP", len(steps) // 8, ctypes.addressof(code)))
    if _libc().prctl(_SET_SECCOMP, _FILTER, ctypes.byref(head), 0, 0) != 0:
        raise SandboxError("the kernel refuses the filter of system calls")


def _architecture() -> Architecture | None:
    return ARCHITECTURES.get(platform.machine())


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _call(number: int, *arguments: object) -> int:
    result = int(_libc().syscall(number, *arguments))
    if result < 0:
        raise SandboxError(f"Landlock: {os.strerror(ctypes.get_errno())}")
    return result


def yield_to_the_window() -> None:
    """Leave the cores to the window, and be the first to die when memory is short."""
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    # Linux shares the processors among sessions first, whatever their processes' niceness is
    # (sched(7), "The autogroup feature"), and this process is a session of its own.
    for name, value in (("autogroup", NICENESS), ("oom_score_adj", 1000)):
        with contextlib.suppress(OSError):
            Path("/proc/self", name).write_text(str(value))


def limit_resources(memory: int, largest_file: int = 0) -> None:
    """Bound what this process allocates and the files it writes, in bytes (0 = no bound).

    No core dumps either. Where the system has no such limits, nothing happens.
    """
    if sys.platform == "win32":
        return
    import resource

    limits = {resource.RLIMIT_CORE: 0}
    if memory:
        limits[resource.RLIMIT_DATA] = memory
    if largest_file:
        limits |= {resource.RLIMIT_FSIZE: largest_file, resource.RLIMIT_NOFILE: 512}
    for what, limit in limits.items():
        resource.setrlimit(what, (limit, limit))
