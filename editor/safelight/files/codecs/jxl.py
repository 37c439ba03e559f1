"""JPEG XL: reading and writing (ISO/IEC 18181), coded by libjxl."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Annotated, Any, BinaryIO, TypeAlias

import numpy as np
from numpy.typing import NDArray

from safelight.api import Number, Unless, to_linear
from safelight.document import Metadata
from safelight.files.codecs.codec import Codec
from safelight.files.codecs.heif import box, boxes
from safelight.files.codecs.photograph import (
    DamagedError,
    Limit,
    Photograph,
    Room,
    check_bytes,
    check_size,
    packed,
    undecodable,
    unpremultiplied,
    with_numbers,
)
from safelight.files.stated import UNKNOWN, primaries_of_code, profile_of_places
from safelight.pixels import from_float, to_float

_CONTAINER = b"\0\0\0\x0cJXL \r\n\x87\n"
_FAULT = "is damaged: its first part is missing"
_LARGEST_BOX = 64 << 20
_HEAD = 4096
_ALPHA, _SPOT, _FILTER = 0, 2, 5
_SRGB, _LINEAR = 13, 8
_Place: TypeAlias = tuple[float, float]
_PRIMARIES = {1: 1, 9: 9, 11: 12}
"""Codes of H.273 by those of JPEG XL."""
_WHITES = {1: (0.3127, 0.329), 10: (1 / 3, 1 / 3), 11: (0.314, 0.351)}
_ROWS = 256


class _Bits:
    """Reads numbers of some bits, the lowest first. Raises EOFError at the end."""

    def __init__(self, data: bytes) -> None:
        self._bits = int.from_bytes(data, "little")
        self._left = 8 * len(data)
        self.at = 0

    def take(self, count: int) -> int:
        if count > self._left:
            raise EOFError
        found = self._bits & (1 << count) - 1
        self._bits >>= count
        self._left -= count
        self.at += count
        return found

    def chosen(self, *choices: tuple[int, int]) -> int:
        """One of four: a number, and how many bits are added to it (18181-1, U32)."""
        base, extra = choices[self.take(2)]
        return base + self.take(extra)

    def kind(self) -> int:
        """The number of an enumeration."""
        return self.chosen((0, 0), (1, 0), (2, 4), (18, 6))


@dataclass(slots=True)
class _Stated:
    """What the header says of the picture."""

    width: int = 0
    height: int = 0
    bits: int = 8
    floating: bool = False
    channels: int = 3
    alpha: bool = False
    others: int = 0
    premultiplied: bool = False
    animated: bool = False
    absolute: bool = True
    """Whether colours are kept as they are seen (XYB); they come out as what is stated."""
    packed_profile: bool = False
    places: tuple[_Place, _Place, _Place, _Place] = primaries_of_code(1)
    transfer: int = _SRGB
    gamma: float = 0.0
    curve_at: int = 0
    """The bit at which four say which curve there is."""
    unknown: bool = False

    @classmethod
    def of(cls, stream: bytes) -> _Stated:
        """Raises DamagedError."""
        if stream[:2] != b"\xff\x0a":
            raise DamagedError(_FAULT)
        found = cls()
        try:
            found._read(_Bits(stream[2:_HEAD]))
        except EOFError as error:
            raise DamagedError(_FAULT) from error
        return found

    def _read(self, bits: _Bits) -> None:
        self.width, self.height = _size(bits)
        if bits.take(1):
            return
        more = bits.take(1)
        if more:
            bits.take(3)
            if bits.take(1):
                _size(bits)
            if bits.take(1):
                _preview(bits)
            self.animated = bool(bits.take(1))
            if self.animated:
                bits.chosen((100, 0), (1000, 0), (1, 10), (1, 30))
                bits.chosen((1, 0), (1001, 0), (1, 8), (1, 10))
                bits.chosen((0, 0), (0, 3), (0, 16), (0, 32))
                bits.take(1)
        self.floating, self.bits = _depth(bits)
        bits.take(1)
        for _ in range(bits.chosen((0, 0), (1, 0), (2, 4), (1, 12))):
            self._read_extra(bits)
        self.absolute = bool(bits.take(1))
        if not bits.take(1):
            self._read_colours(bits)

    def _read_extra(self, bits: _Bits) -> None:
        kind, associated = _ALPHA, 0
        if not bits.take(1):
            kind = bits.kind()
            _depth(bits)
            bits.chosen((0, 0), (3, 0), (4, 0), (1, 3))
            for _ in range(bits.chosen((0, 0), (0, 4), (16, 5), (48, 10))):
                bits.take(8)
            if kind == _ALPHA:
                associated = bits.take(1)
            elif kind == _SPOT:
                bits.take(64)
            elif kind == _FILTER:
                bits.chosen((1, 0), (0, 2), (3, 4), (19, 8))
        if kind == _ALPHA and not self.alpha:
            self.alpha, self.premultiplied = True, bool(associated)
        else:
            self.others += 1

    def _read_colours(self, bits: _Bits) -> None:
        self.packed_profile = bool(bits.take(1))
        space = bits.kind()
        self.channels = 1 if space == 1 else 3
        if self.packed_profile:
            return
        if space > 1:
            self.unknown = True
            return
        white, colours = bits.kind(), 1
        stated = _place(bits) if white == 2 else None
        red_green_blue = primaries_of_code(1)[1:]
        if space == 0:
            colours = bits.kind()
            if colours == 2:
                red_green_blue = (_place(bits), _place(bits), _place(bits))
        if bits.take(1):
            self.gamma = 1e7 / max(bits.take(24), 1)
        else:
            self.curve_at = bits.at + 2
            self.transfer = bits.kind()
        if colours in _PRIMARIES:
            red_green_blue = primaries_of_code(_PRIMARIES[colours])[1:]
        elif colours != 2:
            self.unknown = True
        place = stated or _WHITES.get(white)
        if place is None:
            self.unknown = True
        else:
            self.places = (place, *red_green_blue)

    def profile(self, notes: list[str]) -> bytes | None:
        """The profile that the decoded colours are in."""
        if self.packed_profile:
            # Of pictures kept as they are seen the decoder makes sRGB.
            if not self.absolute:
                notes.append(
                    "The file has a colour profile that Safelight cannot read; the colours are"
                    " taken as sRGB."
                )
            return None
        if self.unknown:
            notes.append(UNKNOWN)
            return None
        return profile_of_places(self.places, notes, transfer=self.transfer, gamma=self.gamma)


def _size(bits: _Bits) -> tuple[int, int]:
    small = bits.take(1)

    def side() -> int:
        if small:
            return 8 * (1 + bits.take(5))
        return bits.chosen((1, 9), (1, 13), (1, 18), (1, 30))

    height = side()
    return _width(bits.take(3), height) or side(), height


def _width(ratio: int, height: int) -> int:
    across, down = ((0, 1), (1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))[ratio]
    return height * across // down


def _preview(bits: _Bits) -> None:
    small = bits.take(1)

    def side() -> int:
        if small:
            return bits.chosen((16, 0), (32, 0), (1, 5), (33, 9))
        return bits.chosen((1, 6), (65, 8), (321, 10), (1345, 12))

    side()
    if not bits.take(3):
        side()


def _depth(bits: _Bits) -> tuple[bool, int]:
    if bits.take(1):
        count = bits.chosen((32, 0), (16, 0), (24, 0), (1, 6))
        bits.take(4)
        return True, count
    return False, bits.chosen((8, 0), (10, 0), (12, 0), (1, 6))


def _place(bits: _Bits) -> _Place:
    """A chromaticity: millionths, whose lowest bit is the sign."""
    x, y = (bits.chosen((0, 19), (524288, 19), (1048576, 20), (2097152, 21)) for _ in range(2))
    return (x >> 1 ^ -(x & 1)) / 1e6, (y >> 1 ^ -(y & 1)) / 1e6


def read(file: BinaryIO, size: int, limit: Limit, room: Room = np.empty) -> Photograph:
    """Decode the first picture of a JPEG XL file. The decoder turns it upright."""
    import imagecodecs

    data = file.read()
    stream, metadata = _parts(data)
    stated = _Stated.of(stream)
    check_size(stated.width, stated.height, limit)
    wide = 4 if stated.floating else 2
    count = stated.channels + stated.alpha + stated.others
    check_bytes(
        wide * count * stated.width * stated.height, limit, f"{count} channels of {8 * wide} bits"
    )
    if stated.bits > 16 and not stated.floating:
        raise DamagedError(f"has {stated.bits} bits per channel, which Safelight cannot open")
    try:
        # A container that is cut off or rearranged would cost its picture.
        pixels = imagecodecs.jpegxl_decode(stream, 0, numthreads=os.cpu_count() or 1)
    except Exception as error:
        raise undecodable(error) from error
    if sorted(pixels.shape[:2]) != sorted((stated.width, stated.height)):
        raise DamagedError("is damaged: it is not of the size that it says")
    pixels = pixels.reshape(*pixels.shape[:2], -1)
    notes: list[str] = []
    if pixels.dtype.kind == "f":
        pixels = with_numbers(pixels.astype(np.float32, copy=False), notes)
    if pixels.shape[2] != stated.channels + stated.alpha:
        pixels = pixels[..., : stated.channels + stated.alpha]
    if stated.others:
        word = "channel was" if stated.others == 1 else "channels were"
        notes.append(f"{stated.others} other {word} left out.")
    if stated.alpha and stated.premultiplied:
        pixels = unpremultiplied(pixels)
    if stated.animated:
        notes.append("The file is an animation; its first picture was opened.")
    return Photograph(
        packed(pixels),
        "grey" if stated.channels == 1 else "rgb",
        stated.alpha,
        stated.profile(notes),
        metadata,
        notes,
        orientation=1,
    )


def _parts(data: bytes) -> tuple[bytes, Metadata]:
    """The coded picture, and the metadata around it."""
    if data[:2] == b"\xff\x0a":
        return data, Metadata()
    parts: list[bytes] = []
    found: dict[bytes, bytes] = {}
    for kind, start, end in boxes(data):
        body = data[start:end]
        if kind == b"brob":
            kind, body = body[:4], _unpacked(body[4:])
        if kind == b"jxlc":
            parts.append(body)
        elif kind == b"jxlp":
            parts.append(body[4:])
        elif body:
            found.setdefault(kind, body)
    exif = found.get(b"Exif", b"")
    exif = exif[4 + int.from_bytes(exif[:4], "big") :].removeprefix(b"Exif\0\0")
    return b"".join(parts), Metadata(exif=exif or None, xmp=found.get(b"xml "))


def _unpacked(body: bytes) -> bytes:
    """A packed box; nothing where it is damaged, or larger than an honest one."""
    import imagecodecs

    try:
        return bytes(imagecodecs.brotli_decode(body, out=_LARGEST_BOX))
    except Exception:
        return b""


def write(
    stream: BinaryIO,
    content: Photograph,
    *,
    quality: Annotated[int, Number(1, 100), Unless("lossless")] = 90,
    lossless: bool = False,
    effort: Annotated[int, Number(1, 9), "1 fastest, 9 slowest and smallest"] = 4,
) -> None:
    """Encode (height, width, 1 to 4) of uint8, uint16 or float32."""
    import imagecodecs

    pixels = content.pixels
    if pixels.dtype != np.uint8 and not lossless:
        pixels = _as_light(pixels, content.alpha)
    data = bytes(
        imagecodecs.jpegxl_encode(
            pixels[..., 0] if pixels.shape[2] == 1 else packed(pixels),
            lossless=lossless or None,
            distance=None if lossless else _distance(quality),
            effort=effort,
            numthreads=os.cpu_count() or 1,
        )
    )
    kept = content.metadata
    if data[:2] != b"\xff\x0a":
        coded = [(kind, data[start:end]) for kind, start, end in boxes(data)][2:]
    else:
        coded = [(b"jxlc", data)]
    coded = [(kind, _in_srgb(body) if kind == b"jxlc" else body) for kind, body in coded]
    if len(coded) == 1 and not (kept.exif or kept.xmp):
        stream.write(coded[0][1])
        return
    stream.write(_CONTAINER + box(b"ftyp", b"jxl \0\0\0\0jxl "))
    for kind, body in coded:
        if kind in (b"jxlc", b"jxlp"):
            break
        stream.write(box(kind, body))
    if kept.exif:
        stream.write(box(b"Exif", b"\0\0\0\0" + kept.exif))
    if kept.xmp:
        stream.write(box(b"xml ", kept.xmp))
    for kind, body in coded:
        if kind in (b"jxlc", b"jxlp"):
            stream.write(box(kind, body))


def _as_light(pixels: NDArray[Any], alpha: bool) -> NDArray[Any]:
    """What the encoder takes pixels of more than 8 bits for."""
    result = np.array(pixels)
    colours = pixels.shape[2] - alpha
    for top in range(0, len(pixels), _ROWS):
        band = to_float(np.ascontiguousarray(pixels[top : top + _ROWS, :, :colours]))
        light = from_float(to_linear(band), pixels.dtype.name)
        result[top : top + _ROWS, :, :colours] = light
    return result


def _in_srgb(coded: bytes) -> bytes:
    """The coded picture that says that its curve is sRGB's: the encoder says that there is none
    where pixels have more than 8 bits.
    """
    at = 16 + _Stated.of(coded).curve_at
    if at == 16:
        return coded
    head = int.from_bytes(coded[:_HEAD], "little")
    if head >> at & 15 == _LINEAR - 2:
        head ^= (_LINEAR - 2 ^ _SRGB - 2) << at
    return head.to_bytes(min(_HEAD, len(coded)), "little") + coded[_HEAD:]


def _distance(quality: int) -> float:
    """How far from the original a quality is, as libjxl's own tools count."""
    if quality >= 30:
        return max(0.1 + (100 - quality) * 0.09, 0.05)
    return 53 / 3000 * quality**2 - 23 / 20 * quality + 25


CODEC = Codec(
    "JPEG XL",
    suffixes=(".jxl",),
    beginnings=(rb"\xff\x0a", rb"\0\0\0\x0cJXL \r\n\x87\n"),
    read=read,
    write=write,
    depths=("uint8", "uint16", "float32"),
    profiles=False,
    exact=lambda settings, _: bool(settings["lossless"]),
)
