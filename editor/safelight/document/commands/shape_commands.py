"""Shape commands: a shape is drawn as a layer of its own, and made another one."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, TypeAlias
from uuid import uuid4

from safelight.api import Fraction, HexColour, Number
from safelight.document import geometry
from safelight.document.commands.command import EditError, command
from safelight.document.contents.content import Content
from safelight.document.contents.outlined import of_points, placed
from safelight.document.contents.shape import POINTS, WIDEST, Figure, Shape
from safelight.document.document import Document
from safelight.document.edits import add_layer, unlocked
from safelight.document.edits.conditions import of_layer
from safelight.document.layer import Layer
from safelight.document.placement import Place

Where: TypeAlias = Annotated[
    float,
    Number(-geometry.LONGEST_SIDE, geometry.LONGEST_SIDE, slider=(0, 4000), step=0.1, unit="px"),
]
Side: TypeAlias = Annotated[
    float, Number(-100_000, 100_000, slider=(0, 4000), step=0.1, unit="px"), "Of the box it fills"
]
Radius: TypeAlias = Annotated[
    float, Number(0, 100_000, slider=(0, 500), step=0.5, unit="px"), "Of rounded corners"
]
Points: TypeAlias = Annotated[
    int, Number(*POINTS, slider=(3, 24)), "Corners of a polygon, points of a star"
]
Depth: TypeAlias = Annotated[Fraction, "How far a star's valleys go in"]
Filled: TypeAlias = Annotated[bool, "Without, its stroke alone is seen"]
StrokeWidth: TypeAlias = Annotated[
    float, Number(0, WIDEST, slider=(0, 100), step=0.5, unit="px", lowest="None")
]
Made: TypeAlias = Annotated[str, "The id of the new layer; nothing: any"]

is_shape = of_layer(lambda layer: layer.kind.name == "shape" and not layer.locked)


@command("New shape layer", menu="Layer", submenu="Ne&w", asks=True)
def add_shape(
    document: Document,
    *,
    layer: str = "",
    figure: Figure = "rectangle",
    x: Where = 0.0,
    y: Where = 0.0,
    width: Side = 200.0,
    height: Side = 200.0,
    radius: Radius = 20.0,
    points: Points = 5,
    depth: Depth = 0.5,
    filled: Filled = True,
    fill: HexColour = "#ffffff",
    stroke: HexColour = "#000000",
    stroke_width: StrokeWidth = 0.0,
    name: str = "",
    made: Made = "",
) -> Document:
    """Draw a shape as a layer above another one: in a box from (x, y), in pixels of the picture;
    a line goes from corner to corner of it. It stays a shape, and can be changed at any time.
    """
    shape = Shape(
        *(figure, width, height, radius, points, depth, filled, fill, stroke, stroke_width)
    )
    if figure != "line":
        x, y = x + min(width, 0), y + min(height, 0)
    else:
        x, y = min(x, x + width), min(y, y + height)
    return drawn(document, layer, shape, (x, y), name or figure.capitalize(), made)


@command("Change shape", when=is_shape)
def set_shape(
    document: Document,
    *,
    layer: str = "",
    figure: Figure = "rectangle",
    x: Where = 0.0,
    y: Where = 0.0,
    width: Side = 200.0,
    height: Side = 200.0,
    radius: Radius = 20.0,
    points: Points = 5,
    depth: Depth = 0.5,
    filled: Filled = True,
    fill: HexColour = "#ffffff",
    stroke: HexColour = "#000000",
    stroke_width: StrokeWidth = 0.0,
) -> Document:
    """Make a shape another one; the corner of its box moves by (x, y) of the shape's own pixels."""
    shape = Shape(
        *(figure, width, height, radius, points, depth, filled, fill, stroke, stroke_width)
    )
    found = unlocked(document, layer)
    if found.kind.name != "shape":
        raise EditError(f"{found.name} is no shape")
    return redrawn(document, found, shape, (x, y))


def drawn(
    document: Document,
    above: str,
    content: Content,
    at: tuple[float, float],
    name: str,
    identity: str,
) -> Document:
    """The document with something drawn above a layer, its point (0, 0) at a point of the picture;
    the new layer has an id, if that is free. Raises ValueError and EditError.
    """
    place = document.frame.after(Place.offset(*at))
    taken = any(item.id == identity for item in document.walk())
    layer = Layer(
        name,
        content,
        place=placed(content, place),
        id=identity if identity and not taken else uuid4().hex,
    )
    return add_layer(layer, above).apply(document)


def redrawn(
    document: Document, layer: Layer, content: Content, moved: tuple[float, float] = (0.0, 0.0)
) -> Document:
    """The document with something else drawn in a layer, its point (0, 0) where that of what is
    there lies, ``moved`` by so many pixels of its own.
    """
    place = of_points(layer.content, layer.place).after(Place.offset(*moved))
    return document.with_layer(replace(layer, content=content, place=placed(content, place)))
