"""Export size: an export's other size, and the sharpening for it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.api import to_linear
from safelight.api.tone_table import LUMINANCE
from safelight.document import Document, Live, geometry, whole
from safelight.files.exports.export_options import ExportOptions, Sharpening
from safelight.files.provenance.provenance import declared
from safelight.pixels import Profile, from_float, to_float

_ROWS = 256

_RADIUS = {"screen": 0.5, "print": 1.1}
"""Standard deviations in pixels: a monitor shows each pixel, a print at 300 dpi runs a few into
one another."""

_AMOUNT = {"low": 0.35, "standard": 0.7, "high": 1.2}


def sides(document: Document, options: ExportOptions) -> tuple[int, int]:
    """Width and height in pixels that the file will have."""
    width, height = document.width, document.height
    longest = max(width, height)
    of = {"longest": longest, "width": width, "height": height, "percent": 100.0}
    if options.resize == "no":
        return width, height
    factor = options.size / of[options.resize]
    if factor >= 1 and not options.enlarge:
        return width, height
    return max(round(width * factor), 1), max(round(height * factor), 1)


def resized(
    document: Document,
    options: ExportOptions,
    live: Live | None,
    depth: str,
    hear: Callable[[float], object] | None = None,
) -> Document:
    """What the document shows in the size that is asked for, as one layer; itself where that is
    its own. ``hear`` is that of ``whole``. Raises ValueError for a size that no picture has.
    """
    wide, high = sides(document, options)
    if (wide, high) == (document.width, document.height):
        return document
    geometry.check_size(wide, high)
    flat = Document.from_raster(
        whole(document, live, depth, hear),
        profile=document.profile,
        metadata=document.metadata,
        name=document.name,
        source=document.source,
        synthetic=declared(document),
        grey=document.grey,
    )
    return geometry.resize(flat, wide, high, linear=document.linear, method=options.method)


_WIDEST = 1.6
"""The most that a profile of 8 bits holds of colours, as a multiple of sRGB's (the volumes that
the primaries span): Adobe RGB has 1.5, as 8-bit files of cameras do; Rec. 2020, which asks for 10
bits, has 2.0, ProPhoto 2.7. Lightroom and darktable export JPEG in sRGB for the same reason."""

_COARSEST = 1.5
"""The most that the first step of 8 bits may differ from black in lightness (CIE L*, 0 to 100):
it is 0.3 in sRGB and 3.5 where the numbers are linear."""


def fits_eight_bits(profile: Profile) -> bool:
    """Whether 8 bits a channel are enough for a profile's colours to come without visible steps."""
    if profile.is_srgb:
        return True
    primaries = to_linear(profile.to_srgb(np.eye(3, dtype=np.float32)))
    step = to_linear(profile.to_srgb(np.full((1, 3), 1 / 255, np.float32)))
    lightness = 903.3 * float((step @ np.asarray(LUMINANCE, np.float32))[0])
    return abs(float(np.linalg.det(primaries.astype(float)))) < _WIDEST and lightness < _COARSEST


def sharpened(pixels: NDArray[Any], for_what: Sharpening, how_much: str) -> NDArray[Any]:
    """(height, width, 3 or 4), of uint8, uint16 or float32, with its edges made crisper, as much as
    a screen or a print blurs them; only lightness changes, and alpha stays.

    An unsharp mask: what a Gaussian takes from the lightness is added once more.
    """
    if for_what == "no":
        return pixels
    radius, amount = _RADIUS[for_what], np.float32(_AMOUNT[how_much])
    reach = math.ceil(3 * radius)
    taps = np.exp(-0.5 * (np.arange(-reach, reach + 1) / radius) ** 2).astype(np.float32)
    taps /= taps.sum()
    made = np.empty_like(pixels)
    for top in range(0, len(pixels), _ROWS):
        first, last = max(top - reach, 0), min(top + _ROWS + reach, len(pixels))
        floats = to_float(pixels[first:last])
        light = floats[..., :3] @ np.asarray(LUMINANCE, np.float32)
        detail = light - _blurred(_blurred(light, taps, 0), taps, 1)
        floats = floats.copy()
        floats[..., :3] += (amount * detail)[..., None]
        here = slice(top - first, min(top + _ROWS, len(pixels)) - first)
        made[top : top + _ROWS] = from_float(floats[here], pixels.dtype.name)
    return made


def _blurred(plane: NDArray[np.float32], taps: NDArray[np.float32], axis: int) -> Any:
    """Sums along an axis, whose ends go on as they are."""
    reach = len(taps) // 2
    around = [(0, 0), (0, 0)]
    around[axis] = (reach, reach)
    padded = np.pad(plane, around, mode="edge")
    length = plane.shape[axis]
    made = np.zeros_like(plane)
    for place, tap in enumerate(taps):
        part = padded[place : place + length] if axis == 0 else padded[:, place : place + length]
        made += tap * part
    return made
