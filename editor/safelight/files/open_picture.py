"""Open picture: a file becomes a document, or an error that says what to do instead."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Mapping

from safelight.api import Value
from safelight.api.format import HEAD
from safelight.files.codecs import CODECS, plugin_codec, raw
from safelight.files.codecs.photograph import DamagedError, Limit, TooLargeError
from safelight.files.open_errors import OpenError, in_words, saying_what_to_do
from safelight.files.photograph_document import Opened, opened_photograph, upright_document
from safelight.files.pixel_limit import limit_of
from safelight.files.raw_layers import metered_settings, remembering
from safelight.files.read_photograph import codec_of, read_photograph
from safelight.files.regular_file import check_memory, open_regular, size_of
from safelight.files.untrusted_reader import HERE, NOTHING, Reading, known_of
from safelight.files.write_errors import plain_name


def open_picture(
    path: str | os.PathLike[str],
    *,
    pixel_limit: int | None = None,
    importers: plugin_codec.Importers = tuple,
    first: Callable[[Opened], None] | None = None,
    room: tuple[int, int] | None = None,
    reading: Reading = HERE,
    told: Mapping[str, Value] = NOTHING,
    hear: plugin_codec.Hear = plugin_codec.unheard,
) -> Opened:
    """Open a picture file of a format in ``codecs.CODECS``, recognised by its content.

    ``importers`` open other formats. ``reading`` says where the file is read, ``told`` what its
    format is told (``Codec.opening``): a raw file, how to develop it; with the exposure "auto" for
    one that is found for the picture.

    Depth, alpha, profile, metadata and layers are kept; EXIF orientation is obeyed. What is not
    RGB becomes RGB; colours of a profile of tables, which ``Profile`` cannot hold, go into
    Rec. 2020 of at least 16 bits; ``notes`` say so. A picture of more than ``pixel_limit`` pixels
    is refused before anything is decoded. Without it SAFELIGHT_PIXEL_LIMIT counts, else
    ``default_pixel_limit()``.

    ``first`` is given a picture to be looked at meanwhile, and for nothing else, at most once: a
    smaller copy, before the whole of a large file is decoded, of a size to be seen in ``room``
    (width and height in pixels), or else, where an exact conversion of the colours takes long, the
    picture as a coarse conversion makes it.

    ``hear`` is told how far a plugin's importer is, 0 to 1, and may raise something to end it.

    Raises OpenError for everything that is not such a picture. May be called on any thread.
    """
    name = plain_name(path)
    if told.get("exposure") == raw.AUTO:
        told = metered_settings(path, pixel_limit, reading, told)
    if first is not None and room is not None:
        copy = _smaller_copy(path, limit_of(pixel_limit), reading, room)
        if copy is not None:
            first(copy)
            first = None
    with saying_what_to_do():
        content, format = read_photograph(
            path, limit_of(pixel_limit), importers=importers, reading=reading, told=told, hear=hear
        )
    with in_words(name, None):
        opened = opened_photograph(content, name, format, reading, first)
    codec = next((item for item in CODECS if item.name == format and item.opening), None)
    if codec is not None:
        return remembering(opened, path, codec.opening_settings(told))
    if told:
        raise OpenError(f"{name} is no camera's raw file: there is nothing to develop.")
    return opened


_LARGE = 1 << 20
"""Bytes from which on a file is looked at before all of it is decoded."""


def _smaller_copy(
    path: str | os.PathLike[str], limit: Limit, reading: Reading, room: tuple[int, int]
) -> Opened | None:
    """A smaller copy of a large picture; None where there is none, and where anything is wrong,
    which is told when the whole is read.
    """
    name, suffix = plain_name(path), os.path.splitext(os.fspath(path))[1]
    try:
        with open_regular(path, name) as file:
            size, codec = size_of(file), codec_of(file.read(HEAD), suffix)
            if codec is None or codec.reduced is None or size < _LARGE:
                return None
            if not codec.in_place:
                check_memory(file, name)
            file.seek(0)
            content = reading.reduced(codec, file, size, limit, room)
        if content is None or content.whole is None:
            return None
        known = known_of(content, reading)
        document, _ = upright_document(content, known, name, reading, exact=False)
    except (OpenError, DamagedError, TooLargeError, OSError, MemoryError):
        return None
    width, height = content.whole
    turn = content.orientation or known.orientation
    whole = (height, width) if turn >= 5 else (width, height)
    return Opened(document, (), codec.name, known.facts, whole)


def open_data(data: bytes, name: str, *, pixel_limit: int, reading: Reading = HERE) -> Opened:
    """Open a picture that is in memory; sentences call it ``name``.

    Raises OpenError for everything that is no such picture of at most ``pixel_limit`` pixels.
    """
    codec = codec_of(data[:HEAD], "")
    if codec is None:
        raise OpenError(f"{name} is damaged: it is no picture.")
    try:
        content = reading.decode(codec, io.BytesIO(data), len(data), pixel_limit)
    except TooLargeError as error:
        raise OpenError(f"{name} has {error} pixels, far more than it should.") from error
    except (DamagedError, MemoryError) as error:
        with in_words(name, None):
            raise error
    with in_words(name, None):
        return opened_photograph(content, name, codec.name, reading)
