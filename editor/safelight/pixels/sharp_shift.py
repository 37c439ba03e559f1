"""Sharp shift: pixels looked up between pixels, as sharp on average as they were.

A Lanczos window of eight pixels (Duchon, "Lanczos filtering in one and two dimensions", 1979), and
behind it what undoes, on the mean over all places between pixels, that it weakens the finest
detail: what lies halfway between two pixels loses it, what lies on one keeps it. So the mean of
several pictures, each moved otherwise, is as sharp as one of them.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.pixels import motion
from safelight.pixels.opencv import opencv

MARGIN = 4
"""Pixels around those wanted that the sharpening looks at."""

TAPS = 4
"""Pixels around a place that are looked up for it."""

_PHASES = 32
"""Places between two pixels that OpenCV tells apart."""

_LENGTH = 32
"""Samples of a response, from no frequency to all."""

Places = NDArray[np.float32] | NDArray[np.float64]


def moved(pixels: NDArray[np.float32], where: NDArray[np.float32]) -> NDArray[np.float32]:
    """What ``pixels``, (height, width, channels), has at ``where``, (rows, columns, 2) of x and y;
    its edge beyond it. Not sharpened yet.
    """
    return motion.moved(pixels, where, lanczos=True)


def sharpened(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Pixels (height, width, channels) that ``moved`` looked up at places between pixels, each as
    likely as another, as sharp as those were; their edge mirrored.
    """
    taps = _taps()
    cv2 = opencv()
    made: Any = cv2.sepFilter2D(pixels, -1, taps, taps, borderType=cv2.BORDER_REFLECT_101)
    return np.asarray(made, np.float32).reshape(pixels.shape)


def is_between(where: Places) -> bool:
    """Whether any of the places, (rows, columns, 2), lies between pixels."""
    return bool(np.abs(where - np.rint(where)).max() > 0.5 / _PHASES)


@cache
def _taps() -> NDArray[np.float32]:
    """The filter along one direction that makes up for the blur of looking up: (2 MARGIN + 1,),
    which sum to 1.
    """
    impulse = np.zeros((1, _LENGTH, 1), np.float32)
    impulse[0, _LENGTH // 2] = 1
    where = np.zeros((_PHASES, _LENGTH, 2), np.float32)
    where[..., 0] = np.arange(_LENGTH) + np.arange(_PHASES)[:, None] / _PHASES
    rows = moved(impulse, where)[..., 0].astype(np.float64)
    response = np.abs(np.fft.fft(rows, axis=1)).mean(0)
    inverse = np.roll(np.real(np.fft.ifft(1 / response)), MARGIN)[: 2 * MARGIN + 1]
    inverse = inverse * np.hanning(2 * MARGIN + 3)[1:-1]
    return np.asarray(inverse / inverse.sum(), np.float32)
