"""Retouch commands: strokes that paint, clone, heal, dodge, burn and smudge; patches and red
eyes.
"""

from __future__ import annotations

from typing import Annotated, TypeAlias

import numpy as np

from safelight.api import Fraction, HexColour, Number, Region
from safelight.document import geometry
from safelight.document.commands.command import EditError, Settings, command, layer_named
from safelight.document.document import Document
from safelight.document.edits import selected_mask, selects, stroke_of
from safelight.document.edits.one_layer import squares
from safelight.document.rendered.live import Live
from safelight.document.strokes.laid_pixels import Clone, Effect, Paint, Range, Touch
from safelight.document.strokes.red_eye import mended
from safelight.document.strokes.retouch import Retouching, Sample
from safelight.document.strokes.smudge import SPACING, smudging
from safelight.document.strokes.stroke import Flow, Points, Radius, Spacing, Stroke
from safelight.pixels import Raster

_OnLayer: TypeAlias = Annotated[
    bool, "On a layer of its own above the pixels; otherwise on the layer itself"
]
_Opacity: TypeAlias = Annotated[Fraction, "How much of what is below a stroke covers"]
_Point: TypeAlias = Annotated[float, Number(-geometry.LONGEST_SIDE, geometry.LONGEST_SIDE)]
_Offset: TypeAlias = Annotated[
    int,
    Number(-geometry.LONGEST_SIDE, geometry.LONGEST_SIDE, slider=(-500, 500), unit="px"),
    "From where it is laid to where it comes from",
]


def _words(given: Settings) -> str:
    if given["erase"]:
        return "Erase pixels"
    return "Pencil" if given["pencil"] else "Paint"


@command("Paint on pixels", id="paint_pixels", words=_words)
def paint_pixels(
    document: Document,
    *,
    layer: str = "",
    points: Points = "",
    radius: Radius = 20.0,
    hardness: Fraction = 1.0,
    opacity: _Opacity = 1.0,
    colour: HexColour = "#000000",
    erase: bool = False,
    own_layer: _OnLayer = True,
    flow: Flow = 1.0,
    spacing: Spacing = 0.0,
    pencil: Annotated[bool, "Each pixel wholly or not at all, without a soft rim"] = False,
) -> Document:
    """Paint one colour with a round brush or a pencil, or erase pixels."""
    stroke = stroke_of(points, radius, hardness, flow=flow, spacing=spacing, pencil=pencil)
    return _whole(document, Retouching(layer, Paint(colour), own_layer, opacity, erase), stroke)


@command("Clone", id="clone", words=lambda given: "Heal" if given["heals"] else "Clone stamp")
def clone(
    document: Document,
    *,
    layer: str = "",
    points: Points = "",
    radius: Radius = 20.0,
    hardness: Fraction = 0.75,
    opacity: _Opacity = 1.0,
    x: _Offset = 0,
    y: _Offset = 0,
    heals: Annotated[bool, "It takes on the light of where it is laid"] = False,
    sample: Sample = "all_below",
    source: Annotated[str, "The layer it comes from, where one is sampled; the active one"] = "",
    own_layer: _OnLayer = True,
    flow: Flow = 1.0,
    spacing: Spacing = 0.0,
    live: Live | None = None,
) -> Document:
    """Lay with a round brush what is seen elsewhere in the picture. Where that heals, the
    differences at the stroke's rim are carried across it (Pérez et al. 2003, seamless cloning).
    """
    stroke = stroke_of(points, radius, hardness, flow=flow, spacing=spacing)
    lays = Clone(x, y, heals)
    source = layer_named(document, source).id if source else ""
    made = Retouching(layer, lays, own_layer, opacity, sample=sample, live=live, source=source)
    return _whole(document, made, stroke)


@command("Touch up", id="touch_up", words=lambda given: str(given["effect"]).capitalize())
def touch_up(
    document: Document,
    *,
    layer: str = "",
    effect: Effect = "dodge",
    points: Points = "",
    radius: Radius = 20.0,
    hardness: Fraction = 0.0,
    strength: Fraction = 0.5,
    range: Range = "midtones",
    own_layer: _OnLayer = True,
    flow: Flow = 1.0,
    spacing: Spacing = 0.0,
    live: Live | None = None,
) -> Document:
    """Make lighter or darker, of more or less colour, blurred or sharper what a brush touches."""
    stroke = stroke_of(points, radius, hardness, flow=flow, spacing=spacing)
    lays = Touch(effect, strength, range, radius)
    return _whole(document, Retouching(layer, lays, own_layer, live=live), stroke)


@command("Smudge", id="smudge")
def smudge(
    document: Document,
    *,
    layer: str = "",
    points: Points = "",
    radius: Radius = 20.0,
    hardness: Fraction = 0.0,
    strength: Annotated[Fraction, "How much it carries from one dab to the next"] = 0.5,
    own_layer: _OnLayer = True,
    flow: Flow = 1.0,
    spacing: Spacing = 0.0,
    live: Live | None = None,
) -> Document:
    """Draw colours along with a round brush, as a finger does in wet paint."""
    stroke = stroke_of(points, radius, hardness, flow=flow, spacing=spacing or SPACING)
    return _whole(document, smudging(layer, strength, own_layer=own_layer, live=live), stroke)


@command("Patch", id="patch", when=selects)
def patch(
    document: Document,
    *,
    layer: str = "",
    x: _Offset = 0,
    y: _Offset = 0,
    own_layer: _OnLayer = True,
    live: Live | None = None,
) -> Document:
    """Lay over what is selected what is seen elsewhere in the picture, in the light of its new
    place (Pérez et al. 2003, seamless cloning).
    """
    mask = selected_mask(document)
    if mask is None:
        raise EditError("select what is to be mended, first")
    made = Retouching(layer, Clone(x, y, heals=True), own_layer, live=live)
    made.begin(document)
    inside = mask.bounds() or Region(0, 0, 0, 0)
    covered = Raster.filled(mask.width, mask.height, (0,), "uint8")
    # All that is selected at all: how far it is, the selection says once more.
    for part in squares(inside):
        touched = (mask.read(part) > 0).astype(np.uint8) * np.uint8(255)
        covered = covered.replaced(part, touched)
    return made.laid_where(covered)


@command("Red eye", id="red_eye")
def red_eye(
    document: Document,
    *,
    layer: str = "",
    x: _Point = 0.0,
    y: _Point = 0.0,
    radius: Radius = 40.0,
    darker: Annotated[Fraction, "How much darker the pupil becomes than without its red"] = 0.5,
    own_layer: _OnLayer = True,
    live: Live | None = None,
) -> Document:
    """Make the red pupil near a point dark and grey."""
    return mended(document, layer, (x, y), radius, darker, own_layer=own_layer, live=live)


def _whole(document: Document, made: Retouching, stroke: Stroke) -> Document:
    """The document with a stroke laid at once; as it was where the stroke meets nothing."""
    made.begin(document)
    made.add(stroke)
    return made.finished_on(document)
