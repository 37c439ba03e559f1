"""Header bits: what coded pictures say ahead of their pixels, bit by bit (AV1 and HEVC)."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass


class Bits:
    """Reads numbers of some bits, the highest first. Raises EOFError at the end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, count: int) -> int:
        """The number that the next ``count`` bits are."""
        end = self._at + count
        if end > 8 * len(self._data):
            raise EOFError
        first, last = self._at // 8, -(-end // 8)
        whole = int.from_bytes(self._data[first:last], "big") >> 8 * last - end
        self._at = end
        return whole & (1 << count) - 1

    def golomb(self) -> int:
        """The next number of Golomb's code (H.265, 9.2)."""
        zeros = 0
        while not self.take(1):
            zeros += 1
            if zeros > 32:
                raise EOFError
        return (1 << zeros) - 1 + self.take(zeros)


@dataclass(frozen=True, slots=True)
class Stated:
    """Size in pixels, and the codes of primaries and transfer (H.273) where there are some.

    ``shown`` is how much of the width and height is the picture; the rest only fills it up.
    """

    width: int
    height: int
    codes: tuple[int, int] | None = None
    shown: tuple[int, int] = (0, 0)


def av1_sequences(data: bytes) -> Iterator[Stated]:
    """What each sequence header in an AV1 stream states (AV1 specification, 5.5)."""
    at = 0
    while at < len(data):
        head = data[at]
        at += 2 if head & 4 else 1
        length, shift = len(data) - at, 0
        if head & 2:
            length = 0
            while at < len(data) and shift < 56:
                byte = data[at]
                at += 1
                length |= (byte & 127) << shift
                shift += 7
                if byte < 128:
                    break
        if head >> 3 & 15 == 1:
            try:
                yield _sequence(Bits(data[at : at + length]))
            except EOFError:
                return
        at += length


def _sequence(bits: Bits) -> Stated:
    profile, _, reduced = bits.take(3), bits.take(1), bits.take(1)
    if reduced:
        bits.take(5)
    else:
        _operating_points(bits)
    across, down = bits.take(4) + 1, bits.take(4) + 1
    width, height = bits.take(across) + 1, bits.take(down) + 1
    try:
        return Stated(width, height, _colours(bits, profile, bool(reduced)))
    except EOFError:
        return Stated(width, height)


def _operating_points(bits: Bits) -> None:
    timed = delays = 0
    if bits.take(1):
        bits.take(64)
        if bits.take(1):
            bits.golomb()
        timed = bits.take(1)
        if timed:
            delays = bits.take(5) + 1
            bits.take(42)
    shown_late = bits.take(1)
    for _ in range(bits.take(5) + 1):
        bits.take(12)
        if bits.take(5) > 7:
            bits.take(1)
        if timed and bits.take(1):
            bits.take(2 * delays + 1)
        if shown_late and bits.take(1):
            bits.take(4)


def _colours(bits: Bits, profile: int, reduced: bool) -> tuple[int, int] | None:
    if not reduced and bits.take(1):
        bits.take(7)
    bits.take(3)
    if not reduced:
        bits.take(4)
        ordered = bits.take(1)
        if ordered:
            bits.take(2)
        chosen = bits.take(1)
        if (chosen or bits.take(1)) and not bits.take(1):
            bits.take(1)
        if ordered:
            bits.take(3)
    bits.take(3)
    deep = bits.take(1)
    if profile == 2 and deep:
        bits.take(1)
    if profile != 1:
        bits.take(1)
    return (bits.take(8), bits.take(8)) if bits.take(1) else None


_SEQUENCE = 33
"""The number of a sequence's parameters among the units of HEVC."""


def hevc_sequences(configuration: bytes, data: bytes) -> Iterator[Stated]:
    """What each set of a sequence's parameters states: those of ``hvcC`` and those in the stream
    (H.265, 7.3.2.2).
    """
    size = (configuration[21] & 3) + 1 if len(configuration) > 21 else 4
    for unit in (*_listed(configuration), *_units(data, size)):
        if len(unit) > 2 and unit[0] >> 1 & 63 == _SEQUENCE:
            try:
                yield _parameters(Bits(unit[2:200].replace(b"\0\0\3", b"\0\0")))
            except EOFError:
                return


def _listed(configuration: bytes) -> Iterator[bytes]:
    at = 23
    try:
        for _ in range(configuration[22] if len(configuration) > 22 else 0):
            (count,) = struct.unpack_from(">H", configuration, at + 1)
            at += 3
            for _ in range(count):
                (length,) = struct.unpack_from(">H", configuration, at)
                yield configuration[at + 2 : at + 2 + length]
                at += 2 + length
    except struct.error:
        return


def _units(data: bytes, size: int) -> Iterator[bytes]:
    at = 0
    while at + size <= len(data):
        length = int.from_bytes(data[at : at + size], "big")
        yield data[at + size : at + size + min(length, 200)]
        at += size + length


def hevc_is_sound(configuration: bytes, data: bytes) -> bool:
    """Whether a coded picture is made as one must be: units that fill it, one of them with pixels,
    and none with bytes that only stand between units (H.265, 7.3.1.1 and 7.4.2).

    A decoder gives a green picture for one that is not, without a word.
    """
    size = (configuration[21] & 3) + 1 if len(configuration) > 21 else 4
    at, coded = 0, False
    while at + size <= len(data):
        length = int.from_bytes(data[at : at + size], "big")
        unit = data[at + size : at + size + length]
        at += size + length
        if len(unit) < length or length < 3 or unit[0] & 0x80 or _BETWEEN.search(unit):
            return False
        coded = coded or unit[0] >> 1 & 63 < 32
    return coded and at == len(data)


_BETWEEN = re.compile(rb"\0\0[\0-\2]")


def _parameters(bits: Bits) -> Stated:
    bits.take(4)
    layers = bits.take(3)
    bits.take(1 + 96)
    stated = [bits.take(2) for _ in range(layers)]
    if layers:
        bits.take(2 * (8 - layers))
    for flags in stated:
        bits.take(88 * (flags >> 1) + 8 * (flags & 1))
    bits.golomb()
    chroma = bits.golomb()
    if chroma == 3:
        bits.take(1)
    width, height = bits.golomb(), bits.golomb()
    cut = [bits.golomb() for _ in range(4)] if bits.take(1) else [0] * 4
    across = (2 if chroma in (1, 2) else 1) * (cut[0] + cut[1])
    down = (2 if chroma == 1 else 1) * (cut[2] + cut[3])
    return Stated(width, height, shown=(max(width - across, 0), max(height - down, 0)))
