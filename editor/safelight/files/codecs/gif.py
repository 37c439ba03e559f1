"""GIF: reading the first picture (GIF89a)."""

from __future__ import annotations

import io
import struct
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from safelight.files.codecs import pillow_decoder
from safelight.files.codecs.codec import Codec
from safelight.files.codecs.jpeg_damage import ends_early
from safelight.files.codecs.photograph import (
    DamagedError,
    Limit,
    Photograph,
    Room,
    check_bytes,
    check_packing,
    check_size,
)

_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B
_EXPANSION = 2731
"""Pixels that one byte of a file can become: 4,096 of a code of 12 bits."""

_NOT_WHOLE = "is damaged: its first picture is not whole"
_INTERLACED = 0x40
_TABLE = 0x80
"""The flag that says that a table of colours follows."""


_CUT_BEHIND = "The file ends early, behind its first picture, which is whole."
_DAMAGED_BEHIND = "The file is damaged behind its first picture, which is whole."


def table_size(flags: int) -> int:
    """Bytes of the table of colours that follows such flags."""
    return 3 * 2 ** ((flags & 7) + 1) if flags & _TABLE else 0


def behind_blocks(data: bytes, place: int) -> int:
    """Where the chain of blocks that begins at ``place`` has ended. Raises IndexError."""
    while data[place]:
        place += data[place] + 1
    return place + 1


def _pictures(data: bytes, width: int, height: int) -> tuple[int, int, str]:
    """Where the first picture ends, how many there are whole, and what is to be said of what stands
    behind: "" where the file ends as it should.
    """
    place, end, count, behind = 13 + table_size(data[10]), 0, 0, ""
    try:
        while data[place] != _TRAILER:
            if data[place] == _EXTENSION:
                place = behind_blocks(data, place + 2)
                continue
            if data[place] != _IMAGE:
                behind = _DAMAGED_BEHIND
                break
            left, top, across, down, flags = struct.unpack_from("<4HB", data, place + 1)
            # What is decoded must lie in what was checked.
            if not count and (left + across > width or top + down > height):
                raise DamagedError("is damaged: its first picture is larger than it says")
            place = behind_blocks(data, place + 11 + table_size(flags))
            count += 1
            end = end or place
    except (IndexError, struct.error):
        behind = _CUT_BEHIND  # which the first picture may not be
    return end, count, behind


def _first_picture(data: bytes, width: int, height: int) -> tuple[int, int]:
    """Where the descriptor of the first picture stands, and how many pixels that has. Raises
    DamagedError where the file ends before it, or it is larger than the file says.
    """
    place = 13 + table_size(data[10])
    try:
        while data[place] == _EXTENSION:
            place = behind_blocks(data, place + 2)
        left, top, across, down, _ = struct.unpack_from("<4HB", data, place + 1)
    except (IndexError, struct.error) as error:
        raise DamagedError(_NOT_WHOLE) from error
    empty = not across * down
    if data[place] != _IMAGE or empty or left + across > width or top + down > height:
        raise DamagedError(_NOT_WHOLE)
    return place, across * down


def _mended(data: bytes, width: int, height: int) -> tuple[bytes, str]:
    """A sound file of the first picture as far as it is there, and a note of what is missing.
    Raises DamagedError where nothing is there.
    """
    place, count = _first_picture(data, width, height)
    across, down = struct.unpack_from("<2H", data, place + 5)
    flags = data[place + 9]
    start = place + 10 + table_size(flags)
    bits = data[start] if start < len(data) else 0
    if not 2 <= bits <= 8:
        raise DamagedError(_NOT_WHOLE)
    coded, at = bytearray(), start + 1
    while at < len(data) and data[at]:
        coded += data[at + 1 : at + 1 + data[at]]
        at += 1 + data[at]
    check_packing(count, len(coded), _EXPANSION)
    found = _unpacked(bytes(coded), bits, count)
    rows = min(len(found) // across, down)
    if not rows:
        raise DamagedError(_NOT_WHOLE)
    # Behind what is there come pixels of the last colour that is.
    pixels = found[: rows * across].ljust(count, found[-1:])
    note = "The file ends early; the picture is coarser than it was, or part of it is missing."
    if not flags & _INTERLACED:
        note = ends_early(_top_of(data, place) + rows, height)
    return data[: start + 1] + _packed(pixels, bits) + bytes([_TRAILER]), note


def _top_of(data: bytes, place: int) -> int:
    """The row at which the picture lies whose descriptor stands at ``place``."""
    (top,) = struct.unpack_from("<H", data, place + 3)
    return int(top)


def _unpacked(coded: bytes, bits: int, count: int) -> bytes:
    """At most ``count`` pixels of LZW codes (GIF89a, appendix F), up to where the codes end or make
    no sense.
    """
    clear, end = 1 << bits, (1 << bits) + 1
    singles = [bytes([value]) for value in range(clear)] + [b"", b""]
    table, width, held, have, made = list(singles), bits + 1, 0, 0, bytearray()
    before = b""
    for byte in coded:
        held |= byte << have
        have += 8
        while have >= width:
            code = held & ((1 << width) - 1)
            held >>= width
            have -= width
            if code == clear:
                table, width, before = list(singles), bits + 1, b""
                continue
            if code == end or code > len(table) or (code == len(table) and not before):
                return bytes(made[:count])
            piece = table[code] if code < len(table) else before + before[:1]
            made += piece
            if len(made) >= count:
                return bytes(made[:count])
            if before and len(table) < 4096:
                table.append(before + piece[:1])
                if len(table) == 1 << width and width < 12:
                    width += 1
            before = piece
    return bytes(made)


def _packed(pixels: bytes, bits: int) -> bytes:
    """Blocks of codes that mean one pixel each: the table is cleared before codes grow."""
    clear, run = 1 << bits, (1 << bits) - 2
    values = np.frombuffer(pixels, np.uint8)
    runs = [values[at : at + run] for at in range(0, len(values), run)]
    codes = np.concatenate([part for each in runs for part in (np.array([clear]), each)])
    codes = np.append(codes, clear + 1).astype(np.uint16)
    spread = (codes[:, None] >> np.arange(bits + 1)) & 1
    data = np.packbits(spread.astype(np.uint8).ravel(), bitorder="little").tobytes()
    blocks = [data[at : at + 255] for at in range(0, len(data), 255)]
    return b"".join(bytes([len(block)]) + block for block in blocks) + b"\0"


def read(file: BinaryIO, size: int, limit: Limit, room: Room = np.empty) -> Photograph:
    """Decode the first picture of a GIF, with its transparency."""
    import imagecodecs

    data = file.read()
    if len(data) < 13:
        raise DamagedError("is damaged: its first part is missing")
    width, height = struct.unpack_from("<HH", data, 6)
    check_size(width, height, limit)
    check_bytes(4 * width * height, limit, "4 channels of 8 bits")
    end, count, behind = _pictures(data, width, height)
    notes = [f"The file holds {count} pictures; the first one was opened."] if count > 1 else []
    notes += [behind] if count and behind else []
    # Of further pictures nothing is decoded, whatever sizes they state.
    first = data[:end] + bytes([_TRAILER])
    if not count:
        first, note = _mended(data, width, height)
        notes.append(note)
    try:
        pixels = imagecodecs.gif_decode(first, index=0, asrgb=True)
    except Exception:
        # It is stricter than what shows GIFs elsewhere: over a note of no words, say, over codes
        # of more bits than a pixel has, or where there is no table of colours.
        pixels = _with_pillow(first)
    if pixels.shape[:2] != (height, width) or pixels.shape[2:] not in ((3,), (4,)):
        raise DamagedError("is damaged: it is not of the size that it says")
    return Photograph(pixels, alpha=pixels.shape[2] == 4, notes=notes)


def _with_pillow(data: bytes) -> NDArray[np.uint8]:
    with pillow_decoder.opened(io.BytesIO(data), "GIF", None) as image:
        clear = "transparency" in image.info or image.mode in ("RGBA", "LA", "PA")
        return np.array(image.convert("RGBA" if clear else "RGB"))


CODEC = Codec("GIF", suffixes=(".gif",), beginnings=(rb"GIF8[79]a",), read=read)
