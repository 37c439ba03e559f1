"""PSD and PSB: reading pictures and layers of Photoshop (Adobe Photoshop file formats, 2019).

The file may be a stranger's. Sizes are known before anything is unpacked; what is not understood is
stepped over; of descriptors nothing is read but the colour of a fill.
"""

from __future__ import annotations

import contextlib
import math
import re
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from safelight.document import Metadata
from safelight.document.layer import DEEPEST, MOST_LAYERS
from safelight.files.codecs.codec import Codec
from safelight.files.codecs.photograph import (
    BYTES_PER_PIXEL,
    CHANNELS,
    DamagedError,
    Limit,
    Photograph,
    PhotographLayer,
    PhotographMask,
    Room,
    Space,
    check_bytes,
    check_packing,
    check_size,
)
from safelight.files.colours import lab
from safelight.files.exports.photoshop_export import KEYS, Resource, export_photoshop
from safelight.files.metadata import metadata

_BITMAP, _GREY, _INDEXED, _RGB, _CMYK, _MULTICHANNEL, _DUOTONE, _LAB = 0, 1, 2, 3, 4, 7, 8, 9
_INKS = "Its channels are inks of their own: they were taken for grey, for RGB or for CMYK."
_SPACES: dict[int, Space] = {
    **{_BITMAP: "grey", _GREY: "grey", _DUOTONE: "grey"},
    **{_INDEXED: "rgb", _RGB: "rgb", _LAB: "rgb", _CMYK: "cmyk"},
}
_DTYPES: dict[int, str] = {1: "u1", 8: "u1", 16: ">u2", 32: ">f4"}

_MODES = {key: mode for mode, key in KEYS.items()}
_PASS = b"pass"

_EXPANSION = {0: 1, 1: 64, 2: 1032, 3: 1032}
"""How many bytes one byte can become, by compression: none, PackBits, deflate."""

_ALPHA, _MASK = -1, -2

_LONG = frozenset(
    (b"LMsk", b"Lr16", b"Lr32", b"Layr", b"Mt16", b"Mt32", b"Mtrn", b"Alph", b"FMsk", b"lnk2")
    + (b"FEid", b"FXid", b"PxSD", b"cinf", b"lnkE", b"lnkD", b"lnk3")
)
"""Blocks whose length takes 8 bytes in a PSB."""

_SECTION, _UNICODE_NAME, _LOCKED, _FILL_OPACITY = b"lsct", b"luni", b"lspf", b"iOpa"
_SOLID = b"SoCo"

_ADJUSTMENTS = {
    **{b"brit": "Brightness/Contrast", b"levl": "Levels", b"curv": "Curves", b"expA": "Exposure"},
    **{b"vibA": "Vibrance", b"hue ": "Hue/Saturation", b"hue2": "Hue/Saturation"},
    **{b"blnc": "Color Balance", b"blwh": "Black & White", b"phfl": "Photo Filter"},
    **{b"mixr": "Channel Mixer", b"clrL": "Color Lookup", b"nvrt": "Invert"},
    **{b"post": "Posterize", b"thrs": "Threshold", b"grdm": "Gradient Map"},
    **{b"selc": "Selective Color", b"GdFl": "a gradient", b"PtFl": "a pattern"},
}
_EFFECTS = frozenset((b"lfx2", b"lrFX", b"lmfx"))
_RENDERED = {
    **{b"TySh": "its text became pixels", b"tySh": "its text became pixels"},
    **dict.fromkeys(
        (b"PlLd", b"SoLd", b"SoLE"), "the picture that is embedded in it became pixels"
    ),
    **dict.fromkeys((b"vmsk", b"vsms"), "its shape became pixels"),
}
_KEPT_BLOCKS = frozenset(
    (*_ADJUSTMENTS, *_EFFECTS, *_RENDERED)
    + (_SECTION, b"lsdk", _UNICODE_NAME, _LOCKED, _FILL_OPACITY, _SOLID)
)
_LARGEST_BLOCK = 64 << 20
_LARGEST_RESOURCES = 256 << 20
_NUMBER = re.compile(rb"(Rd  |Grn |Bl  |Gry )doub(.{8})", re.DOTALL)


@dataclass
class _Record:
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
    mask: _Mask | None = None
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
        block = self.blocks.get(_SECTION) or self.blocks.get(b"lsdk") or b""
        kind: int = struct.unpack(">I", block[:4])[0] if len(block) >= 4 else 0
        return kind


@dataclass(frozen=True)
class _Mask:
    top: int
    left: int
    bottom: int
    right: int
    beyond: int
    flags: int
    density: int = 255
    feathered: bool = False


def read(file: BinaryIO, size: int, limit: Limit, room: Room = np.empty) -> Photograph:
    """The picture of a PSD or PSB file as its program drew it, and its layers.

    ``notes`` say what of the layers Safelight has no like of. A file that is cut off gives the
    layers that are there.
    """
    return _Reading(file, size, limit, room).photograph()


class _Reading:
    """One file being read."""

    def __init__(self, file: BinaryIO, size: int, limit: Limit, room: Room) -> None:
        self._file, self._size, self._limit, self._room = file, size, limit, room
        self.notes: list[str] = []
        self._left = math.inf if limit is None else limit * BYTES_PER_PIXEL
        self._cut = self._hurt = False

    def photograph(self) -> Photograph:
        """All that there is."""
        head = self._bytes(0, 26)
        if len(head) < 26:
            raise DamagedError("is damaged: its first part is missing")
        _, version, channels, height, width, depth, mode = struct.unpack(">4sH6xHIIHH", head)
        if version not in (1, 2) or depth not in _DTYPES:
            raise DamagedError("is damaged: it is of no kind that Photoshop writes")
        if mode == _MULTICHANNEL:
            # Inks of any kind: most often those that another kind of picture was made of.
            mode = _GREY if channels < 3 else _RGB if channels == 3 else _CMYK
            self.notes.append(_INKS)
        if mode not in _SPACES:
            raise DamagedError("has colours of a kind that Safelight cannot open; save it as RGB")
        check_size(width, height, self._limit)
        self._wide = version == 2
        self._mode, self._depth, self._space = mode, depth, _SPACES[mode]
        self._width, self._height = width, height
        self._dtype = np.dtype(_DTYPES[depth])
        colours, place = self._section(26)
        resources, place = self._section(place)
        self._palette = self._bytes(*colours) if mode == _INDEXED else b""
        self._read_resources(*resources)
        layers_at, place = self._section(place, self._wide)
        records, transparent = self._records(*layers_at)
        if mode == _DUOTONE:
            self.notes.append("Its duotone inks were left out; the picture is the grey below them.")
        layers = self._layers(records)
        pixels, alpha = self._merged(place, channels, transparent)
        if not pixels.shape[2] and not layers:
            raise DamagedError("is damaged or cut off: nothing of the picture is left in it")
        if self._cut:
            self.notes.append("The file ends early; what is missing is empty.")
        if self._hurt:
            self.notes.append("A part of the file is damaged; rows of its layers are empty.")
        return Photograph(
            pixels,
            self._space,
            alpha,
            self._icc,
            self._metadata,
            self.notes,
            layers=layers or None,
        )

    # -- sections ----------------------------------------------------------------------------

    def _bytes(self, place: int, count: int) -> bytes:
        if place >= self._size:
            return b""
        self._file.seek(place)
        return self._file.read(min(count, self._size - place))

    def _number(self, place: int, code: str) -> int:
        data = self._bytes(place, struct.calcsize(code))
        if len(data) < struct.calcsize(code):
            self._cut = True
            return 0
        number: int = struct.unpack(code, data)[0]
        return number

    def _section(self, place: int, wide: bool = False) -> tuple[tuple[int, int], int]:
        """Where a section begins, how long it is, and where the next one is."""
        code = ">Q" if wide else ">I"
        length = self._number(place, code)
        start = place + struct.calcsize(code)
        return (start, length), start + length

    def _read_resources(self, start: int, length: int) -> None:
        if length > _LARGEST_RESOURCES:
            raise DamagedError("is damaged: what describes the picture is far too large")
        data, place = self._bytes(start, length), 0
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
        exif = found.get(Resource.EXIF, b"").removeprefix(b"Exif\0\0")
        self._icc = found.get(Resource.ICC) or None
        if self._mode == _LAB:
            self._icc = lab.prophoto_profile()
        version = found.get(Resource.VERSION, b"")
        self._is_merged = len(version) < 5 or version[4] != 0
        self._metadata = Metadata(
            # The pixels stand upright already.
            exif=metadata.upright(exif) if exif else None,
            xmp=found.get(Resource.XMP) or None,
            iptc=found.get(Resource.IPTC) or None,
            dpi=_resolution(found.get(Resource.RESOLUTION, b"")),
        )

    # -- layers ------------------------------------------------------------------------------

    def _records(self, start: int, length: int) -> tuple[list[_Record], bool]:
        """All records, bottom first, and whether the merged picture has transparency."""
        end = min(start + length, self._size)
        if length < 4:
            return [], False
        (inner, count), place = self._section(start, self._wide)
        if count >= 2:
            return self._layer_info(inner, min(inner + count, end))
        # Deep layers stand in a block of their own behind an empty list and the global mask.
        _, place = self._section(place)
        for key, at, held in self._blocks(place, end, 4):
            if key in (b"Lr16", b"Lr32", b"Layr"):
                return self._layer_info(at, min(at + held, end))
        return [], False

    def _blocks(self, place: int, end: int, aligned: int) -> Iterator[tuple[bytes, int, int]]:
        """Key, place and length of each block."""
        while place + 12 <= end:
            head = self._bytes(place, 8)
            if head[:4] not in (b"8BIM", b"8B64"):
                return
            wide = self._wide and (head[4:] in _LONG or head[:4] == b"8B64")
            (at, length), _ = self._section(place + 8, wide)
            yield head[4:], at, length
            place = at + length + -length % aligned

    def _layer_info(self, place: int, end: int) -> tuple[list[_Record], bool]:
        count = self._number(place, ">h")
        if abs(count) > 2 * MOST_LAYERS:
            raise DamagedError(f"has more than {MOST_LAYERS} layers; merge some of them first")
        place += 2
        records: list[_Record] = []
        for _ in range(abs(count)):
            found = self._record(place, end)
            if found is None:
                self._cut = True
                break
            record, place = found
            records.append(record)
        else:
            for record in records:
                for _, length in record.channels:
                    record.starts.append(place)
                    place += length
        return [record for record in records if record.starts or not record.channels], count < 0

    def _record(self, place: int, end: int) -> tuple[_Record, int] | None:
        """A record and where it ends; None where it is damaged or cut off."""
        head = self._bytes(place, 18)
        if len(head) < 18:
            return None
        top, left, bottom, right, count = struct.unpack(">4iH", head)
        code = ">hQ" if self._wide else ">hI"
        step = struct.calcsize(code)
        table = self._bytes(place + 18, count * step)
        place += 18 + count * step
        rest = self._bytes(place, 16)
        if count > 60 or len(table) < count * step or len(rest) < 16 or rest[:4] != b"8BIM":
            return None
        channels = [struct.unpack_from(code, table, at) for at in range(0, len(table), step)]
        key, opacity, clipping, flags, extra = struct.unpack(">4x4sBBBxI", rest)
        record = _Record(*(top, left, bottom, right), channels, key, opacity, clipping == 1, flags)
        place += 16
        last = place + extra
        if last > end:
            return None
        (mask_at, mask_length), place = self._section(place)
        record.mask = _mask_of(self._bytes(mask_at, min(mask_length, 4096)))
        _, place = self._section(place)
        named = self._number(place, ">B")
        name = self._bytes(place + 1, named)
        record.name = name.decode("mac_roman", "replace")
        place += -(-(1 + named) // 4) * 4
        for block, at, length in self._blocks(place, last, 2):
            if block in _KEPT_BLOCKS and length <= _LARGEST_BLOCK:
                record.blocks.setdefault(block, self._bytes(at, length))
        told = record.blocks.get(_UNICODE_NAME, b"")
        if len(told) >= 4:
            letters = told[4 : 4 + 2 * min(struct.unpack(">I", told[:4])[0], 1000)]
            record.name = letters.decode("utf-16-be", "replace").rstrip("\0") or record.name
        record.name = record.name[:1000] or "Layer"
        return record, last

    def _layers(self, records: Sequence[_Record]) -> list[PhotographLayer]:
        """The tree of layers, bottom first."""
        for record in records:
            sides = (record.width, record.height)
            if not all(side <= 1 << 20 for side in sides):
                raise DamagedError("is damaged: a layer is far too large")
            self._left -= math.prod(sides) * 4 * self._dtype.itemsize
            if record.mask is not None:
                mask = record.mask
                across, down = max(mask.right - mask.left, 0), max(mask.bottom - mask.top, 0)
                self._left -= across * down * self._dtype.itemsize
            if self._left < 0:
                raise DamagedError(
                    "has layers that are too large for the memory; merge some of them first"
                )
        stacks: list[list[PhotographLayer]] = [[]]
        for record in records:
            if record.section == 3:
                if len(stacks) > DEEPEST:
                    raise DamagedError(
                        f"has groups more than {DEEPEST} deep; merge some of them first"
                    )
                stacks.append([])
            elif record.section in (1, 2) and len(stacks) > 1:
                inside = stacks.pop()
                stacks[-1] += self._group(record, inside)
            elif record.section not in (1, 2):
                stacks[-1] += self._layer(record)
        while len(stacks) > 1:  # groups whose end is missing
            inside = stacks.pop()
            stacks[-1] += inside
        return stacks[0]

    def _group(self, record: _Record, inside: list[PhotographLayer]) -> list[PhotographLayer]:
        block = record.blocks.get(_SECTION) or record.blocks.get(b"lsdk") or b""
        if len(block) >= 12 and block[4:8] == b"8BIM":
            record.key = block[8:12]
        group = self._told(record, PhotographLayer(record.name, None, inside))
        blends = any(item.mode != "normal" for item in inside)
        if record.key == _PASS and blends and group.visible and not record.clipped:
            if group.opacity == 1 and group.mask is None:
                self.notes.append(
                    f"The group {record.name} was taken apart: its layers are blended with what"
                    " lies below it, which Safelight's groups do not do."
                )
                return inside
            self.notes.append(
                f"{record.name}: the layers in it are no longer blended with what lies below it."
            )
        return [group]

    def _layer(self, record: _Record) -> list[PhotographLayer]:
        for key, what in _ADJUSTMENTS.items():
            if key in record.blocks and not record.width * record.height:
                self.notes.append(f"{record.name} was left out: Safelight has no like of {what}.")
                return []
        if record.blocks.keys() & _EFFECTS:
            self.notes.append(f"{record.name}: its layer effects were left out.")
        for key, what in _RENDERED.items():
            if key in record.blocks:
                self.notes.append(f"{record.name}: {what}.")
                break
        if not record.width * record.height:
            return self._fill(record)
        found = self._pixels(record)
        layer = PhotographLayer(record.name, found, x=record.left, y=record.top)
        return [self._told(record, layer)]

    def _fill(self, record: _Record) -> list[PhotographLayer]:
        colour = _colour(record.blocks.get(_SOLID, b""))
        shaped = b"vmsk" in record.blocks or b"vsms" in record.blocks
        if colour is None or shaped and record.mask is None:
            if _SOLID in record.blocks:
                self.notes.append(
                    f"{record.name} was left out: the file holds no pixels of its shape."
                )
            return []
        return [self._told(record, PhotographLayer(record.name, fill=colour))]

    def _told(self, record: _Record, layer: PhotographLayer) -> PhotographLayer:
        """A layer as its record says."""
        fill = record.blocks.get(_FILL_OPACITY, b"\xff")[:1] or b"\xff"
        layer.opacity = record.opacity / 255 * (fill[0] / 255)
        layer.visible = not record.flags & 2
        layer.mode = _MODES.get(record.key, "normal")
        layer.locked = len(record.blocks.get(_LOCKED, b"")) >= 4 and bool(
            struct.unpack(">I", record.blocks[_LOCKED][:4])[0] & 0x80000002
        )
        layer.role = "clipped" if record.clipped else "plain"
        if record.key not in _MODES and record.key != _PASS:
            named = record.key.decode("ascii", "replace")
            self.notes.append(f"{record.name} became normal: the blend mode {named} is not known.")
        layer.mask = self._mask(record)
        return layer

    # -- pixels ------------------------------------------------------------------------------

    def _mask(self, record: _Record) -> PhotographMask | None:
        mask = record.mask
        if mask is None:
            return None
        if mask.flags & 2:
            self.notes.append(f"{record.name}: its mask, which is switched off, was left out.")
            return None
        if mask.feathered:
            self.notes.append(f"{record.name}: its mask is not feathered any more.")
        index = next((i for i, (number, _) in enumerate(record.channels) if number == _MASK), None)
        width, height = mask.right - mask.left, mask.bottom - mask.top
        x, y, beyond = mask.left, mask.top, mask.beyond
        if index is None or width <= 0 or height <= 0:
            if beyond == 255:
                return None
            # Everything is hidden: a mask of one black pixel.
            plane = np.zeros((1, 1), self._dtype)
        else:
            plane = self._plane(record.starts[index], record.channels[index][1], width, height)
        if mask.density < 255:
            if beyond == 0:
                # What is beyond shows a little too: then the mask is as large as the picture.
                whole = np.zeros((self._height, self._width), plane.dtype)
                _lay(whole, plane, x, y)
                plane, x, y, beyond = whole, 0, 0, 255
            full = 1.0 if plane.dtype.kind == "f" else float(np.iinfo(plane.dtype).max)
            shown = full - (full - plane.astype(np.float64)) * (mask.density / 255)
            plane = (shown if plane.dtype.kind == "f" else np.rint(shown)).astype(plane.dtype)
        native = np.ascontiguousarray(plane, plane.dtype.newbyteorder("="))
        return PhotographMask(native[..., None], x, y, int(beyond > 127))

    def _pixels(self, record: _Record) -> Photograph:
        colours = 3 if self._mode == _LAB else CHANNELS[self._space]
        numbers = {number: index for index, (number, _) in enumerate(record.channels)}
        alpha = _ALPHA in numbers
        made = np.zeros((record.height, record.width, colours + alpha), self._dtype)
        for at, number in enumerate([*range(colours), _ALPHA][: colours + alpha]):
            index = numbers.get(number)
            if index is not None:
                made[..., at] = self._plane(
                    record.starts[index], record.channels[index][1], record.width, record.height
                )
        pixels = self._converted(made.astype(self._dtype.newbyteorder("="), copy=False))
        return Photograph(pixels, self._space, alpha, self._icc)

    def _plane(self, start: int, length: int, width: int, height: int) -> NDArray[Any]:
        """A channel of a layer."""
        how = self._number(start, ">H")
        held = max(min(start + length, self._size) - start - 2, 0)
        plane, rows = self._unpacked(start + 2, held, how, width, height, 1)
        if rows < height:
            self._cut = True
        channel: NDArray[Any] = plane[0]
        return channel

    def _unpacked(
        self, start: int, held: int, how: int, width: int, height: int, count: int
    ) -> tuple[NDArray[Any], int]:
        """Channels (count, height, width), and how many of all their rows are there."""
        row = -(-width // 8) if self._depth == 1 else width * self._dtype.itemsize
        total = row * height * count
        if how not in _EXPANSION:
            return np.zeros((count, height, width), self._dtype), 0
        check_packing(total, max(held, 1), _EXPANSION[how] if held else 1)
        data = self._bytes(start, held)
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
            raw = _undifferenced(raw, row, self._dtype)
        return np.frombuffer(raw, self._dtype).reshape(count, height, width), rows

    def _packbits(self, data: bytes, row: int, rows: int) -> bytes:
        """Rows that are packed one by one, behind the lengths of all."""
        import imagecodecs

        number = np.dtype(">u4" if self._wide else ">u2")
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
                made, self._hurt = bytes(row), True
            whole += made
        return bytes(whole)

    def _merged(self, place: int, channels: int, transparent: bool) -> tuple[NDArray[Any], bool]:
        """The picture as it was drawn, without channels where there is none."""
        nothing: NDArray[Any] = np.empty((self._height, self._width, 0), np.uint8)
        needed = 1 if self._mode == _INDEXED else 3 if self._mode == _LAB else CHANNELS[self._space]
        if not self._is_merged or channels < needed or place + 2 > self._size:
            self._cut = self._cut or place + 2 > self._size
            return nothing, False
        alpha = transparent and channels > needed
        count = needed + alpha
        check_bytes(
            self._width * self._height * count * self._dtype.itemsize,
            self._limit,
            f"{count} channels",
        )
        how, held = self._number(place, ">H"), self._size - place - 2
        try:
            planes, rows = self._unpacked_first(place + 2, held, how, channels, count)
        except DamagedError:
            if transparent:
                return nothing, False
            raise
        if rows < count * self._height:
            if rows == 0:
                return nothing, False
            self._cut = True
        if channels > count:
            word = "channel" if channels - count == 1 else "channels"
            self.notes.append(f"{channels - count} extra {word} of unknown meaning left out.")
        pixels = np.moveaxis(planes, 0, -1).astype(self._dtype.newbyteorder("="))
        if alpha:
            pixels = _unmatted(pixels)
        return self._converted(pixels), alpha

    def _unpacked_first(
        self, start: int, held: int, how: int, channels: int, count: int
    ) -> tuple[NDArray[Any], int]:
        """The first ``count`` of the merged picture's channels."""
        if how == 1 and channels > count:
            # The lengths of the other channels' rows stand between.
            wide = 4 if self._wide else 2
            mine, others = count * self._height * wide, (channels - count) * self._height * wide
            table = self._bytes(start, mine)
            data = table + self._bytes(start + mine + others, max(held - mine - others, 0))
            row = self._width * self._dtype.itemsize
            check_packing(row * self._height * count, max(held, 1), _EXPANSION[1])
            raw = self._packbits(data, row, self._height * count)
            rows = len(raw) // row
            raw += bytes(row * self._height * count - len(raw))
            return np.frombuffer(raw, self._dtype).reshape(count, self._height, self._width), rows
        return self._unpacked(start, held, how, self._width, self._height, count)

    def _converted(self, pixels: NDArray[Any]) -> NDArray[Any]:
        """Numbers as a photograph has them."""
        if self._mode == _CMYK:
            full = 1.0 if pixels.dtype == np.float32 else np.iinfo(pixels.dtype).max
            pixels[..., :4] = full - pixels[..., :4]  # the file counts paper
        elif self._mode == _LAB:
            if lab.NOTE not in self.notes:
                self.notes.append(lab.NOTE)
            step = 257 if pixels.dtype == np.uint16 else 1
            return lab.rgb_of_lab(pixels, 255 * step, 128 * step, step)
        elif self._mode == _INDEXED:
            table = np.zeros((256, 3), np.uint8)
            held = np.frombuffer(self._palette[:768], np.uint8)
            if len(held) == 768:
                table[:] = held.reshape(3, 256).T
            coloured: NDArray[Any] = table[pixels[..., 0]]
            return coloured
        return np.ascontiguousarray(pixels)


def _mask_of(data: bytes) -> _Mask | None:
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
    return _Mask(top, left, bottom, right, beyond, flags, density, feathered)


def _resolution(data: bytes) -> tuple[float, float] | None:
    if len(data) < 16:
        return None
    x, y = struct.unpack(">I4xI4x", data[:16])
    return (x / 65536, y / 65536) if x and y else None


def _colour(block: bytes) -> str | None:
    """The colour of a fill as its descriptor states it, where that is RGB or grey."""
    found = {key: struct.unpack(">d", value)[0] for key, value in _NUMBER.findall(block)}
    if b"Gry " in found:
        level = 255 * (1 - found[b"Gry "] / 100)
        channels = [level] * 3
    else:
        channels = [found.get(key, math.nan) for key in (b"Rd  ", b"Grn ", b"Bl  ")]
    if not all(0 <= each <= 256 for each in channels):
        return None
    return "#" + "".join(f"{min(round(each), 255):02x}" for each in channels)


def _lay(whole: NDArray[Any], part: NDArray[Any], x: int, y: int) -> None:
    height, width = whole.shape
    top, left = max(y, 0), max(x, 0)
    bottom, right = min(y + part.shape[0], height), min(x + part.shape[1], width)
    if top < bottom and left < right:
        whole[top:bottom, left:right] = part[top - y : bottom - y, left - x : right - x]


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


def _unmatted(pixels: NDArray[Any]) -> NDArray[Any]:
    """The picture's colours without the white that Photoshop lays behind what is transparent."""
    full = 1.0 if pixels.dtype == np.float32 else float(np.iinfo(pixels.dtype).max)
    for top in range(0, len(pixels), 256):
        rows = pixels[top : top + 256]
        alpha = rows[..., -1:].astype(np.float64) / full
        if (alpha == 1).all():
            continue
        colour = rows[..., :-1].astype(np.float64) / full
        bare = np.divide(colour - (1 - alpha), alpha, out=colour.copy(), where=alpha > 0)
        if pixels.dtype != np.float32:
            bare = np.rint(np.clip(bare, 0, 1) * full)
        rows[..., :-1] = np.where(alpha < 1, bare, rows[..., :-1])
    return pixels


CODEC = Codec(
    "Photoshop",
    suffixes=(".psd", ".psb"),
    beginnings=(rb"8BPS\0[\1\2]",),
    read=read,
    in_place=True,
    layers=True,
    holds=frozenset({"exif", "xmp", "iptc", "dpi"}),
    depths=("uint8", "uint16", "float32"),
    largest_side=300_000,
    write_document=partial(export_photoshop, read=read),
)
