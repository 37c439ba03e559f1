"""Watermark: words, or a picture, in a corner of the picture, as large in each as in any other."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from safelight.actions.place_picture import place
from safelight.api import Fraction, HexColour
from safelight.document import Document, EditError, Live, edits, geometry
from safelight.document.commands import text_commands
from safelight.document.commands.command import command

Corner: TypeAlias = Literal["top_left", "top_right", "bottom_left", "bottom_right", "centre"]

_SIDES: dict[str, tuple[float, float]] = {
    "top_left": (0.0, 0.0),
    "top_right": (1.0, 0.0),
    "bottom_left": (0.0, 1.0),
    "bottom_right": (1.0, 1.0),
    "centre": (0.5, 0.5),
}
"""How far across and down the room that there is each corner lies."""


@command("Watermark", menu="Layer", section=1, asks=True)
def watermark(
    document: Document,
    *,
    layer: str = "",
    text: Annotated[str, "The words; nothing: the picture in a file"] = "©",
    file: Annotated[str, "The path of a picture, instead of words"] = "",
    corner: Corner = "bottom_right",
    size: Annotated[Fraction, "Share of the picture's width that it takes"] = 0.2,
    margin: Annotated[Fraction, "Share of the picture's shorter side around it"] = 0.03,
    opacity: Fraction = 0.6,
    colour: HexColour = "#ffffff",
    live: Live | None = None,
) -> Document:
    """Put words, or a picture, in a corner on a layer of its own. Its size and its margin are told
    in shares of the picture, so that a recipe does the same to any.
    """
    if bool(text.strip()) == bool(file.strip()):
        raise EditError("a watermark is either words or a picture in a file")
    if size <= 0:
        raise EditError("a watermark takes some of the picture's width")
    top = document.layers[-1].id
    known = {item.id for item in document.walk()}
    if file.strip():
        made = place.function(document, layer=top, file=str(Path(file)), live=live)
    else:
        edit = text_commands.add_text(
            layer=top, text=text, fill=colour, size=200.0, name="Watermark"
        )
        made = edit.apply(document)
    found = next(item for item in made.walk() if item.id not in known)
    box = geometry.box_of(made, found)
    if box is None or box.empty:
        raise EditError("a watermark of these words shows nothing")
    share = 100 * size * document.width / box.width
    wide, high = size * document.width, box.height * share / 100
    rim = margin * min(document.width, document.height)
    across, down = _SIDES[corner]
    x = rim + across * (document.width - 2 * rim - wide) + wide / 2
    y = rim + down * (document.height - 2 * rim - high) + high / 2
    way = x - (box.x + box.width / 2), y - (box.y + box.height / 2)
    made = geometry.moved(made, found, geometry.change_of(box, *way, share, share, 0.0))
    return edits.set_opacity(layer=found.id, opacity=opacity).apply(made)
