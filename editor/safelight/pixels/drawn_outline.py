"""Drawn outline: a raster whose pixels are drawn from an outline when somebody looks at them.

Every zoom level is drawn by itself, so that letters are as sharp small as they are large, and a
tile costs what it shows: contours beside it are not looked at.
"""

from __future__ import annotations

import hashlib
import math
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from safelight.api import Region
from safelight.pixels import polygon_coverage
from safelight.pixels.depth import from_float
from safelight.pixels.lanczos import Matrix
from safelight.pixels.mapped_raster import keep_for_a_while
from safelight.pixels.outline import FARTHEST, Join, Outline, Polygons
from safelight.pixels.tile_digest import tile_digest
from safelight.pixels.tiles import Raster, places, solid

Colour = tuple[float, float, float]
Bounds = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Drawing:
    """An outline, whether it is filled, and how wide its stroke is (0: none) with what corners;
    the stroke lies over the fill, or ``behind`` it, where its outer half is seen.
    """

    outline: Outline
    filled: bool = True
    stroke: float = 0.0
    join: Join = "miter"
    behind: bool = False

    @property
    def look(self) -> tuple[bool, float, str, bool]:
        """The drawing without its outline: how it is filled and stroked."""
        return self.filled, self.stroke, self.join, self.behind

    @property
    def bounds(self) -> Bounds | None:
        """Left, top, right and bottom of all that it shows; None where that is nothing."""
        return _bounds(self)


@lru_cache(256)
def _bounds(drawing: Drawing) -> Bounds | None:
    found = drawing.outline.bounds()
    if found is None or not (drawing.filled or drawing.stroke):
        return None
    if drawing.stroke and drawing.join == "miter":
        made = drawing.outline.flattened().stroked(drawing.stroke, "miter")
        if len(made.points):
            (left, top), (right, bottom) = made.points.min(axis=0), made.points.max(axis=0)
            left, top = min(float(left), found[0]), min(float(top), found[1])
            return left, top, max(float(right), found[2]), max(float(bottom), found[3])
    rim = drawing.stroke / 2
    return found[0] - rim, found[1] - rim, found[2] + rim, found[3] + rim


class Drawn(Raster):
    """``drawing`` through ``matrix`` (from its points to the raster's), ``width`` x ``height``, in
    colours of the raster's own colour space: (height, width, 4) of ``depth``.
    """

    __slots__ = ("_levels", "colours", "drawing", "matrix")

    def __init__(
        self,
        drawing: Drawing,
        matrix: Matrix,
        width: int,
        height: int,
        depth: str,
        colours: tuple[Colour, Colour],
    ) -> None:
        self.drawing, self.matrix, self.colours = drawing, matrix, colours
        self._levels: dict[int, Drawn] = {}
        super().__init__(width, height, 4, depth, ())
        shapes = _Shapes(drawing, matrix)
        there = _within(drawing, matrix, self.region)
        self._tiles = [
            solid((place.height, place.width, 4), 0, depth)
            if place.intersect(there).empty
            else _Tile(shapes, place, depth, colours)
            for place in places(width, height)
        ]
        self._digests, self._grey = [None] * len(self._tiles), [None] * len(self._tiles)

    def level(self, level: int) -> Raster:
        """The picture drawn 2 ** ``level`` times as small; 8-bit, as all zoom levels are."""
        if level == 0:
            return self
        if level not in self._levels:
            step = float(1 << level)
            a, b, c, d, e, f, g, h, i = self.matrix
            smaller = (a / step, b / step, c / step, d / step, e / step, f / step, g, h, i)
            size = math.ceil(self.width / step), math.ceil(self.height / step)
            made = Drawn(self.drawing, smaller, *size, "uint8", self.colours)
            self._levels[level] = made
        return self._levels[level]

    def has_level(self, level: int) -> bool:
        return True

    def digests(self, each: Callable[..., Iterable[bytes]] = map) -> list[bytes]:
        """Digests of what each tile is drawn from: the same for the same part of the same
        drawing.
        """
        if any(digest is None for digest in self._digests):
            drawing = self.drawing
            told = (*drawing.look, self.matrix, self.colours)
            own = drawing.outline.digest() + repr((*told, self.depth)).encode()
            for index, at in enumerate(places(self.width, self.height)):
                text = own + repr((at.x, at.y, at.width, at.height)).encode()
                self._digests[index] = hashlib.blake2b(text, digest_size=16).digest()
        return [digest for digest in self._digests if digest is not None]

    def is_grey(self) -> bool:
        return all(len(set(colour)) == 1 for colour in self.colours)

    def bounds(self) -> Region | None:
        found = _within(self.drawing, self.matrix, self.region)
        return None if found.empty else found

    def opaque_bounds(self) -> Region | None:
        return self.bounds()


def _within(drawing: Drawing, matrix: Matrix, region: Region) -> Region:
    """The whole pixels of a region in which there may be something of a drawing."""
    found = drawing.bounds
    if found is None:
        return Region(0, 0, 0, 0)
    left, top, right, bottom = found
    corners = np.array([(left, top), (right, top), (right, bottom), (left, bottom)])
    one = Polygons(corners, np.zeros(1, np.intp), np.ones(1, bool)).through(matrix)
    if not len(one.points):
        return Region(0, 0, 0, 0)
    low, high = (np.clip(at, -FARTHEST, FARTHEST) for at in one.boxes()[0].reshape(2, 2))
    x, y = math.floor(low[0] + 1e-6), math.floor(low[1] + 1e-6)
    right, bottom = math.ceil(high[0] - 1e-6), math.ceil(high[1] - 1e-6)
    return Region(x, y, right - x, bottom - y).intersect(region)


class _Shapes:
    """The polygons that a drawing is at one size, made when the first tile asks for them."""

    def __init__(self, drawing: Drawing, matrix: Matrix) -> None:
        self._drawing, self._matrix, self.behind = drawing, matrix, drawing.behind
        self._made: tuple[tuple[Polygons, NDArray[np.float64]], ...] | None = None
        self._lock = threading.Lock()

    def met(self, region: Region) -> tuple[Polygons, ...]:
        """What of the fill and of the stroke may be seen in a region."""
        with self._lock:
            if self._made is None:
                self._made = tuple((item, item.boxes()) for item in self._polygons())
        return tuple(_met(polygons, boxes, region) for polygons, boxes in self._made)

    def _polygons(self) -> tuple[Polygons, Polygons]:
        drawing, matrix = self._drawing, self._matrix
        scale = _scale(drawing, matrix)
        flat = drawing.outline.flattened(scale)
        filled = flat.through(matrix) if drawing.filled else Polygons.none()
        if not drawing.stroke:
            return filled, Polygons.none()
        return filled, flat.stroked(drawing.stroke, drawing.join, scale).through(matrix)


def _scale(drawing: Drawing, matrix: Matrix) -> float:
    """How many times as long a map makes lengths of a drawing, at the most."""
    found = drawing.bounds
    a, b, _, d, e, _, g, h, i = matrix
    if found is None:
        return 1.0
    scale = 0.0
    for x in (found[0], found[2]):
        for y in (found[1], found[3]):
            far = abs(g * x + h * y + i)
            scale = max(scale, math.hypot(a, b, d, e) / max(far, 1e-3))
    return min(scale, 1e4)


def _met(polygons: Polygons, boxes: NDArray[np.float64], region: Region) -> Polygons:
    """The polygons that meet a region. One that lies beside it is closed, and goes around nothing
    there.
    """
    met = (boxes[:, 0] < region.right) & (boxes[:, 2] > region.x)
    met &= (boxes[:, 1] < region.bottom) & (boxes[:, 3] > region.y)
    return polygons.chosen(np.flatnonzero(met))


def _covered(polygons: Polygons, region: Region) -> NDArray[np.float32] | None:
    """How much of each pixel some polygons cover: (height, width), 0 to 1; None for no polygon."""
    if not len(polygons.starts):
        return None
    return polygon_coverage.covered(polygons.points, region, polygons.starts)


_drawn: WeakValueDictionary[bytes, NDArray[Any]] = WeakValueDictionary()
"""Tiles that were drawn and are in use, by what they were drawn from: those that a new letter does
not meet are the same.
"""


class _Tile:
    """A tile of what is drawn, kept for a while once it was looked at."""

    __slots__ = ("__weakref__", "_colours", "_depth", "_made", "_place", "_shapes")

    def __init__(
        self, shapes: _Shapes, place: Region, depth: str, colours: tuple[Colour, Colour]
    ) -> None:
        self._shapes, self._place, self._depth, self._colours = shapes, place, depth, colours
        self._made: NDArray[Any] | None = None

    @property
    def shape(self) -> tuple[int, int, int]:
        return self._place.height, self._place.width, 4

    @property
    def digest(self) -> bytes:
        return tile_digest(self.fetch())

    def fetch(self) -> NDArray[Any]:
        made = self._made
        if made is None:
            self._made = made = self._drawn()
        keep_for_a_while(self)
        return made

    def forget(self) -> None:
        """Give up what was drawn."""
        self._made = None

    def _drawn(self) -> NDArray[Any]:
        met = self._shapes.met(self._place)
        place = self._place
        told = (place, self._depth, self._colours, self._shapes.behind, len(met[0].points))
        state = hashlib.blake2b(repr(told).encode(), digest_size=16)
        for polygons in met:
            state.update(polygons.points.tobytes())
            state.update(polygons.starts.tobytes())
        known = _drawn.get(state.digest())
        if known is None:
            known = self._made_of(*(_covered(polygons, place) for polygons in met))
            if any(len(polygons.starts) for polygons in met):
                _drawn[state.digest()] = known
        return known

    def _made_of(
        self, fill: NDArray[np.float32] | None, stroke: NDArray[np.float32] | None
    ) -> NDArray[Any]:
        """The pixels of a tile that the fill and the stroke cover so far."""
        colours = self._colours
        if self._shapes.behind:  # then the fill is what lies above
            fill, stroke, colours = stroke, fill, colours[::-1]
        if fill is None and stroke is None:
            return solid(self.shape, 0, self._depth)
        pixels = np.empty(self.shape, np.float32)
        if fill is None or stroke is None:
            pixels[..., :3] = colours[0 if stroke is None else 1]
            pixels[..., 3] = fill if stroke is None else stroke
        else:
            below = fill * (1 - stroke)
            pixels[..., 3] = alpha = stroke + below
            share = np.divide(below, alpha, out=np.zeros_like(alpha), where=alpha > 0)
            inner, outer = (np.array(colour, np.float32) for colour in colours)
            pixels[..., :3] = outer + share[..., None] * (inner - outer)
        made = pixels if self._depth == "float32" else from_float(pixels, self._depth)
        made.flags.writeable = False
        return made
