"""New documents: those that begin with no file, as an empty page or as what a generator makes."""

from __future__ import annotations

from safelight.api import Declaration
from safelight.document import Document, Layer
from safelight.document.contents.content import Fill
from safelight.document.document import Metadata
from safelight.pixels import known_profile
from safelight.workers.job_kinds import live_filter

LONGEST = 32768
"""Pixels of a side, at most."""


def to_be_generated(
    declaration: Declaration, width: int, height: int, dpi: float | None = None
) -> Document:
    """A document of one layer, whose pixels the generator has still to make; 8-bit sRGB."""
    layer = Layer(declaration.title, live_filter(declaration, declaration.settings()))
    return _new(declaration.title, width, height, layer, dpi)


def empty_page(width: int, height: int, colour: str, dpi: float | None = None) -> Document:
    """A document of one layer, filled with a colour, "#rrggbb"; 8-bit sRGB."""
    return _new("Page", width, height, Layer("Page", Fill(colour)), dpi)


def _new(name: str, width: int, height: int, layer: Layer, dpi: float | None) -> Document:
    metadata = Metadata() if dpi is None else Metadata(dpi=(dpi, dpi))
    profile = known_profile("sRGB")  # a file without one leaves its colours to be guessed
    return Document(width, height, "uint8", (layer,), profile, metadata, name=name)
