"""Smudge: a stroke that draws colours along, dab by dab, as a finger does in wet paint."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.api import Region
from safelight.document.commands.command import EditError
from safelight.document.document import Document
from safelight.document.strokes.retouch import Retouching
from safelight.document.strokes.stroke import Stroke, painted
from safelight.pixels import TILE, dab, from_float, to_float

SPACING = 0.05
"""Diameters between two dabs where nothing else is said."""

LARGEST = 2000
"""Pixels of the widest brush: a dab of it is copied four times, of 64 MB each."""


@dataclass(frozen=True, slots=True)
class Smudge:
    """How much of what the brush carries, 0 to 1, it takes along from one dab to the next."""

    strength: float = 0.5

    def laid(self, seen: object, region: Region) -> NDArray[np.float32]:
        """Nothing, of (height, width, 4) float32: a smudged pixel is known by all dabs before it
        alone (``Smudging``).
        """
        raise NotImplementedError


@dataclass(slots=True)
class Smudging(Retouching):
    """A smudged stroke that is laid piece by piece: the same as if it were laid at once.

    Each dab lays what the brush carries, and takes up what is there: ``strength`` of the one, the
    rest of the other (GIMP's smudge tool, docs.gimp.org). Colours are weighted by alpha; beyond the
    picture it goes on as it ends.
    """

    _now: dict[Region, NDArray[np.float32]] = field(default_factory=dict, init=False)
    _carried: NDArray[np.float32] | None = field(default=None, init=False)

    def begin(self, document: Document) -> None:
        """Begin on a document, with no piece laid. Raises what a Retouching does."""
        Retouching.begin(self, document)
        self._now, self._carried = {}, None

    def _lay_piece(self, piece: Stroke) -> None:
        assert isinstance(self.lays, Smudge)
        if 2 * piece.radius > LARGEST:
            raise EditError(f"the brush is too large to smudge with; {LARGEST} px are the most")
        points = [start for start, _ in piece.segments()]
        if not points:
            return
        for point in points:
            self._touch(point, piece, self.lays.strength)
        disc = Stroke(tuple(points), piece.radius + 1)
        self._coverage = painted(self._coverage, disc)
        region = disc.region.intersect(self._coverage.region)
        self._lay(region, self._smudged if self._grid is None else self._through_grid)

    def _through_grid(self, place: Region) -> NDArray[np.float32]:
        """What there is now where the pixels of a layer lie that are not those of the picture."""
        assert self._grid is not None
        return self._grid.sampled(self._smudged, place, colours=True)

    def _touch(self, point: dab.Point, piece: Stroke, strength: float) -> None:
        """Lay what the brush carries, and take up what is there."""
        half = int(piece.radius) + 2
        box = Region(round(point[0]) - half, round(point[1]) - half, 2 * half, 2 * half)
        there = self._around(box)
        if there is None:
            return
        if self._carried is None:
            self._carried = there
            return
        carried = self._carried
        carried *= np.float32(strength)
        carried += there * np.float32(1 - strength)
        share = np.zeros(there.shape[:2], np.float32)
        brush = dab.Round(piece.radius, piece.hardness, False, piece.flow)
        dab.draw(share, box, box, [dab.Line(point, (0.0, 0.0, 0.0, 0.0), 0.0)], brush)
        there += (carried - there) * share[..., None]
        for tile, part in self._tiles(box):
            inside, own = part.move(-box.x, -box.y), part.move(-tile.x, -tile.y)
            pixels = there[inside.rows(), inside.columns()]
            self._now[tile][own.rows(), own.columns()] = pixels

    def _tiles(self, region: Region) -> Iterator[tuple[Region, Region]]:
        """Each tile that lies in a region, and what of it."""
        whole = self._coverage.region
        region = region.intersect(whole)
        for y in range(region.y // TILE * TILE, region.bottom, TILE):
            for x in range(region.x // TILE * TILE, region.right, TILE):
                tile = Region(x, y, TILE, TILE).intersect(whole)
                if not tile.intersect(region).empty:
                    yield tile, tile.intersect(region)

    def _around(self, box: Region) -> NDArray[np.float32] | None:
        """What there is now in a box, (height, width, 4), colours times alpha; None beside the
        picture.
        """
        inside = box.intersect(self._coverage.region)
        if inside.empty:
            return None
        found = np.empty((inside.height, inside.width, 4), np.float32)
        for tile, part in self._tiles(inside):
            if tile not in self._now:
                pixels = self._seen.at(tile)
                pixels[..., :3] *= pixels[..., 3:]
                self._now[tile] = pixels
            here, own = part.move(-inside.x, -inside.y), part.move(-tile.x, -tile.y)
            found[here.rows(), here.columns()] = self._now[tile][own.rows(), own.columns()]
        missing = (
            (inside.y - box.y, box.bottom - inside.bottom),
            (inside.x - box.x, box.right - inside.right),
            (0, 0),
        )
        return np.pad(found, missing, "edge") if any(map(any, missing)) else found

    def _smudged(self, place: Region) -> NDArray[np.float32]:
        """What there is now, with straight alpha."""
        found = self._around(place)
        assert found is not None
        colours = found[..., :3]
        np.divide(colours, found[..., 3:], out=colours, where=found[..., 3:] > 0)
        return found

    def _mixed(
        self, under: NDArray[Any], laid: NDArray[np.float32], share: NDArray[np.float32]
    ) -> NDArray[Any]:
        """On a layer of its own what is smudged hides what is below; on the layer itself it takes
        the place of what was there, also of its alpha.
        """
        if self.own_layer or under.shape[2] == 3:
            return Retouching._mixed(self, under, laid, share)
        before = to_float(under)
        alpha = before[..., 3:] + (laid[..., 3:] - before[..., 3:]) * share
        made = before.copy()
        made[..., 3:] = alpha
        kept, more = before[..., 3:] * (1 - share), laid[..., 3:] * share
        colours = before[..., :3] * kept + laid[..., :3] * more
        np.divide(colours, alpha, out=made[..., :3], where=alpha > 0)
        return np.where(share > 0, from_float(made, under.dtype.name), under)


def smudging(asked: str, strength: float, *, own_layer: bool, live: Any = None) -> Smudging:
    """A smudged stroke to be begun: on a layer of its own of all that is seen there, or else of
    the layer alone.
    """
    sample: Any = "all_below" if own_layer else "one_layer"
    return Smudging(asked, Smudge(strength), own_layer, sample=sample, live=live)
