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
from safelight.files.codecs.radiance_header import HEAD, head_of, lines_of
from safelight.files.colours.stated_colours import ADDED, places_of, profile_of_places

_SIZE = re.compile(rb"\n\n([+-])([XY]) (\d{1,9}) ([+-])([XY]) (\d{1,9})\n")
_EXPANSION = 256
_ROWS = 256


def read(file: BinaryIO, size: int, limit: Limit, room: Room = np.empty) -> Photograph:
    """Decode a picture of light, with the curve of sRGB put on it."""
    import imagecodecs

    data = file.read()
    found = _SIZE.search(data, 0, HEAD)
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
    told = head_of(data[: found.start()], notes)
    for top in range(0, len(pixels), _ROWS):
        band = np.asarray(pixels[top : top + _ROWS] / np.array(told.scale, np.float32), np.float32)
        pixels[top : top + _ROWS] = from_linear(band)
    pixels = with_numbers(pixels, notes)
    if found[2] == b"Y":
        lying = pixels[:: 1 if found[1] == b"-" else -1, :: 1 if found[4] == b"+" else -1]
    else:
        lying = pixels[:: 1 if found[1] == b"+" else -1, :: 1 if found[4] == b"-" else -1]
        lying = lying.swapaxes(0, 1)
    icc = _profile(told.places, notes)
    return Photograph(np.ascontiguousarray(lying), icc=icc, metadata=told.metadata, notes=notes)


def _profile(places: tuple[float, ...], notes: list[str]) -> bytes | None:
    """The profile of the primaries that a file states; None for those of sRGB, and of Radiance
    itself, which only differ in white and which most files state whose light is that of sRGB.
    """
    if not places or np.abs(np.array(places) - _RADIANCE).max() < 0.002:
        return None
    held = np.array(places, np.float32).tolist()
    red, green, blue, white = ((held[at], held[at + 1]) for at in (0, 2, 4, 6))
    said: list[str] = []
    icc = profile_of_places((white, red, green, blue), said)
    # A Radiance has no other way to state its colours.
    notes += [note for note in said if note != ADDED]
    return icc


_RADIANCE = np.array([0.64, 0.33, 0.29, 0.6, 0.15, 0.06, 1 / 3, 1 / 3])
"""Primaries of Radiance where a file states none (``color.h``)."""


def write(stream: BinaryIO, content: Photograph) -> None:
    """Encode (height, width, 3) of float32 as light."""
    import imagecodecs

    pixels = content.pixels
    height, width = pixels.shape[:2]
    light = np.empty((height, width, 3), np.float32)
    places = places_of(content.icc) if content.icc else None
    white, *primaries = places or ((), ())
    numbers = [number for place in (*primaries, white) for number in place]
    lines, scale = lines_of(content.metadata, content.notes, numbers if places else ())
    below = False
    for top in range(0, height, _ROWS):
        band = to_linear(pixels[top : top + _ROWS])
        made = _rounded(band * np.array(scale, np.float32))
        below = below or bool((made < 0).any())
        light[top : top + _ROWS] = np.maximum(made, 0)
    if below:
        content.notes.append("Light below black was cut off: Radiance holds none.")
    told = "".join(f"{line}\n" for line in lines)
    head = f"#?RADIANCE\n{told}FORMAT=32-bit_rle_rgbe\n\n-Y {height} +X {width}\n".encode()
    # A row is its head, and of each channel a byte before every 128 where nothing repeats.
    most = height * (4 + 4 * (width + -(-width // 128))) + 64
    coded = imagecodecs.rgbe_encode(packed(light), header=False, rle=width >= 8, out=most)
    stream.write(head + coded)


def _rounded(light: NDArray[np.float32]) -> NDArray[np.float32]:
    """The nearest that 8 bits of each channel and an exponent of all three can say: the encoder
    would round down.
    """
    most = np.maximum(light.max(axis=2, keepdims=True), np.float32(1e-30))
    for _ in range(2):  # what is rounded up to a power of 2 has coarser steps
        _, power = np.frexp(most)
        step = np.ldexp(np.float32(1), power - 8)
        most = np.rint(most / step) * step
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
    primaries=True,
    holds=frozenset({"texts", "shot"}),
    largest_side=32767,
)
