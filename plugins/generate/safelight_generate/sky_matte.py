"""Matte: how much of each pixel is sky where a sky ends, and what stands before it there."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .layout import Array

WIDEST = 18
"""Pixels beside a rough edge within which the photograph says where the sky ends, at most."""

AROUND = 16
"""Pixels beyond those from which the sky's colour is told."""

REACH = 3 * WIDEST + AROUND + 6
"""Pixels around its own that a pixel of a matte depends on."""

SURE = 0.06
"""Share of a square that is sky: from there on its colour is told from that square."""

NOISE = (0.006, 0.025)
"""Of the range: spreads of a sky's colour around its mean that are reckoned with."""

ALIKE = 2.2
"""Spreads of the sky's colour within which a pixel is sky."""

GROWN = 2
"""Pixels within which what is sky tells the colour of more sky."""

DRIFT = 1.0
"""Times as far from the sky around it, what is beyond the rough edge is no sky."""

OTHER = 2.5
"""Times that far from the sky's colour, a pixel can be wholly of what stands before it."""

SHARPENED = 0.35
"""Of how far what stands before a sky is from its light, that sharpening moves the sky beside it
the other way.
"""

HALO = 4
"""Pixels from an edge that sharpening reaches."""

SPECK = 4
"""Of 25 pixels: fewer that are unlike the sky are a part of it."""

PLATEAU = 0.25
"""Neighbours of a pixel that is no mixture differ by so much of the pixel's distance from the sky's
colour.
"""

ROUNDS = ((1, 8), (2, 8), (3, 8), (5, 16), (9, 16), (15, 16))
"""Pixels away, and in how many directions, that a mixture's other colour is looked for at."""

NEARER = 0.06
"""What a pixel of distance counts, beside spreads by which the mixture differs from the pixel."""

MISFIT = 0.02
"""Of the range: a misfit of a mixture that counts as one."""


class Matte(NamedTuple):
    """``share`` (h, w): of each pixel, what is sky, 0 to 1; ``sky`` (h, w, 3): the sky's own colour
    there; ``before`` (h, w, 3): the colour of what stands before it, the photograph's where no sky
    is in it.
    """

    share: Array
    sky: Array
    before: Array


def box(radius: int) -> NDArray[np.uint8]:
    """A square of ones, uint8, (2 * radius + 1, 2 * radius + 1)."""
    return np.ones((2 * radius + 1, 2 * radius + 1), np.uint8)


def mean(values: Array, radius: int) -> Array:
    """Mean over squares of side 2 * radius + 1 of values (h, w) or (h, w, n)."""
    import cv2

    side = (2 * radius + 1, 2 * radius + 1)
    return np.asarray(cv2.blur(values, side, borderType=cv2.BORDER_REPLICATE), np.float32)


def row_colours(colours: Array, at: NDArray[np.floating[Any]]) -> Array:
    """Colours (n, 3) told from above to below at heights of 0 to 1."""
    places = (np.arange(len(colours)) + 0.5) / len(colours)
    return np.stack([np.interp(at, places, colours[:, n]) for n in range(3)], 1).astype(np.float32)


def sky_around(image: Array, sure: Array, usual: Array, band: int) -> tuple[Array, Array]:
    """The sky's colour (h, w, 3) and its spread (h, w), of what is ``sure`` (h, w) sky around each
    pixel; ``usual`` (h, 3) where none is near.
    """
    colour = np.repeat(usual[:, None], image.shape[1], 1)
    spread = np.full(image.shape[:2], NOISE[1], np.float32)
    squares = np.square(image).mean(2)
    for radius in (band + AROUND, band + 3):
        share = mean(sure, radius)
        known = np.maximum(share, 1e-4)
        near = mean(image * sure[..., None], radius) / known[..., None]
        varied = mean(squares * sure, radius) / known - np.square(near).mean(2)
        weight = np.clip(share / SURE, 0, 1)
        colour += weight[..., None] * (near - colour)
        spread += weight * (np.clip(np.sqrt(np.maximum(varied, 0)), *NOISE) - spread)
    return colour, spread


def own_colour(image: Array, certain: NDArray[np.bool_], far: Array) -> Array:
    """The sky's colour (h, w, 3) of what is ``certain`` (h, w) near by; ``far`` where none is."""
    share = mean(certain.astype(np.float32), GROWN)
    near = mean(image * certain[..., None], GROWN) / np.maximum(share, 1e-4)[..., None]
    return np.asarray(far + np.clip(4 * share, 0, 1)[..., None] * (near - far), np.float32)


def edged(image: Array, rough: Array, usual: Array, band: int, *, full_size: bool = True) -> Matte:
    """The matte of a picture (h, w, 3), 0 to 1, of which ``rough`` (h, w), 0 to 1, knows the sky
    to ``band`` pixels; ``usual`` (h, 3) is the sky's colour by row. What sharpening does to a sky
    is told at ``full_size`` alone: in a smaller picture it may be a thin thing.

    What is as the sky around it is sky. Between that and what is wholly another thing, a pixel is a
    mixture of the sky and of the colour near by that explains it best (after E. Gastal and M.
    Oliveira, "Shared Sampling for Real-Time Alpha Matting", CGF 29, 2010).
    """
    import cv2

    inside = cv2.erode(rough, box(band)) > 0.99
    outside = cv2.dilate(rough, box(band)) < 0.01
    sky = np.repeat(usual[:, None], image.shape[1], 1)
    matte = Matte(inside.astype(np.float32), sky, image.copy())
    unknown = ~(inside | outside)
    lines = [np.flatnonzero(unknown.any(axis)) for axis in (1, 0)]
    if lines[0].size:
        # Elsewhere all is known.
        starts = (max(int(line[0]) - REACH, 0) for line in lines)
        place = tuple(
            slice(n, int(line[-1]) + REACH) for n, line in zip(starts, lines, strict=True)
        )
        parts = rough[place], inside[place], outside[place]
        for whole, part in zip(
            matte, _edged(image[place], *parts, usual[place[0]], band, full_size), strict=True
        ):
            whole[place] = part
    return matte


def _edged(
    image: Array,
    rough: Array,
    inside: NDArray[np.bool_],
    outside: NDArray[np.bool_],
    usual: Array,
    band: int,
    full_size: bool,
) -> Matte:
    """The matte of ``edged`` for one part; ``inside`` and ``outside`` (h, w) say what surely is
    sky, and what surely not.
    """
    import cv2

    unknown = ~(inside | outside)
    sky, spread = sky_around(image, inside.astype(np.float32), usual, band)
    away = np.sqrt(np.square(image - sky).mean(2))
    alike = ALIKE * spread + 0.008
    # Beyond the rough edge a sky's colour goes on as it was; it does not become that of a wall.
    near = (rough > 0.5) | (away < DRIFT * alike)
    certain = inside
    for _ in range(band // GROWN + 2):
        sky = own_colour(image, certain, sky)
        away = np.sqrt(np.square(image - sky).mean(2))
        certain = inside | (unknown & near & (away < alike))
    if full_size:
        certain |= unknown & sharpened(image - sky, certain)
    crowd = cv2.blur((~certain).astype(np.float32), (5, 5), borderType=cv2.BORDER_REPLICATE)
    certain |= unknown & (crowd < SPECK / 25)
    varied = cv2.dilate(away, box(1)) - cv2.erode(away, box(1))
    beside = cv2.dilate(certain.astype(np.uint8), box(2)) > 0
    other = unknown & (away > OTHER * alike) & ((varied < PLATEAU * away) | ~beside)
    other |= outside
    share = certain.astype(np.float32)
    before = image.copy()
    mixed = np.flatnonzero((unknown & ~certain & ~other).ravel())
    if mixed.size:
        told, colours = mixtures(image, sky, away, other, mixed, band)
        share.ravel()[mixed] = told
        before.reshape(-1, 3)[mixed] = colours
    return Matte(share, sky, before)


def sharpened(apart: Array, certain: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """What of a sky (h, w) a camera has made lighter beside what is dark, or darker beside what is
    light; ``apart`` (h, w, 3) is how far the picture is from the sky's colour, ``certain`` (h, w)
    what surely is sky.
    """
    import cv2

    light = np.ascontiguousarray(apart.mean(2))
    low, high = cv2.erode(light, box(HALO)), cv2.dilate(light, box(HALO))
    beside = cv2.dilate(certain.astype(np.uint8), box(HALO)) > 0
    return beside & (light < -SHARPENED * low) & (light > -SHARPENED * high)


def mixtures(
    image: Array,
    sky: Array,
    away: Array,
    other: NDArray[np.bool_],
    places: NDArray[np.int64],
    band: int,
) -> tuple[Array, Array]:
    """Shares of sky (n,) and other colours (n, 3) of the pixels at flat ``places`` (n,) of a
    picture (h, w, 3), ``other`` (h, w) being where its colours stand by themselves.

    Where none is near, as in a wire, the colour near by that is least like the sky is the other.
    """
    height, width = away.shape
    y, x = np.divmod(places, width)
    own, behind = image.reshape(-1, 3)[places], sky.reshape(-1, 3)[places]
    best = np.full(len(places), np.inf, np.float32)
    shares = np.zeros(len(places), np.float32)
    colours = own.copy()

    def tried(at: NDArray[np.int64], allowed: NDArray[np.bool_], dear: float) -> None:
        colour = image.reshape(-1, 3)[at]
        line = colour - behind
        length = np.maximum(np.square(line).sum(1), 1e-6)
        part = np.clip(((own - behind) * line).sum(1) / length, 0, 1)
        misfit = np.sqrt(np.square(own - behind - part[:, None] * line).mean(1))
        cost = np.where(allowed, misfit / MISFIT + dear, np.inf)
        better = cost < best
        best[better] = cost[better]
        shares[better] = 1 - part[better]
        colours[better] = colour[better]

    strongest, where = away.ravel()[places].copy(), places.copy()
    for down in range(-2, 3):
        for right in range(-2, 3):
            at = np.clip(y + down, 0, height - 1) * width + np.clip(x + right, 0, width - 1)
            more = away.ravel()[at] > strongest
            strongest[more] = away.ravel()[at[more]]
            where[more] = at[more]
    tried(where, np.ones(len(places), bool), 1.0)
    for distance, directions in ROUNDS:
        if distance > max(band, 3):
            break
        for n in range(directions):
            turn = 2 * np.pi * n / directions
            down, right = round(distance * np.sin(turn)), round(distance * np.cos(turn))
            inside = (y + down >= 0) & (y + down < height) & (x + right >= 0) & (x + right < width)
            at = np.where(inside, (y + down) * width + x + right, places)
            tried(at, inside & other.ravel()[at], NEARER * distance)
    return shares, colours
