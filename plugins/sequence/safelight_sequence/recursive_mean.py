"""Recursive mean: a frame averaged with the mean of those before it, where they show the same.

A Kalman filter for every pixel, as in EMVD (Maggioni et al., CVPR 2021): the mean counts for as
many frames as its noise, its difference to the frame and its motion allow. NumPy and OpenCV alone;
nothing of Safelight's.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]

_SCALES = {3: 1.6, 7: 2.0, 15: 2.5}
"""Pixels of the windows that a difference is averaged over, a fainter one shows in a wider one; and
by how much more than noise is expected to make of its square it may be, as it varies itself.
"""

_AROUND = 11
"""Pixels over which the squares of such differences are averaged."""

REACH = max(_SCALES) // 2 + _AROUND // 2
"""Pixels around its own that decide whether a pixel shows the same."""

_STRICT = 64.0
"""How much a difference counts: 1 would be right for noise alone. A mean that is off by a third of
the noise is worse than a frame that a network has cleaned.
"""

_MOVING = 0.5
"""What motion adds to the variance of the mean, in parts of the noise of one frame: where it moves,
detail is a little off, and moved again with every frame."""

_FAST = 0.5
"""Pixels from which on a place counts as moving wholly."""

_MEAN = np.full((1, 3), 1 / 3, np.float32)
"""Of the channels."""

_LEAST = 1 / 64
"""Variance of the mean at least, so that it follows what changes slowly."""


def merged(image: Picture, before: Mapping[str, Picture], level: float) -> tuple[Picture, Picture]:
    """The mean of a frame (height, width, 3) and those before, and the deviation of the noise left
    in it, (height, width, 1), that of one frame being 1; ``level`` is that of one frame.

    ``before`` has the ``mean``, the ``left`` of it, and ``previous``, the clean frame before, all
    moved to this one, with the host's ``inside`` and ``motion``. Without noise nothing is averaged.
    """
    if level <= 0:
        return image.copy(), np.ones((*image.shape[:2], 1), np.float32)
    import cv2

    apart = image - before["previous"]
    differs = np.zeros(image.shape[:2], np.float32)
    for side, allowed in _SCALES.items():
        smooth = _box(apart, side)
        squares: Picture = np.square(smooth, out=smooth)
        found = _box(np.asarray(cv2.transform(squares, _MEAN), np.float32), _AROUND)
        found *= np.float32(1 / level**2)
        found -= np.float32(allowed / side**2)
        np.maximum(differs, found, out=differs)
    length = cv2.magnitude(*cv2.split(before["motion"]))
    moving = np.clip(length / np.float32(_FAST), 0, 1)
    known = np.clip(np.square(before["left"][..., 0]), _LEAST, 1)
    variance = known + _STRICT * differs + _MOVING * moving
    share = np.where(before["inside"][..., 0] > 0, variance / (variance + 1), 1)
    share = share[..., None].astype(np.float32)
    mean = before["mean"] + share * (image - before["mean"])
    return np.asarray(mean, np.float32), np.sqrt(share)


def _box(planes: Picture, side: int) -> Picture:
    import cv2

    return np.asarray(cv2.blur(planes, (side, side), borderType=cv2.BORDER_REFLECT), np.float32)
