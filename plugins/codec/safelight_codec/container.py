"""Container: what stands in a small picture's file, and that it is what was written.

A file is ``SLV`` and 0x1a, the version 1, the quality, the 8 bytes by which its network is known,
width and height; then of each stripe its length and the CRC-32 of its bytes; the CRC-32 of all
that so far; then the stripes. All numbers are little-endian. A stripe tells of 512 rows (the last
one of what is left), and of no other's: what is damaged in one leaves the others whole.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from safelight import api

MAGIC = b"SLV\x1a"
BLOCK = 8
"""Pixels a side of what one set of 192 numbers tells of."""

STRIPE = 64
"""Rows of blocks in a stripe."""

STEPS = 16
"""Qualities from one that was trained to the next."""

HIGHEST = 3 * STEPS
MOST_BLOCKS = 80
"""Blocks that a byte can tell of at the most: no frequency lets 192 numbers cost less."""

MOST_PIXELS = 1 << 27
LONGEST_SIDE = 65535

_VERSION = 1
_HEAD = struct.Struct("<4sBB8sII")
_PART = struct.Struct("<II")
_SUM = struct.Struct("<I")


@dataclass(frozen=True, slots=True)
class File:
    """A small picture as it stands in its file.

    ``level``: its quality, 0 to ``HIGHEST``. ``identity``: 8 bytes of the network that it was
    written for. ``stripes``: the bytes of each, None of one that is damaged or missing.
    """

    width: int
    height: int
    level: int
    identity: bytes
    stripes: tuple[bytes | None, ...]

    @property
    def columns(self) -> int:
        """Blocks across."""
        return -(-self.width // BLOCK)

    @property
    def rows(self) -> int:
        """Blocks down."""
        return -(-self.height // BLOCK)


def stripes_of(rows: int) -> list[tuple[int, int]]:
    """The first row of blocks of each stripe, and the one after its last."""
    return [(top, min(top + STRIPE, rows)) for top in range(0, rows, STRIPE)]


def check_size(width: int, height: int) -> None:
    """Raise FormatError for a picture that is too large for the format."""
    if max(width, height) > LONGEST_SIDE or width * height > MOST_PIXELS:
        raise api.FormatError(
            f"it would have {width} x {height} pixels; {LONGEST_SIDE} a side and"
            f" {MOST_PIXELS // 1_000_000} megapixels are the most"
        )


def packed(width: int, height: int, level: int, identity: bytes, stripes: Sequence[bytes]) -> bytes:
    """The bytes of a file."""
    head = _HEAD.pack(MAGIC, _VERSION, level, identity, width, height)
    head += b"".join(_PART.pack(len(data), zlib.crc32(data)) for data in stripes)
    return b"".join([head, _SUM.pack(zlib.crc32(head)), *stripes])


def unpacked(data: bytes) -> File:
    """What is in a file. Raises FormatError where nothing of its picture can be had, and before
    anything is made that would be larger than its bytes could tell of.
    """
    if len(data) < _HEAD.size:
        raise api.FormatError("it ends within its header")
    magic, version, level, identity, width, height = _HEAD.unpack_from(data)
    if magic != MAGIC:
        raise api.FormatError("it does not begin as a small picture does")
    if version != _VERSION:
        raise api.FormatError(f"it is of version {version}, and version {_VERSION} is known")
    if not width or not height or level > HIGHEST:
        raise api.FormatError("its header is damaged")
    check_size(width, height)
    parts = stripes_of(-(-height // BLOCK))
    end = _HEAD.size + len(parts) * _PART.size
    if len(data) < end + _SUM.size:
        raise api.FormatError("it ends within its header")
    if _SUM.unpack_from(data, end)[0] != zlib.crc32(data[:end]):
        raise api.FormatError("its header is damaged")
    place, columns = end + _SUM.size, -(-width // BLOCK)
    stripes: list[bytes | None] = []
    for (top, bottom), (length, crc) in zip(
        parts, _PART.iter_unpack(data[_HEAD.size : end]), strict=True
    ):
        held = data[place : place + length]
        place += length
        whole = len(held) == length and zlib.crc32(held) == crc
        told = (bottom - top) * columns <= length * MOST_BLOCKS
        stripes.append(held if whole and told else None)
    if not any(stripes):
        raise api.FormatError("nothing of its picture is whole")
    return File(width, height, level, identity, tuple(stripes))
