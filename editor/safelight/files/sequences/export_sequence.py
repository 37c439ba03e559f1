"""Export sequence: every picture of a document with frames, as one file or as numbered ones."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from safelight.document import Document, Live
from safelight.document.frames import frames
from safelight.files.atomic import atomic_write, check_target
from safelight.files.codecs.photograph import DamagedError
from safelight.files.exports.export import content_of, export
from safelight.files.exports.export_options import ExportOptions, profile_in
from safelight.files.exports.export_outcome import Exported, ExportError
from safelight.files.sentences import CLOSE
from safelight.files.sequences.frame_readers import FILM, OPENERS
from safelight.files.sequences.frame_writers import EVEN_SIDES, WRITERS, Order, film_rate
from safelight.files.write_errors import WriteError, plain_name

Finished = Callable[[Document, int], Document]
"""Makes ready what a document needs at one of its pictures: results of filters, say."""

_USUAL_QUALITY = 80

_BETWEEN = frozenset({"WebM", "AVIF"})
"""Formats that tell how a picture differs from the one before."""

_MOMENT, _SAMPLES = 12, 5
"""Pictures of one moment, or from here and there, of which a size is estimated."""


def sequence_formats() -> dict[str, tuple[str, ...]]:
    """The formats that a sequence is exported to as one file, and their endings."""
    return {name: endings for name, (endings, _) in WRITERS.items()}


def export_sequence(
    document: Document,
    path: str | os.PathLike[str],
    scratch: Path,
    options: ExportOptions | None = None,
    *,
    overwrite: bool = False,
    live: Live | None = None,
    finished: Finished = lambda document, _: document,
    hear: Callable[[float], object] = lambda _: None,
) -> Exported:
    """Write the pictures of a document, from in to out, into one file, in the format that its
    ending names.

    The pictures are 8-bit sRGB. Of ``options`` the size, the sharpening and the quality count.
    ``finished`` makes a document ready at each picture. What is set aside goes into ``scratch``.
    The file is read back, picture by picture as far as their number and size go, before it takes
    its name. ``hear`` is told the share that is done, and what it raises ends the export.

    Raises ExportError, LayerFailed, FileExists and WriteError; an old file is then untouched.
    """
    options = replace(options or ExportOptions(), format="PNG", depth=8, metadata="none")
    name, format = plain_name(path), _format_of(path)
    check_target(path, overwrite=overwrite)
    if os.path.abspath(path) in frames.files(document):
        raise ExportError(f"{name} is what the frames are read from: choose another name.")
    first_one, last_one = frames.bounds(document)
    count, notes = last_one - first_one + 1, list[str]()
    srgb = _in_srgb(document, options)
    durations = frames.durations(document)[first_one : last_one + 1]
    size: list[tuple[int, int]] = []

    def pictures() -> Iterator[NDArray[np.uint8]]:
        for number in range(first_one, last_one + 1):
            hear((number - first_one) / count)
            pixels, told = _pixels(
                finished(frames.at(document, number), number), format, srgb, live
            )
            notes.extend(note for note in told if note not in notes)
            if not size:
                size.append((pixels.shape[1], pixels.shape[0]))
            yield pixels

    source = pictures()
    first = next(source)

    def all_of_them() -> Iterator[NDArray[np.uint8]]:
        yield first
        for pixels in source:
            yield pixels if pixels.shape == first.shape else _with_channels(pixels, first.shape[2])

    def write(stream: BinaryIO) -> None:
        quality = options.quality or _USUAL_QUALITY
        notes.extend(
            WRITERS[format][1](Order(stream, all_of_them(), durations, size[0], quality, scratch))
        )

    def check(temporary: Path) -> None:
        """See that the file holds as many pictures as it should, of the right size."""
        wanted = sum(film_rate(durations)[1]) if format == "WebM" else count
        with temporary.open("rb") as file:
            try:
                read = OPENERS[FILM if format == "WebM" else format](file, 0, None)
                there = len(read.durations)
                last = read.read(there - 1).pixels
            except DamagedError as error:
                raise WriteError(f"{name} was not saved: it read back wrong ({error}).") from error
        # A film's rate is stated in milliseconds, from which its length is reckoned.
        same = there == wanted or (format == "WebM" and abs(there - wanted) <= 1)
        if not same or last.shape[:2] != (size[0][1], size[0][0]):
            raise WriteError(f"{name} was not saved: it read back differently; try again.")

    try:
        written = atomic_write(path, write, overwrite=overwrite, check=check)
    except MemoryError as error:
        raise ExportError(
            f"{name} cannot be exported: there is not enough memory; {CLOSE}."
        ) from error
    hear(1.0)
    odd = format in EVEN_SIDES and size[0] != (document.width, document.height)
    if odd and options.resize == "no":
        notes.append("A row or column of pixels was left out: a film has even sides.")
    return Exported(written.path, written.bytes, tuple(dict.fromkeys([*notes, *written.notes])))


def estimated_bytes(
    document: Document,
    path: str | os.PathLike[str],
    scratch: Path,
    options: ExportOptions | None = None,
    *,
    live: Live | None = None,
    finished: Finished = lambda document, _: document,
) -> int:
    """About how many bytes ``export_sequence`` would write: a few pictures are written into memory,
    of formats that tell how pictures differ those of one moment, of others here and there.

    Raises ExportError and LayerFailed.
    """
    options = replace(options or ExportOptions(), format="PNG", depth=8, metadata="none")
    format, srgb = _format_of(path), _in_srgb(document, options)
    first, last = frames.bounds(document)
    count = last - first + 1
    if format in _BETWEEN:
        few = min(count, _MOMENT)
        start = first + (count - few) // 2
        numbers = list(range(start, start + few))
    else:
        few = min(count, _SAMPLES)
        numbers = [first + place * count // few for place in range(few)]
    made = [
        _pixels(finished(frames.at(document, number), number), format, srgb, live)[0]
        for number in numbers
    ]
    alike = [_with_channels(pixels, made[0].shape[2]) for pixels in made]
    size = made[0].shape[1], made[0].shape[0]
    durations = [frames.durations(document)[number] for number in numbers]
    stream = io.BytesIO()
    quality = options.quality or _USUAL_QUALITY
    WRITERS[format][1](Order(stream, alike, durations, size, quality, scratch))
    return round(stream.tell() * count / few)


def export_numbered(
    document: Document,
    pattern: str | os.PathLike[str],
    options: ExportOptions | None = None,
    *,
    overwrite: bool = False,
    live: Live | None = None,
    finished: Finished = lambda document, _: document,
    hear: Callable[[float], object] = lambda _: None,
) -> list[Exported]:
    """Write every picture of a document, from in to out, into a file of its own: ``photo.png``
    becomes photo_0001.png and so on. Raises what ``files.export`` does; files that are there stay.
    """
    first, last = frames.bounds(document)
    count = last - first + 1
    digits = max(4, len(str(count)))
    made = []
    for number in range(count):
        hear(number / count)
        stem, ending = os.path.splitext(os.fspath(pattern))
        path = f"{stem}_{number + 1:0{digits}}{ending}"
        seen = finished(frames.at(document, first + number), first + number)
        made.append(export(seen, path, options, overwrite=overwrite, live=live))
    hear(1.0)
    return made


def _format_of(path: str | os.PathLike[str]) -> str:
    """The format that a file's ending names. Raises ExportError."""
    ending = os.path.splitext(os.fspath(path))[1].lower()
    for format, (endings, _) in WRITERS.items():
        if ending in endings:
            return format
    there = ", ".join(f"{each} ({' '.join(known)})" for each, (known, _) in WRITERS.items())
    name = plain_name(path)
    raise ExportError(f"{name} has no ending of a format that holds a sequence; there are {there}.")


def _in_srgb(document: Document, options: ExportOptions) -> ExportOptions:
    return replace(options, profile=None if document.profile.is_srgb else profile_in("sRGB"))


def _pixels(
    document: Document, format: str, options: ExportOptions, live: Live | None
) -> tuple[NDArray[np.uint8], Sequence[str]]:
    """What a document shows as a format has it, (height, width, 3 or 4), and notes."""
    content = content_of(document, options, live=live)
    pixels = np.asarray(content.pixels, np.uint8)
    if pixels.shape[2] < 3:
        pixels = np.concatenate([pixels[..., :1]] * 3 + [pixels[..., 1:]], axis=2)
    if format in EVEN_SIDES:
        pixels = pixels[: len(pixels) // 2 * 2 or None, : pixels.shape[1] // 2 * 2 or None]
    return pixels, content.notes


def _with_channels(pixels: NDArray[np.uint8], channels: int) -> NDArray[np.uint8]:
    """The picture with alpha or without, as the first has it."""
    if pixels.shape[2] > channels:
        return pixels[..., :channels]
    if pixels.shape[2] < channels:
        return np.concatenate([pixels, np.full_like(pixels[..., :1], 255)], axis=2)
    return pixels
