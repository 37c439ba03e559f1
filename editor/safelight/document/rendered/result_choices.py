"""Result choices: lightness or colour alone, fine texture, of a filter's one result.

The choices on every filter layer, lightness or colour only and fine texture, are made from the
one result there is: moving them runs no filter.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from safelight.document.contents.content import LiveFilter
from safelight.pixels import blend

FINE = 3.0
"""What counts as fine texture: detail smaller than a Gaussian of this many full-size pixels."""

Pixels = NDArray[np.float32]


def margin(filter: LiveFilter, level: int) -> int:
    """How many pixels of ``level`` around its own the strip's choices look at."""
    return math.ceil(3 * FINE / (1 << level)) if filter.texture > 0 else 0


def treat(filter: LiveFilter, below: Pixels, result: Pixels, level: int) -> Pixels:
    """The result as the strip wants it: float32 (height, width, 3), in the document's profile.

    *Luminance* takes the result's lightness and the colour below, *colour* the reverse (W3C's
    non-separable modes). *Texture* replaces that share of the result's fine detail, what a Gaussian
    of ``FINE`` pixels takes away, by that of the picture below.
    """
    if filter.channels == "luminance":
        result = blend("luminosity", below, result)
    elif filter.channels == "colour":
        result = blend("color", below, result)
    if filter.texture > 0:
        radius = FINE / (1 << level)
        detail = (below - smooth(below, radius)) - (result - smooth(result, radius))
        result = np.asarray(result + np.float32(filter.texture) * detail, np.float32)
    return result


def smooth(pixels: Pixels, radius: float) -> Pixels:
    """A Gaussian of standard deviation ``radius`` pixels over (height, width, channels) of float32.

    The bell is cut off at three deviations; beyond the picture its last pixels go on.
    """
    half = math.ceil(3 * radius)
    bell = np.exp(-0.5 * (np.arange(-half, half + 1) / radius) ** 2)
    weights = [np.float32(weight) for weight in bell / bell.sum()]
    for axis in (0, 1):
        size = pixels.shape[axis]
        edges = [(0, 0)] * pixels.ndim
        edges[axis] = (half, half)
        wide = np.pad(pixels, edges, mode="edge")
        total: Pixels = np.zeros_like(pixels)
        for offset, weight in enumerate(weights):
            part = wide[offset : offset + size] if axis == 0 else wide[:, offset : offset + size]
            total += weight * part
        pixels = total
    return pixels
