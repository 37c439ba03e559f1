"""Effect coverage: how much of an effect's colour is where, kept in squares for a while.

A wide shadow looks far around each tile; a square of four tiles looks at less than half of that in
all, and one that is kept costs nothing while other layers change. Where the layer itself changes,
as under a brush, what its alpha was is compared with what it is, and of each square that part is
made anew which the difference reaches.
"""

from __future__ import annotations

import itertools
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, Generic, TypeAlias, TypeVar
from weakref import ref

import numpy as np
from numpy.typing import NDArray

from safelight.api import Region
from safelight.document.layer import Layer
from safelight.document.mask import looks_around
from safelight.document.rendered.effects import Effect
from safelight.document.rendered.spread import MOST_REDUCED

SIDE = 512
"""Pixels of a square's sides: a multiple of what a wide blur is reduced by."""

_LIMIT = 64 << 20
"""Bytes of squares that are kept, of coverage and of alpha each."""

_Plane: TypeAlias = NDArray[np.float32]

_NOTHING = Region(0, 0, 0, 0)


def covered(
    layer: Layer,
    effect: Effect,
    window: Region,
    corner: tuple[int, int],
    alpha: Callable[[Region], _Plane],
) -> _Plane:
    """How much of an effect's colour is where in a window, 0 to 1: float32 (height, width).

    ``corner`` is where the picture's first pixel lies on a grid that stays where it is when the
    picture is cropped. ``alpha`` gives a layer's own alpha in any region: float32 (height, width),
    0 to 1, nothing beyond the picture.
    """
    made = np.empty((window.height, window.width), np.float32)
    moved = window.move(*corner)
    shape = _Shape(layer, corner, alpha)
    for square in _squares_at(moved):
        held = _square(shape, effect, square)
        part = square.intersect(moved)
        here, there = part.move(-moved.x, -moved.y), part.move(-square.x, -square.y)
        made[here.rows(), here.columns()] = held[there.rows(), there.columns()]
    return made


def forget() -> None:
    """Keep nothing of what was computed."""
    _alphas.forget()
    _coverages.forget()


@dataclass(frozen=True, slots=True)
class _Alpha:
    """A layer's alpha in a square, the layer's ``mark``, and where that tells all of it the tiles
    (``parts``) that it is made of, none of which is held. What differs from an ``earlier`` version
    is ``changed``; all of it where there was none.
    """

    plane: _Plane
    mark: object
    parts: tuple[Any, ...] | None
    version: int
    earlier: int = 0
    changed: Region = _NOTHING

    def made_of(self, parts: list[Any] | None) -> bool:
        """Whether an alpha is sure to be that of what is made of some tiles."""
        if parts is None or self.parts is None or len(parts) != len(self.parts):
            return False
        return all(held() is part for held, part in zip(self.parts, parts, strict=True))


@dataclass(frozen=True, slots=True)
class _Coverage:
    """An effect's coverage in a square, and the versions of the squares of alpha around it."""

    plane: _Plane
    versions: dict[Region, int]


@dataclass(frozen=True, slots=True)
class _Shape:
    """A layer's alpha, by squares of the grid."""

    layer: Layer
    corner: tuple[int, int]
    read: Callable[[Region], _Plane]

    def at(self, square: Region) -> _Alpha:
        """The alpha in a square."""
        key = self.layer.id, self.corner, square
        held = _alphas.found(key)
        if held is None or held.mark is not self.layer.mark:
            held = self._looked_at(square, held)
            _alphas.keep(key, held)
        return held

    def _looked_at(self, square: Region, held: _Alpha | None) -> _Alpha:
        """The alpha in a square, where another version of it may be ``held``."""
        parts = self._parts(square)
        if held is not None and held.made_of(parts):
            return replace(held, mark=self.layer.mark)
        plane = self.read(square.move(-self.corner[0], -self.corner[1]))
        if plane.min() == plane.max():
            plane = np.broadcast_to(plane[:1, :1].copy(), plane.shape)
        of = self.layer.mark, None if parts is None else tuple(map(ref, parts))
        if held is None:
            return _Alpha(plane, *of, next(_versions))
        changed = _different(held.plane, plane, square)
        if changed.empty:
            return replace(held, mark=of[0], parts=of[1])
        return _Alpha(plane, *of, next(_versions), held.version, changed)

    def _parts(self, square: Region) -> list[Any] | None:
        """The tiles that the alpha in a square is made of; None where they do not tell all."""
        layer = self.layer
        if layer.pixels is None or looks_around(layer):
            return None
        found: list[Any] = []
        for raster in (layer.pixels, layer.mask):
            if raster is not None:
                level = raster.level(square.level)
                x, y = self.corner
                place = Region(square.x - x, square.y - y, SIDE, SIDE).intersect(level.region)
                found += [] if place.empty else level.parts_at(place)
        return found

    def window(self, region: Region) -> _Plane:
        """The alpha in any region of the grid: float32 (height, width)."""
        made = np.empty((region.height, region.width), np.float32)
        for square in _squares_at(region):
            part = square.intersect(region)
            here, there = part.move(-region.x, -region.y), part.move(-square.x, -square.y)
            plane = self.at(square).plane
            made[here.rows(), here.columns()] = plane[there.rows(), there.columns()]
        return made


def _square(shape: _Shape, effect: Effect, square: Region) -> _Plane:
    """An effect's coverage in a square, made anew as far as the alpha around it is another one."""
    key = shape.layer.id, effect, shape.corner, square
    held, reach = _coverages.found(key), effect.reach(square.level)
    around = {other: shape.at(other) for other in _squares_at(_grown(square, reach))}
    versions = {other: alpha.version for other, alpha in around.items()}
    if held is not None and held.versions == versions:
        return held.plane
    stale = square
    if held is not None:
        stale = _NOTHING
        for other, alpha in around.items():
            before = held.versions[other]
            if before != alpha.version:
                changed = alpha.changed if alpha.earlier == before else other
                stale = _hull(stale, _grown(changed, reach).intersect(square))
        stale = _on_grid(stale).intersect(square)
    if held is not None and stale.empty:
        plane = held.plane
    else:
        plane = _covered(effect, shape.window(_grown(stale, reach)), reach, square.level)
        if held is not None and stale != square:
            part, plane = plane, np.array(held.plane)
            inside = stale.move(-square.x, -square.y)
            plane[inside.rows(), inside.columns()] = part
    _coverages.keep(key, _Coverage(plane, versions))
    return plane


def _covered(effect: Effect, alpha: _Plane, around: int, level: int) -> _Plane:
    lowest = alpha.min()
    if lowest == alpha.max():  # far inside, or far outside: the same all over, at no cost
        small = np.full((2 * around + 1, 2 * around + 1), lowest, np.float32)
        few = effect.coverage(small, around, level) if around < SIDE else None
        if few is not None:
            height, width = (side - 2 * around for side in alpha.shape)
            return np.broadcast_to(few[:1, :1], (height, width))
    return np.ascontiguousarray(effect.coverage(alpha, around, level))


def _squares_at(region: Region) -> Iterator[Region]:
    """Each square of the grid that a region meets."""
    rows = range(region.y // SIDE, -(-region.bottom // SIDE))
    for row, column in product(rows, range(region.x // SIDE, -(-region.right // SIDE))):
        yield Region(column * SIDE, row * SIDE, SIDE, SIDE, region.level)


def _grown(region: Region, margin: int) -> Region:
    """A region with so many pixels more on each side."""
    sides = region.width + 2 * margin, region.height + 2 * margin
    return Region(region.x - margin, region.y - margin, *sides, region.level)


def _hull(one: Region, other: Region) -> Region:
    """The smallest rectangle that holds both; an empty one counts for nothing."""
    if one.empty or other.empty:
        return other if one.empty else one
    x, y = min(one.x, other.x), min(one.y, other.y)
    right, bottom = max(one.right, other.right), max(one.bottom, other.bottom)
    return Region(x, y, right - x, bottom - y, other.level)


def _on_grid(region: Region) -> Region:
    """A region as far as the next multiples of what a wide blur is reduced by."""
    x, y = (at // MOST_REDUCED * MOST_REDUCED for at in (region.x, region.y))
    right, bottom = (-(-at // MOST_REDUCED) * MOST_REDUCED for at in (region.right, region.bottom))
    return Region(x, y, right - x, bottom - y, region.level)


def _different(one: _Plane, other: _Plane, square: Region) -> Region:
    """The smallest rectangle outside of which two planes that lie in a square are the same."""
    off = one != other
    rows, columns = (np.flatnonzero(off.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return _NOTHING
    x, y = int(columns[0]), int(rows[0])
    sides = int(columns[-1]) + 1 - x, int(rows[-1]) + 1 - y
    return Region(square.x + x, square.y + y, *sides, square.level)


_Held = TypeVar("_Held", _Alpha, _Coverage)


class _Kept(Generic[_Held]):
    """The squares that were looked at last."""

    def __init__(self) -> None:
        self._held: OrderedDict[Any, _Held] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def found(self, key: Any) -> _Held | None:
        with self._lock:
            held = self._held.get(key)
            if held is not None:
                self._held.move_to_end(key)
            return held

    def keep(self, key: Any, new: _Held) -> None:
        with self._lock:
            old = self._held.pop(key, None)
            self._held[key] = new
            self._bytes += _size(new.plane) - (0 if old is None else _size(old.plane))
            while self._bytes > _LIMIT:
                _, oldest = self._held.popitem(last=False)
                self._bytes -= _size(oldest.plane)

    def forget(self) -> None:
        with self._lock:
            self._held.clear()
            self._bytes = 0


def _size(plane: _Plane) -> int:
    """Bytes that a plane takes; one number all over takes next to nothing."""
    return 1024 if 0 in plane.strides else plane.nbytes


_alphas: _Kept[_Alpha] = _Kept()
_coverages: _Kept[_Coverage] = _Kept()
_versions = itertools.count(1)
