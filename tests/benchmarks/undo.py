"""Undo: a step back and a step forward, against one copy of the picture.

The document has 24 megapixels of 8-bit RGB and one filter step. Undo goes to a value that is
still there, so it should cost nothing that grows with the picture; an editor that keeps snapshots
or recomputes pays at least the copy. The figure is for one step, from a hundred pairs of steps.
"""

from __future__ import annotations

import numpy as np

from safelight.document import Document, History, edits
from safelight.pixels import Raster
from tests.benchmarks.pairs import Row, alternate, seconds, touch

PAIRS = {"full": 15, "quick": 7, "tiny": 2}

_SHAPE = {"full": (4000, 6000, 3), "quick": (4000, 6000, 3), "tiny": (200, 300, 3)}

_STEPS = 100


def measure(pairs: int, size: str = "full") -> list[Row]:
    """One row."""
    before = np.random.default_rng(7).integers(0, 256, _SHAPE[size], np.uint8)
    after = 255 - before
    touch(2 * before.nbytes)
    document = Document.from_raster(Raster.from_array(before))
    edit = edits.set_pixels(document.layers[0].id, Raster.from_array(after))
    history = History.start(document).do(edit)
    copy = np.empty_like(before)

    def there_and_back() -> None:
        now = history
        for _ in range(_STEPS):
            now = now.undo()
            assert now.document is document
            now = now.redo()

    ours, reference = alternate(
        lambda: seconds(there_and_back) * 1e3 / (2 * _STEPS),
        lambda: seconds(lambda: np.copyto(copy, before)) * 1e3,
        pairs,
    )
    megapixels = before.shape[0] * before.shape[1] / 1e6
    return [Row(f"undo: one step, {megapixels:.3g} MP", "ms", ours, reference, goal=0.001)]
