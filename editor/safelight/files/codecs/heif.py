"""HEIF: the boxes that HEIC and AVIF files are made of (ISO/IEC 14496-12 and 23008-12)."""

from __future__ import annotations

import copy
import math
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from safelight.document import Metadata
from safelight.files.codecs.header_bits import Stated, av1_sequences, hevc_is_sound, hevc_sequences
from safelight.files.codecs.photograph import (
    DamagedError,
    Limit,
    Photograph,
    check_bytes,
    check_size,
    undecodable,
)
from safelight.files.colours import hdr
from safelight.files.colours.gain_map import LEFT_OUT
from safelight.files.colours.stated_colours import places_of_code, profile_of_codes
from safelight.files.metadata.metadata import for_pixels

ALPHA = (b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", b"urn:mpeg:hevc:2015:auxid:1")
_GAIN_MAPS = (b"urn:com:apple:photo:2020:aux:hdrgainmap", b"urn:iso:std:iso:ts:21496:-1")
_XMP = b"application/rdf+xml"
_MOST_ITEMS = 100_000
_SMALL = 1 << 18
"""Pixels of a coded picture that may be filled up with more than it shows."""
_STRAIGHT: tuple[bytes, ...] = (b"clap", b"irot", b"imir")

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
        self._properties: list[Box] = []
        self._associated: dict[int, list[tuple[int, bool]]] = {}
        self.references: list[tuple[bytes, int, tuple[int, ...]]] = []
        self.describing: list[int] = []
        """Where in the file a reference says that an item describes another."""
        try:
            self._read()
            if self.items[self.primary].kind == b"":
                raise LookupError("the picture is of no kind")
            # A picture that is the small copy of another is none that its decoder gives.
            large = self.referred(b"thmb", self.primary)
            if large and self.items[large[0]].kind in _PICTURES:
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
                self._properties += [
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
            own = self._associated.setdefault(number, [])
            entries = self.data[at]
            at += 1
            for _ in range(entries):
                (entry,) = struct.unpack_from(">H" if wide else ">B", self.data, at)
                at += 2 if wide else 1
                flag = 0x8000 if wide else 0x80
                own.append((entry & (flag - 1), bool(entry & flag)))

    def properties(self, number: int) -> list[Box]:
        """The properties of an item, in their order."""
        found = self._associated.get(number, [])
        return [
            self._properties[index - 1] for index, _ in found if 0 < index <= len(self._properties)
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
            elif item.kind == b"mime" and item.content == _XMP and found["xmp"] is None:
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

    def _in_colours(
        self, pixels: NDArray[Any], alpha: bool, notes: list[str]
    ) -> tuple[NDArray[Any], bytes | None]:
        """Pixels as they are to be seen, and the profile that they are in."""
        icc, codes = self.profile(), self.codes()
        if icc is not None or codes is None:
            return pixels, icc
        places = places_of_code(codes[0])
        if places is not None and hdr.is_high(codes[1]):
            colours = pixels.shape[2] - alpha
            return hdr.as_seen(pixels, colours, places, codes[1], self.brightest(), notes)
        return pixels, profile_of_codes(*codes, notes)

    def turns(self, number: int | None = None) -> list[Box]:
        """What is to be done with the decoded picture, or with another item, in this order."""
        number = self.primary if number is None else number
        return [item for item in self.properties(number) if item[0] in _STRAIGHT]

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

    def failure(self, error: Exception, name: str) -> DamagedError:
        """The sentence for a picture that could not be decoded."""
        share = self.share()
        if share < 1:
            return DamagedError(
                f"ends early ({math.floor(100 * share)} % of the file is there), and {name} cannot"
                " be opened in part"
            )
        return undecodable(error, cut_off=False)

    def photograph(
        self, pixels: NDArray[Any], alpha: bool, damage: Sequence[str] = ()
    ) -> Photograph:
        """The picture that was decoded, (height, width, channels) of uint8 or uint16, upright, with
        all that the file says of it, and what is known of its ``damage``.
        """
        notes = [*damage, *self.notes()]
        if self.share() < 1 and not damage:
            notes.append("The file ends early; part of the picture or of what it says may be gone.")
        height, width, channels = pixels.shape
        pixels, icc = self._in_colours(pixels, alpha, notes)
        kept = self.metadata()
        if kept.exif and self.turns():
            # The thumbnail in it lies as it always did.
            exif = for_pixels(kept.exif, width, height, same_picture=False)
            kept = Metadata(exif=exif, xmp=kept.xmp)
        return Photograph(
            np.ascontiguousarray(pixels),
            "grey" if channels < 3 else "rgb",
            alpha,
            icc,
            kept,
            notes,
            # EXIF says how it lay before its properties have set it upright.
            orientation=1,
        )

    def notes(self) -> list[str]:
        """What else is in the file, in sentences."""
        notes = []
        if self.moving:
            notes.append("The file is an animation; its first picture was opened.")
        hidden = {
            target
            for kind, origin, targets in self.references
            for target in ((origin,) if kind in (b"auxl", b"thmb") else targets)
            if kind in (b"auxl", b"thmb", b"dimg")
        }
        shown = [
            number
            for number, item in self.items.items()
            if item.kind in _PICTURES and number not in hidden
        ]
        mapped = any(item.kind == b"tmap" for item in self.items.values())
        if len(shown) > 1:
            notes.append(f"The file holds {len(shown)} pictures; the first one was opened.")
        if mapped or self.auxiliary(_GAIN_MAPS) is not None:
            notes.append(LEFT_OUT)
        return notes


_PICTURES = (b"hvc1", b"av01", b"grid", b"iovl", b"iden")


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


def straightened(pixels: NDArray[Any], turns: Sequence[Box]) -> NDArray[Any]:
    """The pixels (height, width, channels), of any depth, cropped, turned and mirrored as the
    picture's properties say: a view.
    """
    for kind, body in turns:
        if kind == b"irot" and body:
            pixels = np.rot90(pixels, body[0] & 3)
        elif kind == b"imir" and body:
            pixels = pixels[:, ::-1] if body[0] & 1 else pixels[::-1]
        elif kind == b"clap":
            pixels = _clean(pixels, body)
    return pixels


def _clean(pixels: NDArray[Any], body: bytes) -> NDArray[Any]:
    """The clean aperture (14496-12, 12.1.4); all of the picture where there is no such part."""
    try:
        width, height, across, down = (
            Fraction(*struct.unpack_from(code, body, at))
            for at, code in ((0, ">II"), (8, ">II"), (16, ">iI"), (24, ">iI"))
        )
    except (struct.error, ZeroDivisionError):
        return pixels
    tall, wide = pixels.shape[:2]
    left = across + Fraction(wide - 1, 2) - (width - 1) / 2
    top = down + Fraction(tall - 1, 2) - (height - 1) / 2
    x, y, columns, rows = (round(number) for number in (left, top, width, height))
    if x < 0 or y < 0 or columns < 1 or rows < 1 or x + columns > wide or y + rows > tall:
        return pixels
    return pixels[y : y + rows, x : x + columns]


def with_metadata(data: bytes, icc: bytes | None, exif: bytes | None, xmp: bytes | None) -> bytes:
    """A file with a profile and metadata added to its picture, laid out anew."""
    return _Writing(Container(data)).added(icc, exif, xmp) if icc or exif or xmp else data


def still(container: Container) -> bytes:
    """The file without its animation."""
    return _Writing(container).added(None, None, None) if container.moving else container.data


def alone(container: Container, number: int) -> bytes:
    """A file of one coded picture of a file: of a tile, say, as it is before it is turned."""
    single = copy.copy(container)
    item = container.items[number]
    own = [
        (index, must)
        for index, must in container._associated.get(number, [])
        if 0 < index <= len(container._properties)
        and container._properties[index - 1][0] not in _STRAIGHT
    ]
    kinds = {container._properties[index - 1][0] for index, _ in own}
    if b"colr" not in kinds:
        # What the whole says of its colours is said of the parts.
        own += [
            (index, must)
            for index, must in container._associated.get(container.primary, [])
            if 0 < index <= len(container._properties)
            and container._properties[index - 1][0] == b"colr"
        ]
    single.primary, single.items, single.references = number, {number: item}, []
    single._associated = {number: own}
    return _Writing(single).added(None, None, None)


_BRANDS = (b"avif\0\0\0\0avifmif1miaf", b"heic\0\0\0\0heicmif1miaf")


@dataclass
class _Writing:
    """Lays a file out anew."""

    source: Container

    def added(self, icc: bytes | None, exif: bytes | None, xmp: bytes | None) -> bytes:
        source = self.source
        bodies = {number: source.body(number) for number in source.items}
        items = {number: (item.kind, item.entry) for number, item in source.items.items()}
        references = list(source.references)
        following = max(items) + 1
        for kind, entry, body in (
            (b"Exif", b"\0", exif and b"\0\0\0\0" + exif),
            (b"mime", b"\0" + _XMP + b"\0", xmp),
        ):
            if body:
                items[following] = (kind, entry)
                bodies[following] = body
                references.append((b"cdsc", following, (source.primary,)))
                following += 1
        properties = list(source._properties)
        associated = {number: list(own) for number, own in source._associated.items()}
        if icc:
            properties.append((b"colr", b"prof" + icc))
            # What turns a picture stands behind what describes it (23008-12, 6.5.1).
            associated.setdefault(source.primary, []).insert(0, (len(properties), False))
        kinds: list[bytes] = [
            box(b"hdlr", source.handler),
            full_box(b"pitm", 0, 0, struct.pack(">H", source.primary)),
        ]
        rest = [self._items(items), *self._references(references)]
        rest.append(self._properties(properties, associated))
        first = box(b"ftyp", _BRANDS[any(kind == b"hvc1" for kind, _ in items.values())])
        empty = self._places(bodies, 0)
        ahead = len(first) + 12 + sum(map(len, (*kinds, empty, *rest))) + 8
        meta = full_box(b"meta", 0, 0, *kinds, self._places(bodies, ahead), *rest)
        return first + meta + box(b"mdat", *bodies.values())

    @staticmethod
    def _items(items: dict[int, tuple[bytes, bytes]]) -> bytes:
        entries = [
            full_box(b"infe", 2, 0, struct.pack(">HH", number, 0), kind, entry)
            for number, (kind, entry) in items.items()
        ]
        return full_box(b"iinf", 0, 0, struct.pack(">H", len(entries)), *entries)

    @staticmethod
    def _references(references: list[tuple[bytes, int, tuple[int, ...]]]) -> list[bytes]:
        if not references:
            return []
        parts = [
            box(kind, struct.pack(f">HH{len(to)}H", origin, len(to), *to))
            for kind, origin, to in references
        ]
        return [full_box(b"iref", 0, 0, *parts)]

    @staticmethod
    def _properties(properties: list[Box], associated: dict[int, list[tuple[int, bool]]]) -> bytes:
        rows = b"".join(
            struct.pack(
                f">HB{len(own)}B", number, len(own), *(index | must << 7 for index, must in own)
            )
            for number, own in sorted(associated.items())
        )
        held = box(b"ipco", *(box(kind, body) for kind, body in properties))
        count = struct.pack(">I", len(associated))
        return box(b"iprp", held, full_box(b"ipma", 0, 0, count, rows))

    @staticmethod
    def _places(bodies: dict[int, bytes], start: int) -> bytes:
        rows = []
        for number, body in bodies.items():
            rows.append(struct.pack(">HHHII", number, 0, 1, start, len(body)))
            start += len(body)
        return full_box(b"iloc", 0, 0, b"\x44\0", struct.pack(">H", len(rows)), *rows)


def scaled(pixels: NDArray[Any], bits: int) -> NDArray[np.uint16]:
    """Numbers of so many bits, of any shape, as uint16 of the same shape, full scale to full."""
    full = (1 << bits) - 1
    table = ((np.arange(full + 1, dtype=np.uint64) * 65535 + full // 2) // full).astype(np.uint16)
    return np.take(table, pixels, mode="clip")
