"""Distort commands: a layer's corners are pulled apart, or a grid over it out of shape."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any

from safelight.document import geometry, quadrilateral
from safelight.document.commands.command import EditError, command
from safelight.document.contents.warped import unwarped_place, warped
from safelight.document.document import Document
from safelight.document.edits import unlocked
from safelight.document.edits.conditions import of_layer
from safelight.document.layer import Layer
from safelight.document.placement import Place
from safelight.pixels import Mesh, Warp, warp_at_rest

Points = Sequence[tuple[float, float]]

_GRID = 16
"""Points of a warp."""

_AT_REST = 0.02
"""Pixels of a layer by which the points of a grid are off that counts as without a warp: they are
written to a hundredth.
"""


def is_warped(layer: Layer) -> bool:
    """Whether a layer's pixels are seen through a warp."""
    return layer.kind.warp(layer.content) is not None


@command("Distort", id="distort")
def distort(
    document: Document,
    *,
    layer: str = "",
    corners: Annotated[
        str, "Four of them, x,y;x,y;x,y;x,y in pixels of the picture, from its own top left"
    ] = "",
) -> Document:
    """Pull the corners of a layer to four places, as if it were seen from another side; its own
    pixels stay as they are, and are resampled once. A group is pulled with all in it.
    """
    found = unlocked(document, layer)
    return distorted(document, found, points_of(corners, 4))


@command("Warp", id="warp")
def warp(
    document: Document,
    *,
    layer: str = "",
    points: Annotated[
        str,
        "Sixteen of them, x,y;x,y;… in pixels of the picture, row by row: where a grid over the"
        " layer comes to lie; nothing: without a warp",
    ] = "",
) -> Document:
    """Draw a layer out of shape by a grid of 4 x 4 points; its own pixels stay as they are, and its
    mask stays where it is.
    """
    found = unlocked(document, layer)
    if not points.strip():
        return with_grid(document, found, None)
    return with_grid(document, found, points_of(points, _GRID))


@command(
    "Remove warp",
    menu="Layer",
    section=4,
    when=of_layer(lambda layer: is_warped(layer) and not layer.locked),
)
def remove_warp(document: Document, *, layer: str = "") -> Document:
    """Have a layer in shape again."""
    return with_grid(document, unlocked(document, layer), None)


def points_of(text: str, count: int) -> list[tuple[float, float]]:
    """Points that are written x,y;x,y. Raises EditError for others, or another number."""
    try:
        found = [tuple(float(at) for at in point.split(",")) for point in text.split(";")]
        points = [(x, y) for x, y in found]
    except ValueError:
        raise EditError("points are x,y;x,y in pixels of the picture") from None
    if len(points) != count:
        raise EditError(f"{count} points are wanted, not {len(points)}")
    limit = geometry.MOST_REACH
    if not all(math.isfinite(at) and abs(at) <= limit for point in points for at in point):
        raise EditError(f"a point lies more than {limit:,} pixels away")
    return points


def written(points: Points) -> str:
    """Points as commands take them, to a hundredth of a pixel."""
    return ";".join(f"{round(x, 2):g},{round(y, 2):g}" for x, y in points)


def corners_of(document: Document, layer: Layer) -> list[tuple[float, float]]:
    """Where the corners of what a layer shows lie in the picture, clockwise from its own top left.
    Raises EditError where it shows nothing.
    """
    held, place = _held(document, layer)
    return [
        place.at(x, y)
        for x, y in (
            *((held[0], held[1]), (held[0] + held[2], held[1])),
            *((held[0] + held[2], held[1] + held[3]), (held[0], held[1] + held[3])),
        )
    ]


def distorted(document: Document, layer: Layer, corners: Points) -> Document:
    """The document with the corners of what a layer shows at other places of the picture. Raises
    ValueError, for people, for such as cannot be seen of a rectangle.
    """
    before = corners_of(document, layer)
    mirrored = _area(before) < 0
    quadrilateral.check([corners[k] for k in (0, 3, 2, 1)] if mirrored else list(corners))
    change = Place.onto(1, 1, corners).after(Place.onto(1, 1, before).inverse)
    return geometry.moved(document, layer, change.on_pixels())


def grid_of(document: Document, layer: Layer) -> list[tuple[float, float]]:
    """Where the points of a layer's grid lie in the picture, row by row, warped or not. Raises
    EditError for a layer that cannot be warped.
    """
    found, place = _warp_of(document, layer)
    x, y, width, height = found.box
    return [place.at(x + across * width, y + down * height) for across, down in found.points]


def with_grid(document: Document, layer: Layer, points: Points | None) -> Document:
    """The document with a layer's grid at other places of the picture; None: without a warp. Raises
    ValueError, for people, where the grid would be folded over itself.
    """
    raster = layer.kind.unwarped(layer.content)
    place = unwarped_place(layer.kind.warp(layer.content), layer.place)
    if points is None and raster is not None:
        return document.with_layer(replace(layer, content=raster, place=place))
    held, through = _warp_of(document, layer)
    assert raster is not None
    shares = warp_at_rest()
    if points is not None:
        x, y, width, height = held.box
        own = [through.inverse.at(*point) for point in points]
        shares = tuple(((px - x) / width, (py - y) / height) for px, py in own)
        rest = [(x + across * width, y + down * height) for across, down in warp_at_rest()]
        if max(map(math.dist, own, rest)) < _AT_REST:
            shares = warp_at_rest()
    content, place = warped(raster, place, Warp(held.box, shares))
    return document.with_layer(replace(layer, content=content, place=place))


def warp_of(document: Document, layer: Layer) -> Warp:
    """A layer's warp, or one over what it shows that leaves all as it is. Raises EditError."""
    return _warp_of(document, layer)[0]


def plane_of(document: Document, layer: Layer) -> Place:
    """The map from a layer's warped plane, in pixels of its own, to the picture. Raises EditError
    for a layer that cannot be warped.
    """
    return _warp_of(document, layer)[1]


def _warp_of(document: Document, layer: Layer) -> tuple[Warp, Place]:
    """A layer's warp, or one that leaves all as it is, and the map from the warped plane to the
    picture.
    """
    raster, warp = layer.kind.unwarped(layer.content), layer.kind.warp(layer.content)
    if raster is None:
        raise EditError(f"{layer.name} holds no pixels that could be warped")
    if isinstance(warp, Mesh):
        raise EditError(f"{layer.name} is liquified; merge it down before")
    through = document.frame.inverse.after(unwarped_place(warp, layer.place))
    if warp is not None:
        return warp, through
    held = raster.opaque_bounds()
    if held is None:
        raise EditError(f"{layer.name} shows nothing that could be warped")
    box = float(held.x), float(held.y), float(held.width), float(held.height)
    return Warp(box, warp_at_rest()), through


def _held(document: Document, layer: Layer) -> tuple[tuple[float, ...], Place]:
    """Left, top, width and height of what a layer shows in pixels of its own, and the map from
    these to the picture; of what has no pixels of its own in those of the picture.
    """
    own: Any = layer.pixels
    if layer.filter is not None and own is None and layer.mask is None:
        raise EditError(f"{layer.name} works on everything: it has no mask to distort")
    if own is not None:
        held = own.opaque_bounds()
        place = document.frame.inverse.after(layer.place)
    else:
        held, place = geometry.box_of(document, layer), Place()
    if held is None or held.empty:
        raise EditError(f"{layer.name} shows nothing that could be distorted")
    return (held.x, held.y, held.width, held.height), place


def _area(corners: Points) -> float:
    """Twice the area within corners; negative where they run counter-clockwise."""
    return sum(
        corners[k - 1][0] * corners[k][1] - corners[k][0] * corners[k - 1][1]
        for k in range(len(corners))
    )
