"""Selections: the commands that select what a path goes around."""

from __future__ import annotations

import math
from typing import Annotated, TypeAlias

import numpy as np
from numpy.typing import NDArray

from safelight.api import Region
from safelight.document.command import EditError, command
from safelight.document.document import Document
from safelight.document.edits import How, how_words, select_shape
from safelight.document.render import Live
from safelight.pixels import polygon_coverage

MOST_POINTS = 100_000
"""Points that a path may have."""

_FAR = 1e6
"""Pixels beside the picture where a point may lie at the most."""

_Path: TypeAlias = Annotated[str, "x,y;x,y;x,y in pixels of the picture"]


def path_told(points: list[tuple[float, float]]) -> str:
    """Points as ``select_path`` takes them, six digits each."""
    return ";".join(f"{x:.6g},{y:.6g}" for x, y in points)


@command("Select path", words=how_words)
def select_path(
    document: Document,
    *,
    points: _Path = "",
    how: How = "replace",
    smooth: Annotated[bool, "Pixels on its edge are selected in part"] = True,
    live: Live | None = None,
) -> Document:
    """Select what a path of straight lines goes around, or add, subtract or intersect it; its end
    is joined to its beginning. Its edge is smooth, or else pixels that lie inside by a half are
    selected.

    Where nothing is left, everything is selected again, as without a selection.
    """
    path = _points(points)

    def covered(part: Region) -> NDArray[np.float32]:
        found = polygon_coverage.covered(path, part)
        return found if smooth else (found >= 0.5).astype(np.float32)

    left, top = (math.floor(at) for at in path.min(axis=0))
    right, bottom = (math.ceil(at) for at in path.max(axis=0))
    return select_shape(document, Region(left, top, right - left, bottom - top), how, covered)


def _points(text: str) -> NDArray[np.float64]:
    """The points of a path, (count, 2). Raises EditError for what is no path."""
    try:
        found = np.array([[float(at) for at in pair.split(",")] for pair in text.split(";")])
    except ValueError:
        raise EditError("a path's points are x,y;x,y;x,y in pixels of the picture") from None
    if found.ndim != 2 or found.shape[1] != 2 or len(found) < 3:
        raise EditError("a path has three points at least: x,y;x,y;x,y in pixels of the picture")
    if len(found) > MOST_POINTS:
        raise EditError(f"a path has {MOST_POINTS} points at most, not {len(found)}")
    if not (np.abs(found) <= _FAR).all():
        raise EditError(f"a path's points lie within {_FAR:.0f} pixels of the picture")
    return found
