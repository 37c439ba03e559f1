"""Geometry: what changes which part of the plane is the picture, and where layers lie in it.

Nothing here touches a pixel: what a crop hides, a later one shows again.
"""

from __future__ import annotations

import math
from dataclasses import replace

from safelight.api import Region
from safelight.document.document import Document
from safelight.document.layer import Layer
from safelight.document.place import IDENTITY, Place
from safelight.document.plane import held_around, reachable
from safelight.pixels import Method, Raster, View

LONGEST_SIDE = 1_000_000
"""Pixels of a picture's side that are believed."""

_NEAR = 1e-6
"""What a map's numbers are off by after many others."""

MOST_PIXELS = 500_000_000
"""Pixels that are made at once: 8 GB while they are numbers of a computation."""

MOST_KEYSTONE = 60
"""Percent of an edge that a perspective takes away at most."""

_EDGE = 2.0
"""Pixels around a picture in perspective that are not shown."""


def framed(document: Document, width: int, height: int, through: Place) -> Document:
    """The document whose picture has another size, and leads ``through`` to the present one.

    Raises ValueError for a size that no picture has.
    """
    if not (0 < width <= LONGEST_SIDE and 0 < height <= LONGEST_SIDE):
        raise ValueError(f"a picture of {width} x {height} pixels cannot be")
    return replace(document, width=width, height=height, frame=document.frame.after(through))


def crop(document: Document, region: Region, angle: float = 0.0) -> Document:
    """A rectangle of the picture, in its pixels; it may reach beyond it.

    With an ``angle`` it is a rectangle of the picture turned clockwise by so many degrees about
    the rectangle's middle. Raises ValueError.
    """
    corner = Place.offset(region.x, region.y)
    if not angle:
        return framed(document, region.width, region.height, corner)
    middle = region.x + region.width / 2, region.y + region.height / 2
    turned = Place.turned(-angle, *middle).after(corner)
    return _on_pixels(framed(document, region.width, region.height, turned))


def check_box(document: Document, region: Region, angle: float = 0.0) -> None:
    """Raise ValueError, for people, unless a box for ``crop`` lies in what there is to see."""
    if region.empty:
        raise ValueError(f"a box of {region.width} x {region.height} pixels holds nothing")
    found = extent(document)
    corners = Place.offset(region.x, region.y).corners(region.width, region.height)
    if angle:
        middle = region.x + region.width / 2, region.y + region.height / 2
        corners = [Place.turned(-angle, *middle).at(*corner) for corner in corners]
    rim = 1.0 if angle else 0.0  # a turned box lies between pixels
    beyond = any(
        not (found.x - rim <= x <= found.right + rim and found.y - rim <= y <= found.bottom + rim)
        for x, y in corners
    )
    if beyond:
        x, y, width, height = found.x, found.y, found.width, found.height
        where = f", which begins at {x},{y}" if (x, y) != (0, 0) else ""
        raise ValueError(f"the box reaches beyond the picture of {width} x {height} pixels{where}")


def flip(document: Document, axis: str) -> Document:
    """The picture mirrored: left and right exchanged (``horizontal``), or top and bottom."""
    horizontal = axis == "horizontal"
    mirror = Place.mirrored(document.width) if horizontal else Place.upside_down(document.height)
    return framed(document, document.width, document.height, mirror)


def turn(document: Document, angle: int) -> Document:
    """The picture turned clockwise by a multiple of 90 degrees. Raises ValueError for others."""
    if angle % 90:
        raise ValueError(f"a picture is turned by right angles, not by {angle} degrees")
    for _ in range(angle // 90 % 4):
        quarter = Place.quarter_turn(document.height)
        document = framed(document, document.height, document.width, quarter)
    return document


def straighten(document: Document, degrees: float) -> Document:
    """The picture turned clockwise about its middle, and of it the largest rectangle of the same
    shape that has no empty corner. Raises ValueError for no finite angle below 45.
    """
    if not abs(degrees) < 45:
        raise ValueError(f"a picture is straightened by less than 45 degrees, not by {degrees}")
    if not degrees:
        return document
    width, height = document.width, document.height
    cosine, sine = math.cos(math.radians(degrees)), abs(math.sin(math.radians(degrees)))
    # What is resampled has whole pixels around it, so that its own edge stays opaque.
    across, down = max(width - 2, 1), max(height - 2, 1)
    share = min(across / (width * cosine + height * sine), down / (width * sine + height * cosine))
    inner = max(math.floor(width * share), 1), max(math.floor(height * share), 1)
    middle = Place.offset((width - inner[0]) / 2, (height - inner[1]) / 2)
    turned = Place.turned(-degrees, width / 2, height / 2)
    return _on_pixels(framed(document, *inner, turned.after(middle)))


def _on_pixels(document: Document) -> Document:
    """The document; where it is not turned any more, its pixels lie on those of the plane."""
    return replace(document, frame=document.frame.on_pixels())


def perspective(document: Document, width: int, height: int, through: Place) -> Document:
    """A picture of that size whose points lead ``through`` a perspective to the present one's."""
    return framed(document, width, height, through)


def upright(document: Document, vertical: float, horizontal: float) -> Document:
    """The picture as if the camera had been held level: of its upper edge ``vertical`` percent less
    is seen than of the lower one, of the left edge ``horizontal`` percent less than of the right
    one; of the others where negative. It stays as large, and no corner is empty. Raises ValueError
    for more than MOST_KEYSTONE percent.
    """
    if not max(abs(vertical), abs(horizontal)) <= MOST_KEYSTONE:
        raise ValueError(f"a perspective is of {MOST_KEYSTONE} percent at most")
    if not (vertical or horizontal):
        return document
    width, height = document.width, document.height
    # What is resampled has whole pixels around it, so that its own edge stays opaque.
    rim = min(_EDGE, width / 4, height / 4)
    across, down = width - 2 * rim, height - 2 * rim
    top, bottom = (max(sign * vertical, 0) / 200 * across + rim for sign in (1, -1))
    left, right = (max(sign * horizontal, 0) / 200 * down + rim for sign in (1, -1))
    corners = (
        *((top, left), (width - top, right)),
        *((width - bottom, height - right), (bottom, height - left)),
    )
    return perspective(document, width, height, Place.onto(width, height, corners))


def moved(document: Document, layer: Layer, change: Place) -> Document:
    """The document with a layer's pixels and mask, of a group those of all in it, changed as seen
    on the picture. Raises ValueError for a change that is no affine map there.
    """
    frame = document.frame
    plane = frame.after(change).after(frame.inverse)
    return document.with_layer(_moved(layer, plane))


def _moved(layer: Layer, plane: Place) -> Layer:
    inside = tuple(_moved(item, plane) for item in layer.layers)
    return replace(
        layer,
        content=layer.kind.with_layers(layer.content, inside),
        place=plane.after(layer.place),
        mask_place=plane.after(layer.mask_place),
    )


def extent(document: Document) -> Region:
    """The smallest rectangle, in the picture's pixels, that holds the picture and all that layers
    hold beyond it. It may begin left of and above the picture, at negative numbers.
    """
    return _extent(document, document.frame)


def _extent(document: Document, frame: Place) -> Region:
    """The same in the pixels of a picture that another frame would show."""
    back = frame.inverse
    points = back.after(document.frame).corners(document.width, document.height)
    for layer in document.walk():
        for raster in layer.kind.rasters(layer.content):
            if layer.filter is None:
                points += back.after(layer.place).corners(raster.width, raster.height)
    left, top = (math.floor(min(point[k] for point in points) + 1e-6) for k in (0, 1))
    right, bottom = (math.ceil(max(point[k] for point in points) - 1e-6) for k in (0, 1))
    return Region(left, top, right - left, bottom - top)


def reveal_all(document: Document) -> Document:
    """The document whose picture shows all that its layers hold."""
    found = extent(document)
    return document if found == document.region else crop(document, found)


def uncropped(document: Document) -> tuple[Document, float]:
    """The document with all of its plane in view and its sides level, as before it was
    straightened, and by how many degrees, clockwise, its own picture is turned from there.

    A picture under a perspective stays as it is.
    """
    a, b, _, d, e, _, g, h, _ = document.frame.matrix
    stretch = max(abs(math.hypot(a, d) - 1), abs(math.hypot(b, e) - 1), abs(a * b + d * e))
    if (g, h) != (0, 0) or stretch > _NEAR:
        return document, 0.0
    upright = abs(a) >= abs(b)
    level = Place.affine(
        *(round(a / abs(a)) if upright else 0, 0 if upright else round(b / abs(b)), 0),
        *(0 if upright else round(d / abs(d)), round(e / abs(e)) if upright else 0, 0),
    )
    right, _, _, down = level.inverse.after(document.frame).matrix[:4]
    found = _extent(document, level)
    frame = level.after(Place.offset(found.x, found.y))
    whole = replace(document, width=found.width, height=found.height, frame=frame)
    turned = -math.degrees(math.atan2(down, right)) + 0.0
    return (document if whole.looked_at == document.looked_at else whole), turned


def same_plane(one: Document, other: Document) -> bool:
    """Whether what is at a point of one document's plane is there in the other's too: the pixels
    of layers that both have are as many. Enlarging, resizing and flattening make another plane.
    """

    def sizes(document: Document) -> dict[str, set[tuple[int, int]]]:
        return {
            layer.id: {(x.width, x.height) for x in layer.kind.rasters(layer.content)}
            for layer in document.walk()
            if layer.filter is None
        }

    mine, others = sizes(one), sizes(other)
    both = mine.keys() & others.keys()
    return bool(both) and all(mine[key] == others[key] for key in both)


def carried(before: Document, after: Document) -> Place:
    """The map from the points of one document's picture to those of another that came of it: what
    is seen there. Where there is another plane, the pictures are the same in two sizes.
    """
    if before.looked_at == after.looked_at:
        return IDENTITY
    if same_plane(before, after):
        return after.frame.inverse.after(before.frame)
    ratio = after.width / before.width
    return Place.scaled(ratio, ratio)


def framed_as(document: Document, other: Document) -> Document:
    """A document seen through the frame of another of the same plane; itself for any other."""
    if document.looked_at == other.looked_at or not same_plane(document, other):
        return document
    return replace(document, width=other.width, height=other.height, frame=other.frame)


def with_hidden(document: Document) -> Document:
    """The document whose picture shows all that a single layer can hold of what it shows and
    hides: what has been computed for the frame alone, and a plane of more than MOST_PIXELS, end
    with the frame.
    """
    held = held_around(document)
    too_large = held.width * held.height > max(MOST_PIXELS, document.width * document.height)
    if too_large or held == document.region or not document.frame.is_affine:
        return document
    return crop(document, reachable(document, max(held.width, held.height)))


def settled(document: Document, method: Method = "lanczos") -> Document:
    """The document of the picture alone, in a plane of which it is the whole: what its frame hides
    is gone, and what it showed through maps is pixels, made by a ``method``. Itself where that is
    so already. What has no rasters of its own stays what it is: it shows itself in any size.
    """
    picture = document.picture
    if picture is document:
        return document

    def held(raster: Raster | None, depth: str) -> Raster | None:
        return raster.by(method).held(depth) if isinstance(raster, View) else raster

    def pixels(raster: Raster) -> Raster:
        return raster.by(method).held(document.depth) if isinstance(raster, View) else raster

    without = {
        layer.id: layer.content
        for layer in document.walk()
        if not layer.is_group and next(layer.kind.rasters(layer.content), None) is None
    }

    def settle(layer: Layer) -> Layer:
        content = layer.kind.changed(layer.content, pixels)
        content = without.get(layer.id, content)
        inside = tuple(settle(item) for item in layer.layers)
        content = layer.kind.with_layers(content, inside)
        return replace(layer, content=content, mask=held(layer.mask, "uint8"))

    layers = tuple(settle(layer) for layer in picture.layers)
    return replace(picture, layers=layers, selection=held(picture.selection, "uint8"))


def resize(
    document: Document,
    width: int,
    height: int,
    *,
    linear: bool | None = None,
    method: Method = "lanczos",
) -> Document:
    """The picture made of another number of pixels, new ones, by a ``method``. Lengths of filters
    stay; what filters have kept is resized too. ``linear`` says whether in linear light; None: as
    the document has it. Raises ValueError for a size that no picture has, and for more pixels than
    MOST_PIXELS.
    """
    if width * height > MOST_PIXELS:
        most = MOST_PIXELS // 1_000_000
        raise ValueError(f"{width} x {height} pixels are more than the {most} million at most")
    if (width, height) == (document.width, document.height):
        return document
    scale = Place.scaled(document.width / max(width, 1), document.height / max(height, 1))
    asked = document if linear is None else in_linear_light(document, linear)
    made = settled(framed(asked, width, height, scale), method)
    return in_linear_light(made, document.linear)


def in_linear_light(document: Document, linear: bool = True) -> Document:
    """The document whose straightening, perspective and places average pixels in linear light."""
    return document if document.linear == linear else replace(document, linear=linear)
