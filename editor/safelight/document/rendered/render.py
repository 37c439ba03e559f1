"""Render: the pixels of a document, as a function of a value, a region and a zoom level."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.api import Region
from safelight.document.document import Document, clipping_base
from safelight.document.layer import Layer
from safelight.document.mask import looks_around, reach
from safelight.document.rendered.layer_stack import Frame, looks_of, read_at
from safelight.document.rendered.live import Live, Pixels
from safelight.document.rendered.plane import Surrounded, leaves, surrounded
from safelight.pixels import (
    DEPTH,
    RESAMPLE,
    TILE,
    TONE,
    Raster,
    View,
    from_float,
    surroundings,
    to_float,
)


def render(
    document: Document,
    region: Region,
    live: Live | None = None,
    depth: str | None = None,
    *,
    lenient: bool = False,
) -> NDArray[Any]:
    """The picture at ``region``: (height, width, 3 or 4) in the document's own profile.

    The array has ``depth``, to which layers composited in float32 are rounded once. Without it,
    it has the document's depth at level 0 and is 8-bit at higher levels. ``region`` is in pixels
    of its own level; it may reach beyond the picture where the plane does (``reachable``): there
    is alpha then. A document of one opaque layer gives its tiles unchanged. Without ``live``,
    filter layers show what was kept of them.

    Raises LayerFailed where a layer can be neither computed nor shown from what was kept. What is
    only looked at, and kept nowhere, may be ``lenient``: such a layer is then left out.
    """
    return Renderer(live, lenient=lenient).render(document, region, depth)


def render_srgb(
    document: Document, region: Region, live: Live | None = None, *, lenient: bool = False
) -> NDArray[np.float32]:
    """The picture at ``region`` as filters see it: float32 (height, width, 3 or 4), sRGB-encoded,
    unclipped.

    ``lenient`` and errors are those of ``render``.
    """
    return document.profile.to_srgb(render(document, region, live, "float32", lenient=lenient))


def plain_raster(document: Document) -> Raster | None:
    """The one layer's pixels that are all a document shows; None where layers are composited."""
    layers = document.picture.layers
    shown = [place for place, layer in enumerate(layers) if layer.shown]
    if len(shown) != 1:
        return None
    layer = layers[shown[0]]
    # What is clipped is clipped to something hidden here, and hidden with it.
    plain = layer.opacity == 1 and layer.mask is None and clipping_base(layers, shown[0]) is None
    plain = plain and not layer.effects
    return layer.pixels if plain else None


def kernels(document: Document, *, smaller: bool = False) -> list[str]:
    """What ``pixels.prepare_kernels`` calls all that rendering a document is faster with.

    ``smaller``: also at zoom levels, where pixels of an exact view lie between those of its source.
    """
    layers = list(document.walk())
    found = set()
    if plain_raster(document) is None:
        found = {layer.mode for layer in layers}
        found |= {effect.mode for layer in layers for effect in layer.effects}
        found |= {DEPTH} if document.depth != "float32" or smaller else set()
        found |= {TONE} if any(layer.filter for layer in layers) else set()
    seen = (raster for layer in document.picture.layers for raster in layer.rasters())
    resampled = any(isinstance(x, View) and (smaller or not x.exact) for x in seen)
    found |= {RESAMPLE} if resampled else set()
    return sorted(found)


@dataclass(slots=True)
class _Prefix:
    """What the layers below a changed one make of a region: kept for the next change."""

    layers: tuple[Layer, ...]
    pixels: Pixels


class Renderer:
    """Renders versions of documents one after the other, and remembers what they share.

    Layers are values, so what lies below a changed layer is known to be the same by identity;
    there is nothing to invalidate. ``memory`` bounds what is remembered, in bytes. ``lenient`` is
    that of ``render``. What several threads ask for is made one after the other.
    """

    def __init__(self, live: Live | None = None, *, memory: int = 0, lenient: bool = False) -> None:
        self.live = live
        self._lenient = lenient
        self._memory = memory
        self._seen: dict[Region, tuple[Layer, ...]] = {}
        self._prefixes: dict[Region, _Prefix] = {}
        self._held = 0
        self._canvases: dict[int, Region] = {}
        self._scratch: Pixels = np.empty(0, np.float32)
        self._lock = threading.Lock()

    def render(self, document: Document, region: Region, depth: str | None = None) -> NDArray[Any]:
        """The picture at ``region``: (height, width, 3 or 4) of ``depth``, in the document's own
        profile. Without a ``depth`` it has the document's at level 0, and is of uint8 at higher
        levels. Raises LayerFailed, as the function ``render`` does.
        """
        depth = depth or (document.depth if region.level == 0 else "uint8")
        picture, plain = document.picture, plain_raster(document)
        over = leaves(region, picture)
        if plain is not None and not over:
            pixels = read_at(plain, region)
            return pixels if pixels.dtype == depth else from_float(to_float(pixels), depth)
        channels = 4 if picture.has_alpha or over else 3
        looks = sum(_looks(layer, self.live, region.level) for layer in picture.layers)
        around = surrounded(document, region.level, looks + over)
        region = region.move(around.margin, around.margin)
        result = np.empty((region.height, region.width, channels), depth)
        for cell in [region] if looks else _cells(region):
            with self._lock:  # what is remembered, and the scratch memory, are one thread's
                pixels = from_float(self._stack(around, cell), depth)
                place = cell.move(-region.x, -region.y)
                # By channel: numpy is three times as slow at copying three of four.
                for channel in range(channels):
                    result[place.rows(), place.columns(), channel] = pixels[..., channel]
        return result

    def _stack(self, around: Surrounded, region: Region) -> Pixels:
        frame = Frame(around, self.live, self._lenient)
        layers = around.document.layers
        if self._canvases.setdefault(region.level, frame.canvas) != frame.canvas:
            self._forget()  # filters that are told the canvas make something else of it
            self._canvases[region.level] = frame.canvas
        if not self._memory:
            return frame.stack(layers, region)
        common = _common(layers, self._seen.get(region, ()))
        self._seen[region] = layers
        prefix = self._prefixes.get(region)
        start, pixels = 0, None
        if prefix is not None and _common(layers, prefix.layers) == len(prefix.layers):
            start, pixels = len(prefix.layers), self._copied(prefix.pixels)
        if start and not frame.can_continue(layers, start):
            start, pixels = 0, None
        if start < common < len(layers) and frame.can_continue(layers, common):
            pixels = frame.stack(layers[start:common], region, pixels, layers[:start])
            start = common
            self._remember(region, _Prefix(layers[:common], pixels.copy()))
        return frame.stack(layers[start:], region, pixels, layers[:start])

    def _copied(self, pixels: Pixels) -> Pixels:
        """A copy in memory that is used again and again: fresh memory costs more than the copy."""
        if self._scratch.size < pixels.size:
            self._scratch = np.empty(pixels.size, np.float32)
        copy = self._scratch[: pixels.size].reshape(pixels.shape)
        np.copyto(copy, pixels)
        return copy

    def _forget(self) -> None:
        self._seen.clear()
        self._prefixes.clear()
        self._canvases.clear()
        self._held = 0

    def _remember(self, region: Region, prefix: _Prefix) -> None:
        old = self._prefixes.pop(region, None)
        self._held += prefix.pixels.nbytes - (old.pixels.nbytes if old else 0)
        self._prefixes[region] = prefix
        while self._held > self._memory and self._prefixes:
            oldest = next(iter(self._prefixes))
            self._held -= self._prefixes.pop(oldest).pixels.nbytes
            self._seen.pop(oldest, None)


def _cells(region: Region) -> Iterator[Region]:
    """A region cut along the tiles: layers are read without a copy, and a cell of 1 MB stays in a
    core's cache from one layer to the next.
    """
    for y, height in _cuts(region.y, region.bottom):
        for x, width in _cuts(region.x, region.right):
            yield Region(x, y, width, height, region.level)


def _cuts(start: int, end: int) -> Iterator[tuple[int, int]]:
    """Start and size of each part; what is left over at an end is not a part of its own."""
    lines = [x for x in range(0, end, TILE) if x - start >= TILE // 4 and end - x >= TILE // 4]
    edges = [start, *lines, end]
    for first, last in zip(edges, edges[1:], strict=False):
        yield first, last - first


def _looks(layer: Layer, live: Live | None, level: int) -> int:
    """How many pixels of ``level`` around its own a layer looks at, at the most; 0 where no pixel
    depends on its neighbours. Where some do, strips would compute some of them twice.
    """
    held = layer.filter
    if not layer.shown:
        return 0
    if held is None or held.generates:
        inside = sum(_looks(inner, live, level) for inner in layer.layers)
        return inside + _effects_reach(layer, level)
    looks = looks_of(held, live, level)
    mask = reach(held.grow, held.feather, level) + 1 if looks_around(layer) else 0
    return looks + (surroundings(looks, _ANY) if looks else 0) + mask


def _effects_reach(layer: Layer, level: int) -> int:
    """How many pixels of ``level`` around its own a layer's effects look at."""
    return max((effect.reach(level) for effect in layer.effects), default=0)


_ANY = Region(0, 0, 1 << 30, 1 << 30)


def _common(layers: tuple[Layer, ...], others: tuple[Layer, ...]) -> int:
    """How many layers from the bottom on are the same objects."""
    count = 0
    for one, other in zip(layers, others, strict=False):
        if one is not other:
            break
        count += 1
    return count
