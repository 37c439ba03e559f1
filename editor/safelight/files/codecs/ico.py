"""ICO: reading the largest picture of an icon, which is a PNG or a bitmap."""

from __future__ import annotations

import io
import struct
from typing import BinaryIO

import numpy as np

from safelight.files.codecs import png
from safelight.files.codecs.bmp import Bitmap
from safelight.files.codecs.codec import Codec
from safelight.files.codecs.jpeg_damage import ends_early
from safelight.files.codecs.photograph import DamagedError, Limit, Photograph, Room

_MOST = 1000


def read(file: BinaryIO, size: int, limit: Limit, room: Room = np.empty) -> Photograph:
    """Decode the largest picture of an icon, of several as large the deepest."""
    data = file.read()
    count = min(struct.unpack_from("<H", data, 4)[0], _MOST) if len(data) >= 6 else 0
    found = []
    for number in range(count):
        if len(data) < 22 + 16 * number:
            break
        width, height, _, _, _, bits, length, place = struct.unpack_from(
            "<BBBBHHII", data, 6 + 16 * number
        )
        found.append(((width or 256) * (height or 256), bits, place, length))
    if not found:
        raise DamagedError("is damaged: nothing of the picture is left in it")
    *_, place, length = max(found)
    part = data[place : place + length]
    if part.startswith(png.SIGNATURE):
        content = png.read(io.BytesIO(part), len(part), limit, room)
    else:
        content = _bitmap(part, limit)
    if count > 1:
        content.notes.append(f"The file holds {count} pictures; the largest one was opened.")
    return content


def _bitmap(data: bytes, limit: Limit) -> Photograph:
    """A bitmap, below which a mask of one bit says what is transparent."""
    bitmap = Bitmap.read(data, 0)
    bitmap.height //= 2
    bitmap.check(limit)
    start = bitmap.behind + bitmap.colours * bitmap.entry
    pixels, there = bitmap.pixels(data, start, alpha=True)
    notes = [ends_early(there, bitmap.height)] if there < bitmap.height else []
    if pixels.shape[2] == 4:
        return Photograph(pixels, "rgb", True, notes=notes)
    mask = Bitmap(bitmap.width, bitmap.height, True, 1, 0, (0, 0, 0, 0), 2, 3, 0)
    at = start + bitmap.row * bitmap.height
    if len(data) < at + mask.row * mask.height:
        return Photograph(pixels, "grey" if pixels.shape[2] == 1 else "rgb", notes=notes)
    hidden, _ = mask.pixels(bytes((0, 0, 0, 1, 1, 1)) + data[at:], 6)
    shown = np.where(hidden[..., :1] > 0, np.uint8(0), np.uint8(255))
    made = np.concatenate([pixels, shown], axis=2)
    return Photograph(made, "grey" if pixels.shape[2] == 1 else "rgb", True, notes=notes)


CODEC = Codec("ICO", suffixes=(".ico", ".cur"), beginnings=(rb"\0\0[\x01\x02]\0[^\0]",), read=read)
