"""Untrusted reader: who reads the bytes of strangers' files, this process or a confined one."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, BinaryIO, Protocol

import numpy as np
from numpy.typing import NDArray

from safelight.api import Value
from safelight.document import Metadata
from safelight.files.codecs import Codec
from safelight.files.codecs import lens_correction as lens
from safelight.files.codecs.photograph import Limit, PartLost, Photograph
from safelight.files.codecs.raw_sketch import Sketch, sketch, sketched
from safelight.files.metadata.metadata import Known, known
from safelight.files.provenance.content_credentials import (
    Credentials,
    credentials_in,
    reading_asked,
    reported,
    signed,
    signed_file,
)
from safelight.pixels import Transform

NOTHING: Mapping[str, Value] = MappingProxyType({})
"""What most files are opened with: nothing that they are told."""

LEAST = 2
"""What the sides of a smaller copy are divided by at least."""


class Reading(Protocol):
    """Reads what a file holds. ``PartLost`` says that a part of it could not be read; the picture
    opens without that.
    """

    def decode(
        self,
        codec: Codec,
        file: BinaryIO,
        size: int,
        limit: Limit,
        told: Mapping[str, Value] = NOTHING,
    ) -> Photograph:
        """Decode a file of so many bytes, told what ``Codec.opening`` lists. Raises what
        ``codecs.codec.Reader`` does.
        """

    def reduced(
        self, codec: Codec, file: BinaryIO, size: int, limit: Limit, room: tuple[int, int]
    ) -> Photograph | None:
        """A copy at most half as large, to be seen in ``room`` pixels, as ``codec.Reducer`` has it.
        Raises what that does.
        """

    def sketch(self, file: BinaryIO, size: int, limit: Limit) -> Sketch:
        """A raw file half as large. Raises what ``codecs.raw.sketch`` does."""

    def lens(self, shot: lens.Shot, width: int, height: int) -> lens.Known | None:
        """A file's lens, as ``lens.known`` tells. Raises PartLost and MemoryError."""

    def converted(
        self, colour: NDArray[Any], transform: Transform, exact: bool
    ) -> NDArray[Any] | None:
        """Pixels (height, width, channels) of uint8, uint16 or float32 in the space that
        ``transform`` gives, of the same depth, exactly or coarsely; None where that cannot be done.
        Raises PartLost and MemoryError.
        """

    def known(self, metadata: Metadata) -> Known:
        """A file's metadata, as ``metadata.known`` tells. Raises PartLost and MemoryError."""

    def signed(self, asked: bytes) -> bytes:
        """The signed file that ``content_credentials.signing_asked`` asks for. Raises ExportError,
        PartLost and MemoryError.
        """

    def credentials(self, kind: str, data: bytes) -> Credentials:
        """What the manifest of a file of a media type says. Raises PartLost and MemoryError."""


class Here:
    """Reads in this process: what Safelight itself has written, and in tests."""

    def decode(
        self,
        codec: Codec,
        file: BinaryIO,
        size: int,
        limit: Limit,
        told: Mapping[str, Value] = NOTHING,
    ) -> Photograph:
        """What ``Reading.decode`` gives."""
        return codec.decode(file, size, limit, np.empty, told)

    def reduced(
        self, codec: Codec, file: BinaryIO, size: int, limit: Limit, room: tuple[int, int]
    ) -> Photograph | None:
        """What ``Reading.reduced`` gives."""
        return None if codec.reduced is None else codec.reduced(file, limit, room, LEAST)

    def sketch(self, file: BinaryIO, size: int, limit: Limit) -> Sketch:
        """What ``Reading.sketch`` gives."""
        return sketched(sketch(file, size, limit))

    def lens(self, shot: lens.Shot, width: int, height: int) -> lens.Known | None:
        """What ``Reading.lens`` gives."""
        return lens.known(shot, width, height)

    def converted(
        self, colour: NDArray[Any], transform: Transform, exact: bool
    ) -> NDArray[Any] | None:
        """Pixels (height, width, channels) of uint8, uint16 or float32 in the space that
        ``transform`` gives, of the same depth, converted in this process; None where that cannot be
        done.
        """
        return transform.apply(colour, exact)

    def known(self, metadata: Metadata) -> Known:
        """What ``Reading.known`` gives."""
        return known(metadata)

    def signed(self, asked: bytes) -> bytes:
        """What ``Reading.signed`` gives."""
        return signed_file(signed(asked))

    def credentials(self, kind: str, data: bytes) -> Credentials:
        """What ``Reading.credentials`` gives."""
        return credentials_in(reported(reading_asked(kind, data)))


HERE = Here()


def known_of(content: Photograph, reading: Reading) -> Known:
    """What the metadata of a photograph say; where they cannot be read they are left out, with a
    note.
    """
    kept = content.metadata
    if kept == Metadata(dpi=kept.dpi, texts=kept.texts):
        return known(kept)
    try:
        return reading.known(kept)
    except PartLost as lost:
        content.notes.append(f"The metadata were left out: {lost}.")
        content.metadata = Metadata(dpi=kept.dpi, texts=kept.texts)
        return known(content.metadata)
