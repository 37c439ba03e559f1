"""Export formats: the format of a file that is exported, ours or a plugin's, and what it holds."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from safelight.files.codecs import CODECS, Codec, plugin_codec
from safelight.files.exports.export_options import BITS, Depth, ExportOptions
from safelight.files.exports.export_outcome import ExportError
from safelight.files.write_errors import plain_name


@dataclass(frozen=True, slots=True)
class Target:
    """The format to write: one of ours, or a plugin's."""

    name: str
    depths: tuple[str, ...]
    alpha: bool = True
    exporter: plugin_codec.Exporter | None = None
    grey: bool = False
    codec: Codec | None = None


def exported_formats() -> tuple[Codec, ...]:
    """The codecs of the formats that Safelight exports."""
    return tuple(codec for codec in CODECS if codec.exports)


def target_of(
    path: str | os.PathLike[str],
    width: int,
    height: int,
    options: ExportOptions,
    exporters: plugin_codec.Exporters,
) -> Target:
    """The format to write, which can hold a picture of that size."""
    target = (
        named_target(options.format, exporters) if options.format else _by_suffix(path, exporters)
    )
    largest = target.codec.largest_side if target.codec else 0
    if target.codec is not None:
        options.of(target.codec)
    elif target.exporter is not None:
        options.of_plugin(target.exporter.format)
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
    target = named_target(name, exporters)
    found = target.codec or (target.exporter.format if target.exporter else None)
    assert found is not None
    return found.suffixes[0]


def named_target(name: str, exporters: plugin_codec.Exporters) -> Target:
    wanted = name.strip().lower().removeprefix(".")
    for codec in exported_formats():
        if wanted == codec.name.lower() or f".{wanted}" in codec.suffixes:
            return own_target(codec)
    found = exporters()
    for exporter in found:
        format = exporter.format
        names = (format.id.lower(), format.title.lower())
        if wanted in names or f".{wanted}" in format.suffixes:
            return _of_plugin(exporter)
    raise ExportError(
        f"There is no export to {plain_name(name)}; the formats are {_listed(found)}."
    )


def _by_suffix(path: str | os.PathLike[str], exporters: plugin_codec.Exporters) -> Target:
    suffix = os.path.splitext(os.fspath(path))[1].lower()
    for codec in exported_formats():
        if suffix in codec.suffixes:
            return own_target(codec)
    found = exporters()
    for exporter in found:
        if suffix in exporter.format.suffixes:
            return _of_plugin(exporter)
    ending = f"the ending {plain_name(suffix)}" if suffix else "no ending"
    raise ExportError(
        f"{plain_name(path)} has {ending}, which names no format to export to;"
        f" the formats are {_listed(found)}."
    )


def own_target(codec: Codec) -> Target:
    return Target(codec.name, codec.depths, codec.alpha, grey=codec.grey, codec=codec)


def _of_plugin(exporter: plugin_codec.Exporter) -> Target:
    format = exporter.format
    return Target(format.title, format.depths, format.alpha, exporter)


def _listed(exporters: Sequence[plugin_codec.Exporter]) -> str:
    own = [(codec.name, codec.suffixes) for codec in exported_formats()]
    found = [*own, *((x.format.title, x.format.suffixes) for x in exporters)]
    return ", ".join(f"{name} ({' '.join(suffixes)})" for name, suffixes in found)


def depth_of(target: Target, wanted: Depth, had: str) -> str:
    """The depth asked for, or the finest that the format holds."""
    depth = had if wanted == "same" else BITS[wanted]
    return depth if depth in target.depths else target.depths[-1]
