"""Metadata: reading and patching EXIF 2.32 and XMP, choosing what an export keeps, telling people.

EXIF bytes are patched in place wherever possible: maker notes hold offsets that only fit while
nothing moves.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from safelight.document import Document, Metadata, Synthetic
from safelight.files.metadata import coordinates, ifd, iptc, maker_notes, xmp
from safelight.files.metadata import descriptive_metadata as told
from safelight.files.metadata.metadata_list import listed
from safelight.files.plain_text import plain_text
from safelight.files.provenance import provenance
from safelight.files.provenance.provenance_history import history_stated

MetadataChoice = Literal["all", "without location", "copyright", "none"]
"""What an export keeps: everything, all but the place, only who made the picture and who owns it,
or nothing."""

CHOICES: tuple[MetadataChoice, ...] = ("all", "without location", "copyright", "none")

_IMAGE_WIDTH, _IMAGE_LENGTH, _ORIENTATION = 256, 257, 274
_X_RESOLUTION, _Y_RESOLUTION, _RESOLUTION_UNIT = 282, 283, 296
_PIXEL_X, _PIXEL_Y = 40962, 40963
_RELATED_X, _RELATED_Y = 4097, 4098
_STRIPS, _STRIP_BYTES, _DESCRIPTION = 273, 279, 270
_THUMBNAIL_OFFSET, _THUMBNAIL_LENGTH = 513, 514
_ARTIST, _COPYRIGHT = 315, 33432


_PER_INCH = {2: 1.0, 3: 2.54}
"""What turns dots per unit into dots per inch, by the number of the unit (EXIF 2.32, 0x0128)."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a photograph's metadata say, read once, where they may be a stranger's.

    ``orientation`` is 1 to 8 (EXIF 2.32), ``adobe_rgb`` a camera's mark of its colours, ``upright``
    the metadata of the picture set upright, ``facts`` are what ``describe`` gives, ``dpi`` what
    EXIF or XMP say of the resolution.
    """

    orientation: int = 1
    adobe_rgb: bool = False
    upright: Metadata = Metadata()
    synthetic: Synthetic = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    dpi: tuple[float, float] | None = None


def known(metadata: Metadata) -> Known:
    """Read all of a photograph's metadata that is ever read."""
    kept(metadata, "copyright")  # for what it may do wrong: an export reads these again
    told.without_places(metadata)  # so do the commands and the panel
    told.facts(metadata)
    coordinates.place_of(metadata)
    told.taken(metadata)
    listed(metadata)
    return Known(
        orientation(metadata.exif, metadata.xmp),
        says_adobe_rgb(metadata.exif),
        replace(
            metadata,
            exif=upright(metadata.exif) if metadata.exif else None,
            xmp=upright_xmp(metadata.xmp) if metadata.xmp else None,
        ),
        provenance.stated(metadata.xmp),
        describe(metadata),
        _stated_dpi(metadata),
    )


class _Exif:
    """An EXIF block, read. ``directory`` is None when it cannot be."""

    def __init__(self, data: bytes | None) -> None:
        self.data = data or b""
        self.directory: ifd.Directory | None = None
        try:
            self.header = ifd.Header.read(ifd.bytes_fetch(self.data))
            self.directory = self._at(self.header.first)
        except ifd.DirectoryError:
            return

    def _at(self, offset: int) -> ifd.Directory:
        return ifd.read_directory(ifd.bytes_fetch(self.data), self.header, offset)

    def thumbnail(self) -> ifd.Directory | None:
        """The directory of the embedded small picture (EXIF 2.32 section 4.5.5)."""
        if self.directory is None or self.directory.next == 0:
            return None
        try:
            return self._at(self.directory.next)
        except ifd.DirectoryError:
            return None

    def patch(self, data: bytearray, entry: ifd.Entry | None, value: int) -> None:
        """Put an integer in place of a single integer value."""
        code = {1: "B", 3: "H", 4: "I"}.get(entry.type) if entry else None
        if entry is None or code is None or entry.count != 1:
            return
        if value < 1 << 8 * ifd.SIZES[entry.type]:
            struct.pack_into(self.header.order + code, data, entry.place, value)

    def patch_fraction(self, data: bytearray, entry: ifd.Entry | None, value: float) -> None:
        """Put a number in place of a single fraction."""
        if entry is not None and entry.type == 5 and entry.count == 1:
            struct.pack_into(self.header.order + "II", data, entry.place, *_fraction(value))


def orientation(exif: bytes | None, packet: bytes | None = None) -> int:
    """How the picture must be turned to stand upright: 1 to 8 (EXIF 2.32 tag 0x0112), as its EXIF
    says, or else its XMP ``packet``; else 1.
    """
    block = _Exif(exif)
    found = block.directory.numbers(_ORIENTATION, block.header) if block.directory else ()
    if not found:
        found = _numbers(xmp.readable(packet), "tiff:Orientation")
    return int(found[0]) if found and found[0] in range(1, 9) else 1


def _numbers(packet: xmp.Packet | None, *names: str) -> tuple[float, ...]:
    """What a packet states as numbers or fractions under each of some names; empty unless it does
    so under all.
    """
    found: list[float] = []
    for name in names:
        for node in packet.properties(xmp.name(name)) if packet is not None else ():
            match = _FRACTION.fullmatch(node.text.strip())
            if match:
                top, bottom = float(match[1]), float(match[2] or 1)
                found.append(top / bottom if bottom else 0.0)
                break
    return tuple(found) if len(found) == len(names) else ()


_FRACTION = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)(?:/(\d{1,12}))?")


def _stated_dpi(metadata: Metadata) -> tuple[float, float] | None:
    """The resolution that EXIF, or else XMP, states; None for none."""
    block = _Exif(metadata.exif)
    x = block.directory.numbers(_X_RESOLUTION, block.header) if block.directory else ()
    y = block.directory.numbers(_Y_RESOLUTION, block.header) if block.directory else ()
    unit = block.directory.numbers(_RESOLUTION_UNIT, block.header) if block.directory else ()
    if not (x and y):
        packet = xmp.readable(metadata.xmp)
        both = _numbers(packet, "tiff:XResolution", "tiff:YResolution")
        x, y = both[:1], both[1:]
        unit = _numbers(packet, "tiff:ResolutionUnit")
    factor = _PER_INCH.get(int(unit[0]) if unit else 2)
    if not (x and y and factor and x[0] > 0 and y[0] > 0) or (x[0], y[0]) == (1, 1):
        return None  # Where nothing was known, some write 1.
    return (x[0] * factor, y[0] * factor)


def says_adobe_rgb(exif: bytes | None) -> bool:
    """Whether the interoperability index marks the pixels as Adobe RGB (DCF 2.0: "R03")."""
    return _adobe_rgb_mark(exif) is not None


def without_adobe_rgb(exif: bytes) -> bytes:
    """The block with that mark changed to sRGB's ("R98"), every other byte as it was."""
    place = _adobe_rgb_mark(exif)
    return exif if place is None else exif[:place] + b"R98" + exif[place + 3 :]


def _adobe_rgb_mark(exif: bytes | None) -> int | None:
    block = _Exif(exif)
    inner = block.directory.children.get(ifd.EXIF_DIRECTORY) if block.directory else None
    index = inner.children.get(ifd.INTEROPERABILITY_DIRECTORY) if inner else None
    entry = index.entries.get(1) if index else None
    return entry.place if entry is not None and entry.value[:3] == b"R03" else None


def upright(exif: bytes) -> bytes:
    """The block with its orientation set to 1, every other byte as it was."""
    block = _Exif(exif)
    if block.directory is None or orientation(exif) == 1:
        return exif
    data = bytearray(exif)
    block.patch(data, block.directory.entries.get(_ORIENTATION), 1)
    return bytes(data)


def upright_xmp(packet: bytes) -> bytes:
    """The packet with its ``tiff:Orientation`` set to 1, every other byte as it was."""
    if xmp.readable(packet) is None:
        # Some programs turn a picture by what they find without reading the whole.
        return re.sub(rb"""(tiff:Orientation(?:=["']|>))[2-8](?=["'<])""", rb"\g<1>1", packet)
    return _with_texts(packet, {"tiff:Orientation": "1"})


def _with_texts(packet: bytes, values: Mapping[str, str]) -> bytes:
    """The packet with other values of plain properties where it states those; one that cannot be
    read stays as it is.
    """
    found = xmp.readable(packet)
    if found is None:
        return packet
    changes = [
        (*node.inner, text.encode())
        for name, text in values.items()
        for node in found.properties(xmp.name(name))
        if not any(not part.attribute for part in node.parts) and node.text.strip() != text
    ]
    return found.changed(changes) if changes else packet


def for_pixels(
    exif: bytes,
    width: int,
    height: int,
    *,
    same_picture: bool,
    dpi: tuple[float, float] | None = None,
) -> bytes:
    """The block for a picture of ``width`` x ``height`` that may have been edited, and is upright.

    The sizes and the resolution it states are corrected in place. Unless the picture is the one
    that was opened (``same_picture``), its thumbnail and other small pictures are blanked: they
    would still show what was there before.
    """
    block = _Exif(exif)
    if block.directory is None:
        return exif
    data = bytearray(upright(exif))
    inner = block.directory.children.get(ifd.EXIF_DIRECTORY, ifd.Directory())
    index = inner.children.get(ifd.INTEROPERABILITY_DIRECTORY, ifd.Directory())
    for directory, x_tag, y_tag in (
        (inner, _PIXEL_X, _PIXEL_Y),
        (block.directory, _IMAGE_WIDTH, _IMAGE_LENGTH),
        (index, _RELATED_X, _RELATED_Y),
    ):
        stated = [
            int(directory.numbers(tag, block.header)[0])
            for tag in (x_tag, y_tag)
            if directory.numbers(tag, block.header)
        ]
        # A turned picture has its sides exchanged; cameras state the unturned ones too.
        if stated and sorted(stated) != sorted((width, height)):
            block.patch(data, directory.entries.get(x_tag), width)
            block.patch(data, directory.entries.get(y_tag), height)
    if dpi is not None and _stated_dpi(Metadata(bytes(data))) not in (None, dpi):
        for tag, dots in zip((_X_RESOLUTION, _Y_RESOLUTION), dpi, strict=True):
            block.patch_fraction(data, block.directory.entries.get(tag), dots)
        block.patch(data, block.directory.entries.get(_RESOLUTION_UNIT), 2)
    if not same_picture:
        _blank_thumbnail(block, data)
        note = inner.entries.get(ifd.MAKER_NOTE)
        if note is not None:
            end = note.place + len(note.value)
            data[note.place : end] = maker_notes.without_pictures(note.value, cut=True)
        data[:] = maker_notes.without_pictures(bytes(data))
    return bytes(data)


def without_layout(exif: bytes) -> bytes | None:
    """The block without a description of how a file of microscopy lays its pixels out; None where
    nothing is left.
    """

    def change(directory: ifd.Directory) -> None:
        if told.layout(told.ascii_text(directory, _DESCRIPTION)):
            del directory.entries[_DESCRIPTION]

    return told.changed(exif, change)


def _blank_thumbnail(block: _Exif, data: bytearray) -> None:
    small = block.thumbnail()
    if small is None or block.directory is None:
        return
    spans: list[tuple[int, int]] = []
    for places, lengths in ((_THUMBNAIL_OFFSET, _THUMBNAIL_LENGTH), (_STRIPS, _STRIP_BYTES)):
        starts, counts = (small.numbers(tag, block.header) for tag in (places, lengths))
        spans += [(int(at), int(at + count)) for at, count in zip(starts, counts, strict=False)]
    for begin, end in spans:
        if 8 <= begin < end <= len(data):
            data[begin:end] = bytes(end - begin)
    struct.pack_into(block.header.offset_code, data, block.directory.next_place, 0)


# -- what XMP says of the pixels -------------------------------------------------------------

_OF_PARTS = (
    "http://ns.adobe.com/hdr-gain-map/1.0/",
    "http://ns.apple.com/HDRGainMap/1.0/",
    "http://ns.google.com/photos/1.0/container/",
    "http://ns.google.com/photos/dd/1.0/",
)
"""Namespaces that tell of further pictures in a file: gain maps, and what stands behind it."""

_OF_FILM = re.compile(r"http://ns\.google\.com/photos/1\.0/camera/ (MicroVideo|MotionPhoto)")

_PICTURES = (
    "http://ns.google.com/photos/1.0/image/ ",
    "http://ns.google.com/photos/1.0/depthmap/ ",
    "http://ns.google.com/photos/1.0/audio/ ",
    f"{xmp.NAMESPACES['xmp']} Thumbnails",
    "http://ns.adobe.com/xap/1.0/g/img/ image",
)
"""What pictures in a packet are called: small ones, and whole ones from before an edit."""

_AREAS = "http://www.metadataworkinggroup.com/schemas/regions/ Regions"
_SIDES = (
    "http://ns.adobe.com/xap/1.0/sType/Dimensions# w",
    "http://ns.adobe.com/xap/1.0/sType/Dimensions# h",
)
_PANORAMA = "http://ns.google.com/photos/1.0/panorama/ "
_CROPPED = (f"{_PANORAMA}CroppedAreaImageWidthPixels", f"{_PANORAMA}CroppedAreaImageHeightPixels")


def xmp_for_pixels(
    packet: bytes,
    width: int,
    height: int,
    *,
    same_picture: bool,
    dpi: tuple[float, float] | None = None,
) -> bytes | None:
    """The packet for a picture of ``width`` x ``height`` that may have been edited, and is upright,
    and is alone in its file; every byte that has nothing to do with it as it was.

    None for one that cannot be read and may show what was there before.
    """
    found = xmp.readable(packet)
    if found is None:
        shows = not same_picture and re.search(rb"Thumbnails|GImg|/image/|/depthmap/", packet)
        return None if shows else packet
    stale: set[int] = set()
    for node in found.nodes:
        if node.name.split(" ")[0] in _OF_PARTS or _OF_FILM.match(node.name):
            stale.add(id(node))
        elif not same_picture and node.name.startswith(_PICTURES):
            # What tells of the picture goes with it.
            while node.parent is not None and node.level > 2:
                node = node.parent
            stale.add(id(node))
    _mark_areas(found, width, height, stale)
    if stale:
        packet = found.without(lambda node: id(node) in stale)
    packet = _with_texts(packet, _sizes(found, width, height, dpi))
    return _scaled_panorama(packet, width, height)


def _sizes(
    found: xmp.Packet, width: int, height: int, dpi: tuple[float, float] | None
) -> dict[str, str]:
    """Orientation, sizes and resolution as they must be stated, by their names."""
    values = {"tiff:Orientation": "1"}
    for x_name, y_name in (
        ("tiff:ImageWidth", "tiff:ImageLength"),
        ("exif:PixelXDimension", "exif:PixelYDimension"),
    ):
        stated = [*_numbers(found, x_name), *_numbers(found, y_name)]
        if sorted(stated) != sorted((width, height)):
            values |= {x_name: str(width), y_name: str(height)}
    stated_dpi = _stated_dpi(Metadata(xmp=found.data))
    if dpi is not None and stated_dpi not in (None, dpi):
        for name, dots in zip(("tiff:XResolution", "tiff:YResolution"), dpi, strict=True):
            values[name] = "{}/{}".format(*_fraction(dots))
        values["tiff:ResolutionUnit"] = "2"
    return values


def _mark_areas(found: xmp.Packet, width: int, height: int, stale: set[int]) -> None:
    """Faces and the like that are marked in a picture of other proportions go: they would be
    marked elsewhere now.
    """
    for node in found.properties(_AREAS):
        sides = [
            float(inner.text)
            for name in _SIDES
            for inner in found.nodes
            if inner.name == name
            and _FRACTION.fullmatch(inner.text.strip())
            and node.start < inner.start < node.end
        ]
        if len(sides) == 2 and not _alike(sides[0], sides[1], width, height):
            stale.add(id(node))


def _alike(wide: float, high: float, width: int, height: int) -> bool:
    """Whether two pictures have the same proportions, to a pixel and a half."""
    return abs(wide * height - high * width) <= 1.5 * max(wide, high, width, height)


def _scaled_panorama(packet: bytes, width: int, height: int) -> bytes:
    """The packet with what it says of a panorama in the pixels of the picture as it is now; of one
    that was cropped or turned nothing is said any more.
    """
    found = xmp.readable(packet)
    sides = [node for name in _CROPPED for node in (found.properties(name) if found else ())]
    if found is None or len(sides) != 2 or not all(node.text.strip().isdecimal() for node in sides):
        return packet
    wide, high = (int(node.text) for node in sides)
    if (wide, high) == (width, height):
        return packet
    if not wide or not high or not _alike(wide, high, width, height):
        return found.without(lambda node: node.name.startswith(_PANORAMA))
    changes = []
    for node in found.properties():
        if node.name.startswith(_PANORAMA) and node.name.endswith("Pixels"):
            match = _FRACTION.fullmatch(node.text.strip())
            if match:
                by = width / wide if "Width" in node.name or "Left" in node.name else height / high
                changes.append((*node.inner, str(round(float(match[1]) * by)).encode()))
    return found.changed(changes)


def _fraction(dots: float) -> tuple[int, int]:
    """Dots per inch as EXIF and XMP state them."""
    return (round(dots), 1) if dots == round(dots) else (round(dots * 10_000), 10_000)


def shortened(exif: bytes, most: int, name: str, notes: list[str]) -> bytes | None:
    """The block within ``most`` bytes: without its small picture, its maker note, or what else is
    largest in it, as far as that must be, with a note; None where nothing would be left.
    """
    if len(exif) <= most:
        return exif
    block = _Exif(exif)
    room = f"a {name} holds {(most + 1023) // 1024} KB of EXIF metadata."
    if block.directory is None:
        notes.append(f"EXIF metadata of {len(exif) // 1024} KB was left out: {room}")
        return None
    lost = ["its small picture"] if block.directory.next else []
    main = ifd.Directory(dict(block.directory.entries), dict(block.directory.children))
    result = ifd.structure(main, block.header.order)
    while len(result) > most:
        inner = main.children.get(ifd.EXIF_DIRECTORY, ifd.Directory())
        holder, entry = max(
            ((each, entry) for each in (main, inner) for entry in each.entries.values()),
            key=lambda pair: len(pair[1].value),
        )
        lost.append("the maker note" if entry.tag == ifd.MAKER_NOTE else f"tag {entry.tag}")
        entries = {tag: held for tag, held in holder.entries.items() if tag != entry.tag}
        if holder is main:
            main = replace(main, entries=entries)
        else:
            children = main.children | {ifd.EXIF_DIRECTORY: replace(inner, entries=entries)}
            main = replace(main, children=children)
        result = ifd.structure(main, block.header.order)
    if lost:
        words = ", ".join(lost)
        notes.append(
            f"Of the EXIF metadata {words} {'were' if len(lost) > 1 else 'was'} left out: {room}"
        )
    return result


def with_dpi(exif: bytes | None, dpi: tuple[float, float]) -> bytes | None:
    """A block that states the resolution, for a file that has no other place for it."""
    if _stated_dpi(Metadata(exif)) == dpi:
        return exif

    def change(directory: ifd.Directory) -> None:
        order = "<" if block is None else block[0].order
        for tag, dots in zip((_X_RESOLUTION, _Y_RESOLUTION), dpi, strict=True):
            value = struct.pack(order + "II", *_fraction(dots))
            directory.entries[tag] = ifd.Entry(tag, 5, 1, value)
        value = struct.pack(order + "H", 2)
        directory.entries[_RESOLUTION_UNIT] = ifd.Entry(_RESOLUTION_UNIT, 3, 1, value)

    block = told.block_of(exif)
    return told.changed(exif, change)


def kept(metadata: Metadata, choice: MetadataChoice) -> Metadata:
    """What an export with that choice keeps.

    "copyright" keeps artist and copyright of EXIF, rights and creator of XMP (Dublin Core),
    by-line, credit and copyright notice of IPTC, of texts those that say as much, and the
    resolution. The colour profile is no
    metadata: the colours need it, and it always stays. Raises ValueError for another choice.
    """
    if choice == "all":
        return metadata
    if choice == "without location":
        return told.without_places(metadata)
    if choice == "none":
        return Metadata()
    if choice != "copyright":
        raise ValueError(f"metadata can be {', '.join(CHOICES)}, not {choice}")
    return replace(
        metadata,
        exif=_exif_copyright(metadata.exif),
        xmp=_xmp_copyright(metadata.xmp),
        iptc=_iptc_copyright(metadata.iptc),
        texts=tuple(row for row in metadata.texts if row[0] in _WHOSE),
    )


_WHOSE = (*told.FACTS["creator"].texts, *told.FACTS["rights"].texts)
"""Keywords of texts that say who made a picture and who owns it."""


def _exif_copyright(exif: bytes | None) -> bytes | None:
    block = _Exif(exif)
    if block.directory is None:
        return None
    directory = ifd.pick(block.directory, (_ARTIST, _COPYRIGHT))
    return ifd.structure(directory, block.header.order) if directory.entries else None


def _xmp_copyright(packet: bytes | None) -> bytes | None:
    found = xmp.readable(packet)
    values: dict[str, xmp.Stated] = {}
    for name in ("dc:rights", "dc:creator"):
        items = [
            row
            for node in (found.properties(xmp.name(name)) if found else ())
            for row in node.items
        ]
        if name == "dc:creator":
            values[name] = [text for _, text in items if text]
        else:
            values[name] = {language or "x-default": text for language, text in items if text}
    if not any(values.values()):
        return None
    return xmp.stating(None, values, frozenset({"dc:creator"}))


def _iptc_copyright(record: bytes | None) -> bytes | None:
    # 1:90 names the character set that the others are in.
    wanted = {(1, 90), (2, 80), (2, 110), (2, 116)}
    rows = [row for row in iptc.datasets(record or b"") if row[:2] in wanted]
    return iptc.written(rows) if any(record == 2 for record, _, _ in rows) else None


def describe(source: Document | Metadata) -> dict[str, str]:
    """What a photograph's metadata say, as plain words for people; missing facts are left out.

    Keys: title, caption, keywords, place, camera, lens, exposure, aperture, iso, focal_length,
    taken, artist, copyright, software, synthesised ("partly" or "wholly", and where the file says
    so), edits (what the history in its XMP says was done, by whichever program), and always gps
    ("yes" when the file tells a place on the earth, else "no").
    """
    metadata = source.metadata if isinstance(source, Document) else source
    block = _Exif(metadata.exif)
    main = block.directory or ifd.Directory()
    inner = main.children.get(ifd.EXIF_DIRECTORY, ifd.Directory())

    def text(directory: ifd.Directory, tag: int) -> str:
        entry = directory.entries.get(tag)
        if entry is None or entry.type not in (2, 7, 129):
            return ""
        return plain_text(entry.value.split(b"\0")[0].decode("utf-8", "replace"))

    def number(tag: int) -> float:
        found = inner.numbers(tag, block.header) if inner.entries else ()
        # NaN is the one number that differs from itself.
        return found[0] if found and found[0] == found[0] and 0 < found[0] < 1e9 else 0.0

    def fact(key: str) -> str:
        return plain_text(told.as_text(key, said.get(key, ())))

    maker, model = text(main, 271), text(main, 272)
    exposure, aperture, focal, iso = (number(tag) for tag in (33434, 33437, 37386, 34855))
    said = told.facts(metadata)
    if isinstance(source, Document):
        stated = provenance.declared(source)
    else:
        stated = provenance.stated(source.xmp)
    names = ("location", "city", "state", "country")
    facts = {
        "title": fact("title"),
        "caption": fact("caption"),
        "keywords": fact("keywords"),
        "place": plain_text(", ".join(filter(None, (fact(name) for name in names)))),
        "camera": model if model.startswith(maker) else f"{maker} {model}".strip(),
        "lens": text(inner, 42036),
        "exposure": _exposure(exposure),
        "aperture": f"f/{aperture:.3g}" if aperture else "",
        "iso": f"{iso:.0f}" if iso else "",
        "focal_length": f"{focal:.4g} mm" if focal else "",
        "taken": text(inner, 36867) or text(main, 306),
        "artist": fact("creator"),
        "copyright": fact("rights"),
        "software": text(main, 305),
        "synthesised": f"{stated} (IPTC digital source type)" if stated else "",
        "edits": ", then ".join(history_stated(metadata.xmp)),
    }
    places = main.children.get(ifd.GPS_DIRECTORY, ifd.Directory()).entries
    # Latitude and longitude; a camera without reception writes only the version.
    facts["gps"] = "yes" if 2 in places or 4 in places else "no"
    return {name: value for name, value in facts.items() if value}


def _exposure(seconds: float) -> str:
    if not seconds:
        return ""
    return f"1/{1 / seconds:.0f} s" if seconds < 0.4 else f"{seconds:.3g} s"
