"""Metadata: reading and patching EXIF 2.32, choosing what an export keeps, telling people.

EXIF bytes are patched in place wherever possible: maker notes hold offsets that only fit while
nothing moves.
"""

from __future__ import annotations

import html
import re
import struct
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from safelight.document import Document, Metadata, Synthetic
from safelight.files import ifd, location, provenance

MetadataChoice = Literal["all", "without location", "copyright", "none"]
"""What an export keeps: everything, all but the place, only who made the picture and who owns it,
or nothing."""

CHOICES: tuple[MetadataChoice, ...] = ("all", "without location", "copyright", "none")

_IMAGE_WIDTH, _IMAGE_LENGTH, _ORIENTATION = 256, 257, 274
_PIXEL_X, _PIXEL_Y = 40962, 40963
_THUMBNAIL_OFFSET, _THUMBNAIL_LENGTH = 513, 514
_ARTIST, _COPYRIGHT = 315, 33432

_LONGEST_TEXT = 200

_NAMESPACES = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "dc": "http://purl.org/dc/elements/1.1/",
}


@dataclass(frozen=True, slots=True)
class Known:
    """What a photograph's metadata say, read once, where they may be a stranger's.

    ``orientation`` is 1 to 8 (EXIF 2.32), ``adobe_rgb`` a camera's mark of its colours, ``upright``
    the metadata of the picture set upright, ``facts`` are what ``describe`` gives.
    """

    orientation: int = 1
    adobe_rgb: bool = False
    upright: Metadata = Metadata()
    synthetic: Synthetic = ""
    facts: Mapping[str, str] = field(default_factory=dict)


def known(metadata: Metadata) -> Known:
    """Read all of a photograph's metadata that is ever read."""
    kept(metadata, "copyright")  # for what it may do wrong: an export reads these again
    return Known(
        orientation(metadata.exif),
        says_adobe_rgb(metadata.exif),
        replace(
            metadata,
            exif=upright(metadata.exif) if metadata.exif else None,
            xmp=upright_xmp(metadata.xmp) if metadata.xmp else None,
        ),
        provenance.stated(metadata.xmp),
        describe(metadata),
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


def orientation(exif: bytes | None) -> int:
    """How the picture must be turned to stand upright: 1 to 8 (EXIF 2.32 tag 0x0112); else 1."""
    block = _Exif(exif)
    if block.directory is None:
        return 1
    found = block.directory.numbers(_ORIENTATION, block.header)
    return int(found[0]) if found and found[0] in range(1, 9) else 1


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


def upright_xmp(xmp: bytes) -> bytes:
    """The packet with its ``tiff:Orientation`` set to 1, every other byte as it was."""
    return re.sub(rb"""(tiff:Orientation(?:=["']|>))[2-8](?=["'<])""", rb"\g<1>1", xmp)


def for_pixels(exif: bytes, width: int, height: int, *, same_picture: bool) -> bytes:
    """The block for a picture of ``width`` x ``height`` that may have been edited.

    The sizes it states are corrected in place. Unless the picture is the one that was opened
    (``same_picture``), its thumbnail is blanked: it would still show what was there before.
    """
    block = _Exif(exif)
    if block.directory is None:
        return exif
    data = bytearray(exif)
    inner = block.directory.children.get(ifd.EXIF_DIRECTORY, ifd.Directory())
    for directory, x_tag, y_tag in (
        (inner, _PIXEL_X, _PIXEL_Y),
        (block.directory, _IMAGE_WIDTH, _IMAGE_LENGTH),
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
    if not same_picture:
        _blank_thumbnail(block, data)
    return bytes(data)


def _blank_thumbnail(block: _Exif, data: bytearray) -> None:
    small = block.thumbnail()
    if small is None or block.directory is None:
        return
    place = small.numbers(_THUMBNAIL_OFFSET, block.header)
    length = small.numbers(_THUMBNAIL_LENGTH, block.header)
    if place and length:
        begin, end = int(place[0]), int(place[0]) + int(length[0])
        if 8 <= begin < end <= len(data):
            data[begin:end] = bytes(end - begin)
    struct.pack_into(block.header.offset_code, data, block.directory.next_place, 0)


def kept(metadata: Metadata, choice: MetadataChoice) -> Metadata:
    """What an export with that choice keeps.

    "copyright" keeps artist and copyright of EXIF, rights and creator of XMP (Dublin Core),
    by-line, credit and copyright notice of IPTC, and the resolution. The colour profile is no
    metadata: the colours need it, and it always stays. Raises ValueError for another choice.
    """
    if choice == "all":
        return metadata
    if choice == "without location":
        return location.without_location(metadata)
    if choice == "none":
        return Metadata()
    if choice != "copyright":
        raise ValueError(f"metadata can be {', '.join(CHOICES)}, not {choice}")
    return replace(
        metadata,
        exif=_exif_copyright(metadata.exif),
        xmp=_xmp_copyright(metadata.xmp),
        iptc=_iptc_copyright(metadata.iptc),
    )


def _exif_copyright(exif: bytes | None) -> bytes | None:
    block = _Exif(exif)
    if block.directory is None:
        return None
    directory = ifd.pick(block.directory, (_ARTIST, _COPYRIGHT))
    return ifd.structure(directory, block.header.order) if directory.entries else None


def _xmp_texts(xmp: bytes | None) -> dict[str, list[str]]:
    """The Dublin Core rights and creators in an XMP packet (ISO 16684-1)."""
    found: dict[str, list[str]] = {"rights": [], "creator": []}
    # Entities are the known way to make a small XML file enormous; XMP has no use for them.
    if not xmp or len(xmp) > provenance.LARGEST_XMP or b"<!" in xmp.replace(b"<!--", b""):
        return found
    from xml.etree import ElementTree

    try:
        root = ElementTree.fromstring(xmp.strip(b"\0 \r\n\t"))
    except (ElementTree.ParseError, ValueError, LookupError, RecursionError):
        return found
    for name, texts in found.items():
        for element in root.iter(f"{{{_NAMESPACES['dc']}}}{name}"):
            items = list(element.iter(f"{{{_NAMESPACES['rdf']}}}li")) or [element]
            texts += [item.text.strip() for item in items if item.text and item.text.strip()]
    return found


def _xmp_copyright(xmp: bytes | None) -> bytes | None:
    texts = _xmp_texts(xmp)
    if not any(texts.values()):
        return None

    def items(name: str, box: str, language: str = "") -> str:
        if not texts[name]:
            return ""
        rows = "".join(
            f"<rdf:li{language}>{html.escape(text, quote=False)}</rdf:li>" for text in texts[name]
        )
        return f"<dc:{name}><rdf:{box}>{rows}</rdf:{box}></dc:{name}>"

    rights = items("rights", "Alt", ' xml:lang="x-default"')
    return provenance.packet(
        f'<rdf:Description rdf:about="">{rights}{items("creator", "Seq")}</rdf:Description>',
        f' xmlns:dc="{_NAMESPACES["dc"]}"',
    )


def iptc_datasets(iptc: bytes) -> Iterator[tuple[int, int, bytes]]:
    """(record, dataset, value) of each IPTC-IIM 4.2 dataset; stops at the first damaged one."""
    place = 0
    while place + 5 <= len(iptc) and iptc[place] == 0x1C:
        record, dataset, length = struct.unpack_from(">BBH", iptc, place + 1)
        place += 5
        if length & 0x8000:
            size = length & 0x7FFF
            length = int.from_bytes(iptc[place : place + size], "big")
            place += size
        if place + length > len(iptc):
            return
        yield record, dataset, iptc[place : place + length]
        place += length


def _iptc_copyright(iptc: bytes | None) -> bytes | None:
    # 1:90 names the character set that the others are in.
    wanted = {(1, 90), (2, 80), (2, 110), (2, 116)}
    rows = [row for row in iptc_datasets(iptc or b"") if row[:2] in wanted and len(row[2]) < 32768]
    if not any(record == 2 for record, _, _ in rows):
        return None
    return b"".join(
        b"\x1c" + struct.pack(">BBH", record, dataset, len(value)) + value
        for record, dataset, value in rows
    )


def plain_text(text: str) -> str:
    """Text from a file, safe to show: one line, no control or direction characters, capped."""
    visible = "".join(
        letter if unicodedata.category(letter)[0] != "C" else " "
        for letter in text[: 4 * _LONGEST_TEXT]
        if unicodedata.category(letter) != "Cf"
    )
    line = re.sub(r"\s+", " ", visible).strip()
    return line if len(line) <= _LONGEST_TEXT else line[: _LONGEST_TEXT - 1] + "…"


def describe(source: Document | Metadata) -> dict[str, str]:
    """What a photograph's EXIF says, as plain words for people; missing facts are left out.

    Keys: camera, lens, exposure, aperture, iso, focal_length, taken, artist, copyright,
    software, synthesised ("partly" or "wholly", and where the file says so), and always gps ("yes"
    when the file tells a place, else "no").
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

    maker, model = text(main, 271), text(main, 272)
    exposure, aperture, focal, iso = (number(tag) for tag in (33434, 33437, 37386, 34855))
    artist, rights = text(main, _ARTIST), text(main, _COPYRIGHT)
    if not (artist and rights):
        texts = _xmp_texts(metadata.xmp)
        artist = artist or plain_text(", ".join(texts["creator"]))
        rights = rights or plain_text(", ".join(texts["rights"][:1]))
    if isinstance(source, Document):
        stated = provenance.declared(source)
    else:
        stated = provenance.stated(source.xmp)
    facts = {
        "camera": model if model.startswith(maker) else f"{maker} {model}".strip(),
        "lens": text(inner, 42036),
        "exposure": _exposure(exposure),
        "aperture": f"f/{aperture:.3g}" if aperture else "",
        "iso": f"{iso:.0f}" if iso else "",
        "focal_length": f"{focal:.4g} mm" if focal else "",
        "taken": text(inner, 36867) or text(main, 306),
        "artist": artist,
        "copyright": rights,
        "software": text(main, 305),
        "synthesised": f"{stated} (IPTC digital source type)" if stated else "",
    }
    places = main.children.get(ifd.GPS_DIRECTORY, ifd.Directory()).entries
    # Latitude and longitude; a camera without reception writes only the version.
    facts["gps"] = "yes" if 2 in places or 4 in places else "no"
    return {name: value for name, value in facts.items() if value}


def _exposure(seconds: float) -> str:
    if not seconds:
        return ""
    return f"1/{1 / seconds:.0f} s" if seconds < 0.4 else f"{seconds:.3g} s"
