"""HDR: pictures whose numbers reach beyond white (PQ, HLG), as an ordinary screen shows them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.api import from_linear
from safelight.files.colours.stated_colours import Primaries, profile_of_places
from safelight.pixels import from_float, to_float

PQ, HLG = 16, 18
"""Curves of high dynamic range by their numbers in ITU-T H.273, table 3."""

WHITE = 203.0
"""Light of white paper in such pictures, in cd/m² (ITU-R BT.2408, table 1)."""

_NAMES = {PQ: "PQ", HLG: "HLG"}
_HLG_PEAK, _HLG_GAMMA = 1000.0, 1.2
"""The screen that HLG is shown on: its brightest in cd/m², and how it looks there (BT.2100)."""
_PQ_PEAK = 10_000.0
_ROWS = 256
_LOOKED_AT = 1_000_000
"""Pixels that are looked at for the brightest of all."""
_BRIGHT = 99.95
"""Percent of the pixels that are no brighter than the brightest that counts: a spark does not."""


def is_high(transfer: int) -> bool:
    """Whether a curve by its code in H.273 is one of high dynamic range."""
    return transfer in _NAMES


def as_seen(
    pixels: NDArray[Any],
    colours: int,
    places: Primaries,
    transfer: int,
    stated: float,
    notes: list[str],
) -> tuple[NDArray[np.uint16], bytes | None]:
    """Pixels (height, width, channels), ``colours`` of them and alpha, of PQ or HLG and those
    primaries, as an ordinary screen shows them: uint16 of the same shape, and their profile; adds a
    note.

    What is well below white stays as it is; what is brighter is pressed together below the
    brightest of the screen (ITU-R BT.2390, 5.4), by what the largest of a pixel's channels asks
    for: its hue stays. ``stated`` is the brightest in the picture that the file tells of, in cd/m²;
    0 where it tells of none.
    """
    icc = profile_of_places(places, [])
    weights = _brightness(places)
    height, width = pixels.shape[:2]
    step = max(math.isqrt(height * width // _LOOKED_AT), 1)
    sample = _light(to_float(pixels[::step, ::step, :colours]), transfer, weights).max(axis=2)
    peak = float(np.percentile(sample, _BRIGHT))
    peak = min(peak, stated) if stated > WHITE else peak
    lights, gains = _gains(peak)
    made = np.empty(pixels.shape, np.uint16)
    for top in range(0, height, _ROWS):
        band = to_float(pixels[top : top + _ROWS])
        light = _light(band[..., :colours], transfer, weights)
        gain = np.interp(light.max(axis=2), lights, gains).astype(np.float32)
        light *= gain[..., None] / np.float32(WHITE)
        made[top : top + _ROWS, :, :colours] = from_float(from_linear(light), "uint16")
        made[top : top + _ROWS, :, colours:] = from_float(band[..., colours:], "uint16")
    what = f"The picture is of high dynamic range ({_NAMES[transfer]}"
    notes.append(
        f"{what}, up to {round(peak, -1):,.0f} cd/m²): its highlights were compressed so that all"
        " of it shows on an ordinary screen."
        if peak > WHITE
        else f"{what}), but nothing in it is brighter than white; it was brought to an ordinary"
        " screen's curve."
    )
    return made, icc


def _brightness(places: Primaries) -> NDArray[np.float64]:
    """How much each of the primaries adds to the light of white."""
    white, *colours = (np.array([x / y, 1.0, (1 - x - y) / y]) for x, y in places)
    return np.asarray(np.linalg.solve(np.array(colours).T, white), np.float64)


def _light(
    coded: NDArray[np.float32], transfer: int, weights: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Light of the screen in cd/m² (ITU-R BT.2100, tables 4 and 5)."""
    coded = np.clip(coded, 0, 1)
    if transfer == PQ:
        return np.asarray(_from_pq(coded), np.float32)
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(coded <= 0.5, coded**2 / 3, (np.exp((coded - c) / a) + b) / 12)
    shares = weights if coded.shape[2] == 3 else np.ones(1)
    bright = np.maximum(scene @ shares, 1e-9) ** (_HLG_GAMMA - 1)
    return np.asarray(_HLG_PEAK * bright[..., None] * scene, np.float32)


_M1, _M2 = 2610 / 16384, 2523 / 32
_C1, _C2, _C3 = 3424 / 4096, 2413 / 128, 2392 / 128
"""SMPTE ST 2084."""


def _from_pq(coded: Any) -> Any:
    root = coded ** (1 / _M2)
    return _PQ_PEAK * (np.maximum(root - _C1, 0) / (_C2 - _C3 * root)) ** (1 / _M1)


def _to_pq(light: Any) -> Any:
    power = (light / _PQ_PEAK) ** _M1
    return ((_C1 + _C2 * power) / (1 + _C3 * power)) ** _M2


def _gains(peak: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What light in cd/m² is multiplied by, at places between which it is straight."""
    places = _from_pq(np.linspace(0, 1, 2048))
    if peak <= WHITE:
        return places, np.minimum(1, WHITE / np.maximum(places, 1e-9))
    whole = _to_pq(peak)
    top = _to_pq(WHITE) / whole
    knee = 1.5 * top - 0.5
    given = np.minimum(_to_pq(places) / whole, 1)
    part = np.maximum(given - knee, 0) / (1 - knee)
    bent = (
        (2 * part**3 - 3 * part**2 + 1) * knee
        + (part**3 - 2 * part**2 + part) * (1 - knee)
        + (3 * part**2 - 2 * part**3) * top
    )
    made = _from_pq(np.where(given < knee, given, bent) * whole)
    gains = made / np.maximum(places, 1e-9)
    gains[0] = gains[1]
    return places, gains


__all__ = ["WHITE", "as_seen", "is_high"]
