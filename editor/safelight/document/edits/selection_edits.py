"""Selection edits: what is selected: boxes, ellipses, grown, shrunk, feathered, inverted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, TypeAlias

import numpy as np
from numpy.typing import NDArray

from safelight.api import Box, Number, Region
from safelight.document.commands.command import Edit, EditError, command
from safelight.document.document import Document
from safelight.document.edits.conditions import selects
from safelight.document.edits.mask_edits import with_stroke
from safelight.document.edits.one_layer import squares
from safelight.document.edits.selected_pixels import (
    How,
    around,
    begun,
    how_words,
    inverted_mask,
    is_empty,
    select_shape,
    selected_mask,
    selecting,
)
from safelight.document.mask import shaped
from safelight.document.rendered.live import Live
from safelight.document.strokes.stroke import Stroke
from safelight.pixels import WHITE, Raster, RasterBuilder, from_float

_By: TypeAlias = Annotated[int, Number(1, 256, unit="px")]


def select(selection: Raster | None, label: str = "Select") -> Edit:
    """Select a part of the picture (one channel, white is selected), or all with None."""
    return Edit(label, lambda document: selecting(document, selection))


@command("Select &all", menu="Select", shortcut="Ctrl+A")
def select_all(document: Document) -> Document:
    """Select everything, as it is where nothing has been selected."""
    return selecting(document, None)


@command("&Deselect", menu="Select", shortcut="Ctrl+D", when=selects)
def deselect(document: Document) -> Document:
    """Let go of what is selected: filters work on everything again, as with everything selected."""
    return selecting(document, None)


def select_region(region: Region, how: str = "replace") -> Edit:
    """Select a rectangle, as far as it lies in the picture, or ``add`` it, ``subtract`` it or
    ``intersect`` with it.
    """
    return select_box(box=(region.x, region.y, region.width, region.height), how=how)


@command("Select", id="select", words=how_words)
def select_box(document: Document, *, box: Box = (), how: How = "replace") -> Document:
    """Select a rectangle, as far as it lies in the picture, add or subtract it, or keep what is
    selected in it alone.

    Where nothing is left, everything is selected again, as without a selection.
    """
    region, inside, before = begun(document, _box(document, box), how)
    if before is None:
        return region
    if how == "intersect":
        after = before
        for part in around(inside, document.region):
            after = after.filled_at(part, 0)
    else:
        after = before.filled_at(inside, 0 if how == "subtract" else WHITE[before.depth])
    return selecting(document, None if is_empty(after, inside) else after)


def _box(document: Document, box: Box) -> Region:
    return Region(*(box or (0, 0, document.width, document.height)))


@command("Select ellipse", words=how_words)
def select_ellipse(
    document: Document,
    *,
    box: Box = (),
    how: How = "replace",
    smooth: Annotated[bool, "Pixels on its edge are selected in part"] = True,
    live: Live | None = None,
) -> Document:
    """Select the ellipse that fills a rectangle, as far as it lies in the picture, or add,
    subtract or intersect it; its edge is smooth, or else pixels whose middle is inside are
    selected.

    Where nothing is left, everything is selected again, as without a selection.
    """
    whole = _box(document, box)
    return select_shape(document, whole, how, lambda part: _in_ellipse(part, whole, smooth=smooth))


def _in_ellipse(part: Region, box: Region, *, smooth: bool) -> NDArray[np.float32]:
    """How much of each pixel of a part of the picture lies in the ellipse that fills ``box``:
    (height, width), 0 to 1.

    Smooth: the distance from the edge, to first order: the ellipse's equation by its slope.
    """
    x = (part.x + np.arange(part.width, dtype=np.float32) + 0.5 - box.x) * 2 / box.width - 1
    y = (part.y + np.arange(part.height, dtype=np.float32) + 0.5 - box.y) * 2 / box.height - 1
    squares = y[:, np.newaxis] ** 2 + x**2
    if not smooth:
        return (squares <= 1).astype(np.float32)
    slope = np.sqrt((y[:, np.newaxis] * 2 / box.height) ** 2 + (x * 2 / box.width) ** 2)
    inwards = (1 - squares) / np.maximum(2 * slope, np.float32(1e-6))
    covered: NDArray[np.float32] = np.clip(inwards + 0.5, 0, 1).astype(np.float32)
    return covered


@command("&Invert selection", menu="Select", shortcut="Ctrl+Shift+I", when=selects)
def invert_selection(document: Document) -> Document:
    """Select what is not selected."""
    if document.selection is None:
        raise EditError("everything is selected; inverted, that would be nothing")
    inverted = inverted_mask(document.selection)
    beyond = 1 - document.selection_beyond
    return replace(document, selection=inverted, selection_beyond=beyond)


@command("&Grow selection", menu="Select", section=1, asks=True, tries=True, when=selects)
def grow_selection(document: Document, *, by: _By = 8, live: Live | None = None) -> Document:
    """Widen what is selected by pixels."""
    return _modified(document, by, 0)


@command("Shrin&k selection", menu="Select", section=1, asks=True, tries=True, when=selects)
def shrink_selection(document: Document, *, by: _By = 8, live: Live | None = None) -> Document:
    """Narrow what is selected by pixels; where nothing is left, everything is selected again."""
    return _modified(document, -by, 0)


@command(
    "&Feather selection",
    menu="Select",
    section=1,
    shortcut="Shift+F6",
    asks=True,
    tries=True,
    when=selects,
)
def feather_selection(document: Document, *, by: _By = 8, live: Live | None = None) -> Document:
    """Give what is selected a soft rim of some radius in pixels."""
    return _modified(document, 0, by)


def _modified(document: Document, grow: float, feather: float) -> Document:
    """Widen what is selected by ``grow`` pixels, or narrow it, then feather it (``shaped``).

    Where nothing is left, everything is selected again, as without a selection.
    """
    return reshaped(document, lambda before, band: shaped(before, band, grow, feather))


def reshaped(document: Document, made: Callable[[Raster, Region], NDArray[np.float32]]) -> Document:
    """Select what ``made`` makes of a selection at a region of it: (height, width), 0 to 1.

    Where nothing is left, everything is selected again. Raises EditError where nothing is selected.
    """
    before = selected_mask(document)
    if before is None:
        raise EditError("nothing is selected")
    builder = RasterBuilder(before.width, before.height, 1, before.depth)
    for part in squares(before.region):
        pixels = made(before, part)[..., np.newaxis]
        builder.write(part, from_float(pixels, before.depth))
    after = builder.finish().condensed()
    return selecting(document, None if is_empty(after, after.region) else after)


def along(document: Document, stroke: Stroke) -> Document:
    """The document with nothing selected but what a stroke paints."""
    return with_stroke(deselect().apply(document), None, stroke)
