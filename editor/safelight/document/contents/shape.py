"""Shape: a rectangle, an ellipse, a line, a polygon or a star, kept as what it is drawn from."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from typing import Any, Literal, TypeAlias, get_args

from safelight.document.contents.outlined import LARGEST, OutlinedKind
from safelight.pixels import Drawing, Outline
from safelight.pixels.outline import BEGIN, CLOSE, CURVE, LINE

Figure: TypeAlias = Literal["rectangle", "rounded", "ellipse", "line", "polygon", "star"]
"""What a shape is."""

WIDEST = 2000.0
"""Pixels that a stroke is wide at the most."""

POINTS = (3, 100)
"""Corners of a polygon, points of a star."""

_KAPPA = 4 / 3 * (math.sqrt(2) - 1)
"""How far the control points of a quarter of a circle lie from its ends, in its radius."""

_Point: TypeAlias = tuple[float, float]
_Part: TypeAlias = tuple[int, Sequence[_Point]]


@dataclass(frozen=True, slots=True)
class Shape:
    """A figure in a box of ``width`` x ``height`` pixels whose corner is its point (0, 0).

    Of a line the box is what it crosses, from the corner or, with a negative side, from the other
    end of that side. ``radius``, in pixels, rounds the corners of one that is rounded; ``points``
    are those of a polygon or a star, ``depth`` says how far a star's valleys go in, 0 to 1.
    ``fill`` and ``stroke`` are colours, ``#rrggbb``; a line has a stroke alone. Raises ValueError.
    """

    figure: Figure = "rectangle"
    width: float = 100.0
    height: float = 100.0
    radius: float = 0.0
    points: int = 5
    depth: float = 0.5
    filled: bool = True
    fill: str = "#000000"
    stroke: str = "#000000"
    stroke_width: float = 0.0

    def __post_init__(self) -> None:
        if self.figure not in get_args(Figure):
            raise ValueError(f"there is no shape {str(self.figure)[:40]!r}")
        for name in ("width", "height", "radius", "depth", "stroke_width"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise ValueError(f"{name} of a shape is no number")
            object.__setattr__(self, name, float(value))
        if type(self.points) is not int or type(self.filled) is not bool:
            raise ValueError("the points of a shape are a whole number, filled is true or false")
        if not max(abs(self.width), abs(self.height)) <= LARGEST:
            raise ValueError(f"a shape is {LARGEST:,} pixels wide and high at the most")
        if not (0 <= self.radius <= LARGEST and 0 <= self.stroke_width <= WIDEST):
            raise ValueError(f"a stroke is 0 to {WIDEST:,.0f} pixels wide")
        if not (POINTS[0] <= self.points <= POINTS[1] and 0 <= self.depth <= 1):
            raise ValueError("a shape has {} to {} points, and a depth of 0 to 1".format(*POINTS))
        if not (isinstance(self.fill, str) and isinstance(self.stroke, str)):
            raise ValueError("the colours of a shape are texts")

    @property
    def drawing(self) -> Drawing:
        """What the shape looks like, but for its colours."""
        return _drawing(self)

    @property
    def outline(self) -> Outline:
        """The shape's edge, as contours."""
        return self.drawing.outline


@lru_cache(256)
def _drawing(shape: Shape) -> Drawing:
    if shape.figure == "line":
        ends = _ends(shape.width), _ends(shape.height)
        line = Outline.polygon(list(zip(*ends, strict=True)), closed=False)
        return Drawing(line, filled=False, stroke=max(shape.stroke_width, 1.0))
    width, height = abs(shape.width), abs(shape.height)
    if shape.figure == "ellipse":
        outline = Outline.of(_rounded(width, height, width / 2, height / 2))
    elif shape.figure == "rounded" and shape.radius:
        radius = min(shape.radius, width / 2, height / 2)
        outline = Outline.of(_rounded(width, height, radius, radius))
    elif shape.figure in ("polygon", "star"):
        outline = Outline.polygon(_corners(shape, width, height))
    else:
        outline = Outline.polygon([(0, 0), (width, 0), (width, height), (0, height)])
    round_ones = shape.figure in ("ellipse", "rounded")
    return Drawing(outline, shape.filled, shape.stroke_width, "round" if round_ones else "miter")


def _ends(length: float) -> _Point:
    return (0.0, length) if length >= 0 else (-length, 0.0)


def _rounded(width: float, height: float, x: float, y: float) -> list[_Part]:
    """A rectangle with quarters of an ellipse, of the radii ``x`` and ``y``, as its corners."""
    far_x, far_y = x * (1 - _KAPPA), y * (1 - _KAPPA)
    right, bottom = width - x, height - y
    return [
        (BEGIN, [(x, 0)]),
        (LINE, [(right, 0)]),
        (CURVE, [(width - far_x, 0), (width, far_y), (width, y)]),
        (LINE, [(width, bottom)]),
        (CURVE, [(width, height - far_y), (width - far_x, height), (right, height)]),
        (LINE, [(x, height)]),
        (CURVE, [(far_x, height), (0, height - far_y), (0, bottom)]),
        (LINE, [(0, y)]),
        (CURVE, [(0, far_y), (far_x, 0), (x, 0)]),
        (CLOSE, []),
    ]


def _corners(shape: Shape, width: float, height: float) -> list[_Point]:
    """The corners of a polygon or a star, the first one at the top, on the ellipse in the box."""
    star = shape.figure == "star"
    count = shape.points * (2 if star else 1)
    made = []
    for place in range(count):
        share = 1 - shape.depth if star and place % 2 else 1.0
        turn = 2 * math.pi * place / count
        across, down = math.sin(turn) * share, -math.cos(turn) * share
        made.append((width / 2 * (1 + across), height / 2 * (1 + down)))
    return made


class ShapeKind(OutlinedKind):
    """What the editor asks of a shape."""

    name = "shape"

    def described(self, content: Shape) -> str:
        """What a tooltip says of it."""
        width, height = abs(content.width), abs(content.height)
        return f"{content.figure.capitalize()}, {width:.0f} × {height:.0f} px"

    def to_json(self, content: Shape) -> dict[str, Any]:
        """The shape's settings."""
        return asdict(content)

    def from_json(self, data: Any) -> Shape:
        """The inverse of ``to_json``; what a later version has added is not known here."""
        if not isinstance(data, Mapping):
            raise ValueError("something that should be a shape is none")
        known = {item.name for item in fields(Shape)}
        if more := set(data) - known:
            raise ValueError(f"a shape has no {sorted(more)[0][:40]!r}")
        return Shape(**data)
