"""Effect commands: a layer gets a shadow, a glow, a stroke or a colour, or loses them."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Annotated, TypeAlias

from safelight.api import Fraction, HexColour, Number
from safelight.document.commands.command import Settings, command
from safelight.document.document import Document
from safelight.document.edits.conditions import has_shape, of_layer
from safelight.document.edits.layer_edits import Mode
from safelight.document.edits.one_layer import Layers, each_changed
from safelight.document.layer import Layer
from safelight.document.rendered.effects import LONGEST, Effect, Side, with_effect

_Length: TypeAlias = Annotated[float, Number(0, LONGEST, slider=(0, 100), step=0.5, unit="px")]
_Angle: TypeAlias = Annotated[
    float, Number(-360, 360, slider=(-180, 180), unit="°"), "Clockwise from the right"
]

_MENU = "Effects"


def effect_of(kind: str, layer: Layer) -> Settings:
    """The settings of an effect that a layer has; none where it has none of that kind."""
    found = [asdict(effect) for effect in layer.effects if effect.kind == kind]
    return {name: value for name, value in (found or [{}])[0].items() if name != "kind"}


@command(
    "Drop shadow", menu="Layer", submenu=_MENU, section=3, asks=True, tries=True, when=has_shape
)
def drop_shadow(
    document: Document,
    *,
    layer: str = "",
    colour: HexColour = "#000000",
    opacity: Fraction = 0.6,
    size: _Length = 20.0,
    distance: _Length = 15.0,
    angle: _Angle = 45.0,
    mode: Mode = "multiply",
    also: Layers = "",
) -> Document:
    """Have a layer, or several, throw a shadow on what lies below."""
    shadow = Effect("drop_shadow", colour, opacity, mode, size, distance, angle)
    return _given(document, layer, also, shadow)


@command(
    "Outer glow", menu="Layer", submenu=_MENU, section=3, asks=True, tries=True, when=has_shape
)
def outer_glow(
    document: Document,
    *,
    layer: str = "",
    colour: HexColour = "#fff2c0",
    opacity: Fraction = 0.75,
    size: _Length = 30.0,
    mode: Mode = "screen",
    also: Layers = "",
) -> Document:
    """Have light around a layer, or several."""
    return _given(document, layer, also, Effect("outer_glow", colour, opacity, mode, size))


@command("Stroke", menu="Layer", submenu=_MENU, section=3, asks=True, tries=True, when=has_shape)
def layer_stroke(
    document: Document,
    *,
    layer: str = "",
    colour: HexColour = "#ffffff",
    opacity: Fraction = 1.0,
    size: _Length = 6.0,
    side: Side = "outside",
    mode: Mode = "normal",
    also: Layers = "",
) -> Document:
    """Draw a line along the edge of a layer, or of several."""
    stroke = Effect("stroke", colour, opacity, mode, size, side=side)
    return _given(document, layer, also, stroke)


@command(
    "Colour overlay", menu="Layer", submenu=_MENU, section=3, asks=True, tries=True, when=has_shape
)
def colour_overlay(
    document: Document,
    *,
    layer: str = "",
    colour: HexColour = "#808080",
    opacity: Fraction = 1.0,
    mode: Mode = "normal",
    also: Layers = "",
) -> Document:
    """Lay a colour over a layer, or several, within the shape of each."""
    return _given(document, layer, also, Effect("colour_overlay", colour, opacity, mode))


@command(
    "Clear effects",
    menu="Layer",
    submenu=_MENU,
    section=3,
    when=of_layer(lambda layer: bool(layer.effects) and not layer.locked),
)
def clear_effects(document: Document, *, layer: str = "", also: Layers = "") -> Document:
    """Take a layer's shadow, glow, stroke and colour away, and those of others."""
    return each_changed(document, layer, also, lambda item: replace(item, effects=()))


def _given(document: Document, layer: str, also: str, effect: Effect) -> Document:
    def change(item: Layer) -> Layer:
        return replace(item, effects=with_effect(item.effects, effect))

    return each_changed(document, layer, also, change)


KINDS = {
    drop_shadow.id: "drop_shadow",
    outer_glow.id: "outer_glow",
    layer_stroke.id: "stroke",
    colour_overlay.id: "colour_overlay",
}
"""The effects by the ids of the commands that give them."""
