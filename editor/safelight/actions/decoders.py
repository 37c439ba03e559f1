"""Decoders: pictures are opened by way of a confined process, which all of a session share."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import BinaryIO

from safelight import files
from safelight.files import Codec, DamagedError, Opened
from safelight.files.codecs import parcel
from safelight.files.codecs.photograph import Limit, Photograph
from safelight.files.codecs.plugin import Importers
from safelight.workers.decoding import DecoderFailed, shared

_BYTES_PER_PIXEL = 32
"""Sixteen for the picture, and as many for layers."""

_BESIDE_PIXELS = 256 << 20
"""Bytes that metadata and profiles may take."""


def decode(codec: Codec, file: BinaryIO, size: int, limit: Limit) -> Photograph:
    """Decode a stranger's file (``files.Decode``)."""
    pixels = files.default_pixel_limit() if limit is None else limit
    most = pixels * _BYTES_PER_PIXEL + size + _BESIDE_PIXELS
    try:
        arrays = shared().decode(codec.name, file, size, limit, most)
    except DecoderFailed as error:
        raise DamagedError(f"cannot be opened: {error}") from error
    return parcel.opened(arrays)


def open_picture(
    path: str | os.PathLike[str],
    *,
    pixel_limit: int | None = None,
    importers: Importers = tuple,
    first: Callable[[Opened], None] | None = None,
) -> Opened:
    """``files.open_picture``, by way of a confined process."""
    return files.open_picture(
        path, pixel_limit=pixel_limit, importers=importers, first=first, decode=decode
    )


def open_data(data: bytes, name: str, *, pixel_limit: int) -> Opened:
    """``files.open_data``, by way of a confined process."""
    return files.open_data(data, name, pixel_limit=pixel_limit, decode=decode)
