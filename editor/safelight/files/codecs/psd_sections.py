"""The sections of a PSD or PSB file: header, what describes the picture, records of layers."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from safelight.document.layer import MOST_LAYERS
from safelight.files.codecs.photograph import DamagedError

SECTION, UNICODE_NAME, LOCKED, FILL_OPACITY = b"lsct", b"luni", b"lspf", b"iOpa"
"""Blocks of a layer: whether it is a group, its name, its locks, how much of its inside shows."""

_LONG = frozenset(
    (b"LMsk", b"Lr16", b"Lr32", b"Layr", b"Mt16", b"Mt32", b"Mtrn", b"Alph", b"FMsk", b"lnk2")
    + (b"FEid", b"FXid", b"PxSD", b"cinf", b"lnkE", b"lnkD", b"lnk3")
)
"""Blocks whose length takes 8 bytes in a PSB."""

_LARGEST_BLOCK = 64 << 20
_LARGEST_RESOURCES = 256 << 20


@dataclass(frozen=True)
class Header:
    """What a file says first: how many ``channels`` its picture has, ``height`` and ``width`` in
    pixels, ``depth`` in bits a channel (1, 8, 16 or 32) and the number of its colour ``mode``.
    """

    channels: int
    height: int
    width: int
    depth: int
    mode: int


@dataclass
class Record:
    """A layer as its record states it."""

    top: int
    left: int
    bottom: int
    right: int
    channels: list[tuple[int, int]]
    key: bytes
    opacity: int
    clipped: bool
    flags: int
    name: str = ""
    mask: Mask | None = None
    blocks: dict[bytes, bytes] = field(default_factory=dict)
    starts: list[int] = field(default_factory=list)
    """Where the data of each channel begin."""

    @property
    def width(self) -> int:
        return max(self.right - self.left, 0)

    @property
    def height(self) -> int:
        return max(self.bottom - self.top, 0)

    @property
    def section(self) -> int:
        """0 for a layer, 1 and 2 for a group, 3 for the mark below all that is in it."""
        block = self.blocks.get(SECTION) or self.blocks.get(b"lsdk") or b""
        kind: int = struct.unpack(">I", block[:4])[0] if len(block) >= 4 else 0
        return kind


@dataclass(frozen=True)
class Mask:
    """A layer's mask as the layer's record states it: its edges in pixels, what is ``beyond`` them
    (0 hidden, 255 shown), flags, ``density`` from 0 to 255, and whether its edge is softened.
    """

    top: int
    left: int
    bottom: int
    right: int
    beyond: int
    flags: int
    density: int = 255
    feathered: bool = False


class PsdFile:
    """A PSD or PSB file of ``size`` bytes, read section by section.

    ``wide``: it is a PSB, some of whose lengths take 8 bytes. ``cut`` is set where something that
    the file announces is not there, ``hurt`` where something is there and cannot be unpacked.
    """

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file, self.size = file, size
        self.wide = self.cut = self.hurt = False

    def header(self) -> Header:
        """The first 26 bytes. Raises DamagedError."""
        head = self.part(0, 26)
        if len(head) < 26:
            raise DamagedError("is damaged: its first part is missing")
        _, version, channels, height, width, depth, mode = struct.unpack(">4sH6xHIIHH", head)
        if version not in (1, 2) or depth not in (1, 8, 16, 32):
            raise DamagedError("is damaged: it is of no kind that Photoshop writes")
        self.wide = version == 2
        return Header(channels, height, width, depth, mode)

    def part(self, place: int, count: int) -> bytes:
        """Up to ``count`` bytes from ``place`` on, as many as there are."""
        if place >= self.size:
            return b""
        self._file.seek(place)
        return self._file.read(min(count, self.size - place))

    def number(self, place: int, code: str) -> int:
        """A number of a struct ``code`` at ``place``; 0 where the file has ended."""
        data = self.part(place, struct.calcsize(code))
        if len(data) < struct.calcsize(code):
            self.cut = True
            return 0
        number: int = struct.unpack(code, data)[0]
        return number

    def section(self, place: int, wide: bool = False) -> tuple[tuple[int, int], int]:
        """Where a section begins, how long it is, and where the next one is."""
        code = ">Q" if wide else ">I"
        length = self.number(place, code)
        start = place + struct.calcsize(code)
        return (start, length), start + length

    def resources(self, start: int, length: int) -> dict[int, bytes]:
        """What describes the picture as a whole, by its number (``Resource``). Raises DamagedError
        for far too much of it.
        """
        if length > _LARGEST_RESOURCES:
            raise DamagedError("is damaged: what describes the picture is far too large")
        data, place = self.part(start, length), 0
        found: dict[int, bytes] = {}
        while place + 12 <= len(data):
            (number,) = struct.unpack_from(">H", data, place + 4)
            named = data[place + 6] + 1
            place += 6 + named + named % 2
            if place + 4 > len(data):
                break
            (count,) = struct.unpack_from(">I", data, place)
            found.setdefault(number, data[place + 4 : place + 4 + count])
            place += 4 + count + count % 2
        return found

    def records(self, start: int, length: int, kept: frozenset[bytes]) -> tuple[list[Record], bool]:
        """The records of all layers, bottom first, and whether the merged picture has transparency.

        Of a layer's blocks those with keys in ``kept`` are kept. Raises DamagedError for too many
        layers.
        """
        end = min(start + length, self.size)
        if length < 4:
            return [], False
        (inner, count), place = self.section(start, self.wide)
        if count >= 2:
            return self._layer_info(inner, min(inner + count, end), kept)
        # Deep layers stand in a block of their own behind an empty list and the global mask.
        _, place = self.section(place)
        for key, at, held in self._blocks(place, end, 4):
            if key in (b"Lr16", b"Lr32", b"Layr"):
                return self._layer_info(at, min(at + held, end), kept)
        return [], False

    def _blocks(self, place: int, end: int, aligned: int) -> Iterator[tuple[bytes, int, int]]:
        """Key, place and length of each block."""
        while place + 12 <= end:
            head = self.part(place, 8)
            if head[:4] not in (b"8BIM", b"8B64"):
                return
            wide = self.wide and (head[4:] in _LONG or head[:4] == b"8B64")
            (at, length), _ = self.section(place + 8, wide)
            yield head[4:], at, length
            place = at + length + -length % aligned

    def _layer_info(
        self, place: int, end: int, kept: frozenset[bytes]
    ) -> tuple[list[Record], bool]:
        count = self.number(place, ">h")
        if abs(count) > 2 * MOST_LAYERS:
            raise DamagedError(f"has more than {MOST_LAYERS} layers; merge some of them first")
        place += 2
        records: list[Record] = []
        for _ in range(abs(count)):
            found = self._record(place, end, kept)
            if found is None:
                self.cut = True
                break
            record, place = found
            records.append(record)
        else:
            for record in records:
                for _, length in record.channels:
                    record.starts.append(place)
                    place += length
        return [record for record in records if record.starts or not record.channels], count < 0

    def _record(self, place: int, end: int, kept: frozenset[bytes]) -> tuple[Record, int] | None:
        """A record and where it ends; None where it is damaged or cut off."""
        head = self.part(place, 18)
        if len(head) < 18:
            return None
        top, left, bottom, right, count = struct.unpack(">4iH", head)
        code = ">hQ" if self.wide else ">hI"
        step = struct.calcsize(code)
        table = self.part(place + 18, count * step)
        place += 18 + count * step
        rest = self.part(place, 16)
        if count > 60 or len(table) < count * step or len(rest) < 16 or rest[:4] != b"8BIM":
            return None
        channels = [struct.unpack_from(code, table, at) for at in range(0, len(table), step)]
        key, opacity, clipping, flags, extra = struct.unpack(">4x4sBBBxI", rest)
        record = Record(*(top, left, bottom, right), channels, key, opacity, clipping == 1, flags)
        place += 16
        last = place + extra
        if last > end:
            return None
        (mask_at, mask_length), place = self.section(place)
        record.mask = _mask_of(self.part(mask_at, min(mask_length, 4096)))
        _, place = self.section(place)
        named = self.number(place, ">B")
        name = self.part(place + 1, named)
        record.name = name.decode("mac_roman", "replace")
        place += -(-(1 + named) // 4) * 4
        for block, at, length in self._blocks(place, last, 2):
            if block in kept and length <= _LARGEST_BLOCK:
                record.blocks.setdefault(block, self.part(at, length))
        told = record.blocks.get(UNICODE_NAME, b"")
        if len(told) >= 4:
            letters = told[4 : 4 + 2 * min(struct.unpack(">I", told[:4])[0], 1000)]
            record.name = letters.decode("utf-16-be", "replace").rstrip("\0") or record.name
        record.name = record.name[:1000] or "Layer"
        return record, last


def _mask_of(data: bytes) -> Mask | None:
    """The mask that a record's mask data state; None for none, and for one that cannot be."""
    if len(data) < 18:
        return None
    top, left, bottom, right, beyond, flags = struct.unpack_from(">4iBB", data)
    density, feathered = 255, False
    if flags & 16 and len(data) > 18:
        # Parameters stand behind the real mask where there is one.
        place = 18 if len(data) < 36 else 36
        told = data[place] if place < len(data) else 0
        place += 1
        if told & 1 and place < len(data):
            density, place = data[place], place + 1
        if told & 2 and place + 8 <= len(data):
            feathered = struct.unpack_from(">d", data, place)[0] > 0
    if max(abs(side) for side in (top, left, bottom, right)) > 1 << 24:
        return None
    return Mask(top, left, bottom, right, beyond, flags, density, feathered)
