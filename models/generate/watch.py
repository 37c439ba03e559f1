"""Watching a training: does the judge know its pictures by heart, does the generator still vary?

Three figures are kept in the log. How much the judge *overfits*: by how much its verdict on
pictures it was never shown is nearer to that on made ones than its verdict on those it learns from
(Karras et al., "Training Generative Adversarial Networks with Limited Data", 2020, r_v): 0 not at
all, 1 it takes whatever is new for made. How much the generator *varies*: the mean distance of two
of its pictures, in parts of that of two real ones. And the norms of both sides' gradients, which
grow before a training falls apart.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

import torch
from torch import Tensor

OVERFITS = 0.6  # from here on it is said
COLLAPSED = 0.5  # below this
STEEP = 1e3  # norm of a gradient


class Seen(NamedTuple):
    """Mean verdicts of a judge: on what it learns from, on what it never saw, on what is made."""

    learnt: float
    held_out: float
    made: float

    def overfitting(self) -> float:
        """r_v, 0 to 1; 0 where it does not tell real from made."""
        gap = self.learnt - self.made
        if gap <= 0:
            return 0.0
        return min(max((self.learnt - self.held_out) / gap, 0.0), 1.0)


def spread(features: Tensor) -> float:
    """Mean Euclidean distance of two different rows of (n, c)."""
    count = len(features)
    if count < 2:
        raise ValueError("two pictures at least are needed to tell how different they are")
    return float(torch.cdist(features, features).sum() / (count * (count - 1)))


def alarms(overfitting: float, variety: float, norms: Iterable[float]) -> list[str]:
    """What is wrong, in words: nothing, as a rule."""
    found = []
    if overfitting > OVERFITS:
        found.append("the judge knows its pictures by heart")
    if variety < COLLAPSED:
        found.append("the generator makes much the same again and again")
    if not all(math.isfinite(norm) for norm in norms):
        found.append("a gradient is no number")
    elif any(norm > STEEP for norm in norms):
        found.append("gradients are very large")
    return found
