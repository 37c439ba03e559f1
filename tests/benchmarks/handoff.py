"""Hand-off: what it costs to give a worker 24 megapixels and to hear back.

The picture is 6000 x 4000 float32 RGB, 288 MB, and the worker answers with its first pixel, so
that both sides prove that the pixels arrived. The reference pickles the picture through a
``multiprocessing.Pipe`` to a spawned process. ``copy`` fills a sealed block that is used again and
again, sends the message and waits for the answer; ``dispatch`` sends only the message, about
pixels that are in the block already, to a worker that has been idle meanwhile and must be woken, as
between two jobs; a line below the table tells what one costs right after another. Both go through
the editor's own WorkerProcess and filter call.
"""

from __future__ import annotations

import multiprocessing
import tempfile
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.api import Region
from safelight.workers.conversation import Conversation
from safelight.workers.wire.blocks import Block
from safelight.workers.wire.messages import Done, Place, Run
from safelight.workers.worker_process import WorkerProcess
from tests.benchmarks.pairs import Row, alternate, figure, seconds, touch

PAIRS = {"full": 9, "quick": 5, "tiny": 2}

_SHAPE = {"full": (4000, 6000, 3), "quick": (2000, 3000, 3), "tiny": (200, 300, 3)}

_LIMIT = 60.0


def measure(pairs: int, size: str = "full") -> list[Row]:
    """The rows copy and dispatch."""
    shape = _SHAPE[size]
    picture = np.random.default_rng(7).random(shape, np.float32)
    touch(5 * picture.nbytes)
    with tempfile.TemporaryDirectory() as folder:
        worker = WorkerProcess(plugin_folders=[_install(Path(folder))])
        worker.await_ready()
        try:
            ours = _Blocks(worker, shape)
            near, far = multiprocessing.get_context("spawn").Pipe()
            process = multiprocessing.get_context("spawn").Process(
                target=_answer, args=(far,), daemon=True
            )
            process.start()
            far.close()  # so that the process's death is an end of file here
            _pickled(near, picture[:1])  # it has started and imported what it needs
            copy, pickled = alternate(
                lambda: _milliseconds(ours.copy_and_ask, picture),
                lambda: _milliseconds(lambda it: _pickled(near, it), picture),
                pairs,
                warm=2,
            )
            dispatch, pickled_again = alternate(
                lambda: _milliseconds(ours.ask, picture),
                lambda: _milliseconds(lambda it: _pickled(near, it), picture),
                pairs,
            )
            near.close()
            process.join()
            in_a_row = [_milliseconds(ours.ask, picture) for _ in range(100)]
        finally:
            worker.close()
    megapixels = f"{shape[0] * shape[1] / 1e6:.3g} MP"
    note = f"handoff: a dispatch right after another takes {figure(median(in_a_row))} ms"
    return [
        Row(f"handoff: copy, {megapixels}", "ms", copy, pickled, goal=0.05),
        Row(
            f"handoff: dispatch, {megapixels}",
            "ms",
            dispatch,
            pickled_again,
            goal=0.001,
            notes=[note],
        ),
    ]


class _Blocks:
    """The editor's way: a block that the worker has been lent once, and messages about it."""

    def __init__(self, worker: WorkerProcess, shape: tuple[int, ...]) -> None:
        self._worker = worker
        self._shape = shape
        self._input: Block = worker.block(int(np.prod(shape)) * 4, writable=False)
        self._output: Block = worker.block(12, writable=True)

    def copy_and_ask(self, picture: NDArray[np.float32]) -> None:
        """Copy the picture into the block, then ``ask``."""
        np.copyto(self._input.array(self._shape), picture)
        self.ask(picture)

    def ask(self, picture: NDArray[np.float32]) -> None:
        """Send the message, wait for the answer, and check it."""
        corner = self._output.array((1, 1, 3))
        corner[:] = -1
        question = Run(
            filter="safelight_corner.corner",
            settings={},
            region=Region(0, 0, 1, 1),
            keep=(0, 0, 1, 1),
            input=Place(self._input.id, self._shape),
            output=Place(self._output.id, (1, 1, 3)),
        )
        Conversation(self._worker, _LIMIT).ask(question, Done)
        if not np.array_equal(corner[0, 0], picture[0, 0]):
            raise RuntimeError("the worker gave another picture's corner")


def _milliseconds(work: Any, picture: NDArray[np.float32]) -> float:
    picture[0, 0] += 1  # an answer about an earlier picture would be noticed
    if work.__name__ == "ask":
        work.__self__._input.array((3,))[:] = picture[0, 0]
    return seconds(lambda: work(picture)) * 1000


def _pickled(near: Connection, picture: NDArray[np.float32]) -> None:
    near.send(picture)
    if not np.array_equal(near.recv(), picture[0, 0]):
        raise RuntimeError("the pipe answered about another picture")


def _answer(far: Connection) -> None:
    """The other end of the pipe: says the first pixel of each picture until nobody asks."""
    while True:
        try:
            picture = far.recv()
        except EOFError:
            return
        far.send(picture[0, 0])


def _install(folder: Path) -> Path:
    """The filter of ``safelight_corner.py`` in a folder, as an installer would leave it."""
    source = Path(__file__).with_name("safelight_corner.py").read_text("utf-8")
    (folder / "safelight_corner.py").write_text(source, "utf-8")
    record = folder / "safelight_corner-1.0.dist-info"
    record.mkdir()
    name = "Metadata-Version: 2.1\nName: safelight-corner\nVersion: 1.0\n"
    (record / "METADATA").write_text(name, "utf-8")
    points = "[safelight]\nsafelight_corner = safelight_corner\n"
    (record / "entry_points.txt").write_text(points, "utf-8")
    return folder
