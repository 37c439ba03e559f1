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

_TONE = 9
"""Pixels over which the strength of the noise is told."""

_COMMON = 16.0
"""How many times as strong as white noise is, noise that neighbours share may be in a window."""

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
    apart = [
        np.ascontiguousarray(frames[..., 3 * number : 3 * number + 3] - image)
        for number in range(inside.shape[2])
    ]
    expected = _expected(apart, max(level, _LEAST)) if apart else {}
    total = to_light(image).copy()
    count = np.ones((*image.shape[:2], 1), np.float32)
    squares = count.copy()
    for number, difference in enumerate(apart):
        share = inside[..., number] / (1 + _STRICT * _differing(difference, expected))
        share = share[..., None].astype(np.float32)
        total += share * to_light(image + difference)
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


def _expected(apart: list[Picture], level: float) -> dict[int, Picture]:
    """The mean square of what noise makes of differences (height, width, 3), averaged over windows
    of so many pixels, at each pixel, (height, width).

    A camera's noise is stronger in some tones than in others: it is what differs from pixel to
    pixel between the wanted frame and those most like it, or that of ``level``, if that is more.
    And neighbours may have some of it in common, as they have where colours between a sensor's
    pixels were made up: the middle of what is found tells how much.
    """
    fine = _usual([_square(each - _box(each, 3), _TONE) for each in apart]) * np.float32(9 / 8)
    found = {}
    for side in _SCALES:
        wide = _usual([_square(_box(each, side), _AROUND) for each in apart])
        ratio = np.median(wide * np.float32(side**2) / np.maximum(fine, 1e-12))
        shared = np.float32(min(max(float(ratio), 1.0), _COMMON))
        found[side] = np.maximum(shared * fine, np.float32(2 * level**2)) / np.float32(side**2)
    return found


def _usual(planes: list[Picture]) -> Picture:
    """Of planes (height, width) what a quarter stay below at each pixel: what passes is in few."""
    place = (len(planes) - 1) // 4
    return np.ascontiguousarray(np.partition(np.stack(planes), place, axis=0)[place])


def _differing(apart: Picture, expected: dict[int, Picture]) -> Picture:
    """By how much two frames differ beyond their noise: the square, in parts of that of the noise,
    (height, width). ``expected`` are squares of what noise makes of it, by the sides of windows.
    """
    found = np.zeros(apart.shape[:2], np.float32)
    narrow = min(_SCALES)
    unit = expected[narrow] * np.float32(narrow**2 / 2)
    for side, allowed in _SCALES.items():
        square = _square(_box(apart, side), _AROUND) - np.float32(allowed) * expected[side]
        np.maximum(found, square / unit, out=found)
    return found


def _square(planes: Picture, side: int) -> Picture:
    """The mean square of planes (height, width, 3) within windows, (height, width)."""
    import cv2

    return _box(np.asarray(cv2.transform(np.square(planes), _MEAN), np.float32), side)


def _box(planes: Picture, side: int) -> Picture:
    import cv2

    return np.asarray(cv2.blur(planes, (side, side), borderType=cv2.BORDER_REFLECT), np.float32)
