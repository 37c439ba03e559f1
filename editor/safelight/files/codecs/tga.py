"""TGA: reading (Truevision TGA 2.0)."""

from __future__ import annotations

import io
import struct
from typing import BinaryIO

import numpy as np

from safelight.files.codecs import pillow_decoder
from safelight.files.codecs.codec import Codec
from safelight.files.codecs.jpeg_damage import ends_early
from safelight.files.codecs.photograph import (
    DamagedError,
    Limit,
    Photograph,
    Room,
    check_bytes,
    check_packing,
    check_size,
)

_EXPANSION = 128
"""Pixels that a run can become."""


def read(file: BinaryIO, size: int, limit: Limit, room: Room = np.empty) -> Photograph:
    """Decode a TGA file."""
    data = file.read()
    if len(data) < 18:
        raise DamagedError("is damaged: its first part is missing")
    kind = data[2]
    width, height, bits = struct.unpack_from("<HHB", data, 12)
    check_size(width, height, limit)
    check_bytes(4 * width * height, limit, "4 channels of 8 bits")
    packed = kind >= 8
    needed = width * height * -(-bits // 8)
    check_packing(needed, len(data), _EXPANSION if packed else 1)
    notes: list[str] = []
    there = _rows(data, width, height, -(-bits // 8))
    if there < height:
        if not there:
            raise DamagedError("is damaged or cut off: nothing of the picture is left in it")
        notes.append(ends_early(there, height))
        # Of zeros the decoder makes pixels one by one.
        data += bytes(2 * (needed + 4096))
    with pillow_decoder.opened(io.BytesIO(data), "TGA", (width, height), cut_off=True) as image:
        alpha = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
        grey = image.mode in ("L", "LA", "1")
        wanted = ("LA" if alpha else "L") if grey else ("RGBA" if alpha else "RGB")
        pixels = np.array(image.convert(wanted)).reshape(height, width, -1)
    if alpha and not pixels[..., -1].any():
        # Room for transparency that nobody filled.
        pixels, alpha = np.ascontiguousarray(pixels[..., :-1]), False
    return Photograph(pixels, "grey" if grey else "rgb", alpha, notes=notes)


def _rows(data: bytes, width: int, height: int, wide: int) -> int:
    """How many rows of pixels of ``wide`` bytes are there, from the one that stands first."""
    (entries, bits) = struct.unpack_from("<HB", data, 5)
    at = 18 + data[0] + (entries * -(-bits // 8) if data[1] else 0)
    if data[2] < 8:
        return min(max(len(data) - at, 0) // (width * wide or 1), height)
    count, end = 0, width * height
    while at < len(data) and count < end:
        run = (data[at] & 127) + 1
        held = 1 if data[at] & 128 else run
        count += run if at + 1 + held * wide <= len(data) else (len(data) - at - 1) // wide
        at += 1 + held * wide
    return min(count // width, height)


CODEC = Codec(
    "TGA",
    suffixes=(".tga", ".vda", ".icb", ".vst"),
    # A file says nowhere what it is, but few others begin so.
    beginnings=(
        rb".\x01[\x01\x09]....[\x0f\x10\x18\x20].{8}\x08[\x00-\x3f]",
        rb".\0[\x02\x0a]\0{4}.{5}....[\x0f\x10\x18\x20][\x00-\x3f]",
        rb".\0[\x03\x0b]\0{4}.{5}....[\x08\x10][\x00-\x3f]",
    ),
    read=read,
)
