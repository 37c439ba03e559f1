"""Checks of a TIFF page: no part of it becomes more pixels than the page states."""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable, Sequence
from typing import Any

from safelight.files.codecs import jpeg, jpegxr, png, webp
from safelight.files.codecs.photograph import (
    DamagedError,
    check_packing,
)
from safelight.files.codecs.tiff_page import Page
from safelight.files.metadata import ifd

_ANY_PART = 64 << 20
"""Bytes of decoded pixels that a strip or tile may have, however small the picture is."""

_EXPANSION = {1: 1, 5: 2731, 8: 1032, 32946: 1032, 32773: 64}
"""How many bytes one byte can become at most, by compression: none, LZW (4,096 bytes of a 12-bit
code), deflate (258 bytes of 2 bits) and PackBits (128 bytes of 2)."""

_LARGEST_EXPANSION = 1 << 17
_LEFT_OVER = 1000
"""Where less than one byte in so many is left of a file that was cut off, it is not opened."""

_CODESTREAM = re.compile(rb"\xff\x4f\xff\x51....(.{8})(.{8}).{16}(..)", re.DOTALL)
"""The beginning of a JPEG 2000 picture (T.800, A.5.1): far corner, near corner, components."""


def _codestream_size(data: bytes) -> tuple[int, int, int]:
    """Width, height and components that a JPEG 2000 file states, the largest where there are
    several. Raises DamagedError for none.
    """
    stated = [
        (struct.unpack(">II", far), struct.unpack(">II", near), struct.unpack(">H", components))
        for far, near, components in _CODESTREAM.findall(data)
    ]
    if not stated:
        raise DamagedError("is damaged: it ends before the picture begins")
    sizes = [(far[0] - near[0], far[1] - near[1], count) for far, near, (count,) in stated]
    widths, heights, counts = zip(*sizes, strict=True)
    return max(widths), max(heights), max(counts)


_LERC, _PACKED_AGAIN = 34887, 50674
"""LERC, and the tag that says with a second number that what it gave was packed once more."""
_BLOB = re.compile(rb"Lerc2 (.{4})(.{20})", re.DOTALL)
"""The beginning of a picture in LERC: version and, behind a checksum from 3 on, height, width and,
from 4 on, depth (Esri's specification of LERC)."""


def _lerc_size(data: bytes) -> tuple[int, int, int]:
    """Width, height and channels that a LERC picture states. Raises DamagedError for none."""
    stated: list[tuple[int, int, int]] = []
    for number, head in _BLOB.findall(data):
        (version,) = struct.unpack("<i", number)
        height, width, depth = struct.unpack_from("<3i", head, 4 if version >= 3 else 0)
        stated.append((width, height, depth if version >= 4 else 1))
    if not stated:
        raise DamagedError("is damaged: it ends before the picture begins")
    widths, heights, depths = zip(*stated, strict=True)
    return max(widths), max(heights), sum(depths)


_SIZED: dict[int, Callable[[bytes], Sequence[int]]] = {
    **dict.fromkeys((7, 33007), jpeg.largest_frame),
    **dict.fromkeys((33003, 33004, 33005, 34712), _codestream_size),
    34887: _lerc_size,
    34933: png.stated_size,
    34934: jpegxr.stated_size,
    **dict.fromkeys((34927, 50001), webp.stated_size),
}
"""Compressions whose parts state a size of their own, and what finds it: width, height and, where
they can vary, channels. Raises DamagedError.
"""

_UNKNOWN_SIZES = (
    *(22610, 34892, 48124),
    *(50002, 52546, 65000, 65001, 65002),
)
"""Others, of which Safelight cannot tell it before they are decoded: JPEG XR of microscopes, lossy
raw, Jetraw, JPEG XL and those of electron microscopes."""


def check_parts(fetch: ifd.Fetch, size: int, page: Page) -> bool:
    """Whether each part states a size, where its packing has one. Raises DamagedError where a few
    bytes would become far more pixels than they can hold.

    A file states the size of its pixels in several places, which need not agree: what is decoded
    follows some, and what was checked follows others.
    """
    parts = page.segments()
    held = sum(min(count, size - offset) for offset, count in set(parts) if offset < size)
    most = _EXPANSION.get(page.compression, _LARGEST_EXPANSION)
    whole = all(offset + count <= size for offset, count in parts)
    check_packing(page.decoded, min(held, size), most if whole else max(most, _LEFT_OVER))
    width, height = page.part_size()
    _check_part(width * height * page.samples * page.itemsize, width, height, page)
    again = page.directory.numbers(_PACKED_AGAIN, page.header)[1:]
    if page.compression in _UNKNOWN_SIZES or page.compression == _LERC and any(again):
        raise DamagedError(
            f"is packed in a way (number {page.compression}) that Safelight cannot open;"
            " save it with deflate or LZW"
        )
    return all(
        # Others are looked at when they are decoded.
        [
            check_stated(fetch(offset, count), page, whole=False)
            for offset, count in parts
            if offset + count <= size
        ]
    )


def check_stated(data: bytes, page: Page, *, whole: bool = True) -> bool:
    """Whether a part states a size, where its packing has one; one that is not ``whole`` need not.
    Raises DamagedError where that does not fit the picture's.
    """
    stated_size = _SIZED.get(page.compression)
    if stated_size is None:
        return True
    width, height = page.part_size()
    try:
        across, down, *channels = stated_size(data)
    except DamagedError:
        if whole:
            raise
        return False
    # Parts are filled up to whole blocks of JPEG, which are at most 32 pixels a side.
    if across > width + 32 or down > height + 32:
        raise DamagedError(
            f"is damaged: it states parts of {width} x {height} pixels, and one of them"
            f" {across} x {down}"
        )
    if any(each > max(page.samples, 3) for each in channels):
        raise DamagedError(
            f"is damaged: it states {page.samples} channels, and one of its parts {channels[0]}"
        )
    return True


def _check_part(decoded: int, width: int, height: int, page: Page) -> None:
    """Raise DamagedError where a strip or tile alone decodes to more than the picture may."""
    if decoded > max(_ANY_PART, 2 * page.decoded):
        raise DamagedError(
            f"is damaged: it states parts of {width} x {height} pixels for a picture of"
            f" {page.width} x {page.height}"
        )


def check_layout(first: Any, page: Page) -> None:
    """Raise DamagedError where tifffile, which reads the tags on its own, takes the picture
    (``first``, its page) for another than the one whose sizes were checked.
    """
    planes, depth, height, width, samples = first.shaped
    if depth != 1 or first.tiledepth > 1 and first.is_tiled:
        raise DamagedError("is a volume or another unusual kind of TIFF; save it as a flat one")
    if (width, height, planes * samples) != (page.width, page.height, page.samples):
        raise DamagedError("is damaged: it states its size twice, and differently")
    if first.compression != page.compression or first.samplesperpixel != page.samples:
        raise DamagedError("is damaged: it states its layout twice, and differently")
    if first.dtype is None:
        raise DamagedError("holds numbers of a kind that Safelight cannot open")
    wide = first.dtype.itemsize
    if wide > max(page.itemsize, 4):
        raise DamagedError("is damaged: it states its depth twice, and differently")
    part = (first.tilewidth, first.tilelength) if first.is_tiled else (width, first.rowsperstrip)
    _check_part(part[0] * part[1] * samples * wide, *part, page)
    if math.prod(first.chunked) > 2 * len(first.dataoffsets):
        raise DamagedError("is damaged: more than half of its parts are missing")
