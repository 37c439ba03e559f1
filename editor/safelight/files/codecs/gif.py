"""GIF: reading the first picture (GIF89a)."""

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
    check_size,
)

_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B
_TABLE = 0x80
"""The flag that says that a table of colours follows."""


def _table(flags: int) -> int:
    """Bytes of the table of colours that follows such flags."""
    return 3 * 2 ** ((flags & 7) + 1) if flags & _TABLE else 0


def _behind(data: bytes, place: int) -> int:
    """Where the chain of blocks that begins at ``place`` has ended. Raises IndexError."""
    while data[place]:
        place += data[place] + 1
    return place + 1


def _pictures(data: bytes, width: int, height: int) -> tuple[int, int]:
    """Where the first picture ends, and how many there are. Raises DamagedError for none."""
    place, end, count = 13 + _table(data[10]), 0, 0
    try:
        while data[place] != _TRAILER:
            if data[place] == _EXTENSION:
                place = _behind(data, place + 2)
                continue
            if data[place] != _IMAGE:
                break
            left, top, across, down, flags = struct.unpack_from("<4HB", data, place + 1)
            # What is decoded must lie in what was checked.
            if not count and (left + across > width or top + down > height):
                raise DamagedError("is damaged: its first picture is larger than it says")
            place = _behind(data, place + 11 + _table(flags))
            count += 1
            end = end or place
    except (IndexError, struct.error):
        pass  # it ends early, which the first picture may not
    if not count:
        raise DamagedError("is damaged: its first picture is not whole")
    return end, count


def read(file: BinaryIO, size: int, limit: Limit, room: Room = np.empty) -> Photograph:
    """Decode the first picture of a GIF, with its transparency."""
    import imagecodecs

    data = file.read()
    if len(data) < 13:
        raise DamagedError("is damaged: its first part is missing")
    width, height = struct.unpack_from("<HH", data, 6)
    check_size(width, height, limit)
    check_bytes(4 * width * height, limit, "4 channels of 8 bits")
    end, count = _pictures(data, width, height)
    try:
        # Of further pictures nothing is decoded, whatever sizes they state.
        pixels = imagecodecs.gif_decode(data[:end] + bytes([_TRAILER]), index=0, asrgb=True)
    except Exception as error:
        raise DamagedError(f"is damaged and cannot be decoded ({error})") from error
    if pixels.shape[:2] != (height, width) or pixels.shape[2:] not in ((3,), (4,)):
        raise DamagedError("is damaged: it is not of the size that it says")
    notes = [f"The file holds {count} pictures; the first one was opened."] if count > 1 else []
    return Photograph(pixels, alpha=pixels.shape[2] == 4, notes=notes)


CODEC = Codec("GIF", suffixes=(".gif",), beginnings=(rb"GIF8[79]a",), read=read)
