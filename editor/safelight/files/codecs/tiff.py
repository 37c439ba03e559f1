"""TIFF: reading and writing (TIFF 6.0, its supplements, BigTIFF; 8 and 16 bits and float)."""

from __future__ import annotations

import io
import logging
import math
import re
import struct
from collections.abc import Callable, Iterator, Sequence
from typing import Any, BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray

from safelight.document import Metadata
from safelight.files.codecs import jpeg, jpegxr, pillow_decoder, png, webp
from safelight.files.codecs import tiff_parts as parts
from safelight.files.codecs.codec import Codec, most_reduced
from safelight.files.codecs.jpeg_damage import ends_early
from safelight.files.codecs.photograph import (
    CHANNELS,
    DamagedError,
    Limit,
    OtherKindError,
    Photograph,
    Room,
    Space,
    check_bytes,
    check_packing,
    check_size,
    undecodable,
    unpremultiplied,
    with_numbers,
)
from safelight.files.colours import lab, logluv
from safelight.files.metadata import ifd

_SUBFILE, _WIDTH, _LENGTH, _BITS, _COMPRESSION, _PHOTOMETRIC = 254, 256, 257, 258, 259, 262
_STRIPS, _ORIENTATION, _SAMPLES, _STRIP_BYTES, _PLANAR = 273, 274, 277, 279, 284
_X_RESOLUTION, _Y_RESOLUTION, _RESOLUTION_UNIT = 282, 283, 296
_ROWS_PER_STRIP, _TILE_WIDTH, _TILE_LENGTH = 278, 322, 323
_TILES, _TILE_BYTES, _SUB_DIRECTORIES, _EXTRA, _FORMAT = 324, 325, 330, 338, 339
_XMP, _IPTC, _ICC, _PHOTOSHOP, _DNG_VERSION = 700, 33723, 34675, 34377, 50706

_DESCRIPTIVE = (
    *(269, 270, 271, 272, 285, 305, 306, 315, 316, 18246, 18249, 33432),
    *(40091, 40092, 40093, 40094, 40095),
)
"""Tags of the main directory that tell about the photograph, not about this file's layout:
document, description, make, model, page, software, date, artist, computer, ratings, copyright
and the five that Windows adds."""

_CARRIED = (*_DESCRIPTIVE, ifd.EXIF_DIRECTORY, ifd.GPS_DIRECTORY)

_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _CMYK, _YCBCR = 0, 1, 2, 3, 5, 6
_CIE_LAB, _ICC_LAB, _LOG_L, _LOG_LUV = 8, 9, 32844, 32845
_LOG_RLE = 34676
_RAW = (32803, 34892)
_ASSOCIATED, _UNASSOCIATED = 1, 2
_REDUCED = 1
_MOST_PAGES = 1000
_MOST_INSIDE = 16
_LARGEST_CLASSIC = 2**32 - 2**25

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

RAW = "a camera's raw file"
RAW_FORMAT = "Camera raw"
"""What such a file is, in words, and the name of the codec that develops it."""

_QUIET = logging.NullHandler()


class _Page:
    """A directory of a TIFF file, the main one or that at ``place``: its tags as numbers, with the
    defaults of TIFF 6.0.
    """

    def __init__(self, fetch: ifd.Fetch, place: int | None = None) -> None:
        try:
            self.header = ifd.Header.read(fetch)
            first = self.header.first if place is None else place
            self.directory = ifd.read_directory(fetch, self.header, first)
        except ifd.DirectoryError as error:
            raise DamagedError(f"is damaged or cut off: {error}") from error
        self.width = self.number(_WIDTH, 0)
        self.height = self.number(_LENGTH, 0)
        self.compression = self.number(_COMPRESSION, 1)
        self.photometric = self.number(_PHOTOMETRIC, _BLACK_IS_ZERO)
        self.bits = self.number(_BITS, 1)
        self.samples = self.number(_SAMPLES, 1)

    def number(self, tag: int, default: int) -> int:
        found = self.directory.numbers(tag, self.header)
        return int(found[0]) if found else default

    @property
    def itemsize(self) -> int:
        """Bytes of a decoded channel of a pixel."""
        return -(-self.bits // 8)

    @property
    def decoded(self) -> int:
        """Bytes of the decoded picture."""
        return self.width * self.height * self.samples * self.itemsize

    def value(self, tag: int) -> bytes | None:
        entry = self.directory.entries.get(tag)
        return entry.value if entry and entry.value else None

    def is_raw(self, fetch: ifd.Fetch) -> bool:
        """Whether a camera's raw data is in it, with a small picture in front at most.

        A DNG whose only picture is a finished one is a TIFF like any other.
        """
        entries, header = self.directory.entries, self.header
        if self.photometric in _RAW:
            return True
        small = bool(self.number(_SUBFILE, 0) & _REDUCED and _SUB_DIRECTORIES in entries)
        if small and (_DNG_VERSION in entries or 271 in entries):
            return True
        if _DNG_VERSION not in entries:
            return False
        for place in self.directory.numbers(_SUB_DIRECTORIES, header)[:_MOST_INSIDE]:
            try:
                inside = ifd.read_directory(fetch, header, int(place))
            except ifd.DirectoryError:
                continue
            if {int(kind) for kind in inside.numbers(_PHOTOMETRIC, header)} & set(_RAW):
                return True
        return False

    def segments(self) -> list[tuple[int, int]]:
        """(offset, length) of each strip or tile."""
        numbers = self.directory.numbers
        for places, lengths in ((_TILES, _TILE_BYTES), (_STRIPS, _STRIP_BYTES)):
            offsets = numbers(places, self.header)
            counts = numbers(lengths, self.header)
            if offsets and len(offsets) == len(counts):
                return [(int(o), int(c)) for o, c in zip(offsets, counts, strict=True)]
        return []

    def plain_lengths(self) -> list[int] | None:
        """How long each strip or tile of an uncompressed picture is; None where nobody knows."""
        width, rows = self.part_size()
        if self.compression != 1 or self.photometric == _YCBCR or width <= 0 or rows <= 0:
            return None
        planes = self.samples if self.number(_PLANAR, 1) == 2 else 1
        row = -(-width * (self.samples // planes) * self.bits // 8)
        tiled = _TILES in self.directory.entries
        across, down = -(-self.width // width), -(-self.height // rows)
        if across * down * planes != len(self.segments()):
            return None
        if tiled:
            return [row * rows] * (across * down * planes)
        tops = range(0, self.height, rows)
        return [row * min(rows, self.height - top) for top in tops] * planes

    def part_size(self) -> tuple[int, int]:
        """Width and height in pixels of a whole strip or tile."""
        if _TILES in self.directory.entries:
            return self.number(_TILE_WIDTH, 0), self.number(_TILE_LENGTH, 0)
        return self.width, min(self.number(_ROWS_PER_STRIP, self.height), self.height)


def read(file: BinaryIO, size: int, limit: Limit, room: Room = np.empty) -> Photograph:
    """Decode the first picture of a TIFF file of ``size`` bytes.

    Raises OtherKindError for a camera's raw file.
    """
    fetch = ifd.file_fetch(file)
    page = _Page(fetch)
    if page.is_raw(fetch):
        raise OtherKindError(RAW, RAW_FORMAT)
    check_size(page.width, page.height, limit)
    if page.samples > 64:
        raise DamagedError(f"has {page.samples} channels, which Safelight cannot open")
    if not 1 <= page.bits <= 64:
        raise DamagedError(f"has {page.bits} bits per channel, which Safelight cannot open")
    check_bytes(page.decoded, limit, f"{page.samples} channels of {page.bits} bits")
    sound = _check_parts(fetch, size, page)
    notes: list[str] = []
    pixels, space, extra = _decode(file, size, page, notes, sound)
    pixels, alpha = _choose_channels(pixels, CHANNELS[space], extra, page, notes)
    pixels = with_numbers(pixels, notes)
    pages = _pages(fetch, page)
    if pages > 1:
        notes.append(f"The file holds {pages} pictures; the first one was opened.")
    return Photograph(
        pixels,
        space,
        alpha,
        lab.prophoto_profile() if page.photometric in (_CIE_LAB, _ICC_LAB) else page.value(_ICC),
        Metadata(exif=_exif(page), xmp=page.value(_XMP), iptc=_iptc(page), dpi=_dpi(page)),
        notes,
        page.number(_ORIENTATION, 1),
    )


def reduced(
    file: BinaryIO, limit: Limit, room: tuple[int, int], least: int = 1
) -> Photograph | None:
    """The smaller copy of the first picture that a file holds (TIFF 6.0, tag 254) and that suits
    ``room``, as a ``codec.Reducer``. None where there is none of the same colours and shape.
    """
    fetch = ifd.file_fetch(file)
    page = _Page(fetch)
    if page.is_raw(fetch):
        return None
    check_size(page.width, page.height, limit)
    most = most_reduced(page.width, page.height, room, least)
    places = [*page.directory.numbers(_SUB_DIRECTORIES, page.header)[:_MOST_INSIDE]]
    places += list(_reduced_pages(fetch, page))
    found: tuple[float, int] | None = None
    for place in map(int, places):
        try:
            inside = _Page(fetch, place)
        except DamagedError:
            continue
        times = page.width / max(inside.width, 1)
        as_large = abs(inside.height * times - page.height) <= times
        alike = inside.photometric == page.photometric and inside.samples == page.samples
        if as_large and alike and inside.bits == page.bits and (found or (1.0,))[0] < times <= most:
            found = times, place
    if found is None:
        return None
    start = ifd.Header(page.header.order, page.header.big, found[1]).bytes()
    inner = io.BufferedReader(_Begun(file, start))
    try:
        content = read(inner, file.seek(0, io.SEEK_END), limit)
    except OtherKindError:
        return None
    content.icc = content.icc or page.value(_ICC)
    content.metadata = Metadata(exif=_exif(page), xmp=page.value(_XMP), iptc=_iptc(page))
    content.orientation = page.number(_ORIENTATION, 1)
    content.whole = page.width, page.height
    return None if content.notes else content


def _reduced_pages(fetch: ifd.Fetch, page: _Page) -> Iterator[int]:
    """Where the directories of smaller copies stand that follow that of the first picture."""
    for place, is_reduced in _following(fetch, page, _MOST_INSIDE):
        if not is_reduced:
            return  # what follows belongs to another picture
        yield place


class _Begun(io.RawIOBase):
    """A file that begins otherwise: with ``start`` in place of as many of its bytes."""

    def __init__(self, file: BinaryIO, start: bytes) -> None:
        super().__init__()
        self._file, self._start, self._at = file, start, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        self._file.seek(self._at)
        self._at = self._file.seek(offset, whence)
        return self._at

    def readinto(self, buffer: Any, /) -> int:
        self._file.seek(self._at)
        data = bytearray(self._file.read(len(buffer)))
        kept = self._start[self._at : self._at + len(data)]
        data[: len(kept)] = kept
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


def _check_parts(fetch: ifd.Fetch, size: int, page: _Page) -> bool:
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
            _check_stated(fetch(offset, count), page, whole=False)
            for offset, count in parts
            if offset + count <= size
        ]
    )


def _check_stated(data: bytes, page: _Page, *, whole: bool = True) -> bool:
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


def _check_part(decoded: int, width: int, height: int, page: _Page) -> None:
    """Raise DamagedError where a strip or tile alone decodes to more than the picture may."""
    if decoded > max(_ANY_PART, 2 * page.decoded):
        raise DamagedError(
            f"is damaged: it states parts of {width} x {height} pixels for a picture of"
            f" {page.width} x {page.height}"
        )


def _check_layout(first: Any, page: _Page) -> None:
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


def _decode(
    file: BinaryIO, size: int, page: _Page, notes: list[str], sound: bool
) -> tuple[NDArray[Any], Space, tuple[float, ...]]:
    """Pixels (height, width, samples) of a depth Safelight keeps, space and extra samples.

    ``sound``: no part is known to be hurt.
    """
    space: Space | None = {
        _WHITE_IS_ZERO: "grey",
        _BLACK_IS_ZERO: "grey",
        _RGB: "rgb",
        _PALETTE: "rgb",
        _CMYK: "cmyk",
        _YCBCR: "rgb",
        _CIE_LAB: "rgb",
        _ICC_LAB: "rgb",
        _LOG_L: "grey",
        _LOG_LUV: "rgb",
    }.get(page.photometric)  # type: ignore[assignment]
    if space is None:
        raise DamagedError(
            f"uses a colour model (number {page.photometric}) that Safelight cannot open;"
            " save it as an RGB TIFF first"
        )
    is_jpeg = page.compression in (6, 7)
    if page.photometric == _YCBCR and not is_jpeg or page.compression == 6:
        # tifffile leaves these alone, and they are always 8-bit: Pillow can do them.
        return _with_pillow(file, page), "rgb", ()
    if page.photometric in (_LOG_L, _LOG_LUV):
        return _logarithms(file, size, page, notes), space, ()
    extra = page.directory.numbers(_EXTRA, page.header)
    unsaid = not extra and page.photometric == _RGB and page.samples == 4
    if unsaid:
        # What stitches panoramas leaves it to the reader, who takes it for transparency.
        extra = (_UNASSOCIATED,)
    colours = 1 if page.photometric == _PALETTE else CHANNELS[space]
    alpha = _alpha_in([int(kind) for kind in extra])
    wanted = colours if alpha is None else colours + alpha + 1
    array = _with_tifffile(file, size, page, notes, sound, wanted)
    if page.photometric == _PALETTE:
        return array, space, extra
    if page.photometric in (_CIE_LAB, _ICC_LAB):
        return _from_lab(array, page, notes), space, extra
    array = _to_kept_depth(array, page.bits, notes)
    if unsaid and not array[..., 3].any():
        extra = ()
    if page.photometric == _WHITE_IS_ZERO:
        array = array.copy()
        full = 1.0 if array.dtype == np.float32 else np.iinfo(array.dtype).max
        array[..., 0] = full - array[..., 0]
    return array, space, extra


def _from_lab(array: NDArray[Any], page: _Page, notes: list[str]) -> NDArray[Any]:
    """Lab of 8 or 16 bits (TIFF 6.0 section 23; ICC Lab as technical note 4 has it)."""
    if page.bits not in (8, 16) or array.shape[2] < 3:
        raise DamagedError(
            "holds Lab colours of a depth that Safelight cannot open; save it as an RGB TIFF first"
        )
    wide = page.bits == 16
    unsigned = np.uint16 if wide else np.uint8
    array = array.astype(array.dtype.newbyteorder("="), copy=False).view(unsigned).copy()
    one = 256 if wide else 1
    if page.photometric == _CIE_LAB:
        # Its a* and b* have a sign: the middle is moved to where ICC's Lab has it.
        array[..., 1:3] = np.bitwise_xor(array[..., 1:3], unsigned(128 * one))
        lightness = 65535 if wide else 255
    else:
        lightness = 65280 if wide else 255
    notes.append(lab.NOTE)
    return lab.rgb_of_lab(array, lightness, 128 * one, one)


def _logarithms(file: BinaryIO, size: int, page: _Page, notes: list[str]) -> NDArray[Any]:
    """LogL and LogLuv of 32 bits as float32 with sRGB's curve."""
    if page.compression != _LOG_RLE or _TILES in page.directory.entries:
        raise DamagedError(
            "holds logarithms of light in a packing that Safelight cannot open; save it as a"
            " 32-bit float TIFF first"
        )
    fetch, planes = ifd.file_fetch(file), 4 if page.photometric == _LOG_LUV else 2
    rows, there = page.part_size()[1], 0
    numbers = np.zeros((page.height, page.width), np.uint32)
    for top, (offset, count) in zip(range(0, page.height, rows), page.segments(), strict=False):
        down = min(rows, page.height - top)
        part, whole = logluv.unpacked(fetch(offset, count), down, page.width, planes)
        numbers[top : top + down] = part
        there += whole
    if there < page.height:
        _note_ending(there, page.height, notes)
    if planes == 2:
        return logluv.encoded(logluv.luminance(numbers))[..., None]
    return logluv.encoded(logluv.linear_srgb(numbers))


def _with_pillow(file: BinaryIO, page: _Page) -> NDArray[Any]:
    file.seek(0)
    with pillow_decoder.opened(file, "TIFF", (page.width, page.height)) as image:
        return np.asarray(image.convert("RGB"))


def _with_tifffile(
    file: BinaryIO, size: int, page: _Page, notes: list[str], sound: bool, wanted: int
) -> NDArray[Any]:
    """Pixels (height, width, samples), of which the first ``wanted`` samples have to be there."""
    import tifffile

    segments = page.segments()
    lengths = page.plain_lengths()
    if lengths is not None:
        # What is not packed is as long as it is, whatever the file says.
        segments = [(at, length) for (at, _), length in zip(segments, lengths, strict=True)]
    there = [offset > 0 and offset + count <= size for offset, count in segments]
    cut = bool(segments) and not all(there)
    # The decoder leaves out a part of no length without a word.
    sound = sound and not cut and all(count or not offset for offset, count in segments)
    source: Any = file
    file.seek(0)
    if cut and page.compression == 1:
        # Uncompressed rows count up to the last byte: give the decoder zeros behind it.
        whole = sum(count for _, count in segments)
        if whole > page.width * page.height * page.samples * 8 + 4096 * len(segments):
            raise DamagedError("is damaged: its parts are larger than the picture")
        held = sum(min(max(size - offset, 0), count) for offset, count in segments)
        source = io.BytesIO(file.read() + bytes(whole))
        _note_ending(page.height * held // max(whole, 1), page.height, notes)
    # Without any handler its remarks about odd files would go to the terminal.
    logging.getLogger("tifffile").addHandler(_QUIET)
    try:
        array: NDArray[Any]
        with tifffile.TiffFile(source) as opened:
            first: Any = opened.pages[0]
            _check_layout(first, page)
            if lengths is not None and len(first.databytecounts) == len(segments):
                if any(a < b for a, (_, b) in zip(first.databytecounts, segments, strict=True)):
                    notes.append(parts.RESTATED)
                first.databytecounts = tuple(count for _, count in segments)
            try:
                if not sound and page.compression != 1:
                    raise DamagedError("is cut off")
                array = np.asarray(first.asarray(squeeze=False, maxworkers=1))
            except Exception:
                if page.compression == 1:
                    raise
                fetch = ifd.file_fetch(file)
                array = parts.decoded(
                    first, fetch, size, lambda data: _check_stated(data, page), notes, wanted
                )
            if page.photometric == _PALETTE:
                colours = np.asarray(first.colormap)
                # One bit a pixel comes as truth values, which would choose and not count.
                array = (colours.T[array[..., 0].astype(np.intp)] >> 8).astype(np.uint8)
    except DamagedError:
        raise
    except Exception as error:
        raise undecodable(error, cut_off=False) from error
    # (planes, 1, height, width, samples): one of planes and samples is 1.
    return array[0, 0] if array.shape[0] == 1 else np.moveaxis(array[:, 0, :, :, 0], 0, -1)


def _note_ending(rows: int, height: int, notes: list[str]) -> None:
    if rows == 0:
        raise DamagedError("is cut off: nothing of the picture is left in it")
    notes.append(ends_early(rows, height))


def _to_kept_depth(array: NDArray[Any], bits: int, notes: list[str]) -> NDArray[Any]:
    """Any number type as uint8, uint16 or float32; odd bit counts are spread to full scale."""
    kind = array.dtype
    if kind == np.bool_:
        return array.astype(np.uint8) * np.uint8(255)
    if kind.kind == "f":
        return array.astype(np.float32, copy=False)
    if kind.kind == "i":
        notes.append(
            "The file holds numbers with a sign: the least that there can be became black, the"
            " greatest white."
        )
        array = _without_sign(array)
        kind = array.dtype
    if kind.kind != "u":
        raise DamagedError(
            f"holds {kind.name} numbers; save it with 8, 16 or 32 bits per channel, unsigned"
        )
    if kind.itemsize > 2:
        full = 2.0 ** (bits if bits in (24, 32, 64) else 8 * kind.itemsize) - 1
        return (array / full).astype(np.float32)
    if bits in (8, 16):
        native: NDArray[Any] = array.astype(kind.newbyteorder("="), copy=False)
        return native
    target = np.uint8 if bits < 8 else np.uint16
    full = float(2**bits - 1)
    scaled = array.astype(np.float32) * np.float32(np.iinfo(target).max / full)
    spread: NDArray[Any] = np.rint(scaled).astype(target)
    return spread


def _without_sign(array: NDArray[Any]) -> NDArray[Any]:
    """Signed whole numbers moved so that the least is 0."""
    native = array.astype(array.dtype.newbyteorder("="), copy=False)
    unsigned = np.dtype(f"u{native.itemsize}")
    moved: NDArray[Any] = native.view(unsigned) ^ unsigned.type(1 << (8 * native.itemsize - 1))
    return moved


def _choose_channels(
    pixels: NDArray[Any],
    colours: int,
    extra: tuple[float, ...],
    page: _Page,
    notes: list[str],
) -> tuple[NDArray[Any], bool]:
    """The colour channels and the alpha channel, if one of the extra ones is that."""
    if pixels.shape[2] < colours:
        raise DamagedError("is damaged: colour channels are missing")
    present = pixels.shape[2] - colours
    kinds = [int(kind) for kind in extra[:present]]
    found = _alpha_in(kinds)
    dropped = present - (found is not None)
    if dropped > 0:
        word = "channel" if dropped == 1 else "channels"
        notes.append(f"{dropped} extra {word} of unknown meaning left out.")
    if found is None:
        return pixels[..., :colours], False
    if found or dropped:
        pixels = pixels[..., [*range(colours), colours + found]]
    if kinds[found] == _ASSOCIATED:
        pixels = unpremultiplied(pixels)
    return pixels, True


def _alpha_in(kinds: Sequence[int]) -> int | None:
    """Which of the extra channels is transparency."""
    return next((i for i, kind in enumerate(kinds) if kind in (_ASSOCIATED, _UNASSOCIATED)), None)


def _pages(fetch: ifd.Fetch, page: _Page) -> int:
    """How many full pictures the file holds; reduced copies do not count."""
    return 1 + sum(not is_reduced for _, is_reduced in _following(fetch, page, _MOST_PAGES))


def _following(fetch: ifd.Fetch, page: _Page, most: int) -> Iterator[tuple[int, bool]]:
    """Where the directories behind the main one stand, ``most`` of them with that one, and whether
    each is of a smaller copy; none behind one that is damaged.
    """
    following, seen = page.directory.next, {page.header.first}
    while following and following not in seen and len(seen) < most:
        seen.add(following)
        try:
            directory = ifd.read_directory(fetch, page.header, following)
        except ifd.DirectoryError:
            return
        kind = directory.numbers(_SUBFILE, page.header)
        yield following, bool(kind and int(kind[0]) & _REDUCED)
        following = directory.next


def check_raw(file: BinaryIO) -> None:
    """Raise OtherKindError for a TIFF file that is no camera's raw one, and DamagedError for what
    is no TIFF file, though it begins as one.
    """
    file.seek(0)
    head = file.read(12)
    if CODEC.recognises(head):
        fetch = ifd.file_fetch(file)
        if not _Page(fetch).is_raw(fetch):
            raise OtherKindError("a TIFF picture")


def described(directory: ifd.Directory) -> ifd.Directory:
    """What of a main directory tells about the photograph, not about this file's layout."""
    return ifd.pick(directory, _CARRIED)


def exif_of(fetch: ifd.Fetch) -> bytes | None:
    """What a TIFF structure tells about its photograph, as an EXIF block of its own.

    Raises DamagedError for what is no such structure.
    """
    return _exif(_Page(fetch))


def _exif(page: _Page) -> bytes | None:
    """What the file tells about the photograph, as an EXIF block of its own."""
    carried = described(page.directory)
    if not carried.entries and not carried.children:
        return None
    return ifd.structure(carried, page.header.order)


def _iptc(page: _Page) -> bytes | None:
    value = page.value(_IPTC)
    if not value and (resources := page.value(_PHOTOSHOP)):
        return jpeg.resource(resources, jpeg.IPTC_RESOURCE)
    if value and value[0] != 0x1C and value[3:4] == b"\x1c":
        # Written as 4-byte numbers in the other byte order, an old habit of libtiff's.
        value = np.frombuffer(value[: len(value) // 4 * 4], "<u4").byteswap().tobytes()
    return value


def _dpi(page: _Page) -> tuple[float, float] | None:
    x = page.directory.numbers(_X_RESOLUTION, page.header)
    y = page.directory.numbers(_Y_RESOLUTION, page.header)
    factor = {2: 1.0, 3: 2.54}.get(page.number(_RESOLUTION_UNIT, 2))
    if not (x and y and factor and x[0] > 0 and y[0] > 0):
        return None
    return (x[0] * factor, y[0] * factor)


def write(
    stream: BinaryIO,
    content: Photograph,
    *,
    compression: Literal["deflate", "none"] = "deflate",
) -> None:
    """Encode (height, width, 1 to 5), grey, RGB or CMYK, with or without alpha, of uint8, uint16
    or float32; deflate with a predictor.
    """
    import tifffile

    metadata = content.metadata
    exif: tuple[ifd.Header, ifd.Directory] | None = None
    if metadata.exif:
        fetch = ifd.bytes_fetch(metadata.exif)
        try:
            header = ifd.Header.read(fetch)
            exif = header, ifd.read_directory(fetch, header, header.first)
        except ifd.DirectoryError:
            content.notes.append("EXIF metadata was left out: it is damaged.")
    # The file takes the byte order of its EXIF, so that values (and maker notes, which nobody
    # can swap) go in as they are.
    order = exif[0].order if exif else "<"
    # To tifffile one channel is none.
    pixels = content.pixels[..., 0] if content.pixels.shape[2] == 1 else content.pixels
    with tifffile.TiffWriter(
        stream, byteorder=order, bigtiff=pixels.nbytes > _LARGEST_CLASSIC
    ) as writer:
        writer.write(
            pixels,
            photometric=_WRITTEN[content.space],
            planarconfig=None if pixels.ndim == 2 else "contig",
            compression="zlib" if compression == "deflate" else None,
            compressionargs={"level": 4} if compression == "deflate" else None,
            predictor=compression == "deflate",
            extrasamples=["unassalpha"] if content.alpha else [],
            metadata=None,
            software=False,
            resolution=metadata.dpi or (1.0, 1.0),
            resolutionunit="inch" if metadata.dpi else "none",
            maxworkers=2,
        )
    _add_metadata(stream, content, exif[1] if exif else ifd.Directory())


def _add_metadata(stream: BinaryIO, content: Photograph, exif: ifd.Directory) -> None:
    """Append the main directory again, with everything the encoder could not be told.

    Only the first directory's offset in the header changes; the old table stays behind unused.
    """
    fetch = ifd.file_fetch(stream)
    header = ifd.Header.read(fetch)
    directory = ifd.read_directory(fetch, header, header.first)
    carried = ifd.pick(exif, _CARRIED)
    directory.entries |= carried.entries
    directory.children |= carried.children
    for tag, value in (
        (_XMP, content.metadata.xmp),
        (_IPTC, content.metadata.iptc),
        (_ICC, content.icc),
    ):
        if value:
            kind = 1 if tag == _XMP else 7
            directory.entries[tag] = ifd.Entry(tag, kind, len(value), value)
    end = stream.seek(0, io.SEEK_END)
    stream.write(b"\0" * (end % 2))
    end += end % 2
    stream.write(ifd.serialise(directory, header, end))
    stream.seek(0)
    stream.write(ifd.Header(header.order, header.big, end).bytes())


_WRITTEN = {"grey": "minisblack", "rgb": "rgb", "cmyk": "separated"}

CODEC = Codec(
    "TIFF",
    suffixes=(".tif", ".tiff"),
    # Canon's raw files begin as a TIFF does.
    beginnings=(rb"(?!II\*\0....CR)(II(\*\0|\+\0)|MM(\0\*|\0\+))",),
    read=read,
    write=write,
    reduced=reduced,
    depths=("uint8", "uint16", "float32"),
    cmyk=True,
    exact=lambda *_: True,
    in_place=True,
    holds=frozenset({"exif", "xmp", "iptc", "dpi"}),
)
