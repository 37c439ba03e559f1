"""JPEG damage: where coded data are hurt or cut off, and which rows are wrong for that."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.files.codecs.jpeg_segments import PART, PROGRESSIVE, Segments
from safelight.files.codecs.photograph import DamagedError, Photograph, undecodable

_RESTART = re.compile(rb"\xff([\xd0-\xd7])")
_ZEROS = bytes(128)
"""So many zero bytes in a row are more than two blocks of most pictures' codes can be."""


def _zeros_in(data: bytes, start: int, end: int) -> int:
    """Where there are first ``_ZEROS`` between two places; -1 where there are none."""
    count = max(end - start, 0) // 8
    if not count:
        return -1
    words = np.frombuffer(data, np.uint64, count, start)
    for place in range(0, count, PART // 8):
        if not words[place : place + PART // 8].all():  # an eighth of the zeros is in one of them
            return data.find(_ZEROS, max(start + 8 * place - len(_ZEROS), start), end)
    return -1


def ending(data: bytes, segments: Segments, content: Photograph, progressive: bool) -> str:
    """The note for a file that ends early: how much of its picture there is."""
    if progressive:
        row = _row_of_cut(data, segments, content)
        where = f", at least {_from_row(row, len(content.pixels))}" if row else ""
        return (
            "The file ends early; the picture is coarser than it was, or part of it is missing"
            f"{where}."
        )
    return ends_early(_rows_there(content), content.pixels.shape[0])


def _rows_there(content: Photograph) -> int:
    """How many rows there are before those that were filled because nothing was left for them."""
    pixels = content.pixels
    # libjpeg fills what is missing with its middle grey.
    filled = np.uint8(128) if pixels.dtype == np.uint8 else pixels[-1, -1, 0]
    there = len(pixels)
    while there > 0 and (pixels[there - 1] == filled).all():
        there -= 1
    return there


def decoded_before(data: bytes, end: int, shape: tuple[int, ...]) -> NDArray[Any]:
    """What a file would show that ended there: uint8 of ``shape``, (height, width) or (height,
    width, channels). Raises DamagedError.
    """
    import imagecodecs

    try:
        pixels: NDArray[Any] = imagecodecs.jpeg8_decode(data[:end] + b"\xff\xd9")
    except Exception as error:
        raise undecodable(error, cut_off=False) from error
    return pixels.reshape(shape)


@dataclass(frozen=True)
class Damage:
    """Where coded data are damaged, and, where the file has restarts, the first of the smallest
    units (MCU) behind the damage that is sound again. ``sure``: no sound file looks so.
    """

    place: int
    sound_again: int | None = None
    sure: bool = True


def first_damage(data: bytes, segments: Segments, marker: int) -> Damage | None:
    """What shows that coded data were overwritten: a marker where none can be, restarts out of
    their order, or more zeros than codes can be.
    """
    if marker >= 0xC9:
        return None  # arithmetic coding, whose zeros are as good as any
    stated = [struct.unpack(">H", body)[0] for body in segments.after(0xDD, b"") if len(body) == 2]
    interval: int = stated[0] if stated else 0
    found = [] if segments.stray is None else [Damage(segments.stray)]
    for start, end, head in segments.scans:
        zeros = _zeros_in(data, start, end)
        progressive = marker in PROGRESSIVE
        if zeros >= 0 and progressive and not _may_be_zeros(head):
            found.append(Damage(zeros))
        elif zeros >= 0 and not progressive:
            found.append(Damage(zeros, sure=not _codes_zeros(segments, head)))
        elif interval and not progressive:
            found += _lost_restarts(data, start, end, interval)
    first = min(found, key=lambda damage: damage.place, default=None)
    if first is None or not interval or first.sound_again is not None:
        return first
    start, end, _ = segments.scans[0]
    return replace(first, sound_again=_sound_again(data, start, end, interval, first.place))


def _restarts(data: bytes, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Each restart of a scan: where it is, which in the order it must be, and how many are
    missing before it.
    """
    index = 0
    for match in _RESTART.finditer(data, start, end):
        missing = (match[1][0] - 0xD0 - index) % 8
        yield match.start(), index + missing, missing
        index += missing + 1


def _lost_restarts(data: bytes, start: int, end: int, interval: int) -> Iterator[Damage]:
    before = start
    for place, index, missing in _restarts(data, start, end):
        if missing:
            yield Damage(before, (index + 1) * interval)
            return
        before = place + 2


def _sound_again(data: bytes, start: int, end: int, interval: int, damage: int) -> int | None:
    zeros_end = damage
    while zeros_end < end and data[zeros_end] == 0:
        zeros_end += 1
    for place, index, _ in _restarts(data, start, end):
        if place >= zeros_end:
            return (index + 1) * interval
    return None


def _may_be_zeros(head: bytes) -> bool:
    """Whether a scan of a progressive file may well hold nothing but zeros, as that of the mean
    brightness may: others have a word for many blocks without change (T.81, G.1.2).
    """
    return len(head) < 4 or head[-3] == 0


def _codes_zeros(segments: Segments, head: bytes) -> bool:
    """Whether zeros in the scan can be a flat part of the picture: the shortest code means no
    change of the mean brightness and the end of a block (T.81, F.1.2).
    """
    chosen = head[2] if len(head) > 2 else 0
    shortest: dict[int, int] = {}
    for body in segments.after(0xC4, b""):
        place = 0
        while place + 17 <= len(body):
            count = sum(body[place + 1 : place + 17])
            if count and place + 17 < len(body):
                shortest[body[place]] = body[place + 17]
            place += 17 + count
    return shortest.get(chosen >> 4, 0) == 0 and shortest.get(0x10 | chosen & 15, 0) == 0


def note_damage(
    data: bytes, segments: Segments, damage: Damage, content: Photograph, progressive: bool
) -> None:
    """Say which rows of the picture are wrong, if any are."""
    pixels = content.pixels
    height, width = pixels.shape[:2]
    if progressive:
        content.notes.append(
            "A part of the file is damaged: the picture is wrong or coarser than it was"
            f" {_from_row(_first_wrong(data, segments, damage, pixels), height)}."
        )
        return
    sound = decoded_before(data, damage.place, pixels.shape)
    same = (pixels == sound).reshape(height, -1).all(axis=1)
    first = _rows_there(content) if same.all() else int(np.argmin(same))
    if not damage.sure:
        # Zeros may be a flat part: then what follows them still is as long as the picture.
        end = segments.scans[-1][1]
        tail = max(damage.place, end - 64)
        left_over = np.array_equal(pixels, decoded_before(data, tail, pixels.shape))
        if not (left_over and any(data[tail : end - 1])):
            return
    last = height
    if damage.sound_again is not None and not same.all():
        across, down = _unit(segments)
        last = min(-(-damage.sound_again // -(-width // across)) * down, height)
    if first < last < height:
        where = f"in rows {first + 1} to {last} of {height}"
    else:
        where = f"from row {min(first, height - 1) + 1} of {height} on"
    content.notes.append(f"A part of the file is damaged: the picture is wrong {where}.")


def _first_wrong(data: bytes, segments: Segments, damage: Damage, pixels: NDArray[Any]) -> int:
    """The first row that the damaged scan of a progressive file brings nothing sound to: each scan
    goes over the picture from its top, and those behind it build on it.
    """
    end = next((end for start, end, _ in segments.scans if start <= damage.place <= end), None)
    if end is None:
        return 0
    try:
        sound, whole = (decoded_before(data, place, pixels.shape) for place in (damage.place, end))
    except DamagedError:
        return 0
    differ = (sound != whole).reshape(len(pixels), -1).any(axis=1)
    return int(np.argmax(differ)) if differ.any() else 0


def _row_of_cut(data: bytes, segments: Segments, content: Photograph) -> int:
    """The row of a progressive file that ends early which its last bytes are of; 0 where that
    cannot be told.
    """
    if not segments.scans or content.pixels.dtype != np.uint8:
        return 0
    start, end, _ = segments.scans[-1]
    try:
        before = decoded_before(data, max(start, end - 64), content.pixels.shape)
    except DamagedError:
        return 0
    differ = (before != content.pixels).reshape(len(before), -1).any(axis=1)
    return int(np.argmax(differ)) if differ.any() else 0


def _from_row(row: int, height: int) -> str:
    return f"from row {row + 1} of {height} on" if row else "in places"


def _unit(segments: Segments) -> tuple[int, int]:
    """Width and height in pixels of the smallest unit that is coded (MCU; T.81, A.2)."""
    for marker, body in segments.found:
        if 0xC0 <= marker <= 0xC2 and len(body) >= 9:
            factors = [(body[at] >> 4, body[at] & 15) for at in range(7, len(body), 3)]
            if len(factors) == 1:
                return 8, 8
            across, down = (max(each) for each in zip(*factors, strict=True))
            return 8 * max(across, 1), 8 * max(down, 1)
    return 8, 8


def ends_early(rows: int, height: int) -> str:
    """The note for a file of which only ``rows`` of ``height`` rows are there."""
    # Rounded down, so that a file with a row missing never says 100 %.
    return f"The file ends early; {100 * rows // height} % of the picture is there."
