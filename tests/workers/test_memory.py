"""Out of memory: smaller pieces first, then the CPU, then a message. Played by a scripted worker,
because the order can only be seen on a device that runs out."""

import contextlib

import numpy as np
import pytest

from safelight.api import Declaration
from safelight.document import Document
from safelight.pixels import Raster
from safelight.workers.job import Job
from safelight.workers.job_events import JobFailed, JobFinished
from safelight.workers.watchdog import Patience
from safelight.workers.wire.blocks import Block


class ScriptedWorker:
    """Answers like a worker on CUDA that has room for ``room`` pixels, and on the CPU for all."""

    alive = True

    def __init__(self, room, cpu_room=1 << 30, device="CUDA · Test"):
        self.room = {"auto": room, "cpu": cpu_room}
        self.device = device
        self.tried = []
        self.replies = []
        self.blocks = {}
        self.free = []

    def send(self, message):
        about = {key: message[key] for key in ("job", "piece") if key in message}
        if message["type"] == "make plan":
            plan = {"reach": 0, "multiple": 1, "scale": 1, "tile": 448, "models": {}}
            name = "cuda" if self.device.startswith("CUDA") else "cpu"
            device = {"device": self.device, "device_name": name}
            self.replies.append({"type": "planned", **about, **plan, **device})
        elif message["type"] == "run":
            height, width, _ = message["input"]["shape"]
            device = message.get("device", "cpu")
            self.tried.append((device, max(height, width)))
            if height * width > self.room[device]:
                failed = {"type": "failed", "kind": "memory", "reason": "Failed to allocate"}
                self.replies.append({**failed, **about})
                return
            source = self.blocks[message["input"]["block"]].array((height, width, 3))
            self.blocks[message["output"]["block"]].array((height, width, 3))[:] = source
            self.replies.append({"type": "done", **about})

    def reply(self, timeout):
        return self.replies.pop(0)

    def patience(self, limit):
        return Patience(limit, lambda: None)

    def block(self, size, *, writable):
        for block in self.free:
            if block.writable == writable and block.size >= size:
                self.free.remove(block)
                return block
        block = Block(size, writable=writable)
        self.blocks[block.id] = block
        return block

    def give_back(self, block):
        self.free.append(block)


class ScriptedPool:
    """A pool of one scripted worker."""

    def __init__(self, worker):
        self._worker = worker

    @contextlib.contextmanager
    def worker(self, *faults):
        yield self._worker


@pytest.fixture
def document():
    pixels = np.random.default_rng(1).integers(0, 256, (900, 900, 3), np.uint8)
    return Document.from_raster(Raster.from_array(pixels))


def run(worker, document):
    filter = Declaration("test.test", "Test", "Test", "", plugin="test")
    job = Job(ScriptedPool(worker), filter, {}, document)
    return job, job.wait(180)


def test_smaller_pieces_are_tried_first(document):
    worker = ScriptedWorker(room=120 * 120)
    job, outcome = run(worker, document)
    assert isinstance(outcome, JobFinished)
    assert np.array_equal(outcome.raster.to_array(), document.layers[0].raster.to_array())
    assert {device for device, _ in worker.tried} == {"auto"}
    assert worker.tried[0][1] == 450
    assert worker.tried[-1][1] <= 120
    assert job.device_label == "CUDA · Test"


def test_then_the_cpu_and_it_is_said(document):
    worker = ScriptedWorker(room=0)
    job, outcome = run(worker, document)
    assert isinstance(outcome, JobFinished)
    assert np.array_equal(outcome.raster.to_array(), document.layers[0].raster.to_array())
    sides = [side for device, side in worker.tried if device == "auto"]
    assert sorted(sides, reverse=True)[0] == 450
    assert min(sides) <= 64
    assert "cpu" in {device for device, _ in worker.tried}
    assert job.device_label.startswith("CPU")


def test_then_a_message(document):
    for worker in (ScriptedWorker(0, 0), ScriptedWorker(0, device="CPU · 2 cores")):
        _, outcome = run(worker, document)
        assert isinstance(outcome, JobFailed)
        assert outcome.message.startswith("Test (test) ran out of memory, even on pieces of")
