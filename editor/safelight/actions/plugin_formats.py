"""Plugin formats: what plugins open and write, as opening and export ask for it."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO

from numpy.typing import NDArray

from safelight.api import Format, Photograph, Settings
from safelight.files import DamagedError, EncodingError, TooLargeError
from safelight.files.exports.export_outcome import Hear
from safelight.workers import format_calls
from safelight.workers.worker_pool import Pool

PoolOf = Callable[[str], Pool]
"""Gives the worker processes that run a plugin."""


@dataclass(frozen=True, slots=True)
class PluginImporter:
    """A plugin's importer (``files.Importer``). ``patience`` is how long it may be silent."""

    format: Format
    pool_of: PoolOf
    patience: float

    def read(self, file: io.BufferedReader, size: int, limit: int | None, hear: Hear) -> Photograph:
        """What is in a file. ``hear`` is told how far it is, and may raise something to end it.
        Raises DamagedError, TooLargeError, OSError and MemoryError.
        """
        pool = self.pool_of(self.format.plugin)
        try:
            return format_calls.decode(pool, self.format, file, size, limit, self.patience, hear)
        except format_calls.FormatFailed as error:
            raise DamagedError(f"cannot be opened: {error}") from error
        except format_calls.TooManyPixels as error:
            raise TooLargeError(error.width, error.height) from error


@dataclass(frozen=True, slots=True)
class PluginExporter:
    """A plugin's exporter (``files.Exporter``), and its importer of the same format."""

    format: Format
    importer: PluginImporter | None
    pool_of: PoolOf
    patience: float

    def write(self, stream: BinaryIO, pixels: NDArray[Any], settings: Settings, hear: Hear) -> None:
        """Write ``pixels``, (height, width, 3 or 4) of a depth that the format has, as a file, with
        ``settings`` for its options. ``hear`` is told how far it is, and may raise something to end
        it. Raises EncodingError, OSError and MemoryError.
        """
        pool = self.pool_of(self.format.plugin)
        try:
            format_calls.encode(
                *(pool, self.format, pixels, stream, self.patience), settings=settings, hear=hear
            )
        except format_calls.FormatFailed as error:
            raise EncodingError(str(error)) from error
