"""HEIC and AVIF files changed box by box, to say what their encoders do not."""

from __future__ import annotations

import struct

Box = tuple[bytes, bytes]


def taken_apart(data: bytes) -> list[Box]:
    """Kind and content of each box."""
    found, at = [], 0
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        found.append((kind, data[at + 8 : at + size]))
        at += size
    return found


def put_together(parts: list[Box]) -> bytes:
    """The boxes as bytes."""
    return b"".join(struct.pack(">I4s", 8 + len(body), kind) + body for kind, body in parts)


def with_properties(data: bytes, *properties: Box, instead: bytes = b"") -> bytes:
    """A file whose primary picture has further properties, behind the others.

    Properties of the kind ``instead`` are emptied.
    """
    parts = dict(taken_apart(data))
    meta = dict(taken_apart(parts[b"meta"][4:]))
    (primary,) = struct.unpack_from(">H", meta[b"pitm"], 4)
    held = dict(taken_apart(meta[b"iprp"]))
    stated = [
        (b"free" if kind == instead else kind, body) for kind, body in taken_apart(held[b"ipco"])
    ]
    numbers = [len(stated) + 1 + index for index in range(len(properties))]
    rows, at = held[b"ipma"][:8], 8
    while at < len(held[b"ipma"]):
        number, count = struct.unpack_from(">HB", held[b"ipma"], at)
        own = list(held[b"ipma"][at + 3 : at + 3 + count])
        at += 3 + count
        own += [0x80 | each for each in numbers] if number == primary else []
        rows += struct.pack(">HB", number, len(own)) + bytes(own)
    held |= {b"ipco": put_together([*stated, *properties]), b"ipma": rows}
    meta[b"iprp"] = put_together(list(held.items()))
    longer = len(put_together(list(meta.items()))) - len(parts[b"meta"]) + 4
    meta[b"iloc"] = _moved(meta[b"iloc"], longer)
    parts[b"meta"] = parts[b"meta"][:4] + put_together(list(meta.items()))
    return put_together(list(parts.items()))


def _moved(places: bytes, by: int) -> bytes:
    """``iloc`` of a file in which everything lies so many bytes further on."""
    version, sizes, more = places[0], places[4], places[5]
    base = more >> 4
    result, at = bytearray(places), 8
    for _ in range(struct.unpack_from(">H", places, 6)[0]):
        method = struct.unpack_from(">H", places, at + 2)[0] if version else 0
        at += 6 if version else 4
        (start,) = struct.unpack_from(">I", places, at) if base else (0,)
        if base and method == 0:
            struct.pack_into(">I", result, at, start + by)
        at += base
        (count,) = struct.unpack_from(">H", places, at)
        at += 2
        for _ in range(count):
            (offset,) = struct.unpack_from(">I", places, at)
            if not base and method == 0:
                struct.pack_into(">I", result, at, offset + by)
            at += (sizes >> 4) + (sizes & 15)
    return bytes(result)
