"""Likeness: which pixels are like a colour or a neighbour, or as light as a range of tones."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.pixels.opencv import opencv

_LIGHTNESS = 0.5
"""What a difference in lightness counts beside one in colour: a sky is one colour."""

_FARTHEST = 100.0
"""CIE 1976 distance of two colours that a tolerance of 1 takes for the same."""


def differs(pixels: NDArray[np.float32], colour: NDArray[np.float32]) -> NDArray[np.float32]:
    """The largest difference of a channel, alpha included, from a colour (channels,): (height,
    width), in parts of white. ``pixels`` are (height, width, channels), sRGB-encoded.
    """
    found = np.zeros(pixels.shape[:2], np.float32)
    # numpy's maximum along an axis of three takes eight times as long.
    for channel, wanted in enumerate(colour):
        off = pixels[..., channel] - wanted
        np.maximum(found, np.abs(off, out=off), out=found)
    return found


def connected(near: NDArray[np.uint8], column: int, row: int) -> NDArray[np.uint8]:
    """What of ``near``, (height, width) of 0 and 1, hangs together with a pixel of it: 0 and 1."""
    cv2 = opencv()

    filled = np.ascontiguousarray(near)
    cv2.floodFill(filled, None, (column, row), [2], flags=8)
    chosen: NDArray[np.uint8] = (filled == 2).view(np.uint8)
    return chosen


def softened(chosen: NDArray[np.uint8]) -> NDArray[np.float32]:
    """``chosen``, (height, width) of 0 and 1, with an edge that is smooth over a pixel on either
    side: (height, width), 0 to 1.
    """
    cv2 = opencv()

    kernel = np.array([1, 2, 1], np.float32) / 4
    soft: NDArray[np.float32] = cv2.sepFilter2D(chosen, cv2.CV_32F, kernel, kernel)
    return soft


def of_colour(
    pixels: NDArray[np.float32], colour: tuple[float, float, float], tolerance: float, soft: float
) -> NDArray[np.float32]:
    """How much of each pixel has a colour: (height, width), 0 to 1, less where it is transparent.

    ``colour`` is sRGB-encoded, 0 to 1. As far away as ``tolerance``, 0 to 1, counts fully; over
    ``soft`` more it fades. The distance is that of CIE L*a*b*, in which lightness counts half.
    """
    lab, wanted = _lab(pixels), _lab(np.array([[colour]], np.float32))[0, 0]
    lab -= wanted
    lab[..., 0] *= _LIGHTNESS
    lab *= lab
    far = np.sqrt(lab[..., 0] + lab[..., 1] + lab[..., 2]) / np.float32(_FARTHEST)
    return _seen(_fading(far - np.float32(tolerance), soft), pixels)


def of_tones(
    pixels: NDArray[np.float32], darkest: float, lightest: float, soft: float
) -> NDArray[np.float32]:
    """How much of each pixel is as light as a range of tones, 0 to 1 of L*: (height, width), 0 to
    1, less where it is transparent; beyond the range it fades over ``soft``.
    """
    light = _lab(pixels)[..., 0] / np.float32(100)
    beyond = np.maximum(np.float32(darkest) - light, light - np.float32(lightest))
    return _seen(_fading(beyond, soft), pixels)


def _lab(pixels: NDArray[Any]) -> NDArray[np.float32]:
    cv2 = opencv()

    colours = np.clip(pixels[..., :3], 0, 1).astype(np.float32, copy=False)
    lab: NDArray[np.float32] = cv2.cvtColor(np.ascontiguousarray(colours), cv2.COLOR_RGB2Lab)
    return lab


def _fading(beyond: NDArray[np.float32], soft: float) -> NDArray[np.float32]:
    """1 where nothing is beyond, 0 from ``soft`` on, a smoothstep between."""
    if soft <= 0:
        return (beyond <= 1e-6).astype(np.float32)
    left = np.clip(1 - beyond / np.float32(soft), 0, 1)
    fading: NDArray[np.float32] = left * left * (3 - 2 * left)
    return fading


def _seen(found: NDArray[np.float32], pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    seen: NDArray[np.float32] = found * pixels[..., 3] if pixels.shape[2] == 4 else found
    return seen
