"""Tone: how faded a picture is, and what takes the fading back.

An old print has lost its black and its white, each dye by another amount, and its colours. That is
undone for each channel by x -> ((x - black) / (white - black)) ** gamma, then by drawing colours
away from their mean by a saturation. How much is estimated by a tiny network (models/repair/
train_tone.py) from percentiles of the whole picture. NumPy alone; nothing of Safelight's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

SIDE = 128  # pixels: a longer side is averaged down to about so many, so dust does not count
TINTED = 0.012  # of the range: less is grey
ALIKE = 0.005  # as far the tints of pixels of one light lie apart, at most, in a toned print
TONES = 32  # parts of the pixels, by their light, of which each has one tint
SHARES = (0.5, 2, 5, 10, 25, 50, 75, 90, 95, 98, 99.5)  # percentiles of each channel
CHROMA_SHARES = (2, 10, 25, 50, 75, 90, 98)  # and of what tells them apart
LIMITS = {"black": 0.3, "white": 0.35, "gamma": 0.45, "saturation": 0.7}
"""How far an estimate goes at most: of the range, of the range, as logarithms."""

Weights = Mapping[str, Array]
"""first (features, hidden), first_bias, second (hidden, hidden), second_bias, last (hidden, 10),
last_bias; mean and deviation (features,)."""


class Tone(NamedTuple):
    """What a picture has become: (3,) black, white and gamma; one saturation. `UNFADED` is none.

    Of a print of one hue, such as sepia, ``one_hue`` is 1: its tint is no fading.
    """

    black: Array
    white: Array
    gamma: Array
    saturation: float
    one_hue: float = 0.0

    @classmethod
    def of(cls, values: Mapping[str, float | Sequence[float]]) -> Tone:
        """From names and numbers. Raises KeyError for one that is missing."""
        curve = (np.asarray(values[name], np.float32) for name in ("black", "white", "gamma"))
        others = (float(np.asarray(values[name])) for name in ("saturation", "one_hue"))
        return cls(*curve, *others)


UNFADED = Tone(np.zeros(3, np.float32), np.ones(3, np.float32), np.ones(3, np.float32), 1.0)


def features(image: Array) -> Array:
    """What is looked at in a picture (h, w, 3): the percentiles, (features,)."""
    pixels = _reduced(np.nan_to_num(image).clip(0, 1)).reshape(-1, 3).T.copy()
    red, green, blue = pixels
    mean = (red + green + blue) / 3
    chroma = np.maximum(np.maximum(red, green), blue) - np.minimum(np.minimum(red, green), blue)
    low, high = np.percentile(mean, (10, 90))
    return np.concatenate(
        [
            np.percentile(pixels, SHARES, axis=1).ravel(),
            np.percentile([red - green, blue - green, chroma], CHROMA_SHARES, axis=1).ravel(),
            pixels[:, mean <= low].mean(1),
            pixels[:, mean >= high].mean(1),
            pixels.std(1),
            _correlations(pixels),
        ]
    ).astype(np.float32)


def _correlations(pixels: Array) -> Array:
    """Between red and green, red and blue, green and blue; 0 of what is even."""
    apart = pixels - pixels.mean(1, keepdims=True)
    products = apart @ apart.T / apart.shape[1]
    deviations = np.sqrt(np.diag(products)) + 1e-3
    return np.asarray((products / np.outer(deviations, deviations))[np.triu_indices(3, 1)])


def _reduced(image: Array) -> Array:
    """The picture with each square of pixels averaged, about SIDE pixels along its longer side."""
    by = max(1, max(image.shape[:2]) // SIDE)
    height, width = (max(1, side // by) for side in image.shape[:2])
    high, wide = (min(by, side) for side in image.shape[:2])
    squares = image[: height * high, : width * wide].reshape(height, high, width, wide, 3)
    return np.asarray(squares.mean((1, 3)))


def estimated(image: Array, weights: Weights) -> Tone:
    """How faded a picture (h, w, 3) is."""
    x = (features(image) - weights["mean"]) / weights["deviation"]
    for name in ("first", "second"):
        x = np.maximum(x @ weights[name] + weights[f"{name}_bias"], 0)
    told = np.tanh(x @ weights["last"] + weights["last_bias"])
    return Tone(
        LIMITS["black"] * told[0:3],
        1 + LIMITS["white"] * told[3:6],
        np.exp(LIMITS["gamma"] * told[6:9]),
        float(np.exp(LIMITS["saturation"] * told[9])),
        float(has_one_hue(image)),
    )


def has_one_hue(image: Array) -> bool:
    """Whether a picture (h, w, 3) is toned: its tint is not grey and follows from its light."""
    pixels = _reduced(np.nan_to_num(image).clip(0, 1)).reshape(-1, 3)
    light = pixels.mean(1)
    tint = pixels - light[:, None]
    if np.sqrt(np.square(tint).sum(1).mean()) < TINTED:
        return False
    apart = 0.0
    for part in np.array_split(tint[np.argsort(light)], min(TONES, len(tint))):
        apart += float(np.square(part - part.mean(0)).sum())
    return bool(np.sqrt(apart / len(tint)) < ALIKE)


def weighed(tone: Tone, contrast: float, cast: float, colour: float) -> Tone:
    """A part of the fading, or more than all of it: what channels have in common, what not, colour.

    With 1 for each it is the tone itself, with 0 for each none. A print of one hue has its light
    alone brought back; a ``cast`` above 1 takes its tint too.
    """
    if tone.one_hue:
        tone = tone._replace(saturation=1.0)
        common, cast, colour = max(0.0, 1 - max(0.0, cast - 1)), 0.0, 0.0

    def part(values: Array) -> Array:
        mean = values.mean()
        return np.asarray(contrast * mean + cast * (values - mean), np.float32)

    return Tone(
        part(tone.black),
        1 + part(tone.white - 1),
        np.exp(part(np.log(tone.gamma))),
        common if tone.one_hue else float(tone.saturation**colour),
        tone.one_hue,
    )


def restored(image: Array, tone: Tone) -> Array:
    """The picture (h, w, 3) with the fading taken back; values outside 0 to 1 go on smoothly."""
    span = np.maximum(tone.white - tone.black, np.float32(0.2))
    if tone.one_hue:
        light = image.mean(2, keepdims=True)
        level = (light - tone.black[:1]) / span[:1]
        tint = np.float32(tone.saturation) * (image - light)
        return np.sign(level) * np.abs(level) ** tone.gamma[:1] + tint
    level = (image - tone.black) / span
    curved = np.sign(level) * np.abs(level) ** tone.gamma
    mean = curved.mean(2, keepdims=True)
    return mean + np.float32(tone.saturation) * (curved - mean)
