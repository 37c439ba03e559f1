"""Lab: pictures in CIE L*a*b* of D50, as RGB of a space that holds most of their colours."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.pixels.icc import D50, display_profile, gamma_curve, primaries_of

NOTE = "Colours were converted from Lab to ProPhoto RGB."

_PRIMARIES = primaries_of(
    (0.3457, 0.3585), (0.734699, 0.265301), (0.159597, 0.840403), (0.036598, 0.000105)
)
"""Of ROMM RGB (ISO 22028-2), which are known as ProPhoto's."""

_GAMMA = 1.8
_EDGE = 6 / 29
_ROWS = 256


@lru_cache(maxsize=1)
def prophoto_profile() -> bytes:
    """An ICC display profile of ProPhoto's primaries and gamma 1.8."""
    return display_profile("ProPhoto RGB", _PRIMARIES, gamma_curve(_GAMMA))


def rgb_of_lab(
    pixels: NDArray[Any], lightness: float, middle: float, step: float
) -> NDArray[np.uint16]:
    """Lab (height, width, 3 or more) as ProPhoto RGB of 16 bits; further channels, which are
    alpha, are spread from 8 bits to 16.

    ``lightness`` is the number that stands for L* 100, ``middle`` the one for a* and b* 0, and
    ``step`` how many are one unit of these (CIE 15:2018, 8.2.1).
    """
    made = np.empty(pixels.shape, np.uint16)
    back = np.linalg.inv(_PRIMARIES).T.astype(np.float32)
    white = np.array(D50, np.float32)
    for top in range(0, len(pixels), _ROWS):
        rows = pixels[top : top + _ROWS]
        numbers = rows[..., :3].astype(np.float32)
        y = (numbers[..., 0] * np.float32(100 / lightness) + 16) / 116
        a, b = ((numbers[..., at] - np.float32(middle)) / np.float32(step) for at in (1, 2))
        f = np.stack([y + a / 500, y, y - b / 200], axis=-1)
        light = np.where(f > _EDGE, f**3, (f - np.float32(4 / 29)) * np.float32(3 * _EDGE**2))
        linear = np.clip((light * white) @ back, 0, 1)
        made[top : top + _ROWS, :, :3] = np.rint(linear ** np.float32(1 / _GAMMA) * 65535)
        if rows.shape[2] > 3:
            spread = 257 if rows.dtype == np.uint8 else 1
            made[top : top + _ROWS, :, 3:] = rows[..., 3:].astype(np.uint16) * np.uint16(spread)
    return made
