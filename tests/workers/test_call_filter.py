"""What becomes of each system call, on each architecture, as the kernel would work it out."""

import errno
import json
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from safelight.workers.confinement import sandbox
from safelight.workers.confinement.call_filter import ALLOW as PLAIN
from safelight.workers.confinement.call_filter import program, rules
from safelight.workers.confinement.call_numbers import ARCHITECTURES
from safelight.workers.confinement.syscalls import ALLOWED, DENIED, PRETENDED

PROCESS = 4321
ALLOW, KILL, ERRNO = 0x7FFF0000, 0x80000000, 0x50000
EPERM, ENOSYS, DONE = ERRNO | errno.EPERM, ERRNO | errno.ENOSYS, ERRNO

OLDER = """
access alarm arch_prctl creat dup2 epoll_create epoll_wait eventfd getdents getpgrp
link lstat mkdir open pause pipe poll readlink rename rmdir select stat symlink time unlink
"""
"""Calls that arm64, which came later, has newer ones for."""


def answer(steps: bytes, audit: int, number: int, *arguments: int) -> int:
    """What the kernel's classic BPF machine makes of a call."""
    words = [*arguments, *[0] * (6 - len(arguments))]
    call = struct.pack("=IIQ6Q", number, audit, 0, *words)
    code, at, held = list(struct.iter_unpack("=HBBI", steps)), 0, 0
    while True:
        kind, then, otherwise, value = code[at]
        at += 1
        if kind == 0x06:
            return value
        if kind == 0x20:
            (held,) = struct.unpack_from("=I", call, value)
        elif kind == 0x54:
            held &= value
        elif kind == 0x05:
            at += value
        else:
            true = {0x15: held == value, 0x35: held >= value}[kind]
            at += then if true else otherwise


@pytest.fixture(scope="module", params=[(m, only) for m in ARCHITECTURES for only in (True, False)])
def asked(request):
    """Answers of the filter, by a call's name or number; and whether it allows the known alone."""
    machine, only = request.param
    architecture = ARCHITECTURES[machine]
    steps = program(architecture, rules(PROCESS, only=only, times=False), only=only)
    assert len(steps) // 8 <= 4096  # BPF_MAXINSNS

    def ask(call, *arguments, audit=architecture.audit):
        number = architecture.numbers[call] if isinstance(call, str) else call
        return answer(steps, audit, number, *arguments)

    return ask, architecture, only


def test_each_call_is_allowed_refused_pretended_or_unknown(asked):
    ask, architecture, only = asked
    numbers = architecture.numbers
    plain = {name for name, does in rules(PROCESS, only=True, times=False).items() if does == PLAIN}
    by_arguments = {*ALLOWED} - plain
    assert {"read", "openat", "futex"} < plain
    assert len(by_arguments) == 14
    for names, expected in ((plain, ALLOW), (DENIED, EPERM), (PRETENDED, DONE)):
        assert {n: ask(n) for n in names if n in numbers and ask(n) != expected} == {}
    named = {*numbers.values()}
    strange = [number for number in range(1200) if number not in named]
    assert {ask(number) for number in strange} == {ENOSYS if only else ALLOW}
    assert ask("read", audit=0x40000003) == KILL  # a call of a 32-bit program
    if architecture.has_x32:
        assert ask(0x40000000) == ask(0x400001FF) == ask(0xFFFFFFFF) == EPERM


def test_arguments_decide_where_a_call_is_safe_with_some_alone(asked):
    ask, architecture, only = asked
    for name in ("kill", "tgkill", "sched_setscheduler", "sched_setparam", "sched_setattr"):
        assert [ask(name, who) for who in (0, PROCESS, 1, PROCESS + 1)] == [ALLOW] * 2 + [EPERM] * 2
    assert ask("prlimit64", 0, 7, 0) == ALLOW
    assert ask("prlimit64", 0, 7, 1 << 32) == ask("prlimit64", 0, 7, 64) == EPERM
    assert ask("prlimit64", 1, 7, 0) == EPERM
    assert [ask("sched_setaffinity", who) for who in (0, PROCESS, 1)] == [ALLOW, ALLOW, DONE]
    kinds = [ask("socketpair", 1, kind | 0x80000) for kind in (1, 5, 2, 3)]
    assert kinds == [ALLOW, ALLOW, EPERM, EPERM]
    assert ask("sendto", 3, 9, 9, 0, 0, 0) == ALLOW
    assert ask("sendto", 3, 9, 9, 0, 1 << 40, 16) == ask("sendto", 3, 9, 9, 0, 64, 16) == EPERM
    assert [ask("fcntl", 3, what) for what in (1, 3, 6, 1030)] == [ALLOW] * 4
    assert [ask("fcntl", 3, what) for what in (8, 10, 15, 1024, 1026)] == [EPERM] * 5
    assert [ask("ioctl", 3, what) for what in (0x5401, 0x8901, 0x8902)] == [ALLOW, EPERM, EPERM]
    assert ask("clone3") == ENOSYS
    flags = (0x3D0F00, 0x11, 0x10000011, 0x3D0B00)  # the last a thread with files of its own
    assert [ask("clone", one) for one in flags] == [ALLOW, EPERM, EPERM, EPERM]
    assert [ask("mmap", 0, 9, 3, kind) for kind in (0x01, 0x22, 0x21)] == [
        *(ALLOW, ALLOW, ERRNO | errno.ENOMEM)
    ]
    if only:
        options = (15, 16, 0x53564D41, 0x59616D61, 35)
        assert [ask("prctl", one) for one in options] == [ALLOW] * 3 + [ERRNO | errno.EINVAL] * 2


def test_what_was_recorded_is_allowed_or_refused_on_purpose():
    table = (Path(__file__).parent / "recorded_calls.txt").read_text().splitlines()
    recorded = {line.split()[0] for line in table if not line.startswith("#")}
    assert len(recorded) > 50
    assert recorded <= {*ALLOWED, *DENIED, *PRETENDED, "clone3"}
    assert {*ALLOWED}.isdisjoint({*DENIED, *PRETENDED})


def test_each_architecture_has_a_number_for_each_allowed_call_that_it_has():
    assert set(ALLOWED) <= set(ARCHITECTURES["x86_64"].numbers)
    assert sorted(set(ALLOWED) - set(ARCHITECTURES["aarch64"].numbers)) == OLDER.split()
    for architecture in ARCHITECTURES.values():
        assert len(set(architecture.numbers.values())) == len(architecture.numbers)


TRYING = """
import ctypes, errno, json, os, pathlib, sys
from safelight.workers.confinement import sandbox

sandbox.DEVICES = sys.argv[1]
sandbox.confine(map(pathlib.Path, sys.path), [pathlib.Path.cwd()], card=bool(sys.argv[1]))
libc = ctypes.CDLL(None, use_errno=True)

def tried(number):
    return ctypes.get_errno() if libc.syscall(number, -1, -1, -1, -1, -1, -1) < 0 else 0

print(json.dumps({number: tried(number) for number in map(int, sys.argv[2:])}))
"""


@pytest.mark.skipif(not sandbox.available().complete, reason=sandbox.available().reason)
@pytest.mark.parametrize("card", ["", "/dev/null"])
def test_for_the_kernel_an_unrecorded_call_does_not_exist_unless_a_card_is_open(card, tmp_path):
    """Landlock's own, a mount's facts, and one of the future; with a card the kernel answers."""
    tried = {"landlock_create_ruleset": 444, "mount_setattr": 442, "the future": 900}
    run = subprocess.run(
        [sys.executable, "-c", TRYING, card, *map(str, tried.values())],
        env={"PYTHONPATH": str(Path(sandbox.__file__).parents[3])},
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    found = json.loads(run.stdout)
    own = found["444"]
    assert (own != errno.ENOSYS) if card else (own == errno.ENOSYS)
    assert found["442"] == errno.EPERM
    assert found["900"] == errno.ENOSYS
