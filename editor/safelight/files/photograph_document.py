"""Photograph document: what a codec has read becomes an upright RGB document."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.document import Document
from safelight.files.codecs.photograph import Photograph
from safelight.files.colours.file_colours import as_rgb, takes_long
from safelight.files.layered_photograph import document_of
from safelight.files.metadata.metadata import Known
from safelight.files.untrusted_reader import Reading, known_of
from safelight.pixels import Profile, Raster, from_float, to_float

_MOST_DOTS = 1_000_000
"""Dots per inch that are believed: 25 nanometres each."""


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
        document, _ = upright_document(seen, told, name, reading, exact=False)
        first(Opened(document, tuple(seen.notes), format, told.facts))
    document, turned = upright_document(content, told, name, reading)
    if not turned:
        _untouched.add(document.layers[0].raster)
    return Opened(document, tuple(content.notes), format, told.facts)


def in_colours_of(raster: Raster, profile: Profile, document: Document) -> Raster:
    """Pixels of a ``profile`` in the profile and depth of ``document``."""
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


def upright_document(
    content: Photograph, told: Known, name: str, reading: Reading, *, exact: bool = True
) -> tuple[Document, bool]:
    """The upright RGB document of a photograph, called ``name``, and whether it had to be turned.

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
