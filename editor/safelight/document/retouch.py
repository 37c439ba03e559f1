"""Retouch: strokes that lay pixels on a layer: what they lay, piece by piece and as a whole."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from safelight.api import Region
from safelight.document.command import Edit, EditError
from safelight.document.document import Document
from safelight.document.edits import add_layer, unlocked
from safelight.document.gradients import Gradient
from safelight.document.kind import colour_in
from safelight.document.layer import Layer
from safelight.document.render import LayerFailed, Live, render
from safelight.document.stroke import Stroke, painted
from safelight.document.stroke_by_pieces import StrokeByPieces
from safelight.pixels import TILE, Profile, Raster, from_float, to_float
from safelight.pixels.membrane import membrane

LAYER = "Retouch"
"""Name of the layer that strokes are laid on, unless they go on one that is named."""

SOLVED = 1 << 17
"""Pixels of which a healed stroke's light is found: a larger one is reduced to that before."""

AT_ONCE = 1 << 14
"""Pixels of a healed stroke that are computed in less than a frame or two of the window."""

_COVERAGE = "uint16"
"""Depth of what a stroke covers: fine enough for pixels of 16 bits."""

_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
"""Of red, green and blue (ITU-R BT.709)."""

_WIDEST = 20.0
"""Standard deviation in pixels that a brush blurs with at most."""

_Pixels: TypeAlias = NDArray[np.float32]
"""(height, width, 4), straight alpha, in the document's colour space, 0 to 1 nominally."""

Sample: TypeAlias = Literal["all_below", "one_layer"]
"""Where clones come from: all that is seen up to the layer, or one layer alone."""

Effect: TypeAlias = Literal["dodge", "burn", "saturate", "desaturate", "blur", "sharpen"]

Range: TypeAlias = Literal["shadows", "midtones", "highlights"]

OPPOSITE: dict[str, str] = {
    one: other
    for pair in (("dodge", "burn"), ("saturate", "desaturate"), ("blur", "sharpen"))
    for one, other in (pair, pair[::-1])
}
"""The effect that takes back what another one does."""


@dataclass(frozen=True, slots=True)
class Paint:
    """A stroke of one ``colour``, ``#rrggbb`` in sRGB."""

    colour: str = "#000000"

    def laid(self, seen: Seen, region: Region) -> _Pixels:
        pixels = np.ones((region.height, region.width, 4), np.float32)
        pixels[..., :3] = colour_in(seen.document.profile, self.colour)
        return pixels


@dataclass(frozen=True, slots=True)
class Ramp:
    """A stroke that goes from one ``colour`` at a gradient's first handle ``to_colour``, or "" for
    nothing, at its second one; between them in the document's colour space as it is stored.
    """

    gradient: Gradient
    colour: str = "#000000"
    to_colour: str = "#ffffff"

    def laid(self, seen: Seen, region: Region) -> _Pixels:
        pixels = np.ones((region.height, region.width, 4), np.float32)
        share = self.gradient.at(region)[..., None]
        first = np.asarray(colour_in(seen.document.profile, self.colour), np.float32)
        if not self.to_colour:
            pixels[..., :3], pixels[..., 3:] = first, share
            return pixels
        last = np.asarray(colour_in(seen.document.profile, self.to_colour), np.float32)
        pixels[..., :3] = last + (first - last) * share
        return pixels


@dataclass(frozen=True, slots=True)
class Clone:
    """What is seen ``x`` pixels to the right and ``y`` below, or negative; ``heals`` brings it to
    the light of where it is laid.
    """

    x: int
    y: int
    heals: bool = False

    def laid(self, seen: Seen, region: Region) -> _Pixels:
        return (seen.source or seen).at(region.move(self.x, self.y))


@dataclass(frozen=True, slots=True)
class Touch:
    """What is seen there, but lighter, darker, with more or less colour, blurred or sharpened.

    ``strength`` is 0 to 1. ``radius`` is the brush's, in pixels, of which a blur is a tenth.
    """

    effect: Effect
    strength: float = 0.5
    range: Range = "midtones"
    radius: float = 20.0

    def laid(self, seen: Seen, region: Region) -> _Pixels:
        if self.effect in ("blur", "sharpen"):
            return self._focused(seen, region)
        pixels = seen.at(region).copy()
        colour = pixels[..., :3]
        if self.effect in ("dodge", "burn"):
            colour[:] = self._lit(colour)
        else:
            grey = (colour @ _LUMA)[..., None]
            more = 1 + self.strength if self.effect == "saturate" else 1 - self.strength
            colour[:] = grey + (colour - grey) * np.float32(more)
        return pixels

    def _lit(self, colour: NDArray[np.float32]) -> NDArray[np.float32]:
        """The three curves of GIMP's dodge and burn (docs.gimp.org, Dodge/Burn), of 0 to 1; what
        lies beyond that keeps its distance.
        """
        inside = np.clip(colour, 0, 1)
        sign = 1 if self.effect == "dodge" else -1
        third = np.float32(self.strength / 3)
        if self.range == "highlights":
            made = inside * (1 + sign * third)
        elif self.range == "midtones":
            more = 1 + self.strength
            made = inside ** np.float32(1 / more if sign > 0 else more)
        elif sign > 0:
            made = third + inside - third * inside
        else:
            made = np.maximum(inside - third, 0) / (1 - third)
        result: NDArray[np.float32] = made + (colour - inside)
        return result

    def _focused(self, seen: Seen, region: Region) -> _Pixels:
        own = seen.at(region)
        soft = _softened(seen, region, min(max(self.radius / 10, 1.0), _WIDEST))
        if self.effect == "blur":
            return own + (soft - own) * np.float32(self.strength)
        pixels = own + (own - soft) * np.float32(self.strength)
        pixels[..., 3] = own[..., 3]
        return pixels


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen before a stroke: ``document`` up to the layer that the stroke is laid on, and
    ``below``, the same without that layer. ``source`` is what clones are taken from, where that is
    another layer or another document; ``profile`` that of the colours, where not the document's.
    """

    document: Document
    below: Document
    live: Live | None = None
    source: Seen | None = None
    profile: Profile | None = None

    def at(self, region: Region) -> _Pixels:
        """The picture at ``region``, which may leave it: it is transparent there.

        Raises EditError where a layer can be neither computed nor shown.
        """
        pixels = np.zeros((region.height, region.width, 4), np.float32)
        inside = region.intersect(self.document.region)
        if inside.empty:
            return pixels
        try:
            found = to_float(render(self._shown(inside), inside, self.live))
        except LayerFailed as error:
            raise EditError(
                f"what {error.name} shows is not known here; merge it down before, or"
                " take from one layer"
            ) from None
        if self.profile not in (None, self.document.profile):
            assert self.profile is not None
            colours = self.profile.from_srgb(self.document.profile.to_srgb(found[..., :3]))
            found = np.concatenate([colours, found[..., 3:]], axis=2)
        place = inside.move(-region.x, -region.y)
        met = pixels[place.rows(), place.columns()]
        met[..., : found.shape[2]] = found
        if found.shape[2] == 3:
            met[..., 3] = 1
        return pixels

    def _shown(self, region: Region) -> Document:
        """What is to be rendered at ``region``: a layer that has nothing there costs nothing."""
        own = self.document.layers[-1]
        empty = own.name == LAYER and own.raster.channels == 4 and self.below.layers
        if empty and not any(tile.any() for tile in own.raster.tiles_at(region)):
            return self.below
        return self.document


class Lays(Protocol):
    """What a stroke lays."""

    def laid(self, seen: Seen, region: Region) -> _Pixels:
        """The pixels that are laid at a region, which may leave the picture."""


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

    def begin(self, document: Document) -> None:
        """Begin on a document, with no piece laid. Raises EditError for a layer on which no stroke
        can be laid, KeyError where there is no such layer.
        """
        StrokeByPieces.begin(self, document)
        found = unlocked(document, self.asked)
        if self.own_layer and not self.erase:
            document, found = _with_own(document, found)
        _check(document, found)
        if self.erase and found.raster.channels == 3:
            raise EditError(f"{found.name} has no transparency: nothing below it could be seen")
        self._before = self.document = document
        self._layer = found.id
        own = found.raster
        self._coverage = Raster.filled(own.width, own.height, (0,), _COVERAGE)
        source = self._source(document)
        sample: Sample = "all_below" if source is not None else self.sample
        self._seen = Seen(*_sampled(document, found.id, sample), self.live, source)

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
            self._lay(region, lambda place: self.lays.laid(self._seen, place), before)

    def finished_on(self, document: Document) -> Document:
        """The document with the whole stroke; of one that heals, in the light of its place."""
        made, region = self.laid_on(document), self.covered
        if self.heals and not region.empty:
            assert isinstance(self.lays, Clone)
            self._lay(region, _Light(self._seen, self.lays, self._coverage, region).laid)
            made = self.document
        return made

    def laid_where(self, coverage: Raster) -> Document:
        """The document with it laid at once as far as ``coverage`` goes: one channel, as large as
        the picture; of what heals, in the light of its place. Begin before.
        """
        self._coverage = coverage
        region = self.covered
        if self.heals and not region.empty:
            assert isinstance(self.lays, Clone)
            self._lay(region, _Light(self._seen, self.lays, coverage, region).laid)
        else:
            self._lay(region, lambda place: self.lays.laid(self._seen, place))
        return self._made()

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
        return _over(under, laid, share)

    @property
    def seen(self) -> Seen:
        """What was seen before the stroke."""
        return self._seen

    def _lay(
        self, region: Region, laid: Callable[[Region], _Pixels], known: Raster | None = None
    ) -> None:
        """Lay it at ``region``, over the layer as it was before the stroke; where a coverage is
        ``known`` whose pixels have been laid, only where the coverage is another one.
        """
        layer = self.document.layer(self._layer)
        before, now = self._before.layer(self._layer).raster, layer.raster
        selection = self._before.picture.selection
        tiles: dict[Region, NDArray[Any]] = {}
        for tile, place in _tiles(before, region):
            if known is not None:
                place = _different(known, self._coverage, place)
                if place.empty:
                    continue
            share = to_float(self._coverage.read(place)) * np.float32(self.opacity)
            if selection is not None:
                share = share * to_float(selection.read(place))
            if not share.any():
                continue
            under = before.read(place)
            over = _erased(under, share) if self.erase else self._mixed(under, laid(place), share)
            pixels = np.array(now.read(tile))
            inside = place.move(-tile.x, -tile.y)
            pixels[inside.rows(), inside.columns()] = over
            tiles[tile] = pixels
        if tiles:
            layer = replace(layer, content=now.with_tiles(tiles, region))
            self.document = self.document.with_layer(layer)


class _Light:
    """What a healing clone lacks of the light of its place: a membrane over the stroke."""

    def __init__(self, seen: Seen, lays: Clone, coverage: Raster, region: Region) -> None:
        self._seen, self._lays = seen, lays
        self._size = 1
        canvas = coverage.region
        while True:
            size = self._size
            self._grid = _on_grid(region.grow(2 * size, canvas), size, canvas)
            if self._grid.width * self._grid.height <= SOLVED * size * size:
                break
            self._size *= 2
        values, inside = [], []
        for y in range(self._grid.y, self._grid.bottom, size * 64):
            rows = min(size * 64, self._grid.bottom - y)
            band = Region(self._grid.x, y, self._grid.width, rows)
            source = lays.laid(seen, band)
            # Where nothing can be cloned nothing is known of the difference.
            lacking = (to_float(coverage.read(band))[..., 0] > 0) | (source[..., 3] == 0)
            values.append(_reduced((seen.at(band) - source)[..., :3], size))
            inside.append(_reduced(lacking[..., None].astype(np.float32), size)[..., 0] > 0)
        self._light = membrane(np.concatenate(values), np.concatenate(inside))

    def laid(self, region: Region) -> _Pixels:
        pixels = self._lays.laid(self._seen, region).copy()
        pixels[..., :3] += _enlarged(self._light, self._size, self._grid, region)
        return pixels


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
    return (
        not layer.locked
        and layer.holds_pixels
        and layer.raster.channels == 4
        and _lies(document, layer)
    )


def _lies(document: Document, layer: Layer) -> bool:
    """Whether a layer's pixels are those of the picture, one for one."""
    return document.looked_at.fits(layer.raster, layer.place)


def _check(document: Document, layer: Layer) -> None:
    if layer.kind.unwarped(layer.content) is not None and not layer.holds_pixels:
        raise EditError(
            f"{layer.name} is warped; lay the stroke on a layer of its own, or merge it down before"
        )
    if not layer.holds_pixels:
        raise EditError(f"{layer.name} holds no pixels to lay a stroke on")
    if not _lies(document, layer):
        raise EditError(
            f"{layer.name} lies otherwise than the picture; lay the stroke on a layer of its own"
        )


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


def _reduced(values: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """Means over squares of ``size`` pixels; those at the edges of what there is of them."""
    if size == 1:
        return values
    height, width = values.shape[:2]
    missing = (0, -height % size), (0, -width % size), (0, 0)
    padded = np.pad(values, missing, mode="edge")
    rows, columns = padded.shape[0] // size, padded.shape[1] // size
    means: NDArray[np.float32] = padded.reshape(rows, size, columns, size, -1).mean(axis=(1, 3))
    return means


def _enlarged(values: NDArray[np.float32], size: int, grid: Region, region: Region) -> NDArray[Any]:
    """``values``, means over squares of ``size`` pixels of ``grid``, at the pixels of ``region``:
    linear between the squares' middles.
    """
    if size == 1:
        place = region.move(-grid.x, -grid.y)
        return values[place.rows(), place.columns()]
    for axis, start, count in (
        (0, region.y - grid.y, region.height),
        (1, region.x - grid.x, region.width),
    ):
        last = values.shape[axis] - 1
        at = np.clip((np.arange(start, start + count) + 0.5) / size - 0.5, 0, last)
        low = np.minimum(at.astype(int), max(last - 1, 0))
        far = (at - low).astype(np.float32).reshape((-1, 1, 1) if axis == 0 else (1, -1, 1))
        near, next_ = (np.take(values, np.minimum(low + k, last), axis) for k in (0, 1))
        values = near + (next_ - near) * far
    return values


def _on_grid(region: Region, size: int, within: Region) -> Region:
    """The smallest part of ``within`` with ``region`` that begins on a grid of ``size`` pixels."""
    left, top = (at // size * size for at in (region.x, region.y))
    right, bottom = (-(-at // size) * size for at in (region.right, region.bottom))
    return Region(left, top, right - left, bottom - top).intersect(within)


def _softened(seen: Seen, region: Region, deviation: float) -> _Pixels:
    """What is seen, under a Gaussian of that standard deviation in pixels, cut off at three of it;
    at the edge the picture goes on as it ends. A wide one is found of a smaller picture.
    """
    size = 1 << max(math.floor(math.log2(deviation)) - 1, 0)
    half = math.ceil(3 * deviation)
    grid = _on_grid(region.grow(half + size, seen.document.region), size, seen.document.region)
    small = _reduced(seen.at(grid), size)
    taps = np.arange(-(half // size), half // size + 1)
    bell = np.exp(-0.5 * (taps * size / deviation) ** 2)
    bell = (bell / bell.sum()).astype(np.float32)
    for axis in (0, 1):
        sides = [(len(taps) // 2,) * 2 if axis == k else (0, 0) for k in range(3)]
        padded, total, side = np.pad(small, sides, "edge"), np.zeros_like(small), small.shape[axis]
        for at, weight in enumerate(bell):
            shifted = slice(at, at + side)
            total += weight * (padded[shifted] if axis == 0 else padded[:, shifted])
        small = total
    return _enlarged(small, size, grid, region)
