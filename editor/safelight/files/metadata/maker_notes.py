"""Maker notes: tables of the cameras' makers, moved, and emptied of pictures and places.

Their layouts are those that ExifTool's documentation tells of. What is not understood stays as it
is, but for pictures, which are known by their first bytes.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

_HEADS: tuple[tuple[bytes, int], ...] = (
    (b"Panasonic\0", 12),
    (b"LEICA\0\0\0", 8),
    (b"SONY DSC \0", 12),
    (b"SONY CAM \0", 12),
    (b"SONY MOBILE", 12),
    (b"OLYMP\0", 8),
    (b"EPSON\0", 8),
    (b"Nikon\0\x01", 8),
    (b"AOC\0", 6),
    (b"SIGMA\0", 10),
    (b"FOVEON\0", 10),
    (b"QVC\0", 6),
    (b"PENTAX \0", 10),
    (b"Nikon\0\x02", 18),
    (b"OLYMPUS\0", 12),
    (b"OM SYSTEM\0", 16),
    (b"FUJIFILM", 12),
    (b"Apple iOS\0", 16),
)
"""How a note begins, and where its table is; of others it is at the beginning."""

_OWN_OFFSETS = (
    b"Nikon\0\x02",
    b"OLYMPUS\0",
    b"OM SYSTEM\0",
    b"FUJIFILM",
    b"PENTAX \0",
    b"Apple iOS\0",
)
"""Notes whose offsets count from the note's own beginning, or from a header in it."""

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_MOST_ENTRIES = 512

_PLACES: dict[bytes, tuple[int, ...]] = {
    b"Canon": (0x35,),
    b"NIKON": (0x39,),
    b"Nikon": (0x39,),
    b"Panasonic": (0x65, 0x66, 0x67, 0x69, 0x6B, 0x6D, 0x6F),
    b"LEICA": (0x65, 0x66, 0x67, 0x69, 0x6B, 0x6D, 0x6F),
    b"Leica": (0x65, 0x66, 0x67, 0x69, 0x6B, 0x6D, 0x6F),
    b"PENTAX": (0x23, 0x24),
    b"Pentax": (0x23, 0x24),
    b"RICOH": (0x23, 0x24),
    b"SONY": (),
    b"FUJIFILM": (),
    b"OLYMPUS": (),
    b"OM Digital": (),
    b"Minolta": (),
    b"KONICA": (),
    b"Apple": (),
    b"SIGMA": (),
}
"""Tags of a maker's note that tell of places: the city of the clock, a place's name. The notes of
other makers may tell of them anywhere."""

_PICTURE = re.compile(rb"\xff\xd8\xff[\xc0-\xcf\xdb\xdd\xe0-\xef\xfe]")


def _entries(note: bytes, order: str, head: int) -> Iterator[tuple[int, int, int, int]]:
    """(tag, type, bytes, place of the value or of its offset) of a table; none where it is no
    table. ``order`` is the byte order of it.
    """
    if head + 2 > len(note):
        return
    (count,) = struct.unpack_from(order + "H", note, head)
    if not 0 < count <= _MOST_ENTRIES or head + 2 + 12 * count > len(note):
        return
    rows = [struct.unpack_from(order + "HHI", note, head + 2 + 12 * at) for at in range(count)]
    if sum(kind in _SIZES for _, kind, _ in rows) < count - count // 8:
        return
    for at, (tag, kind, amount) in enumerate(rows):
        yield tag, kind, _SIZES.get(kind, 0) * amount, head + 2 + 12 * at + 8


def _table(note: bytes, order: str) -> tuple[str, int]:
    """The byte order of a note's table, and where that is."""
    head = next((place for begin, place in _HEADS if note.startswith(begin)), 0)
    marks = {b"II": "<", b"MM": ">"}
    if note.startswith(b"Nikon\0\x02"):
        order = marks.get(note[10:12], order)
    elif note.startswith((b"OLYMPUS\0", b"PENTAX \0")):
        order = marks.get(note[8:10], order)
    elif note.startswith((b"OM SYSTEM\0", b"Apple iOS\0")):
        order = marks.get(note[12:14], order)
    elif note.startswith(b"FUJIFILM"):
        order, head = "<", int.from_bytes(note[8:12], "little")
    elif note.startswith(b"AOC\0"):
        order = marks.get(note[4:6], order)
    return order, head


def moved(note: bytes, order: str, old: int, new: int) -> bytes:
    """A note that lay at ``old`` as it must be at ``new``: offsets that lead into it from the
    file's beginning are changed, if that is how they count.
    """
    if old in (0, new) or note.startswith(_OWN_OFFSETS):
        return note
    order, head = _table(note, order)
    result, by = bytearray(note), new - old
    outside = 0
    for _, kind, size, place in _entries(note, order, head):
        if size <= 4 and kind != 13:
            continue
        (offset,) = struct.unpack_from(order + "I", note, place)
        if not old <= offset <= offset + size <= old + len(note):
            outside += 1
        elif offset + by < 1 << 32:
            struct.pack_into(order + "I", result, place, offset + by)
            outside -= 1
    if outside > 0:  # They count in another way.
        return note
    # Canon notes where a note lay when it was written.
    if note[-8:-4] in (b"II*\0", b"MM\0*") and note[-4:] == struct.pack(order + "I", old):
        struct.pack_into(order + "I", result, len(note) - 4, new)
    return bytes(result)


def without_pictures(data: bytes, *, cut: bool = False) -> bytes:
    """Bytes with zeros in place of every JPEG stream in them, also of one that is ``cut`` off."""
    result = bytearray(data)
    at = 0
    while (found := _PICTURE.search(data, at)) is not None:
        end = data.find(b"\xff\xd9", found.start())
        if end < 0 and not cut:
            break
        at = len(data) if end < 0 else end + 2
        # A picture may hold its own small one: go on to the last end before the next beginning.
        following = _PICTURE.search(data, at)
        last = data.rfind(b"\xff\xd9", at, following.start() if following else len(data))
        at = max(at, last + 2)
        result[found.start() : at] = bytes(at - found.start())
    return bytes(result)


def without_places(note: bytes, order: str, old: int, maker: bytes) -> bytes | None:
    """A note of ``maker`` that lies at ``old``, with zeros for what it says of places; None for one
    of which nobody knows where it says that.
    """
    tags = next((known for begin, known in _PLACES.items() if maker.startswith(begin)), None)
    if tags is None:
        return None
    order, head = _table(note, order)
    if not tags:
        return note
    base = 0
    if note.startswith(b"Nikon\0\x02"):
        base = -10
    elif not note.startswith(_OWN_OFFSETS):
        base = old
    result = bytearray(note)
    understood = False
    for tag, _, size, place in _entries(note, order, head):
        understood = True
        if tag not in tags:
            continue
        if size > 4:
            (offset,) = struct.unpack_from(order + "I", note, place)
            place = offset - base
            if not 0 <= place <= place + size <= len(note):
                return None
        result[place : place + size] = bytes(size)
    return bytes(result) if understood else None
