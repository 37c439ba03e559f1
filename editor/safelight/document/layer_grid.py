"""Layer grid: where the pixels that a layer holds lie in the picture, and what is there.

A layer that is moved, scaled, turned, in perspective, warped or liquified keeps its pixels as they
are; a stroke that is drawn over the picture is found for each of them where that pixel is seen.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from safelight.api import Region
from safelight.document.document import Document
from safelight.document.layer import Layer
from safelight.document.placement import Place
from safelight.document.warped import unwarped_place
from safelight.pixels import TILE, Mesh, Raster, Warp, to_float
from safelight.pixels.opencv import opencv

_APART = 8
"""Pixels between two places of a warp that are computed; between them it is nearly straight. Of a
mesh it is half a square.
"""

_SAMPLES = 17
"""Places along each side of a region by which is told where it lies in a layer."""

_FINEST = 4
"""Places in a pixel, along each side, of which the mean is taken at the most."""

_STEPS, _LONGEST, _FLATTEST, _NEAR = 30, 2.0, 0.1, 1e-2
"""Steps at the most in which a place is found that a mesh brings somewhere; the longest of them in
squares of the mesh, the smallest area that a pixel is taken to have then, and the pixels that the
place is off by at the most.
"""

_GRID = 32.0
"""Places that are told apart between two pixels of the picture, as OpenCV does."""

_KEPT = 64
"""Tiles of which is kept where they lie."""

_FAR = 1e7
"""Pixels that a place lies away which is nowhere in the picture."""

_ROUNDING = 1e-6
"""Pixels that maps there and back leave."""

_Places: TypeAlias = NDArray[np.float64]
_Pixels: TypeAlias = NDArray[np.float32]

Read: TypeAlias = Callable[[Region], NDArray[Any]]
"""Gives the pixels of a region of the picture: (height, width, channels)."""


@dataclass(frozen=True, slots=True)
class LayerGrid:
    """The pixels of a layer, ``width`` x ``height``. ``place`` leads from their points to those of
    the picture, which is as large as ``picture``, after the ``warp`` where there is one.
    """

    width: int
    height: int
    place: Place
    warp: Warp | Mesh | None
    picture: Region
    _tiles: dict[tuple[int, int, float, float], tuple[_Places, _Places]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @classmethod
    def of(cls, document: Document, layer: Layer, raster: Raster) -> LayerGrid:
        """The grid of a layer that holds a raster."""
        warp = layer.kind.warp(layer.content)
        place = tidy(document.frame.inverse.after(unwarped_place(warp, layer.place)))
        return cls(raster.width, raster.height, place, warp, document.region)

    @property
    def region(self) -> Region:
        """All pixels of the layer."""
        return Region(0, 0, self.width, self.height)

    def _lies_at(self, tile: Region, right: float, down: float) -> tuple[_Places, _Places]:
        """Where the middles of the pixels of a tile of the layer, or what lies so far from them,
        lie in the picture: x and y, each (height, width); far outside where that is nowhere.
        """
        key = tile.x, tile.y, right, down
        found = self._tiles.get(key)
        if found is None:
            while len(self._tiles) >= _KEPT:
                self._tiles.pop(next(iter(self._tiles)), None)
            found = self._tiles[key] = self._computed(tile, right, down)
        return found

    def _computed(self, tile: Region, right: float, down: float) -> tuple[_Places, _Places]:
        x = np.arange(tile.x, tile.right, dtype=np.float64) + (0.5 + right)
        y = np.arange(tile.y, tile.bottom, dtype=np.float64) + (0.5 + down)
        if self.warp is None or (isinstance(self.warp, Mesh) and self.warp.still(tile)):
            return _through(self.place, *np.meshgrid(x, y))
        apart = self.warp.step / 2 if isinstance(self.warp, Mesh) else _APART
        coarse_x, along = _coarse(x, apart)
        coarse_y, across = _coarse(y, apart)
        u, v = _warped(self.warp, *np.meshgrid(coarse_x, coarse_y))
        return _through(self.place, across @ u @ along.T, across @ v @ along.T)

    def met(self, region: Region) -> Region:
        """All pixels of the layer of which something may lie at a region of the picture."""
        if region.empty:
            return Region(0, 0, 0, 0)
        x, y = np.meshgrid(
            np.linspace(region.x - 1.0, region.right + 1.0, _SAMPLES),
            np.linspace(region.y - 1.0, region.bottom + 1.0, _SAMPLES),
        )
        try:
            u, v = _through(self.place.inverse, x, y)
        except ValueError:
            return self.region
        if self.warp is not None:
            u, v = self.warp.back(u, v)
        if not (np.isfinite(u).all() and np.isfinite(v).all()) or abs(u).max() >= _FAR:
            return self.region
        rim = 2 + max(abs(np.diff(at, axis=axis)).max() for at in (u, v) for axis in (0, 1)) / 2
        left, top = (math.floor(at.min() - rim) for at in (u, v))
        right, bottom = (math.ceil(at.max() + rim) for at in (u, v))
        return Region(left, top, right - left, bottom - top).intersect(self.region)

    def sampled(self, read: Read, region: Region, *, colours: bool = False) -> _Pixels:
        """What is where the pixels at a region of the layer lie in the picture: (height, width,
        channels) float32, 0 beyond the picture. Where the layer's pixels are larger than those of
        the picture it is the mean of some. Of ``colours`` with alpha, straight, it is a cubic of
        4 x 4 pixels; of all else what lies between 2 x 2.
        """
        parts: list[_Pixels] = []
        for y in range(region.y // TILE * TILE, region.bottom, TILE):
            row = [
                self._at_tile(
                    read, Region(x, y, TILE, TILE).intersect(self.region), region, colours
                )
                for x in range(region.x // TILE * TILE, region.right, TILE)
            ]
            parts.append(np.concatenate(row, axis=1))
        return np.concatenate(parts)

    def _at_tile(self, read: Read, tile: Region, region: Region, colours: bool) -> _Pixels:
        """What ``sampled`` gives for what of a region lies in a tile."""
        made: _Pixels | None = None
        times = self._times(tile)
        for row in range(times):
            for column in range(times):
                off = [((2 * k + 1) / times - 1) / 2 for k in (column, row)]
                part = self._sampled(read, tile, region, off, colours)
                made = part if made is None else made + part
        assert made is not None
        if times > 1:
            made *= np.float32(1 / times**2)
        if colours:
            alpha = made[..., 3:]
            np.clip(alpha, 0, 1, out=alpha)
            np.divide(made[..., :3], alpha, out=made[..., :3], where=alpha > 0)
        return made

    def _times(self, tile: Region) -> int:
        """How many places along each side of a pixel are looked at in a tile."""
        row, column = tile.height // 2, tile.width // 2
        places = self._lies_at(tile, 0.0, 0.0)
        steps = [
            math.hypot(*(float(at[row, column] - at[other]) for at in places))
            for other in ((max(row - 1, 0), column), (row, max(column - 1, 0)))
        ]
        return min(max(math.ceil(max(steps) - 0.1), 1), _FINEST)

    def _sampled(
        self, read: Read, tile: Region, region: Region, off: list[float], colours: bool
    ) -> _Pixels:
        part = tile.intersect(region)
        inside = part.move(-tile.x, -tile.y)
        # On a grid, so that a pixel is the same whatever is looked at around it.
        x, y = (
            np.rint(at[inside.rows(), inside.columns()] * _GRID) / _GRID
            for at in self._lies_at(tile, *off)
        )
        near = (abs(x) < _FAR) & (abs(y) < _FAR)
        box = Region(0, 0, 0, 0)
        if near.any():
            left, top = (math.floor(at[near].min()) - 3 for at in (x, y))
            right, bottom = (math.ceil(at[near].max()) + 3 for at in (x, y))
            box = Region(left, top, right - left, bottom - top).intersect(self.picture)
        if box.empty:
            box = Region(0, 0, 1, 1)
            near = np.zeros_like(near)
        pixels = to_float(read(box))
        if colours:
            pixels = pixels.copy()
            pixels[..., :3] *= pixels[..., 3:]
        cv2 = opencv()
        x, y = np.where(near, x - box.x - 0.5, -_FAR), np.where(near, y - box.y - 0.5, -_FAR)
        made: _Pixels = cv2.remap(
            np.ascontiguousarray(pixels),
            x.astype(np.float32),
            y.astype(np.float32),
            cv2.INTER_CUBIC if colours else cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=0,
        )
        return made.reshape(part.height, part.width, -1)


@dataclass(frozen=True, slots=True)
class Through:
    """A mask as large as the picture, as the pixels of a layer have it."""

    grid: LayerGrid
    mask: Raster

    @property
    def region(self) -> Region:
        """All pixels of the layer."""
        return self.grid.region

    def read(self, region: Region) -> _Pixels:
        """The mask at a region of the layer: float32 (height, width, 1), 0 to 1."""
        return self.grid.sampled(self.mask.read, region)


def tidy(place: Place) -> Place:
    """A map that takes pixels to pixels but for what rounding leaves, without that; any other as it
    is.
    """
    near = place.on_pixels()
    off = max(abs(one - other) for one, other in zip(near.matrix, place.matrix, strict=True))
    return near if off < _ROUNDING else place


def _through(place: Place, x: _Places, y: _Places) -> tuple[_Places, _Places]:
    """Where points come to lie; far outside where that is nowhere."""
    a, b, c, d, e, f, g, h, i = place.matrix
    far = g * x + h * y + i
    behind = far <= 1e-9
    far = np.where(behind, 1.0, far)
    made = (a * x + b * y + c) / far, (d * x + e * y + f) / far
    return np.where(behind, _FAR, made[0]), np.where(behind, _FAR, made[1])


def _coarse(places: _Places, apart: float) -> tuple[_Places, _Places]:
    """Some of even places, and the shares of those in each: (places, some)."""
    count = max(math.ceil((len(places) - 1) / apart), 1) + 1
    some = np.linspace(places[0], places[-1] if len(places) > 1 else places[0] + 1, count)
    at = (places - some[0]) / (some[1] - some[0])
    low = np.minimum(at.astype(np.intp), count - 2)
    shares = np.zeros((len(places), count))
    rows = np.arange(len(places))
    shares[rows, low], shares[rows, low + 1] = 1 - (at - low), at - low
    return some, shares


def _warped(warp: Warp | Mesh, x: _Places, y: _Places) -> tuple[_Places, _Places]:
    """Where points of a raster come to lie through a warp."""
    if isinstance(warp, Warp):
        return warp.at(x, y)
    width, height = warp.size
    u, v = x, y
    for _ in range(_STEPS):  # Newton's, with slopes from one pixel to the next
        here, right, below = (
            warp.moved(np.clip(u + across, 0, width), np.clip(v + down, 0, height))
            for across, down in ((0, 0), (1, 0), (0, 1))
        )
        off_x, off_y = x - u - here[..., 0], y - v - here[..., 1]
        if max(abs(off_x).max(), abs(off_y).max()) < _NEAR:
            break
        a, c = 1 + right[..., 0] - here[..., 0], right[..., 1] - here[..., 1]
        b, d = below[..., 0] - here[..., 0], 1 + below[..., 1] - here[..., 1]
        area = np.maximum(a * d - b * c, _FLATTEST)
        step_x, step_y = (d * off_x - b * off_y) / area, (a * off_y - c * off_x) / area
        longest = np.maximum(np.hypot(step_x, step_y), 1e-9)
        shorter = np.minimum(1.0, _LONGEST * warp.step / longest)
        u, v = u + step_x * shorter, v + step_y * shorter
    return u, v
