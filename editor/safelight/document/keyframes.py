"""Keyframes: what of a layer moves along a sequence, from one value at a frame to the next.

A document with keyframes stays two-dimensional: ``frames.at`` puts the values of one frame into its
layers, and only then is it looked at or rendered.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from safelight.api import Value
from safelight.api.compound_values import is_colour
from safelight.document.gradients import Gradient
from safelight.document.placement import Place

if TYPE_CHECKING:
    from safelight.document.layer import Layer

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

_OF_FILTER = ("texture", "grow", "feather")

_HANDLES = ("x", "y", "to_x", "to_y", "ratio", "softness")


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
    first, second = _place(one), _place(other)
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


def _place(matrix: tuple[Value, ...]) -> Place:
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


def value_of(layer: Layer, name: str) -> Value | None:
    """What a property of a layer is now; None where the layer has no such property."""
    held = layer.filter
    if name == "opacity":
        return layer.opacity
    if name == "mask_place":
        return None if layer.mask is None else layer.mask_place.matrix
    if name == "mask_gradient":
        laid = layer.mask_gradient
        return None if laid is None else tuple(getattr(laid.gradient, item) for item in _HANDLES)
    if held is None:
        return None
    if name.startswith(SETTING):
        return held.settings.get(name.removeprefix(SETTING))
    return getattr(held, name) if name in OF_LAYER else None


def with_values(layer: Layer, values: Mapping[str, Value]) -> Layer:
    """A layer whose properties have other values. Raises ValueError for what none can have."""
    changes: dict[str, Any] = {}
    for name, value in values.items():
        if name == "opacity":
            changes["opacity"] = min(max(float(value), 0.0), 1.0)  # type: ignore[arg-type]
        elif name == "mask_place" and isinstance(value, tuple):
            changes["mask_place"] = _place(value)
        elif name == "mask_gradient" and isinstance(value, tuple):
            laid = layer.mask_gradient
            assert laid is not None
            handles = {item: float(x) for item, x in zip(_HANDLES, value, strict=True)}  # type: ignore[arg-type]
            laid = laid.with_gradient(Gradient(laid.gradient.shape, **handles))
            changes |= {"mask": laid.made, "mask_gradient": laid}
    held = layer.filter
    settings = {x.removeprefix(SETTING): v for x, v in values.items() if x.startswith(SETTING)}
    strip: dict[str, Any] = {x: values[x] for x in _OF_FILTER if x in values}
    if held is not None and (settings or strip):
        changes["content"] = replace(held, settings={**held.settings, **settings}, **strip)
    return replace(layer, **changes) if changes else layer


def evaluated(layer: Layer, frame: int) -> Layer:
    """A layer as its keyframes have it at a frame; itself where that is what it is."""
    if not layer.keyframes:
        return layer
    changed = {}
    for track in layer.keyframes:
        now = value_of(layer, track.name)
        if now is not None and (value := track.at(frame)) != now:
            changed[track.name] = value
    return with_values(layer, changed)


def track_of(layer: Layer, name: str) -> Track | None:
    """The keyframes of a property of a layer; None where it does not move."""
    return next((track for track in layer.keyframes if track.name == name), None)


def with_track(layer: Layer, name: str, track: Track | None) -> Layer:
    """A layer whose property has other keyframes, or none."""
    if track_of(layer, name) is None:
        return layer if track is None else replace(layer, keyframes=(*layer.keyframes, track))
    found = (track if each.name == name else each for each in layer.keyframes)
    return replace(layer, keyframes=tuple(each for each in found if each is not None))
