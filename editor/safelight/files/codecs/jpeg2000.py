"""JPEG 2000: reading and writing (ISO/IEC 15444-1, with the boxes of JP2)."""

from __future__ import annotations

import io
import math
import os
import struct
from dataclasses import dataclass
from typing import Annotated, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from safelight.api import Number, Unless
from safelight.document import Metadata
from safelight.files.codecs import pillow_decoder
from safelight.files.codecs.codec import Codec, most_reduced
from safelight.files.codecs.heif_boxes import box, boxes
from safelight.files.codecs.photograph import (
    DamagedError,
    Limit,
    Photograph,
    Room,
    Space,
    check_bytes,
    check_size,
    packed,
    undecodable,
)

_XMP = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_EXIF = b"JpgTiffExif->JP2"
_IPTC = bytes.fromhex("33c7a4d2b81d4723a0baf1a3e097ad38")
_START = b"\xff\x4f\xff\x51"
_FAULT = "is damaged: it ends before the picture begins"
_INCH = 0.0254
_YCC, _GREY = 18, 17
_MOST_TILES = 65535


@dataclass(frozen=True, slots=True)
class _Stated:
    """What the codestream says: size, and of each component its bits and whether it has a sign."""

    width: int
    height: int
    components: tuple[tuple[int, bool], ...]
    tiles: float

    @classmethod
    def of(cls, data: bytes, at: int) -> _Stated:
        """Raises DamagedError."""
        try:
            far, near = (struct.unpack_from(">II", data, at + place) for place in (8, 16))
            tile = struct.unpack_from(">II", data, at + 24)
            (count,) = struct.unpack_from(">H", data, at + 40)
            rows = [struct.unpack_from(">BBB", data, at + 42 + 3 * n) for n in range(count)]
        except struct.error as error:
            raise DamagedError(_FAULT) from error
        width, height = far[0] - near[0], far[1] - near[1]
        tiles = math.inf
        if all(tile):
            tiles = (far[0] // tile[0] + 1) * (far[1] // tile[1] + 1)
        kinds = tuple(((bits & 127) + 1, bits > 127) for bits, *_ in rows)
        return cls(width, height, kinds, tiles)


def read(file: BinaryIO, size: int, limit: Limit, room: Room = np.empty) -> Photograph:
    """Decode a JPEG 2000 file or codestream."""
    data = file.read()
    at = data.find(_START)
    if at < 0:
        raise DamagedError(_FAULT)
    stated = _Stated.of(data, at)
    check_size(stated.width, stated.height, limit)
    count = len(stated.components)
    check_bytes(4 * count * stated.width * stated.height, limit, f"{count} channels of 32 bits")
    if not 1 <= count <= 5:
        raise DamagedError(f"has {count} channels, which Safelight cannot open")
    if stated.tiles > _MOST_TILES:
        raise DamagedError("is damaged: it states more tiles than there can be")
    held = _Boxes(data[:at] if data[:4] != _START else b"", data)
    pixels = _decoded(data, at, held)
    if pixels.shape[:2] != (stated.height, stated.width):
        raise DamagedError("is damaged: it is not of the size that it says")
    pixels = pixels.reshape(stated.height, stated.width, -1)
    notes: list[str] = []
    if not data.endswith(b"\xff\xd9") and not held.whole:
        notes.append("The file ends early; part of the picture is coarser or missing.")
    bits, signed = stated.components[0]
    if bits > 32 or pixels.dtype.itemsize > 4:
        raise DamagedError(f"has {bits} bits per channel, which Safelight cannot open")
    pixels = _full_scale(pixels, bits, signed)
    channels = pixels.shape[2]
    grey = channels < 3
    if channels == 5:
        pixels, channels = pixels[..., :4], 4
        notes.append("1 extra channel of unknown meaning left out.")
    alpha = channels in (2, 4)
    return Photograph(
        packed(pixels),
        "grey" if grey else "rgb",
        alpha,
        held.icc,
        Metadata(exif=held.exif, xmp=held.xmp, iptc=held.iptc, dpi=held.dpi),
        notes,
    )


def _decoded(data: bytes, at: int, held: _Boxes) -> NDArray[Any]:
    """What the decoder makes of the file, whose picture begins at ``at``."""
    import imagecodecs

    threads = os.cpu_count() or 1
    # With a profile the decoder takes colours for others than they are.
    bare = held.icc is not None
    try:
        if held.palette or not bare:
            try:
                return np.asarray(imagecodecs.jpeg2k_decode(data, numthreads=threads))
            except Exception:
                # Of boxes that the decoder does not know, the picture may be whole.
                if held.palette or not held.surround:
                    raise
        return np.asarray(imagecodecs.jpeg2k_decode(data[at:], numthreads=threads))
    except Exception as error:
        raise undecodable(error) from error


def reduced(
    file: BinaryIO, limit: Limit, room: tuple[int, int], least: int = 1
) -> Photograph | None:
    """A copy of a picture whose sides are divided by a power of two, as a ``codec.Reducer``: the
    levels of the wavelets below are not decoded. None for a palette, numbers with a sign,
    components of several depths, and files that end early.
    """
    data = file.read()
    at = data.find(_START)
    if at < 0:
        return None
    stated = _Stated.of(data, at)
    width, height = stated.width, stated.height
    check_size(width, height, limit)
    held = _Boxes(data[:at] if data[:4] != _START else b"", data)
    plain = len(stated.components) in (1, 3, 4) and len({*stated.components}) == 1
    bits, signed = stated.components[0] if plain else (0, False)
    whole = data.endswith(b"\xff\xd9") or held.whole
    if not (bits in (8, 16) and not signed and whole) or held.palette:
        return None
    times = int(math.log2(most_reduced(width, height, room, least)))
    times = min(times, _levels(data, at))
    if times < 1 or stated.tiles > _MOST_TILES:
        return None
    # Of a whole file Pillow reads the boxes, which say whether its colours are YCC.
    with pillow_decoder.opened(io.BytesIO(data), "JPEG2000", (width, height)) as image:
        image.reduce = times  # type: ignore[method-assign, assignment]
        pixels = np.asarray(image)
    if pixels.dtype not in (np.uint8, np.uint16):
        return None
    pixels = pixels.reshape(*pixels.shape[:2], -1)
    channels = pixels.shape[2]
    said = Metadata(exif=held.exif, xmp=held.xmp, iptc=held.iptc, dpi=held.dpi)
    space: Space = "grey" if channels < 3 else "rgb"
    content = Photograph(packed(pixels), space, channels in (2, 4), held.icc, said)
    content.whole = width, height
    return content


def _levels(data: bytes, at: int) -> int:
    """How often the sides of a codestream's picture are halved in it (T.800, A.6.1)."""
    found = data.find(b"\xff\x52", at)
    return data[found + 9] if 0 <= found < len(data) - 9 else 0


def _full_scale(pixels: NDArray[Any], bits: int, signed: bool) -> NDArray[Any]:
    """The numbers of so many bits in 8 or 16, full scale to full scale."""
    deep = bits > 8
    if not signed and bits in (8, 16):
        return pixels.astype(np.uint16 if deep else np.uint8, copy=False)
    full, white = (1 << bits) - 1, 65535 if deep else 255
    result = np.empty(pixels.shape, np.uint16 if deep else np.uint8)
    for top in range(0, len(pixels), 256):
        band = pixels[top : top + 256].astype(np.int64)
        if signed:
            band += 1 << bits - 1
        result[top : top + 256] = (np.clip(band, 0, full) * white + full // 2) // full
    return result


class _Boxes:
    """What a JP2 file says beside its picture."""

    def __init__(self, head: bytes, data: bytes) -> None:
        self.icc: bytes | None = None
        self.exif: bytes | None = None
        self.xmp: bytes | None = None
        self.iptc: bytes | None = None
        self.dpi: tuple[float, float] | None = None
        self.palette = False
        self.surround = bool(head)
        """Whether the picture lies in boxes at all."""
        self.whole = False
        """Whether something stands behind the picture, or its box is as long as it says."""
        if not head:
            return
        for kind, start, end in boxes(data):
            body = data[start:end]
            if kind == b"jp2h":
                self._read_header(body)
            elif kind == b"uuid":
                self._read_more(body[:16], body[16:])
            elif kind == b"jp2c":
                (length,) = struct.unpack_from(">I", data, start - 8)
                self.whole = length not in (0, 1) and start - 8 + length <= len(data)

    def _read_header(self, body: bytes) -> None:
        for kind, start, end in boxes(body):
            if kind == b"colr" and body[start : start + 1] in (b"\2", b"\3") and not self.icc:
                self.icc = body[start + 3 : end] or None
            elif kind == b"pclr":
                self.palette = True
            elif kind == b"res ":
                for name, at, stop in boxes(body, start, end):
                    if name in (b"resc", b"resd") and stop - at >= 10:
                        self._read_resolution(body[at:stop])

    def _read_resolution(self, body: bytes) -> None:
        down, per_down, across, per_across, power_down, power_across = struct.unpack_from(
            ">HHHHbb", body
        )
        if per_down and per_across and abs(power_down) < 10 and abs(power_across) < 10:
            x = across / per_across * 10.0**power_across * _INCH
            y = down / per_down * 10.0**power_down * _INCH
            if x > 0 and y > 0:
                self.dpi = (_whole(x), _whole(y))

    def _read_more(self, name: bytes, body: bytes) -> None:
        if name == _XMP:
            self.xmp = self.xmp or body or None
        elif name == _EXIF:
            self.exif = self.exif or body.removeprefix(b"Exif\0\0") or None
        elif name == _IPTC:
            self.iptc = self.iptc or body or None


def write(
    stream: BinaryIO,
    content: Photograph,
    *,
    quality: Annotated[int, Number(1, 100), Unless("lossless")] = 85,
    lossless: bool = False,
) -> None:
    """Encode (height, width, 1 to 4) of uint8 or uint16 as JP2."""
    import imagecodecs

    pixels = content.pixels
    # The encoder is told how many decibels the noise may be below the picture.
    level = 0 if lossless else 25 + round(quality * 0.3)
    data = bytes(
        imagecodecs.jpeg2k_encode(
            pixels[..., 0] if pixels.shape[2] == 1 else packed(pixels),
            level,
            codecformat="jp2",
            reversible=lossless,
            numthreads=os.cpu_count() or 1,
        )
    )
    kept = content.metadata
    for kind, start, end in boxes(data):
        body = data[start:end]
        if kind == b"jp2h":
            body = _described(body, content)
        if kind == b"jp2c":
            for name, part in ((_EXIF, kept.exif), (_XMP, kept.xmp), (_IPTC, kept.iptc)):
                if part:
                    stream.write(box(b"uuid", name, part))
        stream.write(box(kind, body))


def _described(body: bytes, content: Photograph) -> bytes:
    """The header box with the profile, what the last channel is, and the resolution."""
    parts = []
    for kind, start, end in boxes(body):
        part = body[start:end]
        if kind == b"colr" and content.icc:
            part = b"\2\0\0" + content.icc
        if kind == b"cdef":
            continue
        parts.append(box(kind, part))
        if kind == b"colr" and content.alpha:
            count = content.pixels.shape[2]
            rows = [struct.pack(">HHH", n, 0, n + 1) for n in range(count - 1)]
            rows.append(struct.pack(">HHH", count - 1, 1, 0))
            parts.append(box(b"cdef", struct.pack(">H", count), *rows))
    if content.metadata.dpi:
        x, y = (min(max(round(side / _INCH), 1), 65535) for side in content.metadata.dpi)
        parts.append(box(b"res ", box(b"resc", struct.pack(">HHHHbb", y, 1, x, 1, 0, 0))))
    return b"".join(parts)


def _whole(dots: float) -> float:
    """Dots per inch; a whole number where whole dots per metre could not say it exactly."""
    return float(round(dots)) if abs(dots - round(dots)) <= _INCH / 2 else round(dots, 3)


CODEC = Codec(
    "JPEG 2000",
    suffixes=(".jp2", ".j2k", ".j2c", ".jpf", ".jpx", ".jph"),
    beginnings=(rb"\0\0\0\x0cjP  \r\n\x87\n", rb"\xff\x4f\xff\x51"),
    read=read,
    write=write,
    reduced=reduced,
    depths=("uint8", "uint16"),
    largest_side=60000,
    exact=lambda settings, _: bool(settings["lossless"]),
    holds=frozenset({"exif", "xmp", "iptc", "dpi"}),
)
