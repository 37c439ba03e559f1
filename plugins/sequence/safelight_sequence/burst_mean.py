"""Burst mean: a frame laid over the mean of those before it, where they show the same.

NumPy alone; nothing of Safelight's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]
Curve = Callable[[Picture], Picture]

REACH = 3
"""Pixels around its own that decide whether a pixel shows the same, and that sharpen it."""

_ALIKE = 0.1
"""Of the deviation of the noise: by how much two clean frames may differ that show the same."""

_STRICT = 2.0
"""How much a difference counts: 1 makes the least error on average, more leaves fewer ghosts."""

_MOST = 64.0
"""Frames that a mean counts for at most, so that it follows what changes slowly."""

_LEAST = 1 / 255
"""The deviation that rounding and resampling leave in pictures without noise."""

_EXPECTED = 0.75
"""Share of the frames before that a place counts for, where nothing has moved through it."""

_GAIN = 1.5
"""Of the detail of a pixel or two, by which the strongest sharpening lifts it."""


def merged(
    image: Picture,
    clean: Picture,
    before: Mapping[str, Picture] | None,
    level: float,
    to_light: Curve,
    from_light: Curve,
) -> tuple[Picture, Picture]:
    """The mean of a frame (height, width, 3) and those before, and for how many frames it counts,
    (height, width, 1); ``level`` is the standard deviation of the noise of one frame.

    What is averaged is light: ``to_light`` and ``from_light`` go there and back. ``clean`` is the
    frame without its noise, which tells better than the frame itself what has moved: the mean of
    what was before is worth as many frames as its noise, and its difference to this frame, allow.
    """
    one = np.ones((*image.shape[:2], 1), np.float32)
    if before is None:
        return image.copy(), one
    noise = max(level, _LEAST)
    apart = _box(np.square(_box(clean - before["clean"])).mean(2, keepdims=True))
    moved = np.maximum(apart - (_ALIKE * noise) ** 2 - _LEAST**2, 0) / noise**2
    held = before["inside"] / (1 / np.clip(before["weight"], 1, _MOST) + _STRICT * moved)
    total = np.asarray(held + 1, np.float32)
    light = to_light(before["mean"])
    mean = from_light(light + (to_light(image) - light) / total)
    return np.asarray(mean, np.float32), np.minimum(total, _MOST).astype(np.float32)


def expected(count: float) -> float:
    """For how many frames a still place counts after so many, the first one counted."""
    return 1 + _EXPECTED * (min(count, _MOST) - 1)


def laid(clean: Picture, deeper: Picture, weight: Picture, count: float) -> Picture:
    """``clean``, of one frame, where the mean counts for that alone, and towards ``deeper``, of the
    mean, the more frames it counts for; (height, width, 3), the weight (height, width, 1).
    """
    share = np.clip(2 * (weight - 1) / max(expected(count) - 1, 1e-6), 0, 1)
    return np.asarray(clean + share * (deeper - clean), np.float32)


def sharpened(picture: Picture, weight: Picture, amount: float) -> Picture:
    """A picture (height, width, 3) with its finest detail lifted, the more frames it is made of:
    what noise is left is lifted too. ``amount`` is 0 to 1.
    """
    share = np.float32(_GAIN * amount) * (1 - 1 / np.sqrt(weight))
    return np.asarray(picture + share * (picture - _box(picture)), np.float32)


def _box(planes: Picture) -> Picture:
    """The mean of the three by three samples around each of (height, width, channels), its edge
    repeated.
    """
    for axis in (0, 1):
        padded = np.pad(planes, [(1, 1) if n == axis else (0, 0) for n in (0, 1, 2)], "edge")
        count = planes.shape[axis]
        parts = [np.take(padded, range(first, first + count), axis) for first in range(3)]
        planes = sum(parts[1:], parts[0]) / np.float32(3)
    return planes
