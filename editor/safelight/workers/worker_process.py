"""Worker process: one process beside the editor, the messages to and from it, and its blocks."""

from __future__ import annotations

import collections
import contextlib
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from safelight.workers.confinement.scratch_folder import Scratch
from safelight.workers.network_sight import Saw, nobody
from safelight.workers.plugin_environment import BuiltIns, Confined
from safelight.workers.watchdog import Patience, doing
from safelight.workers.wire import protocol
from safelight.workers.wire.blocks import Block
from safelight.workers.wire.replies import visible

START_LIMIT = 60.0
"""Seconds a worker may take to say that it is ready."""

CANCEL_GRACE = 1.0
"""Seconds a worker may take to stop a cancelled piece before it is killed."""

_TICKET_SIZE = "372"
"""Bytes of a shared socket's ticket on Windows (sizeof WSAPROTOCOL_INFOW)."""

_LOOK = 0.5
"""Seconds between looks at what a stranger's plugin has written."""

_MOST_REPLIES = 2000
"""Messages that may come for one question: an answer, and a thousand steps of progress."""

_MOST_UNHEARD = 4 * protocol.MAX_FRAME
"""Bytes of messages that may have come and are not heard yet."""

_MOST_UNASKED = 100
"""Messages that may come while nothing is asked: the last words of what was cancelled."""

_LONGEST_LINE = 2000
"""Bytes of a line of the standard error that are kept."""

_PUBLIC = ("LANG", "TZ", "ORT_DISABLE_TELEMETRY", "SYSTEMROOT")
"""What every worker sees of the environment."""

_BROKEN = "sent what is no message"


class WorkerDied(Exception):
    """The worker ended; the message says how: ``crashed (SIGABRT)``, ``ended itself (exit 3)``."""


class WorkerSilent(Exception):
    """The worker did not answer in time."""


class WorkerProcess:
    """One worker process and the blocks it has been lent. Used by one job at a time.

    The process starts at once; who wants to talk with it calls ``await_ready`` first.
    """

    def __init__(
        self,
        memory_limit: int = 0,
        plugin_folders: Sequence[Path] = (),
        environment: Confined | None = None,
    ) -> None:
        self.saw: Saw = nobody
        environment = environment or BuiltIns(tuple(plugin_folders))
        try:
            scratch = Scratch(environment.scratch)
        except OSError as error:
            raise WorkerDied(f"has no folder to write to: {error.strerror}") from None
        near, far = socket.socketpair()
        self._replies: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._unheard = 0
        self._counting = threading.Lock()
        self._asked = True
        self._channel = protocol.Channel(near)
        self._blocks: list[Block] = []
        self._lent: dict[int, Block] = {}
        self._closing = threading.Lock()
        self._errors: collections.deque[bytes] = collections.deque(maxlen=200)
        self._offence = ""
        self._heard = 0
        self._scratch = scratch
        environment.furnish(scratch.folder)
        command = environment.command(scratch.folder, memory_limit)
        self._wrapped = command[0] != sys.executable
        self._process = _spawn(
            far,
            command,
            [],
            {
                **_environment(_PUBLIC),
                **environment.variables,
            },
        )
        threading.Thread(target=self._listen, daemon=True).start()
        threading.Thread(target=self._keep_errors, daemon=True).start()
        threading.Thread(target=self._watch, args=(scratch,), daemon=True).start()
        self._ready = False
        keys = {name: secret.hex() for name, secret in environment.keys().items()}
        if keys:
            self._send({"type": "keys", "keys": keys})

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def await_ready(self) -> None:
        """Wait until it has started. Raises WorkerDied, or WorkerSilent, and then it has ended."""
        if self._ready:
            return
        try:
            ready = self.reply(START_LIMIT)
            if ready.get("type") != "ready" or ready.get("protocol") != protocol.VERSION:
                raise WorkerDied("speaks another version of the protocol")
        except BaseException:
            self.kill()
            raise
        self._ready = True

    @property
    def pid(self) -> int:
        """The worker's process id."""
        return self._process.pid

    def send(self, message: protocol.Frame) -> None:
        """Send a message that it may answer. Raises WorkerDied when nobody reads it."""
        self._heard, self._asked = 0, True
        self._send(message)

    def _send(self, message: protocol.Frame) -> None:
        try:
            self._channel.send(message)
        except OSError:
            raise WorkerDied(self._how_it_ended()) from None

    def expect_nothing(self) -> None:
        """Nothing is asked until something is sent: what it says until then nobody hears."""
        if self._ready:
            self._heard, self._asked = 0, False
            with contextlib.suppress(queue.Empty):
                while self._heard_some(self._replies.get_nowait()) is not None:
                    pass

    def reply(self, timeout: float) -> protocol.Frame:
        """The next reply. Raises WorkerDied, or WorkerSilent after ``timeout`` seconds."""
        try:
            reply = self._heard_some(self._replies.get(timeout=timeout))
        except queue.Empty:
            raise WorkerSilent from None
        if reply is None:
            raise WorkerDied(self._how_it_ended())
        try:
            return protocol.message(reply)
        except protocol.ProtocolError:
            self._convict(_BROKEN)
            raise WorkerDied(self._how_it_ended()) from None

    def _heard_some(self, body: bytes | None) -> bytes | None:
        """A message that has been taken out of the queue; that it has ended stays there."""
        if body is None:
            self._replies.put(None)
            return None
        with self._counting:
            self._unheard -= len(body)
        return body

    def patience(self, limit: float) -> Patience:
        """What tells when it has got nowhere for ``limit`` seconds of its own time."""
        return Patience(limit, lambda: doing(self.pid))

    def block(self, size: int, *, writable: bool) -> Block:
        """A block of at least ``size`` bytes that no piece uses now, lent to the worker.

        Blocks are used again and again: the first touch of fresh memory costs fifteen times as
        much as the copy. Raises MemoryError.
        """
        fitting = [b for b in self._blocks if b.writable == writable and b.size >= size]
        if fitting:
            found = min(fitting, key=lambda b: b.size)
            self._blocks.remove(found)
            return found
        for small in [b for b in self._blocks if b.writable == writable]:
            self._blocks.remove(small)
            self.discard(small)
        made = Block(size, writable=writable)
        self.lend(made)
        return made

    def lend(self, made: Block) -> None:
        """Lend the worker a block of its own. Raises WorkerDied."""
        descriptors = [made.descriptor] if made.descriptor >= 0 else []
        self._lent[made.id] = made
        try:
            self._channel.send(made.announcement(), descriptors)
        except OSError:
            raise WorkerDied(self._how_it_ended()) from None

    def lend_file(self, descriptor: int) -> None:
        """Let the worker read an open file, whose name it never learns. Raises WorkerDied."""
        try:
            self._channel.send({"type": "file"}, [descriptor])
        except OSError:
            raise WorkerDied(self._how_it_ended()) from None

    def give_back(self, block: Block) -> None:
        """Say that no piece uses ``block`` any more."""
        if block.id in self._lent:
            self._blocks.append(block)

    def discard(self, block: Block) -> None:
        """Give a block's memory back to the system. Raises WorkerDied."""
        if self._lent.pop(block.id, None) is not None:
            block.close()
            self._send({"type": "forget", "block": block.id})

    def kill(self) -> None:
        """End the process and everything it started."""
        self._end()
        self.close()

    def _end(self) -> None:
        if os.name == "posix":
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
        with contextlib.suppress(OSError):
            self._process.kill()

    def close(self) -> None:
        """Hang up; the worker ends by itself."""
        self._channel.close()
        with self._closing:  # a plugin that is switched off ends what a job's thread ends too
            lent = list(self._lent.values())
            self._lent.clear()
            self._blocks.clear()
            for block in lent:
                block.close()
        try:
            self._process.wait(2.0)
        except subprocess.TimeoutExpired:
            self._end()
            self._process.wait()
        self._scratch.remove()

    def errors(self) -> str:
        """The last lines the process wrote to its standard error."""
        text = b"".join(self._errors).decode(errors="replace")[-8000:]
        return visible(text, lines=True)

    def _listen(self) -> None:
        while True:
            try:
                body = self._channel.body([])
            except protocol.CutShort:
                body = None
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(2.0)  # what ended it is the reason, if anything did
                self._end()
            except protocol.ProtocolError:
                body = None  # no conversation with a broken peer
                self._convict(_BROKEN)
            if body is None:
                self._replies.put(None)
                return
            self._heard += 1
            if self._heard > (_MOST_REPLIES if self._asked else _MOST_UNASKED):
                self._convict("sent more messages than it was asked for")
            if not self._asked:
                continue
            with self._counting:
                self._unheard += len(body)
                too_much = self._unheard > _MOST_UNHEARD
            if too_much:
                self._convict("sent more than anybody can hear")
            else:
                self._replies.put(body)

    def _keep_errors(self) -> None:
        stream = self._process.stderr
        assert stream is not None
        with contextlib.suppress(OSError, ValueError), stream:
            while line := stream.readline(_LONGEST_LINE):
                self._errors.append(line)

    def _watch(self, scratch: Scratch) -> None:
        """Look after what it writes."""
        while self.alive:
            if scratch.overflows(self.pid):
                self._convict("filled its scratch folder")
            time.sleep(_LOOK)

    def _convict(self, offence: str) -> None:
        self._offence = self._offence or offence
        self._end()

    def _how_it_ended(self) -> str:
        try:
            code = self._process.wait(2.0)
        except subprocess.TimeoutExpired:
            return "stopped answering"
        if self._offence:
            return f"was ended because it {self._offence}"
        if code > 128 and self._wrapped:
            code = 128 - code  # so bubblewrap says that a signal ended it
        if code >= 0:
            return f"ended itself (exit code {code})"
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        if name == "SIGKILL":
            return "was ended by the system (SIGKILL), most likely because memory ran out"
        return f"crashed ({name})"


def _environment(names: Sequence[str]) -> dict[str, str]:
    """The variables of those names, and one by which ONNX Runtime tells nobody of its use."""
    own = {name: value for name, value in os.environ.items() if name in names}
    return own | {"ORT_DISABLE_TELEMETRY": "1"}


def _spawn(
    far: socket.socket,
    command: Sequence[str],
    arguments: Sequence[str],
    environment: dict[str, str],
) -> subprocess.Popen[bytes]:
    """Start the far side with that environment.

    Its standard output is thrown away, so a print harms nothing.
    """
    options: dict[str, Any] = {
        "stdout": subprocess.DEVNULL,
        "stderr": subprocess.PIPE,
        "env": environment,
    }
    if sys.platform == "win32":
        # The socket is handed over by a ticket that names the process it is for.
        process = subprocess.Popen(
            [*command, _TICKET_SIZE, *arguments], stdin=subprocess.PIPE, **options
        )
        assert process.stdin is not None
        process.stdin.write(far.share(process.pid))
        process.stdin.flush()
    else:
        process = subprocess.Popen(
            [*command, str(far.fileno()), *arguments],
            stdin=subprocess.DEVNULL,
            pass_fds=[far.fileno()],
            start_new_session=True,
            **options,
        )
    far.close()
    return process
