"""Damage: from how sure a network is of each kind of damage to a mask of what to replace."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .sizes import Array, Mask, count_around, near

SENSITIVITIES = (0.0, 0.3, 0.5, 0.8, 1.0)
THRESHOLDS = (1.0, 0.94, 0.8, 0.41, 0.32)
"""How sure each asks for: F1 over all kinds is at its best at 0.8; where less is asked for than by
the last, more of whole pictures is found than of damage."""

LEVELS = (0.32, 0.41, 0.5, 0.65, 0.8, 0.9)
CERTAIN = (0.97, 0.9, 0.9)
"""How sure, for each kind: what is surer counts, however much there is of it."""

MOST = (0.05, 0.05, 1.0)
"""Of what lies around, for each kind: where more is as sure, it is texture (foliage, gravel)."""

CROWD = 40  # pixels: what lies around
FAINT = 0.5  # of the threshold: what is as sure as that, beside what is above it, belongs to it
BESIDE = 4  # pixels
FEWEST = 4  # pixels of damage within NEIGHBOURS around each; fewer are taken for texture
NEIGHBOURS = 2
GROWN = 2  # pixels more, as a rim is seldom found exactly: what the filling has been trained with
REACH = CROWD + BESIDE + NEIGHBOURS + GROWN
"""Pixels around its own that a pixel of the mask depends on."""


def threshold(sensitivity: float) -> float:
    """From how sure on, 0 to 1, a pixel is damaged for a sensitivity above 0, up to 1."""
    return float(np.interp(sensitivity, SENSITIVITIES, THRESHOLDS))


def damage_mask(sure: Array, sensitivities: Sequence[float]) -> Array:
    """Where there is damage: (h, w) float32 of 0 and 1.

    `sure` (h, w, kinds), 0 to 1; a sensitivity, 0 to 1, for each kind, 0 leaves it out. Thresholds
    with hysteresis (Canny, "A Computational Approach to Edge Detection", 1986), though a faint
    trace is followed for BESIDE pixels alone, so that pieces of a picture fit together. Where a
    kind is found all over, only what is surer than that counts: damage is scattered.
    """
    found = np.zeros(sure.shape[:2], bool)
    for kind, sensitivity in enumerate(sensitivities):
        if sensitivity:
            least = np.maximum(threshold(sensitivity), _crowded(sure[..., kind], kind))
            found |= _traced(sure[..., kind], least)
    found &= count_around(found, NEIGHBOURS) >= FEWEST
    return near(found, GROWN).astype(np.float32)


def _crowded(sure: Array, kind: int) -> Array:
    """How sure a pixel has to be, (h, w), so that no more than MOST of its CROWD is as sure."""
    least = np.full(sure.shape, CERTAIN[kind], np.float32)
    for level in reversed(LEVELS):
        few = count_around(sure > level, CROWD) <= MOST[kind] * (2 * CROWD + 1) ** 2
        least[few] = min(level, CERTAIN[kind])
    return least


def _traced(sure: Array, least: Array) -> Mask:
    """What is surer than `least`, and what is FAINT beside it."""
    return (sure > FAINT * least) & near(sure > least, BESIDE)
