"""Edit: a named function from a document to a document."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from safelight.document.document import Document
from safelight.pixels import Raster


@dataclass(frozen=True, slots=True)
class Edit:
    """What is done to a document: a label people read in the history, and the function."""

    label: str
    apply: Callable[[Document], Document]


def replace_pixels(label: str, layer_id: str, raster: Raster) -> Edit:
    """Put ``raster`` in place of a layer's pixels.

    A raster of another size changes the document's size; that is only possible while the
    document has one layer (ValueError otherwise).
    """

    def apply(document: Document) -> Document:
        layer = replace(document.layer(layer_id), raster=raster)
        if (raster.width, raster.height) == (document.width, document.height):
            return document.with_layer(layer)
        if len(document.layers) != 1:
            raise ValueError("a filter that changes the size needs a document with one layer")
        return replace(document, width=raster.width, height=raster.height, layers=(layer,))

    return Edit(label, apply)
