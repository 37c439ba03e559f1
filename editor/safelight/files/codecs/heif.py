"""HEIF: the items of a HEIC or AVIF file, their properties and references (ISO/IEC 23008-12)."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from safelight.document import Metadata
from safelight.files.codecs.header_bits import Stated, av1_sequences, hevc_is_sound, hevc_sequences
from safelight.files.codecs.heif_boxes import Box, boxes
from safelight.files.codecs.photograph import DamagedError, Limit, check_bytes, check_size

ALPHA = (b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", b"urn:mpeg:hevc:2015:auxid:1")
XMP = b"application/rdf+xml"
_MOST_ITEMS = 100_000
_SMALL = 1 << 18
"""Pixels of a coded picture that may be filled up with more than it shows."""
STRAIGHT: tuple[bytes, ...] = (b"clap", b"irot", b"imir")


@dataclass(slots=True)
class Item:
    """One thing in the file: a picture, a part of one, or metadata.

    ``parts`` are offset and length of each, in the file or, where ``inside``, in ``idat``.
    """

    kind: bytes = b""
    content: bytes = b""
    entry: bytes = b""
    parts: list[tuple[int, int]] = field(default_factory=list)
    inside: bool = False


class Container:
    """The items of a file, their properties, and how they refer to each other.

    Raises DamagedError for what cannot be such a file.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.primary = 0
        self.items: dict[int, Item] = {}
        self.handler = b""
        self.moving = False
        """Whether the file is an animation, too."""
        self._inside = (0, 0)
        self.all_properties: list[Box] = []
        self.associated: dict[int, list[tuple[int, bool]]] = {}
        self.references: list[tuple[bytes, int, tuple[int, ...]]] = []
        self.describing: list[int] = []
        """Where in the file a reference says that an item describes another."""
        try:
            self._read()
            if self.items[self.primary].kind == b"":
                raise LookupError("the picture is of no kind")
            # A picture that is the small copy of another is none that its decoder gives.
            large = self.referred(b"thmb", self.primary)
            if large and self.items[large[0]].kind in PICTURES:
                self.primary = large[0]
        except (struct.error, LookupError) as error:
            raise DamagedError(
                "is damaged: what says where its picture is cannot be read"
            ) from error

    def _read(self) -> None:
        for kind, start, end in boxes(self.data):
            if kind == b"meta" and not self.items:
                self._read_meta(start + 4, end)
            self.moving = self.moving or kind == b"moov"

    def _read_meta(self, start: int, end: int) -> None:
        for kind, at, stop in boxes(self.data, start, end):
            body = memoryview(self.data)[at:stop]
            if kind == b"hdlr":
                self.handler = bytes(body)
            elif kind == b"pitm":
                (self.primary,) = struct.unpack_from(">I" if body[0] else ">H", body, 4)
            elif kind == b"iinf":
                self._read_items(at + (8 if body[0] else 6), stop)
            elif kind == b"iloc":
                self._read_places(body)
            elif kind == b"iref":
                self._read_references(at + 4, stop, ">I" if body[0] else ">H")
            elif kind == b"idat":
                self._inside = (at, stop)
            elif kind == b"iprp":
                self._read_properties(at, stop)

    def _item(self, number: int) -> Item:
        if number not in self.items and len(self.items) >= _MOST_ITEMS:
            raise LookupError("more items than there can be")
        return self.items.setdefault(number, Item())

    def _read_items(self, start: int, end: int) -> None:
        for kind, at, stop in boxes(self.data, start, end):
            if kind != b"infe" or self.data[at] < 2:
                continue
            wide = self.data[at] > 2
            (number,) = struct.unpack_from(">I" if wide else ">H", self.data, at + 4)
            item = self._item(number)
            at += 10 if wide else 8
            item.kind = self.data[at : at + 4]
            item.entry = self.data[at + 4 : stop]
            texts = item.entry.split(b"\0")
            item.content = texts[1] if item.kind == b"mime" and len(texts) > 1 else b""

    def _read_places(self, body: memoryview) -> None:
        version, sizes, more = body[0], body[4], body[5]
        widths = (sizes >> 4, sizes & 15, more >> 4, more & 15 if version else 0)
        offset_size, length_size, base_size, index_size = widths
        if not {*widths} <= {0, 4, 8}:
            raise LookupError("numbers of no size")
        at = 6

        def number(size: int) -> int:
            nonlocal at
            if at + size > len(body):
                raise LookupError("cut off")
            at += size
            return int.from_bytes(body[at - size : at], "big")

        width = 4 if version == 2 else 2
        for _ in range(number(width)):
            item = self._item(number(width))
            method = number(2) & 15 if version else 0
            number(2)
            base = number(base_size)
            item.inside = method == 1
            for _ in range(number(2)):
                number(index_size)
                place = base + number(offset_size)
                item.parts.append((place, number(length_size)))
                if len(item.parts) > _MOST_ITEMS:
                    raise LookupError("more parts than there can be")

    def _read_references(self, start: int, end: int, code: str) -> None:
        width = struct.calcsize(code)
        for kind, at, stop in boxes(self.data, start, end):
            if self.data[at - 4 : at] == b"cdsc":
                self.describing.append(at - 4)
            (origin,) = struct.unpack_from(code, self.data, at)
            (count,) = struct.unpack_from(">H", self.data, at + width)
            at += width + 2
            if at + count * width > stop:
                raise LookupError("cut off")
            targets = struct.unpack_from(f">{count}{code[1]}", self.data, at)
            self.references.append((kind, origin, targets))

    def _read_properties(self, start: int, end: int) -> None:
        for kind, at, stop in boxes(self.data, start, end):
            if kind == b"ipco":
                self.all_properties += [
                    (name, self.data[first:last])
                    for name, first, last in boxes(self.data, at, stop)
                ]
            elif kind == b"ipma":
                self._read_associations(at)

    def _read_associations(self, at: int) -> None:
        version, wide = self.data[at], self.data[at + 3] & 1
        (count,) = struct.unpack_from(">I", self.data, at + 4)
        at += 8
        for _ in range(count):
            (number,) = struct.unpack_from(">I" if version else ">H", self.data, at)
            at += 4 if version else 2
            own = self.associated.setdefault(number, [])
            entries = self.data[at]
            at += 1
            for _ in range(entries):
                (entry,) = struct.unpack_from(">H" if wide else ">B", self.data, at)
                at += 2 if wide else 1
                flag = 0x8000 if wide else 0x80
                own.append((entry & (flag - 1), bool(entry & flag)))

    def properties(self, number: int) -> list[Box]:
        """The properties of an item, in their order."""
        found = self.associated.get(number, [])
        return [
            self.all_properties[index - 1]
            for index, _ in found
            if 0 < index <= len(self.all_properties)
        ]

    def property(self, number: int, kind: bytes) -> bytes | None:
        """An item's first property of that kind."""
        return next((body for name, body in self.properties(number) if name == kind), None)

    def body(self, number: int) -> bytes:
        """The bytes of an item, as far as they are there."""
        item = self.items[number]
        start, end = self._inside if item.inside else (0, len(self.data))
        parts = []
        for place, length in item.parts:
            at = min(start + place, end)
            parts.append(self.data[at : min(at + length, end) if length else end])
        return b"".join(parts)

    def undescribed(self) -> bytes:
        """The file with nothing that says which items describe which others: a decoder that would
        read these need not be able to.
        """
        if not self.describing:
            return self.data
        data = bytearray(self.data)
        for place in self.describing:
            data[place : place + 4] = b"free"
        return bytes(data)

    def share(self) -> float:
        """How much of all that the items need is there: 1 for a whole file."""
        wanted = there = 0
        for item in self.items.values():
            end = self._inside[1] - self._inside[0] if item.inside else len(self.data)
            for place, length in item.parts:
                wanted += length
                there += min(max(end - place, 0), length)
        return there / wanted if wanted else 1.0

    def referred(self, kind: bytes, origin: int) -> tuple[int, ...]:
        """The items that ``origin`` refers to in that way."""
        return next((to for name, of, to in self.references if (name, of) == (kind, origin)), ())

    def auxiliary(self, names: Sequence[bytes]) -> int | None:
        """The item that is of one of these kinds for the picture: its transparency, say."""
        for kind, origin, targets in self.references:
            if kind == b"auxl" and self.primary in targets:
                stated = self.property(origin, b"auxC") or b""
                if stated[4:].split(b"\0")[0] in names:
                    return origin
        return None

    def transparency(self) -> int | None:
        """The item that is the picture's transparency; None where it has none."""
        return self.auxiliary(ALPHA)

    def coded(self) -> list[int]:
        """The items whose pixels are decoded: those of the picture and of its transparency."""
        found: list[int] = []
        for number in (self.primary, self.auxiliary(ALPHA)):
            if number is not None:
                found += self.referred(b"dimg", number) or (number,)
        return [number for number in dict.fromkeys(found) if number in self.items]

    def hurt(self, number: int) -> bool:
        """Whether some of the bytes of a coded picture are not there, or are none of one."""
        body = self.body(number)
        hevc = self.property(number, b"hvcC")
        unsound = hevc is not None and not hevc_is_sound(hevc, body)
        return unsound or len(body) < sum(length for _, length in self.items[number].parts)

    def tiles(self, number: int) -> tuple[int, int, tuple[int, ...]]:
        """Width and height of a picture of tiles, and the tiles, row by row (23008-12, 6.6.2.3).

        Raises DamagedError for one that is none.
        """
        width, height = _grid(self.body(number))
        found = self.referred(b"dimg", number)
        _, _, down, across = self.body(number)[:4]
        whole = len(found) == (down + 1) * (across + 1) and {*found} <= {*self.items}
        if self.items[number].kind != b"grid" or not whole:
            raise DamagedError("is damaged: it is not of as many tiles as it says")
        return width, height, found

    def size(self, number: int) -> tuple[int, int]:
        """Width and height that an item states. Raises DamagedError for none."""
        stated = self.property(number, b"ispe")
        if stated is None or len(stated) < 12:
            raise DamagedError("is damaged: it does not say how large its picture is")
        width, height = struct.unpack_from(">II", stated, 4)
        return width, height

    def metadata(self) -> Metadata:
        """EXIF and XMP as they stand in the file."""
        found: dict[str, bytes | None] = {"exif": None, "xmp": None}
        for number, item in self.items.items():
            about = self.referred(b"cdsc", number)
            if about and self.primary not in about:
                continue
            if item.kind == b"Exif" and found["exif"] is None:
                found["exif"] = _tiff_of(self.body(number))
            elif item.kind == b"mime" and item.content == XMP and found["xmp"] is None:
                found["xmp"] = self.body(number) or None
        return Metadata(exif=found["exif"], xmp=found["xmp"])

    def profile(self) -> bytes | None:
        """The colour profile of the picture's own; None where it has none."""
        for kind, body in self._coloured():
            if kind == b"colr" and body[:4] in (b"prof", b"rICC"):
                return body[4:] or None
        return None

    def codes(self) -> tuple[int, int] | None:
        """The codes of primaries and transfer (H.273) that the picture states, if any."""
        for kind, body in self._coloured():
            if kind == b"colr" and body[:4] == b"nclx" and len(body) >= 8:
                return int.from_bytes(body[4:6], "big"), int.from_bytes(body[6:8], "big")
        streams = (found.codes for item in self.coded()[:1] for found in self._streams(item))
        return next(filter(None, streams), None)

    def _coloured(self) -> Iterator[Box]:
        """The properties of the picture, and those of the first of its parts."""
        for item in (self.primary, *self.referred(b"dimg", self.primary)[:1]):
            yield from self.properties(item)

    def brightest(self) -> float:
        """The brightest that the picture states, in cd/m², or else that of the screen it was made
        on (14496-12, 12.1.6 and 12.1.5); 0 where it states none.
        """
        found = dict(reversed(list(self._coloured())))
        level = int.from_bytes(found.get(b"clli", b"")[:2], "big")
        screen = found.get(b"mdcv", b"")
        return float(level) or int.from_bytes(screen[16:20], "big") / 10_000

    def turns(self, number: int | None = None) -> list[Box]:
        """What is to be done with the decoded picture, or with another item, in this order."""
        number = self.primary if number is None else number
        return [item for item in self.properties(number) if item[0] in STRAIGHT]

    def depth(self) -> int:
        """Bits a channel of an AV1 picture: 8, 10 or 12."""
        for number in self.coded():
            body = self.property(number, b"av1C")
            if body is not None and len(body) > 2:
                return (12 if body[2] & 0x20 else 10) if body[2] & 0x40 else 8
        return 8

    def is_premultiplied(self) -> bool:
        """Whether colour has been multiplied by transparency (23008-12, 6.6.2.1)."""
        return bool(self.referred(b"prem", self.primary))

    def check(self, limit: Limit) -> None:
        """See, before anything is decoded, that nothing in the file is larger than the limit or
        than it says. Raises TooLargeError and DamagedError.
        """
        for number in {self.primary, self.auxiliary(ALPHA) or self.primary}:
            width, height = self.size(number)
            check_size(width, height, limit)
            check_bytes(8 * width * height, limit, "4 channels of 16 bits")
            if self.items[number].kind == b"grid":
                check_size(*_grid(self.body(number)), limit)
        for number in self.coded():
            if self.items[number].kind in _DERIVED:
                raise DamagedError(
                    "is damaged or of a kind that Safelight cannot open: it is put"
                    " together from pictures that are themselves put together"
                )
            width, height = self.size(number)
            check_size(width, height, limit)
            for stated in self._streams(number):
                across, down = stated.width, stated.height
                if across * down <= _SMALL and all(stated.shown):
                    across, down = stated.shown
                # Coded pictures are filled up to whole blocks of 64 pixels.
                if across > width + 64 or down > height + 64:
                    raise DamagedError(
                        f"is damaged: it states a picture of {width} x {height} pixels, and holds"
                        f" one of {stated.width} x {stated.height}"
                    )

    def _streams(self, number: int) -> Iterator[Stated]:
        """What the coded picture states of itself."""
        hevc = self.property(number, b"hvcC")
        if hevc is not None:
            yield from hevc_sequences(hevc, self.body(number))
        av1 = self.property(number, b"av1C")
        if av1 is not None:
            yield from av1_sequences(av1[4:])
            yield from av1_sequences(self.body(number))


PICTURES = (b"hvc1", b"av01", b"grid", b"iovl", b"iden")


_DERIVED = (b"grid", b"iovl", b"iden")


def _grid(body: bytes) -> tuple[int, int]:
    """Width and height of a picture of tiles (23008-12, 6.6.2.3). Raises DamagedError."""
    try:
        return struct.unpack_from(">II" if body[1] & 1 else ">HH", body, 4)
    except (struct.error, IndexError) as error:
        raise DamagedError("is damaged: it does not say how large its picture is") from error


def _tiff_of(body: bytes) -> bytes | None:
    """The TIFF structure of an EXIF item (23008-12, A.2.1)."""
    if len(body) < 8:
        return None
    start = 4 + int.from_bytes(body[:4], "big")
    if body[start : start + 2] not in (b"II", b"MM"):
        # Some writers count the prefix twice, or not at all.
        start = 4
    return body[start:].removeprefix(b"Exif\0\0") or None
