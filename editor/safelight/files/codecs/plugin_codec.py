"""Plugin codec: what opening and export ask of a format that a plugin brings."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import Any, BinaryIO, Protocol, TypeAlias

from numpy.typing import NDArray

from safelight import api
from safelight.api import Format, Settings
from safelight.document import Metadata
from safelight.files.codecs.photograph import DamagedError, Limit, Photograph, Space, with_numbers
from safelight.files.plain_text import plain_text

Hear: TypeAlias = Callable[[float], object]
"""Told now and then how much of a file is done, 0 to 1; what it raises ends that."""


def unheard(done: float) -> None:
    """Nobody wants to know how much is done."""


class EncodingError(Exception):
    """A plugin could not make the file; the text is a sentence without its full stop."""


class Importer(Protocol):
    """A format that a plugin opens."""

    @property
    def format(self) -> Format:
        """What the importer says of its format."""

    def read(self, file: io.BufferedReader, size: int, limit: Limit, hear: Hear) -> api.Photograph:
        """What is in a file of ``size`` bytes; in its pixels NaN and infinity may occur.

        ``hear`` is told how far it is, 0 to 1, and may raise something to end it. Raises
        DamagedError, TooLargeError, OSError and MemoryError.
        """


class Exporter(Protocol):
    """A format that a plugin writes."""

    @property
    def format(self) -> Format:
        """What the exporter says of its format."""

    @property
    def importer(self) -> Importer | None:
        """What reads back what was written; None where the plugin only writes."""

    def write(
        self,
        stream: BinaryIO,
        pixels: NDArray[Any],
        settings: Settings,
        hear: Hear,
    ) -> None:
        """Write (height, width, 3 or 4), in sRGB, of a depth that the format holds.

        ``settings`` are the values of the format's options. ``hear`` is told how far it is, 0 to 1,
        and may raise something to end it. Raises EncodingError, OSError and MemoryError.
        """


Importers: TypeAlias = Callable[[], Sequence[Importer]]
Exporters: TypeAlias = Callable[[], Sequence[Exporter]]
"""Asked only for what Safelight does not know itself: a worker may have to be asked first."""


def choose(importers: Sequence[Importer], head: bytes, suffix: str) -> Importer | None:
    """The importer of a file: by its content, else one that goes by the suffix."""
    found = [item for item in importers if item.format.recognises(head)]
    for item in importers:
        if not item.format.beginnings and suffix.lower() in item.format.suffixes:
            found.append(item)
    return found[0] if found else None


def read(
    importer: Importer, file: io.BufferedReader, size: int, limit: Limit, hear: Hear
) -> Photograph:
    """What is in a foreign file. Raises what ``Importer.read`` does."""
    found = importer.read(file, size, limit, hear)
    notes = [plain_text(note) for note in found.notes]
    pixels = with_numbers(found.pixels, notes)
    channels = pixels.shape[2]
    alpha = channels in (2, 4)
    if alpha and pixels.dtype.kind == "f" and not _is_coverage(pixels[..., -1]):
        raise DamagedError("cannot be opened: its transparency goes beyond none and full")
    kept = Metadata(found.exif or None, found.xmp or None, found.iptc or None, dpi=found.resolution)
    space: Space = "grey" if channels < 3 else "rgb"
    return Photograph(pixels, space, alpha, found.profile or None, kept, notes)


def _is_coverage(alpha: NDArray[Any]) -> bool:
    return bool(alpha.min() >= 0 and alpha.max() <= 1)
