"""Frame edits: which part of the plane is the picture, and how large: cropped, turned, resized."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Annotated, Literal, TypeAlias

import numpy as np

from safelight.api import Box, Number, Region
from safelight.document import geometry, guides, upright
from safelight.document.commands.command import Edit, EditError, Entry, allowed, command
from safelight.document.contents.content import FEATHER, GROW, LiveFilter
from safelight.document.document import Document
from safelight.document.edits.conditions import any_layer, reveals, selects
from safelight.document.edits.one_layer import Layers, rendering_edit, several, unlocked
from safelight.document.edits.selected_pixels import selected_mask
from safelight.document.layer import Layer
from safelight.document.placement import Place
from safelight.document.rendered.live import Live
from safelight.pixels import Method, Raster, from_float, to_float

_Side: TypeAlias = Annotated[
    float, Number(0, geometry.LONGEST_SIDE, lowest="As the other side asks for")
]


Unit: TypeAlias = Literal["px", "percent", "cm", "in"]
"""What a side of a picture is stated in."""


Dots: TypeAlias = Annotated[
    float,
    Number(0, 100_000, unit="dpi", lowest="As the picture has it"),
    "Dots per inch of a print",
]


_Lengths: TypeAlias = Callable[[LiveFilter], LiveFilter]
"""Gives a filter with its lengths scaled."""


_Way: TypeAlias = Annotated[
    int, Number(-geometry.LONGEST_SIDE, geometry.LONGEST_SIDE, slider=(-500, 500), unit="px")
]


def enlarge(
    rasters: Mapping[str, Raster],
    scale: int,
    label: str = "Enlarge",
    lengths: _Lengths | None = None,
) -> Edit:
    """Make the document ``scale`` times as wide and high, and keep its layers.

    ``rasters`` holds the new pixels of every pixel layer by its id: those of the picture, because
    who crops before enlarging wants no others computed. What the frame hides is gone from the
    result, and there again once the edit is undone. Masks and the selection are
    enlarged (bicubic), and so are results that filter layers have kept: they show until they are
    computed anew. ``lengths`` gives a filter with its lengths scaled.
    """

    def apply(document: Document) -> Document:
        document = geometry.settled(document)

        def grown(layer: Layer) -> Layer:
            mask = layer.mask if layer.mask is None else _resized(layer.mask, scale)
            content = layer.content
            if layer.filter is not None:
                content = _grown_filter(layer.filter, scale, lengths)
            elif layer.id in rasters:
                content = rasters[layer.id]
            elif layer.holds_pixels:
                raise EditError(f"there are no enlarged pixels of {layer.name}")
            inside = tuple(grown(item) for item in layer.layers)
            content = layer.kind.with_layers(content, inside)
            larger = Place.scaled(scale, scale)
            place = larger.after(layer.place) if layer.kind.drawn else layer.place
            return replace(layer, content=content, mask=mask, place=place)

        selection = document.selection
        return replace(
            document,
            width=document.width * scale,
            height=document.height * scale,
            layers=tuple(grown(layer) for layer in document.layers),
            selection=None if selection is None else _resized(selection, scale),
            guides=guides.carried(document.guides, Place.scaled(scale, scale)),
            saved=tuple(item.carried(Place.scaled(scale, scale)) for item in document.saved),
        )

    return rendering_edit(label, lambda document, _: apply(document))


@command(
    "&Flip",
    menu="Image",
    entries=(
        Entry("Flip &horizontally", {"axis": "horizontal"}),
        Entry("Flip &vertically", {"axis": "vertical"}),
    ),
    words=lambda given: f"Flip {given['axis']}ly",
)
def flip(document: Document, *, axis: Literal["horizontal", "vertical"] = "horizontal") -> Document:
    """Mirror the picture, left to right or top to bottom; every pixel keeps its value."""
    return geometry.flip(document, axis)


@command(
    "&Turn",
    menu="Image",
    entries=(
        Entry("Turn &right", {"angle": 90}, "Ctrl+]"),
        Entry("Turn &left", {"angle": 270}, "Ctrl+["),
        Entry("Turn &upside down", {"angle": 180}),
    ),
    words=lambda given: {90: "Turn right", 180: "Turn upside down", 270: "Turn left"}[
        int(str(given["angle"]))
    ],
)
def turn(document: Document, *, angle: Literal[90, 180, 270] = 90) -> Document:
    """Turn the picture clockwise by right angles; every pixel keeps its value."""
    return geometry.turn(document, angle)


@command(
    "&Crop to selection", id="crop", menu="Image", section=1, when=selects, words=lambda _: "Crop"
)
def crop(
    document: Document,
    *,
    box: Annotated[Box, "In pixels of the picture; nothing for what is selected"] = (),
    angle: Annotated[
        float, Number(-180, 180, unit="°"), "Turns the picture clockwise about the box's middle"
    ] = 0.0,
) -> Document:
    """Show a part of the picture alone, turned by an angle; what lies beside it is kept, and a
    later crop or Reveal all shows it again.
    """
    selection = selected_mask(document)
    chosen = Region(*box) if box else selection and selection.bounds()
    if not chosen:
        raise EditError("there is neither a box nor a selection to crop to")
    geometry.check_box(document, chosen, angle)
    return geometry.crop(document, chosen, angle)


@command("Resi&ze", menu="Image", section=2, shortcut="Ctrl+Alt+I", asks=True)
def resize(
    document: Document,
    *,
    width: _Side = 0,
    height: _Side = 0,
    unit: Annotated[Unit, "What the sides are stated in"] = "px",
    dpi: Dots = 0,
    linear: Annotated[bool, "Pixels are averaged in linear light"] = False,
    method: Annotated[
        Method,
        "Lanczos is the sharpest; Mitchell and bicubic ring less; nearest keeps pixel art as it is",
    ] = "lanczos",
    live: Live | None = None,
) -> Document:
    """Make the picture of another number of pixels; of one side stated the other
    follows, and lengths of filters and masks follow both. What a crop has hidden goes. Dots per
    inch alone change the size of a print, and no pixel.
    """
    if not (width or height or dpi):
        raise EditError("state a width or a height")
    dots = dots_of(document, dpi)
    if dpi:
        document = replace(document, metadata=replace(document.metadata, dpi=(dpi, dpi)))
    if not (width or height):
        return document
    return _resized_to(
        document, *sides_of(document, width, height, unit, dots), linear, method, live
    )


def dots_of(document: Document, dpi: float = 0) -> float:
    """Dots per inch of a print: those stated, or as the picture has them; 0 where it has none."""
    return dpi or (document.metadata.dpi or (0.0, 0.0))[0]


def sides_of(
    document: Document, width: float, height: float, unit: str, dots: float
) -> tuple[int, int]:
    """The sides in pixels that a resize to such a size gives: of one that is 0, the other one's
    shape. Raises ValueError, for people, for a size that no picture has.
    """
    wide = geometry.pixels_of(width, unit, document.width, dots)
    high = geometry.pixels_of(height, unit, document.height, dots)
    wide = wide if width else max(round(document.width * high / document.height), 1)
    high = high if height else max(round(document.height * wide / document.width), 1)
    geometry.check_size(wide, high)
    return wide, high


def _resized_to(
    document: Document, width: int, height: int, linear: bool, method: Method, live: Live | None
) -> Document:
    light = linear or document.linear
    resized = geometry.resize(document, width, height, linear=light, method=method)
    if resized is document:
        return document
    factor = math.sqrt(width * height / (document.width * document.height))
    lengths = None if live is None else lambda filter: live.scaled(filter, factor)
    longer = tuple(_longer(layer, factor, lengths) for layer in resized.layers)
    return replace(resized, layers=longer)


@command(
    "Resample in l&inear light",
    id="linear_light",
    menu="Image",
    section=2,
    marked=lambda document, layer: document.linear,
    words=lambda given: "Resample in linear light" if given["linear"] else "Resample as encoded",
)
def set_linear_light(document: Document, *, linear: bool = True) -> Document:
    """Average light instead of encoded values wherever the picture is straightened, resized, seen
    in perspective or moved by parts of a pixel.
    """
    return geometry.in_linear_light(document, linear)


@command("&Straighten", menu="Image", section=1, asks=True)
def straighten(
    document: Document,
    *,
    angle: Annotated[
        float,
        Number(-45, 45, slider=(-10, 10), step=0.1, unit="°"),
        "Degrees, clockwise, by which the picture is turned",
    ] = 0.0,
) -> Document:
    """Turn the picture by a small angle, and show the largest part of it without empty corners;
    what lies beside that is kept.
    """
    return geometry.straighten(document, angle)


_Keystone: TypeAlias = Annotated[
    float, Number(-upright.MOST_KEYSTONE, upright.MOST_KEYSTONE, slider=(-30, 30), unit="%")
]


@command("&Perspective", menu="Image", section=1, asks=True)
def perspective(
    document: Document,
    *,
    vertical: Annotated[_Keystone, "Widens the upper edge; the lower one where negative"] = 0.0,
    horizontal: Annotated[_Keystone, "Widens the left edge; the right one where negative"] = 0.0,
) -> Document:
    """Show the picture as if the camera had been held level, so that falling lines stand; what lies
    beside that is kept.
    """
    return allowed(upright.upright, document, vertical, horizontal)


@command("Reveal &all", menu="Image", section=1, when=reveals)
def reveal_all(document: Document) -> Document:
    """Show all that layers hold beyond the picture: what crops and moves have hidden."""
    return geometry.reveal_all(document)


@command(
    "Mo&ve layer by",
    menu="Layer",
    submenu="&Arrange",
    section=4,
    asks=True,
    when=any_layer,
    words=lambda _: "Move",
)
def move_pixels(
    document: Document, *, layer: str = "", x: _Way = 0, y: _Way = 0, also: Layers = ""
) -> Document:
    """Move a layer's pixels and mask, of a group those of all in it, by pixels of the picture, and
    those of others as far.
    """
    for item in several(document, layer, also):
        moved = unlocked(document, item.id)
        if moved.filter is not None and moved.mask is None:
            raise EditError(f"{moved.name} works on everything: it has no mask that could be moved")
        if x or y:
            document = geometry.moved(document, moved, Place.offset(x, y))
    return document


def drag_pixels(
    before: Document, layer_id: str, x: int, y: int, token: str, also: str = ""
) -> Edit:
    """Move a layer, and others beside it, by pixels from where they were ``before``, wherever they
    have come to since: the edits of one drag are one step, which knows the whole way.
    """
    settings = {"layer": layer_id, "x": x, "y": y} | ({"also": also} if also else {})

    def apply(document: Document) -> Document:
        there = document
        for item in several(before, layer_id, also):
            there = there.with_layer(item)
        return allowed(move_pixels.function, there, **settings)

    return replace(move_pixels(**settings, token=token), apply=apply)


def _longer(layer: Layer, factor: float, lengths: _Lengths | None) -> Layer:
    """A layer whose filters, and those inside it, have lengths ``factor`` times as long."""
    content = layer.content
    if layer.filter is not None:
        content = _scaled_filter(layer.filter, factor, lengths)
    inside = tuple(_longer(item, factor, lengths) for item in layer.layers)
    return replace(layer, content=layer.kind.with_layers(content, inside))


def _scaled_filter(filter: LiveFilter, factor: float, lengths: _Lengths | None) -> LiveFilter:
    return replace(
        lengths(filter) if lengths else filter,
        grow=min(max(filter.grow * factor, GROW[0]), GROW[1]),
        feather=min(filter.feather * factor, FEATHER[1]),
    )


def _grown_filter(filter: LiveFilter, scale: int, lengths: _Lengths | None) -> LiveFilter:
    kept = filter.kept
    if kept is not None:
        kept = replace(kept, raster=_resized(kept.raster, scale), key="")
    return replace(_scaled_filter(filter, scale, lengths), kept=kept)


def _resized(raster: Raster, scale: int) -> Raster:
    """A raster ``scale`` times as wide and high (bicubic), channel by channel."""
    from PIL import Image as PillowImage

    size = raster.width * scale, raster.height * scale
    pixels = to_float(raster.to_array())
    large = np.empty((size[1], size[0], raster.channels), raster.depth)
    for channel in range(raster.channels):
        plane = PillowImage.fromarray(np.ascontiguousarray(pixels[..., channel]))
        plane = plane.resize(size, PillowImage.Resampling.BICUBIC)
        large[..., channel] = from_float(np.asarray(plane, np.float32), raster.depth)
    return Raster.from_array(large)
