"""Colours: what of them comes from the style and what from the photograph.

After Gatys et al., "Preserving Color in Neural Artistic Style Transfer", 2016: either the style
picture is first painted in the photograph's colours, or of the result the luminance alone is taken.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
"""Of red, green and blue: Rec. 709."""

LEAST = 1e-5
"""Variance added to every colour: a grey picture has none across the grey axis."""


def colour_statistics(picture: Array) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean (3,) and covariance (3, 3) of the pixels of (h, w, 3)."""
    pixels = picture.reshape(-1, 3).astype(np.float64)
    return pixels.mean(0), np.cov(pixels.T, bias=True)


def matched(style: Array, mean: NDArray[np.float64], covariance: NDArray[np.float64]) -> Array:
    """A picture (h, w, 3) with its colours moved to a mean (3,) and a covariance (3, 3): float32, 0
    to 1.

    The linear map that moves them least (Pitié and Kokaram, "The linear Monge-Kantorovitch linear
    colour mapping for example-based colour transfer", 2007).
    """
    own_mean, own = colour_statistics(style)
    own, wanted = own + LEAST * np.eye(3), covariance + LEAST * np.eye(3)
    root = _root(own)
    inverse = np.linalg.inv(root)
    map_ = inverse @ _root(root @ wanted @ root) @ inverse
    moved = (style.astype(np.float64) - own_mean) @ map_.T + mean
    return np.clip(moved, 0, 1).astype(np.float32)


def with_luminance(image: Array, made: Array) -> Array:
    """The colours of ``image`` with the luma of ``made``; both (h, w, 3), sRGB-encoded."""
    return image + ((made - image) @ LUMA)[..., None]


def _root(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """The square root of a symmetric matrix without negative eigenvalues."""
    values, vectors = np.linalg.eigh(matrix)
    root: NDArray[np.float64] = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    return root
