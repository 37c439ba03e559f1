"""Selected pixels: what is selected as a mask, and masks as what is selected."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import chain
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from safelight.api import Region
from safelight.document.commands.command import EditError, Settings
from safelight.document.document import Document
from safelight.document.edits.one_layer import check_size, squares
from safelight.document.layer import Layer
from safelight.pixels import WHITE, Raster, View, from_float, to_float

How: TypeAlias = Literal["replace", "add", "subtract", "intersect"]
"""What becomes of the selection that there is."""


_MISSING = {
    "subtract": "nothing is selected to take anything away from; select something first",
    "intersect": "nothing is selected to keep a part of; select something first",
}


def how_words(given: Settings) -> str:
    """What the history calls a selection that is made in some way."""
    words = {
        "add": "Add to selection",
        "subtract": "Subtract from selection",
        "intersect": "Intersect selection",
    }
    return words.get(str(given["how"]), "Select")


def around(inside: Region, whole: Region) -> list[Region]:
    """What of a picture lies above, below and beside a part of it."""
    parts = [
        Region(0, 0, whole.width, inside.y),
        Region(0, inside.bottom, whole.width, whole.height - inside.bottom),
        Region(0, inside.y, inside.x, inside.height),
        Region(inside.right, inside.y, whole.width - inside.right, inside.height),
    ]
    return [part for part in parts if not part.empty]


def begun(document: Document, box: Region, how: str) -> tuple[Document, Region, Raster | None]:
    """The document as it is where a box beside the picture is selected, what of the box lies in the
    picture, and the selection that is to be changed there; None where there is none to change.

    Raises EditError where something is to be done to a selection, and there is none.
    """
    inside, before = box.intersect(document.region), selected_mask(document)
    if before is None and how in _MISSING:
        raise EditError(_MISSING[how])
    if inside.empty:
        same = how in ("add", "subtract")
        return document if same else selecting(document, None), inside, None
    if how == "replace" or before is None:
        before = Raster.filled(document.width, document.height, (0,), "uint8")
    return document, inside, before


def select_shape(
    document: Document, box: Region, how: str, covered: Callable[[Region], NDArray[np.float32]]
) -> Document:
    """Select what lies in a box of the picture as far as ``covered`` says, 0 to 1 for each pixel
    of a region (height, width); or add, subtract or intersect it.

    Where nothing is left, everything is selected again, as without a selection. Raises EditError
    where there is no selection to subtract from or to intersect.
    """
    region, inside, before = begun(document, box, how)
    if before is None:
        return region
    after = before
    if how == "intersect":
        after = Raster.filled(document.width, document.height, (0,), before.depth)
    for part in squares(inside):
        made = covered(part)
        if how != "replace":
            there = to_float(before.read(part))[..., 0]
            if how == "subtract":
                made = np.maximum(there - made, 0)
            else:
                made = (np.minimum if how == "intersect" else np.maximum)(there, made)
        after = after.replaced(part, from_float(made[..., np.newaxis], before.depth))
    after = after.condensed()
    return selecting(document, None if is_empty(after, inside) else after)


def with_selection(layer: Layer, document: Document) -> Layer:
    """A layer with what is selected as its mask."""
    return replace(
        layer,
        mask=document.selection,
        mask_place=document.selection_place,
        mask_beyond=document.selection_beyond,
    )


def with_mask(layer: Layer, document: Document, mask: Raster) -> Layer:
    """A layer with a mask that lies on the picture, as large as that. Raises EditError."""
    check_size(mask, document, f"the mask of {layer.name}")
    return replace(layer, mask=mask, mask_place=document.frame, mask_beyond=0)


def selecting(document: Document, selection: Raster | None) -> Document:
    """A document with a selection that lies on its picture."""
    if selection is None:
        return replace(document, selection=None)
    check_size(selection, document, "the selection")
    return replace(
        document, selection=selection, selection_place=document.frame, selection_beyond=0
    )


def selected_mask(document: Document) -> Raster | None:
    """What of the picture is selected, as pixels that can be changed."""
    selection = document.picture.selection
    return selection.held("uint8") if isinstance(selection, View) else selection


def in_pixels(document: Document) -> Document:
    """A document of the picture alone, in the plane of which it is the whole."""
    selection = selected_mask(document)
    return replace(document.picture, selection=selection)


def is_empty(mask: Raster, changed: Region) -> bool:
    """Whether nothing of a mask is white; looks first where it has just been changed."""
    tiles = chain(mask.tiles_at(changed), mask.tiles_at(mask.region))
    return not any(tile.any() for tile in tiles)


def inverted_mask(mask: Raster) -> Raster:
    """A mask (one channel) with white for black, 0 to 1, and black for white."""
    full = WHITE[mask.depth]
    return mask.mapped(lambda tile: np.subtract(full, tile, dtype=tile.dtype))
