"""Geometry: what changes which part of the plane is the picture, and where layers lie in it.

Nothing here touches a pixel: what a crop hides, a later one shows again.
"""

from __future__ import annotations

import math
from dataclasses import replace

from safelight.api import Region
from safelight.document import guides as guide_lines
from safelight.document.document import Document
from safelight.document.layer import Layer
from safelight.document.placement import IDENTITY, Place
from safelight.document.rendered.plane import held_around, reachable
from safelight.pixels import Method, Raster, View

LONGEST_SIDE = 1_000_000
"""Pixels of a picture's side that are believed."""

_NEAR = 1e-6
"""What a map's numbers are off by after many others."""

MOST_PIXELS = 500_000_000
"""Pixels that are made at once: 8 GB while they are numbers of a computation."""


NEAREST = 0.1
"""How much of the distance of four corners is the least of what else is shown: things are drawn ten
times as large there.
"""

MOST_REACH = 100_000
"""Pixels of a layer's side that a transformation makes of it at the most."""

_LENGTHS = {"cm": 1 / 2.54, "in": 1.0}
"""Units of a print's sides, in inches."""


def framed(document: Document, width: int, height: int, through: Place) -> Document:
    """The document whose picture has another size, and leads ``through`` to the present one.

    Raises ValueError for a size that no picture has.
    """
    if not (0 < width <= LONGEST_SIDE and 0 < height <= LONGEST_SIDE):
        raise ValueError(f"a picture of {width} x {height} pixels cannot be")
    guides = guide_lines.carried(document.guides, through.inverse)
    frame = document.frame.after(through)
    return replace(document, width=width, height=height, frame=frame, guides=guides)


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


def pixels_of(number: float, unit: str, side: int, dots: float) -> int:
    """A length in whole pixels: ``number`` of a ``unit``, "px", "percent" of a ``side``, "cm" or
    "in" at so many ``dots`` per inch. Raises ValueError, for people, where a print's side is asked
    for and ``dots`` is 0.
    """
    if unit == "percent":
        number = side * number / 100
    elif unit in _LENGTHS:
        if not dots:
            raise ValueError("the picture has no resolution; state dpi, dots per inch, too")
        number = number * _LENGTHS[unit] * dots
    return math.floor(number + 0.5)


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
    return _turned_without_corners(document, degrees)


def rotate(document: Document, degrees: float, *, grows: bool = True) -> Document:
    """The picture turned clockwise by any angle: so large that all of it is in view, or ``grows``
    being False the largest rectangle of the same shape that has no empty corner.
    """
    quarters = math.floor(degrees / 90 + 0.5)
    document, rest = turn(document, 90 * quarters), degrees - 90 * quarters
    if not rest or not grows:
        return _turned_without_corners(document, rest)
    width, height = document.width, document.height
    cosine, sine = abs(math.cos(math.radians(rest))), abs(math.sin(math.radians(rest)))
    wide, high = (
        math.ceil(side - _NEAR)
        for side in (width * cosine + height * sine, width * sine + height * cosine)
    )
    middle = Place.offset((width - wide) / 2, (height - high) / 2)
    turned = Place.turned(-rest, width / 2, height / 2)
    return _on_pixels(framed(document, wide, high, turned.after(middle)))


def _turned_without_corners(document: Document, degrees: float) -> Document:
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


def moved(document: Document, layer: Layer, change: Place) -> Document:
    """The document with a layer's pixels and mask, of a group those of all in it, changed as seen
    on the picture. Raises ValueError, for people, where a perspective would draw a part of it
    endlessly large.
    """
    return document.with_layer(_moved(layer, in_plane(document, change)))


def in_plane(document: Document, change: Place) -> Place:
    """A change as seen on the picture, as one of the plane: under a perspective, one as well."""
    return document.frame.after(change).after(document.frame.inverse)


def placed_in(plane: Place, raster: Raster, place: Place, name: str) -> Place:
    """A raster's place changed by a map of the plane. Raises ValueError, for people, where parts of
    the raster, which belongs to what is called ``name``, would come near a horizon.
    """
    made = plane.after(place)
    g, h, i = made.matrix[6:]
    corners = Place().corners(raster.width, raster.height)
    far = [g * x + h * y + i for x, y in corners]
    if min(far) < NEAREST * max(far):
        raise ValueError(
            f"under this perspective {name} cannot be changed so far: it would reach the horizon"
        )
    return made


def box_of(document: Document, layer: Layer) -> Region | None:
    """The smallest rectangle, in the picture's pixels, that holds what a layer shows of its own, or
    all in a group; None where that is nothing. What works on everything is as large as the picture.
    """
    boxes = [box_of(document, item) for item in layer.layers]
    if not layer.is_group:
        boxes = [document.region]
        own = layer.pixels
        if own is not None:
            held = own.region if own.channels == 3 else own.opaque_bounds()
            boxes = [held and _seen_box(document, held, layer.place)]
    found = [box for box in boxes if box is not None]
    if not found:
        return None
    left, top = min(box.x for box in found), min(box.y for box in found)
    right, bottom = max(box.right for box in found), max(box.bottom for box in found)
    whole = Region(left, top, right - left, bottom - top)
    if layer.mask is None or layer.mask_beyond:
        return whole
    shown = layer.mask.bounds()
    inside = shown and _seen_box(document, shown, layer.mask_place).intersect(whole)
    return inside if inside and not inside.empty else None


def _seen_box(document: Document, held: Region, place: Place) -> Region:
    """A rectangle of a raster with that place, on whole pixels of the picture."""
    through = document.frame.inverse.after(place).after(Place.offset(held.x, held.y))
    points = through.corners(held.width, held.height)
    left, top = (math.floor(min(point[k] for point in points) + _NEAR) for k in (0, 1))
    right, bottom = (math.ceil(max(point[k] for point in points) - _NEAR) for k in (0, 1))
    return Region(left, top, right - left, bottom - top)


def change_of(box: Region, x: float, y: float, width: float, height: float, angle: float) -> Place:
    """The map of a box that is moved by ``x`` and ``y`` pixels, and made ``width`` and ``height``
    percent as large, and turned clockwise by ``angle`` degrees, about its middle; mirrored where
    negative. A box that is moved, turned by right angles or mirrored alone comes to lie on whole
    pixels, so that none is resampled. Raises ValueError, for people, for a size that no layer has.
    """
    sides = abs(box.width * width / 100), abs(box.height * height / 100)
    if not (min(sides) >= 0.5 and max(sides) <= MOST_REACH):
        wide, high = (f"{side:.0f}" for side in sides)
        raise ValueError(
            f"a layer cannot be {wide} x {high} pixels large: each side has 1 to {MOST_REACH}"
        )
    across, down = box.x + box.width / 2, box.y + box.height / 2
    change = (
        Place.offset(across + x, down + y)
        .after(Place.turned(angle, 0, 0))
        .after(Place.scaled(width / 100, height / 100))
        .after(Place.offset(-across, -down))
    )
    return change.on_pixels()


def _moved(layer: Layer, plane: Place) -> Layer:
    inside = tuple(_moved(item, plane) for item in layer.layers)
    place, mask_place, own = plane.after(layer.place), layer.mask_place, layer.pixels
    if own is not None:
        place = placed_in(plane, own, layer.place, layer.name)
    if layer.mask is not None:
        mask_place = placed_in(plane, layer.mask, mask_place, f"the mask of {layer.name}")
    return replace(
        layer,
        content=layer.kind.with_layers(layer.content, inside),
        place=place,
        mask_place=mask_place,
    )


def extent(document: Document) -> Region:
    """The smallest rectangle, in the picture's pixels, that holds the picture and all that layers
    hold beyond it. It may begin left of and above the picture, at negative numbers.
    """
    return _extent(document, document.frame)


def _extent(document: Document, frame: Place) -> Region:
    """The rectangle of ``extent`` in the pixels of the picture that ``frame`` would show."""
    back = frame.inverse
    points = back.after(document.frame).corners(document.width, document.height)
    for layer in document.walk():
        if layer.filter is None and layer.pixels is not None:
            points += back.after(layer.place).corners(layer.pixels.width, layer.pixels.height)
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


def unwarped(document: Document) -> Document:
    """The document with all of its plane in view, its sides level, and no perspective."""
    if document.frame.is_affine:
        return uncropped(document)[0]
    x, y = document.width / 2, document.height / 2
    middle, right = document.frame.at(x, y), document.frame.at(x + 1, y)
    down = document.frame.at(x, y + 1)
    a, d = (end - start for end, start in zip(right, middle, strict=True))
    b, e = (end - start for end, start in zip(down, middle, strict=True))
    upright = abs(a) >= abs(b)
    signs = math.copysign(1, a), math.copysign(1, b), math.copysign(1, d), math.copysign(1, e)
    level = (
        Place.affine(signs[0], 0, 0, 0, signs[3], 0)
        if upright
        else Place.affine(0, signs[1], 0, signs[2], 0, 0)
    )
    found = _extent(document, level)
    frame = level.after(Place.offset(found.x, found.y))
    return replace(document, width=found.width, height=found.height, frame=frame)


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
    if before.looked_at == replace(after.looked_at, draft=before.draft):
        return IDENTITY
    if same_plane(before, after):
        return after.frame.inverse.after(before.frame)
    ratio = after.width / before.width
    return Place.scaled(ratio, ratio)


def framed_as(document: Document, other: Document) -> Document:
    """A document seen through the frame of another of the same plane, and as a draft where that is
    one; itself for any other.
    """
    if document.looked_at == other.looked_at or not same_plane(document, other):
        return document
    width, height = other.width, other.height
    return replace(document, width=width, height=height, frame=other.frame, draft=other.draft)


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
        layer.id: layer
        for layer in document.walk()
        if not layer.is_group and next(layer.kind.rasters(layer.content), None) is None
    }
    back = document.frame.inverse

    def settle(layer: Layer) -> Layer:
        mask = held(layer.mask, "uint8")
        own = without.get(layer.id)
        if own is not None:
            place = back.after(own.place) if own.kind.drawn else IDENTITY
            return replace(layer, content=own.content, place=place, mask=mask)
        content = layer.kind.changed(layer.content, pixels)
        inside = tuple(settle(item) for item in layer.layers)
        content = layer.kind.with_layers(content, inside)
        return replace(layer, content=content, mask=mask)

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
    stay, those of effects do not; what filters have kept is resized too. ``linear`` says whether in
    linear light; None: as the document has it. Raises ValueError for a size that no picture has,
    and for more pixels than MOST_PIXELS.
    """
    check_size(width, height)
    if (width, height) == (document.width, document.height):
        return document
    scale = Place.scaled(document.width / max(width, 1), document.height / max(height, 1))
    asked = document if linear is None else in_linear_light(document, linear)
    made = settled(framed(asked, width, height, scale), method)
    return in_linear_light(_effects_scaled(made, width / document.width), document.linear)


def _effects_scaled(document: Document, factor: float) -> Document:
    """The document with the effects of its layers so many times as large."""
    for layer in document.walk():
        if layer.effects:
            effects = tuple(effect.scaled(factor) for effect in layer.effects)
            document = document.with_layer(replace(document.layer(layer.id), effects=effects))
    return document


def check_size(width: int, height: int) -> None:
    """Raise ValueError, for people, for a number of pixels that cannot be made at once."""
    if not (width > 0 and height > 0):
        raise ValueError(f"a picture of {width} x {height} pixels cannot be")
    if width * height > MOST_PIXELS:
        most = MOST_PIXELS // 1_000_000
        raise ValueError(f"{width} x {height} pixels are more than the {most} million at most")


def in_linear_light(document: Document, linear: bool = True) -> Document:
    """The document whose straightening, perspective and places average pixels in linear light."""
    return document if document.linear == linear else replace(document, linear=linear)
