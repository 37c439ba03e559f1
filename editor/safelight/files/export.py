"""Export: a document becomes a picture file of a format in ``codecs``, whole or not at all."""

from __future__ import annotations

import contextlib
import io
import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from safelight.api import Region, Value
from safelight.api.colour_profile import icc_text
from safelight.document import (
    Document,
    EditError,
    Layer,
    Live,
    Metadata,
    Record,
    edits,
    geometry,
    whole,
)
from safelight.document.placed_picture import with_effects_drawn
from safelight.files import content_credentials, metadata, provenance
from safelight.files.atomic import WriteError, atomic_write, check_target, plain_name
from safelight.files.codecs import CODECS, Codec, deflate, plugin_codec
from safelight.files.codecs.codec import InBands
from safelight.files.codecs.photograph import (
    CHANNELS,
    DamagedError,
    PartLost,
    Photograph,
    Space,
    with_numbers,
)
from safelight.files.codecs.row_bands import Band, Proof, bands, on_all_cores
from safelight.files.export_options import BITS, Depth, ExportOptions, profile_in
from safelight.files.export_outcome import Exported, ExportError
from safelight.files.export_size import fits_eight_bits, resized, sharpened, sides
from safelight.files.exported_metadata import for_file
from safelight.files.file_colours import in_profile, most_ink
from safelight.files.open_picture import (
    OpenError,
    is_untouched,
    read_data,
    read_foreign,
    read_photograph,
)
from safelight.files.sentences import listed
from safelight.files.stated_colours import light_profile
from safelight.files.untrusted_reader import HERE, Reading
from safelight.pixels import (
    DEPTHS,
    SRGB,
    TILE,
    ColourError,
    Profile,
    Raster,
    deeper,
    from_float,
    has_no_colour,
    profile_name,
    to_float,
)


@dataclass(frozen=True, slots=True)
class _Target:
    """The format to write: one of ours, or a plugin's."""

    name: str
    depths: tuple[str, ...]
    alpha: bool = True
    exporter: plugin_codec.Exporter | None = None
    grey: bool = False
    codec: Codec | None = None


_ROWS = 256


Hear: TypeAlias = Callable[[float], object]
"""Told now and then how much is done, 0 to 1; what it raises ends the export, without a file."""


def exported_formats() -> tuple[Codec, ...]:
    """The codecs of the formats that Safelight exports."""
    return tuple(codec for codec in CODECS if codec.exports)


def export(
    document: Document,
    path: str | os.PathLike[str],
    options: ExportOptions | None = None,
    *,
    overwrite: bool = False,
    live: Live | None = None,
    exporters: plugin_codec.Exporters = tuple,
    reading: Reading = HERE,
    hear: Hear | None = None,
    origin: Origin | None = None,
) -> Exported:
    """Write ``document`` to ``path``, and read it back before it takes that name.

    Cheap filter layers are run through ``live``; of others, what was kept is written.
    The colour profile is embedded whatever happens to the metadata, and so is the mark of a
    picture that a generator has made (``provenance``). ``reading`` says where a profile that is
    asked for is read. ``exporters`` are formats of plugins; they
    hold pixels alone, in sRGB, and are read back where the plugin can open them.
    Content Credentials that are asked for are put on last, with ``origin`` as the ingredient, and
    verified. ``notes`` name everything the format could not keep. ``hear`` is told how far it is,
    and may raise something to end it: then nothing is left of it.

    Raises ExportError for what cannot be done as asked, LayerFailed for a layer that is shown and
    cannot be computed, FileExists for a file that is there when ``overwrite`` is False, and
    WriteError when the system refuses or the file does not read back as it was meant; the old file
    is then untouched.
    """
    options = options or ExportOptions()
    name = plain_name(path)
    target = _target(path, *sides(document, options), options, exporters)
    origin = origin or Origin()
    _check_signing(target, options)
    if target.codec is not None and target.codec.write_document is not None:
        return _with_layers(
            *(document, path, target.codec, options, overwrite, live), hear or (lambda _: None)
        )
    hear = hear or (lambda _: None)
    try:
        if target.codec is None:
            assert target.exporter is not None
            content = _foreign_content(document, target, options, live, _share(hear, 0.0, 0.5))
            write = _foreign_writer(content, target.exporter, name)
            check, exact = _foreign_checker(content, target.exporter, name), False
        else:
            content = _content(document, target, options, live, reading, _share(hear, 0.0, 0.5))
            coded = _coded(content, target.codec, options, name, _share(hear, 0.5, 0.8))
            exact = coded.exact
            write = coded.write_and_prove
            verify = None
            if options.credentials != "no":
                sign = _signer(document, target.codec, name, options, origin, reading)
                write = _signing(coded, sign)
                verify = _verifier(target.codec, name, reading)
                if options.credentials != "own":
                    content.notes.append(content_credentials.MADE_HERE)
            check = _checker(coded, _share(hear, 0.8, 1.0), verify)
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
    notes = [*content.notes, *origin.stripped(options)]
    return Exported(written.path, written.bytes, (*notes, *written.notes))


@dataclass(frozen=True, slots=True)
class Origin:
    """What a document came from: the ``file`` that was opened, and the ``steps`` since, as far as
    they are known.
    """

    file: Path | None = None
    steps: Sequence[Record] = ()

    def stripped(self, options: ExportOptions) -> Iterator[str]:
        """A note where the file has Content Credentials that an export does not go on from."""
        if self.file is None or options.credentials != "no":
            return
        if content_credentials.file_with_credentials(self.file) is not None:
            yield (
                f"The Content Credentials of {plain_name(self.file)} are not in the file; an export"
                " with Content Credentials goes on from them."
            )


def _check_signing(target: _Target, options: ExportOptions) -> None:
    """Raise ExportError where a file of that format cannot be signed as asked."""
    if options.credentials == "no":
        return
    content_credentials.check(target.name, own=options.credentials == "own")


def _signer(
    document: Document,
    codec: Codec,
    name: str,
    options: ExportOptions,
    origin: Origin,
    reading: Reading,
) -> Callable[[bytes], bytes]:
    """Gives a file signed. Raises ExportError."""

    def sign(data: bytes) -> bytes:
        asked = content_credentials.signing_asked(
            *(data, document, codec.name, name),
            own=options.credentials == "own",
            original=origin.file,
            steps=origin.steps,
            resized=sides(document, options) != (document.width, document.height),
        )
        try:
            return reading.signed(asked)
        except PartLost as error:
            raise ExportError(f"{name} cannot be signed: {error}.") from error

    return sign


def _signing(coded: _Coded, sign: Callable[[bytes], bytes]) -> Callable[[BinaryIO], None]:
    """Writes a picture as a signed file."""

    def write(stream: BinaryIO) -> None:
        plain = io.BytesIO()
        coded.write_and_prove(plain)
        stream.write(sign(plain.getvalue()))

    return write


def _verifier(codec: Codec, name: str, reading: Reading) -> Callable[[bytes], None]:
    """Sees that a file's signature and hashes are right. Raises WriteError."""

    def verify(data: bytes) -> None:
        try:
            found = reading.credentials(content_credentials.TYPES[codec.name], data)
        except PartLost as error:
            raise WriteError(f"{name} was not saved: {error}.") from error
        if not found.valid:
            why = listed(found.faults) or "they do not fit the file"
            raise WriteError(f"{name} was not saved: its Content Credentials are not valid: {why}.")

    return verify


def _share(hear: Hear, first: float, last: float) -> Hear:
    """Tells of a part of the work as of its share in the whole."""
    return lambda done: hear(first + (last - first) * done)


def content_of(
    document: Document,
    options: ExportOptions,
    *,
    live: Live | None = None,
    reading: Reading = HERE,
    hear: Hear | None = None,
) -> Photograph:
    """What the file would hold that ``export`` writes in one of our formats, named by ``options``.

    Raises what ``export`` raises.
    """
    target = _target("", *sides(document, options), options, tuple)
    assert target.codec is not None
    return _content(document, target, options, live, reading, hear or (lambda _: None))


def encoded(content: Photograph, options: ExportOptions, hear: Hear | None = None) -> bytes:
    """The very bytes that ``export`` writes of what ``content_of`` gave. Adds notes to it.

    Raises ExportError where it cannot be encoded so.
    """
    assert options.format is not None
    codec = _named(options.format, tuple).codec
    assert codec is not None
    stream = io.BytesIO()
    _coded(content, codec, options, "The picture", hear or (lambda _: None)).write(stream)
    return stream.getvalue()


def seen_in(data: bytes, options: ExportOptions) -> Photograph:
    """What a file of ours, whose bytes ``encoded`` gave, shows. Raises OpenError."""
    assert options.format is not None
    codec = _named(options.format, tuple).codec
    assert codec is not None
    return read_data(data, codec, "The picture")


def _with_layers(
    document: Document,
    path: str | os.PathLike[str],
    codec: Codec,
    options: ExportOptions,
    overwrite: bool,
    live: Live | None,
    hear: Hear,
) -> Exported:
    """Write a document with its layers. They keep their depth, unless a deeper one is asked for;
    each has the size and the profile that are asked for. What only the picture as a whole could
    have is noted.
    """
    assert codec.write_document is not None
    hear(0.0)
    notes: list[str] = []
    depth = _depth(_own(codec), options.depth, document.depth)
    if deeper(depth, document.depth) == document.depth != depth and options.depth != "same":
        notes.append(f"The layers stayed in {DEPTHS[document.depth]}: their depth is not reduced.")
    document = edits.deepen(deeper(depth, document.depth)).apply(document)
    try:
        document = geometry.resize(
            document, *sides(document, options), linear=document.linear, method=options.method
        )
    except ValueError as error:
        raise ExportError(f"{document.name} cannot be exported so: {error}.") from error
    document, drawn = with_effects_drawn(document, live)
    if drawn:
        names = listed(dict.fromkeys(drawn))
        notes.append(f"The effects of {names} are pixels in the file: {codec.name} has none.")
    if drawn := [layer.name for layer in document.walk() if layer.kind.drawn]:
        are = "is" if len(set(drawn)) == 1 else "are"
        names = listed(dict.fromkeys(drawn))
        notes.append(f"In the file {names} {are} pixels: {codec.name} holds no shapes.")
    document = _layers_in_profile(document, codec, options, notes)
    if options.sharpen != "no":
        notes.append(f"It was not sharpened: {codec.name} has layers, and they stay as they are.")
    if options.kilobytes:
        notes.append(
            f"The file may be larger than {options.kilobytes:,} kB: {codec.name} has no quality"
            " that could be lowered."
        )
    hear(0.1)
    kept = for_file(
        metadata.kept(document.metadata, options.metadata),
        codec.holds,
        codec.name,
        (document.width, document.height),
        same_picture=is_untouched(document),
        adobe_rgb=not document.profile.is_srgb,
        notes=notes,
    )
    document = replace(document, metadata=kept)
    written = codec.write_document(
        document, path, overwrite=overwrite, live=live, hear=_share(hear, 0.1, 1.0)
    )
    return Exported(written.path, written.bytes, (*notes, *written.notes))


def _layers_in_profile(
    document: Document, codec: Codec, options: ExportOptions, notes: list[str]
) -> Document:
    """The document with its layers in the profile that is asked for."""
    if options.profile is None:
        return document
    name, had = profile_name(options.profile), document.profile.name
    try:
        made = edits.convert_profile(
            file=icc_text(options.profile), intent=options.intent, black_point=options.black_point
        ).apply(document)
    except EditError as error:
        raise ExportError(
            f"The layers of {codec.name} cannot be converted to {name}: {error}."
        ) from error
    if options.profile not in (made.profile.icc, made.profile.grey):
        # What a press prints is kept in a wide space: a file would not have the profile's numbers.
        raise ExportError(
            f"The layers of {codec.name} cannot be converted to {name}: no picture is edited in its"
            " numbers; use TIFF."
        )
    if name != had:
        several = len(document.layers) > 1
        mixed = "; where they are mixed, colours may differ a little" if several else ""
        notes.append(f"The layers were converted from {had} to {name}{mixed}.")
    return made


def check_export(
    path: str | os.PathLike[str],
    width: int,
    height: int,
    options: ExportOptions | None = None,
    *,
    overwrite: bool = False,
    exporters: plugin_codec.Exporters = tuple,
) -> None:
    """See, before a long job, that a picture of that size could be exported to ``path``.

    Raises what ``export`` would: ExportError, FileExists or WriteError. Nothing is written, and
    what happens meanwhile is found by ``export``.
    """
    options = options or ExportOptions()
    _check_signing(_target(path, width, height, options, exporters), options)
    check_target(path, overwrite=overwrite)


def depth_in_file(
    document: Document,
    path: str | os.PathLike[str],
    options: ExportOptions | None = None,
    *,
    exporters: plugin_codec.Exporters = tuple,
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
    exporters: plugin_codec.Exporters,
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


def ending_of(name: str, exporters: plugin_codec.Exporters = tuple) -> str:
    """The usual ending of files of a format that is named as in ``ExportOptions``, the dot with it.

    Raises ExportError for a format that there is not.
    """
    target = _named(name, exporters)
    found = target.codec or (target.exporter.format if target.exporter else None)
    assert found is not None
    return found.suffixes[0]


def _named(name: str, exporters: plugin_codec.Exporters) -> _Target:
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


def _by_suffix(path: str | os.PathLike[str], exporters: plugin_codec.Exporters) -> _Target:
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


def _of_plugin(exporter: plugin_codec.Exporter) -> _Target:
    format = exporter.format
    return _Target(format.title, format.depths, format.alpha, exporter)


def _listed(exporters: Sequence[plugin_codec.Exporter]) -> str:
    own = [(codec.name, codec.suffixes) for codec in exported_formats()]
    found = [*own, *((x.format.title, x.format.suffixes) for x in exporters)]
    return ", ".join(f"{name} ({' '.join(suffixes)})" for name, suffixes in found)


def _content(
    document: Document,
    target: _Target,
    options: ExportOptions,
    live: Live | None,
    reading: Reading,
    hear: Hear = lambda _: None,
) -> Photograph:
    """The pixels and metadata as they will stand in the file."""
    notes: list[str] = []
    document, pixels = _finished(document, target, options, live, notes, hear)
    if pixels.shape[2] == 4 and not target.alpha:
        pixels = _on_white(pixels, target, notes)
    assert target.codec is not None
    space: Space | None = None
    narrower = _narrower(document, target, options)
    if narrower is not None:
        options = replace(options, profile=narrower)
    stated = _primaries(document, pixels, target, options)
    if stated is not None:
        # Light has no curve, so that nothing is converted where the primaries stay.
        unsaid = notes if options.profile is not None else []
        depth = _in_words(pixels, target, options.depth, notes)
        options = replace(options, profile=stated)
        pixels, space = _in_profile(document, pixels, depth, target, options, reading, unsaid)
    elif options.profile is None:
        profile = SRGB if target.codec.profiles else document.profile
        pixels = _in_depth(pixels, target, options.depth, notes, profile)
        _note_converted(pixels, profile, target, notes)
        pixels = _in_grey(document, pixels, target, notes)
    else:
        depth = _in_words(pixels, target, options.depth, notes)
        why = "" if narrower is None else ": 8 bits are too few steps for so wide a space"
        pixels, space = _in_profile(document, pixels, depth, target, options, reading, notes, why)
    kept = for_file(
        metadata.kept(document.metadata, options.metadata),
        target.codec.holds,
        target.name,
        (document.width, document.height),
        same_picture=is_untouched(document),
        adobe_rgb=not document.profile.is_srgb and options.profile is None,
        notes=notes,
    )
    if "xmp" in target.codec.holds:
        told = options.metadata in ("all", "without location")
        xmp = provenance.marked_xmp(document, kept.xmp, notes, edits=told)
        kept = replace(kept, xmp=xmp)
    else:
        _note_unmarked(document, target, notes)
    icc = document.profile.grey if pixels.shape[2] < 3 else document.profile.icc
    space = space or ("grey" if pixels.shape[2] < 3 else "rgb")
    return Photograph(
        pixels,
        space,
        alpha=pixels.shape[2] > CHANNELS[space],
        icc=stated or ((options.profile or icc) if target.codec.profiles else None),
        metadata=kept,
        notes=notes,
    )


def _primaries(
    document: Document, pixels: NDArray[Any], target: _Target, options: ExportOptions
) -> bytes | None:
    """The profile of a file of light that states the primaries of the document, or of the profile
    that is asked for; None for sRGB, for grey, and for a format that states none.
    """
    if target.codec is None or not target.codec.primaries:
        return None
    if options.profile is None and document.grey and target.grey:
        bands = (pixels[top : top + _ROWS] for top in range(0, len(pixels), _ROWS))
        if all(has_no_colour(band) for band in bands):
            return None
    try:
        wanted = document.profile
        if options.profile is not None:
            wanted = Profile.from_icc(options.profile)
        made = light_profile(wanted)
    except ColourError:
        return None
    return None if made is None else made.icc


def _in_profile(
    document: Document,
    pixels: NDArray[Any],
    depth: str,
    target: _Target,
    options: ExportOptions,
    reading: Reading,
    notes: list[str],
    why: str = "",
) -> tuple[NDArray[Any], Space]:
    """The pixels in the profile that is asked for, and in which space that is."""
    icc = options.profile
    assert icc is not None
    name = profile_name(icc)
    if target.codec is None or not (target.codec.profiles or target.codec.primaries):
        raise ExportError(f"{target.name} holds no colour profile; use PNG or TIFF.")
    if icc[16:20] == b"CMYK" and not target.codec.cmyk:
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
    if name != document.profile.name:
        notes.append(f"Colours were converted from {document.profile.name} to {name}{why}.")
    if space == "cmyk":
        notes.append(f"The most ink in one place is {most_ink(made):.0f} %.")
    return made, space


def _narrower(document: Document, target: _Target, options: ExportOptions) -> bytes | None:
    """sRGB for a picture whose deeper steps come into 8 bits, which are too few for its profile;
    None where it keeps that, or where another one is asked for.
    """
    if options.profile is not None or options.keep_profile or document.depth == "uint8":
        return None
    codec = target.codec
    if codec is None or codec.write is None or not codec.profiles:
        return None  # without a profile it is sRGB in any case, and layers keep their depth
    if _depth(target, options.depth, document.depth) != "uint8":
        return None
    return None if fits_eight_bits(document.profile) else profile_in("sRGB")


def narrowed(document: Document, options: ExportOptions) -> bool:
    """Whether an export in the format that ``options`` name makes sRGB of the picture, because its
    profile is too wide for 8 bits. Raises ExportError for a format that is not known.
    """
    target = _target("", *sides(document, options), options, tuple)
    return _narrower(document, target, options) is not None


def _note_converted(
    pixels: NDArray[Any], profile: Profile, target: _Target, notes: list[str]
) -> None:
    if not profile.is_srgb:
        cut = "" if pixels.dtype == np.float32 else "; what lies outside sRGB was cut off"
        notes.append(
            f"Colours were converted from {profile.name} to sRGB, because {target.name} holds no"
            f" profile{cut}."
        )


def _note_unmarked(document: Document, target: _Target, notes: list[str]) -> None:
    if provenance.declared(document):
        notes.append(f"It is not marked as synthesised: {target.name} holds no such mark.")


def _foreign_content(
    document: Document, target: _Target, options: ExportOptions, live: Live | None, hear: Hear
) -> Photograph:
    """The pixels as a plugin's format will hold them, and notes of all that it does not hold."""
    notes: list[str] = []
    if options.profile is not None:
        raise ExportError(f"{target.name} holds no colour profile; use PNG or TIFF.")
    if options.kilobytes:
        notes.append(
            f"The file may be larger than {options.kilobytes:,} kB: {target.name} has no quality"
            " that could be lowered."
        )
    document, pixels = _finished(document, target, options, live, notes, hear)
    profile = document.profile
    if pixels.shape[2] == 4 and not target.alpha:
        pixels = _on_white(pixels, target, notes)
    pixels = _in_depth(pixels, target, options.depth, notes, profile)
    pixels = _in_grey(document, pixels, target, notes)
    _note_converted(pixels, profile, target, notes)
    lost = metadata.kept(document.metadata, options.metadata)
    if lost != Metadata():
        notes.append(f"The metadata were left out: {target.name} holds none.")
    _note_unmarked(document, target, notes)
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
    several = dict.fromkeys(names)
    return f"{listed(several)} {'were' if len(several) > 1 else 'was'}"


def _finished(
    document: Document,
    target: _Target,
    options: ExportOptions,
    live: Live | None,
    notes: list[str],
    hear: Hear,
) -> tuple[Document, NDArray[Any]]:
    """The document in the size that is asked for, and all that it shows, sharpened.

    In the document's depth, or in the file's where that is deeper, so that layers are rounded
    once, to what the file can hold of them.
    """
    hear(0.0)
    depth = deeper(document.depth, _depth(target, options.depth, document.depth))
    shallow = _kept_shallow(document.layers, depth, live)
    if shallow:
        notes.append(
            f"{_words(shallow)} computed in {DEPTHS[document.depth]}: what was kept of"
            f" {'it' if len(shallow) == 1 else 'them'} has no finer steps."
        )
    try:
        shown = resized(document, options, live, depth, hear)
        # As on opening: what is no number would not read back, and is nothing to see.
        pixels = with_numbers(_array(whole(shown, live, depth, hear)), notes)
    except DamagedError as error:
        raise ExportError(f"{document.name} cannot be exported: it {error}.") from error
    except ValueError as error:
        raise ExportError(f"{document.name} cannot be exported so: {error}.") from error
    return shown, sharpened(pixels, options.sharpen, options.sharpness)


def _array(raster: Raster) -> NDArray[Any]:
    """All of a raster as one array, which may be read-only; fetched on all cores where its tiles
    lie apart.
    """
    at_once = raster.in_one()
    if at_once is not None:
        return at_once
    made = np.empty((raster.height, raster.width, raster.channels), raster.depth)

    def fetch(rows: slice) -> None:
        for x in range(0, raster.width, TILE):
            region = Region(x, rows.start, TILE, rows.stop - rows.start).intersect(raster.region)
            made[rows, region.x : region.right] = raster.read(region)

    for _ in on_all_cores(fetch, bands(raster.height, TILE)):
        pass
    return made


def _depth(target: _Target, wanted: Depth, had: str) -> str:
    """The depth asked for, or the finest that the format holds."""
    depth = had if wanted == "same" else BITS[wanted]
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

    def __init__(self, stream: BinaryIO, hear: Callable[[], object]) -> None:
        super().__init__()
        self.sum = 0
        self._stream = stream
        self._hear = hear

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        self._hear()
        self.sum = deflate.crc32(data, self.sum)
        return self._stream.write(data)


@dataclass(slots=True)
class _Coded:
    """A picture on its way into a file. ``data`` is the file, where it has been made already.

    Of a format that is written in bands ``sum`` is the checksum of what was written, and ``proved``
    those of the bands that have been read back, by their first row.
    """

    content: Photograph
    codec: Codec
    settings: dict[str, Value]
    name: str
    hear: Hear
    data: bytes | None = None
    sum: int = 0
    proved: dict[int, int] = field(default_factory=dict)

    @property
    def exact(self) -> bool:
        """Whether pixels come back as they were."""
        return self.codec.exact(self.settings, self.content.pixels.dtype.name)

    def write(self, stream: BinaryIO) -> None:
        """Encode it. Raises ExportError."""
        self._write(stream, None)

    def write_and_prove(self, stream: BinaryIO) -> None:
        """Encode it, and read back each band meanwhile. Raises ExportError and WriteError."""
        self._write(stream, self.prove if self.codec.in_bands is not None else None)

    def prove(self, band: Band) -> None:
        """See that the file of a band shows its rows. Raises WriteError."""
        pixels = self.content.pixels[band.rows]
        if self.codec.shows is None:
            self.alike(self.read(band.alone()), pixels)
        else:
            with self._reading():
                right = self.codec.shows(band.alone(), pixels)
            if not right:
                raise self.wrong()
        self.proved[band.rows.start] = deflate.crc32(band.coded)

    def read(self, data: bytes) -> Photograph:
        """What a file shows. Raises WriteError."""
        with self._reading():
            return read_data(data, self.codec, self.name)

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except OpenError as error:
            raise _unreadable(error) from error
        except DamagedError as error:
            raise _unreadable(f"{self.name} {error}.") from error

    def compare(self, again: Photograph, pixels: NDArray[Any]) -> None:
        """See that a file, or that of its first rows, is as it was meant. Raises WriteError."""
        # An encoder may leave out an alpha channel that is full everywhere.
        states = [provenance.stated(item.metadata.xmp) for item in (again, self.content)]
        if states[0] != states[1] or again.icc != self.content.icc:
            raise self.differs()
        self.alike(again, pixels)

    def alike(self, again: Photograph, pixels: NDArray[Any]) -> None:
        """See that pixels came back as promised. Raises WriteError."""
        if again.pixels.shape[:2] != pixels.shape[:2] or again.notes:
            raise self.differs()
        if self.exact and not _identical(again.pixels, pixels):
            raise self.wrong()

    def differs(self) -> WriteError:
        """What says that a file is not as it was meant."""
        return WriteError(f"{self.name} was not saved: it read back differently; try again.")

    def wrong(self) -> WriteError:
        """What says that a file shows something else."""
        return WriteError(f"{self.name} was not saved: its pixels read back wrong; try again.")

    def _write(self, stream: BinaryIO, proof: Proof | None) -> None:
        banded = self.codec.in_bands is not None
        summed = _Summed(stream, lambda: self.hear(0.5))
        target = cast(BinaryIO, summed) if banded else stream
        try:
            self.hear(0.0)
            if self.data is not None:
                target.write(self.data)
            else:
                self.codec.encode(target, self.content, self.settings, proof)
            self.hear(1.0)
        except (OSError, MemoryError, WriteError):
            raise
        except _Stop as stop:
            raise stop.reason from None
        except Exception as error:
            raise ExportError(
                f"{self.name} could not be encoded as {self.codec.name}: {error}."
            ) from error
        self.sum = summed.sum


_TRIES = 9
"""Encodings at most until a file is as large as it may be."""

_NEAR, _NEAR_LATE = 0.975, 0.97
"""The share of what a file may have that is near enough, at first and from the try ``_LATE`` on."""

_LATE = 5


def _coded(
    content: Photograph, codec: Codec, options: ExportOptions, name: str, hear: Hear
) -> _Coded:
    """A picture to be encoded, with the quality that makes the file as large as it may be."""
    settings = options.of(codec)
    coded = _Coded(content, codec, settings, name, _stopping(hear))
    most = options.kilobytes * 1000
    if not most:
        return coded
    quality = next((item for item in codec.options if item.name == "quality"), None)
    counts = quality is not None and not (quality.unless and settings[quality.unless])
    if quality is None or not counts:
        size = len(_bytes_of(coded))
        if size > most:
            content.notes.append(
                f"The file has {size / 1000:,.0f} kB and not {most / 1000:,.0f}: {codec.name} has"
                " no quality here that could be lowered."
            )
        return coded
    whole = quality.kind == "integer"
    low, high = float(quality.minimum or 1), float(quality.maximum or 100)
    sizes: dict[float, int] = {}
    best: tuple[int, bytes, Value] | None = None
    notes = list(content.notes)
    middle = high
    for number in range(_TRIES):
        given: Value = round(middle) if whole else round(middle, 2)
        content.notes[:] = notes
        hear(number / _TRIES)
        data = _bytes_of(replace(coded, settings=settings | {"quality": given}))
        sizes[middle] = len(data)
        if len(data) <= most:
            best = (len(data), data, given)
            low = middle
            if number == 0 or len(data) >= (_NEAR if number < _LATE else _NEAR_LATE) * most:
                break
        else:
            high = middle
        if high - low <= (1 if whole else 0.01):
            break
        middle = _between(low, high, sizes, most)
        if whole:
            middle = min(max(round(middle), low + 1), high - 1)
    if best is None:
        given = quality.minimum if quality.minimum is not None else 1
        given = int(given) if whole else float(given)
        data = _bytes_of(replace(coded, settings=settings | {"quality": given}))
        best = (len(data), data, given)
        if len(data) > most:
            content.notes.append(
                f"The file has {len(data) / 1000:,.0f} kB and not {most / 1000:,.0f}: that is the"
                " least, at the lowest quality; make the picture smaller."
            )
    return replace(coded, settings=settings | {"quality": best[2]}, data=best[1])


def _between(low: float, high: float, sizes: Mapping[float, int], most: int) -> float:
    """The quality between two at which a file should be a little smaller than ``most``.

    A file grows as a power of what its quality lacks to the best, with all coders about alike: by
    ``_GROWTH`` until two sizes tell.
    """
    wanted = math.log(sizes[high] / (most * (1 + _NEAR) / 2))
    if low in sizes:
        grown = math.log(sizes[high] / max(sizes[low], 1)) or 1.0
        share = wanted / grown * math.log(_lacks(low) / _lacks(high))
    else:
        share = wanted / _GROWTH
    middle = 101 - _lacks(high) * math.exp(min(share, 9.0))
    # Never at an end again: a size that rises at the end alone would be met in tiny steps.
    edge = 0.12 * (high - low)
    return min(max(middle, low + edge), high - edge)


_GROWTH = 0.8


def _lacks(quality: float) -> float:
    return max(101 - quality, 1.0)


def _bytes_of(coded: _Coded) -> bytes:
    stream = io.BytesIO()
    replace(coded, hear=_stopping(coded.hear, done=False)).write(stream)
    return stream.getvalue()


class _Stop(Exception):
    """Somebody who was told of the progress wants no more; ``reason`` is what was raised."""

    def __init__(self, reason: BaseException) -> None:
        super().__init__()
        self.reason = reason


def _stopping(hear: Hear, done: bool = True) -> Hear:
    """Tells on, and what it raises passes through an encoder as a _Stop; without ``done`` it tells
    no share, and may only end the work.
    """

    def told(share: float) -> None:
        try:
            hear(share if done else 0.0)
        except (OSError, MemoryError, _Stop):
            raise
        except Exception as error:
            raise _Stop(error) from error

    return told


def _unreadable(reason: object) -> WriteError:
    return WriteError(f"It did not read back and was not saved: {reason}")


def _checker(
    coded: _Coded, hear: Hear, verify: Callable[[bytes], None] | None = None
) -> Callable[[Path], None]:
    """Reads the finished file back; whatever differs keeps it from taking the old one's name.
    ``verify`` looks at all of a file that was signed, which is another than was coded.
    """
    content, codec = coded.content, coded.codec

    def check(temporary: Path) -> None:
        hear(0.0)
        if verify is not None:
            verify(temporary.read_bytes())
        if codec.in_bands is not None:
            in_bands(temporary.read_bytes(), codec.in_bands)
        else:
            try:
                again, _ = read_photograph(temporary, None, coded.name)
            except OpenError as error:
                raise _unreadable(error) from error
            coded.compare(again, content.pixels)
        hear(1.0)

    def in_bands(data: bytes, apart: InBands) -> None:
        """See that a file is what was written, of which all has been read back."""
        parts = apart(data)
        if parts is None or (verify is None and deflate.crc32(data) != coded.sum):
            raise coded.differs()
        first = parts[0]
        if parts[-1].rows.stop != len(content.pixels):
            raise coded.differs()
        coded.compare(coded.read(first.alone()), content.pixels[first.rows])
        missing = [
            band for band in parts if coded.proved.get(band.rows.start) != deflate.crc32(band.coded)
        ]
        for number, _ in enumerate(on_all_cores(coded.prove, missing)):
            hear(number / len(missing))

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
    content: Photograph, exporter: plugin_codec.Exporter, name: str
) -> Callable[[BinaryIO], None]:
    def write(stream: BinaryIO) -> None:
        try:
            exporter.write(stream, content.pixels)
        except plugin_codec.EncodingError as error:
            raise ExportError(f"{name} could not be encoded: {error}.") from error

    return write


def _foreign_checker(
    content: Photograph, exporter: plugin_codec.Exporter, name: str
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
