"""Image: what a filter receives and returns, and the sRGB transfer function."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Image: TypeAlias = NDArray[np.float32]
"""Pixels: float32 (height, width, 3), red green blue, sRGB-encoded, 0 to 1 nominally.

Values outside 0 to 1 are wide-gamut or over-range light and survive. What a filter receives
is read-only; it returns a new array.
"""


Mask: TypeAlias = NDArray[np.float32]
"""How much of each pixel is selected: float32 (height, width), 0 to 1, read-only."""


def to_linear(image: Image) -> Image:
    """Light from sRGB-encoded values: float32 of the same shape, unclipped.

    IEC 61966-2-1, mirrored at zero for negative values (scRGB, IEC 61966-2-2).
    """
    size = np.abs(image)
    light = np.where(size <= 0.04045, size / 12.92, ((size + 0.055) / 1.055) ** 2.4)
    return np.copysign(light, image).astype(np.float32)


def from_linear(light: Image) -> Image:
    """sRGB-encoded values from light: the inverse of ``to_linear``."""
    size = np.abs(light)
    curve = 1.055 * np.maximum(size, 0.0031308) ** (1 / 2.4) - 0.055
    encoded = np.where(size <= 0.0031308, size * 12.92, curve)
    return np.copysign(encoded, light).astype(np.float32)
