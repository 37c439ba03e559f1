"""Colour: ICC profiles made of three primaries and curves, converted in float, unclipped.

Nearly every camera and monitor profile is of that kind. Pillow's LittleCMS works in 8 bits, too
coarse for what a filter hands back, so the few formulas are here (ICC.1:2022, F.3).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight import api
from safelight.pixels.icc import D50, display_profile

Curve = NDArray[np.float64]

SRGB_TO_XYZ: NDArray[np.float64] = np.array(
    [
        [0.4360747, 0.3850649, 0.1430804],
        [0.2225045, 0.7168786, 0.0606169],
        [0.0139322, 0.0971045, 0.7141733],
    ]
)
"""Linear sRGB to XYZ, adapted to D50 (Bradford), the ICC connection space."""

_ROUNDING = np.float32(5e-7)

_SAMPLES = np.linspace(0.0, 1.0, 4097)


class ColourError(Exception):
    """A profile that is damaged, or of a kind Safelight cannot convert without loss."""


class DegenerateError(ColourError):
    """A profile that makes colours of no use: of numbers that differ it makes the same."""


@dataclass(frozen=True, slots=True)
class Profile:
    """The colour space of a document's pixels. ``icc`` is None for plain sRGB without a profile.

    The bytes are kept as they were read and go into exported files unchanged. ``grey`` is the
    profile of the one channel that the picture came in: then ``icc`` says the same of three.
    """

    icc: bytes | None = None
    name: str = "sRGB"
    grey: bytes | None = None

    @classmethod
    def from_icc(cls, icc: bytes) -> Profile:
        """The profile in ``icc``. Raises ColourError unless it is RGB with primaries and curves."""
        name, _ = _parse(icc)
        return cls(icc, name)

    @classmethod
    def from_grey(cls, icc: bytes) -> Profile:
        """The profile for a grey picture in three channels. Raises ColourError unless ``icc`` is a
        grey one with a curve.
        """
        name, curve = _parse_grey(icc)
        white = SRGB_TO_XYZ.sum(axis=1, keepdims=True)
        primaries = SRGB_TO_XYZ * np.array(D50)[:, None] / white
        return cls(display_profile(name, primaries, curve), name, icc)

    @property
    def is_srgb(self) -> bool:
        """Whether the profile's pixels can be taken as sRGB as they are."""
        return self._space is None

    @property
    def title(self) -> str:
        """What people read: its name, and that it is taken for granted where nothing states it."""
        return self.name if self.icc is not None else f"{self.name} (untagged)"

    @property
    def _space(self) -> _Space | None:
        return None if self.icc is None else _parse(self.icc)[1]

    @property
    def primaries(self) -> NDArray[np.float64]:
        """Red, green and blue as XYZ adapted to D50, columns of (3, 3), as the profile has them."""
        if self.icc is None or self.is_srgb:
            return SRGB_TO_XYZ
        tags = _tags(self.icc)
        return np.array([_xyz(tags[name]) for name in (b"rXYZ", b"gXYZ", b"bXYZ")]).T

    @property
    def white(self) -> NDArray[np.float64]:
        """The white as it is seen beside others, XYZ (3,) of luminance 1."""
        return _white(self)

    def to_srgb(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        """Pixels (..., 3 or 4) of this space as sRGB-encoded float32, unclipped; alpha is kept."""
        space = self._space
        if space is None:
            return pixels
        light = space.linear(pixels[..., :3]) @ space.to_srgb.T
        return _join(api.from_linear(light), pixels)

    def from_srgb(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        """sRGB-encoded pixels (..., 3 or 4), unclipped, in the encoding of this space; alpha is
        kept.
        """
        space = self._space
        if space is None:
            return pixels
        light = api.to_linear(pixels[..., :3]) @ space.from_srgb.T
        return _join(space.encoded(light), pixels)

    def returned(
        self,
        made: NDArray[np.float32],
        given: NDArray[np.float32],
        own: NDArray[np.float32],
    ) -> NDArray[np.float32]:
        """What was ``made`` of pixels that were ``given`` in sRGB, (..., 3), in this space.

        Where it is what was given, to a thirtieth of a step of 16 bits, it is the ``own`` pixels
        of this space that were given: beside 0 a curve is so steep that the way to sRGB and back
        is some dozens of such steps in floats.
        """
        if self._space is None:
            return made
        result = self.from_srgb(made)
        same = np.abs(made - given) <= _ROUNDING * np.maximum(np.abs(given), 1)
        np.copyto(result, own, where=same.all(axis=-1, keepdims=True))
        return result

    def to_light(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        """Pixels (..., 3 or 4) of this space in linear light of its primaries; alpha is kept."""
        space = self._space
        linear = api.to_linear if space is None else space.linear
        return _join(linear(pixels[..., :3]), pixels)

    def from_light(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        """Pixels (..., 3 or 4) in linear light of this space's primaries, in its encoding; alpha is
        kept.
        """
        space = self._space
        encoded = api.from_linear if space is None else space.encoded
        return _join(encoded(pixels[..., :3]), pixels)


SRGB = Profile()
"""The colour space of a picture that names none."""


def converted(
    pixels: NDArray[np.float32],
    source: Profile,
    target: Profile,
    *,
    absolute: bool = False,
    black_point: bool = False,
) -> NDArray[np.float32]:
    """Pixels (..., 3 or 4) of one space in another, float32, unclipped; alpha is kept.

    White stays white, unless ``absolute``: then it keeps its colour, as seen beside the other's
    white (ICC.1:2022, 6.3.2.2). ``black_point``: the darkest of the one becomes the darkest of the
    other (ISO 18619). A grey ``target`` has the luminance in all channels.
    """
    linear = api.to_linear if source._space is None else source._space.linear
    light = linear(pixels[..., :3]) @ _between(source, target, absolute).T
    if black_point:
        black, floor = _black(source), _black(target)
        light = light * np.float32((1 - floor) / (1 - black))
        light += np.float32((floor - black) / (1 - black))
    encoded = api.from_linear if target._space is None else target._space.encoded
    return _join(encoded(light), pixels)


@lru_cache(maxsize=32)
def _between(source: Profile, target: Profile, absolute: bool) -> NDArray[np.float32]:
    """The matrix (3, 3) from the linear light of one space to that of another."""
    into = np.eye(3) if source._space is None else source._space.to_srgb.astype(np.float64)
    out = np.eye(3) if target._space is None else target._space.from_srgb.astype(np.float64)
    through = np.eye(3)
    if absolute:
        through = np.diag(_white(source) / _white(target))
    if target.grey is not None:
        through = np.array(D50)[:, None] @ [[0.0, 1.0, 0.0]] @ through
        out = np.eye(3)  # its channels are one: what is grey is so in any primaries
        neutral = SRGB_TO_XYZ * (np.array(D50) / SRGB_TO_XYZ.sum(axis=1))[:, None]
        return np.asarray(np.linalg.inv(neutral) @ through @ SRGB_TO_XYZ @ into, np.float32)
    if not absolute:
        return np.asarray(out @ into, np.float32)
    made = out @ np.linalg.inv(SRGB_TO_XYZ) @ through @ SRGB_TO_XYZ @ into
    return np.asarray(made, np.float32)


def _white(profile: Profile) -> NDArray[np.float64]:
    """The white of a space as it is seen beside others, XYZ, of luminance 1.

    From version 4 on a profile states how its white was adapted, before that the white itself.
    """
    d65 = np.array([0.9505, 1.0, 1.0891])
    if profile.icc is None or profile.is_srgb:
        return d65
    tags = _tags(profile.grey or profile.icc)
    try:
        if b"chad" in tags:
            adapted = np.array(_fixed(tags[b"chad"], 8, 9)).reshape(3, 3)
            white = np.linalg.solve(adapted, np.array(D50))
        else:
            white = np.array(_xyz(tags[b"wtpt"]))
    except (KeyError, ValueError, struct.error, np.linalg.LinAlgError):
        return np.array(D50)
    plausible = np.isfinite(white).all() and (white > 0.2).all() and (white < 3).all()
    return white / white[1] if plausible else np.array(D50)


def _black(profile: Profile) -> float:
    """The light that the darkest grey of a space has, of 1 for white."""
    space = profile._space
    if space is None:
        return 0.0
    light = space.linear(np.zeros((1, 3), np.float32)) @ space.to_srgb.T
    return float(np.clip(light @ SRGB_TO_XYZ[1], 0, 0.5)[0])


@dataclass(frozen=True, slots=True, eq=False)
class _Space:
    """Primaries and curves, ready to use: matrices to and from linear sRGB, sampled curves."""

    to_srgb: NDArray[np.float32]
    from_srgb: NDArray[np.float32]
    curves: tuple[Curve, Curve, Curve]
    roots: tuple[Curve, Curve, Curve]

    def linear(self, encoded: NDArray[np.float32]) -> NDArray[np.float32]:
        return self._apply(encoded, self.curves)

    def encoded(self, light: NDArray[np.float32]) -> NDArray[np.float32]:
        return self._apply(light, self.roots)

    @staticmethod
    def _apply(
        values: NDArray[np.float32], curves: tuple[Curve, Curve, Curve]
    ) -> NDArray[np.float32]:
        result = np.empty(values.shape, np.float32)
        for channel, curve in enumerate(curves):
            result[..., channel] = _through(values[..., channel], curve)
        return result


def lab(srgb: NDArray[np.float32]) -> NDArray[np.float64]:
    """CIELAB (..., 3) with the white D50, of colours (..., 3) that are sRGB-encoded, 0 to 1.

    Lightness is 0 to 100, a and b are about -128 to 127; colours beyond the range go on beyond.
    CIE 15:2004, with its exact fractions; D50 is the white of ICC profiles and of other editors.
    """
    light = api.to_linear(np.asarray(srgb, np.float32)).astype(np.float64)
    relative = light @ SRGB_TO_XYZ.T / SRGB_TO_XYZ.sum(axis=1)
    third = np.where(relative > 216 / 24389, np.cbrt(relative), (relative * 24389 / 27 + 16) / 116)
    x, y, z = (third[..., axis] for axis in range(3))
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def _through(values: NDArray[np.float32], curve: Curve) -> NDArray[np.float64]:
    """Values through a curve given as two rows (in, out); mirrored below 0, straight above 1."""
    size = np.abs(values).astype(np.float64)
    inside = np.interp(size, curve[0], curve[1])
    before = max(curve.shape[1] - 65, 0)
    slope = (curve[1, -1] - curve[1, before]) / (curve[0, -1] - curve[0, before])
    above = size > 1
    if above.any():
        inside = np.where(above, curve[1, -1] + (size - 1) * slope, inside)
    result: NDArray[np.float64] = np.copysign(inside, values)
    return result


def _join(colour: NDArray[np.float32], source: NDArray[np.float32]) -> NDArray[np.float32]:
    if source.shape[-1] == 3:
        return colour.astype(np.float32, copy=False)
    return np.concatenate([colour, source[..., 3:]], axis=-1).astype(np.float32, copy=False)


@lru_cache(maxsize=32)
def _parse(icc: bytes) -> tuple[str, _Space | None]:
    """A profile's name and space; the space is None when it is sRGB."""
    try:
        tags = _tags(icc)
        if icc[16:20] != b"RGB " or icc[20:24] != b"XYZ ":
            raise ColourError("the colour profile is not RGB with primaries and curves")
        primaries = np.array([_xyz(tags[name]) for name in (b"rXYZ", b"gXYZ", b"bXYZ")]).T
        red, green, blue = (_curve(tags[name]) for name in (b"rTRC", b"gTRC", b"bTRC"))
        name = _text(tags.get(b"desc", b"")) or "RGB"
    except (KeyError, struct.error, IndexError, ValueError, ArithmeticError) as error:
        raise ColourError("the colour profile is damaged or of an unusual kind") from error
    if abs(np.linalg.det(primaries)) < 1e-6:
        # One with tables as well may be used by these.
        kind = ColourError if b"A2B0" in tags else DegenerateError
        raise kind("the colour profile's primaries are not independent")
    curves = (red, green, blue)
    if any(not np.isfinite(curve).all() or curve.max() <= curve[0] for curve in curves):
        raise ColourError("the colour profile's tone curves do not rise")
    srgb_curve = api.to_linear(_SAMPLES.astype(np.float32))
    if np.abs(primaries - SRGB_TO_XYZ).max() < 2e-3 and all(
        np.abs(curve - srgb_curve).max() < 2e-3 for curve in curves
    ):
        return name, None
    to_srgb = np.linalg.inv(SRGB_TO_XYZ) @ primaries
    white = to_srgb.sum(axis=1, keepdims=True)
    if np.abs(white - 1).max() < 2e-3:
        # D50 is rounded in one way here and in another there: what is neutral shall stay neutral.
        to_srgb /= white
    return name, _Space(
        to_srgb.astype(np.float32),
        np.linalg.inv(to_srgb).astype(np.float32),
        _triple(curves, lambda curve: np.stack([_SAMPLES, curve])),
        _triple(curves, lambda curve: np.stack(_strictly_rising(curve))),
    )


def _parse_grey(icc: bytes) -> tuple[str, bytes]:
    """A grey profile's name and the tag of its curve (ICC.1:2022, 8.4.4)."""
    try:
        tags = _tags(icc)
        if icc[16:20] != b"GRAY" or icc[20:24] != b"XYZ ":
            raise ColourError("the colour profile is not grey with a curve")
        curve = tags[b"kTRC"]
        samples = _curve(curve)
        name = _text(tags.get(b"desc", b"")) or "Grey"
    except (KeyError, struct.error, IndexError, ValueError, ArithmeticError) as error:
        raise ColourError("the colour profile is damaged or of an unusual kind") from error
    if not np.isfinite(samples).all() or samples.max() <= samples[0]:
        raise ColourError("the colour profile's tone curve does not rise")
    return name, curve


def _triple(curves: tuple[Curve, Curve, Curve], make: Any) -> tuple[Curve, Curve, Curve]:
    red, green, blue = (make(curve) for curve in curves)
    return red, green, blue


def _strictly_rising(curve: Curve) -> tuple[Curve, Curve]:
    """The inverse of a sampled curve as (in, out), flat stretches kept at their first point."""
    keep = np.concatenate([[True], np.diff(np.maximum.accumulate(curve)) > 0])
    return curve[keep], _SAMPLES[keep]


def _tags(icc: bytes) -> dict[bytes, bytes]:
    (count,) = struct.unpack_from(">I", icc, 128)
    if count > 1000:
        raise ValueError("too many tags")
    tags = {}
    for index in range(count):
        name, offset, size = struct.unpack_from(">4sII", icc, 132 + 12 * index)
        tags[name] = icc[offset : offset + size]
    return tags


def _fixed(data: bytes, offset: int, count: int) -> list[float]:
    """s15Fixed16 numbers."""
    return [value / 65536 for value in struct.unpack_from(f">{count}i", data, offset)]


def _xyz(tag: bytes) -> list[float]:
    if tag[:4] != b"XYZ ":
        raise ValueError("no XYZ tag")
    return _fixed(tag, 8, 3)


def _curve(tag: bytes) -> Curve:
    """A tone curve at 4097 even samples of 0 to 1 (ICC.1:2022, 10.6 and 10.18)."""
    x = _SAMPLES
    if tag[:4] == b"curv":
        (count,) = struct.unpack_from(">I", tag, 8)
        if count == 0:
            return x.copy()
        if count == 1:
            (gamma,) = struct.unpack_from(">H", tag, 12)
            return np.asarray(x ** (gamma / 256))
        table = np.frombuffer(tag, ">u2", count, 12).astype(np.float64) / 65535
        return np.asarray(np.interp(x, np.linspace(0, 1, count), table))
    if tag[:4] != b"para":
        raise ValueError("no tone curve")
    (kind,) = struct.unpack_from(">H", tag, 8)
    with np.errstate(all="ignore"):  # what is not finite is refused
        return _formula(kind, tag)


def _formula(kind: int, tag: bytes) -> Curve:
    x = _SAMPLES
    g, a, b, c, d, e, f = (_fixed(tag, 12, (1, 3, 4, 5, 7)[kind]) + [0.0] * 7)[:7]
    if kind == 0:
        return np.asarray(x**g)
    base = np.maximum(a * x + b, 0) ** g
    if kind == 1:
        return np.where(x >= -b / a, base, 0.0)
    if kind == 2:
        return np.where(x >= -b / a, base + c, c)
    return np.where(x >= d, base + e, c * x + f)


def profile_name(icc: bytes) -> str:
    """What a profile of any kind calls itself; "a profile" where it does not."""
    try:
        return _text(_tags(icc).get(b"desc", b"")) or "a profile"
    except (struct.error, IndexError, ValueError):
        return "a profile"


def _text(tag: bytes) -> str:
    """A profile's description: version 2 text or the first version 4 localised one."""
    if tag[:4] == b"desc":
        (count,) = struct.unpack_from(">I", tag, 8)
        text = tag[12 : 12 + count].split(b"\0")[0].decode("latin-1")
    elif tag[:4] == b"mluc":
        length, offset = struct.unpack_from(">II", tag, 20)
        text = tag[offset : offset + length].decode("utf-16-be", "replace")
    else:
        text = ""
    return "".join(letter for letter in text if letter.isprintable())[:80].strip()
