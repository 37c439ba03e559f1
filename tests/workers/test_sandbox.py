"""What is said where nothing, or not everything, holds a stranger's plugin back."""

import json
import os
import socket
import subprocess
import sys
from errno import EACCES, ENOENT, EPERM
from pathlib import Path

import pytest

from safelight.workers.confinement import bubblewrap, own_tree, sandbox

linux = pytest.mark.skipif(sys.platform != "linux", reason="about Linux")


@linux
def test_without_landlock_and_bubblewrap_files_are_in_reach_and_that_is_said(monkeypatch):
    monkeypatch.setattr(sandbox, "landlock_version", lambda: 0)
    monkeypatch.setattr(bubblewrap, "usable", lambda: False)
    found = sandbox.available()
    assert not found.complete
    assert found.network
    assert found.sentence() == (
        "Plugins can read and change your files here, because this kernel has no Landlock (Linux"
        " 5.13 or newer has) and bubblewrap is not installed."
    )
    assert sandbox.wrapping([], []) == []


@linux
def test_bubblewrap_takes_the_place_of_landlock(monkeypatch, tmp_path):
    monkeypatch.setattr(sandbox, "landlock_version", lambda: 0)
    monkeypatch.setattr(bubblewrap, "usable", lambda: True)
    monkeypatch.setattr(bubblewrap.shutil, "which", lambda name: "/usr/bin/bwrap")
    assert sandbox.available().complete
    words = sandbox.wrapping([tmp_path / "code"], [tmp_path / "scratch"])
    assert words[0] == "/usr/bin/bwrap"
    assert "--unshare-all" in words
    code, scratch = str(tmp_path / "code"), str(tmp_path / "scratch")
    assert words[words.index(code) - 1] == "--ro-bind-try"
    assert words[words.index(scratch) - 1] == "--bind"
    assert words[-1] == "--"


@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_another_system_is_honest(monkeypatch, system):
    monkeypatch.setattr(sandbox.sys, "platform", system)
    found = sandbox.available()
    assert not found.network
    assert found.sentence().startswith("Plugins run with all that you may do here, because")


def test_an_unknown_machine_is_honest(monkeypatch):
    monkeypatch.setattr(sandbox.platform, "machine", lambda: "riscv64")
    assert not sandbox.available().network


TRYING = """
import ctypes, fcntl, json, os, pathlib, socket, sys
from safelight.workers.confinement import sandbox

version, editor, scratch, server, card, hidden, link = json.loads(sys.argv[1])
sandbox.DEVICES = card
mine = socket.socketpair()  # as the one that a worker talks through: the editor holds an end
found = sandbox.landlock_version()
sandbox.landlock_version = lambda: min(version, found)
lib = pathlib.Path(sys.base_prefix, "lib")
sandbox.confine([lib, *map(pathlib.Path, sys.path)], [pathlib.Path(scratch)], card=True)
libc = ctypes.CDLL(None, use_errno=True)

def call(number, *words):
    if libc.syscall(number, *words) < 0:
        raise OSError(ctypes.get_errno(), "refused")

def descriptor(kind):
    pair = socket.socketpair(socket.AF_UNIX, kind)
    pair[0].sendto(b"pixels", server)

def connected():
    mine[0].sendto(b"pixels", server)

def carried():
    socket.send_fds(mine[0], [b"x"], [0])

tried = {
    "signal by F_SETOWN": lambda: fcntl.fcntl(mine[0], 8, editor),
    "signal by F_SETSIG": lambda: fcntl.fcntl(mine[0], 10, 9),
    "signal by F_SETOWN_EX": lambda: fcntl.fcntl(mine[0], 15, bytes(8)),
    "signal by FIOSETOWN": lambda: fcntl.ioctl(mine[0], 0x8901, editor.to_bytes(4, "little")),
    "signal by SIOCSPGRP": lambda: fcntl.ioctl(mine[0], 0x8902, editor.to_bytes(4, "little")),
    "news of a folder": lambda: fcntl.fcntl(os.open(scratch, 0), 1026, 1),
    "news of a file": lambda: fcntl.fcntl(os.open(mark, 0), 1024, 0),
    "a thread with files of its own": lambda: call(NUMBERS["clone"], 0x10900, 0, 0, 0, 0),
    "a file's size": lambda: os.stat(hidden),
    "where a link leads": lambda: os.readlink(link),
    "datagram pair": lambda: descriptor(socket.SOCK_DGRAM),
    "raw pair": lambda: descriptor(socket.SOCK_RAW),
    "stream with an address": connected,
    "abstract socket": lambda: socket.socket(socket.AF_UNIX),
    "files under way": carried,
    "scheduler": lambda: os.sched_setscheduler(editor, os.SCHED_IDLE, os.sched_param(0)),
    "scheduler's parameters": lambda: os.sched_setparam(editor, os.sched_param(0)),
    "scheduler's attributes": lambda: call(NUMBERS["sched_setattr"], editor, None, 0),
    "order at the disk": lambda: call(NUMBERS["ioprio_set"], 1, editor, 3 << 13),
    "watching": lambda: call(NUMBERS["inotify_init1"], 0),
    "watching all": lambda: call(NUMBERS["fanotify_init"], 0, 0),
    "where the editor is": lambda: os.readlink(f"/proc/{editor}/cwd"),
    "what the editor runs": lambda: open(f"/proc/{editor}/cmdline").read(),
}
pretended = {
    "setxattrat": lambda: call(463, -100, scratch.encode(), 0, b"user.x", None, 0),
    "removexattrat": lambda: call(466, -100, scratch.encode(), 0, b"user.x"),
    "file_setattr": lambda: call(469, -100, scratch.encode(), None, 0, 0),
    "setxattr": lambda: os.setxattr(scratch, "user.x", b"1"),
    "binding": lambda: os.sched_setaffinity(editor, {0}),
}
mark = pathlib.Path(scratch, "mark")
mark.write_text("")
NUMBERS = sandbox._architecture().numbers

def outcome(deed):
    try:
        deed()
    except OSError as error:
        return error.errno
    return 0

print(json.dumps([{name: outcome(deed) for name, deed in deeds.items()}
                  for deeds in (tried, pretended)]))
"""


@linux
@pytest.mark.skipif(not sandbox.available().complete, reason=sandbox.available().reason)
@pytest.mark.parametrize("version", [2, 99])
@pytest.mark.parametrize("card", ["", "/dev/null"], ids=["allowlist", "denylist"])
def test_neither_signals_nor_sockets_nor_others_are_in_reach_on_older_kernels_too(
    version, card, tmp_path
):
    """Landlock scopes signals and abstract sockets since its version 6; 2 is what Debian 12 has.

    A device that is called a graphics card brings the list of calls that are refused.
    """
    bound = os.sched_getaffinity(0)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        name = str(tmp_path / "server")
        server.bind(name)
        server.setblocking(False)
        hidden, link = tmp_path / "photograph.jpg", tmp_path / "link"
        hidden.write_bytes(b"pixels")
        link.symlink_to(hidden)
        words = [version, os.getpid(), str(scratch), name, card, str(hidden), str(link)]
        order = json.dumps(words)
        editor = str(Path(sandbox.__file__).parents[3])
        run = subprocess.run(
            [sys.executable, "-c", TRYING, order],
            env={"PYTHONPATH": editor},
            capture_output=True,
            text=True,
            check=True,
        )
        with pytest.raises(BlockingIOError):
            server.recv(100)
    refused, pretended = json.loads(run.stdout)
    told = [refused.pop(name) for name in ("a file's size", "where a link leads")]
    # With a card, and where there are no user namespaces, names and sizes can be asked for.
    assert told == ([ENOENT, ENOENT] if own_tree.possible() and not card else [0, 0])
    assert {name: code for name, code in refused.items() if code not in (EPERM, EACCES)} == {}
    assert {name: errno for name, errno in pretended.items() if errno} == {}
    assert "user.x" not in os.listxattr(scratch)
    assert os.sched_getaffinity(0) == bound
    assert os.sched_getscheduler(0) != os.SCHED_IDLE
