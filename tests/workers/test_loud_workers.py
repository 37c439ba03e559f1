"""What a worker says unasked, too often, too long or without sense ends it, and is not kept."""

import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from safelight.workers.wire.protocol import MAX_FRAME, VERSION
from safelight.workers.worker_process import _MOST_UNHEARD, WorkerDied, WorkerProcess

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a socket goes by its number")

BEGIN = f"""
import json, socket, sys, time
talk = socket.socket(fileno=int(sys.argv[1]))
def say(text):
    body = text.encode()
    talk.sendall(len(body).to_bytes(4, "big") + body)
say(json.dumps({{"type": "ready", "protocol": {VERSION}, "api": 1, "pid": 1}}))
LONG = json.dumps({{"type": "progress", "text": "x" * ({MAX_FRAME} - 100)}})
"""


@dataclass(frozen=True)
class Loud:
    """Where a worker runs that says what its code has it say."""

    scratch: Path
    code: str
    trusted = False
    variables = {}

    def keys(self):
        return {}

    def furnish(self, scratch):
        pass

    def command(self, scratch, memory):
        return [sys.executable, "-I", "-S", "-c", BEGIN + self.code]


@pytest.fixture
def loud(tmp_path):
    started = []

    def start(code):
        started.append(WorkerProcess(environment=Loud(tmp_path / "scratch", code)))
        started[-1].await_ready()
        return started[-1]

    yield start
    for worker in started:
        worker.kill()


def ended(worker):
    """How it ended, after at most a minute of waiting."""
    end = time.monotonic() + 60
    while worker.alive and time.monotonic() < end:
        time.sleep(0.01)
    assert not worker.alive
    return worker._how_it_ended()


def test_nothing_is_kept_of_what_comes_after_a_job_and_who_goes_on_is_ended(loud):
    worker = loud("talk.recv(1)\nwhile True: say(LONG)")
    worker.expect_nothing()
    worker._channel._socket.send(b"x")  # as from nobody: the worker goes on by itself
    assert ended(worker) == "was ended because it sent more messages than it was asked for"
    assert worker._unheard == 0
    assert worker._replies.qsize() <= 1  # that it has ended


def test_last_words_end_nobody(loud):
    worker = loud("talk.recv(1)\nfor _ in range(50): say(LONG)\ntime.sleep(600)")
    worker.expect_nothing()
    worker._channel._socket.send(b"x")
    time.sleep(0.5)
    assert worker.alive
    assert worker._unheard == 0


def test_what_nobody_hears_in_time_is_bounded_by_its_bytes(loud):
    worker = loud("while True: say(LONG)")
    worker.send({"type": "describe"})
    assert ended(worker) == "was ended because it sent more than anybody can hear"
    assert worker._replies.qsize() <= _MOST_UNHEARD // (MAX_FRAME - 200) + 1


@pytest.mark.parametrize(
    "frame", ["no JSON", "[]", '{"type": "prepared", "values": {"gain": 1e999}}', '{"type": NaN}']
)
def test_a_broken_message_is_called_so(loud, frame):
    worker = loud(f"talk.recv(1)\nsay({frame!r})\ntime.sleep(600)")
    worker.send({"type": "describe"})
    with pytest.raises(WorkerDied, match="^was ended because it sent what is no message$"):
        worker.reply(60)


def test_a_frame_that_is_too_long_is_called_so(loud):
    worker = loud('talk.sendall(b"\\xff" * 8)\ntime.sleep(600)')
    with pytest.raises(WorkerDied, match="^was ended because it sent what is no message$"):
        worker.reply(60)


def test_a_line_without_an_end_is_kept_in_parts(loud):
    worker = loud('sys.stderr.write("x\\x1b[2J\\u202e" * 100_000)\nsys.stderr.flush()')
    ended(worker)
    assert all(len(line) <= 2000 for line in worker._errors)
    assert set(worker.errors()) <= set("x[2J\ufffd")
