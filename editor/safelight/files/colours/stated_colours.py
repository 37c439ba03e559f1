"""Stated colours: what a file says of its colours by numbers, as a profile that says the same."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import TypeAlias

import numpy as np

from safelight.pixels import ColourError, Profile
from safelight.pixels.icc import (
    adaptation,
    display_profile,
    formula_curve,
    gamma_curve,
    primaries_of,
)

_Place: TypeAlias = tuple[float, float]
Primaries: TypeAlias = tuple[_Place, _Place, _Place, _Place]
"""Chromaticities (x, y) of white, red, green and blue."""

_D65, _D50 = (0.3127, 0.329), (0.3457, 0.3585)
_KNOWN: dict[int, tuple[str, Primaries]] = {
    1: ("sRGB", (_D65, (0.64, 0.33), (0.3, 0.6), (0.15, 0.06))),
    5: ("BT.470 B/G", (_D65, (0.64, 0.33), (0.29, 0.6), (0.15, 0.06))),
    6: ("BT.601", (_D65, (0.63, 0.34), (0.31, 0.595), (0.155, 0.07))),
    9: ("BT.2020", (_D65, (0.708, 0.292), (0.17, 0.797), (0.131, 0.046))),
    11: ("DCI P3", ((0.314, 0.351), (0.68, 0.32), (0.265, 0.69), (0.15, 0.06))),
    12: ("Display P3", (_D65, (0.68, 0.32), (0.265, 0.69), (0.15, 0.06))),
}
"""Primaries by their numbers in ITU-T H.273, table 2."""

_ALSO: tuple[tuple[str, Primaries], ...] = (
    ("Adobe RGB primaries", (_D65, (0.64, 0.33), (0.21, 0.71), (0.15, 0.06))),
    ("ProPhoto RGB primaries", (_D50, (0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001))),
)
"""Well-known primaries that have no number there."""

_SRGB = "the sRGB curve"
_CURVES = {
    _SRGB: formula_curve(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045),
    "the video curve": formula_curve(1 / 0.45, 1 / 1.099, 0.099 / 1.099, 1 / 4.5, 0.081),
}
_TRANSFERS = {
    **dict.fromkeys((1, 6, 14, 15), "the video curve"),
    4: "gamma 2.2",
    5: "gamma 2.8",
    8: "gamma 1",
    13: _SRGB,
}
"""Curves by their numbers in ITU-T H.273, table 3; those of high dynamic range are not among."""

ADDED = "The file states its colours by numbers instead of a profile; a profile was added."
UNKNOWN = "The file states its colours in a way that Safelight does not know: they may look wrong."


def high_range(chunks: Mapping[bytes, bytes]) -> tuple[Primaries, int, float] | None:
    """Primaries, the code of the curve, and the brightest in cd/m² (0: not stated) of a PNG whose
    curve may be one of high dynamic range; None where cICP names no RGB of known primaries.
    """
    body = chunks.get(b"cICP", b"")
    places = places_of_code(body[0]) if len(body) == 4 and body[2:] == b"\0\1" else None
    if places is None:
        return None
    level = chunks.get(b"cLLI", chunks.get(b"cLLi", b""))[:4]
    screen = chunks.get(b"mDCV", chunks.get(b"mDCv", b""))[16:20]
    brightest = int.from_bytes(level, "big") or int.from_bytes(screen, "big")
    return places, body[1], brightest / 10_000


def stated_profile(
    chunks: Mapping[bytes, bytes], icc: bytes | None, notes: list[str]
) -> bytes | None:
    """The profile of a PNG with these chunks, of which ``icc`` is the one embedded.

    What counts is told by the PNG specification, third edition, section 4.3: cICP, then the
    profile, then sRGB, then gAMA and cHRM. None for plain sRGB. ``notes`` say what was made of it.
    """
    found: bytes | None = None
    try:
        if b"cICP" in chunks:
            found = _by_codes(chunks[b"cICP"])
        elif icc is None and b"sRGB" not in chunks:
            found = _by_numbers(chunks.get(b"cHRM"), chunks.get(b"gAMA"))
    except (LookupError, ArithmeticError, ValueError, struct.error, np.linalg.LinAlgError):
        notes.append(UNKNOWN)
        return icc
    if found is not None:
        notes.append(ADDED)
    return found if found is not None or b"cICP" in chunks else icc


def profile_of_codes(primaries: int, transfer: int, notes: list[str]) -> bytes | None:
    """The profile that codes of ITU-T H.273 name, as HEIC and AVIF state them; None for plain sRGB,
    which 2 ("unspecified") is taken for. ``notes`` say what was made of it.
    """
    unspecified = 2
    try:
        name, places = _KNOWN[1 if primaries == unspecified else primaries]
        curve = _TRANSFERS[13 if transfer == unspecified else transfer]
    except LookupError:
        notes.append(UNKNOWN)
        return None
    found = _profile(name, places, curve)
    if found is not None:
        notes.append(ADDED)
    return found


def places_of_code(code: int) -> Primaries | None:
    """The places of white, red, green and blue where the curve is one of high dynamic range; those
    of BT.2020 where none are stated, and None for a code that is not known.
    """
    found = _KNOWN.get(9 if code == 2 else code)
    return found[1] if found else None


def primaries_of_code(code: int) -> Primaries:
    """The places of white, red, green and blue. Raises LookupError for a code that is not known."""
    return _KNOWN[code][1]


def profile_of_places(
    places: Primaries, notes: list[str], *, transfer: int = 13, gamma: float = 0.0
) -> bytes | None:
    """The profile of those primaries, under a curve by its code or one exponent; None for plain
    sRGB. ``notes`` say what was made of them.
    """
    try:
        if gamma and not 0.2 < gamma < 5:
            raise ValueError("no gamma of a picture")
        curve = f"gamma {gamma:.4g}" if gamma else _TRANSFERS[transfer]
        found = _profile(*_named(places), curve)
    except (LookupError, ArithmeticError, ValueError, struct.error, np.linalg.LinAlgError):
        notes.append(UNKNOWN)
        return None
    if found is not None:
        notes.append(ADDED)
    return found


def places_of(icc: bytes) -> Primaries | None:
    """The places of white, red, green and blue of a profile of primaries, as single floats have
    them; None for one of another kind. Its curve counts for nothing.
    """
    try:
        profile = Profile.from_icc(icc)
        colours, (x, y, z) = profile.primaries, profile.white
        found: list[Primaries] = []
        for white in ((x / (x + y + z), y / (x + y + z)), _D65, _D50):
            seen = np.linalg.inv(adaptation(white)) @ colours
            red, green, blue = (seen[:2] / seen.sum(axis=0)).astype(np.float32).T.tolist()
            found.append((white, tuple(red), tuple(green), tuple(blue)))
    except (ColourError, ArithmeticError, np.linalg.LinAlgError):
        return None
    # What a profile says of its white is often D50, to which its primaries are adapted.
    known = next((each for each in map(_named, found) if each[0] != _OWN), None)
    if known is not None:
        return known[1]
    white = found[0][0]
    return (tuple(np.array(white, np.float32).tolist()), *found[0][1:])


def light_profile(profile: Profile) -> Profile | None:
    """The profile that a file of light has which states the primaries of ``profile`` by numbers:
    the same with the curve of sRGB. None where they cannot be stated.
    """
    if profile.icc is None or profile.is_srgb:
        return None
    icc: bytes | None = profile.icc
    for _ in range(8):
        before = icc
        places = places_of(icc) if icc else None
        icc = profile_of_places(places, []) if places else None
        if icc is None:
            return None
        if icc == before:  # numbers are rounded in profiles, too
            return Profile.from_icc(icc)
    return None


_OWN = "Primaries of the file"


def _named(places: Primaries) -> tuple[str, Primaries]:
    """Well-known primaries that are almost these, with their name; else these."""
    for name, known in (*_KNOWN.values(), *_ALSO):
        if np.abs(np.array(places) - np.array(known)).max() < 0.002:
            return name, known
    return _OWN, places


def _by_codes(body: bytes) -> bytes | None:
    """cICP, section 11.3.2.6. Raises LookupError for codes that are not known."""
    primaries, transfer, matrix, full = struct.unpack(">4B", body)
    if matrix != 0 or full != 1:
        raise LookupError("not RGB of full range")
    name, places = _KNOWN[primaries]
    return _profile(name, places, _TRANSFERS[transfer])


def _by_numbers(places: bytes | None, gamma: bytes | None) -> bytes | None:
    """cHRM and gAMA, sections 11.3.2.1 and 11.3.2.2."""
    name, primaries = _KNOWN[1]
    if places is not None:
        stated = np.array(struct.unpack(">8I", places)).reshape(4, 2) / 100_000
        white, red, green, blue = ((float(x), float(y)) for x, y in stated)
        name, primaries = _named((white, red, green, blue))
    curve = _SRGB
    if gamma is not None:
        power = 100_000 / struct.unpack(">I", gamma)[0]
        if not 0.2 < power < 5:
            raise ValueError("no gamma of a picture")
        # 1 / 2.2 is what sRGB files write for readers that know gamma alone (section 11.3.2.5).
        curve = _SRGB if abs(power - 2.2) < 0.02 else f"gamma {power:.4g}"
    return _profile(name, primaries, curve)


def _profile(name: str, places: Primaries, curve: str) -> bytes | None:
    """The profile; None for plain sRGB."""
    if name == "sRGB" and curve == _SRGB:
        return None
    coded = _CURVES.get(curve) or gamma_curve(float(curve.removeprefix("gamma ")))
    title = name if curve == _SRGB else f"{name}, {curve}"
    return display_profile(title, primaries_of(*places), coded)
