"""PNG: reading and writing (PNG specification, third edition; 8 and 16 bits)."""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterator
from functools import partial
from typing import Annotated, Any, BinaryIO

import numpy as np

from safelight.api import Number
from safelight.document import Metadata
from safelight.files.codecs import deflate, png_rows
from safelight.files.codecs.codec import Codec
from safelight.files.codecs.jpeg import IPTC_RESOURCE, resource
from safelight.files.codecs.jpeg_damage import ends_early
from safelight.files.codecs.photograph import (
    DamagedError,
    Limit,
    Photograph,
    Room,
    check_bytes,
    check_packing,
    check_size,
    packed,
    undecodable,
)
from safelight.files.codecs.row_bands import Band, Proof, bands
from safelight.files.colours import hdr
from safelight.files.colours.stated_colours import high_range, stated_profile

SIGNATURE = b"\x89PNG\r\n\x1a\n"

_XMP = b"XML:com.adobe.xmp"
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_METRE_PER_INCH = 0.0254
_LARGEST_BLOCK = 64 << 20
_MOST_TEXT = 16 << 20
"""Bytes of all texts that people read: what programs write there has some megabytes at most."""
_EXPANSION = 1032
"""Bytes that one byte of deflate can become (258 of 2 bits)."""

_SECTOR = bytes(512)
_MOST_PICTURES = 2**31 - 1
_NOTHING = "is damaged: nothing of the picture is left in it"

_NEEDED = (b"PLTE", b"tRNS")


class _Chunks:
    """A PNG file taken apart. ``sound`` is False when it is cut off or a checksum is wrong."""

    def __init__(self, data: bytes) -> None:
        self.other: dict[bytes, bytes] = {}
        self.texts: list[tuple[bytes, bytes]] = []
        self.coded: list[memoryview] = []
        self.first_bad: int | None = None
        """Which of the coded parts is the first whose checksum is wrong."""
        self.sound = False
        view = memoryview(data)
        place = len(SIGNATURE)
        sound = True
        while place + 8 <= len(data):
            (length,) = struct.unpack_from(">I", data, place)
            kind = data[place + 4 : place + 8]
            body = view[place + 8 : place + 8 + length]
            end = place + 8 + length
            whole = end + 4 <= len(data)
            if kind == b"IEND":
                self.sound = sound
                return
            stated = data[end : end + 4]
            wrong = struct.pack(">I", deflate.crc32(view[place + 4 : end])) != stated
            sound = sound and not wrong
            if kind == b"IDAT":
                if self.first_bad is None and wrong and whole:
                    self.first_bad = len(self.coded)
                self.coded.append(body)
            elif kind in (b"tEXt", b"zTXt", b"iTXt") and whole:
                self.texts.append((kind, bytes(body)))
            elif whole and length <= _LARGEST_BLOCK:
                self.other.setdefault(kind, bytes(body))
            place = end + 4


def chunks_of(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The kind and the body of each chunk of a file, as far as it goes; checksums are not looked
    at.
    """
    place = len(SIGNATURE)
    while place + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        yield kind, data[place + 8 : place + 8 + length]
        place += 12 + length


def stated_size(data: bytes) -> tuple[int, int]:
    """Width and height in pixels that a PNG file states. Raises DamagedError for none."""
    if data[:8] != SIGNATURE or data[12:16] != b"IHDR" or len(data) < 24:
        raise DamagedError("is damaged: its first part is missing")
    width, height = struct.unpack_from(">II", data, 16)
    return width, height


def read(file: BinaryIO, size: int, limit: Limit, room: Room = np.empty) -> Photograph:
    """Decode a PNG file. A cut-off or damaged one gives the rows before the damage, and a note."""
    import imagecodecs

    data = file.read()
    chunks = _Chunks(data)
    head = chunks.other.get(b"IHDR", b"")
    if len(head) != 13:
        raise DamagedError("is damaged: its first part is missing")
    width, height, bits, kind, _, _, interlaced = struct.unpack(">IIBBBBB", head)
    check_size(width, height, limit)
    if kind not in _CHANNELS or bits not in (1, 2, 4, 8, 16):
        raise DamagedError("is damaged: it is of no kind that PNG knows")
    shape, dtype = _layout(chunks, width, height, bits, kind)
    check_bytes(math.prod(shape) * dtype.itemsize, limit, f"{shape[2]} channels of {bits} bits")
    check_packing(height * _row(head), sum(map(len, chunks.coded)), _EXPANSION)
    notes: list[str] = []
    source, rows = data, height
    if not chunks.sound:
        there, sure, source = _mended(chunks, head)
        rows = height if interlaced else there
        if sure < there:
            where = "" if interlaced else f" from row {sure + 1} of {height} on"
            notes.append(f"A part of the file is damaged: the picture may be wrong{where}.")
        if rows < height:
            notes.append(ends_early(rows, height))
        elif there < height:
            notes.append("The file ends early; the picture is coarser than it was.")
        elif not notes:
            notes.append("The file is slightly damaged; all of the picture is there.")
    elif not chunks.coded:
        raise DamagedError(_NOTHING)
    pixels, channels = room(shape, dtype), shape[2]
    pixels[rows:] = 0
    # To the decoder one channel is none.
    out = pixels[:rows, :, 0] if channels == 1 else pixels[:rows]
    try:
        imagecodecs.png_decode(source, out=out)
    except Exception:
        # It gives up over a part that is none of the picture: an animation of no pictures, say.
        try:
            imagecodecs.png_decode(_bare(chunks, head, b"".join(chunks.coded)), out=out)
        except Exception as error:
            raise undecodable(error, cut_off=False) from error
    count = int.from_bytes(chunks.other.get(b"acTL", b"")[:4], "big")
    if 1 < count <= _MOST_PICTURES:
        notes.append(f"The file is an animation of {count} pictures; the first one was opened.")
    texts, raw = _texts(chunks.texts, notes)
    alpha = channels in (2, 4)
    high = high_range(chunks.other)
    if high is not None and hdr.is_high(high[1]):
        pixels, icc = hdr.as_seen(pixels, channels - alpha, *high, notes)
    else:
        packed_icc = _icc(chunks.other.get(b"iCCP")) or raw.get("icc")
        icc = stated_profile(chunks.other, packed_icc, notes)
    exif = chunks.other.get(b"eXIf") or raw.get("exif") or b""
    return Photograph(
        pixels,
        "grey" if channels <= 2 else "rgb",
        alpha,
        icc,
        Metadata(
            # Some writers put JPEG's prefix in front of it.
            exif=exif.removeprefix(b"Exif\0\0") or None,
            xmp=raw.get("xmp"),
            iptc=raw.get("iptc"),
            dpi=_dpi(chunks.other.get(b"pHYs")),
            texts=texts,
        ),
        notes,
    )


def _layout(
    chunks: _Chunks, width: int, height: int, bits: int, kind: int
) -> tuple[tuple[int, int, int], np.dtype[Any]]:
    """Shape and number type of the decoded pixels: palettes become RGB, and what says which of
    the colours are transparent becomes alpha.
    """
    channels = 3 if kind == 3 else _CHANNELS[kind]
    channels += b"tRNS" in chunks.other and channels in (1, 3)
    return (height, width, channels), np.dtype(np.uint16 if bits == 16 else np.uint8)


def _row(head: bytes) -> int:
    """Bytes of a row, with its filter's, in a PNG of that IHDR."""
    width, _, bits, kind, *_ = struct.unpack(">IIBBBBB", head)
    count: int = 1 + (width * bits * _CHANNELS[kind] + 7) // 8
    return count


def _mended(chunks: _Chunks, head: bytes) -> tuple[int, int, bytes]:
    """How many rows can be had, how many of these are sure to be right, and a sound file of them.

    For an interlaced picture the number is the share of its data, as rows, and the file has
    all rows. Raises DamagedError when nothing can be had.
    """
    width, height, bits, kind, _, _, interlaced = struct.unpack(">IIBBBBB", head)
    row = _row(head)
    total = row * height
    if interlaced:
        total = 0
        for left, top, across, down in _ADAM7:
            columns, lines = -(-(width - left) // across), -(-(height - top) // down)
            if columns > 0 and lines > 0:
                total += lines * (1 + (columns * bits * _CHANNELS[kind] + 7) // 8)
    raw = bytearray()
    unpack, sure = zlib.decompressobj(), total
    try:
        for index, part in enumerate(chunks.coded):
            zeros = bytes(part).find(_SECTOR) if index == chunks.first_bad else 0
            # In small pieces: an error loses what the piece it is in had given.
            for at in range(0, len(part), 4096):
                if index == chunks.first_bad and at <= max(zeros, 0):
                    sure = len(raw)
                if len(raw) < total:
                    raw += unpack.decompress(part[at : at + 4096], total - len(raw))
                else:
                    # The checksum of all that was packed stands behind it.
                    unpack.decompress(part[at : at + 4096], 1)
    except zlib.error:
        pass
    if unpack.eof:
        sure = total
    rows = min(len(raw) * height // total, height)
    sure_rows = min(sure * height // total, rows)
    del raw[total:]
    if not interlaced:
        # A filter type that does not exist would stop the decoder (section 9.2).
        for index in range(rows):
            if raw[index * row] > 4:
                rows = index
                break
        del raw[rows * row :]
        head = struct.pack(">II", width, rows) + head[8:]
    else:
        raw += bytes(total - len(raw))
    if rows == 0:
        raise DamagedError(_NOTHING)
    return rows, sure_rows, _bare(chunks, head, deflate.stored(raw))


def _bare(chunks: _Chunks, head: bytes, coded: bytes) -> bytes:
    """A file with nothing in it but the picture."""
    needed = b"".join(chunk(name, chunks.other[name]) for name in _NEEDED if name in chunks.other)
    return SIGNATURE + chunk(b"IHDR", head) + needed + chunk(b"IDAT", coded) + chunk(b"IEND", b"")


_ADAM7 = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)
"""First column and row of each pass, and the steps (section 8.2)."""


def _inflate(data: bytes) -> bytes | None:
    """Unpacked, up to a size no honest file exceeds; None when damaged or larger."""
    unpack = zlib.decompressobj()
    try:
        result = unpack.decompress(data, _LARGEST_BLOCK)
    except zlib.error:
        return None
    return None if unpack.unconsumed_tail else result


def _icc(body: bytes | None) -> bytes | None:
    name, zero, rest = (body or b"").partition(b"\0")
    return _inflate(rest[1:]) or None if name and zero and rest[:1] == b"\0" else None


def _texts(
    chunks: list[tuple[bytes, bytes]], notes: list[str]
) -> tuple[tuple[tuple[str, str], ...], dict[str, bytes]]:
    """(keyword, text) of each text, and what programs have packed into texts by its kind: "exif",
    "iptc", "xmp", "icc" (section 11.3.3; for the others the habit of ImageMagick and ExifTool).
    ``notes`` say where texts are too long to be kept.
    """
    texts: list[tuple[str, str]] = []
    raw: dict[str, bytes] = {}
    room, written = _LARGEST_BLOCK, 0
    for kind, body in chunks:
        keyword, _, rest = body.partition(b"\0")
        packed, encoding = kind == b"zTXt", "latin-1"
        if kind == b"zTXt":
            rest = rest[1:]
        elif kind == b"iTXt":
            packed, encoding = rest[:1] == b"\1", "utf-8"
            # Language and translated keyword, each closed by a zero byte, come before the text.
            rest = rest[2:].split(b"\0", 2)[-1]
        if packed and len(rest) <= room:
            rest = _inflate(rest) or b""
        room -= len(rest)
        if room < 0:
            break
        name = keyword.decode("latin-1")
        if keyword == _XMP:
            raw.setdefault("xmp", rest)
        elif name.startswith(_RAW):
            _keep_raw(name.removeprefix(_RAW), rest, raw)
        elif name and rest:
            written += len(rest)
            if written <= _MOST_TEXT:
                texts.append((name, rest.decode(encoding, "replace")))
    if written > _MOST_TEXT:
        notes.append(
            f"The texts in the file have more than {_MOST_TEXT >> 20} MB; some were left out."
        )
    return tuple(texts), {kind: data for kind, data in raw.items() if data}


_RAW = "Raw profile type "


def _keep_raw(kind: str, text: bytes, raw: dict[str, bytes]) -> None:
    """A block that was written as a text: its name, its length and hexadecimal digits."""
    parts = text.split(None, 2)
    try:
        data = bytes.fromhex(b"".join(parts[2].split()).decode("ascii"))
    except (IndexError, ValueError):
        return
    if kind == "APP1" and data.startswith(_APP1_XMP) or kind == "xmp":
        raw.setdefault("xmp", data.removeprefix(_APP1_XMP))
    elif kind in ("exif", "APP1"):
        raw.setdefault("exif", data)
    elif kind in ("iptc", "8bim"):
        record = resource(data, IPTC_RESOURCE) if data[:4] == b"8BIM" else data
        raw.setdefault("iptc", record or b"")
    elif kind in ("icc", "icm"):
        raw.setdefault("icc", data)


_APP1_XMP = b"http://ns.adobe.com/xap/1.0/\0"


def _text(keyword: str, text: str) -> bytes:
    """A text as a chunk."""
    name = keyword.encode("latin-1", "replace").strip()[:79] or b"Comment"
    try:
        body, kind = text.encode("latin-1"), b"tEXt"
        if b"\0" in body:
            body = body.replace(b"\0", b" ")
    except UnicodeEncodeError:
        body, kind = b"\0\0\0\0" + text.replace("\0", " ").encode("utf-8", "replace"), b"iTXt"
    return chunk(kind, name + b"\0" + body)


def _dpi(body: bytes | None) -> tuple[float, float] | None:
    if body is None or len(body) != 9:
        return None
    x, y, unit = struct.unpack(">IIB", body)
    if unit != 1 or not x or not y:
        return None
    return (_per_inch(x), _per_inch(y))


def _per_inch(per_metre: int) -> float:
    """Dots per inch; a whole number where whole dots per metre could not say it exactly."""
    dots = per_metre * _METRE_PER_INCH
    return float(round(dots)) if abs(dots - round(dots)) <= _METRE_PER_INCH / 2 else dots


def chunk(kind: bytes, body: bytes) -> bytes:
    """A chunk with its length and its checksum."""
    crc = deflate.crc32(body, deflate.crc32(kind))
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", crc)


def write(
    stream: BinaryIO,
    content: Photograph,
    proof: Proof | None = None,
    *,
    # Level 6 takes several times as long for files a few per cent smaller.
    compression: Annotated[int, Number(0, 9), "0: none and fast, 9: small and slow"] = 2,
) -> None:
    """Encode (height, width, 1 to 4) of uint8 or uint16: grey or RGB, with or without alpha."""
    pixels = packed(content.pixels)
    height, width, channels = pixels.shape
    kind = {count: kind for kind, count in _CHANNELS.items() if kind != 3}[channels]
    head = struct.pack(">IIBBBBB", width, height, 8 * pixels.itemsize, kind, 0, 0, 0)
    stream.write(SIGNATURE + chunk(b"IHDR", head))
    if content.icc:
        stream.write(chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(content.icc)))
    metadata = content.metadata
    if metadata.dpi:
        x, y = (min(max(round(side / _METRE_PER_INCH), 0), 2**31 - 1) for side in metadata.dpi)
        stream.write(chunk(b"pHYs", struct.pack(">IIB", x, y, 1)))
    if metadata.exif:
        stream.write(chunk(b"eXIf", metadata.exif))
    if metadata.xmp:
        stream.write(chunk(b"iTXt", _XMP + b"\0\0\0\0\0" + metadata.xmp))
    for keyword, text in metadata.texts:
        stream.write(_text(keyword, text))

    def tell(rows: slice, part: bytes) -> None:
        if proof is not None:
            proof(Band(rows, part, partial(_alone, head, part, rows)))

    for part in png_rows.coded(pixels, compression, tell):
        stream.write(chunk(b"IDAT", part))
    stream.write(chunk(b"IEND", b""))


def in_bands(data: bytes) -> list[Band] | None:
    """The bands of a file that ``write`` has made. None where a checksum is wrong or rows are
    missing.
    """
    chunks = _Chunks(data)
    head = chunks.other.get(b"IHDR", b"")
    if not chunks.sound or len(head) != 13:
        return None
    (height,) = struct.unpack_from(">I", head, 4)
    parts = bands(height, png_rows.rows_of_a_band(_row(head) - 1))
    if len(parts) != len(chunks.coded):
        return None
    before = data[len(SIGNATURE) + 25 : data.index(b"IDAT") - 4]
    # What stands around all rows: two bytes that say how they are packed, and their checksum.
    coded = [part[2 if number == 0 else 0 :] for number, part in enumerate(chunks.coded)]
    coded[-1] = coded[-1][:-4]
    return [
        Band(rows, part, partial(_alone, head, part, rows, b"" if number else before))
        for number, (rows, part) in enumerate(zip(parts, coded, strict=True))
    ]


def _alone(head: bytes, part: bytes | memoryview, rows: slice, before: bytes = b"") -> bytes:
    """A file of some rows of a picture with that IHDR, whose chunks before the rows are given."""
    count = rows.stop - rows.start
    raw = png_rows.inflated(bytes(part), count * _row(head))
    return (
        SIGNATURE
        + chunk(b"IHDR", head[:4] + struct.pack(">I", count) + head[8:])
        + before
        + chunk(b"IDAT", deflate.stored(raw))
        + chunk(b"IEND", b"")
    )


CODEC = Codec(
    "PNG",
    suffixes=(".png",),
    beginnings=(rb"\x89PNG\r\n\x1a\n",),
    read=read,
    write=write,
    in_bands=in_bands,
    depths=("uint8", "uint16"),
    exact=lambda *_: True,
    holds=frozenset({"exif", "xmp", "dpi", "texts"}),
)
