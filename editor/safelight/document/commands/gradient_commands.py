"""Gradient commands: gradients and fills of masks, of what is selected and of pixels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, TypeAlias

import numpy as np
from numpy.typing import NDArray

from safelight.api import Fraction, HexColour, Number, Region
from safelight.document import geometry
from safelight.document.commands.command import EditError, command
from safelight.document.commands.selections import Sample, similar
from safelight.document.document import Document
from safelight.document.edits import (
    How,
    how_words,
    select_shape,
    selected_mask,
    unlocked,
)
from safelight.document.edits.one_layer import squares
from safelight.document.edits.selected_pixels import with_mask
from safelight.document.rendered.gradients import Gradient, MaskGradient, Shape
from safelight.document.rendered.live import Live
from safelight.document.strokes.laid_pixels import Paint, Ramp
from safelight.document.strokes.retouch import Retouching
from safelight.pixels import WHITE, Raster, RasterBuilder, from_float

_Place: TypeAlias = Annotated[
    float,
    Number(-geometry.LONGEST_SIDE, geometry.LONGEST_SIDE, slider=(0, 4000), step=0.1, unit="px"),
    "A handle, in pixels of the picture",
]
_Ratio: TypeAlias = Annotated[
    float, Number(0.01, 100.0), "How many times as wide as long a radial gradient is"
]
_Softness: TypeAlias = Annotated[Fraction, "Over how much of its radius a radial one fades"]
_Outside: TypeAlias = Annotated[bool, "White for black"]


@command("Gradient mask", words=lambda given: f"{given['shape']} mask".capitalize())
def gradient_mask(
    document: Document,
    *,
    layer: str = "",
    shape: Shape = "linear",
    x: _Place = 0.0,
    y: _Place = 0.0,
    to_x: _Place = 0.0,
    to_y: _Place = 100.0,
    ratio: _Ratio = 1.0,
    softness: _Softness = 1.0,
    inverted: _Outside = False,
    how: How = "replace",
    edits: Annotated[bool, "Instead of the gradient that the mask was made with last"] = False,
    live: Live | None = None,
) -> Document:
    """Make a gradient a layer's mask, white at its first handle; or add it to the mask, subtract
    it, or keep what lies in both. A layer without a mask is as one whose mask is white.
    """
    found = unlocked(document, layer)
    there, known = found.mask, found.mask_gradient
    if edits:
        if known is None:
            raise EditError(f"the mask of {found.name} is no gradient, or was changed since")
        there = known.base
    if there is None and how in ("subtract", "intersect"):
        there = Raster.filled(document.width, document.height, (WHITE["uint8"],), "uint8")
        found = with_mask(found, document, there)
    masked = replace(
        document,
        selection=there,
        selection_place=found.mask_place,
        selection_beyond=found.mask_beyond,
    )
    gradient = Gradient(shape, x, y, to_x, to_y, ratio, softness)
    made = select_shape(masked, document.region, how, _covered(gradient, inverted=inverted))
    mask = made.selection or Raster.filled(document.width, document.height, (0,), "uint8")
    base = None if how == "replace" else selected_mask(masked)
    laid = MaskGradient(gradient, inverted, how, base, mask)
    return document.with_layer(replace(with_mask(found, document, mask), mask_gradient=laid))


@command("Select gradient", words=how_words)
def select_gradient(
    document: Document,
    *,
    shape: Shape = "linear",
    x: _Place = 0.0,
    y: _Place = 0.0,
    to_x: _Place = 0.0,
    to_y: _Place = 100.0,
    ratio: _Ratio = 1.0,
    softness: _Softness = 1.0,
    inverted: _Outside = False,
    how: How = "replace",
    live: Live | None = None,
) -> Document:
    """Select as far as a gradient goes, all at its first handle; or add, subtract or intersect."""
    covered = _covered(Gradient(shape, x, y, to_x, to_y, ratio, softness), inverted=inverted)
    return select_shape(document, document.region, how, covered)


@command("Paint gradient", words=lambda given: f"{given['shape']} gradient".capitalize())
def paint_gradient(
    document: Document,
    *,
    layer: str = "",
    shape: Shape = "linear",
    x: _Place = 0.0,
    y: _Place = 0.0,
    to_x: _Place = 0.0,
    to_y: _Place = 100.0,
    ratio: _Ratio = 1.0,
    softness: _Softness = 1.0,
    colour: Annotated[HexColour, "The colour at the first handle"] = "#000000",
    to_colour: Annotated[HexColour, "The colour at the second handle"] = "#ffffff",
    fades: Annotated[bool, "To nothing rather than to a second colour"] = False,
    opacity: Fraction = 1.0,
    own_layer: Annotated[bool, "On a layer of its own above the pixels"] = True,
    live: Live | None = None,
) -> Document:
    """Lay a gradient from one colour to another, or to nothing, on what is selected, or on all."""
    gradient = Gradient(shape, x, y, to_x, to_y, ratio, softness)
    lays = Ramp(gradient, colour, "" if fades else to_colour)
    made = Retouching(layer, lays, own_layer, opacity, live=live)
    made.begin(document)
    return made.laid_where(Raster.filled(document.width, document.height, (255,), "uint8"))


@command("Fill with colour")
def fill_similar(
    document: Document,
    *,
    layer: str = "",
    x: _Place = 0.0,
    y: _Place = 0.0,
    colour: HexColour = "#000000",
    tolerance: Annotated[int, Number(0, 255), "How much a channel may differ, of 255"] = 32,
    contiguous: Annotated[bool, "Only what hangs together with the pixel"] = True,
    sample: Annotated[Sample, "Which pixels are looked at"] = "all_layers",
    opacity: Fraction = 1.0,
    own_layer: Annotated[bool, "On a layer of its own above the pixels"] = True,
    live: Live | None = None,
) -> Document:
    """Fill what has the colour of a pixel with another colour, as far as it is selected."""
    made = Retouching(layer, Paint(colour), own_layer, opacity, live=live)
    made.begin(document)
    near = similar(document, layer, (x, y), tolerance, sample, live, contiguous=contiguous)
    builder = RasterBuilder(document.width, document.height, 1, "uint8")
    for part in squares(document.region):
        builder.write(part, from_float(near(part)[..., np.newaxis], "uint8"))
    return made.laid_where(builder.finish())


def _covered(gradient: Gradient, *, inverted: bool) -> Callable[[Region], NDArray[np.float32]]:
    return (lambda part: 1 - gradient.at(part)) if inverted else gradient.at
