"""Align commands: layers are moved so that their edges or middles lie in a line, or evenly."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from safelight.api import Region
from safelight.document import geometry
from safelight.document.commands.command import EditError, Entry, Settings, command
from safelight.document.commands.reshape_commands import selected_box
from safelight.document.document import Document
from safelight.document.edits import several, unlocked
from safelight.document.edits.conditions import has_shape
from safelight.document.edits.one_layer import Layers
from safelight.document.layer import Layer
from safelight.document.placement import Place

Edge: TypeAlias = Literal["left", "centre", "right", "top", "middle", "bottom"]
Axis: TypeAlias = Literal["across", "down"]

_SHARES: dict[str, tuple[float | None, float | None]] = {
    "left": (0.0, None),
    "centre": (0.5, None),
    "right": (1.0, None),
    "top": (None, 0.0),
    "middle": (None, 0.5),
    "bottom": (None, 1.0),
}
"""How far into a box, across and down, each edge lies; None: it is on the other axis."""


def _aligned(given: Settings) -> str:
    return f"Align {given['edge']}"


@command(
    "Align layers",
    menu="Layer",
    submenu="Align",
    section=4,
    when=has_shape,
    words=_aligned,
    entries=(
        Entry("&Left edges", {"edge": "left"}),
        Entry("&Centres across", {"edge": "centre"}),
        Entry("&Right edges", {"edge": "right"}),
        Entry("&Top edges", {"edge": "top"}),
        Entry("&Middles down", {"edge": "middle"}),
        Entry("&Bottom edges", {"edge": "bottom"}),
    ),
)
def align(
    document: Document,
    *,
    layer: str = "",
    edge: Edge = "centre",
    to: Annotated[
        Literal["automatic", "picture", "selection", "layers"],
        "Automatically: what is selected, else several layers to each other, one to the picture",
    ] = "automatic",
    also: Layers = "",
) -> Document:
    """Move layers by whole pixels so that an edge or the middle of what each shows lies where that
    of the picture, of what is selected or of all of them together lies.
    """
    boxes = _boxes(document, layer, also)
    within = _within(document, [box for _, box in boxes], to)
    across, down = _SHARES[edge]
    for item, box in boxes:
        x = _off(across, within.x, within.width, box.x, box.width)
        y = _off(down, within.y, within.height, box.y, box.height)
        document = geometry.moved(document, item, Place.offset(x, y))
    return document


@command(
    "Distribute layers",
    menu="Layer",
    submenu="Align",
    section=4,
    when=has_shape,
    words=lambda given: f"Distribute {given['axis']}",
    entries=(
        Entry("Distribute &across", {"axis": "across"}),
        Entry("Distribute &down", {"axis": "down"}),
    ),
)
def distribute(
    document: Document, *, layer: str = "", axis: Axis = "across", also: Layers = ""
) -> Document:
    """Move layers by whole pixels so that there is as much room between each two of them; the first
    and the last stay.
    """
    level = axis == "across"
    found = [
        (box.x if level else box.y, box.width if level else box.height, item)
        for item, box in _boxes(document, layer, also)
    ]
    if len(found) < 3:
        raise EditError("choose three layers or more to distribute")
    found.sort(key=lambda one: one[0])
    start, last = found[0][0], found[-1]
    room = last[0] + last[1] - start - sum(length for _, length, _ in found)
    at = float(start)
    for begin, length, item in found:
        off = round(at) - begin
        document = geometry.moved(document, item, Place.offset(*((off, 0) if level else (0, off))))
        at += length + room / (len(found) - 1)
    return document


def _boxes(document: Document, layer: str, also: str) -> list[tuple[Layer, Region]]:
    """Layers that can be moved, and where each shows something, in pixels of the picture."""
    found = []
    for item in several(document, layer, also):
        box = geometry.box_of(document, unlocked(document, item.id))
        held = item.filter
        if box is None or box.empty or (held is not None and not held.generates):
            raise EditError(f"{item.name} shows nothing of its own that could be moved")
        found.append((item, box))
    return found


def _within(document: Document, boxes: list[Region], to: str) -> Region:
    chosen = selected_box(document) if to in ("automatic", "selection") else None
    if chosen is not None and not chosen.empty:
        return chosen
    if to == "selection":
        raise EditError("nothing is selected to align to")
    if to == "picture" or (to == "automatic" and len(boxes) == 1):
        return document.region
    left, top = min(box.x for box in boxes), min(box.y for box in boxes)
    right, bottom = max(box.right for box in boxes), max(box.bottom for box in boxes)
    return Region(left, top, right - left, bottom - top)


def _off(share: float | None, start: int, length: int, at: int, own: int) -> int:
    return 0 if share is None else round(start + share * (length - own)) - at
