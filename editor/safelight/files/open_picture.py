"""Open picture: a file becomes a document, or an error that says what to do instead."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import re
import stat
import weakref
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO, TypeVar

import numpy as np
from numpy.typing import NDArray

from safelight.api import Value
from safelight.api.format import HEAD
from safelight.document import Developed, Document, Layer
from safelight.document.placement import Place
from safelight.files.atomic import plain_name
from safelight.files.codecs import CODECS, Codec, plugin_codec, raw, tiff
from safelight.files.codecs.photograph import (
    BYTES_PER_PIXEL,
    DamagedError,
    Limit,
    OtherKindError,
    Photograph,
    TooLargeError,
)
from safelight.files.codecs.raw import Sketch
from safelight.files.codecs.raw_colours import metered
from safelight.files.colours.file_colours import as_rgb, takes_long
from safelight.files.layered_photograph import document_of
from safelight.files.machine_memory import free_memory
from safelight.files.metadata.metadata import Known
from safelight.files.sentences import CLOSE, listed
from safelight.files.untrusted_reader import HERE, NOTHING, Reading, known_of
from safelight.pixels import Profile, Raster, from_float, to_float

LIMIT_VARIABLE = "SAFELIGHT_PIXEL_LIMIT"
"""The environment variable that sets the pixel limit."""

LARGEST_LIMIT = 1_000_000_000
"""The default limit on a computer with memory to spare: one gigapixel."""

_MOST_DOTS = 1_000_000
"""Dots per inch that are believed: 25 nanometres each."""

_SHARE_OF_MEMORY = 0.4


class OpenError(Exception):
    """A file cannot be opened. The text is for the user: the file's name and what to do."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A picture that was opened: the document, sentences for the user, and the file's format.

    ``facts`` are what its metadata say of the photograph, as ``metadata.describe`` gives them.
    ``whole``: width and height of the picture, of which this is a smaller copy to be looked at.
    """

    document: Document
    notes: tuple[str, ...]
    format: str
    facts: Mapping[str, str] = field(default_factory=dict)
    whole: tuple[int, int] | None = None


_untouched: weakref.WeakSet[Raster] = weakref.WeakSet()


def is_untouched(document: Document) -> bool:
    """Whether a document's pixels are those of a file as it stands, so that the thumbnail still
    fits.
    """
    if len(document.layers) != 1 or document.layers[0].content not in _untouched:
        return False
    layer = document.layers[0]
    plain = layer.visible and layer.opacity == 1 and layer.mask is None
    return plain and document.picture is document and layer.fits(document.looked_at)


def open_picture(
    path: str | os.PathLike[str],
    *,
    pixel_limit: int | None = None,
    importers: plugin_codec.Importers = tuple,
    first: Callable[[Opened], None] | None = None,
    room: tuple[int, int] | None = None,
    reading: Reading = HERE,
    told: Mapping[str, Value] = NOTHING,
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

    Raises OpenError for everything that is not such a picture. May be called on any thread.
    """
    name = plain_name(path)
    if told.get("exposure") == raw.AUTO:
        told = _metered(path, pixel_limit, reading, told)
    if first is not None and room is not None:
        copy = _smaller_copy(path, limit_of(pixel_limit), reading, room)
        if copy is not None:
            first(copy)
            first = None
    with _saying_what_to_do():
        content, format = read_photograph(
            path, limit_of(pixel_limit), importers=importers, reading=reading, told=told
        )
    with in_words(name, None):
        opened = opened_photograph(content, name, format, reading, first)
    codec = next((item for item in CODECS if item.name == format and item.opening), None)
    if codec is not None:
        return _remembering(opened, path, codec.opening_settings(told))
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
            size, codec = _size(file), codec_of(file.read(HEAD), suffix)
            if codec is None or codec.reduced is None or size < _LARGE:
                return None
            if not codec.in_place:
                _check_memory(file, name)
            file.seek(0)
            content = reading.reduced(codec, file, size, limit, room)
        if content is None or content.whole is None:
            return None
        known = known_of(content, reading)
        document, _ = _document(content, known, name, reading, exact=False)
    except (OpenError, DamagedError, TooLargeError, OSError, MemoryError):
        return None
    width, height = content.whole
    turn = content.orientation or known.orientation
    whole = (height, width) if turn >= 5 else (width, height)
    return Opened(document, (), codec.name, known.facts, whole)


def _remembering(
    opened: Opened, path: str | os.PathLike[str], settings: Mapping[str, Value]
) -> Opened:
    """A picture whose only layer remembers the raw file that it was made of. Raises OpenError."""
    name = plain_name(path)
    with open_regular(path, name) as file, in_words(name, None):
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    (layer,) = opened.document.layers
    developed = Developed(
        os.path.abspath(os.fspath(path)),
        digest,
        opened.facts.get("camera", ""),
        settings,
        layer.raster.digest().hex(),
    )
    document = replace(opened.document, layers=(replace(layer, developed=developed),))
    return replace(opened, document=document)


def _metered(
    path: str | os.PathLike[str],
    pixel_limit: int | None,
    reading: Reading,
    told: Mapping[str, Value],
) -> dict[str, Value]:
    """What a raw file is told, with the exposure that suits the picture. Raises OpenError."""
    found = sketch_raw(path, pixel_limit=pixel_limit, reading=reading)
    if found is None:
        raise OpenError(f"{plain_name(path)} is no camera's raw file: there is nothing to develop.")
    settings = raw.CODEC.opening_settings({**told, "exposure": 0.0})
    light = found.light.astype(np.float32) / np.float32(65535)
    return {**told, "exposure": metered(light, found.sensor, settings)}


def sketch_raw(
    path: str | os.PathLike[str], *, pixel_limit: int | None = None, reading: Reading = HERE
) -> Sketch | None:
    """A raw file half as large, to choose how it is developed; None for a file of another kind.

    Raises OpenError.
    """
    name, limit = plain_name(path), limit_of(pixel_limit)
    with open_regular(path, name) as file, in_words(name, limit):
        return _sketched(file, _size(file), limit, reading)


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
            _check_memory(file, name)
        file.seek(0)
        return look(codec, file, _size(file), limit)


def _sketched(file: BinaryIO, size: int, limit: Limit, reading: Reading) -> Sketch | None:
    codec = codec_of(file.read(HEAD), "")
    if codec not in (raw.CODEC, tiff.CODEC):  # many raw files begin as a TIFF does
        return None
    file.seek(0)
    try:
        return reading.sketch(file, size, limit)
    except OtherKindError:
        return None


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


def opened_photograph(
    content: Photograph,
    name: str,
    format: str,
    reading: Reading,
    first: Callable[[Opened], None] | None = None,
) -> Opened:
    """What a file holds as a document that is called ``name``; ``format`` is the file's.

    ``first`` is as ``open_picture`` has it. Raises DamagedError and MemoryError.
    """
    told = known_of(content, reading)
    if content.layers is not None:
        document = document_of(content, name, reading)
        return Opened(document, tuple(content.notes), format, told.facts)
    if first is not None and takes_long(content):
        seen = replace(content, notes=[])
        document, _ = _document(seen, told, name, reading, exact=False)
        first(Opened(document, tuple(seen.notes), format, told.facts))
    document, turned = _document(content, told, name, reading)
    if not turned:
        _untouched.add(document.layers[0].raster)
    return Opened(document, tuple(content.notes), format, told.facts)


def with_raw_file(document: Document, keep: bool) -> Document:
    """The document whose developed layers keep their raw files, or only name them.

    Raises OpenError for a file that is not there any more, or is another one.
    """
    for layer in document.walk():
        if layer.developed is not None and keep != (layer.developed.file is not None):
            data = raw_bytes(layer.developed) if keep else None
            held = replace(layer.developed, file=data)
            document = document.with_layer(replace(layer, developed=held))
    return document


def raw_bytes(developed: Developed, near: str | os.PathLike[str] | None = None) -> bytes:
    """The raw file that a layer was developed from: kept with it, where it lay, or by its name in
    the folder ``near``. Raises OpenError where it is none of these.
    """
    if developed.file is not None:
        return developed.file
    name = os.path.basename(developed.path)
    places = [developed.path, *([os.path.join(near, name)] if near is not None else [])]
    found = False
    for path in places:
        if not os.path.isfile(path):
            continue
        found = True
        with open_regular(path, plain_name(path)) as file, in_words(plain_name(path), None):
            _check_memory(file, plain_name(path))
            data = file.read()
        if hashlib.sha256(data).hexdigest() == developed.sha256:
            return data
    shown = plain_name(developed.path)
    if found:
        raise OpenError(
            f"{shown} is another file now than the one that this layer was developed from; its"
            " pixels stay as they are."
        )
    raise OpenError(
        f"{shown}, which this layer was developed from, is not in {os.path.dirname(developed.path)}"
        " any more. Put it back, or beside the project; the layer's pixels stay as they are."
    )


def sketch_again(
    data: bytes, name: str, *, pixel_limit: int | None = None, reading: Reading = HERE
) -> Sketch:
    """``sketch_raw`` of a file in memory. Raises OpenError."""
    limit = limit_of(pixel_limit)
    with in_words(name, limit):
        found = _sketched(io.BytesIO(data), len(data), limit, reading)
    if found is None:
        raise OpenError(f"{name} is no camera's raw file: there is nothing to develop.")
    return found


def developed_again(
    document: Document,
    layer_id: str,
    data: bytes,
    settings: Mapping[str, Value],
    *,
    pixel_limit: int | None = None,
    reading: Reading = HERE,
) -> tuple[Layer, tuple[str, ...]]:
    """A layer with pixels that are developed anew from its raw file ``data``, in the document's
    profile and depth, and notes. Raises OpenError, and KeyError for a layer that is gone.
    """
    layer = document.layer(layer_id)
    assert layer.developed is not None
    name, limit = plain_name(layer.developed.path), limit_of(pixel_limit)
    told = raw.CODEC.opening_settings(settings)
    with in_words(name, limit):
        content = reading.decode(raw.CODEC, io.BytesIO(data), len(data), limit, told)
        made, _ = _document(content, known_of(content, reading), name, reading)
    raster = in_colours_of(made.layers[0].raster, made.profile, document)
    place = layer.place
    before = layer.raster
    if (before.width, before.height) != (raster.width, raster.height):
        # It was resized: it goes on covering what it covered.
        across, down = before.width / raster.width, before.height / raster.height
        place = place.after(Place.scaled(across, down))
    held = replace(layer.developed, settings=told, pixels=raster.digest().hex())
    changed = replace(layer, content=raster, place=place, developed=held)
    return changed, tuple(content.notes)


def in_colours_of(raster: Raster, profile: Profile, document: Document) -> Raster:
    """Pixels in the profile and depth of a document."""
    if profile == document.profile and raster.depth == document.depth:
        return raster
    pixels = raster.to_array()
    made = np.empty(pixels.shape, document.depth)
    rows = max((1 << 20) // raster.width, 1)
    for top in range(0, len(pixels), rows):
        seen = to_float(pixels[top : top + rows])
        if profile != document.profile:
            seen = document.profile.from_srgb(profile.to_srgb(seen))
        made[top : top + rows] = from_float(seen, document.depth)
    return Raster.from_array(made)


def default_pixel_limit() -> int:
    """One gigapixel, or what fits into 40 % of the free memory at 16 bytes a pixel.

    16 bytes are a float32 RGBA pixel, what a filter works on.
    """
    free = free_memory()
    if free is None:
        return LARGEST_LIMIT
    return min(LARGEST_LIMIT, int(free * _SHARE_OF_MEMORY) // BYTES_PER_PIXEL)


def limit_of(given: int | None) -> int:
    if given is None:
        given = stated_pixel_limit()
    return default_pixel_limit() if given is None else given


def stated_pixel_limit() -> int | None:
    """What SAFELIGHT_PIXEL_LIMIT says; None without it. Raises OpenError for what is no number."""
    stated = os.environ.get(LIMIT_VARIABLE, "").strip().replace("_", "")
    if not stated:
        return None
    if not stated.isdecimal():
        raise OpenError(f"{LIMIT_VARIABLE} must be a whole number of pixels, like 200000000.")
    return int(stated)


def read_photograph(
    path: str | os.PathLike[str],
    limit: Limit,
    name: str | None = None,
    *,
    importers: plugin_codec.Importers = tuple,
    reading: Reading = HERE,
    told: Mapping[str, Value] = NOTHING,
) -> tuple[Photograph, str]:
    """What is in a picture file, not yet turned upright or converted, and its format.

    Raises OpenError, which calls the file ``name`` if given.
    """
    name = name or plain_name(path)
    suffix = os.path.splitext(os.fspath(path))[1]
    with open_regular(path, name) as file, in_words(name, limit):
        return _read(file, name, suffix, limit, importers, reading, told)


def read_data(data: bytes, codec: Codec, name: str) -> Photograph:
    """What is in a file of ours that is in memory. Raises OpenError, which calls it ``name``."""
    with in_words(name, None):
        return codec.read(io.BytesIO(data), len(data), None, np.empty)


def read_foreign(
    path: str | os.PathLike[str], limit: Limit, name: str, importer: plugin_codec.Importer
) -> Photograph:
    """What is in a file of a plugin's format. Raises OpenError, which calls the file ``name``."""
    with open_regular(path, name) as file, in_words(name, limit):
        return _read_foreign(file, name, limit, importer)


@contextlib.contextmanager
def in_words(name: str, limit: Limit) -> Iterator[None]:
    """What goes wrong while a file is read, as an OpenError about the file called ``name``."""
    try:
        yield
    except TooLargeError as error:
        raise OpenError(_too_large(name, error, limit or 0)) from error
    except DamagedError as error:
        raise OpenError(f"{name} {error}.") from error
    except MemoryError as error:
        raise OpenError(f"{name} cannot be opened: there is not enough memory; {CLOSE}.") from error
    except OSError as error:
        raise OpenError(f"{name} cannot be read: {error.strerror or error}.") from error


_HURT = ("is damaged", "ends early", "is cut off")
"""How the reasons begin that another copy of a file need not have."""

_OF_A_KIND = "Safelight cannot open"
"""What the reasons say of files that are whole, and of a kind of their format that is not known."""

_SAVE_OTHERWISE = "Save it as TIFF or PNG of 8 or 16 bits with a program that opens it."


@contextlib.contextmanager
def _saying_what_to_do() -> Iterator[None]:
    """What is to be done about a file that is hurt, as a sentence behind the one that says so."""
    try:
        yield
    except OpenError as error:
        cause = error.__cause__
        if isinstance(cause, DamagedError) and str(cause).startswith(_HURT):
            raise OpenError(f"{error} Another copy of the file may be whole.") from cause
        if isinstance(cause, DamagedError) and _OF_A_KIND in str(cause) and ";" not in str(cause):
            raise OpenError(f"{error} {_SAVE_OTHERWISE}") from cause
        raise


def _read(
    file: io.BufferedReader,
    name: str,
    suffix: str,
    limit: Limit,
    importers: plugin_codec.Importers,
    reading: Reading,
    told: Mapping[str, Value],
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
    return _read_foreign(file, name, limit, importer), importer.format.title


def _decoded(
    codec: Codec,
    file: io.BufferedReader,
    name: str,
    limit: Limit,
    reading: Reading,
    told: Mapping[str, Value],
) -> tuple[Photograph, str]:
    if not codec.in_place:
        _check_memory(file, name)
    file.seek(0)
    settings = codec.opening_settings(told) if codec.opening else NOTHING
    return reading.decode(codec, file, _size(file), limit, settings), codec.name


def _read_foreign(
    file: io.BufferedReader, name: str, limit: Limit, importer: plugin_codec.Importer
) -> Photograph:
    _check_memory(file, name)
    file.seek(0)
    return plugin_codec.read(importer, file, _size(file), limit)


def _size(file: io.BufferedReader) -> int:
    return os.fstat(file.fileno()).st_size


def _check_memory(file: io.BufferedReader, name: str) -> None:
    """Raise OpenError for a file that the memory has no room for."""
    free, size = free_memory(), _size(file)
    if free is not None and size > free * _SHARE_OF_MEMORY:
        raise OpenError(f"{name} is larger ({size >> 20} MB) than the free memory allows; {CLOSE}.")


def open_regular(path: str | os.PathLike[str], name: str) -> io.BufferedReader:
    """The file, open for reading. Never waits: a FIFO would block until somebody writes."""
    flags = os.O_RDONLY
    for flag in ("O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):
        flags |= getattr(os, flag, 0)
    try:
        # Asked before opening, because opening a device can already do something.
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            raise OpenError(f"{name} is a folder; choose a picture in it.")
        if not stat.S_ISREG(mode):
            raise OpenError(f"{name} is not an ordinary file; choose a picture.")
        descriptor = os.open(path, flags)
    except FileNotFoundError as error:
        raise OpenError(f"{name} does not exist; check the name and the folder.") from error
    except PermissionError as error:
        raise OpenError(
            f"You have no permission to read {name}; ask its owner, or change its permissions."
        ) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise OpenError(f"{name} cannot be read: {reason}.") from error
    # By this roundabout way the file object knows its name, which tifffile asks for.
    file = open(os.fsdecode(path), "rb", opener=lambda *_: descriptor)  # noqa: SIM115
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        file.close()
        raise OpenError(f"{name} is not an ordinary file; choose a picture.")
    return file


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


def _too_large(name: str, error: TooLargeError, limit: int) -> str:
    pixels = error.width * error.height
    return (
        f"{name} has {error.width} x {error.height} pixels ({_mega(pixels)} megapixels), more than"
        f" the limit of {_mega(limit)} megapixels. If you trust the file, raise the limit:"
        f" --pixel-limit {pixels} on the command line, or {LIMIT_VARIABLE}={pixels} in the"
        " environment."
    )


def _mega(pixels: int) -> str:
    return f"{pixels / 1e6:.3g}" if pixels < 1e8 else f"{pixels / 1e6:.0f}"


def _document(
    content: Photograph, told: Known, name: str, reading: Reading, *, exact: bool = True
) -> tuple[Document, bool]:
    """The upright RGB document, and whether it had to be turned.

    ``exact``: colours that have to be converted are, at any cost.
    """
    pixels, profile = as_rgb(content, told.adobe_rgb, reading.converted, exact)
    kept = content.metadata
    if kept.dpi is None and told.dpi is not None:
        kept = replace(kept, dpi=told.dpi)
    if kept.dpi and not all(0 < dots <= _MOST_DOTS for dots in kept.dpi):
        content.notes.append("The resolution that the file states cannot be; it was left out.")
        kept = replace(kept, dpi=None)
    turn = content.orientation or told.orientation
    turned = turn in range(2, 9)
    if turned:
        pixels = TURNS[turn](pixels)
    if turned or content.orientation is not None:
        # A file that says it outside EXIF, too, is right there.
        dpi = kept.dpi[::-1] if kept.dpi and turn >= 5 else kept.dpi
        kept = replace(told.upright, dpi=dpi)
    document = Document.from_raster(
        Raster.from_array(pixels),
        profile=profile,
        metadata=kept,
        name=name,
        source=content.source,
        synthetic=told.synthetic,
        grey=content.space == "grey",
    )
    return document, turned


TURNS: dict[int, Callable[[NDArray[Any]], NDArray[Any]]] = {
    2: lambda pixels: pixels[:, ::-1],
    3: lambda pixels: pixels[::-1, ::-1],
    4: lambda pixels: pixels[::-1],
    5: lambda pixels: pixels.swapaxes(0, 1),
    6: lambda pixels: pixels.swapaxes(0, 1)[:, ::-1],
    7: lambda pixels: pixels.swapaxes(0, 1)[::-1, ::-1],
    8: lambda pixels: pixels.swapaxes(0, 1)[::-1],
}
"""Views that set a picture upright, by EXIF 2.32 orientation."""
