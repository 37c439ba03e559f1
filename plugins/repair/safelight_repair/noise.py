"""Noise: the random numbers that a filling is drawn from. They belong to places of the picture."""

from __future__ import annotations

import numpy as np

from .sizes import Array

CHANNELS = 28
STRIDE = 4  # pixels to a place of the noise
BLOCK = 64  # pixels whose noise is drawn together


class Noise:
    """Standard normal numbers for every place of one size of the picture, times `variety`.

    `level` 0 is full size, 1 half of it. Numbers depend on the seed, the level and the place alone,
    so the same seed gives the same filling whatever else is damaged.
    """

    def __init__(self, seed: int, level: int, variety: float):
        self.seed, self.level, self.variety = seed, level, variety

    def window(self, y: int, x: int, height: int, width: int) -> Array:
        """(CHANNELS, height / STRIDE, width / STRIDE) for a window, in pixels, multiples of STRIDE.

        y and x count from the corner of the whole picture.
        """
        if not self.variety:
            return np.zeros((CHANNELS, height // STRIDE, width // STRIDE), np.float32)
        first, left = y // BLOCK, x // BLOCK
        rows = [
            np.concatenate(
                [self._block(row, column) for column in range(left, -(-(x + width) // BLOCK))], 2
            )
            for row in range(first, -(-(y + height) // BLOCK))
        ]
        drawn = np.concatenate(rows, 1)
        top, start = (y - first * BLOCK) // STRIDE, (x - left * BLOCK) // STRIDE
        return drawn[:, top : top + height // STRIDE, start : start + width // STRIDE]

    def _block(self, row: int, column: int) -> Array:
        rng = np.random.default_rng([self.seed, self.level, row, column])
        drawn = rng.standard_normal((CHANNELS, BLOCK // STRIDE, BLOCK // STRIDE), np.float32)
        return drawn * np.float32(self.variety)
