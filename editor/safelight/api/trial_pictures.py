"""Trial pictures: what filters are tried with, the same on every machine."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from safelight.api.image import Image, Mask
from safelight.api.prepare import THUMBNAIL

_SIZES = ((1, 1), (9, 1), (1, 8), (2, 3), (47, 33), (64, 64))


def photograph(width: int = 96, height: int = 64, *, seed: int = 0, beyond: float = 0.0) -> Image:
    """A picture to test with: (height, width, 3), between ``-beyond`` and ``1 + beyond``.

    A ploughed hill under the sky, with a sun: soft gradients, hard edges, lines of one pixel and
    texture. The same arguments give the same picture, whatever the version of numpy.
    """
    # Not default_rng: of RandomState alone numpy promises that its numbers never change.
    random = np.random.RandomState(seed)
    y, x = np.mgrid[:height, :width].astype(np.float64)
    place = random.random_sample()
    up = 1 - y / height
    sky = np.stack([0.9 - 0.6 * up, 0.7 - 0.25 * up, 0.5 + 0.4 * up], -1)
    grass = np.stack([0.3 + 0.1 * up, 0.25 + 0.35 * up, 0.1 + 0.1 * up], -1)
    grass *= 0.5 + random.random_sample((height, width, 1))
    hill = up < 0.5 + 0.15 * np.sin(4 * x / width + 6 * place)
    picture = np.where(hill[..., None], grass, sky)
    picture[np.hypot(x - width * place, y - height / 5) < height / 8] = 1.0, 0.95, 0.7
    picture[hill & ((x + y // 2) % 7 < 1)] = 0.02, 0.0, 0.03
    picture += 0.04 * (random.random_sample(picture.shape) - 0.5)
    return np.asarray(picture.clip(0, 1) * (1 + 2 * beyond) - beyond, np.float32)


def ellipse(height: int, width: int) -> Mask:
    """A mask to test with: a soft ellipse in the middle of a picture of that size."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    away = np.hypot((2 * y + 1) / height - 1, (2 * x + 1) / width - 1)
    return np.asarray(np.clip(4 - 8 * away, 0, 1), np.float32)


def thumbnail(image: Image) -> Image:
    """A picture halved until no side has more than ``THUMBNAIL`` pixels."""
    while max(image.shape[:2]) > THUMBNAIL:
        height, width = image.shape[:2]
        even = np.pad(image, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
        image = (even[::2] + even[1::2])[:, ::2] + (even[::2] + even[1::2])[:, 1::2]
        image = image / np.float32(4)
    return image


def frozen(image: Image) -> Image:
    """A copy as the host hands it out: contiguous and read-only."""
    image = np.array(image)
    image.flags.writeable = False
    return image


def largest_difference(one: Image, other: Image) -> tuple[float, str]:
    """The largest difference (NaN counts as the largest) and its place, as x and y."""
    difference = np.abs(one - other).max(axis=-1)
    y, x = np.unravel_index(int(difference.argmax()), difference.shape)
    return float(difference[y, x]), f"x={x}, y={y}"


def each_picture() -> Iterator[tuple[str, Image]]:
    """Pictures of many kinds, and what to call each."""
    for width, height in _SIZES:
        yield f"of {width} × {height} pixels", photograph(width, height, beyond=0.25)
    yield "all black", np.zeros((16, 15, 3), np.float32)
    yield "all white", np.ones((16, 15, 3), np.float32)
