"""Quadrilateral: four corners on a picture, and the rectangle that a camera saw so."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from safelight.document.placement import Place

Corners: TypeAlias = Sequence[tuple[float, float]]
"""Four points, clockwise from the one that becomes the top left."""

_SMALLEST = 4.0
"""Pixels that each edge of four corners has at least."""

_FLATTEST = 1e-3
"""Sine of the angle at a corner, at the least."""

_ALMOST_LEVEL = 1e-4
"""Slope of a vanishing line below which it tells nothing of a camera's lens."""

_LENSES = (0.35, 6.0)
"""Focal lengths that are believed, in longer sides of a picture: 12 to 216 mm of 36 mm film."""

_USUAL = 1.0
"""The focal length where none can be told: 36 mm of 36 mm film."""

_STRIPS = 240
"""Columns among which the sides of a rectangle in four corners are looked for."""


def check(corners: Corners) -> None:
    """Raise ValueError, for people, unless four corners are those of something that a camera can
    have seen of a rectangle: clockwise, without a dent, not flat.
    """
    if len(corners) != 4 or not all(math.isfinite(side) for point in corners for side in point):
        raise ValueError("a perspective has four corners, clockwise from the top left")
    edges = [np.subtract(corners[(k + 1) % 4], corners[k]) for k in range(4)]
    lengths = [float(np.hypot(*edge)) for edge in edges]
    if min(lengths) < _SMALLEST:
        raise ValueError("two of the four corners lie on one another; pull them apart")
    for k in range(4):
        one, other = edges[k - 1], edges[k]
        sine = (one[0] * other[1] - one[1] * other[0]) / (lengths[k - 1] * lengths[k])
        if sine < _FLATTEST:
            raise ValueError(
                "the four corners, clockwise from the top left, have to be those of a shape"
                " without a dent"
            )


def ratio(corners: Corners, middle: tuple[float, float], longest: float) -> float:
    """How many times as wide as high the rectangle is that a camera saw as four corners; the ray
    through its lens meets the picture, ``longest`` pixels long, at ``middle`` (Zhang and He 2007,
    equations 11, 14 and 20). Where one pair of edges is parallel the lens cannot be told: then a
    usual one is believed.
    """
    moved = [(x - middle[0], y - middle[1]) for x, y in corners]
    a, b, _, d, e, _, g, h, _ = Place.onto(1, 1, moved).matrix
    slopes = g * longest, h * longest
    usual = (_USUAL * longest) ** 2
    square = usual
    if min(map(abs, slopes)) > _ALMOST_LEVEL:
        square = -(a * b + d * e) / (g * h)
        low, high = ((lens * longest) ** 2 for lens in _LENSES)
        square = square if low <= square <= high else usual
    across = math.sqrt((a * a + d * d) / square + g * g)
    return across / math.sqrt((b * b + e * e) / square + h * h)


def size(corners: Corners, ratio: float) -> tuple[float, float]:
    """Width and height, in pixels, of a rectangle of that shape with as many pixels as four corners
    have along their longer edges.
    """
    upper, right, lower, left = (math.dist(corners[k], corners[(k + 1) % 4]) for k in range(4))
    area = max(upper, lower) * max(left, right)
    return math.sqrt(area * ratio), math.sqrt(area / ratio)


_Sides: TypeAlias = tuple[float, float, float, float]
"""A level rectangle: left, top, right and bottom."""


def rectangle_in(corners: Corners, around: _Sides | None = None) -> _Sides:
    """The largest level rectangle inside four corners: left, top, right and bottom. It has all of
    ``around`` in it, where that lies inside of the corners.
    """
    found = _largest_in(corners, None)
    if around is None or _holds(found, around):
        return found
    held = _largest_in(corners, around)
    return held if _holds(held, around) else found


def _largest_in(corners: Corners, around: _Sides | None) -> _Sides:
    first, last = min(x for x, _ in corners), max(x for x, _ in corners)
    step = (last - first) / 2
    left, right = (first, last), (first, last)
    if around is not None:
        left, right = (first, max(first, around[0])), (min(last, around[2]), last)
    sides = (np.linspace(*left, _STRIPS + 1), np.linspace(*right, _STRIPS + 1))
    found = _best_of(corners, *sides, around)
    for _ in range(3):  # each time nearer to the sides that were best
        step *= 4 / _STRIPS
        one, other = (np.linspace(at - step, at + step, _STRIPS + 1) for at in (found[0], found[2]))
        sides = (np.clip(one, *left), np.clip(other, *right))
        found = _best_of(corners, *sides, around)
    return found


def _holds(outer: _Sides, inner: _Sides) -> bool:
    """Whether a rectangle has another in it, to a hundredth of the sides of the other."""
    across, down = (inner[k + 2] - inner[k] for k in (0, 1))
    slack = across / 100, down / 100
    before = all(outer[k] <= inner[k] + slack[k] for k in (0, 1))
    return before and all(outer[k + 2] >= inner[k + 2] - slack[k] for k in (0, 1))


def _best_of(
    corners: Corners,
    lefts: NDArray[np.float64],
    rights: NDArray[np.float64],
    around: _Sides | None,
) -> _Sides:
    """The largest rectangle with one of these sides at the left, and one at the right; of those
    that are as high as ``around`` where there are such.
    """
    (top, bottom), (upper, lower) = (_course(corners, at) for at in (lefts, rights))
    tops = np.maximum(top[:, None], upper[None])
    bottoms = np.minimum(bottom[:, None], lower[None])
    wide = np.maximum(rights[None] - lefts[:, None], 0)
    area = wide * np.maximum(bottoms - tops, 0)
    if around is not None:
        slack = (around[3] - around[1]) / 200
        high = (tops <= around[1] + slack) & (bottoms >= around[3] - slack)
        area = np.where(high, area, 0.0)
    place = int(np.argmax(area))
    row, column = divmod(place, len(rights))
    sides = lefts[row], tops[row, column], rights[column], bottoms[row, column]
    left, top_, right, bottom_ = (float(side) for side in sides)
    return left, top_, right, bottom_


def _course(
    corners: Corners, at: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where four corners' edges begin and end in each column."""
    top, bottom = np.full(len(at), np.inf), np.full(len(at), -np.inf)
    for k in range(4):
        (x0, y0), (x1, y1) = corners[k], corners[(k + 1) % 4]
        inside = (at >= min(x0, x1) - 1e-9) & (at <= max(x0, x1) + 1e-9)
        share = (at - x0) / (x1 - x0) if x1 != x0 else np.zeros(len(at))
        ends = (y0 + np.clip(share, 0, 1) * (y1 - y0),) if x1 != x0 else (y0, y1)
        for y in ends:
            top = np.where(inside, np.minimum(top, y), top)
            bottom = np.where(inside, np.maximum(bottom, y), bottom)
    return top, bottom
