"""Laid on layer: what a stroke lays, for a layer whose pixels lie otherwise than the picture's.

Copies come straight from where they are seen, resampled once; what changes the layer's own pixels
changes them as they are; all else is what is laid on the picture, sampled where each pixel lies.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from safelight.api import Region
from safelight.document.document import Document
from safelight.document.layer import Layer
from safelight.document.placement import IDENTITY, Place
from safelight.document.rendered.layer_grid import LayerGrid, tidy
from safelight.document.strokes.laid_pixels import Changes, Clone, Lays, Paint, Seen


def on_layer(layer: Layer, grid: LayerGrid, lays: Lays, seen: Seen) -> tuple[Lays, Seen]:
    """What is laid on the pixels of a layer, and what is seen there, both by regions of the layer;
    of what a stroke lays on the picture, and what is ``seen`` in that.
    """
    if isinstance(lays, Changes):
        own = _as_it_is(seen.document, layer, grid)
        return lays.scaled(1 / grid.place.scale), Seen(own, own, seen.live)
    if isinstance(lays, Paint):
        return lays, seen
    if not isinstance(lays, Clone) or grid.warp is not None:
        return _LaidThrough(lays, seen, grid), _SeenThrough(
            seen.document, seen.below, seen.live, whole=seen, grid=grid
        )
    source = seen.source or seen
    there = _in_grid(source.document, grid, Place.offset(lays.x, lays.y))
    taken = Seen(there, there, seen.live, profile=source.profile)
    here, below = _in_grid(seen.document, grid), _in_grid(seen.below, grid)
    return replace(lays, x=0, y=0), Seen(here, below, seen.live, taken)


@dataclass(frozen=True, slots=True)
class _LaidThrough:
    """What is laid on the picture, where the pixels of a layer lie."""

    lays: Lays
    whole: Seen
    grid: LayerGrid

    def laid(self, seen: Seen, region: Region) -> NDArray[np.float32]:
        """The pixels (height, width, 4) that are laid at a region of the layer."""
        return self.grid.sampled(lambda box: self.lays.laid(self.whole, box), region, colours=True)


@dataclass(frozen=True, slots=True)
class _SeenThrough(Seen):
    """What is seen in the picture where the pixels of a layer lie."""

    whole: Seen | None = None
    grid: LayerGrid | None = None

    def at(self, region: Region) -> NDArray[np.float32]:
        """The pixels (height, width, 4) at a region of the layer."""
        assert self.whole is not None
        assert self.grid is not None
        return self.grid.sampled(self.whole.at, region, colours=True)


def _as_it_is(document: Document, layer: Layer, grid: LayerGrid) -> Document:
    """A picture of nothing but the pixels that a layer holds, as they are."""
    alone = replace(
        layer,
        content=layer.kind.unwarped(layer.content),
        opacity=1.0,
        mode="normal",
        visible=True,
        clipped=False,
        mask=None,
        effects=(),
        keyframes=(),
        place=IDENTITY,
    )
    return replace(_in_grid(document, grid), layers=(alone,), frame=IDENTITY)


def _in_grid(document: Document, grid: LayerGrid, way: Place = IDENTITY) -> Document:
    """A document whose picture is what lies under the pixels of a layer, or a ``way`` from there in
    the picture.
    """
    frame = tidy(document.frame.after(way.after(grid.place)))
    return replace(
        document,
        width=grid.width,
        height=grid.height,
        frame=frame,
        selection=None,
        guides=(),
        saved=(),
    )
