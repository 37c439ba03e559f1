"""Gaussian blur: the plainest filter that looks at a pixel's neighbours."""

import math
from collections.abc import Callable
from typing import Annotated

import numpy as np

from safelight import api

Radius = Annotated[
    float,
    api.Number(0.0, 250.0, slider=(0.0, 30.0), step=0.1, unit="px", length=True),
    "Standard deviation of the Gaussian: the larger, the softer",
]

_LEAST = 64
"""Rows that are made at a time, at least: smaller products waste what BLAS is fast at."""

_ACROSS = 256
"""Columns that are looked at at a time, so that they stay in a processor's cache."""

_BAND = 1 << 15
"""Pixels whose light is worked out at a time, for the same reason."""


def reach(radius: float) -> int:
    """Pixels around its own that count: beyond three deviations lie 0.3 % of the weight."""
    return math.ceil(3 * radius)


@api.filter("Gaussian blur", category="Blur", reach=reach, keeps_grey=True)
def blur(
    image: api.Image,
    radius: Radius = 4.0,
    linear_light: Annotated[bool, "Mix light, as a lens does, so that bright points stay"] = True,
) -> api.Image:
    """Soften the picture evenly."""
    if radius == 0:
        return image.copy()
    light = in_bands(api.to_linear, image) if linear_light else image
    down = softened(light, radius)
    blurred = softened(down.transpose(1, 0, 2), radius).transpose(1, 0, 2)
    return in_bands(api.from_linear if linear_light else np.asarray, blurred)


def in_bands(change: Callable[[np.ndarray], np.ndarray], image: np.ndarray) -> np.ndarray:
    """float32 (height, width, 3), as ``change`` makes it of some rows at a time, which stay in a
    cache.
    """
    result = np.empty(image.shape, np.float32)
    rows = max(_BAND // image.shape[1], 1)
    for top in range(0, len(image), rows):
        result[top : top + rows] = change(image[top : top + rows])
    return result


def softened(image: np.ndarray, radius: float) -> np.ndarray:
    """(height, width, channels) float32 blurred downwards; beyond the edges go on its last pixels.

    Part by part, each the product with one and the same matrix, which is as large as a part and
    the reach, whatever the picture. So a large picture costs no more a pixel than a small one, and
    the sums are made at the speed of BLAS.
    """
    far, (height, width, channels) = reach(radius), image.shape
    matrix = weights(min(max(_LEAST, far), height), radius)
    tall = len(matrix)
    result = np.empty((height, width, channels), np.float32)
    for left in range(0, width, _ACROSS):
        columns = slice(left, left + _ACROSS)
        for top in range(0, height, tall):
            count = min(tall, height - top)
            rows = np.clip(np.arange(top - far, top + count + far), 0, height - 1)
            seen = image[rows, columns].reshape(len(rows), -1)
            part = matrix[:count, : len(rows)] @ seen
            result[top : top + count, columns] = part.reshape(count, -1, channels)
    return result


def weights(size: int, radius: float) -> np.ndarray:
    """The matrix (size, size + 2 * reach), float32, that blurs ``size`` pixels of a line, given
    those around them too; its rows sum to 1.
    """
    far = reach(radius)
    kernel = np.exp(-0.5 * (np.arange(-far, far + 1) / radius) ** 2)
    rows = np.arange(size)[:, None]
    matrix = np.zeros((size, size + 2 * far), np.float32)
    matrix[rows, rows + np.arange(len(kernel))] = kernel / kernel.sum()
    return matrix


@api.hookimpl
def filters():
    return [blur]
