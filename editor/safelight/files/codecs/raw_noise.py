"""Raw noise: noise in linear light, smoothed scale by scale where it is fainter than a threshold.

LibRaw has the same, on the mosaic, and writes beyond its memory (0.22.2), so it is done here.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

_STRENGTHS = (0.8002, 0.2735, 0.1202, 0.0585)
"""How much of even noise of strength 1 is found at each scale, finest first (dcraw, D. Coffin)."""

_MARGIN = 2 ** len(_STRENGTHS) - 1
_BAND = 1 << 19
_UNIT = 65536.0
"""Thresholds count in steps of the root of light, of which white has so many."""


def smoothed(light: NDArray[np.uint16], threshold: float) -> NDArray[np.uint16]:
    """Linear light (height, width, channels) without what is fainter than ``threshold``, 0 to 1,000
    (dcraw's own counting).

    The work is done on roots, in which a sensor's noise is as strong in light as in shade.
    """
    height, width, channels = light.shape
    made = np.empty_like(light)
    rows = max(_BAND // width, 4 * _MARGIN)

    def band(where: tuple[int, int]) -> None:
        top, channel = where
        bottom = min(top + rows, height)
        above, below = max(top - _MARGIN, 0), min(bottom + _MARGIN, height)
        found = light[above:below, :, channel].astype(np.float32)
        np.sqrt(found, out=found)
        found *= np.float32(_UNIT / 65535**0.5)
        result = _without(found, threshold)[top - above : bottom - above]
        result *= np.float32(65535**0.5 / _UNIT)
        np.square(result, out=result)
        np.minimum(result, 65535, out=result)
        made[top:bottom, :, channel] = result + np.float32(0.5)

    places = [(top, channel) for top in range(0, height, rows) for channel in range(channels)]
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        for _ in threads.map(band, places):
            pass
    return made


def _without(plane: NDArray[np.float32], threshold: float) -> NDArray[np.float32]:
    kept = np.zeros_like(plane)
    coarse = plane
    for level, strength in enumerate(_STRENGTHS):
        smooth = _hat(_hat(coarse, 1 << level, 0), 1 << level, 1)
        detail = coarse - smooth
        limit = np.float32(threshold * strength)
        # What is fainter goes; what is stronger comes nearer by as much, so that nothing jumps.
        detail -= np.clip(detail, -limit, limit)
        kept += detail
        coarse = smooth
    kept += coarse
    return np.maximum(kept, 0, out=kept)


def _hat(plane: NDArray[Any], distance: int, axis: int) -> NDArray[np.float32]:
    """A quarter of each neighbour at that distance and half of itself, mirrored at the edge."""
    distance = min(distance, plane.shape[axis] - 1)
    if distance < 1:
        return np.array(plane)
    pads = [(0, 0), (0, 0)]
    pads[axis] = (distance, distance)
    wide = np.pad(plane, pads, mode="reflect")
    size = plane.shape[axis]
    before, after = (
        wide[start : start + size] if axis == 0 else wide[:, start : start + size]
        for start in (0, 2 * distance)
    )
    made: NDArray[np.float32] = before + after
    made *= np.float32(0.25)
    made += plane * np.float32(0.5)
    return made
