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
from safelight.document.contents.warped import unwarped_place
from safelight.document.document import Document
from safelight.document.layer import Layer
from safelight.document.placement import Place
from safelight.pixels import Mesh, Raster, Warp, to_float
from safelight.pixels.mesh_inverse import MeshInverse
from safelight.pixels.opencv import opencv

_APART = 8
"""Pixels between two places of a warp that are computed; between them it is nearly straight. Of a
mesh it is half a square.
"""

_SAMPLES = 17
"""Places along each side of a region by which is told where it lies in a layer."""

_FINEST = 4
"""Places in a pixel, along each side, of which the mean is taken at the most."""

_GRID = 32.0
"""Places that are told apart between two pixels of the picture, as OpenCV does."""

_BLOCK = 128
"""Pixels of the sides of the parts of a layer for which where they lie is found at once: a dab
meets few that it does not need.
"""

_KEPT = 256
"""Parts of which is kept where they lie: 64 MB."""

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
    _blocks: dict[tuple[int, int, float, float], tuple[_Places, _Places]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _inverse: list[MeshInverse] = field(default_factory=list, init=False, repr=False, compare=False)
    _lattices: dict[tuple[int, int], tuple[_Places, _Places, tuple[_Places, _Places]]] = field(
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

    def _forth(self, x: _Places, y: _Places) -> tuple[_Places, _Places]:
        """Where points of the layer come to lie through the warp."""
        if isinstance(self.warp, Warp):
            return self.warp.at(x, y)
        assert self.warp is not None
        if not self._inverse:
            self._inverse.append(MeshInverse(self.warp))
        return self._inverse[0].at(x, y)

    def _lies_at(self, block: Region, right: float, down: float) -> tuple[_Places, _Places]:
        """Where the middles of the pixels of a block of the layer, or what lies so far from them,
        lie in the picture: x and y, each (height, width); far outside where that is nowhere.
        """
        key = block.x, block.y, right, down
        found = self._blocks.get(key)
        if found is None:
            while len(self._blocks) >= _KEPT:
                self._blocks.pop(next(iter(self._blocks)), None)
            found = self._blocks[key] = self._computed(block, right, down)
        return found

    def _computed(self, block: Region, right: float, down: float) -> tuple[_Places, _Places]:
        x = np.arange(block.x, block.right, dtype=np.float64) + (0.5 + right)
        y = np.arange(block.y, block.bottom, dtype=np.float64) + (0.5 + down)
        if self.warp is None or (isinstance(self.warp, Mesh) and self.warp.still(block)):
            return _through(self.place, *np.meshgrid(x, y))
        rows, columns, lattice = self._bent(block)
        made = (_between(_between(at, rows, y, 0), columns, x, 1) for at in lattice)
        return _through(self.place, *made)

    def _bent(self, block: Region) -> tuple[_Places, _Places, tuple[_Places, _Places]]:
        """Even places from edge to edge of a block, their y and x, and where those come to lie
        through the warp: x and y, each (rows, columns).
        """
        assert self.warp is not None
        key = block.x, block.y
        found = self._lattices.get(key)
        if found is None:
            apart = self.warp.step / 2 if isinstance(self.warp, Mesh) else _APART
            rows, columns = (
                np.linspace(first, last, math.ceil((last - first) / apart) + 1)
                for first, last in ((block.y, block.bottom), (block.x, block.right))
            )
            while len(self._lattices) >= _KEPT:
                self._lattices.pop(next(iter(self._lattices)), None)
            lattice = self._forth(*np.meshgrid(columns, rows))
            found = self._lattices[key] = rows, columns, lattice
        return found

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
        for y in range(region.y // _BLOCK * _BLOCK, region.bottom, _BLOCK):
            row = [
                self._at_block(
                    read, Region(x, y, _BLOCK, _BLOCK).intersect(self.region), region, colours
                )
                for x in range(region.x // _BLOCK * _BLOCK, region.right, _BLOCK)
            ]
            parts.append(np.concatenate(row, axis=1))
        return np.concatenate(parts)

    def _at_block(self, read: Read, block: Region, region: Region, colours: bool) -> _Pixels:
        """What ``sampled`` gives for what of a region lies in a block."""
        made: _Pixels | None = None
        times = self._times(block)
        for row in range(times):
            for column in range(times):
                off = [((2 * k + 1) / times - 1) / 2 for k in (column, row)]
                part = self._sampled(read, block, region, off, colours)
                made = part if made is None else made + part
        assert made is not None
        if times > 1:
            made *= np.float32(1 / times**2)
        if colours:
            alpha = made[..., 3:]
            np.clip(alpha, 0, 1, out=alpha)
            np.divide(made[..., :3], alpha, out=made[..., :3], where=alpha > 0)
        return made

    def _times(self, block: Region) -> int:
        """How many places along each side of a pixel are looked at in a block."""
        row, column = block.height // 2, block.width // 2
        places = self._lies_at(block, 0.0, 0.0)
        steps = [
            math.hypot(*(float(at[row, column] - at[other]) for at in places))
            for other in ((max(row - 1, 0), column), (row, max(column - 1, 0)))
        ]
        return min(max(math.ceil(max(steps) - 0.1), 1), _FINEST)

    def _sampled(
        self, read: Read, block: Region, region: Region, off: list[float], colours: bool
    ) -> _Pixels:
        part = block.intersect(region)
        inside = part.move(-block.x, -block.y)
        # On a grid, so that a pixel is the same whatever is looked at around it.
        x, y = (
            np.rint(at[inside.rows(), inside.columns()] * _GRID) / _GRID
            for at in self._lies_at(block, *off)
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
    if (g, h, i) == (0, 0, 1):
        return a * x + b * y + c, d * x + e * y + f
    far = g * x + h * y + i
    behind = far <= 1e-9
    far = np.where(behind, 1.0, far)
    made = (a * x + b * y + c) / far, (d * x + e * y + f) / far
    return np.where(behind, _FAR, made[0]), np.where(behind, _FAR, made[1])


def _between(values: _Places, places: _Places, wanted: _Places, axis: int) -> _Places:
    """Values at even places along an axis, straight between them, at those that are wanted."""
    at = (wanted - places[0]) / (places[1] - places[0])
    low = np.clip(at.astype(np.intp), 0, len(places) - 2)
    share = at - low
    share = share[:, None] if axis == 0 else share
    first = values.take(low, axis)
    made: _Places = values.take(low + 1, axis)
    made -= first
    made *= share
    made += first
    return made
