"""BMP: reading and writing (Windows bitmaps of every header from 1987 to version 5)."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from safelight.document import Metadata
from safelight.files.codecs import pillow_decoder
from safelight.files.codecs.codec import Codec
from safelight.files.codecs.jpeg_damage import ends_early
from safelight.files.codecs.photograph import (
    DamagedError,
    Limit,
    Photograph,
    Room,
    check_bytes,
    check_size,
)

_FILE = 14
_HEADERS = (12, 16, 40, 52, 56, 64, 108, 124)
_PLAIN, _RUNS_8, _RUNS_4, _FIELDS, _ALPHA_FIELDS = 0, 1, 2, 3, 6
_EMBEDDED = 0x4D424544
_SRGB = 0x73524742
_INCH = 0.0254
_ROWS = 256

_555 = (0x7C00, 0x03E0, 0x001F, 0)
_888 = (0xFF0000, 0x00FF00, 0x0000FF, 0)


@dataclass(slots=True)
class Bitmap:
    """The header of a bitmap, and where what follows it begins. ``masks`` are of red, green, blue
    and alpha.
    """

    width: int
    height: int
    upwards: bool
    bits: int
    packing: int
    masks: tuple[int, int, int, int]
    colours: int
    entry: int
    behind: int
    dpi: tuple[float, float] | None = None
    profile: tuple[int, int] | None = None

    @classmethod
    def read(cls, data: bytes, at: int) -> Bitmap:
        """Raises DamagedError."""
        try:
            return cls._read(data, at)
        except struct.error as error:
            raise DamagedError("is damaged: its first part is missing") from error

    @classmethod
    def _read(cls, data: bytes, at: int) -> Bitmap:
        (size,) = struct.unpack_from("<I", data, at)
        if size not in _HEADERS:
            raise DamagedError("is damaged: its header is of no kind that BMP knows")
        if size == 12:
            width, height, _, bits = struct.unpack_from("<HHHH", data, at + 4)
            packing, across, down, colours = _PLAIN, 0, 0, 0
        else:
            width, height, _, bits = struct.unpack_from("<iiHH", data, at + 4)
            rest = struct.unpack_from("<IIiiI", data, at + 16) if size >= 40 else (0, 0, 0, 0, 0)
            packing, _, across, down, colours = rest
        behind = at + size
        masks = _555 if bits == 16 else _888
        if packing in (_FIELDS, _ALPHA_FIELDS):
            held = 4 if size >= 56 or packing == _ALPHA_FIELDS else 3
            stated = struct.unpack_from(f"<{held}I", data, at + 40)
            masks = (*stated[:3], stated[3] if held == 4 else 0)
            behind += 4 * held if size == 40 else 0
        profile = None
        if size == 124 and struct.unpack_from("<I", data, at + 56)[0] == _EMBEDDED:
            start, length = struct.unpack_from("<II", data, at + 112)
            profile = (at + start, length)
        if bits > 8:
            colours = 0
        elif not 0 < colours <= 1 << bits:
            colours = 1 << bits
        dpi = (across * _INCH, down * _INCH) if across > 0 and down > 0 else None
        return cls(
            width,
            abs(height),
            height > 0,
            bits,
            packing,
            masks,
            colours,
            3 if size == 12 else 4,
            behind,
            dpi and (_rounded(dpi[0]), _rounded(dpi[1])),
            profile,
        )

    @property
    def row(self) -> int:
        """Bytes of a row, filled up to whole words."""
        return (self.width * self.bits + 31) // 32 * 4

    def check(self, limit: Limit) -> None:
        """Raises TooLargeError and DamagedError before anything is decoded."""
        check_size(self.width, self.height, limit)
        if self.bits not in (1, 2, 4, 8, 16, 24, 32):
            raise DamagedError(f"is damaged: it states {self.bits} bits a pixel")
        check_bytes(8 * self.width * self.height, limit, "4 channels of 16 bits")

    def palette(self, data: bytes) -> NDArray[np.uint8]:
        """(colours, 3): red, green, blue."""
        held = data[self.behind : self.behind + self.colours * self.entry]
        held = held.ljust(self.colours * self.entry, b"\0")
        table = np.frombuffer(held, np.uint8).reshape(-1, self.entry)
        return table[:, 2::-1]

    def pixels(self, data: bytes, at: int, *, alpha: bool = False) -> tuple[NDArray[Any], int]:
        """Pixels (height, width, 1, 3 or 4), uint8 or uint16, from the rows at ``at``, and how many
        rows are there.

        ``alpha``: the fourth byte of 32 bits is transparency though no header says so.
        """
        held = data[at : at + self.row * self.height]
        there = len(held) // self.row
        rows = np.frombuffer(held[: there * self.row], np.uint8).reshape(there, self.row)
        if there == 0:
            raise DamagedError("is damaged: nothing of the picture is left in it")
        made = self._expanded(rows, data, alpha)
        pixels = np.zeros((self.height, *made.shape[1:]), made.dtype)
        if self.upwards:
            pixels[self.height - there :] = made[::-1]
        else:
            pixels[:there] = made
        return pixels, there

    def _expanded(self, rows: NDArray[np.uint8], data: bytes, alpha: bool) -> NDArray[Any]:
        if self.bits <= 8:
            table = self.palette(data)
            indices = np.minimum(_indices(rows, self.bits)[:, : self.width], len(table) - 1)
            grey = bool((table == table[:, :1]).all())
            return (table[:, :1] if grey else table)[indices]
        if self.bits == 24:
            return rows[:, : 3 * self.width].reshape(len(rows), self.width, 3)[..., ::-1]
        masks = self.masks
        if self.bits == 32 and self.packing == _PLAIN and alpha:
            masks = (*_888[:3], 0xFF000000)
        words = rows.view(f"<u{self.bits // 8}")[:, : self.width]
        return _of_fields(words, masks)


def _indices(rows: NDArray[np.uint8], bits: int) -> NDArray[np.uint8]:
    """The numbers of so many bits in the bytes, the highest first."""
    if bits == 8:
        return rows
    shifts = np.arange(8 - bits, -1, -bits, dtype=np.uint8)
    parts = rows[..., None] >> shifts & np.uint8((1 << bits) - 1)
    return parts.reshape(len(rows), -1)


def _of_fields(words: NDArray[Any], masks: tuple[int, int, int, int]) -> NDArray[Any]:
    """Channels from some bits of each word, full scale to full scale."""
    used = masks if masks[3] else masks[:3]
    deep = max(mask.bit_count() for mask in masks[:3]) > 8
    full = 65535 if deep else 255
    result = np.empty((*words.shape, len(used)), np.uint16 if deep else np.uint8)
    for channel, mask in enumerate(used):
        shift = (mask & -mask).bit_length() - 1 if mask else 0
        most = mask >> shift
        for top in range(0, len(words), _ROWS):
            part = (words[top : top + _ROWS] & mask).astype(np.uint64) >> np.uint64(shift)
            scaled = (part * full + most // 2) // most if most else part
            result[top : top + _ROWS, :, channel] = scaled
    if len(used) == 4 and not result[..., 3].any():
        # Room for transparency that nobody filled.
        return result[..., :3]
    return result


def _rounded(dots: float) -> float:
    """Dots per inch; a whole number where whole dots per metre could not say it exactly."""
    return float(round(dots)) if abs(dots - round(dots)) <= _INCH / 2 else dots


def read(file: BinaryIO, size: int, limit: Limit, room: Room = np.empty) -> Photograph:
    """Decode a BMP file. A cut-off one gives the rows that are there, and a note."""
    data = file.read()
    if len(data) < _FILE + 12:
        raise DamagedError("is damaged: its first part is missing")
    (start,) = struct.unpack_from("<I", data, 10)
    bitmap = Bitmap.read(data, _FILE)
    bitmap.check(limit)
    notes: list[str] = []
    if bitmap.packing in (_RUNS_8, _RUNS_4):
        pixels = _of_runs(data, bitmap)
    elif bitmap.packing in (_PLAIN, _FIELDS, _ALPHA_FIELDS):
        if start <= bitmap.behind:
            # Some writers say nothing, or forget the table of colours between.
            start = bitmap.behind + bitmap.colours * bitmap.entry * (bitmap.bits <= 8)
        pixels, there = bitmap.pixels(data, start)
        if there < bitmap.height:
            notes.append(ends_early(there, bitmap.height))
    else:
        raise DamagedError(
            f"is packed in a way (number {bitmap.packing}) that Safelight cannot open"
        )
    icc = None
    if bitmap.profile is not None:
        place, length = bitmap.profile
        icc = data[place : place + length] or None
    channels = pixels.shape[2]
    return Photograph(
        np.ascontiguousarray(pixels),
        "grey" if channels == 1 else "rgb",
        channels == 4,
        icc,
        Metadata(dpi=bitmap.dpi),
        notes,
    )


def _of_runs(data: bytes, bitmap: Bitmap) -> NDArray[Any]:
    with pillow_decoder.opened(io.BytesIO(data), "BMP", (bitmap.width, bitmap.height)) as image:
        return np.asarray(image.convert("RGB"))


def write(stream: BinaryIO, content: Photograph) -> None:
    """Encode (height, width, 1, 3 or 4) of uint8 under a header of version 5."""
    pixels = content.pixels
    height, width, channels = pixels.shape
    palette = b"".join(bytes((n, n, n, 0)) for n in range(256)) if channels == 1 else b""
    row = (width * 8 * channels + 31) // 32 * 4
    behind = _FILE + 124 + len(palette)
    icc = content.icc or b""
    x, y = content.metadata.dpi or (0.0, 0.0)
    across, down = (min(max(round(side / _INCH), 0), 2**31 - 1) for side in (x, y))
    end = behind + row * height
    stream.write(struct.pack("<2sIII", b"BM", end + len(icc), 0, behind))
    stream.write(struct.pack("<IiiHH", 124, width, height, 1, 8 * channels))
    packing = _FIELDS if channels == 4 else _PLAIN
    stream.write(struct.pack("<IIiiII", packing, row * height, across, down, len(palette) // 4, 0))
    stream.write(struct.pack("<4I", *_888[:3], 0xFF000000 if channels == 4 else 0))
    stream.write(struct.pack("<I", _EMBEDDED if icc else _SRGB) + bytes(48))
    profile = (end - _FILE, len(icc)) if icc else (0, 0)
    stream.write(struct.pack("<IIII", 4, *profile, 0) + palette)
    filling = bytes(row - width * channels)
    order = {1: [0], 3: [2, 1, 0], 4: [2, 1, 0, 3]}[channels]
    for line in range(height - 1, -1, -1):
        stream.write(pixels[line][:, order].tobytes() + filling)
    stream.write(icc)


CODEC = Codec(
    "BMP",
    suffixes=(".bmp", ".dib"),
    beginnings=(rb"BM",),
    read=read,
    write=write,
    holds=frozenset({"dpi"}),
    largest_side=32767,
    exact=lambda *_: True,
)
