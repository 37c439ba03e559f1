"""Placed picture: another picture laid on a document as a layer, and a part of one as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from safelight.api import Region
from safelight.document import geometry
from safelight.document.commands.command import EditError
from safelight.document.commands.selections import alone
from safelight.document.contents.content import Group, Synthetic
from safelight.document.document import Document, Metadata
from safelight.document.edits import add_layer, copied
from safelight.document.layer import Layer
from safelight.document.placement import Place
from safelight.document.rendered.live import Live
from safelight.document.rendered.whole_picture import whole
from safelight.pixels import Profile, Raster, converted, from_float, to_float


def with_picture(
    document: Document,
    picture: Document,
    *,
    above: str,
    middle: tuple[float, float] | None = None,
    fits: bool = True,
    live: Live | None = None,
) -> Document:
    """The document with all that another one shows as a layer above the one with an id.

    Its colours stay, in the document's profile and depth. Its middle lies at ``middle``, in pixels
    of the document's picture; None: in the middle of that. Where it is larger than the picture and
    ``fits``, it is shown smaller, all of it, and keeps its pixels; else pixel lies on pixel.
    """
    pixels = in_colours_of(whole(picture, live), picture.profile, document)
    width, height = pixels.width, pixels.height
    scale = min(document.width / width, document.height / height, 1.0) if fits else 1.0
    x, y = middle or (document.width / 2, document.height / 2)
    left, top = x - scale * width / 2, y - scale * height / 2
    if scale == 1.0:
        left, top = round(left), round(top)
    place = document.frame.after(Place.offset(left, top).after(Place.scaled(scale, scale)))
    synthetic: Synthetic = picture.synthetic
    layer = Layer(picture.name, pixels, place=place.on_pixels(), synthetic=synthetic)
    return add_layer(layer, above).apply(document)


def with_layers_of(
    document: Document, source: Document, layers: Sequence[Layer], *, above: str
) -> Document:
    """The document with copies of layers of another one above the one with an id: where they lie in
    that one's picture, with masks, effects and settings, their colours in the document's profile
    and depth. What filters have kept is computed anew.
    """
    way = document.frame.after(source.frame.inverse)

    def moved(layer: Layer) -> Layer:
        content = layer.content
        if layer.filter is not None:
            content = replace(layer.filter, kept=None) if not layer.filter.generates else content
        content = layer.kind.changed(
            content, lambda raster: in_colours_of(raster, source.profile, document)
        )
        content = layer.kind.with_layers(content, tuple(moved(item) for item in layer.layers))
        return replace(
            layer,
            content=content,
            place=way.after(layer.place),
            mask_place=way.after(layer.mask_place),
            developed=None,
        )

    for layer in layers:
        copy = copied(moved(layer), layer.name)
        document = add_layer(copy, above).apply(document)
        above = copy.id
    return document


def in_colours_of(raster: Raster, profile: Profile, document: Document) -> Raster:
    """A raster in ``profile`` in the profile and the depth of a document."""
    if profile == document.profile and raster.depth == document.depth:
        return raster

    def change(tile: NDArray[np.generic]) -> NDArray[np.generic]:
        pixels = to_float(tile)
        if profile != document.profile:
            pixels = converted(pixels, profile, document.profile)
        return from_float(pixels, document.depth)

    return raster.mapped(change, document.depth)


def part(document: Document, layer: Layer | None) -> Document:
    """What is selected of a layer's pixels, or of the picture where ``layer`` is None, as a picture
    of its own: as large as what is selected, or where nothing is as what there is in view.

    Raises EditError for a layer without pixels, and where nothing is there.
    """
    shown = document if layer is None else alone(document, layer)
    if layer is not None and layer.mask is not None:
        shown = shown.with_layer(
            replace(
                shown.layers[0],
                mask=layer.mask,
                mask_place=layer.mask_place,
                mask_beyond=layer.mask_beyond,
            )
        )
    box: Region | None = document.region
    selection = document.picture.selection
    if selection is not None:
        box = selection.bounds()
        held = Layer(
            "Selected",
            Group(shown.layers),
            mask=document.selection,
            mask_place=document.selection_place,
            mask_beyond=document.selection_beyond,
        )
        shown = replace(shown, layers=(held,), selection=None)
    if layer is not None and box is not None:
        own = geometry.box_of(document, layer)
        box = None if own is None else own.intersect(box)
    if box is None or box.empty:
        what = "the picture" if layer is None else layer.name
        raise EditError(f"there is nothing of {what} to copy there")
    made = geometry.crop(shown, box)
    return replace(made, metadata=Metadata(dpi=document.metadata.dpi))


def with_effects_drawn(document: Document, live: Live | None = None) -> tuple[Document, list[str]]:
    """The document with the layers that have effects as pixel layers that look as they did over
    nothing, and those layers' names.
    """
    names = [layer.name for layer in document.walk() if layer.effects]
    while found := next((layer for layer in document.walk() if layer.effects), None):
        bare = replace(found, opacity=1.0, mode="normal", visible=True, clipped=False)
        shown = replace(document, layers=(bare,), selection=None)
        drawn = replace(
            found,
            content=whole(shown, live),
            place=document.frame,
            mask=None,
            developed=None,
            effects=(),
        )
        document = document.with_layer(drawn)
    return document, names
