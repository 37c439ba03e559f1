"""Guide commands: guides are laid across the picture, moved and taken away."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal, TypeAlias

from safelight.api import Number
from safelight.document import geometry
from safelight.document.commands.command import EditError, command
from safelight.document.document import Document
from safelight.document.edits import Unit, dots_of
from safelight.document.guides import FARTHEST, Guide
from safelight.document.layer import Layer

Direction: TypeAlias = Literal["upright", "level"]
_At: TypeAlias = Annotated[
    float,
    Number(-FARTHEST, FARTHEST, slider=(0, 100), step=1),
    "From the left edge, or from the upper one",
]
_AXES: dict[str, Literal["x", "y"]] = {"upright": "x", "level": "y"}

DIRECTIONS: dict[str, Direction] = {"x": "upright", "y": "level"}
"""What people call a guide, by its axis."""


def _has_guides(document: Document, layer: Layer | None) -> bool:
    return bool(document.guides)


@command("New guide", menu="View", section=2, asks=True)
def new_guide(
    document: Document, *, direction: Direction = "upright", at: _At = 50.0, unit: Unit = "percent"
) -> Document:
    """Lay a guide across the picture, so far from its left edge or from its upper one."""
    place = at
    if unit == "percent":
        place = (document.width if direction == "upright" else document.height) * at / 100
    elif unit != "px":
        place = float(geometry.pixels_of(at, unit, 0, dots_of(document)))
    return replace(document, guides=(*document.guides, Guide(_AXES[direction], place)))


@command("Move guide")
def move_guide(
    document: Document, *, direction: Direction = "upright", at: _At = 0.0, to: _At = 0.0
) -> Document:
    """Move the guide that lies at a place, in pixels, to another one."""
    return replace(
        document, guides=(*_others(document, direction, at), Guide(_AXES[direction], to))
    )


@command("Remove guide")
def remove_guide(
    document: Document, *, direction: Direction = "upright", at: _At = 0.0
) -> Document:
    """Take the guide away that lies at a place, in pixels."""
    return replace(document, guides=_others(document, direction, at))


@command("&Clear guides", menu="View", section=2, when=_has_guides)
def clear_guides(document: Document) -> Document:
    """Take all guides away."""
    return replace(document, guides=())


def _others(document: Document, direction: Direction, at: float) -> tuple[Guide, ...]:
    """All guides but the one nearest to a place, within half a pixel."""
    axis = _AXES[direction]
    near = [guide for guide in document.guides if guide.axis == axis and abs(guide.at - at) <= 0.5]
    if not near:
        raise EditError(f"there is no {direction} guide at {at:g} px")
    found = min(near, key=lambda guide: abs(guide.at - at))
    return tuple(guide for guide in document.guides if guide != found)
