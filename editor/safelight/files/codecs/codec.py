"""Codec: what Safelight knows of a file format, declared in one place.

Opening, export, the export dialog and the command line all read it from here. The options of an
export are the keyword parameters of ``write``, declared as a filter's parameters are.
"""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, Protocol, TypeAlias

from numpy.typing import NDArray

from safelight.api import Parameter, ParameterError, Value
from safelight.api.parameters import parameter_of, values_of
from safelight.files.codecs.photograph import Limit, Photograph, Room
from safelight.files.codecs.row_bands import Band, Proof
from safelight.files.metadata.exported_metadata import Held


class Written(Protocol):
    """A file that was written: the real one (links followed), its bytes, and notes."""

    @property
    def path(self) -> Path:
        """The file."""

    @property
    def bytes(self) -> int:
        """The file's size in bytes."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What the file could not keep, as sentences."""


Reducer: TypeAlias = Callable[[BinaryIO, Limit, tuple[int, int], int], Photograph | None]
"""Decodes a smaller copy of a picture from a file, for less than the whole costs: given a
``Limit``, width and height of what the picture is seen in, and by what its sides must be divided at
least. ``Photograph.whole`` says how large the picture is. None where there is no such copy, and
where the file has to be read as a whole to tell what is the matter with it.

Raises DamagedError, TooLargeError, OSError and MemoryError.
"""


def most_reduced(width: int, height: int, room: tuple[int, int], least: float) -> float:
    """By what the sides of a picture of so many pixels may be divided at the most, that a copy is
    still as large as ``room``, in which all of it is seen; never less than ``least``.
    """
    long, short = max(width, height), min(width, height)
    return max(long / max(room), short / min(room), least)


Reader: TypeAlias = Callable[..., Photograph]
"""Decodes a file, given it, its size in bytes, a ``Limit`` and a ``Room``, which it asks for what
is as large as the picture. What it takes by keyword is what opening such a file can be told.

Raises DamagedError, TooLargeError before anything is decoded, OSError and MemoryError.
"""


InBands: TypeAlias = Callable[[bytes], list[Band] | None]
"""Takes a file that a codec's ``write`` has made apart, for several cores to read at once. None
where something is not as it was written.
"""


@dataclass(frozen=True)
class Codec:
    """A format. ``suffixes`` are lower case, the usual one first; ``beginnings`` are regular
    expressions that the first bytes of its files match; ``by_suffix``: the ending alone tells too.

    ``write`` takes a stream, a ``Photograph`` and the options; None for a format that is only
    opened. ``depths`` (the finest last), ``alpha``, ``grey``, ``cmyk`` and ``largest_side`` in
    pixels (0 = any) say what it can hold. ``exact`` tells whether pixels of a depth come back as
    they were with such options. ``in_place``: its files are read piece by piece and may be larger
    than memory.
    """

    name: str
    suffixes: tuple[str, ...]
    beginnings: tuple[bytes, ...]
    read: Reader
    write: Callable[..., None] | None = None
    depths: tuple[str, ...] = ("uint8",)
    alpha: bool = True
    grey: bool = True
    cmyk: bool = False
    largest_side: int = 0
    exact: Callable[[Mapping[str, Value], str], bool] = lambda *_: False
    reduced: Reducer | None = None
    in_bands: InBands | None = None
    """``write`` then takes a ``Proof`` as well, which is told of every band."""
    shows: Callable[[bytes, NDArray[Any]], bool] | None = None
    """Whether a file of a band, which ``write`` made, shows those pixels, as nearly as its options
    promise; for a format that loses something, and so is read back by more than its size. Raises
    DamagedError.
    """
    profiles: bool = True
    """Whether files of the format hold a colour profile; if not, colours become sRGB."""
    primaries: bool = False
    """Whether files without a profile state the primaries of their light: then colours keep those
    of the document, and ``write`` is given the profile that ``stated.light_profile`` makes.
    """
    by_suffix: bool = False
    in_place: bool = False
    holds: frozenset[Held] = frozenset({"exif", "xmp"})
    """The metadata that its files have a place for."""
    layers: bool = False
    """Whether files of the format hold layers."""
    write_document: Callable[..., Written] | None = None
    """Instead of ``write``, where layers are written: it takes a document, a path, ``overwrite``,
    ``live`` and ``hear``, and writes, reads back and replaces the file as ``files.export`` does.
    """

    @property
    def exports(self) -> bool:
        """Whether files of the format are written."""
        return self.write is not None or self.write_document is not None

    @cached_property
    def options(self) -> tuple[Parameter, ...]:
        """What an export can be told."""
        return () if self.write is None else _by_keyword(self.write)

    @cached_property
    def opening(self) -> tuple[Parameter, ...]:
        """What opening a file of it can be told; nothing for most formats."""
        return _by_keyword(self.read)

    def opening_settings(self, given: Mapping[str, object]) -> dict[str, Value]:
        """All that opening can be told with those values, the rest at its defaults.

        Raises ParameterError for a name or a value that cannot be.
        """
        known = {item.name: item for item in self.opening}
        for name in given:
            if name not in known:
                there = ", ".join(known) or "nothing"
                raise ParameterError(f"{self.name} cannot be told {name!r}; it can be told {there}")
        return {
            name: item.check(given[name]) if name in given else item.default
            for name, item in known.items()
        }

    def settings(self, given: Mapping[str, object]) -> dict[str, Value]:
        """All options with those values, the others at their defaults; names of other formats'
        options do not count. Raises ParameterError for a value that an option cannot take.
        """
        return values_of(self.options, given)

    def recognises(self, head: bytes) -> bool:
        """Whether a file with those first bytes is of this format."""
        return any(re.match(pattern, head, re.DOTALL) for pattern in self.beginnings)

    def claims(self, suffix: str) -> bool:
        """Whether a file that begins as no known one does and ends in ".ora", say, is tried."""
        return self.by_suffix and suffix.lower() in self.suffixes

    def decode(
        self, file: BinaryIO, size: int, limit: Limit, room: Room, told: Mapping[str, Any]
    ) -> Photograph:
        """Read a file, told what ``opening`` lists. Raises what ``Reader`` does."""
        return self.read(file, size, limit, room, **told)

    def encode(
        self,
        stream: BinaryIO,
        photograph: Photograph,
        settings: Mapping[str, Any],
        proof: Proof | None = None,
    ) -> None:
        """Write a file with those settings; ``proof`` is for one that is written in bands."""
        assert self.write is not None
        more = () if proof is None else (proof,)
        self.write(stream, photograph, *more, **settings)


def _by_keyword(function: Callable[..., Any]) -> tuple[Parameter, ...]:
    """The parameters that a function takes by keyword alone, declared as a filter's are."""
    taken = [
        item
        for item in inspect.signature(function).parameters.values()
        if item.kind is item.KEYWORD_ONLY
    ]
    hints = typing.get_type_hints(function, include_extras=True) if taken else {}
    return tuple(parameter_of(item.name, hints[item.name], item.default) for item in taken)
