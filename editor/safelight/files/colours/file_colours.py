"""File colours: a picture file's numbers as RGB with a profile, and RGB as a file holds it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from safelight.files.codecs.photograph import CHANNELS, PartLost, Photograph, Space
from safelight.pixels import (
    DEPTHS,
    SRGB,
    ColourError,
    DegenerateError,
    Intent,
    Profile,
    Transform,
    converted,
    from_float,
    known_profile,
    profile_name,
    to_float,
)
from safelight.pixels.known_profiles import adobe_rgb_profile

_NOT_LONG = 500_000
"""Pixels whose exact conversion nobody waits for."""

_AT_ONCE = 2_000_000
"""Pixels that are converted to another profile in one go: floats of 32 MB."""

_SIGNATURES: dict[Space, bytes] = {"grey": b"GRAY", "rgb": b"RGB ", "cmyk": b"CMYK"}


def takes_long(content: Photograph) -> bool:
    """Whether the exact conversion of the colours is something to wait for."""
    height, width = content.pixels.shape[:2]
    icc, colour = content.icc, content.space != "cmyk"
    if icc is None or height * width < _NOT_LONG:
        return False
    return not (colour and _own_profile(icc, content.space))


Convert: TypeAlias = Callable[[NDArray[Any], Transform, bool], NDArray[Any] | None]
"""``Transform.apply``, wherever that is done: the pixels, the transform, and whether it is to be
exact. May raise PartLost.
"""


def as_rgb(
    content: Photograph, adobe_rgb: bool, convert: Convert, exact: bool = True
) -> tuple[NDArray[Any], Profile]:
    """The pixels as RGB or RGBA, (height, width, 3 or 4) of uint8, uint16 or float32, and the
    profile they are in; adds notes to ``content``.

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
        changed, profile = _by_tables(content, convert, exact)
    except PartLost as lost:
        changed, profile, why = None, SRGB, f" ({lost})"
    if changed is not None:
        what = {"grey": "a grey profile", "cmyk": "CMYK", "rgb": "a profile with tables"}
        deep = f" in {DEPTHS[changed.dtype.name]}" if changed.dtype != colour.dtype else ""
        content.notes.append(
            f"Colours were converted from {what[content.space]} to {profile.name}{deep}."
        )
        return _with_alpha(content, changed), profile
    if content.space == "cmyk":
        content.notes.append(f"Colours were converted from CMYK to sRGB without a profile{why}.")
        changed = _cmyk_by_formula(colour)
    else:
        content.notes.append(
            f"The colour profile cannot be used{why} and was left out; the colours are taken as"
            " sRGB."
        )
        changed = _three(colour)
    return _with_alpha(content, changed), SRGB


def becomes_wide(content: Photograph) -> bool:
    """Whether a photograph's colours are converted into a wide space of at least 16 bits: those of
    tables, which reach beyond sRGB and in which no picture is edited.
    """
    icc = content.icc
    if icc is None or content.space == "grey" or icc[16:20] != _SIGNATURES[content.space]:
        return False
    return _own_profile(icc, content.space) is None and _is_of_use(icc)


def _by_tables(
    content: Photograph, convert: Convert, exact: bool
) -> tuple[NDArray[Any] | None, Profile]:
    """The colours by way of the tables of their profile, and the profile that they are in then;
    None where that has none that are of use. Raises PartLost.
    """
    icc, colour = content.icc, content.pixels[..., : CHANNELS[content.space]]
    if becomes_wide(content):
        wide = known_profile("Rec_2020")
        deep = np.multiply(colour, 257, dtype=np.uint16) if colour.dtype == np.uint8 else colour
        return convert(deep, Transform(icc, wide.icc), exact), wide
    fits = icc is not None and icc[16:20] == _SIGNATURES[content.space] and _is_of_use(icc)
    return convert(colour, Transform(icc), exact) if fits else None, SRGB


def _three(colour: NDArray[Any]) -> NDArray[Any]:
    return np.repeat(colour, 3, axis=2) if colour.shape[2] == 1 else colour


def _with_alpha(content: Photograph, colour: NDArray[Any]) -> NDArray[Any]:
    if not content.alpha:
        return colour
    if np.may_share_memory(colour, content.pixels):
        # Nothing was converted: the file's own array holds both already.
        return content.pixels
    alpha = content.pixels[..., -1:]
    if alpha.dtype != colour.dtype:
        alpha = from_float(to_float(alpha), colour.dtype.name)
    return np.concatenate([colour, alpha], axis=2)


def _own_profile(icc: bytes, space: str) -> Profile | None:
    """The profile as a document can have it; None for what has to be converted."""
    try:
        if space == "grey" and icc[16:20] == b"GRAY":
            return Profile.from_grey(icc)
        # Grey pixels under an RGB profile are that profile's greys.
        return Profile.from_icc(icc) if icc[16:20] == b"RGB " else None
    except ColourError:
        return None


def _is_of_use(icc: bytes) -> bool:
    """Whether a profile that a document cannot have can be converted from."""
    try:
        Profile.from_icc(icc)
    except DegenerateError:
        return False
    except ColourError:
        return True
    return True


def in_profile(
    pixels: NDArray[Any],
    profile: Profile,
    target: bytes,
    depth: str,
    convert: Convert,
    *,
    intent: Intent = "relative",
    black_point: bool = True,
) -> tuple[NDArray[Any], Space]:
    """Pixels (height, width, 3 or 4) of ``profile`` in ``target``, of ``depth``: grey, RGB or CMYK,
    with their alpha as it was; and which of these.

    Raises ColourError for a target that colours cannot be converted to, and PartLost.
    """
    space: Space | None = next(
        (x for x, sign in _SIGNATURES.items() if sign == target[16:20]), None
    )
    if space is None:
        raise ColourError(f"{profile_name(target)} is for no grey, RGB or CMYK")
    own = _own_profile(target, space)
    transform = Transform(profile.icc, target, intent, black_point)
    channels = CHANNELS[space]
    result = np.empty((*pixels.shape[:2], channels + pixels.shape[2] - 3), depth)
    rows = max(_AT_ONCE // pixels.shape[1], 1)
    for top in range(0, len(pixels), rows):
        floats = to_float(pixels[top : top + rows])
        made: NDArray[Any] | None
        if own is not None:
            absolute = intent == "absolute"
            made = converted(
                floats[..., :3], profile, own, absolute=absolute, black_point=black_point
            )[..., :channels]
        else:
            made = convert(floats[..., :3], transform, True)
        if made is None:
            raise ColourError(f"colours cannot be converted to {profile_name(target)}")
        result[top : top + rows, :, :channels] = from_float(made, depth)
        result[top : top + rows, :, channels:] = from_float(floats[..., 3:], depth)
    return result, space


def most_ink(ink: NDArray[Any]) -> float:
    """The most that all inks together cover anywhere, in percent of one ink: of CMYK pixels
    (height, width, 4 or 5) of uint8, uint16 or float32.
    """
    full = 1.0 if ink.dtype == np.float32 else float(np.iinfo(ink.dtype).max)
    bands = (ink[top : top + 256, :, :4] for top in range(0, len(ink), 256))
    return 100 * max(float(band.sum(axis=2, dtype=np.float64).max()) for band in bands) / full


def _cmyk_by_formula(ink: NDArray[Any]) -> NDArray[Any]:
    """CMYK without a profile: what each ink lets through, multiplied."""
    result = np.empty((*ink.shape[:2], 3), ink.dtype)
    full = 1.0 if ink.dtype == np.float32 else float(np.iinfo(ink.dtype).max)
    for top in range(0, len(ink), 256):
        clear = 1 - ink[top : top + 256].astype(np.float64) / full
        light = clear[..., :3] * clear[..., 3:] * full
        result[top : top + 256] = light if ink.dtype == np.float32 else np.rint(light)
    return result
