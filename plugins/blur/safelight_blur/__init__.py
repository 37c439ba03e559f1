"""Gaussian blur: the plainest filter that looks at a pixel's neighbours."""

import math
from typing import Annotated

import numpy as np

from safelight import api

Radius = Annotated[
    float,
    api.Number(0.0, 250.0, slider=(0.0, 30.0), step=0.1, unit="px", length=True),
    "Standard deviation of the Gaussian: the larger, the softer",
]


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
    light = api.to_linear(image) if linear_light else image
    rows, columns = (weights(side, radius) for side in image.shape[:2])
    # Both directions as products with band matrices: the same sums, at the speed of BLAS.
    blurred = np.einsum("yv,vxc->yxc", rows, light, optimize=True)
    blurred = np.einsum("xu,yuc->yxc", columns, blurred, optimize=True)
    return api.from_linear(blurred) if linear_light else blurred


def weights(size: int, radius: float) -> np.ndarray:
    """The matrix (size, size) that blurs a line of ``size`` pixels; rows sum to 1.

    The line is continued beyond its ends with its end pixels.
    """
    distance = np.arange(-reach(radius), reach(radius) + 1)
    kernel = np.exp(-0.5 * (distance / radius) ** 2)
    kernel /= kernel.sum()
    matrix = np.zeros((size, size), np.float32)
    rows = np.arange(size)
    for offset, weight in zip(distance, kernel, strict=True):
        np.add.at(matrix, (rows, np.clip(rows + offset, 0, size - 1)), weight)
    return matrix


@api.hookimpl
def filters():
    return [blur]
