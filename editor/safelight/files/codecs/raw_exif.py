"""Raw EXIF: what a raw file tells about its photograph, which each format keeps elsewhere."""

from __future__ import annotations

import struct
from typing import Any

from safelight.files.codecs import jpeg, tiff_page
from safelight.files.codecs.photograph import DamagedError
from safelight.files.codecs.raw_colours import MOST_BASELINE
from safelight.files.metadata import ifd

_XMP = 700
"""TIFF's tag of an XMP packet."""

_BASELINE = 50730
"""DNG's BaselineExposure: stops by which its maker wants a picture to be brighter."""


# -- EXIF of formats that each keep it elsewhere ---------------------------------------------------


def tiff_like(data: bytes) -> ifd.Fetch | None:
    """The file as a TIFF; Olympus and Panasonic write numbers of their own in place of its 42."""
    if data[:4] in (b"IIRO", b"IIRS", b"IIU\0"):
        data = data[:2] + b"*\0" + data[4:]
    elif data[:4] == b"MMOR":
        data = data[:2] + b"\0*" + data[4:]
    elif data[:4] not in (b"II*\0", b"MM\0*"):
        return None
    return ifd.bytes_fetch(data)


def baseline_exposure(data: bytes) -> float:
    """The stops that a DNG states to be added, 0 for other files."""
    fetch = tiff_like(data)
    if fetch is None:
        return 0.0
    try:
        header = ifd.Header.read(fetch)
        found = ifd.read_directory(fetch, header, header.first).numbers(_BASELINE, header)
    except (ifd.DirectoryError, struct.error):
        return 0.0
    stops = float(found[0]) if found else 0.0
    return stops if abs(stops) <= MOST_BASELINE else 0.0


def exif_of_raw(data: bytes) -> bytes | None:
    """What a raw file tells about the photograph, as an EXIF block; None for nothing."""
    try:
        fetch = tiff_like(data)
        if fetch is not None:
            return tiff_page.exif_of(fetch)
        if data.startswith(b"FUJIFILMCCD-RAW") and len(data) > 92:
            start, length = struct.unpack_from(">II", data, 84)
            return jpeg.exif_of(data[start : start + length])
        if data[4:12] == b"ftypcrx ":
            return _exif_of_boxes(data[: 1 << 20])
        if data.startswith(b"\0MRM"):
            at = data[: 1 << 16].find(b"\0TTW")
            return tiff_page.exif_of(ifd.bytes_fetch(data[at + 8 :])) if at >= 0 else None
    except (DamagedError, ifd.DirectoryError, struct.error):
        return None
    return None


def _exif_of_boxes(data: bytes) -> bytes | None:
    """Canon's CR3 keeps the directories in three boxes, each a TIFF of its own."""
    found: dict[bytes, ifd.Directory] = {}
    order = "<"
    for name in (b"CMT1", b"CMT2", b"CMT4"):
        at = data.find(name)
        if at < 0:
            continue
        fetch = ifd.bytes_fetch(data[at + 4 :])
        header = ifd.Header.read(fetch)
        order = header.order
        found[name] = ifd.read_directory(fetch, header, header.first)
    if b"CMT1" not in found:
        return None
    main = tiff_page.described(found[b"CMT1"])
    for name, tag in ((b"CMT2", ifd.EXIF_DIRECTORY), (b"CMT4", ifd.GPS_DIRECTORY)):
        if name in found and found[name].entries:
            main.children[tag] = found[name]
    return ifd.structure(main, order)


def exif_of_preview(raw: Any) -> bytes | None:
    """The EXIF of the JPEG that a camera puts into its raw file to be looked at; None for none."""
    import rawpy

    try:
        found = raw.extract_thumb()
    except rawpy.LibRawError:
        return None
    return jpeg.exif_of(found.data) if found.format == rawpy.ThumbFormat.JPEG else None


def xmp_packet(data: bytes) -> bytes | None:
    """The XMP of a raw file that is laid out as a TIFF; None for none."""
    fetch = tiff_like(data)
    try:
        if fetch is None:
            return None
        header = ifd.Header.read(fetch)
        entry = ifd.read_directory(fetch, header, header.first).entries.get(_XMP)
        return entry.value if entry is not None else None
    except (ifd.DirectoryError, struct.error):
        return None
