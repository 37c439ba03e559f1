"""Photoshop export: layered pictures for Photoshop and what reads its files (.psd, .psb).

Adobe Photoshop file formats, 2019. This module writes; ``codecs.psd`` reads.
"""

from __future__ import annotations

import enum
import os
import struct
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from safelight.document import Document, Layer, LayerFailed, Live, effective_raster, whole
from safelight.document.document import clipping_bases
from safelight.document.geometry import settled
from safelight.files.atomic import atomic_write
from safelight.files.codecs.photograph import Photograph
from safelight.files.exports.export_outcome import Exported, ExportError
from safelight.files.exports.openraster_export import bare, mapped, seen_ids, with_offsets
from safelight.files.exports.photoshop_check import checker_of
from safelight.files.exports.photoshop_pixels import (
    differenced,
    in_depth,
    is_opaque,
    matted,
    trimmed,
)
from safelight.files.provenance import provenance
from safelight.files.sentences import CLOSE
from safelight.files.write_errors import plain_name
from safelight.pixels import Raster

KEYS = {
    **{"normal": b"norm", "darken": b"dark", "multiply": b"mul ", "color-burn": b"idiv"},
    **{"linear-burn": b"lbrn", "lighten": b"lite", "screen": b"scrn", "color-dodge": b"div "},
    **{"linear-dodge": b"lddg", "overlay": b"over", "soft-light": b"sLit", "hard-light": b"hLit"},
    **{"vivid-light": b"vLit", "linear-light": b"lLit", "pin-light": b"pLit", "hard-mix": b"hMix"},
    **{"difference": b"diff", "exclusion": b"smud", "subtract": b"fsub", "divide": b"fdiv"},
    **{"hue": b"hue ", "saturation": b"sat ", "color": b"colr", "luminosity": b"lum "},
}
"""Blend modes by Photoshop's names."""

LARGEST_SIDE = 30_000
"""Pixels of a PSD's side; a PSB has ten times as many."""

_LARGEST_FILE = 2_000_000_000
_WORD = {"uint8": ">u1", "uint16": ">u2", "float32": ">f4"}
_BITS = {"uint8": 8, "uint16": 16, "float32": 32}
_DEEP = {"uint16": b"Lr16", "float32": b"Lr32"}
_PACKBITS, _PLAIN, _DEFLATE_DIFFERENCES = 1, 0, 3
_LEVEL = 4
_GROUP_END = "</Layer group>"
_HIDDEN, _MODERN, _NO_PIXELS = 2, 8, 16
_LOCK_ALL = 1 << 31


class Resource(enum.IntEnum):
    """Image resources by their numbers."""

    RESOLUTION = 1005
    IPTC = 1028
    ICC = 1039
    VERSION = 1057
    EXIF = 1058
    XMP = 1060


def export_photoshop(
    document: Document,
    path: str | os.PathLike[str],
    *,
    read: Callable[[BinaryIO, int, None], Photograph],
    overwrite: bool = False,
    live: Live | None = None,
    hear: Callable[[float], object] = lambda _: None,
) -> Exported:
    """Write ``document`` as a PSD file, or a PSB where ``path`` ends so, whole or not at all.

    ``read`` decodes such a file of so many bytes: what was written is read back by it.
    ``notes`` name what such a file cannot hold: filter layers and fills become pixels (cheap ones
    run through ``live``). The picture as a whole, with its metadata, is in it as it is seen.

    ``hear`` is told how much is done, 0 to 1; what it raises ends it, and nothing is left.

    Raises FileExists, WriteError as ``atomic_write`` does, ExportError without memory and for what
    is too large for a PSD, and LayerFailed for a layer that is shown and cannot be computed.
    """
    name = plain_name(path)
    big = os.fspath(path).lower().endswith(".psb")
    if max(document.width, document.height) > LARGEST_SIDE and not big:
        raise ExportError(
            f"{name} cannot be exported: a PSD has at most {LARGEST_SIDE} pixels a side; let its"
            " name end in .psb."
        )
    try:
        own = dict(with_offsets(document))
        document = settled(document).picture
        merged = whole(document, live, hear=lambda done: hear(0.4 * done))
        writing = _Writing(document, merged, live, own, big, hear)
        check = checker_of(name, merged, read, hear)
        written = atomic_write(path, writing.write, overwrite=overwrite, check=check)
    except MemoryError as error:
        raise ExportError(
            f"{name} cannot be exported: there is not enough memory; {CLOSE}."
        ) from error
    except _TooLong as error:
        raise ExportError(
            f"{name} cannot be exported: a PSD has at most 2 GB; let its name end in .psb."
        ) from error
    return Exported(written.path, written.bytes, (*dict.fromkeys(writing.notes), *written.notes))


class _TooLong(Exception):
    """More bytes than a PSD may have."""


@dataclass(frozen=True)
class _Entry:
    """A layer to write: a record and the pixels that belong to it."""

    layer: Layer
    raster: Raster | None = None
    x: int = 0
    y: int = 0
    clipped: bool = False
    section: int = 0


class _Writing:
    """One file being written. ``notes`` collects what it cannot hold."""

    def __init__(
        self,
        document: Document,
        merged: Raster,
        live: Live | None,
        own: Mapping[str, tuple[Layer, int, int]],
        big: bool,
        hear: Callable[[float], object],
    ) -> None:
        self.document = document
        self._hear = hear
        self.notes: list[str] = []
        self._merged = merged
        self._own = own
        self._live = live
        self._big = big
        self._depth = document.depth
        self._seen = frozenset(seen_ids(document.layers))
        self._length = ">Q" if big else ">I"

    def write(self, stream: BinaryIO) -> None:
        """Write the whole file."""
        channels = self._merged.channels
        bits = _BITS[self._depth]
        size = self.document.height, self.document.width
        stream.write(struct.pack(">4sH6xHIIHH", b"8BPS", 1 + self._big, channels, *size, bits, 3))
        stream.write(struct.pack(">I", 0))
        resources = self._resources()
        stream.write(struct.pack(">I", len(resources)) + resources)
        self._write_layers(stream)
        self._write_merged(stream)
        if not self._big and stream.tell() > _LARGEST_FILE:
            raise _TooLong

    def _resources(self) -> bytes:
        held = self.document.metadata
        found = {
            Resource.IPTC: held.iptc,
            Resource.ICC: self.document.profile.icc,
            Resource.EXIF: held.exif,
            Resource.XMP: provenance.marked_xmp(self.document, held.xmp, self.notes),
            # Version 1, with a picture that is the layers merged; who wrote and who reads.
            Resource.VERSION: struct.pack(">IB", 1, 1) + _words("Safelight") * 2 + bytes(4),
        }
        if held.dpi:
            x, y = (min(max(round(dots * 65536), 1), 2**32 - 1) for dots in held.dpi)
            found[Resource.RESOLUTION] = struct.pack(">IHHIHH", x, 1, 1, y, 1, 1)
        parts = []
        for number, data in sorted(found.items()):
            if data:
                parts.append(struct.pack(">4sHHI", b"8BIM", number, 0, len(data)) + data)
                parts.append(bytes(len(data) % 2))
        return b"".join(parts)

    # -- layers ------------------------------------------------------------------------------

    def _write_layers(self, stream: BinaryIO) -> None:
        entries = self._entries(self.document.layers)
        section = self._begin(stream)
        if self._depth in _DEEP:
            stream.write(bytes(struct.calcsize(self._length)) + bytes(4))
            stream.write(b"8BIM" + _DEEP[self._depth])
        inner = self._begin(stream)
        count = len(entries)
        stream.write(struct.pack(">h", -count if self._merged.channels == 4 else count))
        places = [self._write_record(stream, entry) for entry in entries]
        for number, (entry, place) in enumerate(zip(entries, places, strict=True)):
            self._hear(0.4 + 0.4 * number / count)
            self._write_channels(stream, entry, place)
        stream.write(bytes(-(stream.tell() - inner) % 4))
        self._end(stream, inner)
        if self._depth not in _DEEP:
            stream.write(bytes(4))  # no mask of all layers
        self._end(stream, section)

    def _begin(self, stream: BinaryIO) -> int:
        """Leave room for a length; gives the place behind it."""
        stream.write(bytes(struct.calcsize(self._length)))
        return stream.tell()

    def _end(self, stream: BinaryIO, start: int) -> None:
        """State the length of what began at ``start``."""
        end = stream.tell()
        length = end - start
        if not self._big and length > _LARGEST_FILE:
            raise _TooLong
        stream.seek(start - struct.calcsize(self._length))
        stream.write(struct.pack(self._length, length))
        stream.seek(end)

    def _entries(self, layers: tuple[Layer, ...]) -> list[_Entry]:
        """What to write of some layers, bottom first."""
        layers = tuple(self._settled(layer) for layer in layers)
        made: list[_Entry] = []
        bases, place = clipping_bases(layers), 0
        while place < len(layers):
            end = place + 1
            while end < len(layers) and bases[end] is not None:
                end += 1
            layer, clipped = layers[place], layers[place + 1 : end]
            if layer.filter is not None:
                made = self._filtered(layers[: place + 1], made)
            elif any(item.filter is not None for item in clipped):
                self.notes.append(f"{layer.name} was merged with the layers clipped to it.")
                merged = whole(self._of((bare(layer), *clipped)), self._live)
                made.append(_Entry(replace(layer, synthetic=""), merged))
            else:
                made += self._plain(layer)
                for item in clipped:
                    made += self._plain(item, clipped=True)
            place = end
        return made

    def _settled(self, layer: Layer) -> Layer:
        """A layer, or what a generator has made for it as a layer of pixels."""
        if layer.filter is None or layer.pixels is None:
            return layer
        self._became_pixels(layer)
        return replace(layer, content=layer.pixels, mask=effective_raster(layer))

    def _became_pixels(self, layer: Layer) -> None:
        self.notes.append(f"{layer.name} became pixels: a Photoshop file holds no filters.")

    def _plain(self, layer: Layer, clipped: bool = False) -> list[_Entry]:
        if layer.is_group:
            inside = self._entries(layer.layers)
            end = Layer(_GROUP_END, layer.content)
            return [_Entry(end, section=3), *inside, _Entry(layer, clipped=clipped, section=1)]
        found = self._own.get(layer.id)
        if found is not None and layer.filter is None:
            own, x, y = found
            layer = replace(layer, content=own.content, mask=layer.mask and own.mask)
            return [_Entry(layer, layer.raster, x, y, clipped)]
        raster, x, y = trimmed(layer.raster)
        return [_Entry(layer, raster, x, y, clipped)]

    def _filtered(self, layers: tuple[Layer, ...], below: list[_Entry]) -> list[_Entry]:
        """A filter layer as pixels: what is seen of ``layers``, of which it is the uppermost."""
        layer = layers[-1]
        try:
            raster = whole(self._of((*layers[:-1], replace(layer, visible=True))), self._live)
        except LayerFailed as failure:
            if layer.id in self._seen:
                raise
            self.notes.append(f"{layer.name}, which is hidden, was left out. {failure}")
            return below
        self._became_pixels(layer)
        # Opacity, mode and mask are in the pixels already.
        done = replace(bare(layer), visible=layer.visible)
        if raster.channels == 3 or is_opaque(raster):
            return [*below, _Entry(done, mapped(raster, 3, lambda _, tile: tile[..., :3]))]
        # A filter leaves the transparency below it as it is: opaque pixels, clipped to that.
        group = Layer("Below", layer.content)
        opaque = mapped(raster, 3, lambda _, tile: tile[..., :3])
        end = Layer(_GROUP_END, layer.content)
        grouped = [_Entry(end, section=3), *below, _Entry(group, section=1)]
        return [*grouped, _Entry(done, opaque, clipped=True)]

    def _of(self, layers: tuple[Layer, ...]) -> Document:
        """Some layers by themselves."""
        return replace(self.document, layers=layers, selection=None)

    def _write_record(self, stream: BinaryIO, entry: _Entry) -> int:
        """The record of a layer; gives the place of its channels' lengths."""
        layer, raster = entry.layer, entry.raster
        numbers = _numbers(entry)
        sides = (0, 0) if raster is None else (raster.height, raster.width)
        box = (entry.y, entry.x, entry.y + sides[0], entry.x + sides[1])
        stream.write(struct.pack(">4iH", *(box if raster is not None else (0,) * 4), len(numbers)))
        place = stream.tell()
        for number in numbers:
            stream.write(struct.pack(">h", number) + bytes(struct.calcsize(self._length)))
        flags = _MODERN | (0 if layer.visible else _HIDDEN) | (0 if raster else _NO_PIXELS)
        key = KEYS[layer.mode]
        opacity = round(layer.opacity * 255)
        extra = self._mask_told(entry) + bytes(4) + _pascal(layer.name)
        extra += _block(b"luni", _words(layer.name))
        if layer.locked:
            extra += _block(b"lspf", struct.pack(">I", _LOCK_ALL))
        if entry.section:
            told = struct.pack(">I", entry.section)
            extra += _block(b"lsct", told + (b"8BIM" + key if entry.section == 1 else b""))
        stream.write(struct.pack(">4s4sBBBx", b"8BIM", key, opacity, entry.clipped, flags))
        stream.write(struct.pack(">I", len(extra)) + extra)
        return place

    def _mask_told(self, entry: _Entry) -> bytes:
        mask = entry.layer.mask
        if mask is None:
            return bytes(4)
        box = self._mask_box(entry, mask)
        return struct.pack(">I4iBBxx", 20, box[0], box[1], box[2], box[3], 0, 0)

    def _mask_box(self, entry: _Entry, mask: Raster) -> tuple[int, int, int, int]:
        """Top, left, bottom, right."""
        own = entry.raster is not None and entry.layer.id in self._own
        y, x = (entry.y, entry.x) if own else (0, 0)
        return y, x, y + mask.height, x + mask.width

    def _write_channels(self, stream: BinaryIO, entry: _Entry, place: int) -> None:
        lengths = []
        raster = entry.raster
        pixels = None if raster is None else raster.to_array()
        for number in _numbers(entry):
            before = stream.tell()
            if number == -2:
                assert entry.layer.mask is not None
                plane = in_depth(entry.layer.mask.to_array(), self._depth)[..., 0]
            elif pixels is None:
                stream.write(struct.pack(">H", _PLAIN))
                lengths.append(2)
                continue
            else:
                plane = pixels[..., 3 if number == -1 else number]
            self._write_plane(stream, plane)
            lengths.append(stream.tell() - before)
        end = stream.tell()
        for number, length in zip(_numbers(entry), lengths, strict=True):
            stream.seek(place)
            stream.write(struct.pack(">h" + self._length[1], number, length))
            place = stream.tell()
        stream.seek(end)

    def _write_plane(self, stream: BinaryIO, plane: NDArray[Any]) -> None:
        if plane.dtype == np.uint8:
            stream.write(struct.pack(">H", _PACKBITS))
            self._write_packbits(stream, [plane])
            return
        packer = zlib.compressobj(_LEVEL)
        stream.write(struct.pack(">H", _DEFLATE_DIFFERENCES))
        for top in range(0, len(plane), 256):
            stream.write(packer.compress(differenced(plane[top : top + 256])))
        stream.write(packer.flush())

    def _write_packbits(self, stream: BinaryIO, planes: Sequence[NDArray[Any]]) -> None:
        """Rows packed one by one, behind the lengths of all."""
        import imagecodecs

        code = ">u4" if self._big else ">u2"
        start = stream.tell()
        lengths: list[int] = []
        stream.write(bytes(sum(map(len, planes)) * np.dtype(code).itemsize))
        for plane in planes:
            for row in plane:
                packed = imagecodecs.packbits_encode(np.ascontiguousarray(row).tobytes())
                stream.write(packed)
                lengths.append(len(packed))
        end = stream.tell()
        stream.seek(start)
        stream.write(np.array(lengths, code).tobytes())
        stream.seek(end)

    def _write_merged(self, stream: BinaryIO) -> None:
        pixels = matted(self._merged.to_array())
        planes = [pixels[..., at] for at in range(pixels.shape[2])]
        if pixels.dtype == np.float32:
            stream.write(struct.pack(">H", _PLAIN))
            for plane in planes:
                stream.write(plane.astype(">f4").tobytes())
            return
        stream.write(struct.pack(">H", _PACKBITS))
        self._write_packbits(stream, [plane.astype(_WORD[self._depth]) for plane in planes])


def _numbers(entry: _Entry) -> list[int]:
    """The channels of a layer: colours, -1 for transparency, -2 for a mask."""
    raster = entry.raster
    # Some readers want a group to have the channels of a layer, empty.
    numbers = [-1, 0, 1, 2] if raster is None or raster.channels == 4 else [0, 1, 2]
    return [*numbers, *([-2] if entry.layer.mask is not None else [])]


def _words(text: str) -> bytes:
    coded = text.encode("utf-16-be", "replace")
    return struct.pack(">I", len(coded) // 2) + coded


def _pascal(text: str) -> bytes:
    coded = text.encode("mac_roman", "replace")[:255]
    return (bytes([len(coded)]) + coded).ljust(-(-(1 + len(coded)) // 4) * 4, b"\0")


def _block(key: bytes, data: bytes) -> bytes:
    data += bytes(-len(data) % 4)
    return b"8BIM" + key + struct.pack(">I", len(data)) + data
