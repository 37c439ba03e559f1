"""Scaled document: a document at the size that is seen, for filters that are tried there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from safelight.api import Region
from safelight.document import Document, Layer, Live, effective_mask, render
from safelight.pixels import Raster, from_float, to_float

_KEPT = 2
"""Sizes that stay ready: a filter is tried coarsely first."""

QUICK = 250_000
"""Pixels of a first, coarse look."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A document ``2**level`` times smaller, of one layer, and where a filter is to show in it.

    ``mask`` is (height, width), float32; None = everywhere.
    """

    document: Document
    level: int
    mask: NDArray[np.float32] | None = None

    def region(self, region: Region) -> Region:
        """The pixels that a region of the document touches."""
        place = at_level(region, self.level)
        return Region(place.x, place.y, place.width, place.height).intersect(self.document.region)

    def masked(self, place: Region, made: NDArray[np.generic]) -> NDArray[np.generic]:
        """What was made of pixels at ``place``, (height, width, channels) of the document's depth,
        laid over them as far as the mask says.
        """
        if self.mask is None:
            return made
        below = to_float(render(self.document, place))
        share = self.mask[place.rows(), place.columns(), None]
        return from_float(below + share * (to_float(made) - below), self.document.depth)


class Smaller:
    """Makes smaller versions of documents, and keeps the last few. May be used on any thread."""

    def __init__(self) -> None:
        self._made: list[tuple[tuple[Layer, ...], Seen]] = []

    def of(self, document: Document, level: int, live: Live | None) -> Seen:
        """The document, at a zoom level."""
        for layers, seen in self._made:
            if seen.level == level and layers == document.picture.layers:
                return seen
        step = 1 << level
        width, height = -(-document.width // step), -(-document.height // step)
        pixels = render(document, Region(0, 0, width, height, level), live, lenient=True)
        small = Document.from_raster(Raster.from_array(pixels), profile=document.profile)
        seen = Seen(small, level)
        self._made = [(document.picture.layers, seen), *self._made[: _KEPT - 1]]
        return seen

    def forget(self) -> None:
        """Keep nothing: it holds on to every layer of the documents it was made of."""
        self._made = []


def with_mask(seen: Seen, layer: Layer) -> Seen:
    """The document with a mask, for a filter layer that shows where its mask says."""
    whole = seen.document.region
    mask = effective_mask(layer, Region(0, 0, whole.width, whole.height, seen.level))
    return Seen(seen.document, seen.level, mask)


def at_level(region: Region, level: int) -> Region:
    """A region in the pixels of a zoom level: all that it touches."""
    x, y, step = region.x >> level, region.y >> level, 1 << level
    right, bottom = -(-region.right // step), -(-region.bottom // step)
    return Region(x, y, right - x, bottom - y, level)


def coarse_level(region: Region, level: int) -> int:
    """The zoom level, at least ``level``, at which a region has at most QUICK pixels."""
    while region.width * region.height > QUICK << 2 * level:
        level += 1
    return level
