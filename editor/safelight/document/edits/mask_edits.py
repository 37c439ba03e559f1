"""Mask edits: masks of layers, made, inverted, painted on, taken away."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Annotated, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from safelight.api import Fraction, Region
from safelight.document.commands.command import Edit, EditError, Settings, allowed, command
from safelight.document.document import Document
from safelight.document.edits.conditions import has_mask, lacks_mask, selects_for_layer
from safelight.document.edits.one_layer import unlocked
from safelight.document.edits.selected_pixels import (
    How,
    inverted_mask,
    is_empty,
    select_shape,
    selected_mask,
    with_mask,
    with_selection,
)
from safelight.document.placement import Place
from safelight.document.strokes.stroke import Flow, Points, Radius, Spacing, Stroke, painted
from safelight.pixels import WHITE, Raster, to_float

Opacity: TypeAlias = Annotated[Fraction, "How white, or erasing how black, a stroke makes the mask"]


def set_mask(layer_id: str, mask: Raster | None, label: str = "Mask") -> Edit:
    """Give a layer a mask (one channel, the document's size), or take it away."""
    if mask is None:
        return remove_mask(layer=layer_id)

    def apply(document: Document) -> Document:
        layer = unlocked(document, layer_id)
        return allowed(lambda: document.with_layer(with_mask(layer, document, mask)))

    return Edit(label, apply)


@command(
    "Add mas&k",
    menu="Layer",
    submenu="Mas&k",
    section=3,
    context=True,
    when=lacks_mask,
    button="mask",
)
def add_mask(document: Document, *, layer: str = "") -> Document:
    """Give a layer a mask: what is selected, or a white one, which hides nothing."""
    found = unlocked(document, layer)
    if document.selection is not None:
        return document.with_layer(with_selection(found, document))
    white = Raster.filled(document.width, document.height, (255,), "uint8")
    return document.with_layer(replace(with_mask(found, document, white), mask_beyond=1))


@command("&Invert mask", menu="Layer", submenu="Mas&k", section=3, context=True, when=has_mask)
def invert_mask(document: Document, *, layer: str = "") -> Document:
    """Show what a layer's mask hides, and the other way round."""
    found = unlocked(document, layer)
    if found.mask is None:
        raise EditError(f"{found.name} has no mask")
    changed = replace(found, mask=inverted_mask(found.mask), mask_beyond=1 - found.mask_beyond)
    return document.with_layer(changed)


@command(
    "&Remove mask",
    menu="Layer",
    submenu="Mas&k",
    section=3,
    context=True,
    when=has_mask,
    button="mask",
)
def remove_mask(document: Document, *, layer: str = "") -> Document:
    """Take a layer's mask away."""
    return document.with_layer(replace(unlocked(document, layer), mask=None))


@command(
    "M&ask from selection",
    menu="Layer",
    submenu="Mas&k",
    section=3,
    context=True,
    when=selects_for_layer,
)
def mask_from_selection(document: Document, *, layer: str = "", how: How = "replace") -> Document:
    """Make the selection a layer's mask; or add it to the mask, subtract it, or keep what lies in
    both.
    """
    if document.selection is None:
        raise EditError("nothing is selected")
    found = unlocked(document, layer)
    if how == "replace" or found.mask is None:
        if how in ("subtract", "intersect"):
            raise EditError(f"{found.name} has no mask to take anything away from")
        return document.with_layer(with_selection(found, document))
    masked = replace(
        document,
        selection=found.mask,
        selection_place=found.mask_place,
        selection_beyond=found.mask_beyond,
    )
    chosen = selected_mask(document)
    assert chosen is not None

    def covered(part: Region) -> NDArray[np.float32]:
        return to_float(chosen.read(part))[..., 0]

    made = select_shape(masked, document.region, how, covered)
    mask = made.selection or Raster.filled(document.width, document.height, (0,), "uint8")
    return document.with_layer(with_mask(found, document, mask))


@command(
    "Selection from mask", menu="Layer", submenu="Mas&k", section=3, context=True, when=has_mask
)
def selection_from_mask(document: Document, *, layer: str = "") -> Document:
    """Select what a layer's mask shows."""
    found = document.layer(layer)
    if found.mask is None:
        raise EditError(f"{found.name} has no mask")
    return replace(
        document,
        selection=found.mask,
        selection_place=found.mask_place,
        selection_beyond=found.mask_beyond,
    )


def paint_mask(
    layer_id: str | None, stroke: Stroke, token: str | None = None, path: str = ""
) -> Edit:
    """Paint on a layer's mask, or erase from it; None = on the selection (``paint``).

    Where the stroke is one piece of what a hand does, ``path`` is all of that so far, written down
    (``Stroke.written``): the record is of the whole.
    """
    given = {
        "points": path or stroke.written,
        "radius": stroke.radius,
        "hardness": stroke.hardness,
        "erase": stroke.erase,
        "opacity": stroke.opacity,
        "flow": stroke.flow,
        "spacing": stroke.spacing,
    }
    made = (
        paint_selection(**given, token=token)
        if layer_id is None
        else paint_layer(layer=layer_id, **given, token=token)
    )
    # The hand's own numbers, not those that are written down, which are rounded.
    return replace(made, apply=lambda document: with_stroke(document, layer_id, stroke))


def _stroke_words(given: Settings) -> str:
    return "Eraser" if given["erase"] else "Brush"


@command("Paint selection", words=_stroke_words)
def paint_selection(
    document: Document,
    *,
    points: Points = "",
    radius: Radius = 20.0,
    hardness: Fraction = 1.0,
    erase: bool = False,
    opacity: Opacity = 1.0,
    flow: Flow = 1.0,
    spacing: Spacing = 0.0,
) -> Document:
    """Paint what is selected with a round brush, or erase from it."""
    how = {"erase": erase, "opacity": opacity, "flow": flow, "spacing": spacing}
    return with_stroke(document, None, stroke_of(points, radius, hardness, **how))


@command("Paint mask", words=_stroke_words)
def paint_layer(
    document: Document,
    *,
    layer: str = "",
    points: Points = "",
    radius: Radius = 20.0,
    hardness: Fraction = 1.0,
    erase: bool = False,
    opacity: Opacity = 1.0,
    flow: Flow = 1.0,
    spacing: Spacing = 0.0,
) -> Document:
    """Paint on a layer's mask with a round brush, or erase from it."""
    how = {"erase": erase, "opacity": opacity, "flow": flow, "spacing": spacing}
    return with_stroke(document, layer, stroke_of(points, radius, hardness, **how))


def stroke_of(points: str, radius: float, hardness: float, **how: Any) -> Stroke:
    """A stroke as a recipe writes it down, and ``how`` it is painted otherwise than usual. Raises
    EditError for text that is none.
    """
    try:
        path = [tuple(float(number) for number in point.split(",")) for point in points.split(";")]
        if not all(len(point) in (3, 4) for point in path):
            raise ValueError(points)
    except ValueError:
        raise EditError("a stroke's points are x,y,width;x,y,width") from None
    try:
        return Stroke(tuple(path), radius, hardness, **how)
    except ValueError as error:
        raise EditError(str(error)) from None


def with_stroke(document: Document, layer_id: str | None, stroke: Stroke) -> Document:
    """Where there is no mask yet, and where nothing is selected, painting begins with nothing;
    erasing begins with all of a layer, and of nothing that is selected it changes nothing. A
    selection of which nothing is left is None; a mask stays.
    """
    layer = None if layer_id is None else unlocked(document, layer_id)
    before = document.selection if layer is None else layer.mask
    if before is None and layer is None and stroke.erase:
        return document
    place, beyond = document.frame, int(before is None and stroke.erase)
    start = before or Raster.filled(document.width, document.height, (255 * beyond,), "uint8")
    if layer is not None and before is not None:
        place, beyond = layer.mask_place, layer.mask_beyond
    elif before is not None:
        place, beyond = document.selection_place, document.selection_beyond
    moved = stroke
    if not document.looked_at.fits(start, place):
        start, place, moved = _reached(start, place, beyond, stroke, document)
    after = painted(start, moved)
    if after is start:
        return document
    if layer is not None:
        layer = replace(layer, mask=after, mask_place=place, mask_beyond=beyond)
        return document.with_layer(layer)
    inside = moved.region.intersect(after.region)
    emptied = stroke.erase and not beyond and is_empty(after, inside)
    return replace(
        document,
        selection=None if emptied else after,
        selection_place=place,
        selection_beyond=beyond,
    )


def _reached(
    mask: Raster, place: Place, beyond: int, stroke: Stroke, document: Document
) -> tuple[Raster, Place, Stroke]:
    """A mask that is large enough for a stroke on the picture, its place, and the stroke on it."""
    through = place.inverse.after(document.frame)
    points = tuple((*through.at(x, y), *how) for x, y, *how in stroke.points)
    sizes = {name: getattr(stroke, name) * through.scale for name in ("radius", "ahead")}
    moved = replace(stroke, points=points, **sizes)
    corners = through.corners(document.width, document.height)
    left, top = (math.floor(min(corner[k] for corner in corners)) for k in (0, 1))
    right, bottom = (math.ceil(max(corner[k] for corner in corners)) for k in (0, 1))
    wanted = moved.region.intersect(Region(left, top, right - left, bottom - top))
    if wanted.empty or wanted.intersect(mask.region) == wanted:
        return mask, place, moved
    x, y = min(wanted.x, 0), min(wanted.y, 0)
    width = max(wanted.right, mask.width) - x
    height = max(wanted.bottom, mask.height) - y
    outside = WHITE[mask.depth] if beyond else 0
    grown = Raster.filled(width, height, (outside,), mask.depth)
    grown = grown.replaced(mask.region.move(-x, -y), mask.to_array()).condensed()
    points = tuple((u - x, v - y, *how) for u, v, *how in points)
    return grown, place.after(Place.offset(x, y)), replace(moved, points=points)
