"""At hand: processes that have imported what a worker imports, and become one when it is asked for.

Nearly all that the start of a worker takes is its imports, and for the editor's own workers those
of the built-in plugins; of a process that builds a plugin or examines a network, too. Here each
begins behind them, as a copy of a process that has them. All else of it is as ever: a session, a
process and a socket of its own, its variables, limits, confinement, arguments and exit status.
Where a plugin brings a package that is imported here already, the copy becomes the interpreter that
was asked for. Starts, confinement and attacks are tested with workers that start from nothing
(``tests/workers``).
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safelight.api import PROJECT
from safelight.workers import plugin_environment, worker_process
from safelight.workers.far import build_wheel, confined_main, examine_network

_LARGEST = 1 << 17
"""Bytes of an order: arguments and variables."""

EDITOR = str(Path(worker_process.__file__).parents[2])
"""Where the package of the editor lies."""

_SETUPTOOLS = (
    "setuptools.build_meta",
    "setuptools.command.bdist_wheel",
    "setuptools.command.build_py",
    "setuptools.command.egg_info",
)
_NETWORKS = (
    "onnx",
    "onnxruntime",
    "safelight.workers.far.inference",
    "safelight.workers.far.probe.probe_network",
)

_CONFINED = "safelight.workers.far.confined_main"
_SANDBOX = "safelight.workers.confinement.sandbox"

_FAR_SIDES = {
    build_wheel.__file__: (build_wheel.__name__, _SANDBOX, *_SETUPTOOLS),
    examine_network.__file__: (examine_network.__name__, _SANDBOX, *_NETWORKS),
}
"""By its file: the module of a far side, and what it imports when it is confined."""

_READ_AT_IMPORT = ("LANG", "LC_", "OMP_", "NUMBA", "CUDA", "NVIDIA", "LD_", "DYLD_", "ORT_")
"""Variables, by their beginnings, that an interpreter or a library reads when it is started."""

_SERVER = """
import contextlib, gc, importlib, importlib.metadata, json, os, random, select, signal, socket, sys
from pathlib import Path

orders = socket.socket(fileno=int(sys.argv[1]))
editor, search, modules, group = json.loads(sys.argv[2])
usual = list(sys.path), list(sys.meta_path)
sys.path.insert(0, editor)
from safelight.workers.far.search_path import import_from
import_from(search)
for module in modules:
    importlib.import_module(module)
if group:
    for point in importlib.metadata.entry_points(group=group):
        with contextlib.suppress(Exception):  # its worker says what is wrong
            point.load()
sys.path[:], sys.meta_path[:] = usual
here = {name.partition(".")[0] for name in sys.modules}
gc.freeze()
answers = {}

def become(order, output, errors, far=-1):
    os.setsid()
    for number, target in enumerate((nothing, output, errors)):
        os.dup2(target, number)
    for target in {nothing, output, errors}:
        os.close(target)
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["variables"])
    command = [str(far) if word is None else word for word in order["command"]]
    brought = {
        file.name.partition(".")[0]
        for place in order["brings"]
        for file in (Path(place).iterdir() if Path(place).is_dir() else ())
    }
    if brought & here:
        if far >= 0:
            os.set_inheritable(far, True)
        os.execve(command[0], command, order["variables"])
    random.seed()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    importlib.invalidate_caches()
    sys.argv = ["worker", *command[order["from"]:]]
    importlib.import_module(order["module"]).main(sys.argv[1:])

def begin():
    order, passed, _, _ = socket.recv_fds(orders, LARGEST, 4)
    if not order:
        os._exit(0)
    answer, *passed = passed
    child = os.fork()
    if child:
        answers[child] = socket.socket(fileno=answer)
        answers[child].sendall(b"%d\\n" % child)
        for number in passed:
            os.close(number)
        return
    status = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for kept in (orders, told, tell, *answers.values()):
            kept.close()
        os.close(answer)
        become(json.loads(order), *passed)
        status = 0
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        if not isinstance(ended.code, (int, type(None))):
            print(ended.code, file=sys.stderr)  # as an interpreter does
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        with contextlib.suppress(BaseException):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)

def reap():
    with contextlib.suppress(ChildProcessError):
        while True:
            child, status = os.waitpid(-1, os.WNOHANG)
            if not child:
                return
            with answers.pop(child) as answer, contextlib.suppress(OSError):
                answer.sendall(b"%d\\n" % os.waitstatus_to_exitcode(status))

nothing = os.open(os.devnull, os.O_RDWR)
told, tell = socket.socketpair()
told.setblocking(False)
tell.setblocking(False)
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGCHLD, lambda *_: None)
signal.set_wakeup_fd(tell.fileno(), warn_on_full_buffer=False)
waiting = select.poll()
waiting.register(orders, select.POLLIN)
waiting.register(told, select.POLLIN)
while True:
    ready = {number for number, _ in waiting.poll()}
    if told.fileno() in ready:
        with contextlib.suppress(BlockingIOError):
            told.recv(4096)
    reap()
    if orders.fileno() in ready:
        begin()
""".replace("LARGEST", str(_LARGEST))


class _Started:
    """A process that began behind its imports, as ``subprocess.Popen`` would show it."""

    def __init__(self, told: socket.socket, errors: int = -1) -> None:
        self.stderr = os.fdopen(errors, "rb") if errors >= 0 else None
        self.returncode: int | None = None
        self._told = told
        self._file = told.makefile("rb", buffering=0)
        self._reading = threading.Lock()
        self.pid = int(self._file.readline())

    def poll(self) -> int | None:
        """The exit status, or None while it runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """The exit status, once it has ended. Raises subprocess.TimeoutExpired."""
        with self._reading:
            if self.returncode is None:
                ended = select.poll()  # select() takes no number from 1,024 on
                ended.register(self._told, select.POLLIN)
                if not ended.poll(None if timeout is None else max(timeout, 0) * 1000):
                    raise subprocess.TimeoutExpired("a worker", timeout or 0)
                self.returncode = int(self._file.readline() or -signal.SIGKILL)
                self._file.close()
                self._told.close()
            return self.returncode

    def kill(self) -> None:
        """End it at once."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)


@dataclass(frozen=True)
class _Kind:
    """What a process has imported: the interpreter's words, modules, the plugins of a group."""

    interpreter: tuple[str, ...]
    modules: tuple[str, ...]
    group: str = ""


class _Likeness:
    """A process that has imported what processes of one kind import."""

    def __init__(self, kind: _Kind, variables: dict[str, str]) -> None:
        parts = plugin_environment.editor_parts()
        search = {"own": [], "path": parts.path, "packages": dict(parts.packages)}
        self._orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        given = [str(theirs.fileno()), json.dumps([EDITOR, search, kind.modules, kind.group])]
        with theirs:
            self._process = subprocess.Popen(
                [*kind.interpreter, "-c", _SERVER, *given],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                env=variables,
            )

    def start(self, order: dict[str, Any], *passed: int) -> socket.socket:
        """Begin what an order says; who says how it goes. ``passed``: output, errors, a socket."""
        told, answer = socket.socketpair()
        with answer:
            message = json.dumps(order | {"folder": os.getcwd()}).encode()
            socket.send_fds(self._orders, [message], [answer.fileno(), *passed])
        return told

    def close(self) -> None:
        """End it; what it has become goes on."""
        self._orders.close()
        self._process.wait()


class AtHand:
    """Likenesses of processes, by their kind and by the variables that are read at their start."""

    def __init__(self) -> None:
        self._likenesses: dict[tuple[Any, ...], _Likeness] = {}
        self._making = threading.Lock()
        self.from_nothing = worker_process._spawn

    def spawn(
        self,
        far: socket.socket,
        command: Sequence[str],
        words: Sequence[str],
        variables: dict[str, str],
    ) -> Any:
        """What ``worker_process._spawn`` does, from a likeness where there can be one."""
        if _unwrapped(command) and command[-2] == confined_main.__file__:
            told = json.loads(command[-1])
            module, option, *values = told["work"]
            decodes = tuple(values[:1]) if option == "--decoders" else ()
            own = option == "--built-in"
            modules = (_CONFINED, _SANDBOX, module, *decodes, *(("onnxruntime",) if own else ()))
            kind = _Kind(tuple(command[:-2]), modules, PROJECT if own else "")
            order = {"module": _CONFINED, "from": len(command) - 1, "brings": told["own"]}
        else:
            return self.from_nothing(far, command, words, variables)
        order |= {"command": [*command, None, *words], "variables": variables}
        errors, written = os.pipe()
        with open(os.devnull, "wb") as nothing, far, os.fdopen(written, "wb"):
            passed = nothing.fileno(), written, far.fileno()
            told = self._likeness(kind, variables).start(order, *passed)
        return _Started(told, errors)

    def popen(self, command: Sequence[str], **options: Any) -> Any:
        """``subprocess.Popen`` of a process that builds or examines, from a likeness."""
        far_side = _FAR_SIDES.get(command[-2]) if _unwrapped(command) else None
        if far_side is None:
            return subprocess.Popen(command, **options)
        told, variables = json.loads(command[-1]), options["env"]
        own = [*told.get("backend_path", ()), *told["own"]]
        order = {"module": far_side[0], "from": len(command) - 1, "brings": own}
        order |= {"command": command, "variables": variables}
        output = options["stdout"].fileno()
        kind = _Kind(tuple(command[:-2]), far_side)
        return _Started(self._likeness(kind, variables).start(order, output, output))

    def close(self) -> None:
        """End them all."""
        for likeness in self._likenesses.values():
            likeness.close()
        self._likenesses.clear()

    def _likeness(self, kind: _Kind, variables: dict[str, str]) -> _Likeness:
        read = {k: v for k, v in variables.items() if k.startswith(_READ_AT_IMPORT)}
        with self._making:
            key = kind, tuple(sorted(read.items()))
            if key not in self._likenesses:
                self._likenesses[key] = _Likeness(kind, read | {"ORT_DISABLE_TELEMETRY": "1"})
            return self._likenesses[key]


def _unwrapped(command: Sequence[str]) -> bool:
    """Whether it is Python that confines itself; bubblewrap starts another program."""
    return command[0] == sys.executable
