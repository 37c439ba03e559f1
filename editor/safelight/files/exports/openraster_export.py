"""OpenRaster export: layered pictures for Krita, GIMP and MyPaint (.ora, baseline 0.0.5).

A ZIP archive of a PNG for each layer, an XML file that says how they lie, and the picture as a
whole. This module writes it; ``codecs.openraster`` reads it.
"""

from __future__ import annotations

import io
import os
import re
import zipfile
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from safelight.api import Region
from safelight.document import (
    Document,
    Layer,
    LayerFailed,
    Live,
    Metadata,
    Synthetic,
    effective_raster,
    whole,
)
from safelight.document.contents.kind import Picture
from safelight.document.document import clipping_bases
from safelight.document.geometry import settled
from safelight.files.atomic import atomic_write
from safelight.files.codecs import png
from safelight.files.codecs.photograph import Photograph
from safelight.files.exports.export_outcome import Exported, ExportError
from safelight.files.provenance import provenance
from safelight.files.sentences import CLOSE
from safelight.files.write_errors import WriteError, plain_name
from safelight.pixels import MODES, Raster, View, from_float, to_float

if TYPE_CHECKING:
    from xml.etree import ElementTree

SUFFIX = ".ora"
VERSION = "0.0.5"

MIMETYPE = b"image/openraster"

STACK, MERGED = "stack.xml", "mergedimage.png"

OPERATIONS = {
    "normal": "svg:src-over",
    **{
        mode: f"svg:{mode}"
        for mode in (
            *("multiply", "screen", "overlay", "darken", "lighten", "color-dodge", "color-burn"),
            *("hard-light", "soft-light", "difference", "color", "luminosity", "hue"),
            "saturation",
        )
    },
    "linear-dodge": "svg:plus",
}
"""Blend modes by OpenRaster's names. ``svg:plus`` is the same above what is opaque."""

KRITAS = {
    "linear-burn": "krita:linear_burn",
    "vivid-light": "krita:vivid_light",
    "linear-light": "krita:linear light",
    "pin-light": "krita:pin_light",
    "hard-mix": "krita:hard mix",
    "exclusion": "krita:exclusion",
    "subtract": "krita:subtract",
    "divide": "krita:divide",
}
"""Modes that OpenRaster does not name, as Krita writes them. Others take them as normal."""

THUMBNAIL = "Thumbnails/thumbnail.png"

_THUMBNAIL_SIDE = 256
_THREADS = 2
"""Layers compressed at a time: that takes most of an export, and lets other threads run."""

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def export_openraster(
    document: Document,
    path: str | os.PathLike[str],
    *,
    overwrite: bool = False,
    live: Live | None = None,
    hear: Callable[[float], object] = lambda _: None,
) -> Exported:
    """Write ``document`` as an OpenRaster file, whole or not at all.

    ``notes`` name what such a file cannot hold: filter layers become pixels (cheap ones run
    through ``live``), masks of pixel layers go into their transparency, 32-bit float becomes
    16-bit. The picture as a whole, with its metadata, is in it as it is seen. What a generator has
    made is marked in the XMP of each layer's PNG, and of the whole.

    ``hear`` is told how much is done, 0 to 1; what it raises ends it, and nothing is left.

    Raises FileExists, WriteError as ``atomic_write`` does, ExportError without memory, and
    LayerFailed for a layer that is shown and cannot be computed; of a hidden one, ``notes`` say so.
    """
    name = plain_name(path)
    try:
        # Taken from the document as it is: what is written below is compared with it.
        own = dict(with_offsets(document))
        document = settled(document).picture
        merged = _sixteen(whole(document, live, hear=lambda done: hear(0.4 * done)))
        writing = _Writing(document, merged, live, own, hear)
        check = _checker(name, merged, hear)
        written = atomic_write(path, writing.write, overwrite=overwrite, check=check)
    except MemoryError as error:
        raise ExportError(
            f"{name} cannot be exported: there is not enough memory; {CLOSE}."
        ) from error
    notes = (*dict.fromkeys(writing.notes), *written.notes)
    return Exported(written.path, written.bytes, notes)


def _checker(name: str, merged: Raster, hear: Callable[[float], object]) -> Callable[[Path], None]:
    """Reads the finished file back: every checksum, and the picture itself."""

    def check(temporary: Path) -> None:
        hear(0.8)
        with zipfile.ZipFile(temporary) as archive:
            sound = archive.testzip() is None
            data = archive.read(MERGED)
            again = png.read(io.BytesIO(data), len(data), None).pixels
        if not sound or not np.array_equal(again, merged.to_array()):
            raise WriteError(f"{name} was not saved: it read back differently; try again.")
        hear(1.0)

    return check


def with_offsets(document: Document) -> Iterator[tuple[str, tuple[Layer, int, int]]]:
    """Each layer of pixels of which the picture shows a part, or more than they are, as they are:
    by its id, the layer as large as its own pixels and where it lies in the picture.
    """
    for layer in document.walk():
        if not layer.holds_pixels:
            continue
        raster, there = layer.raster, document.frame.inverse.after(layer.place)
        a, b, x, c, d, y = there.matrix[:6]
        whole_offset = there.exact and (a, b, c, d) == (1, 0, 0, 1)
        if whole_offset and not document.looked_at.fits(raster, layer.place):
            seen = layer.seen(Picture(raster.width, raster.height, document.depth, layer.place))
            mask = seen.mask.held("uint8") if isinstance(seen.mask, View) else seen.mask
            yield layer.id, (replace(seen, mask=mask), int(x), int(y))


def seen_ids(layers: tuple[Layer, ...]) -> Iterator[str]:
    """The ids of the layers that are shown and lie in no group that is hidden."""
    waiting = list(layers)
    while waiting:
        layer = waiting.pop()
        if layer.shown:
            yield layer.id
            waiting += layer.layers


class _Writing:
    """One file being written. ``notes`` collects what it cannot hold."""

    def __init__(
        self,
        document: Document,
        merged: Raster,
        live: Live | None,
        own: Mapping[str, tuple[Layer, int, int]],
        hear: Callable[[float], object],
    ) -> None:
        self.document = document
        self._hear = hear
        self._coded = 0
        self._own = own
        self.notes: list[str] = []
        self._merged = merged
        self._seen = frozenset(seen_ids(document.layers))
        self._live = live
        self._count = 0
        self._coding: deque[tuple[str, Future[bytes]]] = deque()

    def write(self, stream: BinaryIO) -> None:
        from xml.etree import ElementTree  # only who writes a file needs it

        document, metadata = self.document, self.document.metadata
        if document.depth == "float32":
            self.notes.append("32-bit float was reduced to 16-bit: OpenRaster holds no more.")
        with zipfile.ZipFile(stream, "w") as archive, ThreadPoolExecutor(_THREADS) as self._threads:
            # First and as it is, so that others know the file by its beginning.
            self._add(archive, "mimetype", MIMETYPE)
            image = ElementTree.Element(
                "image", version=VERSION, w=str(document.width), h=str(document.height)
            )
            if metadata.dpi:
                # Whole numbers here; the exact ones are in the PNG of the picture.
                for key, dots in zip(("xres", "yres"), metadata.dpi, strict=True):
                    image.set(key, str(max(round(dots), 1)))
            self._layers(archive, ElementTree.SubElement(image, "stack"), document.layers)
            marked = replace(
                metadata, xmp=provenance.marked_xmp(document, metadata.xmp, self.notes)
            )
            self._code(archive, MERGED, self._merged, marked)
            while self._coding:
                self._add_coded(archive)
            self._add(archive, THUMBNAIL, self._thumbnail())
            text = ElementTree.tostring(image, encoding="UTF-8", xml_declaration=True)
            self._add(archive, STACK, text, zipfile.ZIP_DEFLATED)

    def _tell(self) -> None:
        """Tell how much is done: how many of the pictures in the file are, about."""
        self._coded += 1
        most = max(len(self._seen) + 1, self._coded)
        self._hear(0.4 + 0.4 * self._coded / most)

    def _layers(
        self,
        archive: zipfile.ZipFile,
        stack: ElementTree.Element,
        layers: tuple[Layer, ...],
    ) -> None:
        """Put layers (bottom first) into a stack (top first), with what is clipped to each."""
        layers = tuple(self._settled(layer) for layer in layers)
        base, bases = len(layers), clipping_bases(layers)
        for place in range(len(layers) - 1, -1, -1):
            if bases[place] is not None:
                continue
            layer, clipped = layers[place], layers[place + 1 : base]
            base = place
            if layer.filter is not None:
                self._filter(archive, stack, layers[: place + 1])
            elif not clipped:
                self._plain(archive, stack, layer)
            elif all(x.holds_pixels and x.mode == "normal" for x in clipped):
                self._clipped(archive, stack, layer, clipped)
            else:
                self.notes.append(
                    f"{_text(layer.name)} was merged with the layers that are clipped to it."
                )
                made = self._of((bare(layer), *clipped))
                self._pixels(archive, stack, _from(layer, made), whole(made, self._live))

    def _settled(self, layer: Layer) -> Layer:
        """A layer, or what a generator has made for it as a layer of pixels."""
        if layer.filter is None or layer.pixels is None:
            return layer
        self._became_pixels(layer)
        mask = effective_raster(layer)
        return replace(layer, content=layer.pixels, mask=mask, synthetic=layer.made)

    def _became_pixels(self, layer: Layer) -> None:
        self.notes.append(f"{_text(layer.name)} became pixels: OpenRaster holds no filters.")

    def _plain(
        self, archive: zipfile.ZipFile, stack: ElementTree.Element, layer: Layer, **facts: str
    ) -> None:
        if layer.is_group:
            inner = self._described(stack, "stack", layer, isolation="isolate", **facts)
            if layer.mask is not None:
                # A stack has no mask; this is how the standard would have one made.
                mask = _masked(_white(self.document), layer.mask)
                self._source(archive, inner, mask, {"composite-op": "svg:dst-in", "name": "Mask"})
            self._layers(archive, inner, layer.layers)
        else:
            self._held(archive, stack, layer, **facts)

    def _held(
        self, archive: zipfile.ZipFile, stack: ElementTree.Element, layer: Layer, **facts: str
    ) -> None:
        """A layer's own pixels, with what the frame hides of them where the file can hold that."""
        found = self._own.get(layer.id)
        if found is not None and layer.filter is None:
            own, x, y = found
            layer = replace(layer, content=own.content, mask=layer.mask and own.mask)
            facts |= {"x": str(x), "y": str(y)}
        self._pixels(archive, stack, layer, layer.raster, **facts)

    def _clipped(
        self,
        archive: zipfile.ZipFile,
        stack: ElementTree.Element,
        base: Layer,
        clipped: Sequence[Layer],
    ) -> None:
        """A stack of its own, in which what is clipped lies atop of its base alone."""
        inner = self._described(stack, "stack", base, isolation="isolate")
        for layer in reversed(clipped):
            self._held(archive, inner, layer, **{"composite-op": "svg:src-atop"})
        bare = replace(base, opacity=1.0, mode="normal", visible=True)
        self._plain(archive, inner, bare)

    def _filter(
        self, archive: zipfile.ZipFile, stack: ElementTree.Element, layers: tuple[Layer, ...]
    ) -> None:
        """A filter layer as pixels: what is seen of ``layers``, of which it is the uppermost."""
        layer, held = layers[-1], layers[-1].filter
        assert held is not None
        made = self._of((*layers[:-1], replace(layer, visible=True)))
        try:
            raster = whole(made, self._live)
        except LayerFailed as failure:
            if layer.id in self._seen:
                raise
            self.notes.append(f"{_text(layer.name)}, which is hidden, was left out. {failure}")
            return
        self._became_pixels(layer)
        facts = {}
        if raster.channels == 4:
            # A filter leaves the transparency below it as it is: opaque pixels, atop of that.
            if not all(bool((tile[..., 3] == _full(tile)).all()) for _, tile in raster.tiles()):
                facts["composite-op"] = "svg:src-atop"
            raster = mapped(raster, 3, lambda _, tile: tile[..., :3])
        # Opacity, mode and mask are in the pixels already.
        done = replace(_from(layer, made), opacity=1.0, mode="normal", mask=None)
        self._pixels(archive, stack, done, raster, **facts)

    def _of(self, layers: tuple[Layer, ...]) -> Document:
        """Some layers by themselves."""
        return replace(self.document, layers=layers, selection=None)

    def _pixels(
        self,
        archive: zipfile.ZipFile,
        stack: ElementTree.Element,
        layer: Layer,
        raster: Raster,
        **facts: str,
    ) -> None:
        if layer.mask is not None:
            self.notes.append(
                f"The mask of {_text(layer.name)} became its transparency: OpenRaster has no masks."
            )
            raster = _masked(raster, layer.mask)
        self._source(archive, stack, raster, self._facts(layer) | facts, layer.synthetic)

    def _source(
        self,
        archive: zipfile.ZipFile,
        stack: ElementTree.Element,
        raster: Raster,
        facts: dict[str, str],
        synthetic: Synthetic = "",
    ) -> None:
        source = f"data/layer{self._count}.png"
        self._count += 1
        self._code(archive, source, raster, Metadata(xmp=provenance.marked(None, synthetic)))
        _under(stack, "layer", {"x": "0", "y": "0"} | facts | {"src": source})

    def _code(
        self,
        archive: zipfile.ZipFile,
        name: str,
        raster: Raster,
        metadata: Metadata,
    ) -> None:
        """Have a raster compressed; what was given before it goes into the archive first."""
        if len(self._coding) >= _THREADS:
            self._add_coded(archive)
        self._coding.append((name, self._threads.submit(self._png, raster, metadata)))

    def _add_coded(self, archive: zipfile.ZipFile) -> None:
        name, coded = self._coding.popleft()
        self._add(archive, name, coded.result())
        self._tell()

    def _described(
        self, stack: ElementTree.Element, kind: str, layer: Layer, **facts: str
    ) -> ElementTree.Element:
        return _under(stack, kind, self._facts(layer) | facts)

    def _facts(self, layer: Layer) -> dict[str, str]:
        if layer.mode in KRITAS:
            self.notes.append(
                f"{MODES[layer.mode]} is a blend mode that Krita knows; other programs may show"
                f" {_text(layer.name)} as normal."
            )
        return {
            "name": _text(layer.name),
            "opacity": repr(float(layer.opacity)),
            "visibility": "visible" if layer.visible else "hidden",
            "composite-op": OPERATIONS.get(layer.mode) or KRITAS[layer.mode],
            "edit-locked": "true" if layer.locked else "false",
        }

    def _png(self, raster: Raster, metadata: Metadata) -> bytes:
        stream = io.BytesIO()
        content = Photograph(
            _sixteen(raster).to_array(),
            alpha=raster.channels == 4,
            icc=self.document.profile.icc,
            metadata=metadata,
            notes=self.notes,
        )
        png.write(stream, content)
        return stream.getvalue()

    def _thumbnail(self) -> bytes:
        """The picture as sRGB of at most 256 x 256 pixels."""
        from PIL import Image

        width, height = self._merged.width, self._merged.height
        scale = min(_THUMBNAIL_SIDE / max(width, height), 1)
        level = 0
        while max(width, height) >> (level + 1) >= 2 * _THUMBNAIL_SIDE:
            level += 1
        pixels = to_float(self._merged.level(level).to_array())
        pixels = self.document.profile.to_srgb(pixels)
        image = Image.fromarray(from_float(pixels, "uint8"))
        size = max(round(width * scale), 1), max(round(height * scale), 1)
        stream = io.BytesIO()
        image.resize(size, Image.Resampling.BOX).save(stream, "PNG")
        return stream.getvalue()

    @staticmethod
    def _add(
        archive: zipfile.ZipFile, name: str, data: bytes, how: int = zipfile.ZIP_STORED
    ) -> None:
        # A PNG is compressed already. Without a time, equal documents make equal files.
        archive.writestr(zipfile.ZipInfo(name), data, how)


def _under(stack: ElementTree.Element, kind: str, facts: dict[str, str]) -> ElementTree.Element:
    from xml.etree import ElementTree

    return ElementTree.SubElement(stack, kind, facts)


def _from(layer: Layer, made: Document) -> Layer:
    """A layer that is to hold what a document shows."""
    return replace(layer, synthetic=made.synthetic)


def bare(layer: Layer) -> Layer:
    return replace(layer, opacity=1.0, mode="normal", visible=True, mask=None)


def _text(name: str) -> str:
    """A name without what XML cannot hold."""
    return _NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", name)


def _full(tile: NDArray[Any]) -> float:
    return 1.0 if tile.dtype == np.float32 else float(np.iinfo(tile.dtype).max)


def _white(document: Document) -> Raster:
    depth = "uint8" if document.depth == "uint8" else "uint16"
    full = np.iinfo(depth).max
    return Raster.filled(document.width, document.height, (full, full, full), depth)


def _sixteen(raster: Raster) -> Raster:
    """A raster in a depth that PNG holds."""
    if raster.depth != "float32":
        return raster
    return mapped(raster, raster.channels, lambda _, tile: from_float(tile, "uint16"))


def _masked(raster: Raster, mask: Raster) -> Raster:
    """The pixels with the mask (one channel) in their alpha."""

    def lay(place: Region, tile: NDArray[Any]) -> NDArray[Any]:
        result = np.empty((*tile.shape[:2], 4), tile.dtype)
        result[..., :3] = tile[..., :3]
        alpha = to_float(mask.read(place))[..., 0]
        if tile.shape[2] == 4:
            alpha = alpha * to_float(tile[..., 3])
        result[..., 3] = from_float(alpha, tile.dtype.name)
        return result

    return mapped(raster, 4, lay)


def mapped(
    raster: Raster, channels: int, change: Callable[[Region, NDArray[Any]], NDArray[Any]]
) -> Raster:
    """A raster of so many channels whose tiles (height, width, channels), of any depth, are what
    ``change`` makes of each place and tile of ``raster``.
    """
    tiles = [np.ascontiguousarray(change(place, tile)) for place, tile in raster.tiles()]
    return Raster.from_tiles(raster.width, raster.height, channels, tiles[0].dtype.name, tiles)
