"""Colours: what a picture file holds as RGB, and the profile that its numbers are in."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from safelight.files.adobe_rgb import adobe_rgb_profile
from safelight.files.codecs.photograph import CHANNELS, PartLost, Photograph, packed
from safelight.pixels import SRGB, ColourError, Profile

_CONVERTED_AT_ONCE = 500_000
"""Pixels whose colours are converted in one go, so few that nobody waits for the exact ones."""


def takes_long(content: Photograph) -> bool:
    """Whether the exact conversion of the colours is something to wait for."""
    height, width = content.pixels.shape[:2]
    icc, colour = content.icc, content.space != "cmyk"
    if icc is None or height * width < _CONVERTED_AT_ONCE:
        return False
    return not (colour and _own_profile(icc, content.space))


Convert: TypeAlias = Callable[[NDArray[Any], bytes, str, bool], NDArray[Any] | None]
"""``converted``, wherever that is done. May raise PartLost."""


def as_rgb(
    content: Photograph, adobe_rgb: bool, convert: Convert, exact: bool = True
) -> tuple[NDArray[Any], Profile]:
    """The pixels as RGB or RGBA and the profile they are in; adds notes to ``content``.

    ``adobe_rgb``: a camera has marked them so, which counts where there is no profile.
    """
    colours = CHANNELS[content.space]
    colour = content.pixels[..., :colours]
    icc = content.icc
    if content.space != "cmyk":
        if icc is None and adobe_rgb:
            icc = adobe_rgb_profile()
            content.notes.append(
                "The camera marked the colours as Adobe RGB without a profile; one was added."
            )
        if icc is None:
            return _with_alpha(content, _three(colour)), SRGB
        profile = _own_profile(icc, content.space)
        if profile is not None:
            return _with_alpha(content, _three(colour)), profile
    why = ""
    try:
        changed = convert(colour, icc, content.space, exact) if icc else None
    except PartLost as lost:
        changed, why = None, f" ({lost})"
    if changed is not None:
        what = {"grey": "a grey profile", "cmyk": "CMYK", "rgb": "a profile with tables"}
        content.notes.append(f"Colours were converted from {what[content.space]} to sRGB.")
    elif content.space == "cmyk":
        content.notes.append(f"Colours were converted from CMYK to sRGB without a profile{why}.")
        changed = _cmyk_by_formula(colour)
    else:
        content.notes.append(
            f"The colour profile cannot be used{why} and was left out; the colours are taken as"
            " sRGB."
        )
        changed = _three(colour)
    return _with_alpha(content, changed), SRGB


def _three(colour: NDArray[Any]) -> NDArray[Any]:
    return np.repeat(colour, 3, axis=2) if colour.shape[2] == 1 else colour


def _with_alpha(content: Photograph, colour: NDArray[Any]) -> NDArray[Any]:
    if not content.alpha:
        return colour
    if np.may_share_memory(colour, content.pixels):
        # Nothing was converted: the file's own array holds both already.
        return content.pixels
    return np.concatenate([colour, content.pixels[..., -1:]], axis=2)


def _own_profile(icc: bytes, space: str) -> Profile | None:
    """The profile as a document can have it; None for what has to be converted."""
    try:
        if space == "grey" and icc[16:20] == b"GRAY":
            return Profile.from_grey(icc)
        # Grey pixels under an RGB profile are that profile's greys.
        return Profile.from_icc(icc) if icc[16:20] == b"RGB " else None
    except ColourError:
        return None


def converted(
    colour: NDArray[Any], icc: bytes, space: str, exact: bool = True
) -> NDArray[Any] | None:
    """The pixels in sRGB by way of their profile (LittleCMS), relative colorimetric with black
    point compensation; None when that cannot be done.

    Left to itself, LittleCMS squeezes a profile of tables into one coarse grid: ten times as
    fast, and off by up to some hundreds of 65,535.
    """
    import imagecodecs

    signature, spelled = {
        "grey": (b"GRAY", "gray"),
        "rgb": (b"RGB ", "rgb"),
        "cmyk": (b"CMYK", "cmyk"),
    }[space]
    if icc[16:20] != signature or (space == "cmyk" and colour.dtype == np.float32):
        return None
    flags: int = imagecodecs.CMS.FLAGS.BLACKPOINTCOMPENSATION
    if exact:
        flags |= imagecodecs.CMS.FLAGS.NOOPTIMIZE
    srgb = imagecodecs.cms_profile("srgb")
    result = np.empty((*colour.shape[:2], 3), colour.dtype)
    # LittleCMS makes a coarse grid anew for each band, so these are larger.
    at_once = _CONVERTED_AT_ONCE if exact else 16 * _CONVERTED_AT_ONCE
    rows = max(at_once // colour.shape[1], 1)

    def convert(top: int) -> None:
        band = packed(colour[top : top + rows])
        made = imagecodecs.cms_transform(
            band[..., 0] if space == "grey" else band,
            icc,
            srgb,
            colorspace=spelled,
            outcolorspace="rgb",
            intent=imagecodecs.CMS.INTENT.RELATIVE_COLORIMETRIC,
            flags=flags,
        )
        # A grey's channels may differ in their last bit: then it would be none any more.
        result[top : top + rows] = made[..., 1:2] if space == "grey" else made

    try:
        # In bands, so that only the result is as large as the picture, and every core has some.
        with ThreadPoolExecutor(os.cpu_count()) as threads:
            for _ in threads.map(convert, range(0, len(colour), rows)):
                pass
    except Exception:
        # Whatever a broken profile makes the library say, the picture is still there.
        return None
    return result


def _cmyk_by_formula(ink: NDArray[Any]) -> NDArray[Any]:
    """CMYK without a profile: what each ink lets through, multiplied."""
    result = np.empty((*ink.shape[:2], 3), ink.dtype)
    full = 1.0 if ink.dtype == np.float32 else float(np.iinfo(ink.dtype).max)
    for top in range(0, len(ink), 256):
        clear = 1 - ink[top : top + 256].astype(np.float64) / full
        light = clear[..., :3] * clear[..., 3:] * full
        result[top : top + 256] = light if ink.dtype == np.float32 else np.rint(light)
    return result
