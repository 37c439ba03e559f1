"""Robustness: how far a result changes where the picture changes by what nobody sees.

The picture is moved by one pixel, gets the noise of half an 8-bit step more, and is saved once more
as a good JPEG. What the result changes by beyond that is where the filter changes its mind.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from safelight.actions.inspection.tried_filter import TriedFilter
from safelight.pixels.opencv import opencv

NOISE = 0.5 / 255
QUALITY = 95
_SPREAD = 3
"""Pixels around its own over which a change is averaged: single pixels say little."""


@dataclass(frozen=True, slots=True)
class Change:
    """What one ``change`` of the picture does to the result: ``given`` and ``made`` are the root
    mean squares of both changes, of 1; ``map``, float32 (height, width), is how much more the
    result changed at each place than the picture did.
    """

    change: str
    given: float
    made: float
    map: NDArray[np.float32]

    @property
    def gain(self) -> float:
        """How many times as large as the picture's the result's change is."""
        return self.made / max(self.given, 1e-9)


def changes(tried: TriedFilter, whole: NDArray[np.float32]) -> Iterator[Change]:
    """Each change tried, beside ``whole``, the result of the picture as it is: float32 (height,
    width, 3). Raises FilterFailed and Stopped.
    """
    picture, scale = tried.picture, tried.scale
    moved = _moved(tried, whole)
    if moved is not None:
        yield moved
    noise = np.random.default_rng(0).normal(0, NOISE, picture.shape).astype(np.float32)
    for words, other in (
        ("with noise of half a step", picture + noise),
        (f"saved as JPEG {QUALITY}", _as_jpeg(picture)),
    ):
        yield _change(words, other - picture, tried.made(other) - whole, scale)


def _moved(tried: TriedFilter, whole: NDArray[np.float32]) -> Change | None:
    """The change where the picture begins one pixel later; compared where both have all that is
    around them.
    """
    picture, scale = tried.picture, tried.scale
    rim = 1 if tried.sees_all else tried.plan.reach + 1
    height, width = picture.shape[:2]
    if min(height, width) <= 2 * rim + 1:
        return None
    made = tried.made(picture[1:, 1:])
    change = np.zeros_like(whole)
    inner = slice(rim * scale, -rim * scale)
    shifted = made[(rim - 1) * scale :, (rim - 1) * scale :]
    own = whole[inner, inner]
    change[inner, inner] = shifted[: own.shape[0], : own.shape[1]] - own
    return _change("moved by one pixel", np.zeros_like(picture), change, scale)


def _change(
    words: str, given: NDArray[np.float32], made: NDArray[np.float32], scale: int
) -> Change:
    cv2 = opencv()
    side = 2 * _SPREAD * scale + 1
    large = cv2.resize(_size(given), made.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    more = np.sqrt(cv2.blur(_size(made) ** 2, (side, side)))
    more = more - np.sqrt(cv2.blur(large**2, (side, side)))
    return Change(words, _strength(given), _strength(made), np.maximum(more, 0))


def _size(change: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(np.sqrt(np.square(change).mean(2)), np.float32)


def _strength(change: NDArray[np.float32]) -> float:
    return float(np.sqrt(np.square(change, dtype=np.float64).mean()))


def _as_jpeg(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    held = io.BytesIO()
    rounded = np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8)
    Image.fromarray(rounded).save(held, "JPEG", quality=QUALITY, subsampling=0)
    with Image.open(held) as image:
        return np.asarray(image, np.float32) / np.float32(255)
