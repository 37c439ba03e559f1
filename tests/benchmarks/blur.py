"""Gaussian blur: what a megapixel costs in a picture of long lines, against one of short lines.

Both pictures have as many pixels, so that only the length of the lines differs: a blur that
multiplied by a matrix of a line's length squared would pay for it.
"""

from __future__ import annotations

import numpy as np
from safelight_blur import blur

from tests.benchmarks.pairs import Row, alternate, seconds, touch

PAIRS = {"full": 9, "quick": 5, "tiny": 2}

_SHAPES = {
    "full": ((1500, 1500), (188, 12000)),
    "quick": ((1500, 1500), (188, 12000)),
    "tiny": ((64, 64), (16, 256)),
}


def measure(pairs: int, size: str = "full") -> list[Row]:
    """One row: long lines against short ones, in seconds a megapixel."""
    numbers = np.random.default_rng(7)
    short, long = (numbers.random((*shape, 3), np.float32) for shape in _SHAPES[size])
    touch(4 * (short.nbytes + long.nbytes))

    def cost(picture: np.ndarray) -> float:
        took = seconds(lambda: blur(picture, radius=4.0))
        return took / (picture.shape[0] * picture.shape[1] / 1e6)

    figures = alternate(lambda: cost(long), lambda: cost(short), pairs, warm=1)
    widths = f"{long.shape[1]} px against {short.shape[1]} px wide"
    return [Row(f"blur: {widths}", "s/MP", *figures, goal=1.2)]
