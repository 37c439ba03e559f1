"""JPEG bands: encoded on all cores, as one scan with restarts between them (ITU-T T.81, B.2.4.4).

A restart begins the sums of the mean values anew (F.1.1.5.1), which is how a picture of some rows
begins too. So what is encoded of each band as a picture of its own is, put together, what one
encoder makes of all rows, and a few bytes for the restarts.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.files.codecs.row_bands import Band, Proof, bands, on_all_cores

_BAND = 1 << 20
"""Pixels of a band at the least, about: a part of a second's tenth to encode."""

_MOST_UNITS = 0xFFFF
"""The units between two restarts, at most (B.2.4.4)."""

_RESTART = re.compile(rb"\xff[\xd0-\xd7]")

Encode = Callable[[NDArray[Any]], bytes]


def coded(
    pixels: NDArray[np.uint8], encode: Encode, unit: tuple[int, int], proof: Proof | None = None
) -> Iterator[bytes]:
    """The file that ``encode`` makes of (height, width, channels), part by part.

    ``encode`` gives a baseline file with the same tables for any rows; ``unit`` is the width and
    height in pixels of what it encodes at a time. Raises ValueError where the tables differ.
    """
    height, width = pixels.shape[:2]
    across = -(-width // unit[0])
    rows = min(max(_BAND // (width * unit[1]), 1), _MOST_UNITS // across)
    if rows == 0 or rows * unit[1] >= height:
        yield _encoded(pixels, encode, proof, slice(0, height))
        return
    parts = bands(height, rows * unit[1])
    tables = b""
    for number, data in enumerate(on_all_cores(partial(_encoded, pixels, encode, proof), parts)):
        frame, scan, start = _places(data)
        described = data[: frame + 5] + data[frame + 7 : start]  # all but the height
        if described != (tables := tables or described):
            raise ValueError("a band was encoded otherwise than the first")
        if number == 0:
            yield data[: frame + 5] + struct.pack(">H", height) + data[frame + 7 : scan]
            yield struct.pack(">HHH", 0xFFDD, 4, rows * across)
            yield data[scan:start]
        last = number == len(parts) - 1
        yield data[start:-2] + bytes([0xFF, 0xD9 if last else 0xD0 + number % 8])


def _encoded(pixels: NDArray[np.uint8], encode: Encode, proof: Proof | None, rows: slice) -> bytes:
    data = encode(pixels[rows])
    if proof is not None:
        *_, start = _places(data)
        proof(Band(rows, memoryview(data)[start:-2], lambda: data))
    return data


def _places(data: bytes) -> tuple[int, int, int]:
    """Where the frame's and the scan's headers begin, and where what is coded does."""
    frame, place = 0, 2
    while True:
        marker, length = struct.unpack_from(">HH", data, place)
        if marker in (0xFFC0, 0xFFC1):
            frame = place
        if marker == 0xFFDA:
            return frame, place, place + 2 + length
        place += 2 + length


def apart(data: bytes) -> list[Band] | None:
    """The bands of a file made of ``coded``'s parts. None where a restart or the end is missing."""
    try:
        frame, scan, start = _places(data)
        (height,) = struct.unpack_from(">H", data, frame + 5)
        (width,) = struct.unpack_from(">H", data, frame + 7)
        count = data[frame + 9]
        factors = [data[frame + 11 + 3 * place] for place in range(count)]
    except (struct.error, IndexError):
        return None
    if data[-2:] != b"\xff\xd9":
        return None
    across, down = (8 * max(factor >> 4 for factor in factors), 8 * max(x & 15 for x in factors))
    if count == 1:
        across = down = 8
    marker, _, every = struct.unpack_from(">HHH", data, scan - 6)
    if marker != 0xFFDD:
        return [Band(slice(0, height), memoryview(data)[start:-2], lambda: data)]
    rows = every // -(-width // across) * down
    parts = bands(height, rows)
    edges = [match.start() for match in _RESTART.finditer(data, start)]
    if [data[edge + 1] for edge in edges] != [0xD0 + x % 8 for x in range(len(parts) - 1)]:
        return None
    begins, ends = [start, *(edge + 2 for edge in edges)], [*edges, len(data) - 2]
    bare = b"".join(_needed(data, frame, scan))

    def made(number: int) -> bytes:
        rows = struct.pack(">H", parts[number].stop - parts[number].start)
        before = data[:frame] if number == 0 else b"\xff\xd8" + bare
        here = data[frame : frame + 5] + rows + data[frame + 7 : frame + 10 + 3 * count]
        tables = data[frame + 10 + 3 * count : scan] if number == 0 else b""
        coded = data[scan:start] + data[begins[number] : ends[number]]
        return before + here + tables + coded + b"\xff\xd9"

    view = memoryview(data)
    return [
        Band(rows, view[begins[number] : ends[number]], partial(made, number))
        for number, rows in enumerate(parts)
    ]


def _needed(data: bytes, frame: int, scan: int) -> Iterator[bytes]:
    """What a decoder needs before the scan, but the frame: tables, restarts, Adobe's colours."""
    place = 2
    while place < scan:
        marker, length = struct.unpack_from(">HH", data, place)
        if marker in (0xFFDB, 0xFFC4, 0xFFDD, 0xFFEE):
            yield data[place : place + 2 + length]
        place += 2 + length
