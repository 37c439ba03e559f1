"""Latent codes: codes that say what a generator makes, drawn from seeds and between one another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Code = NDArray[np.float32]
"""Independent numbers of a normal distribution, float32 (size,)."""

_PARALLEL = 1e-4
"""Radians between two codes that count as having one direction."""


def drawn(seed: int, size: int) -> Code:
    """The code that a seed stands for: the same with every version of numpy."""
    # Not default_rng: of RandomState alone numpy promises that its numbers never change.
    return np.random.RandomState(seed).standard_normal(size).astype(np.float32)


def chosen(code: Sequence[float], seed: int, size: int) -> Code:
    """A setting of the kind ``code`` as an array; where nothing is chosen, what ``seed`` says."""
    return np.asarray(code, np.float32) if len(code) else drawn(seed, size)


def between(one: Code, other: Code, share: float) -> Code:
    """The code a ``share`` (0 to 1) of the way from one to the other.

    Spherical linear interpolation (K. Shoemake, "Animating Rotation with Quaternion Curves",
    SIGGRAPH 1985), with the lengths interpolated too. Normal numbers in many dimensions have a
    length that hardly varies: a straight line would lead through codes that are never drawn.
    """
    # In floats of 32 bits the angle between nearly opposite codes is off by more than its sine.
    one, other = one.astype(np.float64), other.astype(np.float64)
    lengths = np.linalg.norm(one), np.linalg.norm(other)
    if min(lengths) == 0:
        return np.asarray((1 - share) * one + share * other, np.float32)
    a, b = one / lengths[0], other / lengths[1]
    angle = float(np.arccos(np.clip(np.dot(a, b), -1, 1)))
    length = (1 - share) * lengths[0] + share * lengths[1]
    if angle < _PARALLEL:
        return np.asarray(length * a, np.float32)
    if np.pi - angle < _PARALLEL:  # opposite ones: any way round is as good as another
        side = np.roll(a, 1) - np.dot(np.roll(a, 1), a) * a
        norm = np.linalg.norm(side)
        if norm == 0:
            return np.asarray((1 - share) * one + share * other, np.float32)
        turn = share * np.pi
        return np.asarray(length * (np.cos(turn) * a + np.sin(turn) * side / norm), np.float32)
    mixed = np.sin((1 - share) * angle) * a + np.sin(share * angle) * b
    return np.asarray(length * mixed / np.sin(angle), np.float32)
