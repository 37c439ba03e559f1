"""Export: a document becomes a picture file of a format in ``codecs``, whole or not at all."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from safelight.api import Settings
from safelight.api.colour_profile import icc_text
from safelight.document import Document, EditError, Live, Record, edits, geometry
from safelight.document.contents.placed_picture import with_effects_drawn
from safelight.files.atomic import atomic_write, check_target
from safelight.files.codecs import Codec, plugin_codec
from safelight.files.codecs.photograph import PartLost, Photograph
from safelight.files.exports.encoded_picture import Coded, checker, coded_to_size
from safelight.files.exports.export_formats import (
    Target,
    depth_of,
    named_target,
    own_target,
    target_of,
)
from safelight.files.exports.export_options import ExportOptions
from safelight.files.exports.export_outcome import Exported, ExportError, Hear
from safelight.files.exports.export_size import sides
from safelight.files.exports.exported_pixels import foreign_content, own_content
from safelight.files.metadata import kept_metadata
from safelight.files.metadata.exported_metadata import for_file
from safelight.files.open_errors import OpenError
from safelight.files.photograph_document import is_untouched
from safelight.files.provenance import content_credentials
from safelight.files.read_photograph import read_data, read_foreign, read_foreign_data
from safelight.files.sentences import CLOSE, listed
from safelight.files.untrusted_reader import HERE, Reading
from safelight.files.write_errors import WriteError, plain_name
from safelight.pixels import DEPTHS, deeper, profile_name


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
    target = target_of(path, *sides(document, options), options, exporters)
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
            content = foreign_content(document, target, options, live, _share(hear, 0.0, 0.5))
            told = options.of_plugin(target.exporter.format)
            write = _foreign_writer(content, target.exporter, name, told, _share(hear, 0.5, 0.8))
            check = _foreign_checker(content, target.exporter, name, _share(hear, 0.8, 1.0))
            exact = False
        else:
            content = own_content(document, target, options, live, reading, _share(hear, 0.0, 0.5))
            coded = coded_to_size(content, target.codec, options, name, _share(hear, 0.5, 0.8))
            exact = coded.exact
            write = coded.write_and_prove
            verify = None
            if options.credentials != "no":
                sign = _signer(document, target.codec, name, options, origin, reading)
                write = _signing(coded, sign)
                verify = _verifier(target.codec, name, reading)
                if options.credentials != "own":
                    content.notes.append(content_credentials.MADE_HERE)
            check = checker(coded, _share(hear, 0.8, 1.0), verify)
        written = atomic_write(
            path,
            write,
            overwrite=overwrite,
            check=check,
            # A low guess, never the reason to refuse a picture that would fit.
            expected_bytes=content.pixels.nbytes // (20 if exact else 40),
        )
    except MemoryError as error:
        raise ExportError(
            f"{name} cannot be exported: there is not enough memory; {CLOSE}."
        ) from error
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


def _check_signing(target: Target, options: ExportOptions) -> None:
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


def _signing(coded: Coded, sign: Callable[[bytes], bytes]) -> Callable[[BinaryIO], None]:
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
    exporters: plugin_codec.Exporters = tuple,
) -> Photograph:
    """What the file would hold that ``export`` writes in the format that ``options`` name, one of
    ours or of a plugin's.

    Raises what ``export`` raises.
    """
    target = target_of("", *sides(document, options), options, exporters)
    hear = hear or (lambda _: None)
    if target.codec is None:
        return foreign_content(document, target, options, live, hear)
    return own_content(document, target, options, live, reading, hear)


def encoded(
    content: Photograph,
    options: ExportOptions,
    hear: Hear | None = None,
    exporters: plugin_codec.Exporters = tuple,
) -> bytes:
    """The very bytes that ``export`` writes of what ``content_of`` gave. Adds notes to it.

    Raises ExportError where it cannot be encoded so.
    """
    assert options.format is not None
    target, hear = named_target(options.format, exporters), hear or (lambda _: None)
    stream = io.BytesIO()
    if target.codec is not None:
        coded_to_size(content, target.codec, options, "The picture", hear).write(stream)
        return stream.getvalue()
    assert target.exporter is not None
    told = options.of_plugin(target.exporter.format)
    _foreign_writer(content, target.exporter, "The picture", told, hear)(stream)
    return stream.getvalue()


def seen_in(
    data: bytes, options: ExportOptions, exporters: plugin_codec.Exporters = tuple
) -> Photograph | None:
    """What a file whose bytes ``encoded`` gave shows; None where its plugin opens no such file.
    Raises OpenError.
    """
    assert options.format is not None
    target = named_target(options.format, exporters)
    if target.codec is not None:
        return read_data(data, target.codec, "The picture")
    assert target.exporter is not None
    importer = target.exporter.importer
    return None if importer is None else read_foreign_data(data, "The picture", importer)


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
    depth = depth_of(own_target(codec), options.depth, document.depth)
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
        kept_metadata.kept(document.metadata, options.metadata),
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
    _check_signing(target_of(path, width, height, options, exporters), options)
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
    target = target_of(path, document.width, document.height, options, exporters)
    return depth_of(target, options.depth, document.depth)


def _foreign_writer(
    content: Photograph, exporter: plugin_codec.Exporter, name: str, settings: Settings, hear: Hear
) -> Callable[[BinaryIO], None]:
    def write(stream: BinaryIO) -> None:
        try:
            exporter.write(stream, content.pixels, settings, hear)
        except plugin_codec.EncodingError as error:
            raise ExportError(f"{name} could not be encoded: {error}.") from error

    return write


def _foreign_checker(
    content: Photograph, exporter: plugin_codec.Exporter, name: str, hear: Hear
) -> Callable[[Path], None]:
    """Reads the finished file back by the plugin's importer: a picture of the same size.

    Whether a plugin's format is exact is not known, so its pixels are not compared.
    """
    height, width = content.pixels.shape[:2]

    def check(temporary: Path) -> None:
        if exporter.importer is None:
            return
        try:
            again = read_foreign(temporary, height * width, name, exporter.importer, hear)
        except OpenError as error:
            raise WriteError(
                f"{name} was not saved, because it did not read back: {error}"
            ) from error
        if again.pixels.shape[:2] != (height, width):
            raise WriteError(f"{name} was not saved: it read back in another size.")

    return check
