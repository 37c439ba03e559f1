"""Location: metadata without anything that tells where a photograph was taken.

What cannot be read could say it, and goes: a damaged EXIF block, XMP that is not UTF-8, and the
maker notes, in which some cameras keep names of places.
"""

from __future__ import annotations

import re
import struct
from dataclasses import replace

from safelight.document import Metadata
from safelight.files import ifd

_MAKER_NOTE = 0x927C

_SPACES = {
    b"http://ns.adobe.com/exif/1.0/": rb"GPS\w*",
    b"http://ns.adobe.com/photoshop/1.0/": rb"City|State|Country",
    b"http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/": rb"Location|CountryCode",
    b"http://iptc.org/std/Iptc4xmpExt/2008-02-29/": rb"Location\w*",
}
"""Names of a place in XMP, by their namespaces (EXIF 2.32 for XMP; IPTC Photo Metadata 2023.2)."""

_IPTC = {26, 27, 90, 92, 95, 100, 101}
"""Datasets of record 2 that name a place (IPTC-IIM 4.2)."""


def without_location(metadata: Metadata) -> Metadata:
    """The metadata without the place; all else is as it was, byte for byte where it stays."""
    return replace(
        metadata,
        exif=_exif(metadata.exif),
        xmp=_xmp(metadata.xmp),
        iptc=_iptc(metadata.iptc),
    )


def _exif(exif: bytes | None) -> bytes | None:
    if not exif:
        return exif
    data, fetch = bytearray(exif), ifd.bytes_fetch(exif)
    try:
        header = ifd.Header.read(fetch)
        found = [(header.first, ifd.read_directory(fetch, header, header.first))]
        inner = found[0][1].numbers(ifd.EXIF_DIRECTORY, header)
        if inner:
            found.append((int(inner[0]), ifd.read_directory(fetch, header, int(inner[0]))))
        place = found[0][1].numbers(ifd.GPS_DIRECTORY, header)
        if place:
            _blank(data, int(place[0]), ifd.read_directory(fetch, header, int(place[0])), header)
        for start, directory in found:
            entry = directory.entries.get(_MAKER_NOTE)
            if entry is not None:
                data[entry.place : entry.place + len(entry.value)] = bytes(len(entry.value))
            for tag in (_MAKER_NOTE, ifd.GPS_DIRECTORY):
                _drop(data, start, tag, header)
    except (ifd.DirectoryError, struct.error):
        return None
    return bytes(data)


def _blank(data: bytearray, start: int, directory: ifd.Directory, header: ifd.Header) -> None:
    """Zeroes in place of a table and of all its values."""
    for entry in directory.entries.values():
        data[entry.place : entry.place + len(entry.value)] = bytes(len(entry.value))
    (count,) = struct.unpack_from(header.order + "H", data, start)
    end = min(start + 2 + 12 * count + 4, len(data))
    data[start:end] = bytes(end - start)


def _drop(data: bytearray, start: int, tag: int, header: ifd.Header) -> None:
    """Take an entry out of a table; those behind it move up, and no value moves."""
    (count,) = struct.unpack_from(header.order + "H", data, start)
    end = start + 2 + 12 * count + 4
    for number in range(count):
        at = start + 2 + 12 * number
        if struct.unpack_from(header.order + "H", data, at) == (tag,):
            data[at : end - 12] = data[at + 12 : end]
            data[end - 12 : end] = bytes(12)
            struct.pack_into(header.order + "H", data, start, count - 1)
            return


def _xmp(xmp: bytes | None) -> bytes | None:
    if not xmp:
        return xmp
    try:
        xmp.decode("utf-8")
    except UnicodeDecodeError:
        return None
    names = [
        re.escape(prefix) + rb":(?:" + _SPACES[space] + rb")"
        for prefix, space in re.findall(rb"""xmlns:([\w.-]+)\s*=\s*["']([^"']*)["']""", xmp)
        if space in _SPACES
    ]
    if not names:
        return xmp
    name = b"|".join(names)
    xmp = re.sub(rb"<(" + name + rb")(?:\s[^>]*)?(?:/>|>.*?</\1\s*>)", b"", xmp, flags=re.DOTALL)
    return re.sub(rb"\s(?:" + name + rb""")\s*=\s*(?:"[^"]*"|'[^']*')""", b"", xmp)


def _iptc(iptc: bytes | None) -> bytes | None:
    from safelight.files.metadata import iptc_datasets

    kept = [
        (record, dataset, value)
        for record, dataset, value in iptc_datasets(iptc or b"")
        if (record != 2 or dataset not in _IPTC) and len(value) < 32768
    ]
    made = b"".join(
        b"\x1c" + struct.pack(">BBH", record, dataset, len(value)) + value
        for record, dataset, value in kept
    )
    return made or None
