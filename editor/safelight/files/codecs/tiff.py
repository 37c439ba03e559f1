"""TIFF: reading and writing (TIFF 6.0, its supplements, BigTIFF; 8 and 16 bits and float)."""

from __future__ import annotations

import io
from typing import Any, BinaryIO, Literal

import numpy as np

from safelight.document import Metadata
from safelight.files.codecs import tiff_tags as tags
from safelight.files.codecs.codec import Codec, most_reduced
from safelight.files.codecs.photograph import (
    CHANNELS,
    DamagedError,
    Limit,
    OtherKindError,
    Photograph,
    Room,
    check_bytes,
    check_size,
    with_numbers,
)
from safelight.files.codecs.tiff_checks import check_parts
from safelight.files.codecs.tiff_page import (
    MOST_INSIDE,
    Page,
    count_of_pages,
    page_dpi,
    page_exif,
    page_iptc,
    reduced_pages,
)
from safelight.files.codecs.tiff_pixels import choose_channels, decoded_page
from safelight.files.colours import lab
from safelight.files.metadata import ifd

_LARGEST_CLASSIC = 2**32 - 2**25

RAW = "a camera's raw file"
RAW_FORMAT = "Camera raw"
"""What such a file is, in words, and the name of the codec that develops it."""


def read(file: BinaryIO, size: int, limit: Limit, room: Room = np.empty) -> Photograph:
    """Decode the first picture of a TIFF file of ``size`` bytes.

    Raises OtherKindError for a camera's raw file.
    """
    fetch = ifd.file_fetch(file)
    page = Page(fetch)
    if page.is_raw(fetch):
        raise OtherKindError(RAW, RAW_FORMAT)
    check_size(page.width, page.height, limit)
    if page.samples > 64:
        raise DamagedError(f"has {page.samples} channels, which Safelight cannot open")
    if not 1 <= page.bits <= 64:
        raise DamagedError(f"has {page.bits} bits per channel, which Safelight cannot open")
    check_bytes(page.decoded, limit, f"{page.samples} channels of {page.bits} bits")
    sound = check_parts(fetch, size, page)
    notes: list[str] = []
    pixels, space, extra = decoded_page(file, size, page, notes, sound)
    pixels, alpha = choose_channels(pixels, CHANNELS[space], extra, page, notes)
    pixels = with_numbers(pixels, notes)
    pages = count_of_pages(fetch, page)
    if pages > 1:
        notes.append(f"The file holds {pages} pictures; the first one was opened.")
    return Photograph(
        pixels,
        space,
        alpha,
        lab.prophoto_profile()
        if page.photometric in (tags.CIE_LAB, tags.ICC_LAB)
        else page.value(tags.ICC),
        Metadata(
            exif=page_exif(page), xmp=page.value(tags.XMP), iptc=page_iptc(page), dpi=page_dpi(page)
        ),
        notes,
        page.number(tags.ORIENTATION, 1),
    )


def reduced(
    file: BinaryIO, limit: Limit, room: tuple[int, int], least: int = 1
) -> Photograph | None:
    """The smaller copy of the first picture that a file holds (TIFF 6.0, tag 254) and that suits
    ``room``, as a ``codec.Reducer``. None where there is none of the same colours and shape.
    """
    fetch = ifd.file_fetch(file)
    page = Page(fetch)
    if page.is_raw(fetch):
        return None
    check_size(page.width, page.height, limit)
    most = most_reduced(page.width, page.height, room, least)
    places = [*page.directory.numbers(tags.SUB_DIRECTORIES, page.header)[:MOST_INSIDE]]
    places += list(reduced_pages(fetch, page))
    found: tuple[float, int] | None = None
    for place in map(int, places):
        try:
            inside = Page(fetch, place)
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
    content.icc = content.icc or page.value(tags.ICC)
    content.metadata = Metadata(
        exif=page_exif(page), xmp=page.value(tags.XMP), iptc=page_iptc(page)
    )
    content.orientation = page.number(tags.ORIENTATION, 1)
    content.whole = page.width, page.height
    return None if content.notes else content


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


def check_raw(file: BinaryIO) -> None:
    """Raise OtherKindError for a TIFF file that is no camera's raw one, and DamagedError for what
    is no TIFF file, though it begins as one.
    """
    file.seek(0)
    head = file.read(12)
    if CODEC.recognises(head):
        fetch = ifd.file_fetch(file)
        if not Page(fetch).is_raw(fetch):
            raise OtherKindError("a TIFF picture")


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
    carried = ifd.pick(exif, tags.CARRIED)
    directory.entries |= carried.entries
    directory.children |= carried.children
    for tag, value in (
        (tags.XMP, content.metadata.xmp),
        (tags.IPTC, content.metadata.iptc),
        (tags.ICC, content.icc),
    ):
        if value:
            kind = 1 if tag == tags.XMP else 7
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
