"""Exported pixels: what a document shows as a format holds it: depth, channels, profile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.api import Region
from safelight.document import Document, Layer, Live, Metadata, whole
from safelight.files.codecs.photograph import (
    CHANNELS,
    DamagedError,
    PartLost,
    Photograph,
    Space,
    with_numbers,
)
from safelight.files.codecs.row_bands import bands, on_all_cores
from safelight.files.colours.file_colours import in_profile, most_ink
from safelight.files.colours.stated_colours import light_profile
from safelight.files.exports.export_formats import Target, depth_of, target_of
from safelight.files.exports.export_options import Depth, ExportOptions, profile_in
from safelight.files.exports.export_outcome import ExportError, Hear
from safelight.files.exports.export_size import fits_eight_bits, resized, sharpened, sides
from safelight.files.metadata import kept_metadata
from safelight.files.metadata.exported_metadata import for_file
from safelight.files.photograph_document import is_untouched
from safelight.files.provenance import provenance
from safelight.files.sentences import listed
from safelight.files.untrusted_reader import Reading
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

_ROWS = 256
"""Rows of a band that is converted at once."""


def own_content(
    document: Document,
    target: Target,
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
        kept_metadata.kept(document.metadata, options.metadata),
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
    document: Document, pixels: NDArray[Any], target: Target, options: ExportOptions
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
    target: Target,
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


def _narrower(document: Document, target: Target, options: ExportOptions) -> bytes | None:
    """sRGB for a picture whose deeper steps come into 8 bits, which are too few for its profile;
    None where it keeps that, or where another one is asked for.
    """
    if options.profile is not None or options.keep_profile or document.depth == "uint8":
        return None
    codec = target.codec
    if codec is None or codec.write is None or not codec.profiles:
        return None  # without a profile it is sRGB in any case, and layers keep their depth
    if depth_of(target, options.depth, document.depth) != "uint8":
        return None
    return None if fits_eight_bits(document.profile) else profile_in("sRGB")


def narrowed(document: Document, options: ExportOptions) -> bool:
    """Whether an export in the format that ``options`` name makes sRGB of the picture, because its
    profile is too wide for 8 bits. Raises ExportError for a format that is not known.
    """
    target = target_of("", *sides(document, options), options, tuple)
    return _narrower(document, target, options) is not None


def _note_converted(
    pixels: NDArray[Any], profile: Profile, target: Target, notes: list[str]
) -> None:
    if not profile.is_srgb:
        cut = "" if pixels.dtype == np.float32 else "; what lies outside sRGB was cut off"
        notes.append(
            f"Colours were converted from {profile.name} to sRGB, because {target.name} holds no"
            f" profile{cut}."
        )


def _note_unmarked(document: Document, target: Target, notes: list[str]) -> None:
    if provenance.declared(document):
        notes.append(f"It is not marked as synthesised: {target.name} holds no such mark.")


def foreign_content(
    document: Document, target: Target, options: ExportOptions, live: Live | None, hear: Hear
) -> Photograph:
    """The pixels as a plugin's format will hold them, and notes of all that it does not hold."""
    notes: list[str] = []
    if options.profile is not None:
        raise ExportError(f"{target.name} holds no colour profile; use PNG or TIFF.")
    assert target.exporter is not None
    if options.kilobytes:
        has = any(item.name == "quality" for item in target.exporter.format.options)
        why = "keeps the quality asked for" if has else "has no quality that could be lowered"
        notes.append(f"The file may be larger than {options.kilobytes:,} kB: {target.name} {why}.")
    document, pixels = _finished(document, target, options, live, notes, hear)
    profile = document.profile
    if pixels.shape[2] == 4 and not target.alpha:
        pixels = _on_white(pixels, target, notes)
    pixels = _in_depth(pixels, target, options.depth, notes, profile)
    pixels = _in_grey(document, pixels, target, notes)
    _note_converted(pixels, profile, target, notes)
    lost = kept_metadata.kept(document.metadata, options.metadata)
    if lost != Metadata():
        notes.append(f"The metadata were left out: {target.name} holds none.")
    _note_unmarked(document, target, notes)
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
    target: Target,
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
    depth = deeper(document.depth, depth_of(target, options.depth, document.depth))
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


def _on_white(pixels: NDArray[Any], target: Target, notes: list[str]) -> NDArray[Any]:
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
    target: Target,
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


def _in_words(pixels: NDArray[Any], target: Target, wanted: Depth, notes: list[str]) -> str:
    """The depth that pixels will have, and notes of what that takes from them."""
    had = pixels.dtype.name
    depth = depth_of(target, wanted, had)
    if list(DEPTHS).index(depth) < list(DEPTHS).index(had):
        why = f": {target.name} holds no more" if wanted == "same" else ""
        notes.append(f"{DEPTHS[had]} was reduced to {DEPTHS[depth]}{why}.")
    if had == "float32" and depth != had and (float(pixels.min()) < 0 or float(pixels.max()) > 1):
        notes.append("Values below black or above white were cut off.")
    return depth


def _in_grey(
    document: Document, pixels: NDArray[Any], target: Target, notes: list[str]
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
