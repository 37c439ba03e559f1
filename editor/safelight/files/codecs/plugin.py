"""Foreign: what opening and export ask of a format that a plugin brings."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import Any, BinaryIO, Protocol, TypeAlias

from numpy.typing import NDArray

from safelight.api import Format
from safelight.files.codecs.photograph import DamagedError, Limit, Photograph, with_numbers


class EncodingError(Exception):
    """A plugin could not make the file; the text is a sentence without its full stop."""


class Importer(Protocol):
    """A format that a plugin opens."""

    @property
    def format(self) -> Format:
        """What it says of itself."""

    def read(self, file: io.BufferedReader, size: int, limit: Limit) -> NDArray[Any]:
        """The pixels of a file of ``size`` bytes: grey, grey and alpha, RGB or RGBA, in sRGB.

        (height, width, 1 to 4) of uint8, uint16 or float32, in which NaN and infinity may occur.
        Raises DamagedError, TooLargeError, OSError and MemoryError.
        """


class Exporter(Protocol):
    """A format that a plugin writes."""

    @property
    def format(self) -> Format:
        """What it says of itself."""

    @property
    def importer(self) -> Importer | None:
        """What reads back what was written; None where the plugin only writes."""

    def write(self, stream: BinaryIO, pixels: NDArray[Any]) -> None:
        """Write (height, width, 3 or 4), in sRGB, of a depth that the format holds.

        Raises EncodingError, OSError and MemoryError.
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


def read(importer: Importer, file: io.BufferedReader, size: int, limit: Limit) -> Photograph:
    """What is in a foreign file. Raises what ``Importer.read`` does."""
    notes: list[str] = []
    pixels = with_numbers(importer.read(file, size, limit), notes)
    channels = pixels.shape[2]
    alpha = channels in (2, 4)
    if alpha and pixels.dtype.kind == "f" and not _is_coverage(pixels[..., -1]):
        raise DamagedError("cannot be opened: its transparency goes beyond none and full")
    return Photograph(pixels, "grey" if channels < 3 else "rgb", alpha, notes=notes)


def _is_coverage(alpha: NDArray[Any]) -> bool:
    return bool(alpha.min() >= 0 and alpha.max() <= 1)
