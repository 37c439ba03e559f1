"""Fidelity: how well an enlarged picture, reduced again, is the picture it was made of.

The reduction is bicubic with a = -0.5 and smooths as it shrinks (Keys 1981; Pillow's). The measure
is the peak signal-to-noise ratio of the luma (full-range BT.601, sRGB-encoded, white is 1). It says
how little was changed that the small picture shows; of the detail between its pixels it says
nothing.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

_REACH = 2
"""Pixels of the small picture, each way, that the reduction looks at."""

_ROWS, _EVERY = 8, 64
"""Rows of the small picture that are measured, and after how many the next are: a sample that is
spread over all of it costs little beside the fastest network."""

_BEST = 100.0
"""Decibels at which a difference is no more than what float32 loses."""

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


class ShrinkingBack:
    """Takes the pieces of an enlarged picture, and sums what they differ by.

    ``cut_off``: the result will be stored without what is below 0 and above 1.
    """

    def __init__(self, *, cut_off: bool) -> None:
        self._cut_off = cut_off
        self._squares = 0.0
        self._count = 0

    def add(self, small: NDArray[np.float32], large: NDArray[np.float32]) -> None:
        """Compare a piece (height, width, 3) with its enlargement, inside of a margin."""
        height, width = small.shape[:2]
        scale = large.shape[0] // height
        if width <= 2 * _REACH:
            return
        for first in range(_REACH, height - _REACH, _EVERY):
            last = min(first + _ROWS, height - _REACH)
            seen = slice((first - _REACH) * scale, (last + _REACH) * scale)
            reduced = self._reduced(large[seen], width, last - first + 2 * _REACH)
            inner = reduced[_REACH:-_REACH, _REACH:-_REACH]
            missed = (inner - self._shown(small[first:last, _REACH:-_REACH])) @ _LUMA
            self._squares += float(np.sum(missed * missed, dtype=np.float64))
            self._count += missed.size

    @property
    def decibels(self) -> float | None:
        """The ratio in dB, 100 at most; None where there was too little to compare."""
        if not self._count:
            return None
        mean = self._squares / self._count
        return min(-10 * math.log10(mean), _BEST) if mean > 0 else _BEST

    def _reduced(self, rows: NDArray[np.float32], width: int, height: int) -> NDArray[np.float32]:
        planes = np.ascontiguousarray(self._shown(rows).transpose(2, 0, 1))
        small = [
            PillowImage.fromarray(plane).resize((width, height), PillowImage.Resampling.BICUBIC)
            for plane in planes
        ]
        return self._shown(np.stack([np.asarray(plane) for plane in small], 2))

    def _shown(self, image: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.clip(image, 0.0, 1.0) if self._cut_off else image
