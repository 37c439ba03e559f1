"""JPEG XR: reading (ISO/IEC 29199-2), the pictures of Windows, with all their depths."""

from __future__ import annotations

import re
import struct
from typing import BinaryIO

import numpy as np

from safelight.api import from_linear
from safelight.document import Metadata
from safelight.files.codecs.codec import Codec
from safelight.files.codecs.photograph import (
    DamagedError,
    Limit,
    Photograph,
    Room,
    check_bytes,
    check_size,
    undecodable,
    with_numbers,
)
from safelight.files.metadata import ifd

_WIDTH, _HEIGHT, _ACROSS, _DOWN, _PLACE = 0xBC80, 0xBC81, 0xBC82, 0xBC83, 0xBCC0
_XMP, _IPTC, _ICC = 700, 33723, 34675
_PARTS = ((_PLACE, 0xBCC1), (0xBCC2, 0xBCC3))
"""Where the picture and its transparency lie, and how long they are."""
_MARK = b"WMPHOTO\0"
_FAULT = "is damaged: it ends before the picture begins"


def read(file: BinaryIO, size: int, limit: Limit, room: Room = np.empty) -> Photograph:
    """Decode a JPEG XR file. Light in floats gets the curve of sRGB."""
    import imagecodecs

    data = file.read()
    # Its table of tags is that of a TIFF with another number.
    fetch = ifd.bytes_fetch(data[:2] + b"\x2a\0" + data[4:])
    try:
        header = ifd.Header.read(fetch)
        directory = ifd.read_directory(fetch, header, header.first)
    except ifd.DirectoryError as error:
        raise DamagedError(f"is damaged or cut off: {error}") from error

    def number(tag: int) -> float:
        return (directory.numbers(tag, header) or (0,))[0]

    width, height = int(number(_WIDTH)), int(number(_HEIGHT))
    check_size(width, height, limit)
    check_bytes(16 * width * height, limit, "4 channels of 32 bits")
    if (width, height) not in _coded_sizes(data, int(number(_PLACE))):
        raise DamagedError("is damaged: it states its size twice, and differently")
    try:
        pixels = imagecodecs.jpegxr_decode(data)
    except Exception as error:
        raise undecodable(error) from error
    turned = pixels.shape[:2] == (width, height)
    if pixels.shape[:2] != (height, width) and not turned:
        raise DamagedError("is damaged: it is not of the size that it says")
    pixels = pixels.reshape(*pixels.shape[:2], -1)
    notes: list[str] = []
    if any(number(place) + number(length) > len(data) for place, length in _PARTS):
        notes.append("The file ends early; part of the picture is coarser or missing.")
    channels = pixels.shape[2]
    if channels > 4:
        raise DamagedError(f"has {channels} channels, which Safelight cannot open")
    alpha = channels in (2, 4)
    if pixels.dtype.kind == "f":
        pixels = with_numbers(pixels.astype(np.float32), notes)
        colour = channels - alpha
        pixels[..., :colour] = from_linear(pixels[..., :colour])
    elif pixels.dtype == bool:
        pixels = pixels.astype(np.uint8) * np.uint8(255)
    elif pixels.dtype not in (np.uint8, np.uint16):
        raise DamagedError("holds numbers of a kind that Safelight cannot open")
    dots = (float(number(_ACROSS)), float(number(_DOWN)))

    def part(tag: int) -> bytes | None:
        entry = directory.entries.get(tag)
        return entry.value if entry and entry.value else None

    carried = ifd.pick(directory, (*ifd.POINTERS[:2],))
    return Photograph(
        pixels,
        "grey" if channels < 3 else "rgb",
        alpha,
        part(_ICC),
        Metadata(
            exif=ifd.structure(carried, header.order) if carried.children else None,
            xmp=part(_XMP),
            iptc=part(_IPTC),
            dpi=dots if all(0 < side < 1e6 for side in dots) else None,
        ),
        notes,
        orientation=1,
    )


def stated_size(data: bytes) -> tuple[int, int]:
    """Width and height that a JPEG XR file states, the largest where it has transparency beside
    its picture. Raises DamagedError for none.
    """
    places = (found.start() for found in re.finditer(_MARK, data))
    sizes = [_coded_sizes(data, place)[0] for place in places]
    if not sizes:
        raise DamagedError(_FAULT)
    widths, heights = zip(*sizes, strict=True)
    return max(widths), max(heights)


def _coded_sizes(data: bytes, at: int) -> tuple[tuple[int, int], ...]:
    """Width and height that the coded picture states, and the same turned (29199-2, 8.3)."""
    if data[at : at + 8] != _MARK or len(data) < at + 20:
        raise DamagedError(_FAULT)
    short = data[at + 10] & 0x80
    down, across = struct.unpack_from(">HH" if short else ">II", data, at + 12)
    return (down + 1, across + 1), (across + 1, down + 1)


CODEC = Codec(
    "JPEG XR",
    suffixes=(".jxr", ".wdp", ".hdp"),
    beginnings=(rb"II\xbc[\0\x01]",),
    read=read,
    depths=("uint8", "uint16", "float32"),
)
