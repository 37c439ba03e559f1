"""Open confined: pictures are opened by way of a confined process, which all of a session share."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

from numpy.typing import NDArray

from safelight import files
from safelight.api import Value
from safelight.document import Document, Layer, Live, Metadata
from safelight.files import Codec, DamagedError, Exported, ExportOptions, Opened, Origin
from safelight.files.codecs import lens_correction as lens
from safelight.files.codecs import photograph_parcel
from safelight.files.codecs.photograph import Limit, PartLost, Photograph
from safelight.files.codecs.plugin_codec import Exporters, Hear, Importers, unheard
from safelight.files.codecs.raw_sketch import Sketch
from safelight.files.colours.file_colours import as_rgb
from safelight.files.glance import GLANCE, Glance
from safelight.files.metadata.metadata import Known
from safelight.files.provenance import content_credentials
from safelight.files.provenance.content_credentials import Credentials
from safelight.files.untrusted_reader import LEAST, NOTHING
from safelight.folders import cache_folder
from safelight.pixels import BENT, Profile, Transform, keep_beside
from safelight.workers.decoders import DecoderFailed, shared

_BYTES_PER_PIXEL = 32
"""Sixteen for the picture, and as many for layers."""

_BESIDE_PIXELS = 256 << 20
"""Bytes that metadata and profiles may take."""


class Confined:
    """Reads what strangers' files hold in a confined process (``files.Reading``)."""

    def decode(
        self,
        codec: Codec,
        file: BinaryIO,
        size: int,
        limit: Limit,
        told: Mapping[str, Value] = NOTHING,
    ) -> Photograph:
        """Decode a file."""
        if any(told.get(fault) for fault in lens.FAULTS):
            _compile_for_decoders()
        return photograph_parcel.opened(self._decoded(codec.name, file, size, limit, told))

    def reduced(
        self, codec: Codec, file: BinaryIO, size: int, limit: Limit, room: tuple[int, int]
    ) -> Photograph | None:
        """Decode a smaller copy."""
        if codec.reduced is None:
            return None
        told = photograph_parcel.reduced_asked(codec.name, room, LEAST)
        return photograph_parcel.reduced(
            self._decoded(photograph_parcel.REDUCED, file, size, limit, told)
        )

    def sketch(self, file: BinaryIO, size: int, limit: Limit) -> Sketch:
        """Sketch a raw file."""
        return photograph_parcel.sketched(
            self._decoded(photograph_parcel.SKETCH, file, size, limit, NOTHING)
        )

    def glance(self, codec: Codec, file: BinaryIO, size: int, limit: Limit) -> Glance:
        """Look at a file in passing."""
        told = {"format": codec.name}
        return photograph_parcel.looked_at(self._decoded(GLANCE, file, size, limit, told))

    def lens(self, shot: lens.Shot, width: int, height: int) -> lens.Known | None:
        """What undoes a lens's faults, by the names that a stranger's file gives."""
        return lens.understood(
            self._beside(photograph_parcel.LENS, lens.asked(shot, width, height))
        )

    def _decoded(
        self, what: str, file: BinaryIO, size: int, limit: Limit, told: Mapping[str, Value]
    ) -> list[NDArray[Any]]:
        pixels = files.default_pixel_limit() if limit is None else limit
        most = pixels * _BYTES_PER_PIXEL + size + _BESIDE_PIXELS
        try:
            return shared().decode(what, file, size, limit, most, told)
        except DecoderFailed as error:
            raise DamagedError(f"cannot be opened: {error}") from error

    def converted(
        self, colour: NDArray[Any], transform: Transform, exact: bool
    ) -> NDArray[Any] | None:
        """Pixels (height, width, channels) of uint8, uint16 or float32 in the space that
        ``transform`` gives, of the same depth, converted in a confined process, exactly or
        coarsely; None where that cannot be done. Raises PartLost.
        """
        asked = photograph_parcel.colours_asked(colour, transform, exact)
        return photograph_parcel.colours_told(
            self._beside(photograph_parcel.COLOURS, asked), colour, transform
        )

    def known(self, metadata: Metadata) -> Known:
        """Read a stranger's metadata."""
        asked = photograph_parcel.metadata_asked(metadata)
        told = photograph_parcel.metadata_told(self._beside(photograph_parcel.METADATA, asked))
        return replace(told, upright=replace(told.upright, dpi=metadata.dpi, texts=metadata.texts))

    def signed(self, asked: bytes) -> bytes:
        """Sign a file, whose original is a stranger's."""
        return content_credentials.signed_file(self._beside(photograph_parcel.SIGNED, asked))

    def credentials(self, kind: str, data: bytes) -> Credentials:
        """Read a stranger's manifest."""
        asked = content_credentials.reading_asked(kind, data)
        return content_credentials.credentials_in(
            self._beside(photograph_parcel.CREDENTIALS, asked)
        )

    def _beside(self, what: str, asked: bytes) -> list[NDArray[Any]]:
        """What is made of the bytes that stand beside pixels. Raises PartLost."""
        most = 3 * len(asked) + _BESIDE_PIXELS
        try:
            return shared().decode(what, io.BytesIO(asked), len(asked), None, most)
        except DecoderFailed as error:
            raise PartLost(str(error)) from error


CONFINED = Confined()


def open_picture(
    path: str | os.PathLike[str],
    *,
    pixel_limit: int | None = None,
    importers: Importers = tuple,
    first: Callable[[Opened], None] | None = None,
    room: tuple[int, int] | None = None,
    told: Mapping[str, Value] = NOTHING,
    hear: Hear = unheard,
) -> Opened:
    """``files.open_picture``, by way of a confined process."""
    return files.open_picture(
        path,
        pixel_limit=pixel_limit,
        importers=importers,
        first=first,
        room=room,
        reading=CONFINED,
        told=told,
        hear=hear,
    )


def sketch_raw(path: str | os.PathLike[str], *, pixel_limit: int | None = None) -> Sketch | None:
    """``files.sketch_raw``, by way of a confined process."""
    return files.sketch_raw(path, pixel_limit=pixel_limit, reading=CONFINED)


def look_at(path: str | os.PathLike[str], *, pixel_limit: int | None = None) -> Glance | None:
    """``files.look_at``, by way of a confined process."""
    return files.look_at(path, CONFINED.glance, pixel_limit=pixel_limit)


def sketch_again(data: bytes, name: str, *, pixel_limit: int | None = None) -> Sketch:
    """``files.sketch_again``, by way of a confined process."""
    return files.sketch_again(data, name, pixel_limit=pixel_limit, reading=CONFINED)


def known_lens(sketch: Sketch) -> lens.Known | None:
    """What undoes the faults of the lens that a raw file was taken with; None where nobody knows.

    Raises PartLost and MemoryError.
    """
    found = CONFINED.lens(sketch.shot, sketch.width, sketch.height)
    if found is not None:
        _compile_for_decoders()
    return found


@cache
def _compile_for_decoders() -> None:
    """Have compiled what a lens's faults are undone with, which a decoder can load but not make.

    Nobody waits for it: until it is there a decoder works in numpy.
    """
    keep_beside(cache_folder() / "kernels", [BENT])


def developed_again(
    document: Document, layer_id: str, data: bytes, settings: Mapping[str, Value]
) -> tuple[Layer, tuple[str, ...]]:
    """``files.developed_again``, by way of a confined process."""
    return files.developed_again(document, layer_id, data, settings, reading=CONFINED)


def open_data(data: bytes, name: str, *, pixel_limit: int) -> Opened:
    """``files.open_data``, by way of a confined process."""
    return files.open_data(data, name, pixel_limit=pixel_limit, reading=CONFINED)


def export(
    document: Document,
    path: str | os.PathLike[str],
    options: ExportOptions | None = None,
    *,
    overwrite: bool = False,
    live: Live | None = None,
    exporters: Exporters = tuple,
    hear: Callable[[float], object] | None = None,
    origin: Origin | None = None,
) -> Exported:
    """``files.export``; a profile that is asked for is read in a confined process, and so is an
    original whose manifest goes on.
    """
    return files.export(
        *(document, path, options),
        overwrite=overwrite,
        live=live,
        exporters=exporters,
        reading=CONFINED,
        hear=hear,
        origin=origin,
    )


def credentials_of(path: Path) -> list[str] | None:
    """What the Content Credentials of a file say, read and verified in a confined process, a line
    each; None where it has none.
    """
    found = content_credentials.file_with_credentials(path)
    if found is None:
        return None
    if not content_credentials.available():
        return ["there are some; pip install 'safelight[c2pa]' verifies them"]
    try:
        return list(CONFINED.credentials(*found).lines())
    except PartLost as lost:
        return [f"they cannot be read: {lost}"]


def rgb_of(content: Photograph) -> tuple[NDArray[Any], Profile]:
    """What a file holds as RGB or RGBA, (height, width, 3 or 4) of uint8, uint16 or float32, to be
    looked at, and the profile of these pixels; a profile that a document cannot have is read in a
    confined process, and coarsely.
    """
    return as_rgb(replace(content, notes=[]), False, CONFINED.converted, False)


def content_of(
    document: Document,
    options: ExportOptions,
    *,
    live: Live | None = None,
    hear: Callable[[float], object] | None = None,
    exporters: Exporters = tuple,
) -> Photograph:
    """``files.content_of``; a profile that is asked for is read in a confined process."""
    return files.content_of(
        document, options, live=live, reading=CONFINED, hear=hear, exporters=exporters
    )
