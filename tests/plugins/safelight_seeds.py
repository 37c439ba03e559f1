"""A plugin with seeds: a cheap filter, a costly one, one that fails and one that takes its time."""

import time
from typing import Annotated, Literal

import numpy as np

from safelight import api

FAR = 400
"""Pixels that the costly filters look at: more than what counts as cheap."""


def is_rehearsal(image):
    return image.shape == (64, 64, 3) and float(image.mean()) == 0.5


def tint(seed):
    return np.random.default_rng(seed).random(3, np.float32)


@api.filter("Tint", category="Test")
def cheap_tint(
    image: api.Image, seed: api.Seed = 7, amount: api.Fraction = 0.5, floor: api.Fraction = 0.0
) -> api.Image:
    """Mixes in a colour that the seed chooses."""
    return np.maximum(image * (1 - amount) + tint(seed) * amount, floor).astype(np.float32)


@api.filter("Costly tint", category="Test", reach=FAR)
def costly_tint(
    image: api.Image,
    seed: api.Seed = 7,
    amount: api.Fraction = 0.5,
    balance: api.SignedFraction = 0.0,
    hue: Annotated[
        Literal["as the seed says", "red", "green", "blue", "cyan", "magenta", "yellow"], "Which"
    ] = "as the seed says",
    pause: Annotated[float, api.Number(0, 60, unit="s")] = 0.0,
) -> api.Image:
    """Mixes in a colour that the seed chooses, after a while."""
    if not is_rehearsal(image):
        time.sleep(pause)
    return (image * (1 - amount) + tint(seed) * amount + balance).astype(np.float32)


@api.filter("Fussy", category="Test", reach=FAR)
def fussy(image: api.Image, seed: api.Seed = 7) -> api.Image:
    """Fails with every seed, but not in the rehearsal."""
    if is_rehearsal(image):
        return image
    raise ValueError(f"seed {seed} is not to its taste")


@api.hookimpl
def filters():
    return [cheap_tint, costly_tint, fussy]
