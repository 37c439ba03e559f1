"""WebP: reading and writing (RFC 9649)."""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Iterator
from typing import Annotated, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from safelight.api import Number, Unless
from safelight.document import Metadata
from safelight.files.codecs.codec import Codec
from safelight.files.codecs.jpeg_damage import ends_early
from safelight.files.codecs.photograph import (
    DamagedError,
    Limit,
    Photograph,
    Room,
    check_bytes,
    check_size,
    packed,
    undecodable,
)

_NOTHING = "is damaged: nothing of the picture is left in it"
_AROUND = 1 << 16
"""Bytes that are allowed for a file beside four for each pixel."""

_ANIMATED, _XMP, _EXIF, _ALPHA, _ICC = 0x02, 0x04, 0x08, 0x10, 0x20


def chunks_of(data: bytes | bytearray) -> Iterator[tuple[bytes, bytes]]:
    """The name and the body of each chunk of a file, as far as it goes (RFC 9649)."""
    place = 12
    while place + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, place)
        yield kind, bytes(data[place + 8 : place + 8 + length])
        place += 8 + length + length % 2


def stated_size(data: bytes) -> tuple[int, int]:
    """Width and height in pixels that a WebP file states. Raises DamagedError for none."""
    for kind, body in chunks_of(data[:64]):
        return _size(kind, body)
    raise DamagedError(_NOTHING)


def _size(kind: bytes, body: bytes) -> tuple[int, int]:
    """Width and height as the first chunk states them. Raises DamagedError."""
    if kind == b"VP8X" and len(body) >= 10:
        width, height = (int.from_bytes(body[at : at + 3], "little") + 1 for at in (4, 7))
        return width, height
    if kind == b"VP8L" and len(body) >= 5 and body[0] == 0x2F:
        packed = int.from_bytes(body[1:5], "little")
        return (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1
    if kind == b"VP8 " and len(body) >= 10 and body[3:6] == b"\x9d\x01\x2a":
        across, down = struct.unpack_from("<HH", body, 6)
        return across & 0x3FFF, down & 0x3FFF
    raise DamagedError("is damaged: its first part is missing")


def read(file: BinaryIO, size: int, limit: Limit, room: Room = np.empty) -> Photograph:
    """Decode a WebP file; of an animation the first picture."""
    import imagecodecs

    data = file.read()
    chunks: dict[bytes, bytes] = {}
    frames = 0
    for kind, body in chunks_of(data):
        if not chunks:
            width, height = _size(kind, body)
            check_size(width, height, limit)
            check_bytes(4 * width * height, limit, "4 channels of 8 bits")
        chunks.setdefault(kind, body)
        frames += kind == b"ANMF"
    if not chunks:
        raise DamagedError(_NOTHING)
    (stated,) = struct.unpack_from("<I", data, 4)
    notes: list[str] = []
    if stated + 8 > len(data) + 1:
        # A length that no picture of that size has is no length: a damaged one may be 4 GB.
        most = len(data) + 4 * width * height + _AROUND
        pixels = _in_part(data, min(stated + 8, most), bool(frames), notes)
    else:
        try:
            pixels = imagecodecs.webp_decode(data)  # of the size of the canvas, as libwebp checks
        except Exception as error:
            raise undecodable(error, cut_off=False) from error
    if pixels.ndim != 3 or pixels.shape[2] not in (3, 4):
        raise DamagedError("is damaged: it is of no kind that WebP knows")
    if frames:
        notes.append(f"The file is an animation of {frames} pictures; the first one was opened.")
    exif = chunks.get(b"EXIF", b"")
    return Photograph(
        pixels,
        "rgb",
        pixels.shape[2] == 4,
        chunks.get(b"ICCP") or None,
        # Some writers put JPEG's prefix in front of it.
        Metadata(exif=exif.removeprefix(b"Exif\0\0") or None, xmp=chunks.get(b"XMP ") or None),
        notes,
    )


def _in_part(data: bytes, size: int, animated: bool, notes: list[str]) -> NDArray[Any]:
    """The pixels that are there of a file that ends before its ``size`` bytes. Raises DamagedError.

    Whatever would follow, the rows before the cut are the same: those that two ends agree on are
    right. Of an animation only the first picture counts.
    """
    import imagecodecs

    if animated:
        first = data[: data.index(b"ANMF") + 8]
        end = len(first) + int.from_bytes(first[-4:], "little")
        if end <= len(data):
            notes.append("The file ends early.")
            whole = b"RIFF" + struct.pack("<I", end - 8) + data[8:end]
            try:
                return imagecodecs.webp_decode(whole)
            except Exception as error:
                raise undecodable(error) from error
    made: list[NDArray[Any]] = []
    for end_of_it in () if animated else _ENDS:
        with contextlib.suppress(Exception):
            made.append(imagecodecs.webp_decode(_filled(data, size, end_of_it)))
        if len(made) == 2:
            break
    rows = 0
    if len(made) == 2 and made[0].shape == made[1].shape:
        differ = (made[0] != made[1]).reshape(len(made[0]), -1).any(axis=1)
        rows = int(np.argmax(differ)) if differ.any() else len(differ)
    if not rows:
        share = 100 * len(data) // size
        raise DamagedError(
            f"ends early ({share} % of the file is there), and nothing of the picture can be had"
        )
    notes.append(ends_early(rows, len(made[0])))
    made[0][rows:] = 0
    return made[0]


def _filled(data: bytes, size: int, end: bytes) -> bytes:
    """A file whose last chunk goes on with ``end`` twice as far as any picture needs."""
    place = 12
    while True:
        length = int.from_bytes(data[place + 4 : place + 8], "little")
        if place + 8 + length >= len(data):
            break
        place += 8 + length + length % 2
    filled = data[place + 8 :] + end * (2 * size - len(data))
    head = data[:4] + struct.pack("<I", place + len(filled)) + data[8 : place + 4]
    return head + struct.pack("<I", len(filled)) + filled


_ENDS = (b"\0", b"\x55", b"\xaa", b"\x33", b"\x5a", b"\xff")
"""Bytes that may stand for what is missing: some of them are no code that there is."""


def write(
    stream: BinaryIO,
    content: Photograph,
    *,
    quality: Annotated[int, Number(1, 100), Unless("lossless")] = 90,
    lossless: bool = False,
) -> None:
    """Encode (height, width, 3 or 4) of uint8."""
    import imagecodecs

    height, width = content.pixels.shape[:2]
    # For a lossless file the number means effort; the middle is a fair one.
    data = imagecodecs.webp_encode(
        packed(content.pixels), 50 if lossless else quality, lossless=lossless
    )
    # The encoder may have found that the alpha channel is needless; what it says counts.
    coded = [(kind, body) for kind, body in chunks_of(data) if kind in (b"ALPH", b"VP8 ", b"VP8L")]
    flags = 0
    before: list[tuple[bytes, bytes]] = []
    behind: list[tuple[bytes, bytes]] = []
    if content.alpha:
        flags |= _ALPHA
    if content.icc:
        flags |= _ICC
        before.append((b"ICCP", content.icc))
    if content.metadata.exif:
        flags |= _EXIF
        behind.append((b"EXIF", content.metadata.exif))
    if content.metadata.xmp:
        flags |= _XMP
        behind.append((b"XMP ", content.metadata.xmp))
    sizes = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    head = [(b"VP8X", bytes([flags, 0, 0, 0]) + sizes)]
    if not before and not behind:
        stream.write(data)
        return
    chunks = [*head, *before, *coded, *behind]
    length = 4 + sum(8 + len(body) + len(body) % 2 for _, body in chunks)
    stream.write(b"RIFF" + struct.pack("<I", length) + b"WEBP")
    for kind, body in chunks:
        stream.write(struct.pack("<4sI", kind, len(body)))
        stream.write(body)
        stream.write(b"\0" * (len(body) % 2))


CODEC = Codec(
    "WebP",
    suffixes=(".webp",),
    beginnings=(rb"RIFF....WEBP",),
    read=read,
    write=write,
    depths=("uint8",),
    grey=False,
    largest_side=16383,
    exact=lambda settings, _: bool(settings["lossless"]),
)
