"""Upright: a picture as a camera would have seen it that was held level, or before a rectangle."""

from __future__ import annotations

import math

from safelight.api import Region
from safelight.document import quadrilateral
from safelight.document.document import Document
from safelight.document.geometry import NEAREST, crop, perspective, unwarped
from safelight.document.placement import Place

MOST_KEYSTONE = 60
"""Percent of an edge that a perspective takes away at most."""

_EDGE = 2.0
"""Pixels around a picture in perspective that are not shown."""


def upright(document: Document, vertical: float, horizontal: float) -> Document:
    """The picture as if the camera had been held level: of its upper edge ``vertical`` percent less
    is seen than of the lower one, of the left edge ``horizontal`` percent less than of the right
    one; of the others where negative. It stays as large, and no corner is empty. Raises ValueError
    for more than MOST_KEYSTONE percent.
    """
    if not max(abs(vertical), abs(horizontal)) <= MOST_KEYSTONE:
        raise ValueError(f"a perspective is of {MOST_KEYSTONE} percent at most")
    if not (vertical or horizontal):
        return document
    width, height = document.width, document.height
    # What is resampled has whole pixels around it, so that its own edge stays opaque.
    rim = min(_EDGE, width / 4, height / 4)
    across, down = width - 2 * rim, height - 2 * rim
    top, bottom = (max(sign * vertical, 0) / 200 * across + rim for sign in (1, -1))
    left, right = (max(sign * horizontal, 0) / 200 * down + rim for sign in (1, -1))
    corners = (
        *((top, left), (width - top, right)),
        *((width - bottom, height - right), (bottom, height - left)),
    )
    return perspective(document, width, height, Place.onto(width, height, corners))


def rectified(
    document: Document, corners: quadrilateral.Corners, size: tuple[int, int] | None = None
) -> Document:
    """What lies between four corners, in pixels of the picture, as the rectangle that a camera saw
    so: of that ``size``, or of one that its shape and its pixels ask for. Raises ValueError.
    """
    plane, corners = _in_whole_plane(document, corners)
    left, top, right, bottom = (
        round(corners[k][axis]) for k, axis in ((0, 0), (0, 1), (2, 0), (2, 1))
    )
    level = ((left, top), (right, top), (right, bottom), (left, bottom))
    if size is None and max(map(math.dist, corners, level)) < _LEVEL:
        return crop(plane, Region(left, top, right - left, bottom - top))
    corners = [_off_the_edge(plane, corner) for corner in corners]
    width, height = size or _size_of(plane, corners)
    return perspective(plane, width, height, Place.onto(width, height, corners))


_LEVEL = 0.02
"""Pixels by which corners are off that count as those of whole pixels."""


def rectified_whole(document: Document, corners: quadrilateral.Corners) -> Document:
    """The picture as a camera would have seen it that made a rectangle of what lies between four
    corners: the largest part of it without empty corners that has all between the corners in it,
    of as many pixels at the most. Raises ValueError.
    """
    plane, corners = _in_whole_plane(document, corners)
    width, height = _size_of(plane, corners)
    through = Place.onto(width, height, corners)
    shown = plane.frame.inverse.after(document.frame).corners(document.width, document.height)
    if not document.frame.is_affine:
        shown = Place().corners(plane.width, plane.height)
    seen = [_off_the_edge(plane, corner) for corner in shown]
    back = through.inverse
    g, h, i = back.matrix[6:]
    if min((g * x + h * y + i) / _far_of(back, corners) for x, y in seen) < NEAREST:
        raise ValueError(
            "the edges between the four corners meet in the picture itself: only the part between"
            " them can be shown so"
        )
    left, top, right, bottom = quadrilateral.rectangle_in(
        [back.at(*point) for point in seen], (0.0, 0.0, float(width), float(height))
    )
    area = (right - left) * (bottom - top)
    share = min(math.sqrt(plane.width * plane.height / area), 1.0)
    wide, high = (max(math.floor(side * share), 1) for side in (right - left, bottom - top))
    part = Place.offset(left, top).after(Place.scaled((right - left) / wide, (bottom - top) / high))
    return perspective(plane, wide, high, through.after(part))


def _in_whole_plane(
    document: Document, corners: quadrilateral.Corners
) -> tuple[Document, quadrilateral.Corners]:
    """The document with all of its plane in view, and four corners, given in its pixels, there:
    as a camera saw them. Raises ValueError for such as no camera can have seen.
    """
    quadrilateral.check(corners)
    plane = unwarped(document)
    through = plane.frame.inverse.after(document.frame)
    moved = [through.at(*corner) for corner in corners]
    quadrilateral.check(moved)
    return plane, moved


def _far_of(back: Place, corners: quadrilateral.Corners) -> float:
    """How far the middle of four corners is away, in a perspective that is turned back."""
    g, h, i = back.matrix[6:]
    x, y = (sum(point[axis] for point in corners) / 4 for axis in (0, 1))
    return g * x + h * y + i


def _size_of(document: Document, corners: quadrilateral.Corners) -> tuple[int, int]:
    middle = document.width / 2, document.height / 2
    ratio = quadrilateral.ratio(corners, middle, max(document.width, document.height))
    width, height = quadrilateral.size(corners, ratio)
    return max(round(width), 1), max(round(height), 1)


def _off_the_edge(document: Document, corner: tuple[float, float]) -> tuple[float, float]:
    """A corner in the picture, so far inside that what is resampled has whole pixels around it."""
    rim = min(_EDGE, document.width / 4, document.height / 4)

    def inside(at: float, side: int) -> float:
        return min(max(at, rim), side - rim) if -_LEVEL <= at <= side + _LEVEL else at

    return inside(corner[0], document.width), inside(corner[1], document.height)
