"""Steadiness: the light of a frame, coarsely, and a frame in the light that it should have.

NumPy alone; nothing of Safelight's.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]

SIZE = 16
"""How many times smaller than the frame its light is kept."""

_WINDOW = 5
"""Samples of the light, to each side of one, that it is averaged over: detail that moves weighs
little then."""

REACH = SIZE * (2 * _WINDOW + 2)
"""Pixels around its own that a result pixel depends on: the average, and what lies between two
samples of it."""

_DARK = 0.02
"""Light below which a picture is not made brighter by its share: there is noise alone."""

_MOST = 0.7
"""The natural logarithm by which the light of a place is changed at most: a factor of 2."""


def light_of(image: Picture) -> Picture:
    """The logarithm of the light, (height, width, 3) sRGB-encoded to (height / 16, width / 16, 3),
    rounded up, averaged over a window.
    """
    height, width = image.shape[:2]
    tall, wide = -(-height // SIZE), -(-width // SIZE)
    filled = np.pad(image, ((0, tall * SIZE - height), (0, wide * SIZE - width), (0, 0)), "edge")
    cells = filled.reshape(tall, SIZE, wide, SIZE, 3).mean((1, 3), dtype=np.float64)
    return np.log(averaged(np.maximum(cells, 0)) + _DARK).astype(np.float32)


def averaged(cells: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean over a window of each sample of (rows, columns, channels); repeated at the border.

    The same numbers are added in the same order wherever a picture was cut.
    """
    for axis in (0, 1):
        fill = [(0, 0)] * 3
        fill[axis] = (_WINDOW, _WINDOW)
        padded = np.pad(cells, fill, "edge")
        count = cells.shape[axis]
        parts = [
            np.take(padded, range(first, first + count), axis) for first in range(2 * _WINDOW + 1)
        ]
        cells = sum(parts[1:], parts[0]) / (2 * _WINDOW + 1)
    return cells


def followed(before: Picture, own: Picture, inertia: float) -> Picture:
    """The light that a frame should have: that before, and a little of its own; logarithms, float32
    (rows, columns, 3).
    """
    return np.asarray(before + np.float32(1 - inertia) * (own - before), np.float32)


def lit(image: Picture, own: Picture, wanted: Picture, colour: bool) -> Picture:
    """A frame (height, width, 3) whose ``own`` light is changed to what is ``wanted``."""
    change = np.clip(wanted - own, -_MOST, _MOST)
    if not colour:
        change = np.repeat(change.mean(2, keepdims=True), 3, axis=2)
    factor = np.exp(enlarged(change, *image.shape[:2]))
    return np.asarray((image + _DARK) * factor - _DARK, np.float32)


def enlarged(cells: Picture, height: int, width: int) -> Picture:
    """Samples of every 16th pixel as (height, width, channels), linear between their middles."""
    for axis, length in ((0, height), (1, width)):
        place = (np.arange(length, dtype=np.float32) + 0.5) / SIZE - 0.5
        first = np.clip(np.floor(place).astype(int), 0, cells.shape[axis] - 1)
        second = np.clip(first + 1, 0, cells.shape[axis] - 1)
        shape = [1, 1, 1]
        shape[axis] = length
        share = np.clip(place - first, 0, 1).reshape(shape)
        low, high = np.take(cells, first, axis), np.take(cells, second, axis)
        cells = low + share * (high - low)
    return np.asarray(cells, np.float32)
