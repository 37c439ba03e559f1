"""Plane: what lies around the picture, hidden by its frame, as far as filters look at it.

A filter that looks around sees what is there, so that a crop changes no pixel near its new edge.
Where there is nothing, the picture ends for filters too, as it does for a photograph.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from safelight.api import Region
from safelight.document.document import Document
from safelight.document.layer import Layer, walk
from safelight.document.placement import Place
from safelight.pixels import TILE, Raster, View, seen

Pixels: TypeAlias = NDArray[Any]
Read: TypeAlias = Callable[[Region], Pixels]


@dataclass(frozen=True, slots=True)
class Surrounded:
    """A picture with a ``margin`` of the plane around it, in pixels of ``level``.

    ``document`` is that larger picture, ``frame`` the part of it that is shown, ``within`` the part
    that filters may look at, both in its pixels of ``level``. ``corner`` is where its first pixel
    lies on the grid on which what is transparent is made up: that of the plane, so that a crop
    makes up the same.
    """

    document: Document
    level: int
    margin: int
    frame: Region
    within: Region
    corner: tuple[int, int]

    def seen(
        self, pixels: Pixels, region: Region, within: Region, reach: int, read: Read
    ) -> NDArray[np.float32]:
        """What a filter that looks ``reach`` pixels around its own may see of ``region``: float32
        (height, width, 3 or 4) of ``pixels`` of any depth. What is transparent is made up on the
        grid of the plane; all else is as for ``safelight.pixels.seen``.
        """
        x, y = self.corner

        def moved(place: Region) -> Pixels:
            return read(place.move(-x, -y))

        return seen(pixels, region.move(x, y), within.move(x, y), reach, moved)

    def limit(self, layers: Iterable[Layer], limit: Region) -> Region:
        """What of ``limit`` may be looked at over ``layers``: what they have kept was computed for
        some frame and is nothing beside it.
        """
        if not self.margin:
            return limit
        for layer in walk(layers):
            held = layer.filter
            if layer.shown and held is not None and held.kept is not None and not held.generates:
                limit = limit.intersect(self._covered(held.kept.raster))
        return limit

    def mask_limit(self, mask: Raster | None) -> Region:
        """Where a mask has pixels: beyond, it goes on as it ends."""
        whole = Region(0, 0, 0, 0, self.level) if mask is None else self._covered(mask)
        return whole if self.margin else self.within

    def _covered(self, raster: Raster) -> Region:
        """What a raster covers, and the frame."""
        if not isinstance(raster, View):
            return self.within
        found = raster.covered
        return self.frame if found is None else _hull(_reduced(found, self.level), self.frame)


def surrounded(document: Document, level: int, looks: int) -> Surrounded:
    """The picture with as much of the plane around it as there is, ``looks`` pixels of ``level``
    at the most.
    """
    picture = document.picture
    whole = _reduced(document.region, level)
    held = document.region if picture is document or not looks else held_around(document)
    if held == document.region:
        return Surrounded(picture, level, 0, whole, whole, corner(document, level))
    held = _reduced(held, level)
    most = max(-held.x, -held.y, held.right - whole.width, held.bottom - whole.height)
    # Whole tiles, so that the tiles of the larger picture are those of the smaller one.
    margin = -(-min(looks, most) // TILE) * TILE
    frame, held = whole.move(margin, margin), held.move(margin, margin)
    within = frame.grow(margin, held)
    x, y = corner(document, level)
    wider = document.around(margin << level)
    return Surrounded(wider, level, margin, frame, within, (x - margin, y - margin))


def corner(document: Document, level: int = 0) -> tuple[int, int]:
    """Where the picture's first pixel lies on a grid that stays where it is when the picture is
    cropped, in pixels of a level; (0, 0) under a perspective.
    """
    frame = document.frame
    if not frame.is_affine:
        return 0, 0
    x, y = frame.at(0, 0)
    a, b, _, c, d, _ = frame.matrix[:6]
    back = Place.affine(a, b, 0, c, d, 0).inverse
    u, v = back.at(x, y)
    return math.floor(u + 1e-6) >> level, math.floor(v + 1e-6) >> level


def held_around(document: Document) -> Region:
    """The smallest rectangle, in the picture's pixels, that holds the picture and all that layers
    that are shown hold beyond it: of a perspective, as far as there may be anything.
    """
    found, back = document.region, document.frame.inverse
    far = Region(-_FAR, -_FAR, found.width + 2 * _FAR, found.height + 2 * _FAR)
    if not back.is_affine:
        return far
    for layer in document.walk():
        own, held = layer.pixels, layer.filter
        if own is None or not layer.shown:
            continue
        place = held.kept.place if held is not None and held.kept is not None else layer.place
        if not place.is_affine:
            found = _hull(found, far)
            continue
        corners = back.after(place).corners(own.width, own.height)
        left, top = (math.floor(min(corner[k] for corner in corners) + 1e-6) for k in (0, 1))
        right, bottom = (math.ceil(max(corner[k] for corner in corners) - 1e-6) for k in (0, 1))
        found = _hull(found, Region(left, top, right - left, bottom - top))
    return found


_FAR = 4 * TILE
"""Pixels around a picture in perspective where there may be something."""


def seen_around(
    document: Document, pixels: Pixels, region: Region, within: Region, reach: int, read: Read
) -> NDArray[np.float32]:
    """What a filter may see of ``region`` of a document's picture: float32 (height, width, 3 or 4)
    of ``pixels`` of any depth. Regions are in pixels of level 0. What is transparent is made up on
    the grid of the plane; all else is as for ``safelight.pixels.seen``.
    """
    whole = document.region
    around = Surrounded(document, 0, 0, whole, whole, corner(document))
    return around.seen(pixels, region, within, reach, read)


def reachable(document: Document, reach: int) -> Region:
    """What of a picture and of the plane around it a filter that lies on top of all layers may look
    at, ``reach`` pixels around the picture at the most; in pixels of the picture.
    """
    wide = surrounded(document, 0, reach)
    limit = wide.limit(wide.document.layers, wide.within)
    near = wide.frame.grow(reach, limit)
    return near.move(-wide.margin, -wide.margin)


def leaves(region: Region, picture: Document) -> int:
    """How many pixels of its level a region reaches beyond a picture, on the side of most."""
    right, bottom = (-(-side >> region.level) for side in (picture.width, picture.height))
    return max(-region.x, -region.y, region.right - right, region.bottom - bottom, 0)


def around_region(document: Document, region: Region) -> tuple[Document, Region]:
    """The picture with as much around it as a region of level 0 reaches beyond it, and the region
    in its pixels.
    """
    margin = -(-leaves(region, document) // TILE) * TILE
    return document.around(margin), region.move(margin, margin)


def _reduced(region: Region, level: int) -> Region:
    """All pixels of a level of which a part lies in a region of level 0."""
    left, top = region.x >> level, region.y >> level
    right, bottom = -(-region.right >> level), -(-region.bottom >> level)
    return Region(left, top, right - left, bottom - top, level)


def _hull(one: Region, other: Region) -> Region:
    """The smallest rectangle that holds both."""
    x, y = min(one.x, other.x), min(one.y, other.y)
    right, bottom = max(one.right, other.right), max(one.bottom, other.bottom)
    return Region(x, y, right - x, bottom - y, one.level)
