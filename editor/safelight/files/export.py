"""Export: a document becomes a JPEG, PNG, TIFF, WebP or OpenRaster file, whole or not at all."""

from __future__ import annotations

import io
import os
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO, Literal, cast

import numpy as np
from numpy.typing import NDArray

from safelight.api import ParameterError, Value
from safelight.document import Document, Layer, Live, Metadata, edits, whole
from safelight.files import metadata, provenance
from safelight.files.atomic import WriteError, atomic_write, check_target, plain_name
from safelight.files.codecs import CODECS, Codec, plugin
from safelight.files.codecs.codec import InBands
from safelight.files.codecs.photograph import (
    CHANNELS,
    DamagedError,
    PartLost,
    Photograph,
    Space,
    with_numbers,
)
from safelight.files.codecs.rows import on_all_cores
from safelight.files.colours import in_profile, most_ink
from safelight.files.exported import Exported, ExportError
from safelight.files.metadata import CHOICES, MetadataChoice
from safelight.files.opening import (
    OpenError,
    is_untouched,
    read_data,
    read_foreign,
    read_photograph,
)
from safelight.files.strangers import HERE, Reading
from safelight.pixels import (
    DEPTHS,
    INTENTS,
    SRGB,
    ColourError,
    Intent,
    Profile,
    deeper,
    from_float,
    has_no_colour,
    profile_name,
    to_float,
)

Depth = Literal["same", 8, 16, 32]

_DEPTHS: dict[Any, str] = {8: "uint8", 16: "uint16", 32: "float32"}


@dataclass(frozen=True, slots=True)
class _Target:
    """The format to write: one of ours, or a plugin's."""

    name: str
    depths: tuple[str, ...]
    alpha: bool = True
    exporter: plugin.Exporter | None = None
    grey: bool = False
    codec: Codec | None = None


_ROWS = 256


def exported_formats() -> tuple[Codec, ...]:
    """The codecs of the formats that Safelight exports."""
    return tuple(codec for codec in CODECS if codec.exports)


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """How a picture is exported.

    ``format`` is the name of a format in any case, the id or title of a plugin's, or None to go by
    the suffix. ``settings`` are options of the format (``Codec.options``); those that only another
    format has do not count. ``quality`` (1 to 100) and ``lossless`` are two of them.
    ``depth`` is "same" or 8, 16 or 32 bits a channel; a format that holds less takes its finest.
    ``metadata`` is "all", "copyright" or "none". ``profile`` is an ICC profile that the colours are
    converted to, with that ``intent`` and compensation of the black point; None for the document's
    own. Raises ExportError for anything else.
    """

    format: str | None = None
    quality: int | None = None
    lossless: bool = False
    depth: Depth = "same"
    metadata: MetadataChoice = "all"
    profile: bytes | None = None
    intent: Intent = "relative"
    black_point: bool = True
    settings: Mapping[str, Value] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.quality is not None and not 1 <= self.quality <= 100:
            raise ExportError(f"Quality is 1 to 100, not {self.quality}.")
        if self.depth != "same" and self.depth not in _DEPTHS:
            raise ExportError(f'Depth is "same", 8, 16 or 32, not {self.depth}.')
        if self.intent not in INTENTS:
            raise ExportError(f"An intent is {', '.join(INTENTS)}, not {self.intent}.")
        if self.metadata not in CHOICES:
            raise ExportError(f"Metadata can be {', '.join(CHOICES)}, not {self.metadata}.")

    def of(self, codec: Codec) -> dict[str, Value]:
        """All options of a format as they are chosen. Raises ExportError for what cannot be."""
        given: dict[str, object] = {"lossless": self.lossless} | dict(self.settings)
        if self.quality is not None:
            given["quality"] = self.quality
        try:
            return codec.settings(given)
        except ParameterError as error:
            raise ExportError(f"{codec.name} cannot be exported so: {error}.") from error


def export(
    document: Document,
    path: str | os.PathLike[str],
    options: ExportOptions | None = None,
    *,
    overwrite: bool = False,
    live: Live | None = None,
    exporters: plugin.Exporters = tuple,
    reading: Reading = HERE,
) -> Exported:
    """Write ``document`` to ``path``, and read it back before it takes that name.

    Cheap filter layers are run through ``live``; of others, what was kept is written.
    The colour profile is embedded whatever happens to the metadata, and so is the mark of a
    picture that a generator has made (``provenance``). ``reading`` says where a profile that is
    asked for is read. ``exporters`` are formats of plugins; they
    hold pixels alone, in sRGB, and are read back where the plugin can open them.
    ``notes`` name everything the format could not keep.

    Raises ExportError for what cannot be done as asked, LayerFailed for a layer that is shown and
    cannot be computed, FileExists for a file that is there when ``overwrite`` is False, and
    WriteError when the system refuses or the file does not read back as it was meant; the old file
    is then untouched.
    """
    options = options or ExportOptions()
    name = plain_name(path)
    target = _target(path, document.width, document.height, options, exporters)
    if target.codec is not None and target.codec.write_document is not None:
        return _with_layers(document, path, target.codec, options, overwrite, live)
    try:
        if target.codec is None:
            assert target.exporter is not None
            content = _foreign_content(document, target, options, live)
            write = _foreign_writer(content, target.exporter, name)
            check, exact = _foreign_checker(content, target.exporter, name), False
        else:
            content = _content(document, target, options, live, reading)
            settings = options.of(target.codec)
            sums: list[int] = []
            write = _writer(content, target.codec, settings, name, sums)
            exact = target.codec.exact(settings, content.pixels.dtype.name)
            check = _checker(content, target.codec, exact, name, sums)
        written = atomic_write(
            path,
            write,
            overwrite=overwrite,
            check=check,
            # A low guess, never the reason to refuse a picture that would fit.
            expected_bytes=content.pixels.nbytes // (20 if exact else 40),
        )
    except MemoryError as error:
        raise ExportError(f"{name} cannot be exported: there is not enough memory.") from error
    return Exported(written.path, written.bytes, (*content.notes, *written.notes))


def _with_layers(
    document: Document,
    path: str | os.PathLike[str],
    codec: Codec,
    options: ExportOptions,
    overwrite: bool,
    live: Live | None,
) -> Exported:
    """Write a document with its layers. They keep their depth, unless a deeper one is asked for."""
    assert codec.write_document is not None
    notes: list[str] = []
    depth = _depth(_own(codec), options.depth, document.depth)
    if deeper(depth, document.depth) == document.depth != depth and options.depth != "same":
        notes.append(f"The layers stayed in {DEPTHS[document.depth]}: their depth is not reduced.")
    document = edits.deepen(deeper(depth, document.depth)).apply(document)
    document = replace(document, metadata=metadata.kept(document.metadata, options.metadata))
    written = codec.write_document(document, path, overwrite=overwrite, live=live)
    return Exported(written.path, written.bytes, (*notes, *written.notes))


def check_export(
    path: str | os.PathLike[str],
    width: int,
    height: int,
    options: ExportOptions | None = None,
    *,
    overwrite: bool = False,
    exporters: plugin.Exporters = tuple,
) -> None:
    """See, before a long job, that a picture of that size could be exported to ``path``.

    Raises what ``export`` would: ExportError, FileExists or WriteError. Nothing is written, and
    what happens meanwhile is found by ``export``.
    """
    _target(path, width, height, options or ExportOptions(), exporters)
    check_target(path, overwrite=overwrite)


def depth_in_file(
    document: Document,
    path: str | os.PathLike[str],
    options: ExportOptions | None = None,
    *,
    exporters: plugin.Exporters = tuple,
) -> str:
    """The depth that ``document`` would have in the file at ``path``: "uint8" and so on.

    Raises ExportError for a format that is not known.
    """
    options = options or ExportOptions()
    target = _target(path, document.width, document.height, options, exporters)
    return _depth(target, options.depth, document.depth)


def _target(
    path: str | os.PathLike[str],
    width: int,
    height: int,
    options: ExportOptions,
    exporters: plugin.Exporters,
) -> _Target:
    """The format to write, which can hold a picture of that size."""
    target = _named(options.format, exporters) if options.format else _by_suffix(path, exporters)
    largest = target.codec.largest_side if target.codec else 0
    if target.codec is not None:
        options.of(target.codec)
    if largest and max(width, height) > largest:
        raise ExportError(
            f"A {target.name} has at most {largest} pixels a side, and the picture has"
            f" {width} x {height}; use PNG or TIFF."
        )
    return target


def _named(name: str, exporters: plugin.Exporters) -> _Target:
    wanted = name.strip().lower().removeprefix(".")
    for codec in exported_formats():
        if wanted == codec.name.lower() or f".{wanted}" in codec.suffixes:
            return _own(codec)
    found = exporters()
    for exporter in found:
        format = exporter.format
        names = (format.id.lower(), format.title.lower())
        if wanted in names or f".{wanted}" in format.suffixes:
            return _of_plugin(exporter)
    raise ExportError(
        f"There is no export to {plain_name(name)}; the formats are {_listed(found)}."
    )


def _by_suffix(path: str | os.PathLike[str], exporters: plugin.Exporters) -> _Target:
    suffix = os.path.splitext(os.fspath(path))[1].lower()
    for codec in exported_formats():
        if suffix in codec.suffixes:
            return _own(codec)
    found = exporters()
    for exporter in found:
        if suffix in exporter.format.suffixes:
            return _of_plugin(exporter)
    ending = f"the ending {plain_name(suffix)}" if suffix else "no ending"
    raise ExportError(
        f"{plain_name(path)} has {ending}, which names no format to export to;"
        f" the formats are {_listed(found)}."
    )


def _own(codec: Codec) -> _Target:
    return _Target(codec.name, codec.depths, codec.alpha, grey=codec.grey, codec=codec)


def _of_plugin(exporter: plugin.Exporter) -> _Target:
    format = exporter.format
    return _Target(format.title, format.depths, format.alpha, exporter)


def _listed(exporters: Sequence[plugin.Exporter]) -> str:
    own = [(codec.name, codec.suffixes) for codec in exported_formats()]
    found = [*own, *((x.format.title, x.format.suffixes) for x in exporters)]
    return ", ".join(f"{name} ({' '.join(suffixes)})" for name, suffixes in found)


def _content(
    document: Document,
    target: _Target,
    options: ExportOptions,
    live: Live | None,
    reading: Reading,
) -> Photograph:
    """The pixels and metadata as they will stand in the file."""
    notes: list[str] = []
    pixels = _rendered(document, target, options.depth, live, notes)
    if pixels.shape[2] == 4 and not target.alpha:
        pixels = _on_white(pixels, target, notes)
    space: Space | None = None
    if options.profile is None:
        pixels = _in_depth(pixels, target, options.depth, notes)
        pixels = _in_grey(document, pixels, target, notes)
    else:
        depth = _in_words(pixels, target, options.depth, notes)
        pixels, space = _in_profile(document, pixels, depth, target, options, reading, notes)
    kept = metadata.kept(document.metadata, options.metadata)
    if kept.exif:
        exif = metadata.for_pixels(
            kept.exif,
            document.width,
            document.height,
            same_picture=is_untouched(document),
        )
        if document.profile.is_srgb or options.profile is not None:
            # Pixels that became sRGB must not be taken for Adobe RGB by the next reader.
            exif = metadata.without_adobe_rgb(exif)
        kept = replace(kept, exif=exif)
    kept = replace(kept, xmp=provenance.marked_xmp(document, kept.xmp, notes))
    icc = document.profile.grey if pixels.shape[2] < 3 else document.profile.icc
    space = space or ("grey" if pixels.shape[2] < 3 else "rgb")
    return Photograph(
        pixels,
        space,
        alpha=pixels.shape[2] > CHANNELS[space],
        icc=options.profile or icc,
        metadata=kept,
        notes=notes,
    )


def _in_profile(
    document: Document,
    pixels: NDArray[Any],
    depth: str,
    target: _Target,
    options: ExportOptions,
    reading: Reading,
    notes: list[str],
) -> tuple[NDArray[Any], Space]:
    """The pixels in the profile that is asked for, and in which space that is."""
    icc = options.profile
    assert icc is not None
    name = profile_name(icc)
    if icc[16:20] == b"CMYK" and not (target.codec and target.codec.cmyk):
        raise ExportError(f"{name} is a profile of CMYK, which no {target.name} holds; use TIFF.")
    if icc[16:20] == b"GRAY" and not target.grey:
        raise ExportError(f"{name} is a profile of grey, which no {target.name} holds; use TIFF.")
    try:
        made, space = in_profile(
            *(pixels, document.profile, icc, depth, reading.converted),
            intent=options.intent,
            black_point=options.black_point,
        )
    except (ColourError, PartLost) as error:
        raise ExportError(f"The colours cannot be converted to {name}: {error}.") from error
    notes.append(f"Colours were converted from {document.profile.name} to {name}.")
    if space == "cmyk":
        notes.append(f"The most ink in one place is {most_ink(made):.0f} %.")
    return made, space


def _foreign_content(
    document: Document, target: _Target, options: ExportOptions, live: Live | None
) -> Photograph:
    """The pixels as a plugin's format will hold them, and notes of all that it does not hold."""
    notes: list[str] = []
    pixels, profile = _rendered(document, target, options.depth, live, notes), document.profile
    if pixels.shape[2] == 4 and not target.alpha:
        pixels = _on_white(pixels, target, notes)
    pixels = _in_depth(pixels, target, options.depth, notes, profile)
    pixels = _in_grey(document, pixels, target, notes)
    if not profile.is_srgb:
        cut = "" if pixels.dtype == np.float32 else "; what lies outside sRGB was cut off"
        notes.append(
            f"Colours were converted from {profile.name} to sRGB, because {target.name} holds no"
            f" profile{cut}."
        )
    lost = metadata.kept(document.metadata, options.metadata)
    if lost != Metadata():
        notes.append(f"The metadata were left out: {target.name} holds none.")
    if provenance.declared(document):
        notes.append(f"It is not marked as synthesised: {target.name} holds no such mark.")
    assert target.exporter is not None
    if target.exporter.importer is None:
        maker = target.exporter.format.plugin
        notes.append(f"It was not read back, because {maker} does not open {target.name}.")
    return Photograph(pixels, alpha=pixels.shape[2] == 4, notes=notes)


def _kept_shallow(layers: Sequence[Layer], depth: str, live: Live | None) -> list[str]:
    """The filter layers of which something is shown that was kept in less than ``depth``."""
    found: list[str] = []
    for layer in layers:
        held = layer.filter
        if not layer.shown:
            continue
        found += _kept_shallow(layer.layers, depth, live)
        runs = held is not None and live is not None and live.reach(held, 0) is not None
        if held is not None and held.kept is not None and not runs:
            found += [layer.name] if held.kept.raster.depth != depth else []
    return found


def _words(names: Sequence[str]) -> str:
    """Names and the verb they ask for: "A was", "A and B were"."""
    *first, last = dict.fromkeys(names)
    return f"{', '.join(first)} and {last} were" if first else f"{last} was"


def _rendered(
    document: Document, target: _Target, wanted: Depth, live: Live | None, notes: list[str]
) -> NDArray[Any]:
    """All that is shown, in the document's depth, or in the file's where that is deeper.

    So that layers are rounded once, to what the file can hold of them.
    """
    depth = deeper(document.depth, _depth(target, wanted, document.depth))
    shallow = _kept_shallow(document.layers, depth, live)
    if shallow:
        notes.append(
            f"{_words(shallow)} computed in {DEPTHS[document.depth]}: what was kept of"
            f" {'it' if len(shallow) == 1 else 'them'} has no finer steps."
        )
    try:
        # As on opening: what is no number would not read back, and is nothing to see.
        return with_numbers(whole(document, live, depth).to_array(), notes)
    except DamagedError as error:
        raise ExportError(f"{document.name} cannot be exported: it {error}.") from error


def _depth(target: _Target, wanted: Depth, had: str) -> str:
    """The depth asked for, or the finest that the format holds."""
    depth = had if wanted == "same" else _DEPTHS[wanted]
    return depth if depth in target.depths else target.depths[-1]


def _on_white(pixels: NDArray[Any], target: _Target, notes: list[str]) -> NDArray[Any]:
    """(height, width, 4) laid over white paper, as (height, width, 3) of the same depth."""
    full = 1.0 if pixels.dtype == np.float32 else np.iinfo(pixels.dtype).max
    if bool((pixels[..., 3] >= full).all()):
        return pixels[..., :3]
    notes.append(f"Transparent parts became white: a {target.name} has no transparency.")

    def lay(band: NDArray[Any]) -> NDArray[Any]:
        floats = to_float(band)
        alpha = floats[..., 3:]
        return from_float(floats[..., :3] * alpha + (1 - alpha), pixels.dtype.name)

    return _banded(pixels, lay, 3, pixels.dtype.name)


def _in_depth(
    pixels: NDArray[Any],
    target: _Target,
    wanted: Depth,
    notes: list[str],
    profile: Profile = SRGB,
) -> NDArray[Any]:
    """The pixels in the depth asked for, or the finest that the format holds; from ``profile``
    to sRGB on the way."""
    had, depth = pixels.dtype.name, _in_words(pixels, target, wanted, notes)
    if depth == had and profile.is_srgb:
        return pixels

    def change(band: NDArray[Any]) -> NDArray[Any]:
        return from_float(profile.to_srgb(to_float(band)), depth)

    return _banded(pixels, change, pixels.shape[2], depth)


def _in_words(pixels: NDArray[Any], target: _Target, wanted: Depth, notes: list[str]) -> str:
    """The depth that pixels will have, and notes of what that takes from them."""
    had = pixels.dtype.name
    depth = _depth(target, wanted, had)
    if list(DEPTHS).index(depth) < list(DEPTHS).index(had):
        why = f": {target.name} holds no more" if wanted == "same" else ""
        notes.append(f"{DEPTHS[had]} was reduced to {DEPTHS[depth]}{why}.")
    if had == "float32" and depth != had and (float(pixels.min()) < 0 or float(pixels.max()) > 1):
        notes.append("Values below black or above white were cut off.")
    return depth


def _in_grey(
    document: Document, pixels: NDArray[Any], target: _Target, notes: list[str]
) -> NDArray[Any]:
    """The pixels in one channel of colour, where they came in one and have no colour now."""
    bands = (pixels[top : top + _ROWS] for top in range(0, len(pixels), _ROWS))
    if not document.grey or not all(has_no_colour(band) for band in bands):
        return pixels
    if not target.grey:
        notes.append(f"The grey picture was written in three channels: {target.name} has no fewer.")
        return pixels
    if document.profile.icc is not None and document.profile.grey is None:
        name = document.profile.name
        notes.append(
            f"The grey picture was written in three channels: its profile, {name}, is for three."
        )
        return pixels
    return np.ascontiguousarray(pixels[..., [0, 3] if pixels.shape[2] == 4 else [0]])


def _banded(
    pixels: NDArray[Any],
    change: Callable[[NDArray[Any]], NDArray[Any]],
    channels: int,
    depth: str,
) -> NDArray[Any]:
    """A change applied band by band, so that its float copies stay small."""
    result = np.empty((*pixels.shape[:2], channels), depth)
    for top in range(0, len(pixels), _ROWS):
        result[top : top + _ROWS] = change(pixels[top : top + _ROWS])
    return result


class _Summed(io.RawIOBase):
    """A stream that is written from its beginning to its end, and the checksum of all that is."""

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__()
        self.sum = 0
        self._stream = stream

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        self.sum = zlib.crc32(data, self.sum)
        return self._stream.write(data)


def _writer(
    content: Photograph,
    codec: Codec,
    settings: Mapping[str, Value],
    name: str,
    sums: list[int],
) -> Callable[[BinaryIO], None]:
    """Encodes into a stream; ``sums`` gets the checksum of a file that is read back in bands."""

    def write(stream: BinaryIO) -> None:
        try:
            if codec.in_bands is None:
                codec.encode(stream, content, settings)
                return
            summed = _Summed(stream)
            codec.encode(cast(BinaryIO, summed), content, settings)
            sums.append(summed.sum)
        except (OSError, MemoryError):
            raise
        except Exception as error:
            raise ExportError(f"{name} could not be encoded as {codec.name}: {error}.") from error

    return write


def _checker(
    content: Photograph, codec: Codec, exact: bool, name: str, sums: Sequence[int]
) -> Callable[[Path], None]:
    """Reads the finished file back; whatever differs keeps it from taking the old one's name."""

    def check(temporary: Path) -> None:
        try:
            if codec.in_bands is None:
                again, _ = read_photograph(temporary, None, name)
                compare(again, content.pixels)
            else:
                in_bands(temporary.read_bytes(), codec.in_bands)
        except OpenError as error:
            raise WriteError(f"It did not read back and was not saved: {error}") from error

    def compare(again: Photograph, pixels: NDArray[Any]) -> None:
        # An encoder may leave out an alpha channel that is full everywhere.
        same_size = again.pixels.shape[:2] == pixels.shape[:2]
        states = [provenance.stated(item.metadata.xmp) for item in (again, content)]
        same = same_size and states[0] == states[1] and again.icc == content.icc
        if not same or again.notes:
            raise WriteError(f"{name} was not saved: it read back differently; try again.")
        alike(again, pixels)

    def alike(again: Photograph, pixels: NDArray[Any]) -> None:
        if again.pixels.shape[:2] != pixels.shape[:2] or again.notes:
            raise WriteError(f"{name} was not saved: it read back differently; try again.")
        if exact and not _identical(again.pixels, pixels):
            raise WriteError(f"{name} was not saved: its pixels read back wrong; try again.")

    def in_bands(data: bytes, apart: InBands) -> None:
        """Read a file on all cores at once, each its own rows."""
        parts = apart(data)
        if parts is None or zlib.crc32(data) != sums[-1]:
            raise WriteError(f"{name} was not saved: it read back differently; try again.")

        def read(number: int) -> Photograph:
            assert parts is not None
            part = parts[number]()
            return read_data(part, codec, name)

        top = 0
        for number, again in enumerate(on_all_cores(read, range(len(parts)))):
            rows = content.pixels[top : top + len(again.pixels)]
            (alike if number else compare)(again, rows)
            top += len(again.pixels)
        if top != len(content.pixels):
            raise WriteError(f"{name} was not saved: it read back differently; try again.")

    return check


def _identical(one: NDArray[Any], other: NDArray[Any]) -> bool:
    """Whether two pictures hold the same bits; compared in bands, without a large copy."""
    if one.dtype != other.dtype:
        return False
    if one.shape != other.shape:
        full = 1.0 if other.dtype == np.float32 else np.iinfo(other.dtype).max
        shorter = one.shape[2] == 3 and other.shape[2] == 4
        return shorter and bool((other[..., 3] == full).all()) and _identical(one, other[..., :3])
    return all(
        one[top : top + _ROWS].tobytes() == other[top : top + _ROWS].tobytes()
        for top in range(0, len(one), _ROWS)
    )


def _foreign_writer(
    content: Photograph, exporter: plugin.Exporter, name: str
) -> Callable[[BinaryIO], None]:
    def write(stream: BinaryIO) -> None:
        try:
            exporter.write(stream, content.pixels)
        except plugin.EncodingError as error:
            raise ExportError(f"{name} could not be encoded: {error}.") from error

    return write


def _foreign_checker(
    content: Photograph, exporter: plugin.Exporter, name: str
) -> Callable[[Path], None]:
    """Reads the finished file back by the plugin's importer: a picture of the same size.

    Whether a plugin's format is exact is not known, so its pixels are not compared.
    """
    height, width = content.pixels.shape[:2]

    def check(temporary: Path) -> None:
        if exporter.importer is None:
            return
        try:
            again = read_foreign(temporary, height * width, name, exporter.importer)
        except OpenError as error:
            raise WriteError(f"It did not read back and was not saved: {error}") from error
        if again.pixels.shape[:2] != (height, width):
            raise WriteError(f"{name} was not saved: it read back in another size.")

    return check
