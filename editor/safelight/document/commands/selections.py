"""Selections: the commands that select by a path, by colour or by tone, and change an outline."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from safelight.api import Fraction, HexColour, Number, Region, ToneRange
from safelight.document.commands.command import EditError, command
from safelight.document.document import Document
from safelight.document.edits import How, how_words, reshaped, select_shape, selects
from safelight.document.edits.one_layer import squares
from safelight.document.layer import Layer
from safelight.document.mask import FEATHER, shaped
from safelight.document.rendered.live import Live
from safelight.document.rendered.render import render_srgb
from safelight.pixels import Raster, likeness, polygon_coverage

Sample: TypeAlias = Literal["all_layers", "layer"]
"""Which pixels are looked at."""

MOST_POINTS = 100_000
"""Points that a path may have."""

_FAR = 1e6
"""Pixels beside the picture where a point may lie at the most."""

_Path: TypeAlias = Annotated[str, "x,y;x,y;x,y in pixels of the picture"]


def path_told(points: list[tuple[float, float]]) -> str:
    """Points as ``select_path`` takes them, six digits each."""
    return ";".join(f"{x:.6g},{y:.6g}" for x, y in points)


@command("Select path", words=how_words)
def select_path(
    document: Document,
    *,
    points: _Path = "",
    how: How = "replace",
    smooth: Annotated[bool, "Pixels on its edge are selected in part"] = True,
    live: Live | None = None,
) -> Document:
    """Select what a path of straight lines goes around, or add, subtract or intersect it; its end
    is joined to its beginning. Its edge is smooth, or else pixels that lie inside by a half are
    selected.

    Where nothing is left, everything is selected again, as without a selection.
    """
    path = points_of(points)

    def covered(part: Region) -> NDArray[np.float32]:
        found = polygon_coverage.covered(path, part)
        return found if smooth else (found >= 0.5).astype(np.float32)

    left, top = (math.floor(at) for at in path.min(axis=0))
    right, bottom = (math.ceil(at) for at in path.max(axis=0))
    return select_shape(document, Region(left, top, right - left, bottom - top), how, covered)


def points_of(text: str, least: int = 3) -> NDArray[np.float64]:
    """The points of a path, (count, 2). Raises EditError for what is no path."""
    try:
        found = np.array([[float(at) for at in pair.split(",")] for pair in text.split(";")])
    except ValueError:
        raise EditError("a path's points are x,y;x,y;x,y in pixels of the picture") from None
    if found.ndim != 2 or found.shape[1] != 2 or len(found) < least:
        raise EditError("a path has three points at least: x,y;x,y;x,y in pixels of the picture")
    if len(found) > MOST_POINTS:
        raise EditError(f"a path has {MOST_POINTS} points at most, not {len(found)}")
    if not (np.abs(found) <= _FAR).all():
        raise EditError(f"a path's points lie within {_FAR:.0f} pixels of the picture")
    return found


# -- by colour and tone ----------------------------------------------------------------------

_Colours: TypeAlias = Callable[[Region], NDArray[np.float32]]
"""The pixels of a region, (height, width, 3 or 4), sRGB-encoded."""


def colours_of(
    document: Document, layer: str, sample: Sample, live: Live | None = None
) -> _Colours:
    """What is looked at: the whole picture, or one layer bare of its mask and opacity.

    Raises EditError for a layer that has no pixels of its own.
    """
    looked_at = replace(document, selection=None)
    if sample == "layer":
        looked_at = alone(document, document.layer(layer))
    return lambda region: render_srgb(looked_at, region, live)


def alone(document: Document, layer: Layer) -> Document:
    """The document with one layer alone, bare of its mask, opacity and blend mode.

    Raises EditError for a layer that has no pixels of its own.
    """
    if layer.pixels is None and not layer.layers:
        raise EditError(f"{layer.name} holds no pixels to look at; look at all layers instead")
    bare = replace(layer, opacity=1.0, mode="normal", mask=None, visible=True, clipped=False)
    return replace(document, layers=(bare,), selection=None)


@command("Select similar", words=how_words)
def select_similar(
    document: Document,
    *,
    layer: str = "",
    x: Annotated[float, Number(unit="px"), "The pixel that others are compared with"] = 0.0,
    y: Annotated[float, Number(unit="px"), "The pixel that others are compared with"] = 0.0,
    tolerance: Annotated[int, Number(0, 255), "How much a channel may differ, of 255 steps"] = 32,
    contiguous: Annotated[bool, "Only what hangs together with the pixel"] = True,
    sample: Annotated[Sample, "Which pixels are looked at"] = "all_layers",
    how: How = "replace",
    smooth: Annotated[bool, "Pixels on the edge are selected in part"] = True,
    live: Live | None = None,
) -> Document:
    """Select the pixels whose colour is like that of one of them, or add, subtract or intersect
    them.
    """
    covered = similar(
        document, layer, (x, y), tolerance, sample, live, contiguous=contiguous, smooth=smooth
    )
    return select_shape(document, document.region, how, covered)


def similar(
    document: Document,
    layer: str,
    point: tuple[float, float],
    tolerance: int,
    sample: Sample,
    live: Live | None = None,
    *,
    contiguous: bool = True,
    smooth: bool = True,
) -> Callable[[Region], NDArray[np.float32]]:
    """How much each pixel of a region has the colour of the pixel at a point: (height, width), 0
    to 1. Raises EditError for a point beside the picture.
    """
    column, row = (math.floor(at) for at in point)
    if not (0 <= column < document.width and 0 <= row < document.height):
        raise EditError(f"there is no pixel at {column}, {row}: it lies beside the picture")
    colours = colours_of(document, layer, sample, live)
    wanted = colours(Region(column, row, 1, 1))[0, 0]
    near = np.empty((document.height, document.width), np.uint8)
    for part in squares(document.region):
        like = likeness.differs(colours(part), wanted) <= (tolerance + 0.5) / 255
        near[part.rows(), part.columns()] = like
    if contiguous:
        near = likeness.connected(near, column, row)

    def covered(part: Region) -> NDArray[np.float32]:
        if not smooth:
            return near[part.rows(), part.columns()].astype(np.float32)
        wide = part.grow(1, document.region)
        soft = likeness.softened(near[wide.rows(), wide.columns()])
        inside = part.move(-wide.x, -wide.y)
        return soft[inside.rows(), inside.columns()]

    return covered


@command("&Colour range", menu="Select", section=2, asks=True, tries=True, words=how_words)
def select_colour(
    document: Document,
    *,
    colour: Annotated[HexColour, "The colour that is selected"] = "#5080c0",
    tolerance: Annotated[Fraction, "How far a colour may be away"] = 0.15,
    softness: Annotated[Fraction, "Over how much more it fades"] = 0.1,
    how: How = "replace",
    live: Live | None = None,
) -> Document:
    """Select what has a colour anywhere in the picture, or add, subtract or intersect it."""
    wanted = tuple(int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    colours = colours_of(document, "", "all_layers", live)

    def covered(part: Region) -> NDArray[np.float32]:
        return likeness.of_colour(colours(part), wanted, tolerance, softness)  # type: ignore[arg-type]

    return select_shape(document, document.region, how, covered)


@command("&Tone range", menu="Select", section=2, asks=True, tries=True, words=how_words)
def select_tones(
    document: Document,
    *,
    tones: Annotated[ToneRange, "From the darkest to the lightest tone that is selected"] = (
        0.5,
        1.0,
    ),
    softness: Annotated[Fraction, "Over how much beyond the range it fades"] = 0.1,
    how: How = "replace",
    live: Live | None = None,
) -> Document:
    """Select what is as light as a range of tones, or add, subtract or intersect it; tones are
    parts of CIE lightness, 0 to 1.
    """
    colours = colours_of(document, "", "all_layers", live)

    def covered(part: Region) -> NDArray[np.float32]:
        return likeness.of_tones(colours(part), *tones, softness)

    return select_shape(document, document.region, how, covered)


# -- an outline changed ----------------------------------------------------------------------

_By: TypeAlias = Annotated[int, Number(1, 256, unit="px")]


@command("&Border selection", menu="Select", section=1, asks=True, tries=True, when=selects)
def border_selection(document: Document, *, by: _By = 8, live: Live | None = None) -> Document:
    """Select the rim of what is selected, so many pixels wide, half on either side of its edge."""

    def made(before: Raster, band: Region) -> NDArray[np.float32]:
        return shaped(before, band, by / 2) - shaped(before, band, -by / 2)

    return reshaped(document, made)


@command("Sm&ooth selection", menu="Select", section=1, asks=True, tries=True, when=selects)
def smooth_selection(document: Document, *, by: _By = 8, live: Live | None = None) -> Document:
    """Round off corners, holes and specks of what is selected that are smaller than a radius in
    pixels; its edge stays as sharp as a pixel.
    """
    steep = by * FEATHER * math.sqrt(2 * math.pi)  # the inverse of the slope of a blurred edge

    def made(before: Raster, band: Region) -> NDArray[np.float32]:
        soft = shaped(before, band, 0.0, by)
        sharp = (soft - 0.5) * np.float32(max(steep, 1.0)) + 0.5
        return np.asarray(np.clip(sharp, 0, 1), np.float32)

    return reshaped(document, made)
