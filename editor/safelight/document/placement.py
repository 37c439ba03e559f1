"""Placement: the map from one picture's pixels to others, and how it shows a raster."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from safelight.pixels import Matrix, is_exact

_NINE = 9

_NEAR = 1e-9
"""What turning there and back leaves of a turn."""


@dataclass(frozen=True, slots=True)
class Place:
    """A map from points (x, y) to points, as a 3 x 3 matrix, row by row.

    Pixels are squares of side 1 whose corners are at whole numbers. A layer's place leads
    from its raster to the document's plane, a frame from the picture there; both may be a
    perspective, a layer's only where it was changed under one. Raises ValueError for what cannot
    be turned back.
    """

    matrix: Matrix = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)

    def __post_init__(self) -> None:
        if len(self.matrix) != _NINE or not all(math.isfinite(item) for item in self.matrix):
            raise ValueError("a place is nine finite numbers")
        last = self.matrix[8]
        if abs(last) < 1e-12 or abs(_determinant(self.matrix)) < 1e-12:
            raise ValueError("a place has to be such that it can be turned back")
        # Adding 0 makes one number of both zeros, so that equal places are stored alike.
        # A perspective keeps its sign, which tells the side of the horizon that is before the eye.
        scale = last if self.matrix[6] == self.matrix[7] == 0 else abs(last)
        tidy = self.matrix if scale == 1 else tuple(item / scale for item in self.matrix)
        object.__setattr__(self, "matrix", tuple(float(item) + 0.0 for item in tidy))

    @classmethod
    def affine(cls, a: float, b: float, x: float, c: float, d: float, y: float) -> Place:
        """(x', y') = (a x + b y + x, c x + d y + y)."""
        return cls((a, b, x, c, d, y, 0.0, 0.0, 1.0))

    @classmethod
    def offset(cls, x: float, y: float) -> Place:
        """Moved by (x, y) pixels."""
        return cls.affine(1, 0, x, 0, 1, y)

    @classmethod
    def mirrored(cls, width: int) -> Place:
        """A picture of that width, left and right exchanged."""
        return cls.affine(-1, 0, width, 0, 1, 0)

    @classmethod
    def upside_down(cls, height: int) -> Place:
        """A picture of that height, top and bottom exchanged."""
        return cls.affine(1, 0, 0, 0, -1, height)

    @classmethod
    def quarter_turn(cls, height: int) -> Place:
        """The map from a picture turned clockwise by a right angle to the one of ``height``
        it was.
        """
        return cls.affine(0, 1, 0, -1, 0, height)

    @classmethod
    def turned(cls, degrees: float, x: float, y: float) -> Place:
        """Turned clockwise, as seen on the screen, about (x, y)."""
        cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
        return cls.affine(
            *(cosine, -sine, x - cosine * x + sine * y),
            *(sine, cosine, y - sine * x - cosine * y),
        )

    @classmethod
    def scaled(cls, across: float, down: float) -> Place:
        """Everything as many times as wide and high."""
        return cls.affine(across, 0, 0, 0, down, 0)

    @classmethod
    def onto(cls, width: float, height: float, corners: Sequence[tuple[float, float]]) -> Place:
        """A rectangle from (0, 0) whose corners come to lie there, clockwise (Heckbert 1989)."""
        (x0, y0), (x1, y1), (x2, y2), (x3, y3) = corners
        x, y = x0 - x1 + x2 - x3, y0 - y1 + y2 - y3
        right, down = (x1 - x2, y1 - y2), (x3 - x2, y3 - y2)
        size = right[0] * down[1] - down[0] * right[1]
        g, h = (x * down[1] - down[0] * y) / size, (right[0] * y - x * right[1]) / size
        unit = cls(
            (
                *(x1 - x0 + g * x1, x3 - x0 + h * x3, x0),
                *(y1 - y0 + g * y1, y3 - y0 + h * y3, y0),
                *(g, h, 1.0),
            )
        )
        return unit.after(cls.scaled(1 / width, 1 / height))

    def after(self, first: Place) -> Place:
        """The map that does ``first``, then this one."""
        a, b = self.matrix, first.matrix
        rows = (0, 3, 6)
        return Place(
            tuple(
                sum(a[row + k] * b[3 * k + column] for k in range(3))
                for row in rows
                for column in range(3)
            )
        )

    @property
    def inverse(self) -> Place:
        """The map back."""
        a, b, c, d, e, f, g, h, i = self.matrix
        size = _determinant(self.matrix)
        cofactors = (
            *(e * i - f * h, c * h - b * i, b * f - c * e),
            *(f * g - d * i, a * i - c * g, c * d - a * f),
            *(d * h - e * g, b * g - a * h, a * e - b * d),
        )
        return Place(tuple(item / size for item in cofactors))

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Where a point comes to lie."""
        a, b, c, d, e, f, g, h, i = self.matrix
        far = g * x + h * y + i
        return (a * x + b * y + c) / far, (d * x + e * y + f) / far

    def corners(self, width: float, height: float) -> list[tuple[float, float]]:
        """Where the corners of a rectangle from (0, 0) come to lie, clockwise."""
        return [self.at(x, y) for x, y in ((0, 0), (width, 0), (width, height), (0, height))]

    @property
    def scale(self) -> float:
        """How many times as long lengths become, near (0, 0)."""
        a, b, _, d, e = self.matrix[:5]
        return math.sqrt(abs(a * e - b * d))

    @property
    def is_affine(self) -> bool:
        """Whether parallels stay parallel."""
        return self.matrix[6:8] == (0.0, 0.0)

    @property
    def exact(self) -> bool:
        """Whether the map takes pixels to pixels: whole offsets, right angles and mirrorings."""
        return is_exact(self.matrix)

    def on_pixels(self) -> Place:
        """The nearest exact map where only a part of a pixel is missing; else the map itself."""
        near = [round(item) for item in self.matrix]
        off = max(abs(self.matrix[k] - near[k]) for k in (0, 1, 3, 4, 6, 7))
        return Place(tuple(near)) if off < _NEAR and is_exact(tuple(near)) else self


def _determinant(matrix: Matrix) -> float:
    a, b, c, d, e, f, g, h, i = matrix
    return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)


IDENTITY = Place()
"""Where everything is where it is: in the plane."""
