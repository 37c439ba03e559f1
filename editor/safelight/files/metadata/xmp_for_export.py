"""XMP for an export: what it says of pixels, of marked areas and of other pictures in the file."""

from __future__ import annotations

import re

from safelight.document import Metadata
from safelight.files.metadata import xmp
from safelight.files.metadata.exif_block import dots_as_fraction
from safelight.files.metadata.stated_picture import FRACTION, numbers_in, stated_dpi, with_texts

# -- what XMP says of the pixels -------------------------------------------------------------

_OF_PARTS = (
    "http://ns.adobe.com/hdr-gain-map/1.0/",
    "http://ns.apple.com/HDRGainMap/1.0/",
    "http://ns.google.com/photos/1.0/container/",
    "http://ns.google.com/photos/dd/1.0/",
)
"""Namespaces that tell of further pictures in a file: gain maps, and what stands behind it."""

_OF_FILM = re.compile(r"http://ns\.google\.com/photos/1\.0/camera/ (MicroVideo|MotionPhoto)")

_PICTURES = (
    "http://ns.google.com/photos/1.0/image/ ",
    "http://ns.google.com/photos/1.0/depthmap/ ",
    "http://ns.google.com/photos/1.0/audio/ ",
    f"{xmp.NAMESPACES['xmp']} Thumbnails",
    "http://ns.adobe.com/xap/1.0/g/img/ image",
)
"""What pictures in a packet are called: small ones, and whole ones from before an edit."""

_AREAS = "http://www.metadataworkinggroup.com/schemas/regions/ Regions"
_SIDES = (
    "http://ns.adobe.com/xap/1.0/sType/Dimensions# w",
    "http://ns.adobe.com/xap/1.0/sType/Dimensions# h",
)
_PANORAMA = "http://ns.google.com/photos/1.0/panorama/ "
_CROPPED = (f"{_PANORAMA}CroppedAreaImageWidthPixels", f"{_PANORAMA}CroppedAreaImageHeightPixels")


def xmp_for_pixels(
    packet: bytes,
    width: int,
    height: int,
    *,
    same_picture: bool,
    dpi: tuple[float, float] | None = None,
) -> bytes | None:
    """The XMP packet for a picture of ``width`` x ``height`` that may have been edited, and is
    upright, and is alone in its file; every byte that has nothing to do with it as it was.

    None for one that cannot be read and may show what was there before.
    """
    found = xmp.readable(packet)
    if found is None:
        shows = not same_picture and re.search(rb"Thumbnails|GImg|/image/|/depthmap/", packet)
        return None if shows else packet
    stale: set[int] = set()
    for node in found.nodes:
        if node.name.split(" ")[0] in _OF_PARTS or _OF_FILM.match(node.name):
            stale.add(id(node))
        elif not same_picture and node.name.startswith(_PICTURES):
            # What tells of the picture goes with it.
            while node.parent is not None and node.level > 2:
                node = node.parent
            stale.add(id(node))
    _mark_areas(found, width, height, stale)
    if stale:
        packet = found.without(lambda node: id(node) in stale)
    packet = with_texts(packet, _sizes(found, width, height, dpi))
    return _scaled_panorama(packet, width, height)


def _sizes(
    found: xmp.Packet, width: int, height: int, dpi: tuple[float, float] | None
) -> dict[str, str]:
    """Orientation, sizes and resolution as they must be stated, by their names."""
    values = {"tiff:Orientation": "1"}
    for x_name, y_name in (
        ("tiff:ImageWidth", "tiff:ImageLength"),
        ("exif:PixelXDimension", "exif:PixelYDimension"),
    ):
        stated = [*numbers_in(found, x_name), *numbers_in(found, y_name)]
        if sorted(stated) != sorted((width, height)):
            values |= {x_name: str(width), y_name: str(height)}
    known_dpi = stated_dpi(Metadata(xmp=found.data))
    if dpi is not None and known_dpi not in (None, dpi):
        for name, dots in zip(("tiff:XResolution", "tiff:YResolution"), dpi, strict=True):
            values[name] = "{}/{}".format(*dots_as_fraction(dots))
        values["tiff:ResolutionUnit"] = "2"
    return values


def _mark_areas(found: xmp.Packet, width: int, height: int, stale: set[int]) -> None:
    """Faces and the like that are marked in a picture of other proportions go: they would be
    marked elsewhere now.
    """
    for node in found.properties(_AREAS):
        sides = [
            float(inner.text)
            for name in _SIDES
            for inner in found.nodes
            if inner.name == name
            and FRACTION.fullmatch(inner.text.strip())
            and node.start < inner.start < node.end
        ]
        if len(sides) == 2 and not _alike(sides[0], sides[1], width, height):
            stale.add(id(node))


def _alike(wide: float, high: float, width: int, height: int) -> bool:
    """Whether two pictures have the same proportions, to a pixel and a half."""
    return abs(wide * height - high * width) <= 1.5 * max(wide, high, width, height)


def _scaled_panorama(packet: bytes, width: int, height: int) -> bytes:
    """The packet with what it says of a panorama in the pixels of the picture as it is now; of one
    that was cropped or turned nothing is said any more.
    """
    found = xmp.readable(packet)
    sides = [node for name in _CROPPED for node in (found.properties(name) if found else ())]
    if found is None or len(sides) != 2 or not all(node.text.strip().isdecimal() for node in sides):
        return packet
    wide, high = (int(node.text) for node in sides)
    if (wide, high) == (width, height):
        return packet
    if not wide or not high or not _alike(wide, high, width, height):
        return found.without(lambda node: node.name.startswith(_PANORAMA))
    changes = []
    for node in found.properties():
        if node.name.startswith(_PANORAMA) and node.name.endswith("Pixels"):
            match = FRACTION.fullmatch(node.text.strip())
            if match:
                by = width / wide if "Width" in node.name or "Left" in node.name else height / high
                changes.append((*node.inner, str(round(float(match[1]) * by)).encode()))
    return found.changed(changes)
