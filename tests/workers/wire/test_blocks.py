"""Blocks: the worker can read an input and no more, and cannot pull the memory away."""

import os
import subprocess
import sys
import threading

import numpy as np
import pytest

from safelight.workers.wire.blocks import Block
from safelight.workers.worker_process import WorkerProcess

ATTACKS = """
import mmap, os, sys
descriptor, outcomes = int(sys.argv[1]), []
def attempt(name, attack):
    try:
        attack()
        outcomes.append(name)
    except (OSError, ValueError, TypeError):
        pass
again = f"/proc/self/fd/{descriptor}"
attempt("write", lambda: os.pwrite(descriptor, b"evil", 0))
attempt("map", lambda: mmap.mmap(descriptor, 4096))
attempt("truncate", lambda: os.ftruncate(descriptor, 0))
attempt("grow", lambda: os.ftruncate(descriptor, 1 << 30))
attempt("reopen", lambda: os.pwrite(os.open(again, os.O_RDWR), b"evil", 0))
print(" ".join(outcomes))
"""


def attack(block):
    done = subprocess.run(
        [sys.executable, "-c", ATTACKS, str(block.descriptor)],
        pass_fds=[block.descriptor],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


@pytest.mark.skipif(sys.platform != "linux", reason="seals are Linux's")
def test_an_input_block_can_neither_be_written_nor_resized():
    block = Block(4096, writable=False)
    pixels = block.array((16, 16, 3))
    pixels[:] = 0.25
    assert attack(block) == []
    assert (block.array((16, 16, 3)) == 0.25).all()
    block.close()


@pytest.mark.skipif(sys.platform != "linux", reason="seals are Linux's")
def test_an_output_block_can_be_written_but_not_resized():
    block = Block(4096, writable=True)
    done = attack(block)
    assert "write" in done
    assert "truncate" not in done
    assert "grow" not in done
    block.close()


def test_a_shape_that_does_not_fit_is_refused():
    block = Block(4096, writable=True)
    with pytest.raises(ValueError, match="does not fit"):
        block.array((1024, 1024, 3))
    block.close()


def test_a_block_can_be_closed_while_an_array_looks_at_it():
    block = Block(4096, writable=True)
    pixels = block.array((4, 4, 3))
    pixels[:] = 1
    block.close()
    assert np.all(pixels == 1)


def test_a_block_that_does_not_fit_is_a_memory_error():
    with pytest.raises(MemoryError):
        Block(1 << 62, writable=True)


def test_a_worker_can_be_ended_by_several_threads_at_once():
    switching = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    worker, start, failures = WorkerProcess(), threading.Barrier(6), []
    worker.await_ready()
    for _ in range(200):
        worker.block(4096, writable=True)

    def end():
        start.wait()
        try:
            worker.kill()
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=end) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.setswitchinterval(switching)
    assert failures == []
    assert not worker.alive


def test_no_descriptor_is_left_behind():
    before = len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0
    for _ in range(20):
        Block(8192, writable=True).close()
    after = len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0
    assert after == before
