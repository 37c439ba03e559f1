"""Confinement: what it costs that the built-in plugins' workers are confined.

The reference starts the same process, with the same imports, and leaves the confinement out.
``start`` is the processor time of the worker until it has said what its plugins offer, ``pieces``
what worker and host take for a picture cut into pieces by a network, ``cheap`` for a filter that
takes little itself. Processor seconds, since other processes may run meanwhile.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from safelight.document import Document
from safelight.pixels import Raster
from safelight.workers import plugin_environment
from safelight.workers.catalog import Catalog
from safelight.workers.confinement import sandbox
from safelight.workers.conversation import Conversation
from safelight.workers.job import Job, JobFinished
from safelight.workers.wire.messages import Describe, Described
from safelight.workers.worker_pool import Pool, WorkerProcess
from tests.benchmarks.pairs import Row, Skipped, alternate

PAIRS = {"full": 9, "quick": 7, "tiny": 2}

_SIDE = {"full": 768, "quick": 512, "tiny": 64}

_OPEN = """
import sys
sys.path.insert(0, {editor!r})
from safelight.workers.confinement import sandbox
sandbox.confine = lambda *given, **options: None
from safelight.workers.far import confined_main
confined_main.main(sys.argv[1:])
"""


def measure(pairs: int, size: str = "full") -> list[Row]:
    """The rows start, pieces and cheap."""
    if not sandbox.available().complete:
        raise Skipped(f"Nothing is confined here: {sandbox.available().reason}.")
    starts = alternate(lambda: _start(sandboxed=True), lambda: _start(sandboxed=False), pairs)
    rows = [Row("confinement: start", "s", *starts, goal=1.05)]
    side = _SIDE[size]
    pixels = np.random.default_rng(5).integers(0, 256, (side, side, 3), np.uint8)
    document = Document.from_raster(Raster.from_array(pixels))
    with _pool(sandboxed=True) as ours, _pool(sandboxed=False) as reference:
        found = {item.id: item for item in Catalog(ours, str, lambda text: None).filters()}
        for name, identity in (
            ("pieces", "safelight_clean.denoise"),
            ("cheap", "safelight_adjust.vignette"),
        ):
            run: Callable[[Pool], float] = partial(_run, found[identity], document)
            taken = alternate(lambda: run(ours), lambda: run(reference), pairs, warm=1)  # noqa: B023
            rows.append(Row(f"confinement: {name}, {side}²", "s", *taken, goal=1.05))
    return rows


@contextlib.contextmanager
def _unconfined(sandboxed: bool) -> Iterator[None]:
    """Have workers start without confinement, unless ``sandboxed``."""
    with pytest.MonkeyPatch.context() as patch:
        if not sandboxed:
            editor = str(Path(sandbox.__file__).parents[3])
            made = plugin_environment._command

            def command(*given: object, **options: object) -> list[str]:
                words = made(*given, **options)  # type: ignore[arg-type]
                return [*words[:-2], "-c", _OPEN.format(editor=editor), words[-1]]

            patch.setattr(plugin_environment, "_command", command)
        yield


@contextlib.contextmanager
def _pool(*, sandboxed: bool) -> Iterator[Pool]:
    with _unconfined(sandboxed):
        pool = Pool(limit=1)
        pool.warm()
    with contextlib.closing(pool):
        yield pool


def _start(*, sandboxed: bool) -> float:
    """Processor seconds until a worker has said what there is, the host's included."""
    before = time.process_time()
    with _unconfined(sandboxed):
        worker = WorkerProcess()
    try:
        worker.await_ready()
        Conversation(worker, 300).ask(Describe(), Described)
        return time.process_time() - before + _ran(worker.pid)
    finally:
        worker.kill()


def _run(declaration: object, document: Document, pool: Pool) -> float:
    """Processor seconds of worker and host for one job."""
    with pool.worker() as worker:
        pid = worker.pid
    before = time.process_time() + _ran(pid)
    job = Job(pool, declaration, declaration.settings(None), document, device="cpu")  # type: ignore[arg-type,attr-defined]
    outcome = job.wait()
    assert isinstance(outcome, JobFinished), outcome
    return time.process_time() + _ran(pid) - before


def _ran(pid: int) -> float:
    """Processor seconds that all threads of a process have had, as the kernel's scheduler knows."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9
