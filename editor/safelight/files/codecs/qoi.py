"""QOI: reading and writing (The Quite OK Image Format, 1.0)."""

from __future__ import annotations

import struct
from typing import BinaryIO

import numpy as np

from safelight.files.codecs.codec import Codec
from safelight.files.codecs.photograph import (
    DamagedError,
    Limit,
    Photograph,
    Room,
    check_bytes,
    check_packing,
    check_size,
    packed,
    undecodable,
)
from safelight.files.colours.stated_colours import profile_of_codes

_EXPANSION = 62
"""Pixels that one byte can become: a run."""

_END = bytes(7) + b"\1"
_LINEAR = (1, 8)
"""Codes of sRGB's primaries and of no curve (H.273)."""


def read(file: BinaryIO, size: int, limit: Limit, room: Room = np.empty) -> Photograph:
    """Decode a QOI file."""
    import imagecodecs

    data = file.read()
    if len(data) < 14:
        raise DamagedError("is damaged: its first part is missing")
    width, height, channels, space = struct.unpack_from(">IIBB", data, 4)
    check_size(width, height, limit)
    if channels not in (3, 4) or space > 1:
        raise DamagedError("is damaged: it is of no kind that QOI knows")
    check_bytes(width * height * channels, limit, f"{channels} channels of 8 bits")
    check_packing(width * height * channels, len(data), _EXPANSION * channels)
    notes: list[str] = []
    if not data.endswith(_END):
        # What is missing repeats the last pixel.
        notes.append("The file ends early; the lower part of the picture may be missing.")
        data += _END
    try:
        pixels = imagecodecs.qoi_decode(data)
    except Exception as error:
        raise undecodable(error, cut_off=False) from error
    if pixels.shape != (height, width, channels):
        raise DamagedError("is damaged: it is not of the size that it says")
    icc = profile_of_codes(*_LINEAR, notes) if space == 1 and channels == 3 else None
    return Photograph(pixels, "rgb", channels == 4, icc, notes=notes)


def write(stream: BinaryIO, content: Photograph) -> None:
    """Encode (height, width, 3 or 4) of uint8."""
    import imagecodecs

    data = imagecodecs.qoi_encode(packed(content.pixels))
    # The encoder marks transparent pictures as linear.
    stream.write(data[:13] + b"\0" + memoryview(data)[14:])


CODEC = Codec(
    "QOI",
    suffixes=(".qoi",),
    beginnings=(rb"qoif",),
    read=read,
    write=write,
    grey=False,
    profiles=False,
    holds=frozenset(),
    largest_side=20000,  # 400 megapixels are what its reference decoder takes
    exact=lambda *_: True,
)
