"""Sandbox: what a stranger's plugin may touch. A process confines itself, before it loads one.

Two kernel features do it, neither of which needs a package, a privilege or a helper: Landlock
(files, signals, abstract sockets; landlock(7)) and seccomp (system calls; seccomp(2)). Without
Landlock the process is started through bubblewrap, where that is installed. Only the standard
library is imported: threads that numpy starts would stay outside.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import glob
import os
import platform
import struct
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from safelight.workers.confinement import bubblewrap
from safelight.workers.confinement.syscalls import (
    ARCHITECTURES,
    DENIED,
    OF_ITSELF,
    OWNERS,
    OWNING,
    PRETENDED,
    PROCESSES,
    Architecture,
)

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = (1 << bit for bit in range(4))
_TRUNCATE = 1 << 14
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_FIRST = (1 << 13) - 1
"""Rights that the first version of Landlock knows; later ones add a bit each."""

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_PATH_BENEATH = 1
_VERSION_FLAG = 1

_NO_NEW_PRIVILEGES, _SET_SECCOMP, _GET_SECCOMP, _FILTER = 38, 22, 21, 2

_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_DENY = _ERRNO | errno.EPERM
_SOCKET_TYPE, _STREAMS = 0xF, (1, 5)
"""The bits that tell a socket's type, and the types that have one other end: SOCK_STREAM, SEQPACKET
(linux/net.h).
"""

_THREAD = 0x00010000  # CLONE_THREAD
_X32 = 0x40000000
_SHARED, _ANONYMOUS = 0x01, 0x20
"""Memory of both kinds at once is no process's own: no limit counts it."""

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
"""The same for a process that has a /proc and a /dev of its own."""


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


def wrapping(readable: Iterable[Path], writable: Iterable[Path]) -> list[str]:
    """What to put before the command of a process that will confine itself: mostly nothing."""
    if not available().wrapped:
        return []
    return bubblewrap.prefix([*readable, *map(Path, _LOADED)], writable, DEVICES)


def landlock_version() -> int:
    """The version of Landlock that the kernel speaks; 0 when it has none."""
    if sys.platform != "linux":
        return 0
    return max(int(_libc().syscall(_CREATE_RULESET, None, 0, _VERSION_FLAG)), 0)


def confine(
    readable: Iterable[Path],
    writable: Iterable[Path],
    *,
    processes: bool = False,
    wrapped: bool = False,
) -> Protection:
    """Confine this process and all that comes from it, for good.

    It reads what lies under ``readable`` and what Python needs of the system, writes under
    ``writable`` alone, has no network, and starts no process unless ``processes`` allows it.
    ``wrapped`` says that it was started through ``wrapping``, which holds its files back already.
    Returns what holds. Raises SandboxError when the kernel refuses what ``available`` promised.
    """
    protection = Protection(True, True, wrapped=True) if wrapped else available()
    if not protection.network:
        return protection
    if _libc().prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
        raise SandboxError("the kernel does not let this process give up its privileges")
    if protection.files and not wrapped:
        card = [Path(found) for found in sorted(glob.glob(DEVICES))]
        beside = [Path(found) for pattern in _CARD if card for found in glob.glob(pattern)]
        # Newer drivers give their threads names, there.
        devices = [Path("/dev/null"), *card, *([Path("/proc/self/task")] if card else [])]
        _confine_files([*readable, *map(Path, _SYSTEM), *beside], [*writable, *devices])
    _filter_calls(processes)
    return protection


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


def _filter_calls(processes: bool) -> None:
    """Refuse what no filter needs, and act as if file modes and times were set."""
    architecture = _architecture()
    assert architecture is not None
    number = architecture.numbers
    denied = [number[name] for name in DENIED if name in number]
    if not processes:
        denied += [number[name] for name in PROCESSES if name in number]
    pretended = [number[name] for name in PRETENDED if name in number]
    program = _Program()
    program.load(4)  # the architecture
    program.skip_unless_equal(architecture.audit, 0, 1)
    program.skip(1)
    program.answer(_KILL)
    program.load(0)  # the call's number
    if architecture.has_x32:
        program.answer_if_at_least(_X32, _DENY)
    for call in denied:
        program.answer_if(call, _DENY)
    for call in pretended:
        program.answer_if(call, _ERRNO)
    for name in ("kill", "tgkill", "prlimit64", *OF_ITSELF):  # on this process alone
        program.answer_unless_argument(number[name], (0, os.getpid()), _DENY)
    program.answer_unless_null(number["prlimit64"], 2, _DENY)  # asking is free
    # ONNX Runtime binds its threads, which nobody misses; the threads of others stay unbound.
    program.answer_unless_argument(number["sched_setaffinity"], (0, os.getpid()), _ERRNO)
    # A pair of datagram sockets reaches every named one of the system.
    program.answer_unless_among(number["socketpair"], 1, _SOCKET_TYPE, _STREAMS, _DENY)
    program.answer_unless_null(number["sendto"], 4, _DENY)
    program.answer_if_among(number["fcntl"], 1, OWNERS, _DENY)
    program.answer_if_among(number["ioctl"], 1, OWNING, _DENY)
    if not processes:
        # Threads come through the older call, whose flags a filter can read.
        program.answer_if(number["clone3"], _ERRNO | errno.ENOSYS)
        program.answer_unless_flag(number["clone"], _THREAD, _DENY)
    program.answer_if_flags(number["mmap"], 3, _SHARED | _ANONYMOUS, _ERRNO | errno.ENOMEM)
    program.answer(_ALLOW)
    program.install()


class _Program:
    """A filter for the kernel's classic BPF machine (linux/filter.h), step by step."""

    _LOAD, _JUMP, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x05, 0x15, 0x35, 0x45, 0x06
    _AND = 0x54

    def __init__(self) -> None:
        self._code: list[bytes] = []

    def _add(self, code: int, value: int, then: int = 0, otherwise: int = 0) -> None:
        self._code.append(struct.pack("=HBBI", code, then, otherwise, value))

    def load(self, offset: int) -> None:
        self._add(self._LOAD, offset)

    def skip(self, count: int) -> None:
        self._add(self._JUMP, count)

    def skip_unless_equal(self, value: int, then: int, otherwise: int) -> None:
        self._add(self._EQUAL, value, then, otherwise)

    def answer(self, action: int) -> None:
        self._add(self._RETURN, action)

    def answer_if(self, call: int, action: int) -> None:
        self._add(self._EQUAL, call, 0, 1)
        self.answer(action)

    def answer_if_at_least(self, value: int, action: int) -> None:
        self._add(self._AT_LEAST, value, 0, 1)
        self.answer(action)

    def answer_unless_argument(self, call: int, legal: tuple[int, int], action: int) -> None:
        """Answer the call unless the low half of its first argument is one of two numbers."""
        self._add(self._EQUAL, call, 0, 5)
        self.load(16)
        self._add(self._EQUAL, legal[0], 2, 0)
        self._add(self._EQUAL, legal[1], 1, 0)
        self.answer(action)
        self.load(0)

    def answer_unless_flag(self, call: int, flag: int, action: int) -> None:
        """Answer the call unless a bit of its first argument is set."""
        self._add(self._EQUAL, call, 0, 4)
        self.load(16)
        self._add(self._ANY_BIT, flag, 1, 0)
        self.answer(action)
        self.load(0)

    def answer_unless_null(self, call: int, argument: int, action: int) -> None:
        """Answer the call unless an argument is a null pointer."""
        self._add(self._EQUAL, call, 0, 6)
        self.load(16 + 8 * argument)
        self._add(self._EQUAL, 0, 0, 2)
        self.load(20 + 8 * argument)
        self._add(self._EQUAL, 0, 1, 0)
        self.answer(action)
        self.load(0)

    def answer_if_among(self, call: int, argument: int, values: Sequence[int], action: int) -> None:
        """Answer the call if the low half of an argument is one of some numbers."""
        self._add(self._EQUAL, call, 0, len(values) + 3)
        self.load(16 + 8 * argument)
        for left, value in zip(range(len(values) - 1, -1, -1), values, strict=True):
            self._add(self._EQUAL, value, left, 0 if left else 1)
        self.answer(action)
        self.load(0)

    def answer_unless_among(
        self, call: int, argument: int, bits: int, values: Sequence[int], action: int
    ) -> None:
        """Answer the call unless some bits of an argument, in its low half, are one of some
        numbers.
        """
        self._add(self._EQUAL, call, 0, len(values) + 4)
        self.load(16 + 8 * argument)
        self._add(self._AND, bits)
        for left, value in zip(range(len(values), 0, -1), values, strict=True):
            self._add(self._EQUAL, value, left, 0)
        self.answer(action)
        self.load(0)

    def answer_if_flags(self, call: int, argument: int, flags: int, action: int) -> None:
        """Answer the call if an argument has all of some bits, in its low half."""
        self._add(self._EQUAL, call, 0, 5)
        self.load(16 + 8 * argument)
        self._add(self._AND, flags)
        self._add(self._EQUAL, flags, 0, 1)
        self.answer(action)
        self.load(0)

    def install(self) -> None:
        code = ctypes.create_string_buffer(b"".join(self._code))
        head = ctypes.create_string_buffer(
            struct.pack("@HP", len(self._code), ctypes.addressof(code))
        )
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
