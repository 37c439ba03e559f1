"""Liveliness: how much the pixels of a picture differ from those beside them."""

import numpy as np

from .kernels import AREA, HALF
from .pyramid import spread


def liveliness(picture, known):
    """How much pixels differ from those beside them: float32 (height, width, 1).

    The deviation of the ``known`` pixels of each patch from the means of 3 x 3; what is not known
    goes on smoothly from its rim.
    """
    here = known[..., None].astype(np.float32)
    count = np.maximum(_summed(here, 1), 1)
    apart = ((picture - _summed(picture * here, 1) / count) ** 2).mean(-1, keepdims=True) * here
    count = _summed(here, HALF)
    seen = np.sqrt(np.maximum(_summed(apart, HALF), 0) / np.maximum(count, 1))
    return spread(np.float32(seen), count[..., 0] >= AREA // 2)


def _summed(picture, half):
    """The sums of squares of pixels around each: float64 (height, width, channels)."""
    for axis in (0, 1):
        more = [(0, 0)] * 3
        more[axis] = half + 1, half
        run = np.pad(picture.astype(np.float64), more).cumsum(axis)
        side = 2 * half + 1
        picture = np.take(run, range(side, run.shape[axis]), axis) - np.take(
            run, range(run.shape[axis] - side), axis
        )
    return picture
