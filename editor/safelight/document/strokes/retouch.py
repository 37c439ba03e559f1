"""Retouch: strokes that lay pixels on a layer: what they lay, piece by piece and as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from safelight.api import Region
from safelight.document.commands.command import Edit, EditError
from safelight.document.document import Document
from safelight.document.edits import add_layer, unlocked
from safelight.document.layer import Layer
from safelight.document.rendered.layer_grid import LayerGrid, Through
from safelight.document.rendered.live import Live
from safelight.document.strokes.healed_light import HealedLight
from safelight.document.strokes.laid_on_layer import on_layer
from safelight.document.strokes.laid_pixels import LAYER, Changes, Clone, Lays, Seen
from safelight.document.strokes.stroke import Stroke, painted
from safelight.document.strokes.stroke_by_pieces import StrokeByPieces
from safelight.pixels import TILE, Raster, from_float, to_float

_Pixels: TypeAlias = NDArray[np.float32]
"""(height, width, 4), straight alpha, in the document's colour space, 0 to 1 nominally."""

AT_ONCE = 1 << 14
"""Pixels of a healed stroke that are computed in less than a frame or two of the window."""

_COVERAGE = "uint16"
"""Depth of what a stroke covers: fine enough for pixels of 16 bits."""

Sample: TypeAlias = Literal["all_below", "one_layer"]
"""Where clones come from: all that is seen up to the layer, or one layer alone."""


@dataclass(slots=True)
class Retouching(StrokeByPieces):
    """A stroke that lays pixels on a layer.

    ``lays`` is what the stroke lays, ``own_layer`` whether on a layer for strokes above the pixels
    of the one that is asked for, which is made where there is none. Where something is selected,
    only that is changed. Clones come from the layer that is their ``source``, by its id, where one
    layer is sampled, and from an ``other`` document, where there is one.
    """

    lays: Lays
    own_layer: bool = True
    opacity: float = 1.0
    erase: bool = False
    sample: Sample = "all_below"
    live: Live | None = None
    source: str = ""
    other: Document | None = None
    _before: Document = field(init=False)
    _layer: str = field(init=False)
    _coverage: Raster = field(init=False)
    _seen: Seen = field(init=False)
    _grid: LayerGrid | None = field(init=False)
    _on_layer: tuple[Lays, Seen] = field(init=False)

    def begin(self, document: Document) -> None:
        """Begin on a document, with no piece laid. Raises EditError for a layer on which no stroke
        can be laid, KeyError where there is no such layer.
        """
        StrokeByPieces.begin(self, document)
        found = unlocked(document, self.asked)
        if self.own_layer and not self.erase:
            document, found = _with_own(document, found)
        if self.erase and _own(found).channels == 3:
            raise EditError(f"{found.name} has no transparency: nothing below it could be seen")
        self._before = self.document = document
        self._layer = found.id
        self._coverage = Raster.filled(document.width, document.height, (0,), _COVERAGE)
        source = self._source(document)
        sample: Sample = "all_below" if source is not None else self.sample
        self._seen = Seen(*_sampled(document, found.id, sample), self.live, source)
        self._grid, self._on_layer = None, (self.lays, self._seen)
        if not _lies(document, found):
            self._grid = LayerGrid.of(document, found, _own(found))
            self._on_layer = on_layer(found, self._grid, self.lays, self._seen)

    def _source(self, document: Document) -> Seen | None:
        """What clones are taken from; None where that is what is seen at the layer itself. Raises
        EditError where there is nothing to take.
        """
        whole = self.other or document
        if self.source and self.sample == "one_layer":
            try:
                one = whole.layer(self.source)
            except KeyError:
                raise EditError("the layer to take from is not there any more") from None
            if one.filter is not None and not one.filter.generates:
                raise EditError(f"{one.name} holds no pixels to take from")
            whole = _alone(whole, one)
        elif self.other is None:
            return None
        return Seen(whole, whole, self.live, profile=document.profile)

    @property
    def heals(self) -> bool:
        """Whether the end of the stroke changes more than its last piece."""
        return isinstance(self.lays, Clone) and self.lays.heals

    def _made(self) -> Document:
        """The document with the pieces; the one that was begun on where they met nothing."""
        return self._began if self.document is self._before else self.document

    def _lay_piece(self, piece: Stroke) -> None:
        covered = painted(self._coverage, piece)
        if covered is not self._coverage:
            before, self._coverage = self._coverage, covered
            region = piece.region.intersect(covered.region)
            self._lay(region, self._laid_at, before)

    def finished_on(self, document: Document) -> Document:
        """The document with the whole stroke; of one that heals, in the light of its place."""
        made, region = self.laid_on(document), self.covered
        if self.heals and not region.empty:
            self._lay(region, self._healed(region))
            made = self.document
        return made

    def laid_where(self, coverage: Raster) -> Document:
        """The document with it laid at once as far as ``coverage`` goes: one channel, as large as
        the picture; of what heals, in the light of its place. Begin before.
        """
        self._coverage = coverage
        region = self.covered
        if self.heals and not region.empty:
            self._lay(region, self._healed(region))
        else:
            self._lay(region, self._laid_at)
        return self._made()

    def _laid_at(self, place: Region) -> _Pixels:
        """What is laid at a part of the layer."""
        lays, seen = self._on_layer
        return lays.laid(seen, place)

    def _healed(self, region: Region) -> Callable[[Region], _Pixels]:
        """What is laid at parts of the layer, in the light of a stroke's region of the picture."""
        lays, seen = self._on_layer
        met = region if self._grid is None else self._grid.met(region)
        return HealedLight(seen, lays, self._on_pixels(self._coverage), met).laid

    def _on_pixels(self, mask: Raster) -> Raster | Through:
        """A mask as large as the picture, as the layer's pixels have it."""
        return mask if self._grid is None else Through(self._grid, mask)

    @property
    def covered(self) -> Region:
        """The smallest rectangle with all of the stroke; empty where nothing was met."""
        return self._coverage.bounds() or Region(0, 0, 0, 0)

    def _mixed(
        self, under: NDArray[Any], laid: _Pixels, share: NDArray[np.float32]
    ) -> NDArray[Any]:
        """What becomes of stored pixels (height, width, 3 or 4) on which something is laid as far
        as ``share`` (height, width, 1) goes.
        """
        if self._grid is not None and isinstance(self.lays, Changes):
            before = to_float(under)
            made = before.copy()
            made[..., :3] += (laid[..., :3] - before[..., :3]) * share
            return np.where(share > 0, from_float(made, under.dtype.name), under)
        return _over(under, laid, share)

    @property
    def seen(self) -> Seen:
        """What was seen before the stroke."""
        return self._seen

    def _lay(
        self, region: Region, laid: Callable[[Region], _Pixels], known: Raster | None = None
    ) -> None:
        """Lay the stroke at a ``region`` of the picture, over the layer as it was before; where a
        coverage is ``known`` whose pixels have been laid, only where the coverage is another one
        now. ``laid`` gives what is laid at parts of the layer.
        """
        layer = self.document.layer(self._layer)
        before, now = _own(self._before.layer(self._layer)), _own(layer)
        selection = self._before.picture.selection
        if self._grid is not None:
            region, known = self._grid.met(region), None
        coverage = self._on_pixels(self._coverage)
        tiles: dict[Region, NDArray[Any]] = {}
        for tile, place in _tiles(before, region):
            if known is not None:
                place = _different(known, self._coverage, place)
                if place.empty:
                    continue
            share = to_float(coverage.read(place)) * np.float32(self.opacity)
            if selection is not None and share.any():
                share = share * to_float(self._on_pixels(selection).read(place))
            if not share.any():
                continue
            under = before.read(place)
            over = _erased(under, share) if self.erase else self._mixed(under, laid(place), share)
            pixels = np.array(now.read(tile))
            inside = place.move(-tile.x, -tile.y)
            pixels[inside.rows(), inside.columns()] = over
            tiles[tile] = pixels
        if tiles:
            made = now.with_tiles(tiles, region)
            content = (
                made if layer.holds_pixels else layer.kind.changed(layer.content, lambda _: made)
            )
            self.document = self.document.with_layer(replace(layer, content=content))


def laying(made: StrokeByPieces, edit: Edit) -> Edit:
    """``edit``, which tells of a whole stroke, as one that lays the pieces there are of it."""
    return replace(edit, apply=made.laid_on, renders=None)


def finishing(made: StrokeByPieces, edit: Edit) -> Edit:
    """``edit``, which tells of a whole stroke, as one that ends it; on a thread where the stroke
    is too large for the window to wait.
    """
    covered = made.covered
    long = covered.width * covered.height > AT_ONCE
    renders = (lambda document, _live: made.finished_on(document)) if long else None
    return replace(edit, apply=made.finished_on, renders=renders)


# -- parts -----------------------------------------------------------------------------------


def _with_own(document: Document, layer: Layer) -> tuple[Document, Layer]:
    """The layer for strokes above what ``layer``, or the next below it that is no adjustment,
    shows: its own pixels, warped ones, a text.
    """
    siblings = document.siblings(layer.id)
    place = siblings.index(layer)
    base = next((at for at in range(place, -1, -1) if _shows(siblings[at])), place)
    above = siblings[base + 1] if base + 1 < len(siblings) else None
    for known in (siblings[base], above):
        if known is not None and known.name == LAYER and _takes_strokes(document, known):
            return document, known
    empty = Raster.filled(document.width, document.height, (0, 0, 0, 0), document.depth)
    clipped = siblings[base].clipped or (above is not None and above.clipped)
    made = Layer(LAYER, empty, place=document.frame, clipped=clipped)
    return add_layer(made, siblings[base].id).apply(document), made


def _shows(layer: Layer) -> bool:
    """Whether a layer shows something of its own: it is neither an adjustment nor a group."""
    held = layer.filter
    return not layer.is_group and (held is None or held.generates)


def _takes_strokes(document: Document, layer: Layer) -> bool:
    return not layer.locked and _lies(document, layer) and layer.raster.channels == 4


def _lies(document: Document, layer: Layer) -> bool:
    """Whether the pixels that a layer holds are those of the picture, one for one."""
    return layer.holds_pixels and document.looked_at.fits(layer.raster, layer.place)


def _own(layer: Layer) -> Raster:
    """The pixels that a layer holds, be they seen out of shape. Raises EditError for one that holds
    none.
    """
    own = layer.kind.unwarped(layer.content)
    if own is None:
        raise EditError(f"{layer.name} holds no pixels to lay a stroke on")
    return own


def _sampled(document: Document, layer_id: str, sample: Sample) -> tuple[Document, Document]:
    """The document that a stroke on a layer takes its pixels from, and that without the layer."""
    layer, below = document.layer(layer_id), document.below(layer_id)
    if sample == "one_layer":
        held = [item for item in below.layers if item.holds_pixels]
        below = _alone(below, held[-1] if layer.name == LAYER and held else layer)
        return below, below
    own = replace(layer, mode="normal", visible=True, clipped=False)
    return replace(below, layers=(*below.layers, own)), below


def _alone(document: Document, layer: Layer) -> Document:
    """The document with nothing in it but what a layer holds."""
    alone = replace(layer, opacity=1.0, mode="normal", mask=None, visible=True, clipped=False)
    return replace(document, layers=(alone,))


def _tiles(raster: Raster, region: Region) -> Iterator[tuple[Region, Region]]:
    """Each tile that ``region`` meets, and what of it."""
    if region.empty:
        return
    for y in range(region.y // TILE * TILE, region.bottom, TILE):
        for x in range(region.x // TILE * TILE, region.right, TILE):
            tile = Region(x, y, TILE, TILE).intersect(raster.region)
            yield tile, tile.intersect(region)


def _different(one: Raster, other: Raster, place: Region) -> Region:
    """The smallest part of ``place``, in one tile, outside of which two masks are the same."""
    changed = (one.read(place) != other.read(place))[..., 0]
    rows, columns = (np.flatnonzero(changed.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return Region(0, 0, 0, 0)
    left, top = place.x + int(columns[0]), place.y + int(rows[0])
    right, bottom = place.x + int(columns[-1]) + 1, place.y + int(rows[-1]) + 1
    return Region(left, top, right - left, bottom - top)


def _over(under: NDArray[Any], laid: _Pixels, share: NDArray[np.float32]) -> NDArray[Any]:
    """``laid`` over stored pixels (height, width, 3 or 4), as far as ``share`` (height, width, 1)
    goes; where that is 0 the pixels stay to the bit.
    """
    share = share * laid[..., 3:]
    before = to_float(under)
    made = np.empty_like(before)
    weight = share
    if under.shape[2] == 4:
        alpha = made[..., 3:]
        np.multiply(before[..., 3:], 1 - share, out=alpha)
        alpha += share
        np.divide(share, np.maximum(alpha, np.float32(1e-6)), out=weight)
    # As far as the weight goes from the one to the other; all of it gives the very pixels.
    np.multiply(before[..., :3], 1 - weight, out=made[..., :3])
    made[..., :3] += laid[..., :3] * weight
    stored = from_float(made, under.dtype.name)
    np.copyto(stored, under, where=share == 0)
    return stored


def _erased(under: NDArray[Any], share: NDArray[np.float32]) -> NDArray[Any]:
    """Stored pixels (height, width, 4) with as much less alpha as ``share`` says."""
    made = to_float(under).copy()
    made[..., 3:] *= 1 - share
    return np.where(share > 0, from_float(made, under.dtype.name), under)
