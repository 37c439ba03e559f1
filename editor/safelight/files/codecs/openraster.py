"""OpenRaster: reading the layers of a picture from Krita, GIMP or MyPaint (.ora, baseline 0.0.5).

The file may be a stranger's. Nothing is unpacked to the disk; sizes are known before anything is
unpacked to memory; XML that declares a document type is refused, and with it every entity.
"""

from __future__ import annotations

import contextlib
import io
import math
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO
from xml.parsers import expat

import numpy as np

from safelight.document.layer import DEEPEST, MOST_LAYERS
from safelight.files.codecs import png
from safelight.files.codecs.codec import Codec
from safelight.files.codecs.photograph import (
    BYTES_PER_PIXEL,
    DamagedError,
    Limit,
    Photograph,
    PhotographLayer,
    Room,
    TooLargeError,
    check_size,
)
from safelight.files.exports.openraster_export import (
    KRITAS,
    MERGED,
    MIMETYPE,
    OPERATIONS,
    STACK,
    export_openraster,
)
from safelight.files.write_errors import plain_name

_LARGEST_XML = 16 << 20
_LARGEST_DIRECTORY = 16 << 20
_LARGEST_BESIDE_PIXELS = 64 << 20
"""Bytes that profile, EXIF and XMP of one PNG may take."""

_MODES = {name: mode for mode, name in (OPERATIONS | KRITAS).items()}
_MASKS = {"svg:dst-in": "inside", "svg:dst-out": "outside"}
_FAR = 1 << 31


def read(file: BinaryIO, size: int, limit: Limit, room: Room = np.empty) -> Photograph:
    """The layers of an OpenRaster file. ``notes`` say what Safelight has no like of.

    All layers together may take as much memory as a picture of ``limit`` pixels does while it is
    edited.
    """
    try:
        with zipfile.ZipFile(_Careful(file)) as archive:
            return _Reading(archive, limit).photograph()
    except _BROKEN as error:
        raise DamagedError("is damaged: it is no sound archive") from error


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
            raise DamagedError(f"has stacks more than {DEEPEST} deep; merge some of them first")
        if count > MOST_LAYERS:
            raise DamagedError(f"has more than {MOST_LAYERS} layers; merge some of them first")
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

    def __init__(self, archive: zipfile.ZipFile, limit: Limit) -> None:
        self.notes: list[str] = []
        self._archive = archive
        self._limit = limit
        self._left = math.inf if limit is None else limit * BYTES_PER_PIXEL
        self._members = {member.filename: member for member in archive.infolist()}
        if len(self._members) != len(archive.infolist()):
            raise DamagedError("is damaged: it holds two files of one name")

    def photograph(self) -> Photograph:
        """The layers and what there is to say about them."""
        if self._read("mimetype", 1024).strip() != MIMETYPE:
            raise DamagedError("is an archive, but no OpenRaster picture")
        image = _parsed(self._read(STACK, _LARGEST_XML))
        width, height = (_whole(image.facts, key, 0) for key in ("w", "h"))
        check_size(width, height, self._limit)
        stack = next((node for node in image.inside if node.kind == "stack"), None)
        if stack is None:
            raise DamagedError("is damaged: it has no layers")
        self._check_sizes(stack)
        layers = list(self._layers(stack, 0, 0))
        merged = self._merged(width, height)
        metadata = merged.metadata
        dots = [_whole(image.facts, key, 0) for key in ("xres", "yres")]
        if metadata.dpi is None and all(0 < each < 1_000_000 for each in dots):
            metadata = replace(metadata, dpi=(float(dots[0]), float(dots[1])))
        return replace(merged, metadata=metadata, notes=self.notes, layers=layers)

    # -- layers ------------------------------------------------------------------------------

    def _check_sizes(self, stack: _Node) -> None:
        """Raise DamagedError where the layers' sizes are not to be believed."""
        for node in stack.inside:
            if node.kind == "stack":
                self._check_sizes(node)
            elif node.kind == "layer":
                head = self._head(node.facts.get("src", ""))
                if head is not None:
                    self._left -= head[0] * head[1] * (8 if head[2] == 16 else 4)
                    if self._left < 0:
                        raise DamagedError(
                            "has layers that are too large for the memory; merge some of them first"
                        )

    def _layers(self, stack: _Node, x: int, y: int) -> Iterator[PhotographLayer]:
        """The layers in a stack that lies at ``x``, ``y``, bottom first."""
        for node in reversed(stack.inside):
            title = (node.facts.get("name") or "Layer")[:1000]
            at = x + _whole(node.facts, "x", 0), y + _whole(node.facts, "y", 0)
            if node.kind == "stack":
                group = PhotographLayer(title, None, list(self._layers(node, *at)), *at)
                yield self._told(node, group)
            elif node.kind == "layer":
                photograph = self._photograph(node.facts.get("src", ""), title)
                if photograph is not None:
                    yield self._told(node, PhotographLayer(title, photograph, [], *at))
            else:
                self.notes.append(f"{title} was left out: it is no pixels ({node.kind[:40]}).")

    def _told(self, node: _Node, layer: PhotographLayer) -> PhotographLayer:
        """A layer as its element says."""
        facts = node.facts
        operation = facts.get("composite-op", "svg:src-over")
        layer.opacity = _opacity(facts)
        layer.mode = _MODES.get(operation.lower(), "normal")
        layer.visible = facts.get("visibility", "visible").lower() != "hidden"
        layer.locked = facts.get("edit-locked", "false").lower() in ("true", "1")
        if operation in _MASKS and layer.photograph is not None:
            layer.role = _MASKS[operation]  # type: ignore[assignment]
        elif operation == "svg:src-atop":
            layer.role = "atop"
        elif operation.lower() not in _MODES:
            self.notes.append(f"{layer.name} became normal: {operation[:40]} is not known.")
        return layer

    def _photograph(self, source: str, title: str) -> Photograph | None:
        """A PNG of the archive; None, with a note, when there is none."""
        head = self._head(source)
        if head is None:
            self.notes.append(f"{title} was left out: its pixels are missing or no PNG.")
            return None
        width, height, bits, channels = head
        found = self._png(source, height * (width * channels * bits // 8 + 2))
        if found.pixels.shape[:2] != (height, width):
            raise DamagedError("is damaged: a layer is not of the size that it says")
        return found

    def _merged(self, width: int, height: int) -> Photograph:
        """The picture as the other program saw it; without channels where the file has none."""
        with contextlib.suppress(DamagedError, TooLargeError, *_BROKEN):
            head = self._head(MERGED)
            if head is not None and head[:2] == (width, height):
                return self._png(MERGED, head[1] * (head[0] * head[3] * head[2] // 8 + 2))
        return Photograph(np.empty((height, width, 0), np.uint8))

    def _png(self, source: str, raw: int) -> Photograph:
        data = self._read(source, raw + raw // 50 + _LARGEST_BESIDE_PIXELS)
        return png.read(io.BytesIO(data), len(data), self._limit)

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


CODEC = Codec(
    "OpenRaster",
    suffixes=(".ora",),
    beginnings=(rb"PK\x03\x04.{26}mimetypeimage/openraster",),
    by_suffix=True,
    read=read,
    in_place=True,
    layers=True,
    holds=frozenset({"exif", "xmp", "dpi", "texts"}),
    depths=("uint8", "uint16"),
    write_document=export_openraster,
)
