"""Light: what may go from a picture is what varies in it, so where nothing does, nothing goes.

A network that is told of more noise than there is looks for it, and finds some: an even grey came
out brighter and tinted. What it takes away is therefore held to what the picture can have held.
Noise around a pixel varies by its standard deviation; its mean over a window hardly does, so the
mean of what goes may be a small part of that deviation, and the light of the place stays. Where a
file has cut the noise off at black or white its mean has moved, and may go back. NumPy alone;
nothing of Safelight's.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]
Plane = NDArray[np.float32] | NDArray[np.float64]

STEPS = (1, 2, 4, 8, 7)
"""Pixels by which a row is moved and added to itself, one after the other: a box of 16 pixels, laid
twice, 7 apart."""

REACH = sum(STEPS) // 2
"""Pixels to each side that a pixel's window has; it tapers."""

MEAN = 0.25
"""Of the deviation around a pixel: how far its window's mean may move. That of white noise moves by
a 20th of it; of noise as coarse as a camera's colour blotches, by several times as much."""

CUT_OFF = 2.0
"""Of the deviation, times the share of the window at black or white, more: noise around true black
loses its lower half, which lifts its mean by 0.7 of the deviation that is left."""

END = np.float32(1 / 255)
"""How near to black or white a value counts as cut off: an 8-bit file's last step."""

MOST = 17.0
"""Deviations of its window by which a pixel may move: as one that stands out alone does (16)."""


ROWS = 32
"""Rows that are worked on together: what lies between two steps stays near the processor."""


def kept(image: Picture, result: Picture) -> Picture:
    """``result`` with the light that ``image`` has around each pixel; both (h, w, 3) float32.

    Every channel is a plane of its own, so that grey stays grey.
    """
    height, width, channels = image.shape
    before, after = _lines(image), _lines(result)
    found = np.empty(image.shape, np.float32)
    for top in range(0, height, ROWS):
        rows = slice(top, min(top + ROWS, height) + 2 * REACH)
        made = _kept(before[rows], after[rows], channels)
        found[top : top + ROWS] = made.reshape(-1, width, channels)
    return found


def _lines(image: Picture) -> Picture:
    """An image (h, w, c) as lines of its samples, mirrored beyond the border by REACH pixels:
    (h + 2 REACH, (w + 2 REACH) c).
    """
    sides = ((REACH, REACH), (REACH, REACH), (0, 0))
    return np.pad(image, sides, "symmetric").reshape(len(image) + 2 * REACH, -1)


def _kept(image: Picture, result: Picture, channels: int) -> Picture:
    """What is kept of lines (r + 2 REACH, (w + 2 REACH) c) of both: (r, w c) float32."""
    inner = slice(REACH, -REACH), slice(REACH * channels, -REACH * channels)
    exact = image.astype(np.float64)  # a variance is the small difference of two large numbers
    variance = _means(np.square(exact), channels) - np.square(_means(exact, channels))
    deviation = np.sqrt(np.maximum(variance, 0)).astype(np.float32)
    cut_off = (image <= END) | (image >= 1 - END)
    share = _means(cut_off.astype(np.float32), channels) if cut_off.any() else np.float32(0)
    gone = image - result
    mean, limit = (
        _means(gone, channels),
        deviation * (np.float32(MEAN) + np.float32(CUT_OFF) * share),
    )
    gone = gone[inner] - (mean - np.clip(mean, -limit, limit))
    limit = np.float32(MOST) * deviation
    return image[inner] - np.clip(gone, -limit, limit)


def averaged(plane: Plane) -> Plane:
    """The mean of the window around each sample of (h, w); mirrored beyond the border."""
    return _means(np.pad(plane, REACH, "symmetric"), 1)


def _means(lines: Plane, channels: int) -> Plane:
    """The mean of the window around each sample of lines (r + 2 REACH, (w + 2 REACH) c): (r, w c).

    The same numbers are added in the same order wherever a picture was cut.
    """
    sums = lines
    for step in STEPS:
        sums = sums[:-step] + sums[step:]
    for step in STEPS:
        sums = sums[:, : -step * channels] + sums[:, step * channels :]
    sums *= sums.dtype.type(4.0 ** -len(STEPS))
    return sums
