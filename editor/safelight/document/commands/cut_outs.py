"""Cut-outs: the commands that find a subject by strokes, and its hair along an edge."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, TypeAlias

import numpy as np
from numpy.typing import NDArray

from safelight.api import Fraction, Number, Region
from safelight.document.commands.command import EditError, command
from safelight.document.commands.selections import alone, points_of
from safelight.document.document import Document
from safelight.document.edits import How, how_words, select, select_shape, selected_mask, selects
from safelight.document.layer import Layer, _new_id
from safelight.document.rendered.live import Live
from safelight.document.rendered.render import render_srgb
from safelight.document.rendered.whole_picture import whole
from safelight.pixels import Raster, RasterBuilder, cutout, from_float, matte, to_float

_CELL = 1024
"""Pixels a side of what is looked at at full size at a time."""

_EDGE_CELL = 256
"""Pixels a side of what is looked at for a subject's edge: smaller, since most cells have none."""

_EDGE = 2.5
"""Pixels of the small picture on either side of its edge where the edge at full size may lie."""

_Strokes: TypeAlias = Annotated[str, "x,y;x,y|x,y;x,y: strokes in pixels of the picture"]


@command("Select subject", words=how_words)
def select_subject(
    document: Document,
    *,
    inside: _Strokes = "",
    outside: _Strokes = "",
    size: Annotated[float, Number(0.01, unit="px"), "The strokes' width"] = 20.0,
    how: How = "replace",
    live: Live | None = None,
) -> Document:
    """Select the subject that strokes go over, told from what other strokes go over, with the edge
    that the picture has; or add, subtract or intersect it.
    """
    mine, others = (_strokes(text) for text in (inside, outside))
    if not mine:
        raise EditError("there is no stroke over what is to be selected")
    level = 0
    while (document.width >> (level + 1)) * (document.height >> (level + 1)) >= cutout.MOST:
        level += 1
    seen = Region(0, 0, -(-document.width >> level), -(-document.height >> level), level)
    picture = np.clip(render_srgb(document, seen, live)[..., :3], 0, 1)
    small = cutout.reduced(from_float(picture, "uint8"))
    height, width = small.shape[:2]
    scale = width / document.width, height / document.height
    marks = [cutout.drawn((width, height), some, scale, size) for some in (mine, others)]
    if not marks[0].any():
        raise EditError("no stroke goes over the picture")
    chosen = cutout.decided(small, *marks)
    radius = math.ceil(_EDGE / min(scale))
    large = cutout.enlarged(chosen, (document.width, document.height))

    def covered(part: Region) -> NDArray[np.float32]:
        found = np.empty((part.height, part.width), np.float32)
        for cell in _cells(part, _EDGE_CELL):
            at = cell.move(-part.x, -part.y)
            wide = cell.grow(2 * radius, document.region)
            mask = large[wide.rows(), wide.columns()]
            if mask.min() == mask.max():
                found[at.rows(), at.columns()] = mask[0, 0] / 255
                continue
            guide = np.clip(render_srgb(document, wide, live)[..., :3], 0, 1)
            edge = cutout.edged(guide, to_float(mask), radius)
            own = cell.move(-wide.x, -wide.y)
            found[at.rows(), at.columns()] = edge[own.rows(), own.columns()]
        return found

    return select_shape(document, document.region, how, covered)


@command("&Refine edge", menu="Select", section=2, asks=True, tries=True, when=selects)
def refine_edge(
    document: Document,
    *,
    layer: str = "",
    radius: Annotated[
        int, Number(1, 100, unit="px"), "How far from the edge hair is looked for"
    ] = 12,
    smooth: Annotated[Fraction, "Rounds the outline off before hair is looked for"] = 0.0,
    contrast: Annotated[Fraction, "Makes the edge steeper"] = 0.0,
    shift: Annotated[
        float, Number(-1, 1), "Moves the edge outwards, or inwards where negative"
    ] = 0.0,
    decontaminate: Annotated[
        bool,
        "A copy of the layer, cut out, without the background's colour in its rim, takes its place",
    ] = False,
    live: Live | None = None,
) -> Document:
    """Find hair, fur and soft edges along the edge of what is selected, from the colours on both
    sides of it.
    """
    before = selected_mask(document)
    if before is None:
        raise EditError("nothing is selected")
    found = document.layer(layer)
    looked_at = replace(document, selection=None)
    if decontaminate:
        looked_at = alone(document, found)
    ask = matte.Edge(radius, smooth, contrast, shift)
    mask = RasterBuilder(document.width, document.height, 1, "uint8")
    pixels = whole(looked_at, live) if decontaminate else None
    for cell in _cells(document.region):
        wide = cell.grow(ask.reach, document.region)
        own = cell.move(-wide.x, -wide.y)
        around = to_float(before.read(wide))[..., 0]
        if around.min() == around.max():
            mask.write(cell, from_float(around[own.rows(), own.columns(), None], "uint8"))
            continue
        guide = np.clip(render_srgb(looked_at, wide, live)[..., :3], 0, 1)
        made = matte.refined(guide, around, ask)
        alpha = made.alpha[own.rows(), own.columns()]
        mask.write(cell, from_float(alpha[..., None], "uint8"))
        if pixels is not None:
            colours = matte.clean(guide, made)[own.rows(), own.columns()]
            pixels = _recoloured(document, pixels, cell, colours, alpha)
    chosen = mask.finish().condensed()
    refined = select(chosen).apply(document)
    if pixels is None:
        return refined
    return _cut_out(refined, found, pixels, chosen)


def _recoloured(
    document: Document,
    pixels: Raster,
    cell: Region,
    colours: NDArray[np.float32],
    alpha: NDArray[np.float32],
) -> Raster:
    """A raster with other colours (sRGB-encoded) at a cell, where alpha is neither 0 nor 1."""
    there = pixels.read(cell).copy()
    rim = (alpha > 0) & (alpha < 1)
    new = from_float(document.profile.from_srgb(colours), pixels.depth)
    there[..., :3][rim] = new[rim]
    return pixels.replaced(cell, there)


def _cut_out(document: Document, layer: Layer, pixels: Raster, mask: Raster) -> Document:
    """The document with a layer of some pixels and a mask above one that is hidden now."""
    above = replace(
        layer,
        name=f"{layer.name} cut out",
        id=_new_id(),
        content=pixels,
        place=document.frame,
        mask=mask,
        mask_place=document.frame,
        mask_beyond=0,
        locked=False,
    )
    return document.substitute(layer.id, (replace(layer, visible=False), above))


def _strokes(text: str) -> list[NDArray[np.float64]]:
    """The points of each stroke. Raises EditError."""
    return [points_of(stroke, least=1) for stroke in text.split("|")] if text else []


def _cells(region: Region, side: int = _CELL) -> Iterator[Region]:
    for y in range(region.y, region.bottom, side):
        for x in range(region.x, region.right, side):
            yield Region(x, y, side, side).intersect(region)
