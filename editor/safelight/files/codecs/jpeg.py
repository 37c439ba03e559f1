"""JPEG: reading and writing (ITU-T T.81, JFIF 1.02, EXIF 2.32, ICC.1:2022 annex B.4)."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import Annotated, BinaryIO, Literal

import numpy as np

from safelight.api import Number, Source
from safelight.document import Metadata
from safelight.files import provenance
from safelight.files.codecs.codec import Codec
from safelight.files.codecs.photograph import (
    DamagedError,
    Limit,
    Photograph,
    Room,
    Space,
    check_bytes,
    check_packing,
    check_size,
    packed,
)

_EXIF = b"Exif\0\0"
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_XMP_MORE = b"http://ns.adobe.com/xmp/extension/\0"
_ICC = b"ICC_PROFILE\0"
_PHOTOSHOP = b"Photoshop 3.0\0"
_MANY = b"MPF\0"

_NO_FRAME = "is damaged: it ends before the picture begins"
_PROGRESSIVE = (0xC2, 0xC6, 0xCA, 0xCE)

_EXPANSION, _LARGEST_EXPANSION = 4096, 1 << 17
"""How many bytes of pixels one byte can become; some room is left for files that are cut off."""

_LARGEST_SEGMENT = 65533
_ICC_PART = _LARGEST_SEGMENT - len(_ICC) - 2
_IPTC_RESOURCE = 0x0404

# In coded data a marker is FF and a byte that is neither stuffing nor a restart nor padding.
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


class _Segments:
    """The marker segments of a JPEG stream, and whether the stream reaches its end."""

    def __init__(self, data: bytes) -> None:
        self.found: list[tuple[int, bytes]] = []
        self.complete = False
        place = 2
        while place + 2 <= len(data):
            if data[place] != 0xFF:
                # Rubbish between segments: libjpeg skips it as well.
                place = data.find(b"\xff", place)
                if place < 0:
                    return
                continue
            marker = data[place + 1]
            if marker == 0xFF:
                place += 1
                continue
            place += 2
            if marker == 0xD9:
                self.complete = True
                return
            if marker in (0x00, 0x01) or 0xD0 <= marker <= 0xD8:
                continue
            if place + 2 > len(data):
                return
            (length,) = struct.unpack_from(">H", data, place)
            self.found.append((marker, data[place + 2 : place + length]))
            place += max(length, 2)
            if marker == 0xDA:
                match = _MARKER.search(data, place)
                if match is None:
                    return
                place = match.start()

    def frames(self) -> Iterator[tuple[int, int, int, int, int]]:
        """Width, height, components, bits and marker of each frame that is stated."""
        for marker, body in self.found:
            if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC) and len(body) >= 6:
                bits, height, width, components = struct.unpack_from(">BHHB", body)
                yield width, height, components, bits, marker

    def frame(self) -> tuple[int, int, int, int, int]:
        """The first frame, as ``frames`` gives it. Raises DamagedError where there is none."""
        for found in self.frames():
            return found
        raise DamagedError(_NO_FRAME)

    def after(self, marker: int, prefix: bytes) -> Iterator[bytes]:
        """The segments of one kind that begin with ``prefix``, without it."""
        for kind, body in self.found:
            if kind == marker and body.startswith(prefix):
                yield body[len(prefix) :]


def largest_frame(data: bytes) -> tuple[int, int, int]:
    """Width and height in pixels and components that a JPEG stream states; the largest of each
    where it states several. Raises DamagedError for none.
    """
    frames = list(_Segments(data).frames())
    if not frames:
        raise DamagedError(_NO_FRAME)
    widths, heights, components, *_ = zip(*frames, strict=True)
    return max(widths), max(heights), max(components)


def _tables(segments: _Segments) -> tuple[tuple[int, ...], ...]:
    """The quantisation tables by their number, in zigzag order (T.81, B.2.4.1)."""
    tables: dict[int, tuple[int, ...]] = {}
    for body in segments.after(0xDB, b""):
        place = 0
        while place < len(body):
            wide, number = body[place] >> 4, body[place] & 15
            length = 128 if wide else 64
            steps = body[place + 1 : place + 1 + length]
            if len(steps) == length:
                tables.setdefault(number, struct.unpack(">64H" if wide else ">64B", steps))
            place += 1 + length
    return tuple(tables[number] for number in sorted(tables))


def read(file: BinaryIO, size: int, limit: Limit, room: Room = np.empty) -> Photograph:
    """Decode a JPEG file. A cut-off one gives what is there, and a note."""
    import imagecodecs

    data = file.read()
    segments = _Segments(data)
    width, height, components, bits, marker = segments.frame()
    check_size(width, height, limit)
    space: Space | None = {1: "grey", 3: "rgb", 4: "cmyk"}.get(components)  # type: ignore[assignment]
    if space is None:
        raise DamagedError(f"has {components} colour channels, which a JPEG cannot have")
    decoded = width * height * components
    check_bytes(decoded * (1 if bits == 8 else 2), limit, f"{components} channels of {bits} bits")
    # A block of 64 takes two bits in the worst of Huffman's cases; arithmetic coding has none.
    check_packing(decoded, size, _LARGEST_EXPANSION if marker >= 0xC9 else _EXPANSION)
    try:
        if bits == 8:
            shape = (height, width) if components == 1 else (height, width, components)
            pixels = imagecodecs.jpeg8_decode(data, out=room(shape, np.uint8))
        else:
            pixels = imagecodecs.jpeg8_decode(data)
    except Exception as error:
        raise DamagedError(f"is damaged and cannot be decoded ({error})") from error
    content = Photograph(pixels.reshape(height, width, components), space)
    if bits != 8:
        full = 2**bits - 1
        scaled = content.pixels.astype(np.float32) * np.float32(65535 / full)
        content.pixels = np.rint(scaled).astype(np.uint16)
    if not segments.complete:
        content.notes.append(_ending(content, marker in _PROGRESSIVE))
    if space == "cmyk":
        # Every CMYK JPEG in use is Adobe's, which counts paper instead of ink.
        content.pixels = np.iinfo(content.pixels.dtype).max - content.pixels
    content.source = Source(_tables(segments))
    content.icc = _icc(segments)
    content.metadata = Metadata(
        exif=next(segments.after(0xE1, _EXIF), None),
        xmp=next(segments.after(0xE1, _XMP), None),
        iptc=_iptc(b"".join(segments.after(0xED, _PHOTOSHOP))),
        dpi=_dpi(segments),
    )
    if next(segments.after(0xE1, _XMP_MORE), None) is not None:
        content.notes.append("The second part of its XMP metadata was left out.")
    pictures = _pictures(segments)
    if pictures > 1:
        content.notes.append(f"The file holds {pictures} pictures; the first one was opened.")
    return content


def _ending(content: Photograph, progressive: bool) -> str:
    if progressive:
        return "The file ends early; the picture is coarser than it was, or part of it is missing."
    height = content.pixels.shape[0]
    # libjpeg fills what is missing with its middle grey.
    filled = np.uint8(128) if content.pixels.dtype == np.uint8 else content.pixels[-1, -1, 0]
    there = height
    while there > 0 and (content.pixels[there - 1] == filled).all():
        there -= 1
    return ends_early(there, height)


def ends_early(rows: int, height: int) -> str:
    """The note for a file of which only ``rows`` of ``height`` rows are there."""
    # Rounded down, so that a file with a row missing never says 100 %.
    return f"The file ends early; {100 * rows // height} % of the picture is there."


def _icc(segments: _Segments) -> bytes | None:
    parts: dict[int, bytes] = {}
    for body in segments.after(0xE2, _ICC):
        if len(body) > 2:
            parts.setdefault(body[0], body[2:])
    return b"".join(parts[index] for index in sorted(parts)) or None


def _dpi(segments: _Segments) -> tuple[float, float] | None:
    for body in segments.after(0xE0, b"JFIF\0"):
        if len(body) >= 7:
            unit, x, y = struct.unpack_from(">BHH", body, 2)
            factor = {1: 1.0, 2: 2.54}.get(unit)
            if factor and x and y:
                return (x * factor, y * factor)
    return None


def _iptc(resources: bytes) -> bytes | None:
    """The IPTC record among Photoshop image resources (Photoshop file formats, 2019)."""
    place = 0
    while place + 12 <= len(resources) and resources[place : place + 4] == b"8BIM":
        (kind,) = struct.unpack_from(">H", resources, place + 4)
        name = resources[place + 6] + 1
        place += 6 + name + name % 2
        if place + 4 > len(resources):
            return None
        (size,) = struct.unpack_from(">I", resources, place)
        place += 4
        if kind == _IPTC_RESOURCE:
            return resources[place : place + size] or None
        place += size + size % 2
    return None


def _pictures(segments: _Segments) -> int:
    """How many pictures a multi-picture file (CIPA DC-007) says it holds."""
    from safelight.files import ifd

    for body in segments.after(0xE2, _MANY):
        fetch = ifd.bytes_fetch(body)
        try:
            header = ifd.Header.read(fetch)
            count = ifd.read_directory(fetch, header, header.first).numbers(0xB001, header)
        except ifd.DirectoryError:
            return 1
        return int(count[0]) if count else 1
    return 1


def write(
    stream: BinaryIO,
    content: Photograph,
    *,
    quality: Annotated[int, Number(1, 100)] = 92,
    subsampling: Annotated[
        Literal["automatic", "444", "422", "420"],
        "how fine colour is kept; automatic: 444 from quality 90, else 420",
    ] = "automatic",
) -> None:
    """Encode (height, width, 1 or 3) of uint8, grey or RGB.

    Adds a note for metadata that does not fit.
    """
    import imagecodecs

    fine = "444" if quality >= 90 else "420"
    data = imagecodecs.jpeg8_encode(
        packed(content.pixels),
        quality,
        subsampling=fine if subsampling == "automatic" else subsampling,
    )
    # The encoder's own JFIF segment knows no resolution: this writes another.
    (first,) = struct.unpack_from(">H", data, 4)
    body = 4 + first if data[2:4] == b"\xff\xe0" else 2
    stream.write(b"\xff\xd8")
    x, y = content.metadata.dpi or (0.0, 0.0)
    whole = 0 < round(x) < 65536 and 0 < round(y) < 65536
    density = struct.pack(">BHH", 1, round(x), round(y)) if whole else struct.pack(">BHH", 0, 1, 1)
    _segment(stream, 0xE0, b"JFIF\0\x01\x02" + density + b"\0\0")
    for name, prefix, block in (
        ("EXIF", _EXIF, content.metadata.exif),
        ("XMP", _XMP, content.metadata.xmp),
    ):
        if block and len(prefix) + len(block) > _LARGEST_SEGMENT:
            content.notes.append(
                f"{name} metadata of {len(block) // 1024} KB was left out: a JPEG holds 64 KB."
            )
            # That a picture is synthesised is told whatever else finds no room.
            block = provenance.marked(None, provenance.stated(block)) if name == "XMP" else None
        if block:
            _segment(stream, 0xE1, prefix + block)
    if content.metadata.iptc:
        _write_iptc(stream, content.metadata.iptc)
    if content.icc:
        parts = [content.icc[at : at + _ICC_PART] for at in range(0, len(content.icc), _ICC_PART)]
        if len(parts) > 255:
            raise ValueError("the colour profile is larger than a JPEG can hold (16 MB)")
        for number, part in enumerate(parts, 1):
            _segment(stream, 0xE2, _ICC + bytes([number, len(parts)]) + part)
    stream.write(memoryview(data)[body:])


def _write_iptc(stream: BinaryIO, iptc: bytes) -> None:
    resource = b"8BIM" + struct.pack(">HHI", _IPTC_RESOURCE, 0, len(iptc)) + iptc
    resource += b"\0" * (len(iptc) % 2)
    # A resource may go on in the next segment; readers join them.
    room = _LARGEST_SEGMENT - len(_PHOTOSHOP)
    for at in range(0, len(resource), room):
        _segment(stream, 0xED, _PHOTOSHOP + resource[at : at + room])


def _segment(stream: BinaryIO, marker: int, body: bytes) -> None:
    stream.write(struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body)


CODEC = Codec(
    "JPEG",
    suffixes=(".jpg", ".jpeg", ".jpe", ".jfif"),
    beginnings=(rb"\xff\xd8\xff",),
    read=read,
    write=write,
    depths=("uint8",),
    alpha=False,
    largest_side=65500,  # what libjpeg writes
)
