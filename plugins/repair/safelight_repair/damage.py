"""Damage: from how sure a network is of each kind of damage to a mask of what to replace."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .sizes import Array, Mask, count_around, near

MOST_SENSITIVE = 0.98  # a sensitivity of 1: what is less likely than the rest never counts
CURVE = 2.3  # a sensitivity of 0.5 asks for 0.8, where F1 over all kinds is at its best
FAINT = 0.5  # of the threshold: what is as sure as that, beside what is above it, belongs to it
BESIDE = 4  # pixels
FEWEST = 4  # pixels of damage within NEIGHBOURS around each; fewer are taken for texture
NEIGHBOURS = 2
GROWN = 2  # pixels more, as a rim is seldom found exactly: what the filling has been trained with
REACH = BESIDE + NEIGHBOURS + GROWN
"""Pixels around its own that a pixel of the mask depends on."""


def threshold(sensitivity: float) -> float:
    """From how sure on, 0 to 1, a pixel is damaged for a sensitivity above 0, up to 1."""
    return 1 - MOST_SENSITIVE * sensitivity**CURVE


def damage_mask(sure: Array, sensitivities: Sequence[float]) -> Array:
    """Where there is damage: (h, w) float32 of 0 and 1.

    `sure` (h, w, kinds), 0 to 1; a sensitivity, 0 to 1, for each kind, 0 leaves it out. Thresholds
    with hysteresis (Canny, "A Computational Approach to Edge Detection", 1986), though a faint
    trace is followed for BESIDE pixels alone, so that pieces of a picture fit together.
    """
    found = np.zeros(sure.shape[:2], bool)
    for kind, sensitivity in enumerate(sensitivities):
        if sensitivity:
            found |= _traced(sure[..., kind], threshold(sensitivity))
    found &= count_around(found, NEIGHBOURS) >= FEWEST
    return near(found, GROWN).astype(np.float32)


def _traced(sure: Array, least: float) -> Mask:
    """What is surer than `least`, and what is FAINT beside it."""
    return (sure > FAINT * least) & near(sure > least, BESIDE)
