"""What the filling network trains on: aged photographs with a hole where damage has been marked."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from PIL import Image

from models.damage import Masks, age, random_mark, to_replace
from models.degradation import fraction, levels

MARKS = {"dust and scratches": 0.35, "stains": 0.2, "tears": 0.15, "hole": 0.3}  # how often each
MOST_MARKS = 4
LARGEST_SHARE = 0.4  # of a picture that is missing
GUESSED = 0.3  # share of pictures whose large holes already hold a guess
REDUCTIONS = (2, 4, 8)  # times smaller than the picture a guess may have been made
GUESS_ERROR = 0.05  # standard deviation of its colours, of the range
MARGIN = 8  # pixels: degrading mirrors a crop at its border


class Example(NamedTuple):
    """(h, w, 3) uint8 before the damage and as given; (h, w, 1) uint8 of 0 and 1."""

    original: np.ndarray
    image: np.ndarray
    hole: np.ndarray
    guess: np.ndarray


def example(picture: np.ndarray, masks: Masks, rng: np.random.Generator) -> Example:
    """Age a crop (h, w, 3) uint8, MARGIN pixels more on each side than the result, mark damage."""
    aged = age(picture, rng)[MARGIN:-MARGIN, MARGIN:-MARGIN]
    hole = random_hole(masks, rng, aged.shape[:2])
    guess = np.zeros_like(hole)
    image = aged
    if rng.random() < GUESSED:
        guess = deep(hole)
        image = np.where(guess[..., None], guessed(aged, rng), aged)
    return Example(aged, image, hole[..., None].astype(np.uint8), guess[..., None].astype(np.uint8))


def random_hole(
    masks: Masks, rng: np.random.Generator, shape: tuple[int, int], groups: dict[str, float] = MARKS
) -> np.ndarray:
    """What has to be replaced, (h, w) bool: never nothing, LARGEST_SHARE of the picture at most."""
    while True:
        hole = np.zeros(shape, bool)
        for n in rng.choice(len(groups), rng.integers(1, MOST_MARKS + 1), p=list(groups.values())):
            alpha = random_mark(rng, masks, list(groups)[n], shape).alpha
            hole |= to_replace(rng, alpha)
        if 0 < hole.mean() <= LARGEST_SHARE:
            return hole


def deep(hole: np.ndarray) -> np.ndarray:
    """The 2x2 squares of a hole (h, w) that lie wholly inside it: what a smaller size must guess.

    At half the size a pixel is known where one of its four is.
    """
    squares = hole.reshape(hole.shape[0] // 2, 2, hole.shape[1] // 2, 2).all((1, 3))
    return squares.repeat(2, 0).repeat(2, 1)


def guessed(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A picture (h, w, 3) uint8 as a filling at a smaller size leaves it: blurred, a little off."""
    height, width = picture.shape[:2]
    reduction = REDUCTIONS[rng.integers(len(REDUCTIONS))]
    small = Image.fromarray(picture).resize(
        (max(1, width // reduction), max(1, height // reduction)), Image.Resampling.BOX
    )
    large = fraction(np.asarray(small.resize((width, height), Image.Resampling.BILINEAR)))
    error = rng.normal(0, GUESS_ERROR * rng.random(), (4, 4, 3)).astype(np.float32)
    planes = [
        np.asarray(Image.fromarray(error[..., n]).resize((width, height), Image.Resampling.BICUBIC))
        for n in range(3)
    ]
    return levels(large + np.stack(planes, -1))


def batch(
    pictures: np.ndarray, masks: Masks, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Examples of crops (n, h, w, 3), behind one another: original, image, hole, guess."""
    made = [example(picture, masks, rng) for picture in pictures]
    original, image, hole, guess = (np.stack(parts) for parts in zip(*made, strict=True))
    return original, image, hole, guess
