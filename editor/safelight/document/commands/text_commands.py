"""Text commands: words are set as a layer of their own, set anew, and put along a shape."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, TypeAlias, cast

from safelight.api import HexColour, Number
from safelight.document.commands.command import EditError, command, layer_named
from safelight.document.commands.shape_commands import Made, StrokeWidth, Where, drawn, redrawn
from safelight.document.contents.outlined import of_points, placed
from safelight.document.contents.shape import Shape
from safelight.document.contents.text import (
    LETTER_SPACING,
    SIZES,
    SPACING,
    Align,
    Direction,
    Text,
    Weight,
    Wording,
    titled,
    typeset,
)
from safelight.document.document import Document
from safelight.document.edits import named_layers, unlocked
from safelight.document.edits.conditions import of_layer
from safelight.document.edits.one_layer import Layers
from safelight.document.layer import Layer
from safelight.pixels import Outline

Family: TypeAlias = Annotated[str, "The name of a font; nothing: the usual one"]
Size: TypeAlias = Annotated[float, Number(*SIZES, slider=(8, 400), step=0.5, unit="px")]
LineSpacing: TypeAlias = Annotated[
    float, Number(*SPACING, slider=(0.7, 2.0), step=0.05), "Heights of a line from line to line"
]
LetterSpacing: TypeAlias = Annotated[
    float, Number(*LETTER_SPACING, slider=(-10, 50), step=0.5, unit="%"), "Of the letters' size"
]
Box: TypeAlias = Annotated[
    float,
    Number(0, 100_000, slider=(0, 4000), step=0.1, unit="px", lowest="None"),
    "How wide lines are at the most",
]
Start: TypeAlias = Annotated[
    float, Number(-100, 100, slider=(0, 100), step=0.1, unit="%"), "How far along the shape"
]

is_text = of_layer(lambda layer: layer.kind.name == "text" and not layer.locked)
runs_along = of_layer(
    lambda layer: layer.kind.name == "text" and not layer.content.wording.path.empty
)


@command("New text layer", menu="Layer", submenu="Ne&w", asks=True)
def add_text(
    document: Document,
    *,
    layer: str = "",
    text: str = "",
    x: Where = 0.0,
    y: Where = 0.0,
    box: Box = 0.0,
    family: Family = "",
    size: Size = 64.0,
    weight: Weight = "regular",
    italic: bool = False,
    align: Align = "left",
    line_spacing: LineSpacing = 1.0,
    letter_spacing: LetterSpacing = 0.0,
    direction: Direction = "automatic",
    fill: HexColour = "#ffffff",
    stroke: HexColour = "#000000",
    stroke_width: StrokeWidth = 0.0,
    name: str = "",
    made: Made = "",
    along: Annotated[str, "A layer with a shape along whose edge the words run"] = "",
    start: Start = 0.0,
) -> Document:
    """Set words as a layer above another one: from (x, y), in pixels of the picture, where the top
    of the first line begins, or about there if centred; or ``along`` a shape, from ``start`` on.
    They stay words, and can be changed.
    """
    if not text.strip():
        raise EditError("a text needs a letter at least")
    wording = Wording(
        *(text, family, size, weight, italic, align, box, line_spacing, letter_spacing, direction)
    )
    shape = _along(document, along, "") if along else None
    if shape is not None:
        path = cast(Shape, shape.content).outline
        wording = replace(wording, path=path, start=start, box=0.0)
    content = Text(wording, typeset(wording), fill, stroke, stroke_width)
    written = drawn(document, layer, content, (x, y), name or titled(text), made)
    if shape is None:
        return written
    before = {each.id for each in document.walk()}
    new = next(each for each in written.walk() if each.id not in before)
    place = placed(content, of_points(shape.content, shape.place))
    return written.with_layer(replace(new, place=place))


@command("Change text", when=is_text)
def set_text(
    document: Document,
    *,
    layer: str = "",
    text: str = "",
    x: Where = 0.0,
    y: Where = 0.0,
    box: Box = 0.0,
    family: Family = "",
    size: Size = 64.0,
    weight: Weight = "regular",
    italic: bool = False,
    align: Align = "left",
    line_spacing: LineSpacing = 1.0,
    letter_spacing: LetterSpacing = 0.0,
    direction: Direction = "automatic",
    fill: HexColour = "#ffffff",
    stroke: HexColour = "#000000",
    stroke_width: StrokeWidth = 0.0,
) -> Document:
    """Make a text another one; it moves by (x, y) of its own pixels. Only colours and strokes can
    be changed where its font is missing: what it looks like is kept.
    """
    found = unlocked(document, layer)
    held = _text(found)
    told: dict[str, Any] = {
        "text": text,
        "box": box,
        "family": family,
        "size": size,
        "weight": weight,
        "italic": italic,
        "align": align,
        "line_spacing": line_spacing,
        "letter_spacing": letter_spacing,
        "direction": direction,
    }
    wording = replace(held.wording, **told)
    content = Text(wording, _outline(held, wording), fill, stroke, stroke_width)
    named = found.name == titled(held.wording.text) and text.strip()
    if named:
        found = replace(found, name=titled(text))
    return redrawn(document, found, content, (x, y))


@command("Put text along shape", menu="Layer", submenu="Te&xt", when=is_text)
def text_along(
    document: Document,
    *,
    layer: str = "",
    shape: Annotated[str, "A layer with a shape; nothing: the only one, or one chosen too"] = "",
    start: Start = 0.0,
    also: Layers = "",
) -> Document:
    """Have a text run along the edge of a shape, in one line, from where that begins on: of a
    rectangle from its corner, of an ellipse from its top. The shape itself may go afterwards.
    """
    found = unlocked(document, layer)
    held, along = _text(found), _along(document, shape, also)
    path = cast(Shape, along.content).outline
    wording = replace(held.wording, path=path, start=start)
    content = replace(held, wording=wording, outline=typeset(wording))
    place = placed(content, of_points(along.content, along.place))
    return document.with_layer(replace(found, content=content, place=place))


@command("Straighten text", menu="Layer", submenu="Te&xt", when=runs_along)
def straighten_text(document: Document, *, layer: str = "") -> Document:
    """Have a text that runs along a shape run straight again."""
    found = unlocked(document, layer)
    held = _text(found)
    wording = replace(held.wording, path=Outline(), start=0.0)
    return redrawn(document, found, replace(held, wording=wording, outline=typeset(wording)))


def _text(layer: Layer) -> Text:
    if layer.kind.name != "text":
        raise EditError(f"{layer.name} is no text")
    return cast(Text, layer.content)


def _outline(held: Text, wording: Wording) -> Outline:
    """The outline of words, which are set anew only where they are others or set otherwise."""
    return held.outline if wording == held.wording else typeset(wording)


def _along(document: Document, shape: str, also: str) -> Layer:
    """The layer with a shape that is named, that is chosen too, or that is the only one."""
    if shape:
        found = [layer_named(document, shape)]
    else:
        chosen = [layer_named(document, name) for name in named_layers(also)]
        found = [layer for layer in chosen if layer.kind.name == "shape"]
        found = found or [layer for layer in document.walk() if layer.kind.name == "shape"]
    if len(found) != 1:
        told = "there is no shape" if not found else "there are several shapes"
        raise EditError(f"{told}; choose one in the list of layers, beside the text")
    if found[0].kind.name != "shape":
        raise EditError(f"{found[0].name} is no shape")
    return found[0]
