"""Gradients: how far a pixel lies between two handles, along a line or about a middle."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from safelight.api import Region
from safelight.pixels import DrawnMask, Raster, to_float

Shape: TypeAlias = Literal["linear", "radial"]
"""Along a line, or from the middle of an ellipse to its rim."""

_SHORTEST = 1e-3
"""Pixels between two handles at the least: nearer ones are a sharp edge."""


@dataclass(frozen=True, slots=True)
class Gradient:
    """Goes from 1 at the point (x, y) to 0 at (to_x, to_y), in pixels of the picture.

    A linear one is 1 before the first point and 0 beyond the second. A radial one has its middle at
    the first point and its rim at the second; across that way it is ``ratio`` times as wide, and
    it fades over ``softness`` (0 to 1) of the way from the rim inwards.
    """

    shape: Shape
    x: float
    y: float
    to_x: float
    to_y: float
    ratio: float = 1.0
    softness: float = 1.0

    def smaller(self, step: int) -> Gradient:
        """The gradient in pixels that are ``step`` times as large."""
        ends = {name: getattr(self, name) / step for name in ("x", "y", "to_x", "to_y")}
        return replace(self, **ends)

    def at(self, region: Region) -> NDArray[np.float32]:
        """How far the gradient has gone in the middle of each pixel of a region: (height, width), 0
        to 1.
        """
        way_x, way_y = self.to_x - self.x, self.to_y - self.y
        length = max(math.hypot(way_x, way_y), _SHORTEST)
        across = np.arange(region.width, dtype=np.float64) + (region.x + 0.5 - self.x)
        down = np.arange(region.height, dtype=np.float64) + (region.y + 0.5 - self.y)
        along = (across * way_x + (down * way_y)[:, None]) / length**2
        if self.shape == "linear":
            return np.clip(1 - along, 0, 1).astype(np.float32)
        beside = (across * -way_y + (down * way_x)[:, None]) / (length**2 * max(self.ratio, 1e-3))
        out = np.sqrt(along**2 + beside**2)
        # A rim that is sharp is smooth over a pixel, half of it on either side.
        fade = max(self.softness, 1 / length)
        beyond = (fade - self.softness) / 2
        return np.clip((1 - out + beyond) / fade, 0, 1).astype(np.float32)


@dataclass(frozen=True, slots=True)
class MaskGradient:
    """The gradient that a layer's mask was made with, so that its handles can be pulled again.

    ``gradient`` is in pixels of the mask; ``inverted`` says that it is 0 where it would be 1.
    ``how`` it met ``base``, the mask of before, as large as the mask; None where there was none.
    ``made`` is the mask it gave: of any other mask nothing is known.
    """

    gradient: Gradient
    inverted: bool
    how: str
    base: Raster | None
    made: Raster

    def with_gradient(self, gradient: Gradient) -> MaskGradient:
        """Another gradient laid on the same mask; the result is drawn when it is looked at."""
        made, base = self.made, self.base
        told = repr((gradient, self.inverted, self.how, base and base.digest().hex())).encode()

        def draw(region: Region) -> NDArray[np.float32]:
            here = Region(region.x, region.y, region.width, region.height)
            covered = gradient.smaller(1 << region.level).at(here)
            if self.inverted:
                covered = 1 - covered
            if base is None:
                return covered
            there = to_float(base.level(region.level).read(here))[..., 0]
            return _LAID[self.how](there, covered)

        mask = DrawnMask(made.width, made.height, draw, told)
        return replace(self, gradient=gradient, made=mask)


_Plane: TypeAlias = NDArray[np.float32]

_LAID: dict[str, Callable[[_Plane, _Plane], _Plane]] = {
    "add": np.maximum,
    "subtract": lambda there, covered: np.maximum(there - covered, 0),
    "intersect": np.minimum,
}
"""What becomes of a mask and a gradient, both (height, width), 0 to 1."""
