"""Colour edits: depth and profile of a document: deepened, assigned, converted."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from safelight.api import Icc
from safelight.api.colour_profile import IccError, icc_bytes
from safelight.document.commands.command import EditError, Entry, Settings, command
from safelight.document.document import Document
from safelight.document.layer import Layer
from safelight.document.rendered.live import Live
from safelight.pixels import (
    DEPTHS,
    SRGB,
    ColourError,
    DegenerateError,
    Device,
    Intent,
    KnownProfile,
    Lut,
    Profile,
    Raster,
    converted,
    deeper,
    from_float,
    known_profile,
    profile_name,
    to_float,
)

_Depth: TypeAlias = Literal["uint8", "uint16", "float32"]


@command(
    "Convert &depth",
    menu="Image",
    section=2,
    entries=(
        Entry("Convert to 16-&bit", {"depth": "uint16"}),
        Entry("Convert to 32-bit &float", {"depth": "float32"}),
    ),
    when=lambda document, layer: document.depth != "float32",
    words=lambda given: f"Convert to {DEPTHS[str(given['depth'])]}",
)
def deepen(document: Document, *, depth: _Depth = "uint16", live: Live | None = None) -> Document:
    """Keep pixels in a deeper ``depth``, each value as it is, so that results have its bits.

    A document that is as deep already stays as it is.
    """

    def deep(raster: Raster) -> Raster:
        return raster.mapped(lambda tile: from_float(to_float(tile), depth), depth)

    if deeper(depth, document.depth) == document.depth:
        return document
    layers = tuple(_with_rasters(layer, deep) for layer in document.layers)
    return replace(document, depth=depth, layers=layers)


_File: TypeAlias = Annotated[Icc, "The profile of a file, instead of a well-known one"]


@command(
    "Assign pr&ofile",
    menu="Image",
    section=2,
    asks=True,
    words=lambda given: f"Assign {_profile_words(given)}",
)
def assign_profile(
    document: Document,
    *,
    profile: Literal[KnownProfile, "untagged"] = "sRGB",
    file: _File = "",
) -> Document:
    """Take the numbers of all layers as those of another profile: colours change, no number does.

    For a picture whose profile is missing or wrong. Untagged: no profile is named, which counts as
    sRGB. A profile of tables, as scanners have, says what the numbers look like: these colours are
    kept in Rec. 2020 and at least 16 bits, since no picture is edited in tables.
    """
    tables = _tables_of(file) if file else None
    if tables is not None:
        return _seen_through(document, tables.to_srgb)
    found = (
        SRGB if profile == "untagged" and not file else _profile_of(profile, file, _NO_ASSIGNING)
    )
    if found.grey is not None and not document.grey:
        raise EditError(
            f"{found.name} is for grey pictures, and this one has colours: convert it instead"
        )
    return replace(document, profile=found)


@command(
    "Conv&ert to profile",
    menu="Image",
    section=2,
    asks=True,
    words=lambda given: f"Convert to {_profile_words(given)}",
)
def convert_profile(
    document: Document,
    *,
    profile: KnownProfile = "sRGB",
    file: _File = "",
    intent: Intent = "relative",
    black_point: Annotated[bool, "The darkest becomes the darkest of the profile"] = True,
    live: Live | None = None,
) -> Document:
    """Keep the colours of all layers in another profile: numbers change, colours stay.

    Colours that the profile does not have are cut off, unless pixels are in 32-bit floats. A
    profile of primaries and curves knows no other intent than relative and absolute; absolute keeps
    the colour of white as well. A profile of tables, a printer's RGB or a press's CMYK, brings
    colours to those that it can print: they are kept in Rec. 2020 and at least 16 bits, since no
    picture is edited in ink, and an export to that profile writes its numbers.
    """
    device = _device_of(file, intent, black_point) if file else None
    if device is not None:
        return _in_wide(document, device.returned)
    found, had = _profile_of(profile, file, _NO_CONVERTING), document.profile
    settings = {"absolute": intent == "absolute", "black_point": black_point}

    def change(raster: Raster) -> Raster:
        return raster.mapped(
            lambda tile: from_float(
                converted(to_float(tile), had, found, **settings), document.depth
            )
        )

    layers = tuple(_with_rasters(layer, change) for layer in document.layers)
    grey = document.grey or found.grey is not None
    return replace(document, profile=found, layers=layers, grey=grey)


def _tables_of(file: str) -> Lut | None:
    """The tables of a profile that is no other than one of tables for RGB; None for others."""
    with contextlib.suppress(IccError, ColourError):
        icc = icc_bytes(file)
        try:
            Profile.from_icc(icc)
        except DegenerateError:
            return None
        except ColourError:
            return Lut.of(icc)
    return None


def _device_of(file: str, intent: Intent, black_point: bool) -> Device | None:
    """The device of a profile of tables that go into it and back; None for other profiles."""
    with contextlib.suppress(IccError, ColourError):
        icc = icc_bytes(file)
        if icc[16:20] == b"GRAY":
            return None
        try:
            Profile.from_icc(icc)
        except DegenerateError:
            return None
        except ColourError:
            return Device.of(icc, intent, black_point)
    return None


_Colours: TypeAlias = Callable[[NDArray[np.float32]], NDArray[np.float32]]


def _in_wide(document: Document, change: _Colours) -> Document:
    """The document in a wide space, in the colours that ``change`` gives of sRGB's."""
    had = document.profile
    return _seen_through(document, lambda pixels: change(had.to_srgb(pixels)))


def _seen_through(document: Document, to_srgb: _Colours) -> Document:
    """The document in a wide space, in the colours that its numbers have by ``to_srgb``."""
    wide = known_profile("Rec_2020")
    depth = deeper("uint16", document.depth)

    def change(raster: Raster) -> Raster:
        return raster.mapped(
            lambda tile: from_float(wide.from_srgb(to_srgb(to_float(tile))), depth), depth
        )

    layers = tuple(_with_rasters(layer, change) for layer in document.layers)
    return replace(document, profile=wide, depth=depth, layers=layers, grey=False)


_NO_ASSIGNING = "no picture can be edited in it: convert to it instead"
_NO_CONVERTING = "colours cannot be converted to it: it has no tables that lead into it and back"


def _profile_of(known: str, file: str, otherwise: str) -> Profile:
    """The profile that is chosen. Raises EditError for one that no document can be kept in, which
    goes on with what that means.
    """
    if not file:
        return known_profile(known)  # type: ignore[arg-type]
    icc, what = b"", "the profile"
    try:
        icc = icc_bytes(file)
        what = profile_name(icc)
        return Profile.from_grey(icc) if icc[16:20] == b"GRAY" else Profile.from_icc(icc)
    except IccError as error:
        raise EditError(f"the profile {error}") from None
    except ColourError:
        raise EditError(
            f"{what} is no profile of three primaries and curves, so {otherwise}"
        ) from None


def _profile_words(given: Settings) -> str:
    """What the history calls the profile that is chosen."""
    try:
        return profile_name(icc_bytes(str(given["file"])))
    except IccError:
        return str(given["profile"]).replace("_", " ")


def _with_rasters(layer: Layer, change: Callable[[Raster], Raster]) -> Layer:
    """A layer with other pixels in place of its own and of all that is in it; masks stay."""
    content = layer.kind.changed(layer.content, change)
    inside = tuple(_with_rasters(item, change) for item in layer.layers)
    return replace(layer, content=layer.kind.with_layers(content, inside))
