"""Effects: shadow, glow, stroke and colour that the host draws from a layer's alpha.

They are settings of the layer: nothing of them is kept as pixels. All lengths are in pixels of
level 0, and at other levels as many times shorter.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from safelight.api.compound_values import is_colour
from safelight.document.rendered.spread import halo_of, softened, widened
from safelight.pixels import MODES

EffectKind: TypeAlias = Literal["drop_shadow", "outer_glow", "colour_overlay", "stroke"]
Side: TypeAlias = Literal["outside", "inside"]

LONGEST = 1000.0
"""Pixels that an effect's size or distance has at the most, so that its reach is bounded."""

Plane: TypeAlias = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Effect:
    """One effect of a layer.

    ``colour`` is ``#rrggbb``, sRGB; ``opacity`` 0 to 1; ``mode`` one of ``pixels.MODES``. ``size``
    is the radius of a shadow's or a glow's rim, or the width of a stroke; ``distance`` how far a
    shadow lies away from its layer, towards ``angle``, in degrees clockwise from the right.
    ``side`` says where a stroke lies. Raises ValueError for anything else.
    """

    kind: EffectKind
    colour: str = "#000000"
    opacity: float = 1.0
    mode: str = "normal"
    size: float = 0.0
    distance: float = 0.0
    angle: float = 45.0
    side: Side = "outside"

    def __post_init__(self) -> None:
        if self.kind not in get_args(EffectKind) or self.side not in get_args(Side):
            raise ValueError(f"there is no effect {str(self.kind)[:40]!r} {str(self.side)[:40]!r}")
        if not isinstance(self.colour, str) or not is_colour(self.colour):
            raise ValueError(f"{str(self.colour)[:40]!r} is not a colour like #ffaa00")
        if self.mode not in MODES:
            raise ValueError(f"unknown blend mode {str(self.mode)[:40]}")
        for name in ("opacity", "size", "distance", "angle"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise ValueError(f"{name} of an effect is no number")
            object.__setattr__(self, name, float(value))
        if not 0 <= self.opacity <= 1 or not abs(self.angle) <= 360:
            raise ValueError("an effect's opacity is 0 to 1, its angle -360 to 360 degrees")
        if not (0 <= self.size <= LONGEST and 0 <= self.distance <= LONGEST):
            raise ValueError(f"an effect's lengths are 0 to {LONGEST:g} pixels")

    @property
    def below(self) -> bool:
        """Whether the effect is drawn below its layer, and reaches beyond that."""
        if self.kind == "stroke":
            return self.side == "outside"
        return self.kind != "colour_overlay"

    @property
    def is_grey(self) -> bool:
        """Whether the effect's colour is grey."""
        return len({self.colour[at : at + 2].lower() for at in (1, 3, 5)}) == 1

    def scaled(self, factor: float) -> Effect:
        """The effect on a picture that is ``factor`` times as large."""
        told = asdict(self)
        for name in ("size", "distance"):
            told[name] = min(told[name] * factor, LONGEST)
        return Effect(**told)

    def reach(self, level: int) -> int:
        """How many pixels of ``level`` around its own it looks at."""
        size = self.size / (1 << level)
        if self.kind == "stroke":
            return math.floor(size) + 2
        if self.kind == "colour_overlay":
            return 0
        return halo_of(size / 2) + math.ceil(self.distance / (1 << level)) + 1

    def coverage(self, alpha: Plane, around: int, level: int) -> Plane:
        """How much of its colour is where, 0 to 1: float32 (height, width), of a layer's ``alpha``
        (height + 2 ``around``, width + 2 ``around``), 0 to 1, which is nothing beyond.

        Of what lies over a layer it is the share of that layer's own pixels. ``around`` is no less
        than ``reach``.
        """
        size = self.size / (1 << level)
        if self.kind == "stroke" and self.side == "inside":
            return _inner(_wide(1 - alpha, size), around - math.floor(size) - 1)
        if self.kind == "stroke":
            wide = _inner(_wide(alpha, size), around - math.floor(size) - 1)
            # Under the layer's own soft edge it goes on; what is wholly inside is left free.
            return wide * _inner(widened(1 - alpha, 1.0), around - 1)
        if self.kind == "colour_overlay":
            return np.ones_like(_inner(alpha, around))
        if self.kind == "drop_shadow" and self.distance:
            far = self.distance / (1 << level)
            turn = math.radians(self.angle)
            alpha, around = _shifted(alpha, far * math.cos(turn), far * math.sin(turn), around)
        halo = halo_of(size / 2)
        return softened(_inner(alpha, around - halo), size / 2)

    def to_json(self) -> dict[str, Any]:
        """The effect as plain data."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Any) -> Effect:
        """The inverse of ``to_json``. Raises ValueError and TypeError for what is none."""
        if not isinstance(data, dict) or "kind" not in data:
            raise ValueError("something that should be an effect is none")
        return cls(**data)


_ORDER = get_args(EffectKind)


def with_effect(effects: Iterable[Effect], new: Effect) -> tuple[Effect, ...]:
    """Effects with another one in place of that of its kind, in the order they are drawn in."""
    others = [item for item in effects if item.kind != new.kind]
    return tuple(sorted([*others, new], key=lambda item: _ORDER.index(item.kind)))


def _inner(plane: Plane, edge: int) -> Plane:
    """A plane without so many pixels at each side."""
    height, width = plane.shape
    return plane[edge : height - edge, edge : width - edge]


def _wide(plane: Plane, radius: float) -> Plane:
    """The largest within a disc, smaller by the radius' whole part and 1 at each side; between
    whole radii it is what lies between.
    """
    whole = math.floor(radius)
    share = np.float32(radius - whole)
    less = _inner(widened(plane, whole), 1)
    if not share:
        return less
    more = widened(plane, whole + 1)
    return less + share * (more - less)


def _shifted(plane: Plane, right: float, down: float, around: int) -> tuple[Plane, int]:
    """A plane moved, smaller at each side, and how much is around its middle then."""
    x, y = math.floor(right), math.floor(down)
    across, along = np.float32(right - x), np.float32(down - y)
    edge = max(abs(x), abs(x + 1), abs(y), abs(y + 1))
    height, width = plane.shape

    def moved(by_x: int, by_y: int) -> Plane:
        return plane[edge - by_y : height - edge - by_y, edge - by_x : width - edge - by_x]

    upper = moved(x, y) + across * (moved(x + 1, y) - moved(x, y))
    lower = moved(x, y + 1) + across * (moved(x + 1, y + 1) - moved(x, y + 1))
    return upper + along * (lower - upper), around - edge
