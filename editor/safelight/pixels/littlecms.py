"""LittleCMS: colours by way of profiles that hold tables, a printer's or a scanner's."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

Intent: TypeAlias = Literal["relative", "perceptual", "saturation", "absolute"]
"""What a conversion keeps (ICC.1:2022, 6.2): colours beside white, the look, the liveliness, or
colours and white as they are.
"""

INTENTS: tuple[Intent, ...] = get_args(Intent)

CHANNELS = {b"GRAY": 1, b"RGB ": 3, b"CMYK": 4}
"""Channels of the spaces that profiles are for, by their signatures."""

_SPELLED = {b"GRAY": "gray", b"RGB ": "rgb", b"CMYK": "cmyk"}

_INK = np.float32(100)
"""Full ink of CMYK in floats, for LittleCMS; here it is 1."""

_AT_ONCE = 500_000
"""Pixels that are converted in one go, so few that nobody waits for the exact ones."""


@dataclass(frozen=True, slots=True)
class Transform:
    """A conversion from one profile to another; None stands for sRGB.

    ``black_point``: the darkest of the one becomes the darkest of the other (ISO 18619), which an
    absolute conversion never does.
    """

    source: bytes | None = None
    target: bytes | None = None
    intent: Intent = "relative"
    black_point: bool = True

    @property
    def reads(self) -> bytes:
        """The signature of the space that it reads."""
        return space_of(self.source)

    @property
    def gives(self) -> bytes:
        """The signature of the space that it gives."""
        return space_of(self.target)

    def apply(self, colour: NDArray[Any], exact: bool = True) -> NDArray[Any] | None:
        """Pixels (height, width, channels) of uint8, uint16 or float32 in the other space, of the
        same depth; None when that cannot be done. Full ink of CMYK is full scale.

        Left to itself, LittleCMS squeezes a profile of tables into one coarse grid: ten times as
        fast, and off by up to some hundreds of 65,535. It is that where not ``exact``.
        """
        if CHANNELS.get(self.reads) != colour.shape[2] or self.gives not in CHANNELS:
            return None
        import imagecodecs

        flags = int(imagecodecs.CMS.FLAGS.NOOPTIMIZE) if exact else 0
        if self.black_point and self.intent != "absolute":
            flags |= int(imagecodecs.CMS.FLAGS.BLACKPOINTCOMPENSATION)
        reads, gives, depth = self.reads, self.gives, colour.dtype
        srgb = imagecodecs.cms_profile("srgb")
        source, target = self.source or srgb, self.target or srgb
        result = np.empty((*colour.shape[:2], CHANNELS[gives]), depth)
        # LittleCMS makes a coarse grid anew for each band, so these are larger.
        at_once = _AT_ONCE if exact else 16 * _AT_ONCE
        rows = max(at_once // max(colour.shape[1], 1), 1)

        def convert(top: int) -> None:
            band = np.array(colour[top : top + rows], order="C")
            if depth == np.float32 and reads == b"CMYK":
                band *= _INK
            made = imagecodecs.cms_transform(
                band[..., 0] if reads == b"GRAY" else band,
                source,
                target,
                colorspace=_SPELLED[reads],
                outcolorspace=_SPELLED[gives],
                intent=_NUMBERS[self.intent],
                flags=flags,
            )
            if depth == np.float32 and gives == b"CMYK":
                made /= _INK
            if gives == b"GRAY":
                made = made[..., None]
            # A grey's channels may differ in their last bit: then it would be none any more.
            result[top : top + rows] = made[..., 1:2] if reads == b"GRAY" != gives else made

        try:
            # In bands, so that only the result is as large as the picture, and every core has some.
            with ThreadPoolExecutor(os.cpu_count()) as threads:
                for _ in threads.map(convert, range(0, len(colour), rows)):
                    pass
        except Exception:
            # Whatever a broken profile makes the library say, the picture is still there.
            return None
        return result


_NUMBERS: dict[Intent, int] = {"perceptual": 0, "relative": 1, "saturation": 2, "absolute": 3}
"""ICC.1:2022, table 23."""


def space_of(icc: bytes | None) -> bytes:
    """The signature of the space that a profile is for."""
    return b"RGB " if icc is None else icc[16:20]
