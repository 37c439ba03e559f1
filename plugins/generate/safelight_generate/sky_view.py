"""View: one photographed sky, turned, seen from closer, stretched and bent a little.

A sky that is no wider than a photograph is one view of one: what is cut and joined shows it, by its
seams and by what comes again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from .layout import Array

WARP = 0.009
"""Heights of a source by which a view is bent, about: at twice as much, clouds look combed."""

BENDS = (3, 4)
"""Rows and columns of places that are moved, each by chance and what lies between smoothly."""

TILT = 5.0
"""Degrees by which a look straight up is turned at most, beside whole quarters."""

TILT_LEAST = 1.0
"""Degrees by which a look towards the horizon is turned at most, and one by a quarter."""

CLOSER = (1.0, 1.08)
"""How much closer a sky is seen than it could be: chance takes another part of it."""

QUARTER = 0.9
"""Of the pixels a side that a view has, what it keeps at least where it is turned by a quarter."""

STRETCH = 0.12
"""By how much clouds become wider or narrower, at most."""

SHARPER = 2.5
"""Times the finest detail of a view is added to it at most, to be as strong as its source's."""

HALVINGS = 6
"""Steps in which it is found how often."""


@dataclass(frozen=True, slots=True)
class View:
    """A part of a source: turned by ``turn`` radians about its middle ``at``, which is in sides of
    the source; ``rows`` of the source's heights high, and stretched to so many times its width.
    """

    turn: float
    at: tuple[float, float]
    rows: float
    stretch: float
    moves: Array

    def seen(self, picture: Array, shape: tuple[int, int]) -> Array:
        """The view of a source (height, width, channels), (rows, columns, channels)."""
        tall, wide = picture.shape[:2]
        rows, columns = shape
        step = self.rows * tall / rows
        x = (np.arange(columns, dtype=np.float32) + 0.5 - columns / 2)[None] * (step / self.stretch)
        y = (np.arange(rows, dtype=np.float32) + 0.5 - rows / 2)[:, None] * step
        cos, sin = np.float32(math.cos(self.turn)), np.float32(math.sin(self.turn))
        across = np.float32(self.at[0] * wide - 0.5) + cos * x - sin * y
        down = np.float32(self.at[1] * tall - 0.5) + sin * x + cos * y
        for axis, place in enumerate((across, down)):
            move = cv2.resize(self.moves[axis], (columns, rows), interpolation=cv2.INTER_CUBIC)
            end = np.float32((wide, tall)[axis] - 1)
            # The borders stay where they are: there is nothing beyond them.
            near = np.minimum(place, end - place) / np.maximum(np.float32(0.25) * end, 1)
            place += np.float32(tall) * move * np.clip(near, 0, 1)
        return cv2.remap(picture, across, down, cv2.INTER_LANCZOS4, borderMode=cv2.BORDER_REPLICATE)


def view_of(aspect: float, full: float, tilt: float, random: np.random.RandomState) -> View:
    """A view by chance, ``aspect`` times as wide as high, turned by ``tilt`` degrees at most, of a
    source that is ``full`` times as wide as high.
    """
    turn = math.radians(random.uniform(-tilt, tilt))
    stretch = math.exp(random.uniform(-STRETCH, STRETCH))
    cos, sin = abs(math.cos(turn)), abs(math.sin(turn))
    width = aspect / stretch
    rows = min(full / (width * cos + sin), 1 / (width * sin + cos))
    rows /= random.uniform(*CLOSER)
    spare = full - rows * (width * cos + sin), 1 - rows * (width * sin + cos)
    at = (
        0.5 + random.uniform(-0.5, 0.5) * max(spare[0], 0.0) / full,
        0.5 + random.uniform(-0.5, 0.5) * max(spare[1], 0.0),
    )
    moves = WARP * random.standard_normal((2, *BENDS))
    return View(turn, at, rows, stretch, moves.astype(np.float32))


def takes_quarter(aspect: float, size: tuple[int, int]) -> bool:
    """Whether a view, ``aspect`` times as wide as high, is not much softer of a source of ``size``
    (width, height) that is turned by a quarter.
    """
    wide, tall = size
    return min(tall / aspect, wide) >= QUARTER * min(wide / aspect, tall)


def as_sharp(seen: Array, source: Array) -> Array:
    """A view (height, width, 3) of a source (height, width, 3), its finest octave as strong beside
    the next one as the source's: what is enlarged is soft, and is told by it.
    """
    wanted = fineness(source)
    if fineness(seen) >= wanted:
        return seen
    fine = seen - cv2.GaussianBlur(seen, (0, 0), 1.0)
    least, most = 0.0, SHARPER
    for _ in range(HALVINGS):
        middle = np.float32((least + most) / 2)
        if fineness(seen + middle * fine) < wanted:
            least = float(middle)
        else:
            most = float(middle)
    return seen + np.float32(least) * fine


def fineness(picture: Array) -> float:
    """The spread of the finest octave of a picture (height, width, 3), in parts of the next one's;
    0 where it is of one colour.
    """
    light = picture.mean(2)
    soft, softer = (cv2.GaussianBlur(light, (0, 0), spread) for spread in (1.0, 2.0))
    next_ = float((soft - softer).std())
    return float((light - soft).std()) / next_ if next_ > 1e-6 else 0.0
