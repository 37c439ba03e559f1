"""A plugin with linear autoencoders whose directions are known, and some that go wrong."""

from typing import Annotated

import numpy as np

from safelight import api

SIDE, SIZE = 8, 4
Change = Annotated[tuple[float, ...], api.Latent(SIZE, "change")]


def _patterns():
    """Four patterns (SIDE, SIDE, 3), of length 1 and at right angles: light, light on the right,
    light below, red without blue.
    """
    along = np.linspace(-1, 1, SIDE)
    right, below = np.meshgrid(along, along)
    grey = [np.ones((SIDE, SIDE)), right, below]
    made = [np.repeat(item[..., None], 3, 2) for item in grey]
    made.append(np.broadcast_to([1.0, 0.0, -1.0], (SIDE, SIDE, 3)))
    return np.array([item / np.linalg.norm(item) for item in made], np.float32)


PATTERNS = _patterns()


def coded(picture):
    """The code of a picture (height, width, 3), of sides that SIDE divides: float32 (SIZE,)."""
    height, width = picture.shape[0] // SIDE, picture.shape[1] // SIDE
    small = picture[: SIDE * height, : SIDE * width].reshape(SIDE, height, SIDE, width, 3)
    return np.tensordot(PATTERNS, small.mean((1, 3)), 3)


def own_code(thumbnail, change):
    """The picture's code, and what the decoder makes of a change of it: linear, so it is that."""
    difference = np.tensordot(np.asarray(change, np.float32), PATTERNS, 1) if change else None
    return {"change": coded(thumbnail)} | ({"difference": difference} if change else {})


@api.filter("Patterns", category="Test", prepare=own_code, zoomable=True)
def patterns(
    image: api.Image,
    prepared: api.Prepared,
    region: api.Region,
    canvas: api.Region,
    change: Change = (),
) -> api.Image:
    """A linear autoencoder of four patterns."""
    if "difference" not in prepared:
        return image.copy()
    return api.with_difference(image, prepared["difference"], region, canvas)


def short_code(thumbnail):
    return {"change": [0.5] * (SIZE - 1)}


@api.filter("Short", category="Test", prepare=short_code)
def short(image: api.Image, prepared: api.Prepared, change: Change = ()) -> api.Image:
    """An autoencoder whose encoder forgets a number."""
    return image.copy()


@api.hookimpl
def filters():
    return [patterns, short]
