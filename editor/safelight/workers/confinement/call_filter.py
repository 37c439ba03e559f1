"""Call filter: a program for the kernel that answers each system call of a process (seccomp(2)).

It is one for the kernel's classic BPF machine (linux/filter.h). The call's number is looked for by
halves, so that the last of two hundred costs eight comparisons, not two hundred; arguments are read
where an answer depends on one. Kernels since 5.11 ask the program once for each number whose answer
depends on nothing else.
"""

from __future__ import annotations

import errno
import struct
from collections.abc import Mapping, Sequence

from safelight.workers.confinement.call_numbers import Architecture
from safelight.workers.confinement.syscalls import (
    ALLOWED,
    DENIED,
    OF_ITSELF,
    OWNERS,
    OWNING,
    PRETENDED,
    PROCESS_OPTIONS,
    TIMES,
)

Block = tuple[bytes, ...]
"""Instructions of which none is left without an answer."""

_LOAD, _JUMP, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x05, 0x15, 0x35, 0x06
_AND = 0x54
_ALL = 0xFFFFFFFF
_FURTHEST = 255
"""Instructions that a comparison can leap over."""

_NUMBER, _AUDIT, _ARGUMENTS = 0, 4, 16
"""Where in what the kernel shows of a call these are (``struct seccomp_data``), in bytes."""

_SOCKET_TYPE, _STREAMS = 0xF, (1, 5)
"""The bits that tell a socket's type, and the types that have one other end: SOCK_STREAM, SEQPACKET
(linux/net.h).
"""

_THREAD = 0x00010000 | 0x00000400
"""What every thread is (CLONE_THREAD), with the open files of all (CLONE_FILES): of files that a
thread has for itself nobody would know.
"""
_X32 = 0x40000000
_SHARED_ANONYMOUS = 0x01 | 0x20
"""Memory that is both is no process's own: no limit counts it."""


def _step(code: int, value: int, then: int = 0, otherwise: int = 0) -> bytes:
    return struct.pack("=HBBI", code, then, otherwise, value)


def _answer(action: int) -> Block:
    return (_step(_RETURN, action),)


ALLOW, KILL = _answer(0x7FFF0000), _answer(0x80000000)
_ERRNO = 0x00050000
DENY, DONE = _answer(_ERRNO | errno.EPERM), _answer(_ERRNO)
UNKNOWN, NO_MEMORY = _answer(_ERRNO | errno.ENOSYS), _answer(_ERRNO | errno.ENOMEM)
WRONG = _answer(_ERRNO | errno.EINVAL)


def _among(
    argument: int, values: Sequence[int], then: Block, otherwise: Block, bits: int = _ALL
) -> Block:
    """``then`` where some bits of an argument's low half are one of some numbers."""
    steps = [_step(_LOAD, _ARGUMENTS + 8 * argument)]
    if bits != _ALL:
        steps.append(_step(_AND, bits))
    for left, value in zip(range(len(values) - 1, -1, -1), values, strict=True):
        steps.append(_step(_EQUAL, value, left + len(otherwise)))
    return (*steps, *otherwise, *then)


def _null(argument: int, then: Block, otherwise: Block) -> Block:
    """``then`` where an argument is a null pointer."""
    low = _ARGUMENTS + 8 * argument
    return (
        *(_step(_LOAD, low), _step(_EQUAL, 0, 0, 2)),
        *(_step(_LOAD, low + 4), _step(_EQUAL, 0, len(otherwise))),
        *(*otherwise, *then),
    )


def rules(process: int, *, only: bool, times: bool) -> dict[str, Block]:
    """What becomes of the calls of ``process`` by their names. ``only``: what is not among them is
    unknown; else it is allowed. ``times``: those of files may be set.
    """
    own = (0, process)
    found = dict.fromkeys(ALLOWED, ALLOW) if only else {}
    found |= dict.fromkeys(DENIED, DENY) | dict.fromkeys(PRETENDED, DONE)
    if times:
        found |= dict.fromkeys(TIMES, ALLOW)
    found |= dict.fromkeys(("kill", "tgkill", *OF_ITSELF), _among(0, own, ALLOW, DENY))
    found["prlimit64"] = _among(0, own, _null(2, ALLOW, DENY), DENY)  # asking is free
    # ONNX Runtime binds its threads, which nobody misses; the threads of others stay unbound.
    found["sched_setaffinity"] = _among(0, own, ALLOW, DONE)
    # A pair of datagram sockets reaches every named one of the system.
    found["socketpair"] = _among(1, _STREAMS, ALLOW, DENY, _SOCKET_TYPE)
    found["sendto"] = _null(4, ALLOW, DENY)
    found["fcntl"] = _among(1, OWNERS, DENY, ALLOW)
    found["ioctl"] = _among(1, OWNING, DENY, ALLOW)
    # Threads come through the older call, whose flags a filter can read.
    found["clone3"] = UNKNOWN
    found["clone"] = _among(0, (_THREAD,), ALLOW, DENY, _THREAD)
    found["mmap"] = _among(3, (_SHARED_ANONYMOUS,), NO_MEMORY, ALLOW, _SHARED_ANONYMOUS)
    if only:
        found["prctl"] = _among(0, PROCESS_OPTIONS, ALLOW, WRONG)
    return found


def program(architecture: Architecture, answers: Mapping[str, Block], *, only: bool) -> bytes:
    """The instructions that give ``answers`` on an architecture; ``only`` as in ``rules``."""
    otherwise = UNKNOWN if only else ALLOW
    numbers = architecture.numbers
    by_number = {numbers[name]: block for name, block in answers.items() if name in numbers}
    begins: list[tuple[int, Block]] = [(0, otherwise)]
    for number in range(max(by_number) + 2):
        block = by_number.get(number, otherwise)
        if block != begins[-1][1]:
            begins.append((number, block))
    if architecture.has_x32:
        begins.append((_X32, DENY))
    start = (_step(_LOAD, _AUDIT), _step(_EQUAL, architecture.audit, 1), *KILL)
    return b"".join((*start, _step(_LOAD, _NUMBER), *_by_halves(begins)))


def _by_halves(begins: Sequence[tuple[int, Block]]) -> Block:
    """The answer to the number that is loaded: that of the last beginning it is at or behind."""
    if len(begins) == 1:
        return begins[0][1]
    middle = len(begins) // 2
    before, behind = _by_halves(begins[:middle]), _by_halves(begins[middle:])
    number = begins[middle][0]
    if len(before) <= _FURTHEST:
        return (_step(_AT_LEAST, number, len(before)), *before, *behind)
    leap = (_step(_AT_LEAST, number, 0, 1), _step(_JUMP, len(before)))
    return (*leap, *before, *behind)
