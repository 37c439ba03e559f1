"""PNM: reading and writing portable maps (PBM, PGM, PPM and PAM of Netpbm)."""

from __future__ import annotations

import re
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

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

_NUMBER = re.compile(rb"(?:[ \t\r\n\v\f]|#[^\n\r]*[\n\r])*(\d{1,9})")
_COMMENT = re.compile(rb"#[^\n\r]*")
_KINDS = {b"1": 1, b"2": 1, b"3": 3, b"4": 1, b"5": 1, b"6": 3}
_ROWS = 256
_FAULT = "is damaged: its first part is missing"


def read(file: BinaryIO, size: int, limit: Limit, room: Room = np.empty) -> Photograph:
    """Decode the first map of a file. A cut-off one gives what is there, and a note."""
    data = file.read()
    kind = data[1:2]
    if kind == b"7":
        at, width, height, channels, full = _pam(data)
    else:
        channels = _KINDS[kind]
        numbers, at = [], 2
        for _ in range(2 if kind in b"14" else 3):
            match = _NUMBER.match(data, at)
            if match is None:
                raise DamagedError(_FAULT)
            numbers.append(int(match[1]))
            at = match.end()
        width, height, full = (*numbers, 1)[:3]
        at += 1
    check_size(width, height, limit)
    if not 0 < full < 65536:
        raise DamagedError(f"is damaged: it states {full} as its white, which is 65535 at most")
    check_bytes(2 * width * height * channels, limit, f"{channels} channels of 16 bits")
    count = width * height * channels
    if kind in b"123":
        values = _of_text(data[at - 1 :], count, kind == b"1")
    elif kind == b"4":
        row = -(-width // 8)
        held = np.frombuffer(data, np.uint8, min(row * height, len(data) - at), at)
        held = held[: len(held) // row * row].reshape(-1, row)
        values = np.unpackbits(held, axis=1)[:, :width].reshape(-1)
    else:
        wide = np.dtype(">u2" if full > 255 else np.uint8)
        values = np.frombuffer(data, wide, min(count, (len(data) - at) // wide.itemsize), at)
    if kind in b"14":
        values = 1 - values
    return _photograph(values, (height, width, channels), full)


def _photograph(values: NDArray[Any], shape: tuple[int, int, int], full: int) -> Photograph:
    height, width, channels = shape
    rows = len(values) // (width * channels)
    if rows == 0:
        raise DamagedError("is damaged: nothing of the picture is left in it")
    notes = [ends_early(rows, height)] if rows < height else []
    there = values[: rows * width * channels].reshape(rows, width, channels)
    deep = full > 255
    pixels = np.zeros(shape, np.uint16 if deep else np.uint8)
    white = 65535 if deep else 255
    for top in range(0, rows, _ROWS):
        band = there[top : min(top + _ROWS, rows)]
        if full != white:
            band = (np.minimum(band, full).astype(np.uint32) * white + full // 2) // full
        pixels[top : top + len(band)] = band
    return Photograph(pixels, "grey" if channels < 3 else "rgb", channels in (2, 4), notes=notes)


def _pam(data: bytes) -> tuple[int, int, int, int, int]:
    """Where the pixels of a PAM begin, width, height, channels, and what white is."""
    end = data.find(b"ENDHDR\n", 0, 10_000)
    lines = _COMMENT.sub(b"", data[2 : max(end, 0)]).split(b"\n")
    found = dict(parts for line in lines if len(parts := line.split(None, 1)) == 2)
    try:
        names = (b"WIDTH", b"HEIGHT", b"DEPTH", b"MAXVAL")
        width, height, channels, full = (int(found[name]) for name in names)
    except (KeyError, ValueError) as error:
        raise DamagedError(_FAULT) from error
    if channels not in (1, 2, 3, 4):
        raise DamagedError(f"has {channels} channels, which Safelight cannot open")
    return end + 7, width, height, channels, full


def _of_text(data: bytes, count: int, bits: bool) -> NDArray[Any]:
    """Numbers written as words, or as single digits."""
    words = _COMMENT.sub(b"", data)
    if bits:
        digits = np.frombuffer(words, np.uint8)
        return np.asarray(digits[(digits == 48) | (digits == 49)][:count] - 48)
    if not re.fullmatch(rb"[\s\d]*", words):
        raise DamagedError("is damaged: it holds something else than numbers")
    found = words.split(None, count)[:count]
    return np.array([min(int(word[:9]), 65535) for word in found], np.uint16)


def write(stream: BinaryIO, content: Photograph) -> None:
    """Encode (height, width, 1 to 4) of uint8 or uint16: as PGM, PPM or, with alpha, PAM."""
    pixels = content.pixels
    height, width, channels = pixels.shape
    full = int(np.iinfo(pixels.dtype).max)
    if content.alpha:
        kind = "GRAYSCALE_ALPHA" if channels == 2 else "RGB_ALPHA"
        head = (
            f"P7\nWIDTH {width}\nHEIGHT {height}\nDEPTH {channels}\nMAXVAL {full}\n"
            f"TUPLTYPE {kind}\nENDHDR\n"
        )
        content.notes.append("It was written as a PAM, the portable map with transparency.")
    else:
        head = f"P{6 if channels == 3 else 5}\n{width} {height}\n{full}\n"
    stream.write(head.encode())
    for top in range(0, height, _ROWS):
        band = pixels[top : top + _ROWS]
        stream.write(band.astype(band.dtype.newbyteorder(">")).tobytes())


CODEC = Codec(
    "PNM",
    suffixes=(".ppm", ".pgm", ".pbm", ".pnm", ".pam"),
    beginnings=(rb"P[1-6][ \t\r\n#]", rb"P7\n"),
    read=read,
    write=write,
    depths=("uint8", "uint16"),
    profiles=False,
    holds=frozenset(),
    exact=lambda *_: True,
)
