"""Replacing: another sky behind a photograph, and the photograph in its light."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image

from safelight import api

from .layout import Array
from .sky import Asked, made, rows_of, side_of
from .sky_finder import matte_of
from .sky_matte import WIDEST, Matte, edged, row_colours

ROUGH = 1.5
"""Pixels of a told matte, to which it knows where the sky ends."""

LIGHT = 0.45
"""Of the change of the sky's light, what the land follows at most."""

GAINS = (0.45, 1.7)
FAR = 0.07
"""Heights of the picture below the sky within which haze falls to a third."""

SHORE = 0.06
"""Heights of the picture below the sky within which reflections come in."""

ALIKE = 0.13
"""How far from the old sky's colour water may be that mirrors it."""


def placed(values: Array, region: api.Region, canvas: api.Region, *, smooth: bool = True) -> Array:
    """Values (h, w) that fill a canvas, at the pixels of a piece of it: (height, width)."""
    place = region.move(-canvas.x, -canvas.y)
    across, down = values.shape[1] / canvas.width, values.shape[0] / canvas.height
    box = (
        max(place.x * across, 0.0),
        max(place.y * down, 0.0),
        min((place.x + place.width) * across, values.shape[1]),
        min((place.y + place.height) * down, values.shape[0]),
    )
    how = Image.Resampling.BILINEAR if smooth else Image.Resampling.NEAREST
    drawn = Image.fromarray(np.ascontiguousarray(values, np.float32))
    return np.asarray(drawn.resize((place.width, place.height), how, box), np.float32)


def sky_canvas(canvas: api.Region, height: float) -> api.Region:
    """What a new sky fills: the picture down to where its sky ends."""
    return api.Region(canvas.x, canvas.y, canvas.width, max(round(canvas.height * height), 1))


def own_sky(picture: Array, region: api.Region, canvas: api.Region) -> Array:
    """A piece of the user's picture, which covers what the sky fills."""
    height, width = picture.shape[:2]
    zoom = max(canvas.width / width, canvas.height / height)
    left, top = (width - canvas.width / zoom) / 2, max(height - canvas.height / zoom, 0)
    cut = picture[
        int(top) : max(int(top + canvas.height / zoom), int(top) + 1),
        int(left) : max(int(left + canvas.width / zoom), int(left) + 1),
    ]
    return np.stack([placed(cut[..., n], region, canvas) for n in range(3)], 2)


def new_sky(
    picture: Array | None,
    asked: Asked,
    sun: float,
    sun_at: tuple[float, float],
    haze: float,
    region: api.Region,
    canvas: api.Region,
    progress: Any,
) -> tuple[Array, Array]:
    """The pixels of a new sky in a piece, and its colours from above to below.

    Below where it ends its last row goes on.
    """
    rows = min(max(canvas.y + canvas.height - region.y, 1), region.height)
    top = min(region.y, canvas.y + canvas.height - 1)
    inside = api.Region(region.x, top, region.width, rows)
    if picture is None:
        sky = made(asked, sun, sun_at, haze, inside, canvas, progress)
        colours = rows_of(asked, side_of(sun, sun_at), canvas, progress)
    else:
        sky = own_sky(picture, inside, canvas)
        small = api.Region(0, 0, 32, 24)
        colours = own_sky(picture, small, small).mean(1)
    return np.pad(sky, ((0, region.height - rows), (0, 0), (0, 0)), mode="edge"), colours


def behind(
    image: Array,
    sky: Array,
    colours: Array,
    prepared: Mapping[str, Any],
    shares: Mapping[str, float],
    region: api.Region,
    canvas: api.Region,
) -> Array:
    """The photograph with another sky behind it; `shares`: of "light", "haze", "reflection"."""
    place = region.move(-canvas.x, -canvas.y)
    y = (np.arange(place.height) + place.y + 0.5)[:, None] / canvas.height
    old = np.float32(prepared["colours"])
    rough = matte_of(prepared)
    times = max(canvas.width / rough.shape[1], canvas.height / rough.shape[0])
    band = min(round(ROUGH * times) + 1, WIDEST)
    clean = np.clip(np.nan_to_num(image), 0, 1)
    matte = edged(clean, placed(rough, region, canvas), row_colours(old, y[:, 0]), band)
    at_height = row_colours(old, y[:, 0])[:, None]
    # Bit by bit what it was where there is no sky, also beyond white.
    land = np.where(matte.share[..., None] > 0, uncovered(clean, matte), image)
    land = land * gains(old, colours, shares["light"])
    borders = np.float32(prepared["borders"])[None]
    below = np.maximum(y - placed(borders, _row_of(region), _row_of(canvas)), 0)
    share = np.float32(0.6 * shares["haze"] * np.exp(-below / FAR))[..., None]
    land = land + share * (colours[-3:].mean(0) - land)
    mirrored = np.clip((prepared["height"] - (y[:, 0] - prepared["height"])), 0, 1)
    change = row_colours(colours, mirrored / max(prepared["height"], 1e-3))
    away = np.square(np.clip(image, 0, 1) - row_colours(old, mirrored)[:, None]).sum(2)
    onset = np.clip((y - prepared["height"]) / SHORE, 0, 1)
    water = np.exp(-away / (2 * ALIKE**2)) * onset
    share = np.float32(shares["reflection"] * water)[..., None]
    tinted = change[:, None] * (0.35 + 0.65 * land / np.maximum(at_height, 0.05))
    land = land + share * (np.clip(tinted, 0, 1) - land)
    return (land + matte.share[..., None] * (sky - land)).astype(np.float32)


def _row_of(region: api.Region) -> api.Region:
    return api.Region(region.x, 0, region.width, 1)


def uncovered(image: Array, matte: Matte) -> Array:
    """What stands before the sky (h, w, 3), without the old sky's light at its soft edges.

    Where little of a pixel is left without the sky, the colour that was found near by.
    """
    share = matte.share[..., None]
    own = np.clip((image - share * matte.sky) / np.maximum(1 - share, 0.1), 0, 1)
    found = np.clip(share / 0.6 - 0.33, 0, 1)
    return own + found * (matte.before - own)


def gains(old: Array, new: Array, share: float) -> Array:
    """What the land's red, green and blue are multiplied by in the light of another sky."""
    before, after = (api.to_linear(part.mean(0)[None, None])[0, 0] for part in (old, new))
    ratio = np.maximum(after, 0.01) / np.maximum(before, 0.01)
    return np.clip(ratio ** (LIGHT * share / 2.2), *GAINS).astype(np.float32)
