"""Open sequences: films, animations and pictures in order, read in a confined process."""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from numpy.typing import NDArray

from safelight import files
from safelight.actions.open_confined import CONFINED, open_picture
from safelight.document.frames import frames
from safelight.files import DamagedError, Opened
from safelight.files.codecs import CODECS, photograph_parcel
from safelight.files.codecs.photograph import BYTES_PER_PIXEL, Limit, Photograph
from safelight.files.codecs.plugin_codec import Importers
from safelight.files.sequences import frame_parcel, open_sequence
from safelight.folders import cache_folder
from safelight.pixels import Raster
from safelight.workers.decoders import DecoderFailed, Decoders

_MODULE = "safelight.files.sequences.frame_parcel"
"""What decodes, by its name."""

_BESIDE_PIXELS = 64 << 20
"""Bytes that facts and a colour profile may take."""

_lock = threading.Lock()
_decoders: list[Decoders] = []


def _shared() -> Decoders:
    """The one process that decodes sequences, which ends with this one: a picture costs little only
    where the one before it was decoded.
    """
    with _lock:
        if not _decoders:
            _decoders.append(Decoders(_MODULE, cache_folder() / "decoding", limit=1))
            atexit.register(_decoders[0].pool.close)
        return _decoders[0]


class ConfinedFrames:
    """Reads strangers' sequences in a confined process (``open_sequence.FrameReading``)."""

    def sequence(
        self, format: str, file: BinaryIO, size: int, limit: Limit, known: str
    ) -> tuple[tuple[int, ...], tuple[str, ...]]:
        """What a sequence's file says of its pictures, as ``FrameReading.sequence`` does."""
        return frame_parcel.opened(self._decoded(format, file, size, limit, known, None))

    def frame(
        self, format: str, file: BinaryIO, size: int, limit: Limit, known: str, number: int
    ) -> Photograph:
        """One picture of a sequence, as ``FrameReading.frame`` gives it."""
        return photograph_parcel.opened(self._decoded(format, file, size, limit, known, number))

    def _decoded(
        self,
        format: str,
        file: BinaryIO,
        size: int,
        limit: Limit,
        known: str,
        number: int | None,
    ) -> list[NDArray[Any]]:
        pixels = files.default_pixel_limit() if limit is None else limit
        most = pixels * BYTES_PER_PIXEL + _BESIDE_PIXELS
        told = {"file": known, "number": number}
        try:
            return _shared().decode(format, file, size, limit, most, told)
        except DecoderFailed as error:
            raise DamagedError(f"cannot be opened: {error}") from error


CONFINED_FRAMES = ConfinedFrames()


def opened_sequence(path: str | os.PathLike[str], *, pixel_limit: int | None = None) -> Opened:
    """A film, an animation or a TIFF of several pages, by way of a confined process.

    Raises OpenError.
    """
    return open_sequence.open_sequence(
        path,
        cache_folder() / "sequences",
        pixel_limit=pixel_limit,
        reading=CONFINED,
        frames=CONFINED_FRAMES,
    )


def opened_pictures(
    paths: Iterable[str | os.PathLike[str]],
    *,
    pixel_limit: int | None = None,
    importers: Importers = tuple,
) -> Opened:
    """Picture files as a sequence, in the order of their names, numbers as numbers; of a folder
    among them all the pictures in it. By way of a confined process. Raises OpenError.
    """
    found: list[Path] = []
    for path in map(Path, paths):
        found += _pictures_in(path) if path.is_dir() else [path]
    return open_sequence.open_pictures(
        open_sequence.in_order(found),
        cache_folder() / "sequences",
        partial(open_picture, pixel_limit=pixel_limit, importers=importers),
    )


def film_pictures(paths: Sequence[Path]) -> Sequence[Raster]:
    """All pictures of one file, or the picture of each: what a project names is read so
    (``film_files.Pictures``). Raises OpenError.
    """
    if len(paths) == 1:
        return frames.pictures(opened_sequence(paths[0]).document)
    scratch = cache_folder() / "sequences"
    return frames.pictures(open_sequence.open_pictures(paths, scratch, open_picture).document)


def _pictures_in(folder: Path) -> list[Path]:
    """The files in a folder whose ending is that of a picture's format."""
    endings = {suffix for codec in CODECS for suffix in codec.suffixes}
    try:
        return [each for each in folder.iterdir() if each.suffix.lower() in endings]
    except OSError as error:
        raise files.OpenError(f"{folder.name} cannot be read: {error.strerror}.") from error
