"""OpenRaster, read: the layers of a picture from Krita, GIMP or MyPaint as a document.

The file may be a stranger's. Nothing is unpacked to the disk; sizes are known before anything is
unpacked to memory; XML that declares a document type is refused, and with it every entity.
"""

from __future__ import annotations

import contextlib
import math
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from xml.parsers import expat

import numpy as np
from numpy.typing import NDArray

from safelight.api import Region
from safelight.document import Document, Group, Layer, Metadata, render
from safelight.document.layer import DEEPEST, MOST_LAYERS
from safelight.files import png, provenance
from safelight.files.atomic import plain_name
from safelight.files.content import DamagedError, TooLargeError, check_size
from safelight.files.opening import (
    _BYTES_PER_PIXEL,
    Opened,
    OpenError,
    _in_words,
    _limit,
    _open_regular,
    _rgb,
)
from safelight.files.openraster import KRITAS, MERGED, MIMETYPE, OPERATIONS, STACK
from safelight.pixels import SRGB, Profile, Raster, from_float, to_float

_LARGEST_XML = 16 << 20
_LARGEST_DIRECTORY = 16 << 20
_LARGEST_BESIDE_PIXELS = 64 << 20
"""Bytes that profile, EXIF and XMP of one PNG may take."""

_MODES = {name: mode for mode, name in (OPERATIONS | KRITAS).items()}
_FAR = 1 << 31
_ALIKE = 4 / 255
"""Mean difference from the file's own picture that is no reason for a note."""


def open_openraster(path: str | os.PathLike[str], *, pixel_limit: int | None = None) -> Opened:
    """Open an OpenRaster file. ``notes`` say what Safelight has no like of.

    All layers together may take as much memory as a picture of ``pixel_limit`` pixels does while
    it is edited; without it the limits of ``open_picture`` count. Raises OpenError for everything
    that is no such file. May be called on any thread.
    """
    limit = _limit(pixel_limit)
    name = plain_name(path)
    with _open_regular(path, name) as file:
        try:
            with _in_words(name, limit), zipfile.ZipFile(_Careful(file)) as archive:
                return _Reading(archive, limit).opened(name)
        except _BROKEN as error:
            raise OpenError(f"{name} is damaged: it is no sound archive.") from error


_BROKEN = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError),
    *(RuntimeError, ValueError, OverflowError),
)
"""What ``zipfile`` raises for archives that are damaged, encrypted or packed unusually."""


class _Careful:
    """A file that does not give all of a huge list of members to ``zipfile`` at once."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, size: int = -1) -> bytes:
        if size > _LARGEST_DIRECTORY:
            raise DamagedError("holds too many files")
        data: bytes = self._file.read(_LARGEST_DIRECTORY if size < 0 else size)
        return data

    def close(self) -> None:
        """The file is closed by who opened it."""


@dataclass
class _Node:
    """An element of stack.xml, with the elements in it."""

    kind: str
    facts: dict[str, str]
    inside: list[_Node] = field(default_factory=list)


def _parsed(text: bytes) -> _Node:
    """The tree of stack.xml. Raises DamagedError."""
    root = _Node("", {})
    path = [root]
    count = 0

    def begin(kind: str, facts: dict[str, str]) -> None:
        nonlocal count
        count += 1
        if len(path) > DEEPEST:
            raise DamagedError(f"has stacks more than {DEEPEST} deep")
        if count > MOST_LAYERS:
            raise DamagedError(f"has more than {MOST_LAYERS} layers")
        node = _Node(kind, facts)
        path[-1].inside.append(node)
        path.append(node)

    def refuse(*_: object) -> None:
        raise DamagedError("declares a document type in its XML, which no OpenRaster file needs")

    parser = expat.ParserCreate()
    parser.StartElementHandler = begin
    parser.EndElementHandler = lambda _: path.pop()
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(text, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise DamagedError("is damaged: its list of layers cannot be read") from error
    if root.inside[0].kind != "image":
        raise DamagedError("is damaged: its list of layers is of something else")
    return root.inside[0]


class _Reading:
    """One file being read."""

    def __init__(self, archive: zipfile.ZipFile, limit: int) -> None:
        self.notes: list[str] = []
        self._archive = archive
        self._limit = limit
        self._left = limit * _BYTES_PER_PIXEL
        self._members = {member.filename: member for member in archive.infolist()}
        if len(self._members) != len(archive.infolist()):
            raise DamagedError("is damaged: it holds two files of one name")
        self._width = self._height = 0
        self._depth = "uint8"
        self._profile: Profile | None = None

    def opened(self, name: str) -> Opened:
        """The document and what there is to say about it."""
        if self._read("mimetype", 1024).strip() != MIMETYPE:
            raise DamagedError("is an archive, but no OpenRaster picture")
        image = _parsed(self._read(STACK, _LARGEST_XML))
        self._width, self._height = (_whole(image.facts, key, 0) for key in ("w", "h"))
        check_size(self._width, self._height, self._limit)
        stack = next((node for node in image.inside if node.kind == "stack"), None)
        if stack is None:
            raise DamagedError("is damaged: it has no layers")
        self._depth = "uint16" if any(self._depths(stack)) else "uint8"
        layers = self._layers(stack, 0, 0)
        if not layers:
            raise DamagedError("has no layers that Safelight can show")
        merged = self._merged()
        metadata = merged[1] if merged else Metadata()
        dots = [_whole(image.facts, key, 0) for key in ("xres", "yres")]
        if metadata.dpi is None and all(0 < each < 1_000_000 for each in dots):
            metadata = replace(metadata, dpi=(float(dots[0]), float(dots[1])))
        document = Document(
            *(self._width, self._height, self._depth, tuple(layers)),
            profile=self._profile or SRGB,
            metadata=metadata,
            name=name,
        )
        if merged and not _alike(document, merged[0]):
            self.notes.append(
                "It looks different from how the program that saved it drew it: layers are"
                " blended in ways that Safelight does not have."
            )
        return Opened(document, tuple(dict.fromkeys(self.notes)), "OpenRaster")

    # -- layers ------------------------------------------------------------------------------

    def _depths(self, stack: _Node) -> Iterator[bool]:
        """Whether each layer is 16-bit; by the way, that their sizes are to be believed."""
        for node in stack.inside:
            if node.kind == "stack":
                yield from self._depths(node)
            elif node.kind == "layer":
                head = self._head(node.facts.get("src", ""))
                if head is not None:
                    self._left -= head[0] * head[1] * (8 if head[2] == 16 else 4)
                    if self._left < 0:
                        raise DamagedError("has layers that are too large for the memory")
                    yield head[2] == 16

    def _layers(self, stack: _Node, x: int, y: int) -> list[Layer]:
        """The layers in a stack that lies at ``x``, ``y``, bottom first."""
        layers: list[Layer] = []
        for node in reversed(stack.inside):
            title = (node.facts.get("name") or "Layer")[:1000]
            at = x + _whole(node.facts, "x", 0), y + _whole(node.facts, "y", 0)
            if node.kind == "stack":
                self._add(layers, node, _lifted(title, self._layers(node, *at)))
            elif node.kind == "layer":
                layer = self._layer(node.facts.get("src", ""), *at, title)
                if layer is not None:
                    self._add(layers, node, layer)
            else:
                self.notes.append(f"{title} was left out: it is no pixels ({node.kind[:40]}).")
        return layers

    def _add(self, layers: list[Layer], node: _Node, layer: Layer) -> None:
        """Put a layer on the others as its element says."""
        facts = node.facts
        operation = facts.get("composite-op", "svg:src-over")
        mode = _MODES.get(operation.lower(), "normal")
        layer = replace(
            layer,
            opacity=_opacity(facts),
            mode=mode,
            visible=facts.get("visibility", "visible").lower() != "hidden",
            locked=facts.get("edit-locked", "false").lower() in ("true", "1"),
        )
        if operation in ("svg:dst-in", "svg:dst-out") and layer.holds_pixels:
            if layer.visible:
                mask = _alpha(layer.content, layer.opacity, operation == "svg:dst-out")
                layers[:] = [Layer("Masked", Group(tuple(layers)), mask=mask)]
            return
        if operation == "svg:src-atop":
            if not layers:
                layer = replace(layer, visible=False)  # atop of nothing there is nothing to see
            elif sum(not below.clipped for below in layers) > 1:
                layers[:] = [Layer("Below", Group(tuple(layers)))]
            layer = replace(layer, clipped=bool(layers))
        elif operation.lower() not in _MODES:
            self.notes.append(f"{layer.name} became normal: {operation[:40]} is not known.")
        layers.append(layer)

    def _layer(self, source: str, x: int, y: int, title: str) -> Layer | None:
        """A PNG as a layer of the document's size; None, with a note, when there is none.

        Every layer is brought into the depth of the finest and the profile of the first.
        """
        head = self._head(source)
        if head is None:
            self.notes.append(f"{title} was left out: its pixels are missing or no PNG.")
            return None
        width, height, bits, channels = head
        raw = height * (width * channels * bits // 8 + 2)
        content = png.read(
            self._read(source, raw + raw // 50 + _LARGEST_BESIDE_PIXELS), self._limit
        )
        if content.pixels.shape[:2] != (height, width):
            raise DamagedError("is damaged: a layer is not of the size that it says")
        pixels, profile = _rgb(content)
        self.notes += [f"{title}: {note}" for note in content.notes]
        self._profile = self._profile or profile
        if profile != self._profile and not (profile.is_srgb and self._profile.is_srgb):
            floats = self._profile.from_srgb(profile.to_srgb(to_float(pixels)))
            pixels = from_float(floats, self._depth)
            self.notes.append(f"{title} was converted into the colour profile of the first layer.")
        elif pixels.dtype.name != self._depth:
            pixels = from_float(to_float(pixels), self._depth)
        made = provenance.stated(content.metadata.xmp)
        return Layer(title, self._placed(pixels, x, y, title), synthetic=made)

    def _placed(self, pixels: NDArray[Any], x: int, y: int, title: str) -> Raster:
        """Pixels that lie at ``x``, ``y`` as a raster of the document's size."""
        height, width = pixels.shape[:2]
        whole = Region(0, 0, self._width, self._height)
        placed = Region(x, y, width, height)
        if placed == whole:
            return Raster.from_array(np.ascontiguousarray(pixels))
        shown = placed.intersect(whole)
        if shown != placed:
            self.notes.append(f"What {title} had outside the picture was cut off.")
        empty = Raster.filled(self._width, self._height, (0, 0, 0, 0), self._depth)
        if shown.empty:
            return empty
        part = shown.move(-x, -y)
        pixels = pixels[part.rows(), part.columns()]
        if pixels.shape[2] == 3:
            full = np.full((*pixels.shape[:2], 1), np.iinfo(pixels.dtype).max, pixels.dtype)
            pixels = np.concatenate([pixels, full], axis=2)
        return empty.replaced(shown, pixels)

    def _merged(self) -> tuple[Raster, Metadata] | None:
        """The picture as the other program saw it, and its metadata."""
        with contextlib.suppress(DamagedError, TooLargeError, *_BROKEN):
            head = self._head(MERGED)
            if head is not None and head[:2] == (self._width, self._height):
                most = head[1] * (head[0] * head[3] * head[2] // 8 + 2)
                content = png.read(
                    self._read(MERGED, most + most // 50 + _LARGEST_BESIDE_PIXELS), self._limit
                )
                return Raster.from_array(np.ascontiguousarray(_rgb(content)[0])), content.metadata
        return None

    # -- members -----------------------------------------------------------------------------

    def _head(self, source: str) -> tuple[int, int, int, int] | None:
        """Width, height, bits and channels of a PNG in the archive; None when it is none."""
        if source not in self._members:
            return None
        start = self._start(source, 33)
        if not start.startswith(png.SIGNATURE + b"\0\0\0\x0dIHDR") or len(start) < 33:
            return None
        width, height, bits, kind = struct.unpack_from(">IIBB", start, 16)
        check_size(width, height, self._limit)
        channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}.get(kind)
        if channels is None or bits not in (1, 2, 4, 8, 16):
            return None
        return width, height, max(bits, 8), channels

    def _read(self, name: str, most: int) -> bytes:
        """A member of at most so many bytes."""
        if name not in self._members:
            raise DamagedError(f"is no OpenRaster picture: {plain_name(name)} is missing")
        if self._members[name].file_size > most:
            raise DamagedError(f"is damaged: {plain_name(name)} is far too large")
        data = self._start(name, most + 1)
        if len(data) > most:
            raise DamagedError(f"is damaged: {plain_name(name)} is far too large")
        return data

    def _start(self, name: str, count: int) -> bytes:
        member = self._members[name]
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise DamagedError("is packed in a way that OpenRaster does not allow")
        pieces = []
        with self._archive.open(member) as file:
            while count > 0 and (piece := file.read(min(count, 1 << 20))):
                pieces.append(piece)
                count -= len(piece)
        return b"".join(pieces)


def _lifted(title: str, layers: list[Layer]) -> Layer:
    """A group of these layers; a mask over all of them becomes its own."""
    if len(layers) == 1 and layers[0].mask is not None and layers[0].layers:
        return replace(layers[0], name=title)
    return Layer(title, Group(tuple(layers)))


def _alpha(raster: Raster, opacity: float, inverted: bool) -> Raster:
    """How opaque a layer is, as a mask."""
    tiles = []
    for _, tile in raster.tiles():
        opaque = to_float(tile[..., 3:]) if tile.shape[2] == 4 else np.ones_like(tile[..., :1])
        share = np.asarray(opaque * np.float32(opacity), np.float32)
        tiles.append(from_float(1 - share if inverted else share, tile.dtype.name))
    return Raster.from_tiles(raster.width, raster.height, 1, raster.depth, tiles)


def _alike(document: Document, picture: Raster) -> bool:
    """Whether both look the same from afar, on black."""
    level = 0
    while max(document.width, document.height) >> level > 512:
        level += 1
    theirs = picture.level(level).to_array()
    ours = render(document, Region(0, 0, theirs.shape[1], theirs.shape[0], level))
    planes = []
    for pixels in (to_float(ours), to_float(theirs)):
        planes.append(pixels[..., :3] * pixels[..., 3:] if pixels.shape[2] == 4 else pixels)
    return float(np.abs(planes[0] - planes[1]).mean()) <= _ALIKE


def _whole(facts: dict[str, str], key: str, default: int) -> int:
    """A whole number; some programs write it as 12.0. Raises DamagedError."""
    text = facts.get(key, "").strip()
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not abs(value) < _FAR:
        raise DamagedError(f"is damaged: {text[:40]!r} is no {key} in pixels")
    return round(value)


def _opacity(facts: dict[str, str]) -> float:
    text = facts.get("opacity", "1").strip()
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if math.isnan(value):
        raise DamagedError(f"is damaged: {text[:40]!r} is no opacity")
    return min(max(value, 0.0), 1.0)
