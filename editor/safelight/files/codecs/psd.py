"""PSD and PSB: reading pictures and layers of Photoshop (Adobe Photoshop file formats, 2019).

The file may be a stranger's. Sizes are known before anything is unpacked; what is not understood is
stepped over; of descriptors nothing is read but the colour of a fill.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Sequence
from functools import partial
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from safelight.document import Metadata
from safelight.document.layer import DEEPEST
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
    check_size,
)
from safelight.files.codecs.psd_channels import Channels
from safelight.files.codecs.psd_sections import (
    FILL_OPACITY,
    LOCKED,
    SECTION,
    UNICODE_NAME,
    PsdFile,
    Record,
)
from safelight.files.colours import lab
from safelight.files.exports.photoshop_export import KEYS, Resource, export_photoshop
from safelight.files.metadata import stated_picture

_BITMAP, _GREY, _INDEXED, _RGB, _CMYK, _MULTICHANNEL, _DUOTONE, _LAB = 0, 1, 2, 3, 4, 7, 8, 9
_INKS = "Its channels are inks of their own: they were taken for grey, for RGB or for CMYK."
_SPACES: dict[int, Space] = {
    **{_BITMAP: "grey", _GREY: "grey", _DUOTONE: "grey"},
    **{_INDEXED: "rgb", _RGB: "rgb", _LAB: "rgb", _CMYK: "cmyk"},
}

_MODES = {key: mode for mode, key in KEYS.items()}
_PASS = b"pass"

_ALPHA, _MASK = -1, -2

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
    + (SECTION, b"lsdk", UNICODE_NAME, LOCKED, FILL_OPACITY, _SOLID)
)
_NUMBER = re.compile(rb"(Rd  |Grn |Bl  |Gry )doub(.{8})", re.DOTALL)


def read(file: BinaryIO, size: int, limit: Limit, room: Room = np.empty) -> Photograph:
    """The picture of a PSD or PSB file as its program drew it, and its layers.

    ``notes`` say what of the layers Safelight has no like of. A file that is cut off gives the
    layers that are there.
    """
    return _Reading(file, size, limit, room).photograph()


class _Reading:
    """One file being read."""

    def __init__(self, file: BinaryIO, size: int, limit: Limit, room: Room) -> None:
        self._file, self._limit, self._room = PsdFile(file, size), limit, room
        self.notes: list[str] = []
        self._left = math.inf if limit is None else limit * BYTES_PER_PIXEL

    def photograph(self) -> Photograph:
        """All that there is."""
        header = self._file.header()
        mode, channels = header.mode, header.channels
        if mode == _MULTICHANNEL:
            # Inks of any kind: most often those that another kind of picture was made of.
            mode = _GREY if channels < 3 else _RGB if channels == 3 else _CMYK
            self.notes.append(_INKS)
        if mode not in _SPACES:
            raise DamagedError("has colours of a kind that Safelight cannot open; save it as RGB")
        check_size(header.width, header.height, self._limit)
        self._mode, self._space = mode, _SPACES[mode]
        self._width, self._height = header.width, header.height
        self._channels = Channels(self._file, header.depth)
        self._dtype = self._channels.dtype
        colours, place = self._file.section(26)
        resources, place = self._file.section(place)
        self._palette = self._file.part(*colours) if mode == _INDEXED else b""
        self._read_resources(self._file.resources(*resources))
        layers_at, place = self._file.section(place, self._file.wide)
        records, transparent = self._file.records(*layers_at, _KEPT_BLOCKS)
        if mode == _DUOTONE:
            self.notes.append("Its duotone inks were left out; the picture is the grey below them.")
        layers = self._layers(records)
        pixels, alpha = self._merged(place, channels, transparent)
        if not pixels.shape[2] and not layers:
            raise DamagedError("is damaged or cut off: nothing of the picture is left in it")
        if self._file.cut:
            self.notes.append("The file ends early; what is missing is empty.")
        if self._file.hurt:
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

    def _read_resources(self, found: dict[int, bytes]) -> None:
        exif = found.get(Resource.EXIF, b"").removeprefix(b"Exif\0\0")
        self._icc = found.get(Resource.ICC) or None
        if self._mode == _LAB:
            self._icc = lab.prophoto_profile()
        version = found.get(Resource.VERSION, b"")
        self._is_merged = len(version) < 5 or version[4] != 0
        self._metadata = Metadata(
            # The pixels stand upright already.
            exif=stated_picture.upright(exif) if exif else None,
            xmp=found.get(Resource.XMP) or None,
            iptc=found.get(Resource.IPTC) or None,
            dpi=_resolution(found.get(Resource.RESOLUTION, b"")),
        )

    # -- layers ------------------------------------------------------------------------------

    def _layers(self, records: Sequence[Record]) -> list[PhotographLayer]:
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

    def _group(self, record: Record, inside: list[PhotographLayer]) -> list[PhotographLayer]:
        block = record.blocks.get(SECTION) or record.blocks.get(b"lsdk") or b""
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

    def _layer(self, record: Record) -> list[PhotographLayer]:
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

    def _fill(self, record: Record) -> list[PhotographLayer]:
        colour = _colour(record.blocks.get(_SOLID, b""))
        shaped = b"vmsk" in record.blocks or b"vsms" in record.blocks
        if colour is None or shaped and record.mask is None:
            if _SOLID in record.blocks:
                self.notes.append(
                    f"{record.name} was left out: the file holds no pixels of its shape."
                )
            return []
        return [self._told(record, PhotographLayer(record.name, fill=colour))]

    def _told(self, record: Record, layer: PhotographLayer) -> PhotographLayer:
        """A layer as its record says."""
        fill = record.blocks.get(FILL_OPACITY, b"\xff")[:1] or b"\xff"
        layer.opacity = record.opacity / 255 * (fill[0] / 255)
        layer.visible = not record.flags & 2
        layer.mode = _MODES.get(record.key, "normal")
        layer.locked = len(record.blocks.get(LOCKED, b"")) >= 4 and bool(
            struct.unpack(">I", record.blocks[LOCKED][:4])[0] & 0x80000002
        )
        layer.role = "clipped" if record.clipped else "plain"
        if record.key not in _MODES and record.key != _PASS:
            named = record.key.decode("ascii", "replace")
            self.notes.append(f"{record.name} became normal: the blend mode {named} is not known.")
        layer.mask = self._mask(record)
        return layer

    # -- pixels ------------------------------------------------------------------------------

    def _mask(self, record: Record) -> PhotographMask | None:
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
            plane = self._channels.plane(
                record.starts[index], record.channels[index][1], width, height
            )
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

    def _pixels(self, record: Record) -> Photograph:
        colours = 3 if self._mode == _LAB else CHANNELS[self._space]
        numbers = {number: index for index, (number, _) in enumerate(record.channels)}
        alpha = _ALPHA in numbers
        made = np.zeros((record.height, record.width, colours + alpha), self._dtype)
        for at, number in enumerate([*range(colours), _ALPHA][: colours + alpha]):
            index = numbers.get(number)
            if index is not None:
                made[..., at] = self._channels.plane(
                    record.starts[index], record.channels[index][1], record.width, record.height
                )
        pixels = self._converted(made.astype(self._dtype.newbyteorder("="), copy=False))
        return Photograph(pixels, self._space, alpha, self._icc)

    def _merged(self, place: int, channels: int, transparent: bool) -> tuple[NDArray[Any], bool]:
        """The picture as it was drawn, without channels where there is none."""
        nothing: NDArray[Any] = np.empty((self._height, self._width, 0), np.uint8)
        needed = 1 if self._mode == _INDEXED else 3 if self._mode == _LAB else CHANNELS[self._space]
        if not self._is_merged or channels < needed or place + 2 > self._file.size:
            self._file.cut = self._file.cut or place + 2 > self._file.size
            return nothing, False
        alpha = transparent and channels > needed
        count = needed + alpha
        check_bytes(
            self._width * self._height * count * self._dtype.itemsize,
            self._limit,
            f"{count} channels",
        )
        how, held = self._file.number(place, ">H"), self._file.size - place - 2
        try:
            planes, rows = self._channels.first(
                place + 2, held, how, (self._width, self._height), channels, count
            )
        except DamagedError:
            if transparent:
                return nothing, False
            raise
        if rows < count * self._height:
            if rows == 0:
                return nothing, False
            self._file.cut = True
        if channels > count:
            word = "channel" if channels - count == 1 else "channels"
            self.notes.append(f"{channels - count} extra {word} of unknown meaning left out.")
        pixels = np.moveaxis(planes, 0, -1).astype(self._dtype.newbyteorder("="))
        if alpha:
            pixels = _unmatted(pixels)
        return self._converted(pixels), alpha

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
