"""Probe charts: the picture and the mask that a network is tried with, and what is done to them.

Each picture is float32 (height, width, 3), sRGB-encoded, 0 to 1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from safelight.api.testing import photograph

NOISE = 0.05
"""Standard deviation of the noise that a network of scale 1 is tried with."""


def chart_of(height: int, width: int) -> NDArray[np.float32]:
    """A chart (height, width, 3) in a photograph's colours: sky, grass, hard edges, fine lines,
    texture.
    """
    return photograph(width, height, seed=1)


def middle(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """A mask (height, width) as large as ``image``: 1 in the middle, 0 elsewhere."""
    tall, wide = image.shape[:2]
    mask = np.zeros((tall, wide), np.float32)
    mask[tall * 3 // 8 : tall * 5 // 8, wide * 3 // 8 : wide * 5 // 8] = 1
    return mask


def details(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    """What each pixel of a plane (height, width) has beyond the mean of its four neighbours.

    Without the outermost rows and columns: (height - 2, width - 2).
    """
    around = sum(np.roll(plane, step, axis) for axis in (0, 1) for step in (-1, 1))
    return np.asarray(plane - around / 4, np.float32)[1:-1, 1:-1]


def reduced(image: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """A picture reduced to ``size``, a (height, width): bicubic, as enlargers are trained."""
    height, width = size
    planes = [
        PillowImage.fromarray(np.ascontiguousarray(image[..., index])).resize(
            (width, height), PillowImage.Resampling.BICUBIC
        )
        for index in range(3)
    ]
    return np.stack([np.asarray(plane, np.float32) for plane in planes], axis=2)
