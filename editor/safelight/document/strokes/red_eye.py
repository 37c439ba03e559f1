"""Red eye: the pupil of which a flash has lit the blood: found near a point, made dark and grey."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from safelight.api import Region
from safelight.document.commands.command import EditError
from safelight.document.document import Document
from safelight.document.rendered.live import Live
from safelight.document.strokes.laid_pixels import Changes, Seen
from safelight.document.strokes.retouch import Retouching
from safelight.pixels import Raster, from_float
from safelight.pixels.opencv import opencv

_RED = 0.4
"""How much of its red a pupil has more than of green and of blue, at the least: skin has a quarter
of it, lips up to 0.4.
"""

_FLOOR = 0.06
"""Red that is added before shares are taken: what is nearly black has no colour."""

_AROUND = 1.5
"""Radii of the circle around the click within which a pupil ends that begins in that circle."""

_MOST = 0.6
"""Share of that larger circle that a pupil fills at most."""


@dataclass(frozen=True, slots=True)
class Pupil(Changes):
    """The pupil without its red: grey as its green and blue are, ``darker``, 0 to 1, than that."""

    darker: float = 0.5

    def laid(self, seen: Seen, region: Region) -> NDArray[np.float32]:
        """What is seen at a region, dark and grey: (height, width, 3 or 4) float32."""
        pixels = seen.at(region).copy()
        grey = pixels[..., 1:3].mean(axis=2) * np.float32(1 - self.darker)
        pixels[..., :3] = grey[..., None]
        return pixels


def mended(
    document: Document,
    layer: str,
    at: tuple[float, float],
    radius: float,
    darker: float,
    *,
    own_layer: bool = True,
    live: Live | None = None,
) -> Document:
    """The document with the red pupil that lies within ``radius`` pixels of a point made dark and
    grey. Raises EditError where there is none, and what a Retouching does.
    """
    made = Retouching(layer, Pupil(darker), own_layer, live=live)
    made.begin(document)
    box = _box(at, _AROUND * radius).intersect(document.region)
    if box.empty:
        raise EditError("no red pupil is there")
    pixels = document.profile.to_srgb(made.seen.at(box)[..., :3])
    covered = pupil(pixels, (at[0] - box.x, at[1] - box.y), radius)
    mask = Raster.filled(document.width, document.height, (0,), "uint8")
    return made.laid_where(mask.replaced(box, from_float(covered[..., None], "uint8")))


def _box(at: tuple[float, float], radius: float) -> Region:
    x, y = (math.floor(place - radius) for place in at)
    right, bottom = (math.ceil(place + radius) for place in at)
    return Region(x, y, right - x, bottom - y)


def pupil(
    pixels: NDArray[np.float32], at: tuple[float, float], radius: float
) -> NDArray[np.float32]:
    """How far each pixel belongs to the red pupil near a point: (height, width), 0 to 1, with a
    soft rim and with the glint in it.

    ``pixels`` (height, width, 3), sRGB-encoded, as far as 1.5 times the radius; ``at`` is x and y
    among them. The pupil hangs together with the reddest pixel within ``radius`` and is redder than
    half way from what is around it. Raises EditError where nothing is red enough, or all of it is.
    """
    height, width = pixels.shape[:2]
    rows, columns = np.mgrid[:height, :width] + 0.5
    away = np.hypot(columns - at[0], rows - at[1])
    circle, wide = away <= radius, away <= _AROUND * radius
    cv2 = opencv()
    red = pixels[..., 0] - pixels[..., 1:3].max(axis=2)
    share = np.clip(red / (np.maximum(pixels[..., 0], 0) + np.float32(_FLOOR)), 0, 1)
    share = cv2.GaussianBlur(share.astype(np.float32), (0, 0), max(radius / 40, 0.5))
    # Of two as red the nearer one.
    weighed = np.where(circle, share * (1 - away / (4 * radius)), -1)
    seed = np.unravel_index(int(weighed.argmax()), weighed.shape)
    reddest = float(share[seed])
    if reddest < _RED:
        raise EditError("no red pupil is near; click on it, or take a larger size")
    around = float(np.percentile(share[wide], 20))
    wanted = ((share >= max((reddest + around) / 2, _RED * 0.75)) & wide).astype(np.uint8)
    _, labels = cv2.connectedComponents(wanted, connectivity=8)
    found = labels == labels[seed]
    if around >= _RED or found.sum() > _MOST * wide.sum():
        raise EditError("all is red around there; take a larger size, so that the eye is seen too")
    whole = _without_holes(found)
    fade = max(radius / 40, 0.7)
    side = 2 * math.ceil(fade) + 1
    grown = cv2.dilate(whole, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))
    soft: NDArray[np.float32] = cv2.GaussianBlur(grown.astype(np.float32), (0, 0), fade)
    return soft


def _without_holes(found: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """What is found (height, width) with all that is enclosed by it."""
    around = np.pad(~found, 1, constant_values=True).astype(np.uint8)
    _, labels = opencv().connectedComponents(around, connectivity=4)
    whole: NDArray[np.uint8] = (labels != labels[0, 0])[1:-1, 1:-1].astype(np.uint8)
    return whole
