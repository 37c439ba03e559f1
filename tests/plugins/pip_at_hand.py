"""Pip at hand: a process that has imported pip, and becomes one that runs it whenever one is asked.

Two thirds of what a run of pip takes are its imports. Those that the tests ask the editor for begin
behind them; all else of a run is as ever: the interpreter's options, arguments, variables, folder,
output, exit status, and a process of its own that can be killed. Commands that tests start in an
interpreter of their own (the tutorial's, for one) run pip from its first import.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

_LARGEST = 1 << 17
"""Bytes of an order: arguments and variables."""

_SERVER = """
import json, os, socket, sys
import pip._internal.cli.main, pip._internal.commands.download, pip._internal.commands.install
import pip._internal.resolution.resolvelib.resolver
import pip._internal.metadata.importlib

def become(order):
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["variables"])
    sys.argv = ["-c", *order["words"]]
    status = 1
    try:
        exec(order["code"], {"__name__": "__main__"})
        status = 0
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)

def serve(order, answer, output):
    child = os.fork()
    if not child:
        for number in (1, 2):
            os.dup2(output, number)
        become(json.loads(order))
    with socket.socket(fileno=answer) as told:
        told.sendall(b"%d\\n" % child)
        told.sendall(b"%d\\n" % os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))

def reap():
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass

orders = socket.socket(fileno=int(sys.argv[1]))
while True:
    reap()
    order, places, _, _ = socket.recv_fds(orders, LARGEST, 2)
    if not order:
        break
    if not os.fork():
        orders.close()
        serve(order, *places)
        os._exit(0)
    for place in places:
        os.close(place)
"""


class Run:
    """One run of pip, as ``run_until`` has it of ``subprocess.Popen``."""

    def __init__(self, orders: socket.socket, command: Sequence[str], output: Any) -> None:
        order = {
            "folder": os.getcwd(),
            "variables": dict(os.environ),
            "code": command[3],
            "words": command[4:],
        }
        told, answer = socket.socketpair()
        with answer:
            places = [answer.fileno(), output.fileno()]
            socket.send_fds(orders, [json.dumps(order).encode()], places)
        self._told = told.makefile("rb")
        told.close()
        self.pid = int(self._told.readline())
        self.returncode: int | None = None
        self._ended = threading.Thread(target=self._wait, daemon=True)
        self._ended.start()

    def poll(self) -> int | None:
        """The exit status, or None while pip runs."""
        return None if self._ended.is_alive() else self.returncode

    def kill(self) -> None:
        """End it at once."""
        os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> int | None:
        """The exit status, once it has ended."""
        self._ended.join()
        return self.returncode

    def _wait(self) -> None:
        with self._told:
            self.returncode = int(self._told.readline() or -signal.SIGKILL)


class PipAtHand:
    """The process that has imported pip; it starts with the first run.

    Whatever is no run of pip is begun by ``otherwise``, as by ``subprocess.Popen``.
    """

    def __init__(self, otherwise: Callable[..., Any] = subprocess.Popen) -> None:
        self._otherwise = otherwise
        self._orders: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._starting = threading.Lock()

    def module(self) -> SimpleNamespace:
        """What stands in for ``subprocess`` where the editor runs pip."""
        return SimpleNamespace(
            Popen=self._start, DEVNULL=subprocess.DEVNULL, STDOUT=subprocess.STDOUT
        )

    def close(self) -> None:
        """End it."""
        if self._orders and self._process:
            self._orders.close()
            self._process.wait()

    def _start(self, command: Sequence[str], **options: Any) -> Any:
        if command[:3] != [sys.executable, "-I", "-c"] or "run_module('pip'" not in command[3]:
            return self._otherwise(command, **options)
        return Run(self._listening(), command, options["stdout"])

    def _listening(self) -> socket.socket:
        with self._starting:
            if self._orders is None:
                self._orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                source = _SERVER.replace("LARGEST", str(_LARGEST))
                command = [sys.executable, "-I", "-c", source, str(theirs.fileno())]
                self._process = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()]
                )
                theirs.close()
            return self._orders
