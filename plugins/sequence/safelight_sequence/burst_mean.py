"""Burst mean: a frame laid over the mean of those before it, where they show the same.

NumPy alone; nothing of Safelight's.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]

REACH = 4
"""Pixels around its own that decide whether a pixel shows the same: two boxes of five."""

_AGREES, _DIFFERS = 1.3, 2.5
"""Of the deviation that noise alone makes between the two: up to where they agree, and from where
they do not. That of a window of 25 pixels and three colours varies by a twelfth."""

_MOST = 64.0
"""Frames that a mean counts for at most, so that it follows what changes slowly."""

_LEAST = 1 / 255
"""The deviation that rounding and resampling leave in pictures without noise."""


def merged(
    image: Picture, before: Mapping[str, Picture] | None, level: float
) -> tuple[Picture, Picture]:
    """The mean of a frame (height, width, 3) and those before, and for how many frames it counts,
    (height, width, 1); ``level`` is the standard deviation of the noise of one frame.
    """
    one = np.ones((*image.shape[:2], 1), np.float32)
    if before is None:
        return image.copy(), one
    mean, weight = before["mean"], np.clip(before["weight"], 1, _MOST)
    noise = np.square(level) * (1 + 1 / weight[..., 0]) + _LEAST**2
    apart = np.square(image - mean).mean(2)
    ratio = np.sqrt(_box(_box(apart)) / noise)
    share = np.clip((_DIFFERS - ratio) / (_DIFFERS - _AGREES), 0, 1)[..., None]
    held = share * weight * before["inside"]
    total = held + 1
    return (image + held * mean) / total, np.minimum(total, _MOST).astype(np.float32)


def _box(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    """The mean of the five by five samples around each of (height, width), its edge repeated."""
    for axis in (0, 1):
        padded = np.pad(plane, [(2, 2) if n == axis else (0, 0) for n in (0, 1)], "edge")
        count = plane.shape[axis]
        parts = [np.take(padded, range(first, first + count), axis) for first in range(5)]
        plane = sum(parts[1:], parts[0]) / np.float32(5)
    return plane
