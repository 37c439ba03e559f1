"""Burst mean: a frame averaged with those before it, moved to it, where they show the same.

Every frame is compared with the one that is wanted and is left out where it shows something else:
what has passed before the camera meanwhile leaves no ghost. NumPy and OpenCV alone; nothing of
Safelight's.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]
Curve = Callable[[Picture], Picture]

_SCALES = {3: 2.2, 7: 3.0, 15: 4.0}
"""Pixels of the windows that a difference is averaged over, a fainter one shows in a wider one; and
by how much more than noise is expected to make of its square it may be, as it varies itself.
"""

_AROUND = 5
"""Pixels over which the squares of such differences are averaged."""

REACH = max(_SCALES) // 2 + _AROUND // 2
"""Pixels around its own that decide whether a pixel shows the same."""

_STRICT = 128.0
"""How much a difference counts: in parts of the noise, 1 would be right for noise alone. What
differs by a tenth of it and is averaged all the same is a ghost that no network takes for noise.
"""

_LEAST = 1 / 255
"""The deviation that rounding and resampling leave in pictures without noise."""

_MEAN = np.full((1, 3), 1 / 3, np.float32)
"""Of the channels."""

_GAIN = 1.5
"""Of the detail of a pixel or two, by which the strongest sharpening lifts it."""


def merged(
    image: Picture,
    frames: Picture,
    inside: Picture,
    level: float,
    to_light: Curve,
    from_light: Curve,
) -> tuple[Picture, Picture]:
    """The mean of a frame (height, width, 3) and others, and the deviation of the noise left in it,
    (height, width, 1), that of one frame being 1; ``level`` is that of one frame.

    ``frames`` are the others, moved to it, (height, width, 3 for each), and ``inside`` is 1 where
    each shows the place and 0 where not, (height, width, 1 for each). What is averaged is light:
    ``to_light`` and ``from_light`` go there and back.
    """
    noise = max(level, _LEAST)
    total = to_light(image).copy()
    count = np.ones((*image.shape[:2], 1), np.float32)
    squares = count.copy()
    for number in range(inside.shape[2]):
        other = np.ascontiguousarray(frames[..., 3 * number : 3 * number + 3])
        share = inside[..., number] / (1 + _STRICT * _differing(other - image, noise))
        share = share[..., None].astype(np.float32)
        total += share * to_light(other)
        count += share
        squares += np.square(share)
    mean = from_light(total / count)
    return np.asarray(mean, np.float32), np.asarray(np.sqrt(squares) / count, np.float32)


def sharpened(picture: Picture, left: Picture, amount: float) -> Picture:
    """A picture (height, width, 3) with its finest detail lifted, the more frames it is made of:
    what noise is left is lifted too. ``left`` is its deviation, (height, width, 1), that of one
    frame being 1, ``amount`` 0 to 1.
    """
    share = np.float32(_GAIN * amount) * (1 - left)
    return np.asarray(picture + share * (picture - _box(picture, 3)), np.float32)


def _differing(apart: Picture, noise: float) -> Picture:
    """By how much two frames differ beyond their noise: the square, in parts of that of the noise,
    (height, width).
    """
    import cv2

    found = np.zeros(apart.shape[:2], np.float32)
    for side, allowed in _SCALES.items():
        smooth = _box(apart, side)
        squares: Picture = np.square(smooth, out=smooth)
        square = _box(np.asarray(cv2.transform(squares, _MEAN), np.float32), _AROUND)
        square *= np.float32(1 / noise**2)
        square -= np.float32(2 * allowed / side**2)  # the noise of both
        np.maximum(found, square, out=found)
    return found


def _box(planes: Picture, side: int) -> Picture:
    import cv2

    return np.asarray(cv2.blur(planes, (side, side), borderType=cv2.BORDER_REFLECT), np.float32)
