"""Compound values: values that are several: a point, a rectangle, a curve, a code, a palette.

Places lie in the unit square, so that they mean the same at every size of a picture. In JSON all
are lists, in Python tuples, which can be keys. What is checked may be a stranger's: the messages
never repeat it, for it may be large or nested deeply.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Pair: TypeAlias = tuple[float, float]

FEWEST, MOST = 2, 16
"""How many points a curve has."""

MOST_COLOURS = 8
"""How many colours a palette has at most."""

LARGEST = 10.0
"""Numbers of a code are drawn from a normal distribution: what lies further away is a mistake."""

CODE_DIGITS = 4
"""Decimals of a code: nobody sees the fifth, and a recipe is read by people."""

_POINT = "a point is two numbers, like 0.5,0.5"
_RECTANGLE = "a rectangle is four numbers, like 0.1,0.1,0.8,0.8"
_BOX = "a box is four whole numbers, like 0,0,800,600"
_PALETTE = f"a palette is up to {MOST_COLOURS} colours, like #ffaa00,#203040"
_CURVE = f"a curve is {FEWEST} to {MOST} points, like 0,0;0.5,0.6;1,1"

_FARTHEST = 2**31
"""Pixels: a corner or a side of a box is nearer."""

_ROUNDING = 1e-6
"""How far a rectangle may reach beyond the edge: sums of rounded numbers do."""

_NARROWEST = 1e-12
"""A rise within less than this counts as within this: no slope is infinite."""


def point(value: object) -> Pair:
    """A point: (x, y), 0 to 1. Raises ValueError, saying what a point is."""
    x, y = _fractions(value, 2, _POINT)
    return x, y


def rectangle(value: object) -> tuple[float, float, float, float]:
    """A rectangle: (x, y, width, height), 0 to 1, not empty and within the unit square.

    Raises ValueError, saying what a rectangle is.
    """
    x, y, width, height = _fractions(value, 4, _RECTANGLE)
    for length, place in ((width, "width"), (height, "height")):
        if length == 0:
            raise ValueError(f"its {place} is 0")
    return x, y, _within(x, width, "right"), _within(y, height, "bottom")


def curve(value: object) -> tuple[Pair, ...]:
    """A curve: 2 to 16 points, 0 to 1, each further to the right than the one before.

    Raises ValueError, saying what a curve is.
    """
    if not isinstance(value, (list, tuple)) or not FEWEST <= len(value) <= MOST:
        raise ValueError(_CURVE)
    found: list[Pair] = []
    for item in value:
        x, y = _fractions(item, 2, _CURVE)
        if found and x <= found[-1][0]:
            raise ValueError(f"x must rise from point to point; {x:g} follows {found[-1][0]:g}")
        found.append((x, y))
    return tuple(found)


def code(value: object, size: int) -> tuple[float, ...]:
    """A latent code: ``size`` numbers, rounded to four digits, or none. Raises ValueError."""
    if not isinstance(value, (list, tuple)) or len(value) not in (0, size):
        raise ValueError(f"a code is {size} numbers, or none")
    numbers = []
    for item in value:
        if isinstance(item, bool) or not isinstance(item, (int, float)):
            raise ValueError(f"a code is {size} numbers, or none")
        if not -LARGEST <= item <= LARGEST:
            raise ValueError(f"a number of a code is outside {-LARGEST:g} to {LARGEST:g}")
        numbers.append(round(float(item), CODE_DIGITS) + 0.0)
    return tuple(numbers)


def palette(value: object) -> tuple[str, ...]:
    """Colours as ``#rrggbb``, in small letters. Raises ValueError, saying what a palette is."""
    if not isinstance(value, (list, tuple)) or len(value) > MOST_COLOURS:
        raise ValueError(_PALETTE)
    if not all(isinstance(item, str) and is_colour(item) for item in value):
        raise ValueError(_PALETTE)
    return tuple(item.lower() for item in value)


def is_colour(text: str) -> bool:
    """Whether a text is ``#rrggbb``."""
    return re.fullmatch("#[0-9a-fA-F]{6}", text) is not None


def box(value: object) -> tuple[int, ...]:
    """A box: (x, y, width, height), whole pixels within 2 to the 31st; or () for none.

    Raises ValueError, saying what a box is.
    """
    if not isinstance(value, (list, tuple)) or len(value) not in (0, 4):
        raise ValueError(_BOX)
    numbers: list[int] = []
    for item in value:
        if isinstance(item, bool) or not isinstance(item, (int, float)):
            raise ValueError(_BOX)
        if not abs(item) < _FARTHEST or item != int(item):
            raise ValueError(_BOX)
        numbers.append(int(item))
    if numbers and min(numbers[2:]) < 0:
        raise ValueError("the width and the height of a box are 0 or more")
    return tuple(numbers)


def typed(text: str) -> list[float]:
    """The numbers of ``0.5,0.5``. Raises ValueError for what is no number."""
    return [_typed_number(part) for part in text.split(",")]


def typed_curve(text: str) -> list[list[float]]:
    """The points of ``0,0;0.5,0.6;1,1``. Raises ValueError for what is no number."""
    return [typed(part) for part in text.split(";")]


def curve_samples(points: Sequence[Sequence[float]], n: int) -> NDArray[np.float32]:
    """A curve's height at ``n`` places from 0 to 1, evenly apart: float32 (n,).

    Between the points it is a monotone cubic: it never rises where they fall and never passes
    them by; before the first and after the last it is level. A filter looks values up with
    ``np.interp(image, np.linspace(0, 1, n), samples)``. Raises ValueError for what is no curve
    and for fewer than 2 samples.

    F. N. Fritsch and R. E. Carlson, "Monotone Piecewise Cubic Interpolation", SIAM Journal on
    Numerical Analysis 17 (1980), pages 238-246.
    """
    if n < 2:
        raise ValueError(f"a curve has 2 samples or more, not {n}")
    x, y = np.array(curve(points)).T
    widths = np.diff(x)
    slopes = np.diff(y) / np.maximum(widths, _NARROWEST)
    tangents = _tangents(slopes)
    places = np.linspace(0, 1, n)
    piece = np.clip(np.searchsorted(x, places, side="right") - 1, 0, len(widths) - 1)
    width, low, high = widths[piece], y[piece], y[piece + 1]
    t = np.clip((places - x[piece]) / np.maximum(width, _NARROWEST), 0, 1)
    rise = t * t * (3 - 2 * t)
    bend = (1 - t) * tangents[piece] - t * tangents[piece + 1]
    heights = low + (high - low) * rise + width * t * (1 - t) * bend
    # Rounding alone could pass a point by.
    heights = np.clip(heights, np.minimum(low, high), np.maximum(low, high))
    return np.asarray(heights, np.float32)


def _tangents(slopes: NDArray[np.float64]) -> NDArray[np.float64]:
    """The curve's slope at each point, for the slopes of the lines between them."""
    inner = np.where(np.sign(slopes[:-1]) == np.sign(slopes[1:]), (slopes[:-1] + slopes[1:]) / 2, 0)
    tangents = np.concatenate([slopes[:1], inner, slopes[-1:]])
    for index, slope in enumerate(slopes):
        # Within a circle of three times the line's slope no piece overshoots (their region S2).
        size, most = math.hypot(tangents[index], tangents[index + 1]), 3 * abs(slope)
        if size > most:
            tangents[index : index + 2] *= most / size
    return tangents


def _fractions(value: object, count: int, expected: str) -> list[float]:
    """``count`` numbers from 0 to 1, read from a value. Raises ValueError with what is expected
    instead.
    """
    if not isinstance(value, (list, tuple)) or len(value) != count:
        raise ValueError(expected)
    numbers = []
    for item in value:
        if isinstance(item, bool) or not isinstance(item, (int, float)):
            raise ValueError(expected)
        if not 0 <= item <= 1:
            shown = f"{item:g}" if isinstance(item, float) or abs(item) < 1e15 else "one number"
            raise ValueError(f"{shown} is outside 0 to 1")
        numbers.append(float(item) + 0.0)  # there is one nought, not two
    return numbers


def _within(start: float, length: float, side: str) -> float:
    """The length, as far as it stays within 1."""
    if start + length > 1 + _ROUNDING or start >= 1:
        raise ValueError(f"it reaches beyond the {side} edge")
    return min(length, 1 - start)


def _typed_number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{text.strip()[:40]!r} is not a number") from None
