"""TIFF parts: the strips or tiles of a hurt TIFF, each decoded by itself, as far as it goes."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.files.codecs.jpeg_damage import ends_early
from safelight.files.codecs.photograph import DamagedError, reason
from safelight.files.sentences import listed

RESTATED = "The file states wrong lengths of its parts; all of the picture is there."

_DEFLATE = (8, 32946)
_PIECE = 4096
_SECTOR = bytes(512)
_NAMED = 3
"""Places that a note names one by one."""

Fetch = Callable[[int, int], bytes]


def decoded(
    first: Any,
    fetch: Fetch,
    size: int,
    check: Callable[[bytes], object],
    notes: list[str],
    planes: int,
) -> NDArray[Any]:
    """All of a page's pixels (planes, 1, height, width, samples) that can be had, of the file's
    dtype; the rest is 0.

    ``first`` is tifffile's page of a file of ``size`` bytes, ``check`` raises DamagedError for a
    part that must not be decoded. Where a part is not as long as the file says, it may reach as far
    as the next. ``notes`` say which rows are hurt; of the planes behind the first ``planes`` nobody
    has to know. Raises DamagedError where nothing is left.
    """
    made = np.zeros(first.shaped, first.dtype)
    height = first.shaped[2]
    count = min(math.prod(first.chunked), len(first.dataoffsets), len(first.databytecounts))
    starts = sorted({offset for offset in first.dataoffsets if 0 < offset < size} | {size})
    told: dict[str, Any] = {"_fullsize": False}
    if first.compression in (6, 7, 34892, 33007):
        told |= {"jpegtables": first.jpegtables, "jpegheader": first.jpegheader}
    lost: list[tuple[int, int]] = []
    wrong: list[tuple[int, int]] = []
    restated, why = False, "nothing of the picture is left in it"
    for index in range(math.prod(first.chunked)):
        _, (plane, _, top, _, _), shape = first.decode(None, index, **told)
        if plane >= planes:
            continue
        bottom = min(top + shape[1], height)
        if index >= count or not 0 < first.dataoffsets[index] < size:
            lost.append((top, bottom))
            continue
        offset, stated = first.dataoffsets[index], first.databytecounts[index]
        following = next(start for start in starts if start > offset) - offset
        found, rows = None, 0
        for length in dict.fromkeys((min(stated, size - offset), following)):
            data = fetch(offset, length)
            try:
                check(data)
                found = first.decode(data, index, **told)
                rows = _rows_in(found, bottom - top)
                if rows == bottom - top:
                    restated |= length != stated
                    break
            except DamagedError as error:
                why = str(error)
            except Exception as error:
                why = f"it cannot be decoded{reason(error)}"
        if rows < bottom - top and first.compression in _DEFLATE:
            found, rows = _prefix(first, fetch(offset, following), index, told, shape)
            rows = min(rows, bottom - top)
            if rows == bottom - top:
                wrong.append((top, bottom))
        if found is not None and rows:
            _place(made, found, rows)
        if rows < bottom - top:
            lost.append((top + rows, bottom))
    _tell(lost, wrong, height, restated, why, notes)
    return made


def _rows_in(found: tuple[Any, Any, Any], rows: int) -> int:
    """How many rows of a part came out whole: decoders give less of some that end early."""
    part = found[0]
    return 0 if part is None else min(rows, part.shape[1])


def _prefix(
    first: Any, data: bytes, index: int, told: dict[str, Any], shape: Sequence[int]
) -> tuple[Any, int]:
    """What can be unpacked of a part before it is damaged, and how many rows that is.

    A sector of zeros unpacks to something more often than not, and that is the damage.
    """
    zeros = data.find(_SECTOR)
    data = data if zeros < 0 else data[:zeros]
    across = shape[2] * shape[3] * first.bitspersample
    row = -(-across // 8)
    whole = row * shape[0] * shape[1]
    unpack, raw = zlib.decompressobj(), bytearray()
    try:
        for at in range(0, len(data), _PIECE):
            if len(raw) < whole:
                raw += unpack.decompress(data[at : at + _PIECE], whole - len(raw))
    except zlib.error:
        pass
    rows = len(raw) // row
    if not rows:
        return None, 0
    raw += bytes(whole - len(raw))
    try:
        return first.decode(zlib.compress(raw, 0), index, **told), rows
    except Exception:
        return None, 0


def _place(made: NDArray[Any], found: tuple[Any, Any, Any], rows: int) -> None:
    part, (plane, depth, top, left, _), shape = found
    rows = min(rows, shape[1], part.shape[1], made.shape[2] - top)
    across = min(shape[2], part.shape[2], made.shape[3] - left)
    made[plane, depth : depth + 1, top : top + rows, left : left + across] = part[
        :1, :rows, :across
    ]


def _tell(
    lost: Sequence[tuple[int, int]],
    wrong: Sequence[tuple[int, int]],
    height: int,
    restated: bool,
    why: str,
    notes: list[str],
) -> None:
    """Say which rows are not there and which are wrong. Raises DamagedError where none is there."""
    ranges: list[list[int]] = []
    for top, bottom in sorted({*lost, *wrong}):
        if ranges and top <= ranges[-1][1]:
            ranges[-1][1] = max(ranges[-1][1], bottom)
        else:
            ranges.append([top, bottom])
    if not ranges:
        if restated:
            notes.append(RESTATED)
        return
    if not wrong and ranges == [[0, height]] and len(set(lost)) == len(lost):
        raise DamagedError(f"is damaged: {why}")
    if not wrong and len(ranges) == 1 and ranges[0][0] and ranges[0][1] == height:
        notes.append(ends_early(ranges[0][0], height))
        return
    named = [f"{top + 1} to {bottom}" for top, bottom in ranges[:_NAMED]]
    if len(ranges) > _NAMED:
        named.append(f"in {len(ranges) - _NAMED} more places")
    notes.append(
        f"A part of the file is damaged: of its {height} rows those from {listed(named)}"
        " are wrong or missing."
    )
