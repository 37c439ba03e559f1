"""Palette: a picture in other colours, its light and dark where they were."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

LUMA = np.array([0.2126, 0.7152, 0.0722])
"""Of red, green and blue: Rec. 709."""

LEAST = 1e-4
"""Variance added to every colour: a palette of one colour has none."""

KEPT = 0.15
"""How much of a picture's own spread of colours stays beside the palette's."""


def recoloured(picture: Array, sample: Array, palette: Sequence[str]) -> Array:
    """``picture`` (h, w, 3) with the colours of a palette of ``#rrggbb``; as it is without one.

    The linear map that moves colours least (Pitié and Kokaram, "The linear Monge-Kantorovitch
    linear colour mapping for example-based colour transfer", 2007), from the statistics of
    ``sample`` to those of the palette. The spread of luminance stays the picture's own, so that a
    palette of one colour tints.
    """
    if not palette:
        return picture
    mean, own = statistics(sample)
    wanted_mean, wanted = statistics(np.array([rgb(colour) for colour in palette])[None])
    wanted = wanted + KEPT * own
    light = np.sqrt((LUMA @ own @ LUMA) / max(LUMA @ wanted @ LUMA, LEAST))
    wanted = scaled_along_luma(wanted, light)
    own, wanted = own + LEAST * np.eye(3), wanted + LEAST * np.eye(3)
    root = root_of(own)
    inverse = np.linalg.inv(root)
    map_ = inverse @ root_of(root @ wanted @ root) @ inverse
    moved = (picture.astype(np.float64) - mean) @ map_.T + wanted_mean
    return np.clip(moved, 0, 1).astype(np.float32)


def rgb(colour: str) -> list[float]:
    """``#rrggbb`` as three numbers of 0 to 1."""
    return [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]


def statistics(picture: NDArray[np.floating]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean (3,) and covariance (3, 3) of the pixels of (h, w, 3)."""
    pixels = picture.reshape(-1, 3).astype(np.float64)
    return pixels.mean(0), np.cov(pixels.T, bias=True).reshape(3, 3)


def scaled_along_luma(covariance: NDArray[np.float64], times: float) -> NDArray[np.float64]:
    """A covariance (3, 3) of red, green and blue whose luminance spreads so many times as far."""
    grey = np.ones((3, 1)) @ LUMA[None]  # the luminance of a colour, as a grey
    change = np.eye(3) + (times - 1) * grey
    return change @ covariance @ change.T


def root_of(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """The square root of a symmetric matrix (n, n) without negative eigenvalues."""
    values, vectors = np.linalg.eigh(matrix)
    root: NDArray[np.float64] = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    return root
