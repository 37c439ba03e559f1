"""Adobe RGB: the profile for camera files that name this space by an EXIF mark alone.

Cameras set to Adobe RGB often embed no profile and only write "R03" as their interoperability
index (DCF 2.0, section 2.5.2). Taken as sRGB such photographs look dull.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from safelight.pixels.icc import display_profile, gamma_curve

NAME = "Compatible with Adobe RGB (1998)"

_PRIMARIES = np.array(
    [
        [0.60974, 0.20528, 0.14919],
        [0.31111, 0.62567, 0.06322],
        [0.01947, 0.06087, 0.74457],
    ]
)
_GAMMA = 563 / 256
"""Adobe RGB (1998) colour image encoding, section 4.3.4.2."""


@lru_cache(maxsize=1)
def adobe_rgb_profile() -> bytes:
    """An ICC display profile of that space."""
    return display_profile(NAME, _PRIMARIES, gamma_curve(_GAMMA))
