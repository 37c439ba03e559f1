"""Confinement: what it costs that the built-in plugins' workers are confined.

The reference starts the same process, with the same imports, and leaves the confinement out.
``start`` is until the worker has said what its plugins offer, ``Denoise`` a picture cut into pieces
by a network, ``Vignette`` a filter that takes little itself, at 24 megapixels. Both the seconds on
the clock, which count on an idle machine, and those of the processor, worker's and host's, which
count while others work.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from safelight.api import Declaration
from safelight.document import Document
from safelight.pixels import Raster
from safelight.workers import plugin_environment
from safelight.workers.catalog import Catalog
from safelight.workers.confinement import sandbox
from safelight.workers.conversation import Conversation
from safelight.workers.job import Job
from safelight.workers.job_events import JobFinished
from safelight.workers.wire.messages import Describe, Described
from safelight.workers.worker_pool import Pool
from safelight.workers.worker_process import WorkerProcess
from tests.benchmarks.pairs import Row, Skipped

PAIRS = {"full": 7, "quick": 7, "tiny": 2}

_SIZES = {
    "full": {"denoise": (2048, 1536), "vignette": (6000, 4000)},
    "quick": {"denoise": (512, 512), "vignette": (512, 512)},
    "tiny": {"denoise": (64, 64), "vignette": (64, 64)},
}
"""Width and height of the picture for each filter."""

_FILTERS = {"denoise": "safelight_clean.denoise", "vignette": "safelight_adjust.vignette"}

_Taken = tuple[float, float]
"""Seconds on the clock and of the processor."""

_OPEN = """
import sys
sys.path.insert(0, {editor!r})
from safelight.workers.confinement import sandbox
sandbox.confine = lambda *given, **options: None
from safelight.workers.far import confined_main
confined_main.main(sys.argv[1:])
"""


def measure(pairs: int, size: str = "full") -> list[Row]:
    """Two rows each for the start, a network and a cheap filter."""
    if not sandbox.available().complete:
        raise Skipped(f"Nothing is confined here: {sandbox.available().reason}.")
    rows = _rows("start", partial(_start, sandboxed=True), partial(_start, sandboxed=False), pairs)
    with _pool(sandboxed=True) as ours, _pool(sandboxed=False) as reference:
        found = {item.id: item for item in Catalog(ours, str, lambda text: None).filters()}
        for name, (width, height) in _SIZES[size].items():
            random = np.random.default_rng(5)
            pixels = random.integers(0, 256, (height, width, 3), np.uint8)
            document = Document.from_raster(Raster.from_array(pixels))
            run = partial(_run, found[_FILTERS[name]], document)
            title = f"{name}, {width} × {height}"
            rows += _rows(title, partial(run, ours), partial(run, reference), pairs)
    return rows


def _rows(
    name: str, ours: Callable[[], _Taken], reference: Callable[[], _Taken], pairs: int
) -> list[Row]:
    """What both sides take in turn, each the first of every second pair, on the clock and of the
    processor.
    """
    taken = []
    for number in range(1 + pairs):
        if number % 2:
            taken.append((ours(), reference()))
        else:
            other = reference()
            taken.append((ours(), other))
    del taken[0]
    return [
        Row(
            f"confinement: {name}, {clock}",
            "s",
            [one[number] for one, _ in taken],
            [other[number] for _, other in taken],
            goal=1.05,
        )
        for number, clock in enumerate(("clock", "processor"))
    ]


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


def _start(*, sandboxed: bool) -> _Taken:
    """Seconds until a worker has said what there is, the host's included."""
    clock, before = time.perf_counter(), time.process_time()
    with _unconfined(sandboxed):
        worker = WorkerProcess()
    try:
        worker.await_ready()
        Conversation(worker, 300).ask(Describe(), Described)
        took = time.perf_counter() - clock
        return took, time.process_time() - before + _ran(worker.pid)
    finally:
        worker.kill()


def _run(declaration: Declaration, document: Document, pool: Pool) -> _Taken:
    """Seconds of worker and host for one job."""
    with pool.worker() as worker:
        pid = worker.pid
    clock, before = time.perf_counter(), time.process_time() + _ran(pid)
    settings = declaration.settings(None)
    outcome = Job(pool, declaration, settings, document, device="cpu").wait()
    assert isinstance(outcome, JobFinished), outcome
    return time.perf_counter() - clock, time.process_time() + _ran(pid) - before


def _ran(pid: int) -> float:
    """Processor seconds that all threads of a process have had, as the kernel's scheduler knows."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9
