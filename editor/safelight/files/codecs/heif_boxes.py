"""HEIF boxes: the parts that a HEIC or AVIF file is made of (ISO/IEC 14496-12), read and made."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import TypeAlias

Box: TypeAlias = tuple[bytes, bytes]
"""Four letters and what stands in the box."""


def boxes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[bytes, int, int]]:
    """Kind, beginning and end of what is in each box. One cut off ends where the data do."""
    end = len(data) if end is None else end
    while start + 8 <= end:
        size, kind = struct.unpack_from(">I4s", data, start)
        head = 8
        if size == 1 and start + 16 <= end:
            (size,) = struct.unpack_from(">Q", data, start + 8)
            head = 16
        stop = end if size == 0 else start + size
        if size and size < head:
            return
        yield kind, start + head, min(stop, end)
        start = stop


def box(kind: bytes, *parts: bytes) -> bytes:
    """A whole box."""
    return struct.pack(">I4s", 8 + sum(map(len, parts)), kind) + b"".join(parts)


def full_box(kind: bytes, version: int, flags: int, *parts: bytes) -> bytes:
    """A whole box with a version and flags."""
    return box(kind, struct.pack(">I", version << 24 | flags), *parts)
