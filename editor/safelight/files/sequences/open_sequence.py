"""Open sequence: a film, an animation, or pictures in order become a document of one layer."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import numpy as np
from numpy.typing import NDArray

from safelight.api.format import HEAD
from safelight.document import Document, geometry, whole
from safelight.document.frames.frames_content import USUAL_DURATION, Frames
from safelight.document.frames.keyframes import MOST_FRAMES
from safelight.files.codecs import photograph_parcel
from safelight.files.codecs.photograph import DamagedError, Limit, Photograph
from safelight.files.colours.file_colours import as_rgb
from safelight.files.open_errors import OpenError, in_words
from safelight.files.photograph_document import Opened, in_colours_of, opened_photograph
from safelight.files.pixel_limit import limit_of
from safelight.files.read_photograph import codec_of
from safelight.files.regular_file import open_regular
from safelight.files.sequences import frame_parcel
from safelight.files.sequences.film_files import filmed
from safelight.files.sequences.frame_readers import FILM, OPENERS, is_film
from safelight.files.sequences.frame_tiles import FrameStore
from safelight.files.untrusted_reader import HERE, Reading
from safelight.files.write_errors import plain_name
from safelight.pixels import Raster

_NUMBER = re.compile(r"(\d+)")


class FrameReading(Protocol):
    """Reads files that hold several pictures. ``known`` is what a file is known by, so that one
    that is open already is gone on with.
    """

    def sequence(
        self, format: str, file: BinaryIO, size: int, limit: Limit, known: str
    ) -> tuple[tuple[int, ...], tuple[str, ...]]:
        """How long each picture is shown in milliseconds, and notes. Raises what
        ``codecs.codec.Reader`` does.
        """

    def frame(
        self, format: str, file: BinaryIO, size: int, limit: Limit, known: str, number: int
    ) -> Photograph:
        """The picture of a number. Raises what ``codecs.codec.Reader`` does."""


class FramesHere:
    """Reads in this process: what Safelight itself has written, and in tests."""

    def sequence(
        self, format: str, file: BinaryIO, size: int, limit: Limit, known: str
    ) -> tuple[tuple[int, ...], tuple[str, ...]]:
        """What a sequence's file says of its pictures, as ``FrameReading.sequence`` does."""
        told = {"file": known, "number": None}
        return frame_parcel.opened(frame_parcel.decode(format, file, size, limit, np.empty, told))

    def frame(
        self, format: str, file: BinaryIO, size: int, limit: Limit, known: str, number: int
    ) -> Photograph:
        """The picture of a number, as ``FrameReading.frame`` gives it."""
        told = {"file": known, "number": number}
        return photograph_parcel.opened(
            frame_parcel.decode(format, file, size, limit, np.empty, told)
        )


FRAMES_HERE = FramesHere()


def holds_sequence(path: str | os.PathLike[str]) -> bool:
    """Whether a file is a film or an animation, by what it begins with and by its marks: a GIF
    always may be one, which the process that decodes it tells. A TIFF of several pages is none:
    these may be anything.
    """
    try:
        with open_regular(path, plain_name(path)) as file:
            head = file.read(1 << 16)
            return is_film(head) or _is_animation(head)
    except (OpenError, OSError):
        return False


def _is_animation(head: bytes) -> bool:
    if head[:6] in (b"GIF87a", b"GIF89a"):
        return True
    if head[:4] == b"RIFF" and head[8:16] == b"WEBPVP8X":
        return bool(head[20] & 2)
    if head[:8] == b"\x89PNG\r\n\x1a\n":
        mark = head.find(b"acTL")
        return 0 < mark < head.find(b"IDAT") and int.from_bytes(head[mark + 4 : mark + 8]) > 1
    return head[4:12] == b"ftypavis"


def open_sequence(
    path: str | os.PathLike[str],
    scratch: Path,
    *,
    pixel_limit: int | None = None,
    reading: Reading = HERE,
    frames: FrameReading = FRAMES_HERE,
) -> Opened:
    """Open a film, an animated GIF, WebP, PNG or AVIF, or a TIFF of several pages.

    The document has the size, depth and colours of the first picture. The others are decoded when
    they are looked at, from the file as it is now, which has to stay; what is set aside goes into
    the folder ``scratch``. A picture that is damaged shows the one before it. ``reading`` and
    ``frames`` say where the file is read. Raises OpenError.
    """
    name, limit = plain_name(path), limit_of(pixel_limit)
    file = open_regular(path, name)
    try:
        with in_words(name, limit):
            size = os.fstat(file.fileno()).st_size
            format = _format(file.read(HEAD), os.path.splitext(os.fspath(path))[1])
            if format is None:
                raise OpenError(
                    f"{name} is no sequence that Safelight knows: it opens films, animated GIF,"
                    " WebP, PNG and AVIF, and TIFF files of several pages."
                )
            known = os.urandom(8).hex()
            durations, notes = frames.sequence(format, file, size, limit, known)

            def read(number: int) -> Photograph:
                return frames.frame(format, file, size, limit, known, number)

            content = read(0)
            content.notes += notes
            opened = opened_photograph(content, name, format, reading)
    except BaseException:
        file.close()
        raise
    document = opened.document
    if len(durations) == 1:
        file.close()  # of which nothing is read any more

    first = document.layers[0].raster
    shape = first.height, first.width, first.channels

    def decode(number: int) -> NDArray[Any]:
        try:
            found = read(number)
            pixels, profile = as_rgb(found, False, reading.converted)
        except (OSError, MemoryError) as error:
            raise DamagedError(f"cannot be read: {error}") from error
        if (pixels.shape, pixels.dtype.name, profile) == (shape, document.depth, document.profile):
            return pixels.copy()  # they may lie in memory that is shared
        raster = Raster.from_array(pixels)
        like = Document.from_raster(raster, profile=profile)
        return _conformed(like, document)

    digest = hashlib.blake2b(f"{os.fspath(path)} {known}".encode(), digest_size=12).digest()
    held = _with_frames(document, durations, decode, digest, scratch, [path])
    return replace(opened, document=held)


def open_pictures(
    paths: Sequence[str | os.PathLike[str]],
    scratch: Path,
    opened: Callable[[str | os.PathLike[str]], Opened],
    duration: int = USUAL_DURATION,
) -> Opened:
    """Open picture files, in that order, as a sequence; ``opened`` opens one of them.

    The document has the size, depth and colours of the first. One of another size is fitted into
    it, one that cannot be opened shows the one before it. Raises OpenError.
    """
    if not paths:
        raise OpenError("There is no picture among these files.")
    first = opened(paths[0])
    document = Document.from_raster(
        whole(first.document),
        profile=first.document.profile,
        metadata=first.document.metadata,
        name=os.path.basename(os.path.dirname(os.path.abspath(paths[0]))) or "Sequence",
    )
    kept = list(paths[:MOST_FRAMES])
    notes = list(first.notes)
    if len(paths) > len(kept):
        notes.append(f"There are {len(paths):,} pictures; the first {MOST_FRAMES:,} were opened.")

    def decode(number: int) -> NDArray[Any]:
        try:
            found = opened(kept[number]).document
        except OpenError as error:
            raise DamagedError(str(error)) from error
        return _conformed(found, document)

    named = "\0".join(os.fspath(path) for path in kept).encode("utf-8", "surrogateescape")
    digest = hashlib.blake2b(named + os.urandom(8), digest_size=12).digest()
    durations = (duration,) * len(kept)
    held = _with_frames(document, durations, decode, digest, scratch, kept)
    return Opened(held, tuple(notes), f"{len(kept):,} pictures", first.facts)


def in_order(names: Sequence[Path]) -> list[Path]:
    """Files by their names, numbers in these as numbers: 2 comes before 10."""
    return sorted(names, key=lambda path: _by_number(path.name))


def _by_number(name: str) -> list[tuple[int, int, str]]:
    parts = _NUMBER.split(name.casefold())
    return [(1, int(part), "") if part.isdecimal() else (0, 0, part) for part in parts if part]


def _with_frames(
    document: Document,
    durations: tuple[int, ...],
    decode: Callable[[int], NDArray[Any]],
    digest: bytes,
    scratch: Path,
    paths: Sequence[str | os.PathLike[str]],
) -> Document:
    """The document whose layer shows a sequence that begins with what it shows, and that lies in
    the files of these ``paths``.
    """
    (layer,) = document.layers
    raster = layer.raster
    shape = raster.height, raster.width, raster.channels
    store = FrameStore(len(durations), shape, raster.depth, decode, digest, scratch)
    pictures = (raster, *store.rasters()[1:])
    content = Frames(pictures, durations)
    if len(durations) > 1:
        content = filmed(content, paths)
    return replace(document, layers=(replace(layer, name="Sequence", content=content),))


def _conformed(found: Document, like: Document) -> NDArray[Any]:
    """All that a document shows in the size, depth, channels and colours of another's only layer:
    (height, width, 3 or 4). One of another shape lies in the middle, as large as it can be.
    """
    channels = like.layers[0].raster.channels if like.layers[0].holds_pixels else 3
    if (found.width, found.height) != (like.width, like.height):
        scale = min(like.width / found.width, like.height / found.height)
        sides = (max(round(found.width * scale), 1), max(round(found.height * scale), 1))
        found = geometry.resize(found, *sides, method="lanczos")
    pixels = in_colours_of(whole(found), found.profile, like).to_array()
    full = 1.0 if like.depth == "float32" else np.iinfo(like.depth).max
    made = np.zeros((like.height, like.width, channels), like.depth)
    top, left = (like.height - len(pixels)) // 2, (like.width - pixels.shape[1]) // 2
    inside = made[top : top + len(pixels), left : left + pixels.shape[1]]
    inside[..., :3] = pixels[..., :3]
    if channels == 4:
        inside[..., 3] = pixels[..., 3] if pixels.shape[2] == 4 else full
    return made


def _format(head: bytes, suffix: str) -> str | None:
    if is_film(head):
        return FILM
    codec = codec_of(head, suffix)
    return codec.name if codec is not None and codec.name in OPENERS else None
