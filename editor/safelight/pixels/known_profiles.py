"""Known profiles: the well-known colour spaces, made by their published numbers."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal, TypeAlias, get_args

import numpy as np

from safelight.pixels.colour import SRGB_TO_XYZ, Profile
from safelight.pixels.icc import (
    adaptation,
    display_profile,
    formula_curve,
    gamma_curve,
    grey_profile,
    primaries_of,
)

KnownProfile: TypeAlias = Literal[
    "sRGB",
    "Display_P3",
    "Adobe_RGB",
    "ProPhoto_RGB",
    "Rec_2020",
    "linear_sRGB",
    "grey_gamma_2.2",
]
"""The ids of the well-known spaces, which histories and recipes hold."""

KNOWN: tuple[KnownProfile, ...] = get_args(KnownProfile)

_D65, _D50 = (0.3127, 0.329), (0.3457, 0.3585)

_SRGB_CURVE = formula_curve(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
"""IEC 61966-2-1."""

_ADOBE_RGB = np.array(
    [
        [0.60974, 0.20528, 0.14919],
        [0.31111, 0.62567, 0.06322],
        [0.01947, 0.06087, 0.74457],
    ]
)
"""Adobe RGB (1998) colour image encoding, section 4.3.4.2: XYZ adapted to D50."""


def known_profile(known: KnownProfile) -> Profile:
    """The profile of a well-known space. Raises KeyError for one that is not known."""
    return _made()[known]


def adobe_rgb_profile() -> bytes:
    """An ICC display profile of the space of Adobe RGB (1998).

    Cameras set to it often embed no profile and only write "R03" as their interoperability index
    (DCF 2.0, section 2.5.2). Taken as sRGB such photographs look dull.
    """
    icc = _made()["Adobe_RGB"].icc
    assert icc is not None
    return icc


@lru_cache(maxsize=1)
def _made() -> dict[str, Profile]:
    p3 = primaries_of(_D65, (0.68, 0.32), (0.265, 0.69), (0.15, 0.06))
    romm = primaries_of(_D50, (0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001))
    rec_2020 = primaries_of(_D65, (0.708, 0.292), (0.17, 0.797), (0.131, 0.046))
    under_d65 = adaptation(_D65)
    # ISO 22028-2; ITU-R BT.2020, table 4.
    romm_curve = formula_curve(1.8, 1.0, 0.0, 1 / 16, 16 / 512)
    video = formula_curve(1 / 0.45, 1 / 1.0993, 0.0993 / 1.0993, 1 / 4.5, 0.08145)
    colour = {
        "sRGB": display_profile("sRGB", SRGB_TO_XYZ, _SRGB_CURVE, under_d65),
        "Display_P3": display_profile("Display P3", p3, _SRGB_CURVE, under_d65),
        "Adobe_RGB": display_profile(
            "Compatible with Adobe RGB (1998)", _ADOBE_RGB, gamma_curve(563 / 256), under_d65
        ),
        "ProPhoto_RGB": display_profile("ProPhoto RGB (ROMM)", romm, romm_curve, adaptation(_D50)),
        "Rec_2020": display_profile("Rec. 2020", rec_2020, video, under_d65),
        "linear_sRGB": display_profile("Linear sRGB", SRGB_TO_XYZ, gamma_curve(1.0), under_d65),
    }
    grey = Profile.from_grey(grey_profile("Grey, gamma 2.2", gamma_curve(2.2)))
    return {name: Profile.from_icc(icc) for name, icc in colour.items()} | {"grey_gamma_2.2": grey}
