"""Layout: the numbers that tell what a sky is like, by where its clouds are.

Mean and gradients taken away, the colours of a sky lie along one axis: of 250 skies one scalar
field explains 98 % of what is left. Fields are float32 (rows, columns), of mean 0 and spread 1.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

ROWS = 48
"""Rows of a field, however large the picture."""

SMALLEST = 4
"""Rows at which no octave is told from its mean any more."""


class Code(NamedTuple):
    """What a field is like, and what is taken away of it. Light is sRGB-encoded, 0 to 1."""

    spread: float
    """Natural logarithm of the spread of colours along their axis."""
    slope: float
    """By how much amplitudes fall with frequency: about 1.3 (fine) to 2.3 (soft)."""
    clear: float
    """Share of the sky that is even and not among its brighter half, 0 to 1."""
    skewness: float
    """Third moment of the field."""
    light: float
    """Mean light."""
    across: float
    """Light from the middle to the right border."""
    down: float
    """Light from the middle to the lower border."""
    horizon: float
    """1 for a look towards the horizon, 0 for one straight up."""
    level: float
    """How streaked the sky is: 1 along rows, -1 along columns, 0 not at all."""
    slanted: float
    """How streaked the sky is askew: 1 from upper left to lower right, -1 from upper right to
    lower left."""


def planes_of(rows: int, columns: int) -> NDArray[np.float64]:
    """What gradients are made of, (4, rows * columns): 1, x, y and y squared, -1 to 1."""
    y = np.repeat((np.arange(rows) + 0.5) / rows * 2 - 1, columns)
    x = np.tile((np.arange(columns) + 0.5) / columns * 2 - 1, rows)
    return np.stack([np.ones_like(x), x, y, y * y - 1 / 3])


def octaves(field: Array) -> list[float]:
    """Spreads of the octaves of a field (rows, columns), the finest first: of what halving and
    enlarging takes away.
    """
    found = []
    while min(field.shape) >= 2 * SMALLEST:
        rows, columns = (side - side % 2 for side in field.shape)
        field = field[:rows, :columns]
        small = field.reshape(rows // 2, 2, columns // 2, 2).mean((1, 3))
        found.append(float((field - small.repeat(2, 0).repeat(2, 1)).std()))
        field = small
    return found


def slope(field: Array) -> float:
    """By how much amplitudes of a field (rows, columns) fall with frequency."""
    spreads = np.log2(np.maximum(octaves(field), 1e-6))
    return 1 + float(np.polyfit(np.arange(len(spreads)), spreads, 1)[0])


def streaks(field: Array) -> tuple[float, float]:
    """How streaked a field (rows, columns) is, `Code.level` and `Code.slanted`: its structure
    tensor.
    """
    y, x = np.gradient(field.astype(np.float64))
    total = float((x * x + y * y).sum()) + 1e-12
    return float((y * y - x * x).sum()) / total, -2 * float((x * y).sum()) / total
