"""Radiance: reading and writing pictures of light (RGBE of Greg Ward's Radiance)."""

from __future__ import annotations

import re
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from safelight.api import from_linear, to_linear
from safelight.files.codecs.codec import Codec
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
    with_numbers,
)

_SIZE = re.compile(rb"\n\n([+-])([XY]) (\d{1,9}) ([+-])([XY]) (\d{1,9})\n")
_EXPOSURE = re.compile(rb"\nEXPOSURE=\s*([0-9.eE+-]{1,20})")
_EXPANSION = 256
_HEAD = 1 << 16
_ROWS = 256


def read(file: BinaryIO, size: int, limit: Limit, room: Room = np.empty) -> Photograph:
    """Decode a picture of light, with the curve of sRGB put on it."""
    import imagecodecs

    data = file.read()
    found = _SIZE.search(data, 0, _HEAD)
    if found is None:
        raise DamagedError("is damaged: it does not say how large its picture is")
    if b"32-bit_rle_xyze" in data[: found.start()]:
        raise DamagedError(
            "holds colours as XYZ, which Safelight cannot open; save it as RGBE first"
        )
    sides = int(found[3]), int(found[6])
    check_size(*sides, limit)
    check_bytes(12 * sides[0] * sides[1], limit, "3 channels of 32 bits")
    check_packing(4 * sides[0] * sides[1], len(data), _EXPANSION)
    # The decoder knows one order of rows alone, and its own header.
    head = f"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y {sides[0]} +X {sides[1]}\n".encode()
    pixels = room((*sides, 3), np.float32)
    pixels[:] = np.nan
    notes: list[str] = []
    try:
        imagecodecs.rgbe_decode(head + data[found.end() :], out=pixels)
    except Exception as error:
        there = int(np.isfinite(pixels[:, -1, 2]).sum())
        if not there:
            raise undecodable(error, cut_off=False) from error
        notes.append(f"The file ends early; {100 * there // sides[0]} % of the picture is there.")
    pixels[np.isnan(pixels)] = 0
    exposed = 1.0
    for stated in _EXPOSURE.findall(data[: found.start() + 1]):
        exposed *= float(stated)
    for top in range(0, len(pixels), _ROWS):
        band = np.asarray(pixels[top : top + _ROWS] / np.float32(exposed), np.float32)
        pixels[top : top + _ROWS] = from_linear(band)
    pixels = with_numbers(pixels, notes)
    if found[2] == b"Y":
        lying = pixels[:: 1 if found[1] == b"-" else -1, :: 1 if found[4] == b"+" else -1]
    else:
        lying = pixels[:: 1 if found[1] == b"+" else -1, :: 1 if found[4] == b"-" else -1]
        lying = lying.swapaxes(0, 1)
    return Photograph(np.ascontiguousarray(lying), notes=notes)


def write(stream: BinaryIO, content: Photograph) -> None:
    """Encode (height, width, 3) of float32 as light."""
    import imagecodecs

    pixels = content.pixels
    height, width = pixels.shape[:2]
    light = np.empty((height, width, 3), np.float32)
    below = False
    for top in range(0, height, _ROWS):
        band = to_linear(pixels[top : top + _ROWS])
        below = below or bool((band < 0).any())
        light[top : top + _ROWS] = _rounded(np.maximum(band, 0))
    if below:
        content.notes.append("Light below black was cut off: Radiance holds none.")
    head = f"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y {height} +X {width}\n".encode()
    coded = imagecodecs.rgbe_encode(packed(light), header=False, rle=width >= 8)
    stream.write(head + coded)


def _rounded(light: NDArray[np.float32]) -> NDArray[np.float32]:
    """The nearest that 8 bits of each channel and an exponent of all three can say: the encoder
    would round down.
    """
    _, power = np.frexp(light.max(axis=2, keepdims=True))
    step = np.ldexp(np.float32(1), power - 8)
    return np.asarray(np.rint(light / step) * step, np.float32)


CODEC = Codec(
    "Radiance",
    suffixes=(".hdr", ".rgbe", ".pic"),
    beginnings=(rb"#\?(RADIANCE|RGBE)",),
    read=read,
    write=write,
    depths=("float32",),
    alpha=False,
    grey=False,
    profiles=False,
    holds=frozenset(),
    largest_side=32767,
)
