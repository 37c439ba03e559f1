"""Throughput: enlarging through the whole path, against the bare network.

Ours is what a user waits for: from ``Studio.start`` to the finished raster of an 8-bit picture of
1024 x 1024, with rendering, colour and depth conversion, shared memory, pieces and their overlap.
The reference is ``session.run`` of the same file on the same number of pixels as one float tensor,
in a process of its own, with the same runtime options, threads and niceness. The ratio is the
share of the network's own speed that reaches the user.
"""

from __future__ import annotations

import statistics

import numpy as np

from safelight.actions import Document, JobFinished, Studio
from safelight.pixels import Raster
from tests.benchmarks.pairs import Row, Skipped, alternate, figure, seconds, touch
from tests.benchmarks.talk import Program, enlarging_model

PAIRS = {"full": 5, "quick": 3, "tiny": 1}

_SIDE = {"full": 1024, "quick": 512, "tiny": 96}


def measure(pairs: int, size: str = "full") -> list[Row]:
    """One row for each factor. Raises Skipped without the plugin Enlarge."""
    side = _SIDE[size]
    # A network keeps up to 2 kB for each pixel of a whole picture; twice that, to be safe.
    touch(4000 * side * side)
    return [_row(pairs, side, factor) for factor in (2, 4)]


def _row(pairs: int, side: int, factor: int) -> Row:
    pixels = np.random.default_rng(7).integers(0, 256, (side, side, 3), np.uint8)
    document = Document.from_raster(Raster.from_array(pixels))
    model = enlarging_model(factor)
    with Studio("cpu") as studio, Program("whole_picture.py", str(model), str(side)) as bare:
        filter = studio.filter("enlarge")

        def enlarge() -> None:
            outcome = studio.start(filter, {"factor": factor}, document).wait()
            if not isinstance(outcome, JobFinished):
                raise Skipped(f"enlarging failed: {getattr(outcome, 'message', outcome)}")

        # Two rounds: the runtime plans its memory in the first and settles in the second.
        ours, reference = alternate(
            lambda: seconds(enlarge), lambda: float(bare.ask()["seconds"]), pairs, warm=2
        )
    megapixels = (side * factor) ** 2 / 1e6
    both = [figure(statistics.median(side) / megapixels) for side in (ours, reference)]
    note = f"enlarge x{factor}: {both[0]} s for each megapixel of the result, bare {both[1]} s"
    name = f"throughput: enlarge x{factor}, {side} px"
    return Row(name, "s", ours, reference, goal=0.85, rate=True, notes=[note])
