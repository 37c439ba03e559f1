"""Fidelity words: how well an enlarged picture, reduced again, is the original, as a sentence."""

from __future__ import annotations

import math

_JUDGEMENTS = (
    (20 * math.log10(255), "no visible difference"),
    (40.0, "hardly a visible difference"),
    (30.0, "small differences"),
    (-math.inf, "visible differences"),
)
"""From how many decibels on. In the first case a pixel is off by less than one step of eight bits
on average (root mean square), in the second by less than three, in the third by less than nine."""


def fidelity(decibels: float) -> str:
    """A sentence on ``JobFinished.shrinks_back``, in dB, and on what that does not say."""
    judgement = next(words for least, words in _JUDGEMENTS if decibels >= least)
    return (
        f"Shrunk back to the size it had, the picture matches the original to {decibels:.1f} dB:"
        f" {judgement}. Added detail is a guess all the same."
    )
