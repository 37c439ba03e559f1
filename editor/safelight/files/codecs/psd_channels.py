"""Channels of a PSD or PSB file: unpacked from rows, PackBits or deflate."""

from __future__ import annotations

import contextlib
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.files.codecs.photograph import check_packing
from safelight.files.codecs.psd_sections import PsdFile

DTYPES: dict[int, str] = {1: "u1", 8: "u1", 16: ">u2", 32: ">f4"}
"""How a number of a channel stands in the file, by the depth in bits."""

_EXPANSION = {0: 1, 1: 64, 2: 1032, 3: 1032}
"""How many bytes one byte can become, by compression: none, PackBits, deflate."""


class Channels:
    """The channels of a file with ``depth`` bits each, as numbers of ``dtype`` (uint8, or uint16 or
    float32 in the file's byte order); a channel of one bit is 0 or 255.
    """

    def __init__(self, file: PsdFile, depth: int) -> None:
        self._file, self._depth = file, depth
        self.dtype = np.dtype(DTYPES[depth])

    def plane(self, start: int, length: int, width: int, height: int) -> NDArray[Any]:
        """A channel of a layer, (height, width) of ``dtype``, that takes ``length`` bytes
        from ``start`` on; rows that are missing are 0.
        """
        how = self._file.number(start, ">H")
        held = max(min(start + length, self._file.size) - start - 2, 0)
        plane, rows = self.unpacked(start + 2, held, how, width, height, 1)
        if rows < height:
            self._file.cut = True
        channel: NDArray[Any] = plane[0]
        return channel

    def unpacked(
        self, start: int, held: int, how: int, width: int, height: int, count: int
    ) -> tuple[NDArray[Any], int]:
        """Channels (count, height, width) of ``dtype``, and how many of all their rows are
        there, from ``held`` bytes that begin at ``start`` and are packed in the way of number
        ``how``. Raises DamagedError where so few bytes cannot hold that much.
        """
        row = -(-width // 8) if self._depth == 1 else width * self.dtype.itemsize
        total = row * height * count
        if how not in _EXPANSION:
            return np.zeros((count, height, width), self.dtype), 0
        check_packing(total, max(held, 1), _EXPANSION[how] if held else 1)
        data = self._file.part(start, held)
        if how == 1:
            raw = self._packbits(data, row, height * count)
        elif how == 0:
            raw = data[:total]
        else:
            raw = b""
            with contextlib.suppress(zlib.error):
                raw = zlib.decompressobj().decompress(data, total)
        rows = len(raw) // row if row else 0
        raw = raw[:total] + bytes(total - len(raw[:total]))
        if self._depth == 1:
            bits = np.unpackbits(np.frombuffer(raw, np.uint8).reshape(-1, row), axis=1)[:, :width]
            # Of a bitmap 1 is black.
            return ((1 - bits) * np.uint8(255)).reshape(count, height, width), rows
        if how == 3:
            raw = _undifferenced(raw, row, self.dtype)
        return np.frombuffer(raw, self.dtype).reshape(count, height, width), rows

    def first(
        self,
        start: int,
        held: int,
        how: int,
        size: tuple[int, int],
        channels: int,
        count: int,
    ) -> tuple[NDArray[Any], int]:
        """The first ``count`` of a picture's ``channels``, (count, height, width) of ``dtype``, and
        how many of all their rows are there. ``size`` is (width, height) in pixels.
        """
        width, height = size
        if how == 1 and channels > count:
            # The lengths of the other channels' rows stand between.
            wide = 4 if self._file.wide else 2
            mine, others = count * height * wide, (channels - count) * height * wide
            table = self._file.part(start, mine)
            data = table + self._file.part(start + mine + others, max(held - mine - others, 0))
            row = width * self.dtype.itemsize
            check_packing(row * height * count, max(held, 1), _EXPANSION[1])
            raw = self._packbits(data, row, height * count)
            rows = len(raw) // row
            raw += bytes(row * height * count - len(raw))
            return np.frombuffer(raw, self.dtype).reshape(count, height, width), rows
        return self.unpacked(start, held, how, width, height, count)

    def _packbits(self, data: bytes, row: int, rows: int) -> bytes:
        """Rows that are packed one by one, behind the lengths of all."""
        import imagecodecs

        number = np.dtype(">u4" if self._file.wide else ">u2")
        there = min(rows, len(data) // number.itemsize)
        lengths = np.frombuffer(data[: there * number.itemsize], number)
        place = rows * number.itemsize
        whole = bytearray()
        for length in lengths.tolist():
            part = data[place : place + length]
            place += length
            if len(part) < length:
                break
            try:
                made = imagecodecs.packbits_decode(part, out=row)
            except Exception:
                made = b""
            if len(made) != row:
                made, self._file.hurt = bytes(row), True
            whole += made
        return bytes(whole)


def _undifferenced(raw: bytes, row: int, dtype: np.dtype[Any]) -> bytes:
    """Rows of which each number was stored as its difference from the one before."""
    if dtype.itemsize == 1:
        rows = np.frombuffer(raw, np.uint8).reshape(-1, row)
        return np.cumsum(rows, axis=1, dtype=np.uint8).tobytes()
    if dtype.itemsize == 2:
        rows = np.frombuffer(raw, ">u2").reshape(-1, row // 2)
        return np.cumsum(rows, axis=1, dtype=np.uint16).astype(">u2").tobytes()
    # Of floats the bytes of one order stand together, the highest first.
    rows = np.cumsum(np.frombuffer(raw, np.uint8).reshape(-1, row), axis=1, dtype=np.uint8)
    return np.ascontiguousarray(np.moveaxis(rows.reshape(-1, 4, row // 4), 1, 2)).tobytes()
