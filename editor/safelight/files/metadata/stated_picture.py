"""Stated picture: how EXIF and XMP state that the pixels lie, how dense and in what colours."""

from __future__ import annotations

import re
from collections.abc import Mapping

from safelight.document import Metadata
from safelight.files.metadata import ifd, xmp
from safelight.files.metadata.exif_block import (
    RESOLUTION_UNIT,
    X_RESOLUTION,
    Y_RESOLUTION,
    ExifBlock,
)

_ORIENTATION = 274


_PER_INCH = {2: 1.0, 3: 2.54}
"""What turns dots per unit into dots per inch, by the number of the unit (EXIF 2.32, 0x0128)."""


def orientation(exif: bytes | None, packet: bytes | None = None) -> int:
    """How the picture must be turned to stand upright: 1 to 8 (EXIF 2.32 tag 0x0112), as its EXIF
    says, or else its XMP ``packet``; else 1.
    """
    block = ExifBlock(exif)
    found = block.directory.numbers(_ORIENTATION, block.header) if block.directory else ()
    if not found:
        found = numbers_in(xmp.readable(packet), "tiff:Orientation")
    return int(found[0]) if found and found[0] in range(1, 9) else 1


def numbers_in(packet: xmp.Packet | None, *names: str) -> tuple[float, ...]:
    """What a packet states as numbers or fractions under each of some names; empty unless it does
    so under all.
    """
    found: list[float] = []
    for name in names:
        for node in packet.properties(xmp.name(name)) if packet is not None else ():
            match = FRACTION.fullmatch(node.text.strip())
            if match:
                top, bottom = float(match[1]), float(match[2] or 1)
                found.append(top / bottom if bottom else 0.0)
                break
    return tuple(found) if len(found) == len(names) else ()


FRACTION = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)(?:/(\d{1,12}))?")


def stated_dpi(metadata: Metadata) -> tuple[float, float] | None:
    """Dots per inch, across and down, that EXIF, or else XMP, states; None for none."""
    block = ExifBlock(metadata.exif)
    x = block.directory.numbers(X_RESOLUTION, block.header) if block.directory else ()
    y = block.directory.numbers(Y_RESOLUTION, block.header) if block.directory else ()
    unit = block.directory.numbers(RESOLUTION_UNIT, block.header) if block.directory else ()
    if not (x and y):
        packet = xmp.readable(metadata.xmp)
        both = numbers_in(packet, "tiff:XResolution", "tiff:YResolution")
        x, y = both[:1], both[1:]
        unit = numbers_in(packet, "tiff:ResolutionUnit")
    factor = _PER_INCH.get(int(unit[0]) if unit else 2)
    if not (x and y and factor and x[0] > 0 and y[0] > 0) or (x[0], y[0]) == (1, 1):
        return None  # Where nothing was known, some write 1.
    return (x[0] * factor, y[0] * factor)


def says_adobe_rgb(exif: bytes | None) -> bool:
    """Whether the interoperability index marks the pixels as Adobe RGB (DCF 2.0: "R03")."""
    return _adobe_rgb_mark(exif) is not None


def without_adobe_rgb(exif: bytes) -> bytes:
    """The EXIF block with a mark of Adobe RGB changed to sRGB's ("R98"), every other byte as it
    was.
    """
    place = _adobe_rgb_mark(exif)
    return exif if place is None else exif[:place] + b"R98" + exif[place + 3 :]


def _adobe_rgb_mark(exif: bytes | None) -> int | None:
    block = ExifBlock(exif)
    inner = block.directory.children.get(ifd.EXIF_DIRECTORY) if block.directory else None
    index = inner.children.get(ifd.INTEROPERABILITY_DIRECTORY) if inner else None
    entry = index.entries.get(1) if index else None
    return entry.place if entry is not None and entry.value[:3] == b"R03" else None


def upright(exif: bytes) -> bytes:
    """The EXIF block with its orientation set to 1, every other byte as it was."""
    block = ExifBlock(exif)
    if block.directory is None or orientation(exif) == 1:
        return exif
    data = bytearray(exif)
    block.patch(data, block.directory.entries.get(_ORIENTATION), 1)
    return bytes(data)


def upright_xmp(packet: bytes) -> bytes:
    """The XMP packet with its ``tiff:Orientation`` set to 1, every other byte as it was."""
    if xmp.readable(packet) is None:
        # Some programs turn a picture by what they find without reading the whole.
        return re.sub(rb"""(tiff:Orientation(?:=["']|>))[2-8](?=["'<])""", rb"\g<1>1", packet)
    return with_texts(packet, {"tiff:Orientation": "1"})


def with_texts(packet: bytes, values: Mapping[str, str]) -> bytes:
    """The packet with other values of plain properties where it states those; one that cannot be
    read stays as it is.
    """
    found = xmp.readable(packet)
    if found is None:
        return packet
    changes = [
        (*node.inner, text.encode())
        for name, text in values.items()
        for node in found.properties(xmp.name(name))
        if not any(not part.attribute for part in node.parts) and node.text.strip() != text
    ]
    return found.changed(changes) if changes else packet
