"""Resampling: bicubic steps from picture pixel to picture pixel, and back-projection made of them.

The kernel is cubic convolution with a = -0.5 (Keys, "Cubic convolution interpolation for digital
image processing", 1981), widened when shrinking so that it also removes what the smaller picture
cannot hold; beyond its border a picture goes on mirrored. That is MATLAB's `imresize`, by which the
pictures were reduced that the networks have learnt from.

A sampling is told by how many samples lie on one pixel of the small picture, before and after.
Weights are the same for every pixel, so pieces that are cut between pixels meet without a seam.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]
"""One colour of a picture: (height, width)."""

ROUNDS = 3
"""How often what is missing is added. Each round looks ``2 * REACH`` pixels further."""

REACH = 2
"""Pixels of the small picture, each way, that one resampling looks at."""


def resampled(plane: Plane, before: int, after: int) -> Plane:
    """The plane with ``after`` samples where there were ``before``, each way.

    Both sides must be multiples of ``before``.
    """
    if after < before:  # the large side first, where rows are long: that is the faster order
        return _rows(_rows(plane, before, after).T, before, after).T
    return _rows(_rows(plane.T, before, after).T, before, after)


def back_projected(plane: Plane, small: Plane, factor: int) -> Plane:
    """``plane``, ``factor`` times as large as ``small``, changed so that it shrinks back to it.

    Iterative back-projection (Irani and Peleg, "Improving resolution by image registration", 1991):
    plane += enlarged(small - shrunk(plane)), ROUNDS times.
    """
    made = np.array(plane)
    for _ in range(ROUNDS):
        made += resampled(small - resampled(made, factor, 1), 1, factor)
    return made


def _rows(plane: Plane, before: int, after: int) -> Plane:
    """Resample the first axis of a plane."""
    padded = np.pad(plane, ((REACH * before, REACH * before), (0, 0)), mode="symmetric")
    down, across = padded.strides
    # For each pixel the rows that its samples are made of, as views: nothing is copied.
    shape = (plane.shape[0] // before, (2 * REACH + 1) * before, plane.shape[1])
    rows = np.lib.stride_tricks.as_strided(padded, shape, (before * down, down, across))
    return np.matmul(_weights(before, after), rows).reshape(-1, plane.shape[1])


@cache
def _weights(before: int, after: int) -> Plane:
    """(after, samples): what each sample of a pixel takes of those on it and around it."""
    scale = after / before
    stretch = min(scale, 1.0)
    places = (np.arange(after) + 0.5) / scale - 0.5
    samples = np.arange(-REACH * before, (REACH + 1) * before)
    weights = stretch * _cubic(stretch * (places[:, None] - samples))
    return np.asarray(weights / weights.sum(1, keepdims=True), np.float32)


def _cubic(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Keys' kernel at the distances ``x``, in samples."""
    x = np.abs(x)
    near = 1.5 * x**3 - 2.5 * x**2 + 1
    far = -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    return np.where(x <= 1, near, np.where(x <= 2, far, 0.0))
