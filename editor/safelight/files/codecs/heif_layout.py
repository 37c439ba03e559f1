"""HEIF layout: a HEIC or AVIF file laid out anew, with metadata, still, or one tile alone."""

from __future__ import annotations

import copy
import struct
from dataclasses import dataclass

from safelight.files.codecs.heif import STRAIGHT, XMP, Container
from safelight.files.codecs.heif_boxes import Box, box, full_box


def with_metadata(data: bytes, icc: bytes | None, exif: bytes | None, xmp: bytes | None) -> bytes:
    """A file with a profile and metadata added to its picture, laid out anew."""
    return Layout(Container(data)).added(icc, exif, xmp) if icc or exif or xmp else data


def still(container: Container) -> bytes:
    """The file without its animation."""
    return Layout(container).added(None, None, None) if container.moving else container.data


def alone(container: Container, number: int) -> bytes:
    """A file of one coded picture of a file: of a tile, say, as it is before it is turned."""
    single = copy.copy(container)
    item = container.items[number]
    own = [
        (index, must)
        for index, must in container.associated.get(number, [])
        if 0 < index <= len(container.all_properties)
        and container.all_properties[index - 1][0] not in STRAIGHT
    ]
    kinds = {container.all_properties[index - 1][0] for index, _ in own}
    if b"colr" not in kinds:
        # What the whole says of its colours is said of the parts.
        own += [
            (index, must)
            for index, must in container.associated.get(container.primary, [])
            if 0 < index <= len(container.all_properties)
            and container.all_properties[index - 1][0] == b"colr"
        ]
    single.primary, single.items, single.references = number, {number: item}, []
    single.associated = {number: own}
    return Layout(single).added(None, None, None)


_BRANDS = (b"avif\0\0\0\0avifmif1miaf", b"heic\0\0\0\0heicmif1miaf")


@dataclass
class Layout:
    """A file laid out anew from the items of ``source``."""

    source: Container

    def added(self, icc: bytes | None, exif: bytes | None, xmp: bytes | None) -> bytes:
        """The bytes of the file, with those of a profile and of metadata that are not None."""
        source = self.source
        bodies = {number: source.body(number) for number in source.items}
        items = {number: (item.kind, item.entry) for number, item in source.items.items()}
        references = list(source.references)
        following = max(items) + 1
        for kind, entry, body in (
            (b"Exif", b"\0", exif and b"\0\0\0\0" + exif),
            (b"mime", b"\0" + XMP + b"\0", xmp),
        ):
            if body:
                items[following] = (kind, entry)
                bodies[following] = body
                references.append((b"cdsc", following, (source.primary,)))
                following += 1
        properties = list(source.all_properties)
        associated = {number: list(own) for number, own in source.associated.items()}
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
