"""Reshape commands: they give the picture another shape or size, or a layer another place."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from safelight.api import Box, HexColour, Number, Region
from safelight.document import geometry
from safelight.document.commands.command import EditError, command
from safelight.document.contents.content import Fill
from safelight.document.document import Document
from safelight.document.edits import Dots, Unit, dots_of, selected_mask, selects, unlocked
from safelight.document.layer import Layer
from safelight.document.placement import Place
from safelight.document.rendered.live import Live
from safelight.document.rendered.whole_picture import whole
from safelight.document.upright import rectified, rectified_whole
from safelight.pixels import Raster, RasterBuilder, from_float, to_float

Anchor: TypeAlias = Literal[
    "top_left",
    "top",
    "top_right",
    "left",
    "centre",
    "right",
    "bottom_left",
    "bottom",
    "bottom_right",
]
"""Where the picture stays when there is more or less room around it."""

_SHARES = dict(
    zip(get_args(Anchor), ((x / 2, y / 2) for y in range(3) for x in range(3)), strict=True)
)
"""How much of the room that is added comes at the left and at the top."""

_Room: TypeAlias = Annotated[
    float, Number(-geometry.LONGEST_SIDE, geometry.LONGEST_SIDE), "0: as it is"
]
_Way: TypeAlias = Annotated[
    float, Number(-geometry.LONGEST_SIDE, geometry.LONGEST_SIDE, step=0.1, unit="px")
]
_Share: TypeAlias = Annotated[
    float, Number(-1e9, 1e9, step=0.1, unit="%"), "Mirrored where negative"
]
_Turn: TypeAlias = Annotated[float, Number(-360, 360, step=0.1, unit="°"), "Clockwise"]

_BAND = 512
"""Rows that are looked at, or computed, at a time."""


@command("Ca&nvas size", menu="Image", section=2, shortcut="Ctrl+Alt+C", asks=True)
def canvas_size(
    document: Document,
    *,
    width: _Room = 0,
    height: _Room = 0,
    unit: Unit = "px",
    relative: Annotated[bool, "The sides are what is added, or taken where negative"] = False,
    anchor: Anchor = "centre",
    fill: Annotated[Literal["transparent", "colour"], "What is there around the picture"] = (
        "transparent"
    ),
    colour: HexColour = "#ffffff",
    dpi: Dots = 0,
) -> Document:
    """Give the picture more room, or less; its pixels stay as large as they are. What a smaller
    canvas hides is kept, and Crop or Reveal all shows it again.
    """
    wide, high = canvas_sides(document, width, height, unit, relative, dots_of(document, dpi))
    if (wide, high) == (document.width, document.height):
        return document
    across, down = _SHARES[anchor]
    left, top = round((document.width - wide) * across), round((document.height - high) * down)
    made = geometry.framed(document, wide, high, Place.offset(left, top))
    larger = wide > document.width or high > document.height
    return _mounted(document, made, colour) if fill == "colour" and larger else made


def canvas_sides(
    document: Document, width: float, height: float, unit: str, relative: bool, dots: float
) -> tuple[int, int]:
    """The sides in pixels of a canvas that is stated so. Raises EditError for one of nothing."""
    stated = (width, document.width), (height, document.height)
    wide, high = (
        geometry.pixels_of(asked, unit, side, dots) + (side if relative else 0) if asked else side
        for asked, side in stated
    )
    if min(wide, high) < 1:
        raise EditError(f"a canvas of {wide} x {high} pixels holds nothing")
    return wide, high


def _mounted(picture: Document, wider: Document, colour: str) -> Document:
    """A document with one colour all around where the picture was: a layer above all others."""
    hole = Raster.filled(picture.width, picture.height, (0,), "uint8")
    mat = Layer("Canvas", Fill(colour), mask=hole, mask_place=picture.frame, mask_beyond=1)
    return replace(wider, layers=(*wider.layers, mat))


@command("&Trim", menu="Image", section=1, asks=True)
def trim(
    document: Document,
    *,
    edge: Annotated[
        Literal["automatic", "transparent", "top_left", "bottom_right"],
        "What is cut off: what is transparent, or has the colour of that corner",
    ] = "automatic",
    tolerance: Annotated[
        float, Number(0, 100, slider=(0, 20), step=0.5, unit="%"), "How far a colour may be off"
    ] = 4.0,
    live: Live | None = None,
) -> Document:
    """Cut off an edge of one colour, or a transparent one, on all sides; what is cut off is kept.

    Automatically it is what is transparent, where the corner at the top left is, else that corner's
    colour.
    """
    pixels = whole(document, live)
    inside = _inside(pixels, edge, tolerance / 100)
    if inside is None:
        raise EditError("all of the picture is like its edge: nothing would be left of it")
    return document if inside == document.region else geometry.crop(document, inside)


def _inside(pixels: Raster, edge: str, tolerance: float) -> Region | None:
    """The smallest rectangle outside of which all is like an edge; None where everything is."""
    x, y = (pixels.width - 1, pixels.height - 1) if edge == "bottom_right" else (0, 0)
    corner = to_float(pixels.read(Region(x, y, 1, 1)))[0, 0]
    clear = pixels.channels == 4 and corner[3] <= tolerance
    by_alpha = edge == "transparent" or (edge == "automatic" and clear)
    if by_alpha and pixels.channels < 4:
        return pixels.region
    rows, columns = [], np.zeros(pixels.width, bool)
    for top in range(0, pixels.height, _BAND):
        band = Region(0, top, pixels.width, _BAND).intersect(pixels.region)
        held = to_float(pixels.read(band))
        other = held[..., 3] > tolerance if by_alpha else _differs(held, corner, tolerance)
        rows.append(other.any(axis=1))
        columns |= other.any(axis=0)
    down, across = np.flatnonzero(np.concatenate(rows)), np.flatnonzero(columns)
    if not len(down):
        return None
    size = int(across[-1] - across[0]) + 1, int(down[-1] - down[0]) + 1
    return Region(int(across[0]), int(down[0]), *size)


def _differs(held: NDArray[Any], corner: NDArray[Any], tolerance: float) -> NDArray[np.bool_]:
    """Where pixels (height, width, channels) are others than a corner's, premultiplied."""
    if held.shape[2] == 4:
        held = np.concatenate([held[..., :3] * held[..., 3:], held[..., 3:]], axis=2)
        corner = np.append(corner[:3] * corner[3], corner[3])
    off: NDArray[np.bool_] = (np.abs(held - corner) > tolerance).any(axis=2)
    return off


@command("Turn by an an&gle", id="rotate", menu="Image", section=1, asks=True)
def rotate(
    document: Document,
    *,
    angle: Annotated[float, Number(-360, 360, slider=(-180, 180), step=0.1, unit="°")] = 0.0,
    corners: Annotated[
        Literal["transparent", "colour", "cut"], "What becomes of the corners; cut: none is left"
    ] = "transparent",
    colour: HexColour = "#ffffff",
) -> Document:
    """Turn the picture clockwise by any angle, by right angles without a pixel changing. It becomes
    so large that all of it is in view, or its corners are cut off; what is cut off is kept.
    """
    turned = geometry.rotate(document, angle, grows=corners != "cut")
    if corners != "colour" or turned.frame.exact:
        return turned
    ground = Layer("Canvas", Fill(colour))
    if document.has_alpha:
        hole = Raster.filled(document.width, document.height, (0,), "uint8")
        ground = replace(ground, mask=hole, mask_place=document.frame, mask_beyond=1)
    return replace(turned, layers=(ground, *turned.layers))


@command("Perspective", id="rectify")
def rectify(
    document: Document,
    *,
    corners: Annotated[
        str, "Four of them, x,y;x,y;x,y;x,y in pixels of the picture, clockwise from the top left"
    ] = "",
    keep: Annotated[
        Literal["marked", "picture"],
        "What is shown: what lies between the corners, or as much of the picture as can be",
    ] = "marked",
    width: Annotated[
        int, Number(0, geometry.LONGEST_SIDE, unit="px", lowest="As the corners ask for")
    ] = 0,
    height: Annotated[
        int, Number(0, geometry.LONGEST_SIDE, unit="px", lowest="As the corners ask for")
    ] = 0,
) -> Document:
    """Make a rectangle of what lies between four corners, as a camera would have seen it from the
    front; what lies beside that is kept.
    """
    try:
        points = [tuple(float(at) for at in point.split(",")) for point in corners.split(";")]
        found = [(x, y) for x, y in points]
    except ValueError:
        raise EditError("corners are x,y;x,y;x,y;x,y in pixels of the picture") from None
    if keep == "picture":
        return rectified_whole(document, found)
    if bool(width) != bool(height):
        raise EditError("state both sides, or none")
    return rectified(document, found, (width, height) if width else None)


@command("Transform", id="transform")
def transform(
    document: Document,
    *,
    layer: str = "",
    box: Annotated[Box, "What it is about, in pixels of the picture; nothing: all it shows"] = (),
    x: _Way = 0.0,
    y: _Way = 0.0,
    width: _Share = 100.0,
    height: _Share = 100.0,
    angle: _Turn = 0.0,
    copy: Annotated[bool, "The layer stays, and a copy of it is transformed"] = False,
    whole_layer: Annotated[bool, "All of the layer, whatever is selected"] = False,
) -> Document:
    """Move, scale and turn a layer about the middle of what it shows, with its mask, of a group all
    in it; of pixels, where something is selected, that part alone, which becomes a layer of its
    own. Its own pixels stay as they are, and are resampled once.
    """
    found = document.layer(layer)
    lifts = document.selection is not None and found.holds_pixels and not whole_layer
    held = box_to_transform(document, found, lifts=lifts)
    about = Region(*box) if box else held
    if about.empty:
        raise EditError(f"{found.name} shows nothing that could be transformed")
    change = geometry.change_of(about, x, y, width, height, angle)
    if lifts or copy:
        document, found = lifted(document, found, lifts=lifts, copy=copy)
    made = geometry.moved(document, found, change)
    return _with_selection_moved(made, change) if lifts else made


def box_to_transform(document: Document, layer: Layer, *, lifts: bool) -> Region:
    """The smallest rectangle, in the picture's pixels, that holds what a layer shows, or where it
    ``lifts`` what of that is selected. Raises EditError for a layer that cannot be transformed.
    """
    unlocked(document, layer.id)
    if layer.filter is not None and layer.mask is None:
        raise EditError(f"{layer.name} works on everything: it has no mask to transform")
    held = geometry.box_of(document, layer)
    if lifts and held is not None:
        chosen = selected_box(document)
        held = held.intersect(chosen) if chosen is not None else None
    if held is None or held.empty:
        raise EditError(f"{layer.name} shows nothing that could be transformed")
    return held


def lifted(document: Document, layer: Layer, *, lifts: bool, copy: bool) -> tuple[Document, Layer]:
    """The document with a copy of a layer above it, and that copy: of what is selected where
    ``lifts``, which the layer itself then does not show any more unless it is to ``copy``.
    """
    if not lifts:
        above = replace(layer, id=Layer("", layer.content).id, name=f"{layer.name} copy")
        return document.substitute(layer.id, (layer, above)), above
    selection = selected_mask(document)
    assert selection is not None
    mask = layer.seen(document.looked_at).mask
    held = selection if mask is None else _product(mask, selection, inverted=False)
    shown = _product(mask, selection, inverted=True)
    above = replace(
        layer,
        name=f"{layer.name} part",
        id=Layer("", layer.content).id,
        mask=held,
        mask_place=document.frame,
        mask_beyond=0,
    )
    rest = layer
    if not copy:
        beyond = 1 if mask is None else layer.mask_beyond  # what no eye sees was not selected
        rest = replace(layer, mask=shown, mask_place=document.frame, mask_beyond=beyond)
    return document.substitute(layer.id, (rest, above)), above


def _product(mask: Raster | None, selection: Raster, *, inverted: bool) -> Raster:
    """What of a mask, or of all, is selected, or is not: uint8, as large as the selection."""

    def made(tile: NDArray[Any]) -> NDArray[Any]:
        own = to_float(tile)
        return from_float(1 - own if inverted else own, "uint8")

    if mask is None:
        return selection.mapped(made, "uint8").condensed()
    builder = RasterBuilder(selection.width, selection.height, 1, "uint8")
    for top in range(0, selection.height, _BAND):
        band = Region(0, top, selection.width, _BAND).intersect(selection.region)
        chosen = to_float(selection.read(band))
        chosen = (1 - chosen if inverted else chosen) * to_float(mask.read(band))
        builder.write(band, from_float(chosen, "uint8"))
    return builder.finish().condensed()


@command("Transform selection", when=selects)
def transform_selection(
    document: Document,
    *,
    box: Annotated[Box, "What it is about, in pixels of the picture; nothing: all of it"] = (),
    x: _Way = 0.0,
    y: _Way = 0.0,
    width: _Share = 100.0,
    height: _Share = 100.0,
    angle: _Turn = 0.0,
) -> Document:
    """Move, scale and turn what is selected, and no pixel of a layer."""
    if document.selection is None:
        raise EditError("nothing is selected")
    about = Region(*box) if box else selected_box(document)
    if about is None or about.empty:
        raise EditError("nothing is selected in the picture")
    change = geometry.change_of(about, x, y, width, height, angle)
    return _with_selection_moved(document, change)


def _with_selection_moved(document: Document, change: Place) -> Document:
    """The document with what is selected changed as seen on the picture."""
    assert document.selection is not None
    plane = geometry.in_plane(document, change)
    place = geometry.placed_in(
        plane, document.selection, document.selection_place, "what is selected"
    )
    return replace(document, selection_place=place)


def selected_box(document: Document) -> Region | None:
    """The smallest rectangle, in the picture's pixels, that holds what is selected in it."""
    selection = document.picture.selection
    return None if selection is None else selection.bounds()
