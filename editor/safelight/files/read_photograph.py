"""Read photograph: a file's codec is found by the file's content, and reads what the file holds."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO, TypeVar

import numpy as np

from safelight.api import Value
from safelight.api.format import HEAD
from safelight.files.codecs import CODECS, Codec, plugin_codec
from safelight.files.codecs.photograph import Limit, OtherKindError, Photograph
from safelight.files.open_errors import OpenError, in_words
from safelight.files.pixel_limit import limit_of
from safelight.files.regular_file import check_memory, open_regular, size_of
from safelight.files.sentences import listed
from safelight.files.untrusted_reader import HERE, NOTHING, Reading
from safelight.files.write_errors import plain_name

_Looked = TypeVar("_Looked")


def look_at(
    path: str | os.PathLike[str],
    look: Callable[[Codec, BinaryIO, int, Limit], _Looked],
    *,
    pixel_limit: int | None = None,
) -> _Looked | None:
    """What ``look`` makes of a file of a format in ``codecs.CODECS``, given its codec, the file,
    its size in bytes and a limit of pixels; None for a file of another kind. Raises OpenError.
    """
    name, limit = plain_name(path), limit_of(pixel_limit)
    suffix = os.path.splitext(os.fspath(path))[1]
    with open_regular(path, name) as file, in_words(name, limit):
        codec = codec_of(file.read(HEAD), suffix)
        if codec is None:
            return None
        if not codec.in_place:
            check_memory(file, name)
        file.seek(0)
        return look(codec, file, size_of(file), limit)


def read_photograph(
    path: str | os.PathLike[str],
    limit: Limit,
    name: str | None = None,
    *,
    importers: plugin_codec.Importers = tuple,
    reading: Reading = HERE,
    told: Mapping[str, Value] = NOTHING,
    hear: plugin_codec.Hear = plugin_codec.unheard,
) -> tuple[Photograph, str]:
    """What is in a picture file, not yet turned upright or converted, and its format.

    ``hear`` is told how far a plugin's importer is. Raises OpenError, which calls the file ``name``
    if given.
    """
    name = name or plain_name(path)
    suffix = os.path.splitext(os.fspath(path))[1]
    with open_regular(path, name) as file, in_words(name, limit):
        return _read(file, name, suffix, limit, importers, reading, told, hear)


def read_data(data: bytes, codec: Codec, name: str) -> Photograph:
    """What is in a file of ours that is in memory. Raises OpenError, which calls it ``name``."""
    with in_words(name, None):
        return codec.read(io.BytesIO(data), len(data), None, np.empty)


def read_foreign(
    path: str | os.PathLike[str],
    limit: Limit,
    name: str,
    importer: plugin_codec.Importer,
    hear: plugin_codec.Hear = plugin_codec.unheard,
) -> Photograph:
    """What is in a file of a plugin's format. Raises OpenError, which calls the file ``name``."""
    with open_regular(path, name) as file, in_words(name, limit):
        return _read_foreign(file, name, limit, importer, hear)


def read_foreign_data(
    data: bytes,
    name: str,
    importer: plugin_codec.Importer,
    hear: plugin_codec.Hear = plugin_codec.unheard,
) -> Photograph:
    """What bytes of a plugin's format show. Raises OpenError, which calls the file ``name``."""
    with in_words(name, None):
        held: Any = io.BytesIO(data)
        return plugin_codec.read(importer, io.BufferedReader(held), len(data), None, hear)


def _read(
    file: io.BufferedReader,
    name: str,
    suffix: str,
    limit: Limit,
    importers: plugin_codec.Importers,
    reading: Reading,
    told: Mapping[str, Value],
    hear: plugin_codec.Hear,
) -> tuple[Photograph, str]:
    head = file.read(HEAD)
    if not head:
        raise OpenError(f"{name} is empty (0 bytes); take another copy of it.")
    codec, kind = codec_of(head, suffix), _other_kind(head)
    if codec is not None:
        try:
            return _decoded(codec, file, name, limit, reading, told)
        except OtherKindError as error:
            kind = str(error)
            codec = next((item for item in CODECS if item.name == error.format), None)
        if codec is not None:
            return _decoded(codec, file, name, limit, reading, told)
    known = importers()
    importer = plugin_codec.choose(known, head, suffix)
    if importer is None:
        raise OpenError(_unknown(name, kind, [item.format.title for item in known]))
    return _read_foreign(file, name, limit, importer, hear), importer.format.title


def _decoded(
    codec: Codec,
    file: io.BufferedReader,
    name: str,
    limit: Limit,
    reading: Reading,
    told: Mapping[str, Value],
) -> tuple[Photograph, str]:
    if not codec.in_place:
        check_memory(file, name)
    file.seek(0)
    settings = codec.opening_settings(told) if codec.opening else NOTHING
    return reading.decode(codec, file, size_of(file), limit, settings), codec.name


def _read_foreign(
    file: io.BufferedReader,
    name: str,
    limit: Limit,
    importer: plugin_codec.Importer,
    hear: plugin_codec.Hear,
) -> Photograph:
    check_memory(file, name)
    file.seek(0)
    return plugin_codec.read(importer, file, size_of(file), limit, hear)


_BEGINNINGS: tuple[tuple[bytes, str], ...] = (
    (rb"....ftyp(mif1|msf1)", "a HEIF picture of a kind that it does not know"),
    (rb"....ftyp", "a film, or a picture whose first part is damaged"),
    (rb"%PDF-", "a PDF"),
    (rb"gimp xcf", "a GIMP document"),
    (rb"%!PS|\xc5\xd0\xd3\xc6", "a PostScript file"),
    (rb"\s*(<\?xml.*)?<svg", "an SVG drawing"),
    (rb"PK\x03\x04", "an archive or a document"),
    (rb"SQLite format 3\0", "a database"),
)
_PATTERNS = tuple((re.compile(pattern, re.DOTALL), kind) for pattern, kind in _BEGINNINGS)


def codec_of(head: bytes, suffix: str) -> Codec | None:
    """The codec of a file with those first bytes and that ending."""
    found = [codec for codec in CODECS if codec.recognises(head)]
    return next(iter(found or [codec for codec in CODECS if codec.claims(suffix)]), None)


def _other_kind(head: bytes) -> str | None:
    """The words for a known format that Safelight does not open, or None."""
    return next((kind for pattern, kind in _PATTERNS if pattern.match(head)), None)


def _unknown(name: str, kind: str | None, more: list[str]) -> str:
    """Why a file is not opened; ``more`` are the formats that plugins open."""
    names = [*(codec.name for codec in CODECS), *dict.fromkeys(more)]
    supported = f"Safelight opens {listed(names)}"
    if kind is None:
        return f"{name} is not a picture that Safelight knows; {supported}."
    return f"{name} is {kind}. {supported}; save it as one of these first."
