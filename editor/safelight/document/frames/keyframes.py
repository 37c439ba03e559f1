"""Keyframes: what of a layer moves along a sequence, from one value at a frame to the next.

A document with keyframes stays two-dimensional: ``frames.at`` puts the values of one frame into its
layers, and only then is it looked at or rendered.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, get_args

from safelight.api import Value
from safelight.api.compound_values import is_colour
from safelight.document.placement import Place

MOST_FRAMES = 20_000
"""Pictures of a sequence: 13 minutes at 25 a second. Each takes 4 kB besides its pixels."""

Interpolation: TypeAlias = Literal["linear", "ease", "hold"]
"""How a value goes on to the next keyframe: evenly; slowly at both ends (the cubic 3t² - 2t³); not
at all until that is reached.
"""

SETTING = "settings."
"""What the name of a filter's setting begins with, as what moves."""

OF_LAYER = ("opacity", "mask_place", "mask_gradient", "texture", "grow", "feather")
"""What else of a layer can move: its opacity, the place of its mask, the handles of the gradient
that its mask was made with, and of a filter layer how its result counts.
"""

OF_FILTER = ("texture", "grow", "feather")

HANDLES = ("x", "y", "to_x", "to_y", "ratio", "softness")


@dataclass(frozen=True, slots=True)
class Keyframe:
    """A value at a frame, counted from 0, and how it goes on to the next. Raises ValueError."""

    frame: int
    value: Value
    interpolation: Interpolation = "linear"

    def __post_init__(self) -> None:
        if type(self.frame) is not int or not 0 <= self.frame < MOST_FRAMES:
            raise ValueError(f"a keyframe lies at one of {MOST_FRAMES:,} frames")
        if self.interpolation not in get_args(Interpolation):
            raise ValueError(f"{str(self.interpolation)[:40]!r} is no interpolation of keyframes")
        if not _is_finite(self.value):
            raise ValueError("a keyframe has a value, whose numbers are finite")


@dataclass(frozen=True, slots=True)
class Track:
    """The keyframes of one property of a layer, by its ``name``, in the order of their frames.

    Raises ValueError for none, for two at one frame, and for a name that nothing has.
    """

    name: str
    keys: tuple[Keyframe, ...]

    def __post_init__(self) -> None:
        if self.name not in OF_LAYER and not self.name.startswith(SETTING):
            raise ValueError(f"{self.name[:40]!r} of a layer cannot move along a sequence")
        found = [key.frame for key in self.keys]
        if not found or any(b <= a for a, b in zip(found, found[1:], strict=False)):
            raise ValueError("keyframes lie in order, one at a frame")

    def at(self, frame: int) -> Value:
        """The value at a frame; before the first and after the last keyframe it stays."""
        after = bisect_right(self.keys, frame, key=lambda key: key.frame)
        if after == 0:
            return self.keys[0].value
        key = self.keys[after - 1]
        if after == len(self.keys) or key.interpolation == "hold" or key.frame == frame:
            return key.value
        following = self.keys[after]
        share = (frame - key.frame) / (following.frame - key.frame)
        if key.interpolation == "ease":
            share = share * share * (3 - 2 * share)
        mixed = _mixed_places if self.name == "mask_place" else between
        return mixed(key.value, following.value, share)

    def key(self, frame: int) -> Keyframe | None:
        """The keyframe at a frame, if there is one."""
        return next((key for key in self.keys if key.frame == frame), None)

    def having(self, made: Keyframe) -> Track:
        """The track with another keyframe, instead of one at its frame."""
        others = [key for key in self.keys if key.frame != made.frame]
        return replace(self, keys=tuple(sorted([*others, made], key=lambda key: key.frame)))

    def without(self, frame: int) -> Track | None:
        """The track without the keyframe at a frame; None where nothing is left of it."""
        kept = tuple(key for key in self.keys if key.frame != frame)
        return replace(self, keys=kept) if kept else None


def between(one: Value, other: Value, share: float) -> Value:
    """A value on the way from one to another, of which ``share``, 0 to 1, is behind it.

    Numbers and colours move, whole numbers by whole steps, lists of as many numbers number by
    number; whatever else stays as it is until the other is reached.
    """
    if isinstance(one, bool) or isinstance(other, bool):
        return one
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        made = one + (other - one) * share
        return round(made) if isinstance(one, int) and isinstance(other, int) else made
    if isinstance(one, tuple) and isinstance(other, tuple) and len(one) == len(other):
        return tuple(between(a, b, share) for a, b in zip(one, other, strict=True))
    if isinstance(one, str) and isinstance(other, str) and is_colour(one) and is_colour(other):
        mixed = zip(bytes.fromhex(one[1:]), bytes.fromhex(other[1:]), strict=True)
        return "#" + bytes(round(a + (b - a) * share) for a, b in mixed).hex()
    return one


def _mixed_places(one: Value, other: Value, share: float) -> Value:
    """A place on the way between two, both as matrices: offsets move evenly, what turns turns the
    short way, and what grows grows. Under a perspective the first stays.
    """
    assert isinstance(one, tuple)
    assert isinstance(other, tuple)
    first, second = place_of(one), place_of(other)
    if not (first.is_affine and second.is_affine):
        return one
    (turn, *shape), (turned, *shaped) = _turn_and_shape(first), _turn_and_shape(second)
    way = math.remainder(turned - turn, math.tau)
    p, q, r, s = (a + (b - a) * share for a, b in zip(shape, shaped, strict=True))
    cosine, sine = math.cos(turn + way * share), math.sin(turn + way * share)
    x, y = (first.matrix[at] + (second.matrix[at] - first.matrix[at]) * share for at in (2, 5))
    made = Place.affine(
        *(cosine * p - sine * r, cosine * q - sine * s, x),
        *(sine * p + cosine * r, sine * q + cosine * s, y),
    )
    return made.matrix


def place_of(matrix: tuple[Value, ...]) -> Place:
    return Place(tuple(float(item) for item in matrix))  # type: ignore[arg-type]


def _turn_and_shape(place: Place) -> tuple[float, float, float, float, float]:
    """The angle of a place, and what is left without it: its polar decomposition."""
    a, b, _, c, d = place.matrix[:5]
    angle = math.atan2(c - b, a + d)
    cosine, sine = math.cos(angle), math.sin(angle)
    left = (
        cosine * a + sine * c,
        cosine * b + sine * d,
        cosine * c - sine * a,
        cosine * d - sine * b,
    )
    return angle, *left


def _is_finite(value: object) -> bool:
    if isinstance(value, tuple):
        return all(map(_is_finite, value))
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, (bool, int, str))
