"""Outlined: what the contents that are drawn from an outline, shapes and texts, have in common."""

from __future__ import annotations

import base64
import binascii
import math
import zlib
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Protocol

from safelight.api.compound_values import is_colour
from safelight.document.contents.kind import Kind, Picture, colour_in
from safelight.document.placement import Place
from safelight.pixels import SRGB, Drawing, Drawn, Outline, Profile, Raster
from safelight.pixels.outline import MOST_POINTS

LARGEST = 100_000
"""Pixels of a side of what is drawn, at its own size, at the most."""

_MOST = 1 << 30
"""Pixels of what is drawn, at its own size, at the most."""


class Outlined(Protocol):
    """A content that is drawn: its ``drawing``, and the colours, ``#rrggbb``, of that."""

    @property
    def drawing(self) -> Drawing: ...

    @property
    def fill(self) -> str: ...

    @property
    def stroke(self) -> str: ...


def corner(content: Outlined) -> tuple[int, int]:
    """Where the point (0, 0) of a drawing lies in the pixels of the layer that holds it, which
    begin with what is drawn.
    """
    left, top = _box(content.drawing)[:2]
    return -left, -top


def _box(drawing: Drawing) -> tuple[int, int, int, int]:
    """Left, top, width and height of a drawing, in whole pixels of its own; one at least."""
    found = drawing.bounds
    if found is None:
        return 0, 0, 1, 1
    left, top = (math.floor(at + 1e-3) for at in found[:2])
    right, bottom = (math.ceil(at - 1e-3) for at in found[2:])
    return left, top, max(right - left, 1), max(bottom - top, 1)


def check(content: Outlined) -> None:
    """Raise ValueError, for people, for what cannot be drawn."""
    for colour in (content.fill, content.stroke):
        if not is_colour(colour):
            raise ValueError(f"{colour[:40]!r} is not a colour like #ffaa00")
    _, _, width, height = _box(content.drawing)
    if max(width, height) > LARGEST or width * height > _MOST:
        raise ValueError(
            f"it would be {width:,} × {height:,} pixels large: a side has {LARGEST:,} at the most,"
            f" and all {_MOST:,}"
        )


def placed(content: Outlined, place: Place) -> Place:
    """The place of a layer that holds a drawing whose points ``place`` leads into the plane."""
    x, y = corner(content)
    return place.after(Place.offset(-x, -y))


def of_points(content: Outlined, place: Place) -> Place:
    """The inverse of ``placed``: how the points of a drawing lie in the plane."""
    x, y = corner(content)
    return place.after(Place.offset(x, y))


class OutlinedKind(Kind):
    """What is drawn from an outline anew at every size, so that no transformation costs detail."""

    drawn = True

    def check(self, content: Outlined) -> None:
        check(content)

    def pixels(self, content: Outlined) -> Raster:
        return _own(content.drawing, content.fill, content.stroke)

    def sample(self, content: Outlined) -> Raster:
        return self.pixels(content)

    def fits(self, content: Outlined, place: Place, picture: Picture) -> bool:
        return False

    def seen(self, content: Outlined, place: Place, picture: Picture) -> Raster:
        through = picture.frame.inverse.after(of_points(content, place))
        size = picture.width, picture.height
        colours = _colours(content.fill, content.stroke, picture.profile)
        return Drawn(content.drawing, through.matrix, *size, picture.depth, colours)

    def key(self, content: Outlined, masked: bool, layers: Callable[[Any], list[Any]]) -> list[Any]:
        drawing = content.drawing
        told = [*drawing.look, content.fill, content.stroke]
        return [self.name, drawing.outline.digest().hex(), *told]


@lru_cache(64)
def _own(drawing: Drawing, fill: str, stroke: str) -> Drawn:
    """A drawing as a raster of its own size: uint8, sRGB. The same object while it is in use."""
    left, top, width, height = _box(drawing)
    colours = _colours(fill, stroke, SRGB)
    return Drawn(drawing, Place.offset(-left, -top).matrix, width, height, "uint8", colours)


def _colours(
    fill: str, stroke: str, profile: Profile
) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    def told(colour: str) -> tuple[float, float, float]:
        red, green, blue = (float(part) for part in colour_in(profile, colour)[0, 0])
        return red, green, blue

    return told(fill), told(stroke)


def outline_text(outline: Outline) -> str:
    """An outline as text for a project file: compressed, base64. "" for an empty one."""
    if outline.empty:
        return ""
    head = len(outline.parts).to_bytes(4, "little")
    return base64.b64encode(zlib.compress(head + outline.parts + outline.points, 6)).decode()


def outline_of(text: str) -> Outline:
    """The inverse of ``outline_text``. Raises ValueError for what is none."""
    if not text:
        return Outline()
    unpacked = zlib.decompressobj()
    try:
        held = unpacked.decompress(base64.b64decode(text, validate=True), 9 * MOST_POINTS + 4)
    except (zlib.error, binascii.Error) as error:
        raise ValueError("an outline is damaged") from error
    if unpacked.unconsumed_tail or not unpacked.eof:
        raise ValueError("an outline is damaged")
    count = int.from_bytes(held[:4], "little")
    return Outline(held[4 : 4 + count], held[4 + count :])
