"""Image file directories: reading and writing the tag tables of TIFF 6.0, BigTIFF and EXIF 2.32.

Values stay the bytes they were, in the byte order of their file, because a maker note or an
unknown tag has to survive without being understood.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import BinaryIO

from safelight.files.metadata import maker_notes

Fetch = Callable[[int, int], bytes]
"""Gives up to (second number) bytes from offset (first number); fewer at the end."""

EXIF_DIRECTORY = 34665
GPS_DIRECTORY = 34853
INTEROPERABILITY_DIRECTORY = 40965
POINTERS = (EXIF_DIRECTORY, GPS_DIRECTORY, INTEROPERABILITY_DIRECTORY)
"""Tags whose value is the offset of another directory that a picture carries along."""

MAKER_NOTE = 37500

SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
SIZES |= {16: 8, 17: 8, 18: 8, 129: 1}
"""Bytes of one value by type number (TIFF 6.0 section 2; 16 to 18 BigTIFF; 129 EXIF 3.0)."""

_CODES = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 11: "f", 12: "d", 13: "I"}
_CODES |= {16: "Q", 17: "q", 18: "Q"}

_MOST_ENTRIES = 4096
_MOST_BYTES = 64 << 20


class DirectoryError(ValueError):
    """A tag table that cannot be read."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One tag. ``place`` is where its value lies in the file (0 for an entry made here)."""

    tag: int
    type: int
    count: int
    value: bytes
    place: int = 0


@dataclass(frozen=True, slots=True)
class Header:
    """The first bytes of a TIFF structure: byte order ("<" or ">"), BigTIFF, first directory."""

    order: str
    big: bool
    first: int

    @classmethod
    def read(cls, fetch: Fetch) -> Header:
        """Raises DirectoryError when the bytes are no TIFF structure."""
        data = fetch(0, 16)
        order = {b"II": "<", b"MM": ">"}.get(data[:2])
        try:
            if order is None:
                raise DirectoryError("no TIFF byte order mark")
            (magic,) = struct.unpack_from(order + "H", data, 2)
            if magic == 43:
                size, zero, first = struct.unpack_from(order + "HHQ", data, 4)
                if (size, zero) != (8, 0):
                    raise DirectoryError("not a BigTIFF this knows")
                return cls(order, True, first)
            if magic != 42:
                raise DirectoryError("no TIFF number")
            return cls(order, False, struct.unpack_from(order + "I", data, 4)[0])
        except struct.error as error:
            raise DirectoryError("the TIFF header is cut off") from error

    def bytes(self) -> bytes:
        """The header itself."""
        mark = b"II" if self.order == "<" else b"MM"
        if self.big:
            return mark + struct.pack(self.order + "HHHQ", 43, 8, 0, self.first)
        return mark + struct.pack(self.order + "HI", 42, self.first)

    @property
    def offset_code(self) -> str:
        """The struct code of an offset in this kind of file."""
        return self.order + ("Q" if self.big else "I")


@dataclass(slots=True)
class Directory:
    """A tag table: entries by tag, the directories some of them point to, and the next table.

    ``next_place`` is where the offset of the next table lies in the file, ``place`` where the table
    itself does (0 for one made here). ``outside`` are the tags whose values would lie outside the
    file, and that are left out.
    """

    entries: dict[int, Entry] = field(default_factory=dict)
    children: dict[int, Directory] = field(default_factory=dict)
    next: int = 0
    next_place: int = 0
    place: int = 0
    outside: set[int] = field(default_factory=set, compare=False)

    def numbers(self, tag: int, header: Header) -> tuple[float, ...]:
        """A tag's values as numbers; empty when it is missing or holds text."""
        entry = self.entries.get(tag)
        return numbers(entry, header) if entry else ()


def bytes_fetch(data: bytes) -> Fetch:
    """Reads from bytes in memory."""
    return lambda offset, count: data[offset : offset + count] if min(offset, count) >= 0 else b""


def file_fetch(file: BinaryIO) -> Fetch:
    """Reads from a file object."""

    def fetch(offset: int, count: int) -> bytes:
        # A damaged file may name an offset or a length that no file object accepts.
        if not 0 <= offset <= 1 << 62 or count < 0:
            return b""
        file.seek(offset)
        return file.read(count)

    return fetch


def numbers(entry: Entry, header: Header) -> tuple[float, ...]:
    """An entry's values as numbers, rationals divided (0 / 0 is 0); empty for text and unknown."""
    if entry.type in (5, 10):
        code = "I" if entry.type == 5 else "i"
        flat = struct.unpack(f"{header.order}{entry.count * 2}{code}", entry.value)
        return tuple(
            top / bottom if bottom else 0.0 for top, bottom in zip(*[iter(flat)] * 2, strict=True)
        )
    letter = _CODES.get(entry.type)
    if letter is None:
        return ()
    return struct.unpack(f"{header.order}{entry.count}{letter}", entry.value)


def read_directory(fetch: Fetch, header: Header, offset: int, *, depth: int = 0) -> Directory:
    """The directory at ``offset`` with the EXIF, GPS and interoperability ones under it.

    An entry that leads outside the file is left out. Raises DirectoryError when there is no
    table at all at that offset.
    """
    count_code, entry_code, inline = ("Q", "HHQ", 8) if header.big else ("H", "HHI", 4)
    count_code, entry_code = header.order + count_code, header.order + entry_code
    data = fetch(offset, struct.calcsize(count_code))
    if offset == 0 or len(data) < struct.calcsize(count_code):
        raise DirectoryError("a tag table is missing")
    (count,) = struct.unpack(count_code, data)
    if not 0 < count <= _MOST_ENTRIES:
        raise DirectoryError(f"a tag table states {count} entries")
    start = offset + len(data)
    size = struct.calcsize(entry_code) + inline
    table = fetch(start, count * size + inline)
    directory = Directory(next_place=start + count * size, place=offset)
    spent = 0
    for index in range(min(count, len(table) // size)):
        tag, kind, amount = struct.unpack_from(entry_code, table, index * size)
        length = SIZES.get(kind, 0) * amount
        if length == 0 or spent + length > _MOST_BYTES or tag in directory.entries:
            continue
        place = start + (index + 1) * size - inline
        if length > inline:
            (place,) = struct.unpack_from(header.offset_code, table, (index + 1) * size - inline)
            value = fetch(place, length)
            spent += length
        else:
            begin = (index + 1) * size - inline
            value = table[begin : begin + length]
        if len(value) == length:
            directory.entries[tag] = Entry(tag, kind, amount, value, place)
        else:
            directory.outside.add(tag)
    if len(table) == count * size + inline:
        (directory.next,) = struct.unpack_from(header.offset_code, table, count * size)
    if depth < 2:
        for tag in POINTERS:
            target = directory.numbers(tag, header)
            if target:
                try:
                    child = read_directory(fetch, header, int(target[0]), depth=depth + 1)
                except DirectoryError:
                    directory.outside |= {tag} if target[0] else set()
                    continue
                directory.children[tag] = child
    return directory


def serialise(directory: Directory, header: Header, start: int) -> bytes:
    """The directory and those under it as bytes to stand at offset ``start`` of the file.

    ``start`` must be even (TIFF 6.0 section 2: directories begin on a word boundary).
    """
    inline = 8 if header.big else 4
    entries = {tag: e for tag, e in directory.entries.items() if tag not in POINTERS}
    count = len(entries) + len(directory.children)
    head = struct.pack(header.order + ("Q" if header.big else "H"), count)
    size = (12 if header.big else 8) + inline
    # The next table's offset closes this one.
    tail_at = start + len(head) + count * size + inline
    tail = bytearray()
    table = b""
    for tag in sorted([*entries, *directory.children]):
        if len(tail) % 2:
            tail += b"\0"
        if tag in directory.children:
            place = tail_at + len(tail)
            tail += serialise(directory.children[tag], header, place)
            kind, amount = (18 if header.big else 4), 1
            value = struct.pack(header.offset_code, place)
        else:
            entry = entries[tag]
            kind, amount, value = entry.type, entry.count, entry.value
            if len(value) > inline:
                place = tail_at + len(tail)
                if tag == MAKER_NOTE:
                    value = maker_notes.moved(value, header.order, entries[tag].place, place)
                tail += value
                value = struct.pack(header.offset_code, place)
        code = header.order + ("HHQ" if header.big else "HHI")
        table += struct.pack(code, tag, kind, amount) + value.ljust(inline, b"\0")
    return head + table + b"\0" * inline + bytes(tail)


def structure(directory: Directory, order: str) -> bytes:
    """A whole EXIF block: a TIFF header and ``directory``."""
    header = Header(order, False, 8)
    return header.bytes() + serialise(directory, header, 8)


def rebuilt(data: bytes, header: Header, old: Directory, new: Directory) -> bytes:
    """The block ``data`` with ``new`` in place of ``old``, its first directory; no BigTIFF.

    Values that stay keep their places, so that a maker note's offsets hold; what is new stands
    behind everything. The bytes of what is in no table any more are zeros.
    """
    kept: list[tuple[int, int]] = []
    gone: list[tuple[int, int]] = []
    _sort_out(new, old, kept, gone)
    result = bytearray(data)
    end = len(result)
    for start, stop in sorted(_apart(gone, kept), reverse=True):
        result[start:stop] = bytes(stop - start)
        end = start if stop >= end else end
    del result[end:]

    def put(now: Directory, before: Directory | None) -> int:
        if now is before:
            return now.place
        rows: dict[int, tuple[int, int, bytes]] = {}
        for tag, child in now.children.items():
            under = before.children.get(tag) if before else None
            rows[tag] = 4, 1, struct.pack(header.offset_code, put(child, under))
        for tag, entry in now.entries.items():
            if tag in POINTERS:
                continue
            value = entry.value
            if len(value) > 4:
                place = entry.place
                if not place:
                    result.extend(b"\0" * (len(result) % 2))
                    place = len(result)
                    result.extend(value)
                elif result[place : place + len(value)] != value:
                    result[place : place + len(value)] = value
                value = struct.pack(header.offset_code, place)
            rows[tag] = entry.type, entry.count, value.ljust(4, b"\0")
        result.extend(b"\0" * (len(result) % 2))
        place = len(result)
        result.extend(struct.pack(header.order + "H", len(rows)))
        for tag in sorted(rows):
            kind, count, value = rows[tag]
            result.extend(struct.pack(header.order + "HHI", tag, kind, count) + value)
        result.extend(struct.pack(header.offset_code, now.next))
        return place

    first = put(new, old)
    head = Header(header.order, False, first).bytes()
    result[: len(head)] = head
    return bytes(result)


def _sort_out(
    now: Directory,
    before: Directory | None,
    kept: list[tuple[int, int]],
    gone: list[tuple[int, int]],
) -> None:
    """Find what of a block stays and what goes when one directory takes another's place."""
    if now is before:
        kept.extend(_spans(now, deep=True))
        return
    gone.extend(_spans(before) if before else ())
    kept.extend(
        (entry.place, entry.place + len(entry.value))
        for entry in now.entries.values()
        if entry.place and len(entry.value) > 4
    )
    for tag, child in now.children.items():
        _sort_out(child, before.children.get(tag) if before else None, kept, gone)
    for tag, child in before.children.items() if before else ():
        if tag not in now.children:
            gone.extend(_spans(child, deep=True))


def _spans(directory: Directory, deep: bool = False) -> list[tuple[int, int]]:
    """The first and last byte of a table and of each of its values; ``deep``: also of the tables
    under it.
    """
    spans = [(directory.place, directory.next_place + 4)] if directory.place else []
    spans += [
        (entry.place, entry.place + len(entry.value))
        for entry in directory.entries.values()
        if entry.place and len(entry.value) > 4
    ]
    for child in directory.children.values() if deep else ():
        spans += _spans(child, deep)
    return spans


def _apart(
    spans: Iterable[tuple[int, int]], kept: Iterable[tuple[int, int]]
) -> list[tuple[int, int]]:
    """What of some spans lies in none of ``kept``, nor in the header."""
    taken = sorted([(0, 8), *kept])
    free = []
    for start, end in spans:
        for begin, stop in taken:
            if stop <= start or begin >= end:
                continue
            if begin > start:
                free.append((start, begin))
            start = max(start, stop)
        if start < end:
            free.append((start, end))
    return free


def pick(directory: Directory, tags: Iterable[int]) -> Directory:
    """A directory with only these tags, and what they point to."""
    tags = set(tags)
    return Directory(
        {tag: entry for tag, entry in directory.entries.items() if tag in tags},
        {tag: child for tag, child in directory.children.items() if tag in tags},
    )
