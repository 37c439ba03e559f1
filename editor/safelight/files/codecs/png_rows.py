"""PNG rows: filtered and deflated in bands on all cores, as one valid stream (RFC 1950, 1951).

Each band of rows ends where a byte ends and looks at nothing before it (``Z_FULL_FLUSH``), and its
first row is filtered by itself. So bands can be made, and read, by several cores at once, while
every reader of PNG sees one stream as ever.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.files.codecs import deflate
from safelight.files.codecs.row_bands import bands, on_all_cores

_BAND = 1 << 20
"""Bytes of a band, about: many enough that starting anew costs a thousandth of the size."""

_BASE = 65521
"""The modulus of Adler-32 (RFC 1950, section 9)."""

_END = zlib.compress(b"")[2:-4]
"""An empty last block: what follows the last block of a stream is not looked at."""

_SUB, _UP, _AVERAGE, _PAETH = 1, 2, 3, 4

Bytes = NDArray[np.uint8]

Told = Callable[[slice, bytes], object]
"""Told which rows have been coded, and as what; on several threads at once."""


def rows_of_a_band(row: int) -> int:
    """Rows in each band of a picture whose rows are of so many bytes."""
    return max(_BAND // max(row, 1), 1)


def coded(pixels: NDArray[Any], level: int, tell: Told = lambda *_: None) -> Iterator[bytes]:
    """The compressed stream of (height, width, channels) of uint8 or uint16, a part for each band.

    ``level`` is deflate's, 0 to 9. What ``tell`` raises is raised here.
    """
    height, width, channels = pixels.shape
    step = channels * pixels.itemsize
    parts = bands(height, rows_of_a_band(width * step))
    total = 1
    for place, (part, adler, length) in enumerate(
        on_all_cores(partial(_band, pixels, level, tell), parts)
    ):
        total = _joined(total, adler, length)
        head = zlib.compress(b"", level)[:2] if place == 0 else b""
        tail = total.to_bytes(4, "big") if place == len(parts) - 1 else b""
        yield head + part + tail


def _band(pixels: NDArray[Any], level: int, tell: Told, rows: slice) -> tuple[bytes, int, int]:
    """The deflated rows, the checksum of what they were made from, and how much that was."""
    raw = filtered(pixels[rows], level)
    filtering = zlib.Z_FILTERED if level else zlib.Z_DEFAULT_STRATEGY
    pack = deflate.packer(level, filtering)
    part = pack.compress(raw.data)
    part += pack.flush(zlib.Z_FINISH if rows.stop == len(pixels) else zlib.Z_FULL_FLUSH)
    tell(rows, part)
    return part, deflate.adler32(raw.data), raw.nbytes


def inflated(part: bytes, size: int) -> bytes:
    """The rows of a band, ``size`` bytes with their filters', as they were before they were packed.

    Raises RuntimeError for what is not as long.
    """
    import imagecodecs

    # Made for several streams of a file each: with an end of its own, every band is one.
    return bytes(imagecodecs.deflate_decode(part + _END, raw=True, out=size))


def _joined(one: int, other: int, length: int) -> int:
    """The Adler-32 of two texts one after the other, of which the second has that length."""
    low = ((one & 0xFFFF) + (other & 0xFFFF) - 1) % _BASE
    high = ((one >> 16) + (other >> 16) + (length % _BASE) * ((one & 0xFFFF) - 1)) % _BASE
    return high << 16 | low


def filtered(pixels: NDArray[Any], level: int) -> Bytes:
    """Rows as a PNG holds them, (height, 1 + bytes of a row), each behind the number of its filter
    (PNG, section 9). ``pixels`` are (height, width, channels) of uint8 or uint16.

    Each row gets the filter whose numbers are the smallest in sum; those that cost more to reckon
    are tried from ``level`` 3 on. The first row is told by itself alone.
    """
    height, width, channels = pixels.shape
    step = channels * pixels.itemsize
    big = pixels.astype(">u2") if pixels.itemsize == 2 else pixels
    plain = np.ascontiguousarray(big).view(np.uint8).reshape(height, width * step)
    made = np.empty((height, 1 + width * step), np.uint8)
    if level == 0:  # what is not compressed need not be small
        made[:, 0], made[:, 1:] = 0, plain
        return made
    made[:, 0] = _SUB
    made[:, 1 : 1 + step] = plain[:, :step]
    np.subtract(plain[:, step:], plain[:, :-step], out=made[:, 1 + step :])
    if height == 1:
        return made
    least = _weights(made[1:, 1:])
    others = [(_UP, plain[1:] - plain[:-1])]
    if level > 2:
        others += [(_AVERAGE, _average(plain, step)), (_PAETH, _paeth(plain, step))]
    for number, numbers in others:
        weights = _weights(numbers)
        better = np.flatnonzero(weights < least)
        made[1 + better, 0] = number
        made[1 + better, 1:] = numbers[better]
        np.minimum(least, weights, out=least)
    return made


def _weights(numbers: Bytes) -> NDArray[np.int64]:
    """The sum of each row's numbers' distances from 0, which wrap at 256; of every fifth number,
    which tells as well which filter fits.
    """
    some = numbers[:, ::5]
    far: NDArray[np.int64] = np.minimum(some, -some).sum(axis=1, dtype=np.int64)
    return far


def _average(plain: Bytes, step: int) -> Bytes:
    left = np.zeros_like(plain[1:])
    left[:, step:] = plain[1:, :-step]
    above = plain[:-1]
    # The mean of two bytes, rounded down, without a wider type.
    return plain[1:] - ((left & above) + ((left ^ above) >> 1))


def _paeth(plain: Bytes, step: int) -> Bytes:
    left, corner = (np.zeros((len(plain) - 1, plain.shape[1]), np.int16) for _ in range(2))
    left[:, step:] = plain[1:, :-step]
    corner[:, step:] = plain[:-1, :-step]
    above = plain[:-1].astype(np.int16)
    rise, run = above - corner, left - corner
    by_left, by_above, by_corner = np.abs(rise), np.abs(run), np.abs(rise + run)
    guess = np.where(by_above <= by_corner, above, corner)
    guess = np.where((by_left <= by_above) & (by_left <= by_corner), left, guess)
    return plain[1:] - guess.astype(np.uint8)
