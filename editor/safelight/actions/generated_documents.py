"""Generated documents: those that begin with a generator, and with nothing else."""

from __future__ import annotations

from safelight.api import Declaration
from safelight.document import Document, Layer
from safelight.workers.job_kinds import live_filter

LONGEST = 32768
"""Pixels of a side, at most."""


def to_be_generated(declaration: Declaration, width: int, height: int) -> Document:
    """A document of one layer, whose pixels the generator has still to make; 8-bit sRGB."""
    layer = Layer(declaration.title, live_filter(declaration, declaration.settings()))
    return Document(width, height, "uint8", (layer,), name=declaration.title)
