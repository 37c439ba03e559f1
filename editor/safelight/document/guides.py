"""Guides: upright and level lines across a picture, by which things are placed."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Literal, NamedTuple

from safelight.document.placement import Place

MOST_GUIDES = 1000
"""Guides of one document at the most."""

FARTHEST = 1e7
"""Pixels from a picture's corner at which a guide is believed to lie."""


class Guide(NamedTuple):
    """A line at ``at`` picture pixels from the left (axis x: it is upright) or the top (y)."""

    axis: Literal["x", "y"]
    at: float

    def of(self, point: tuple[float, float]) -> float:
        """The point's distance from the same edge."""
        return point[0] if self.axis == "x" else point[1]


def checked(guides: Iterable[Guide]) -> tuple[Guide, ...]:
    """Guides in their order, each once. Raises ValueError for what are none, and for too many."""
    found = tuple(sorted({Guide(guide.axis, float(guide.at) + 0.0) for guide in guides}))
    if len(found) > MOST_GUIDES:
        raise ValueError(f"a document has {MOST_GUIDES} guides at most")
    for guide in found:
        if guide.axis not in ("x", "y") or not abs(guide.at) <= FARTHEST:
            raise ValueError("a guide is upright or level, and lies near the picture")
    return found


def carried(guides: Iterable[Guide], way: Place) -> tuple[Guide, ...]:
    """Guides over the same, where ``way`` leads from the points of the picture there was to those
    of the one there is; where no line stays upright or level, as they are.
    """
    a, b, x, c, d, y = way.matrix[:6]
    if not way.is_affine:
        return tuple(guides)
    found: dict[str, tuple[Literal["x", "y"], float, float]]
    if b == c == 0:
        found = {"x": ("x", a, x), "y": ("y", d, y)}
    elif a == d == 0:
        found = {"x": ("y", c, y), "y": ("x", b, x)}
    else:
        return tuple(guides)
    made = []
    for guide in guides:
        axis, scale, start = found[guide.axis]
        at = guide.at * scale + start
        if math.isfinite(at) and abs(at) <= FARTHEST:
            made.append(Guide(axis, at))
    return checked(made)
