"""Mesh inverse: where the points of a raster come to lie that a mesh draws out of shape.

Found by Newton's method from the nearest point of which the mesh tells, each point by itself, so
that what is found for one never depends on the others.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from safelight.pixels.mesh import FARTHEST, Mesh, Numbers, cubic, cubic_slopes

_STEPS, _LONGEST, _FLATTEST, _NEAR = 30, 2.0, 0.1, 1e-2
"""Steps at the most in which a place is found; the longest of them in squares of the mesh, the
smallest area that a pixel is taken to have then, and the pixels that the place is off by at the
most.
"""

_EVERY = 2
"""Of how many of the grid's points, each way, one is known to start from."""

_FILLED = 16
"""Cells, of two squares of the mesh, over which the nearest known point is looked for."""


class MeshInverse:
    """The map from the points of a raster in shape to where a mesh shows them.

    Holds the mesh's numbers and a table to start from, about 7 MB at the most, for as long as it
    lives.
    """

    def __init__(self, mesh: Mesh) -> None:
        self._grid = mesh.step / mesh.times
        self._most = np.array(mesh.size)
        told = mesh.field.read(mesh.field.region)[..., :2] / np.float32(mesh.times)
        np.nan_to_num(told, copy=False)
        self._held = np.ascontiguousarray(np.clip(told, -FARTHEST, FARTHEST))
        self._lies, self._comes, self._cells = self._table()

    def at(self, x: Numbers, y: Numbers) -> tuple[Numbers, Numbers]:
        """Where points (float64, of one shape) of the raster come to lie, in pixels; near by where
        the mesh folds over itself.
        """
        wanted = np.stack([x.ravel(), y.ravel()], axis=1)
        found, left = self._starts(wanted), np.arange(x.size)
        for _ in range(_STEPS):
            here = found[left]
            moved, over_x, over_y = self._moved(np.clip(here, 0, self._most) / self._grid)
            off = wanted[left] - here - moved
            far = np.abs(off).max(axis=1) >= _NEAR
            if not far.any():
                break
            left, off = left[far], off[far]
            found[left] += self._step(off, over_x[far], over_y[far])
        return found[:, 0].reshape(x.shape), found[:, 1].reshape(x.shape)

    def _step(self, off: Numbers, over_x: Numbers, over_y: Numbers) -> Numbers:
        """Newton's step (count, 2) for what points are off by, and how what is moved changes along
        x and y.
        """
        a, c = 1 + over_x[:, 0], over_x[:, 1]
        b, d = over_y[:, 0], 1 + over_y[:, 1]
        area = np.maximum(a * d - b * c, _FLATTEST)
        right, down = (d * off[:, 0] - b * off[:, 1]) / area, (a * off[:, 1] - c * off[:, 0]) / area
        longest = np.maximum(np.hypot(right, down), 1e-9)
        shorter = np.minimum(1.0, _LONGEST * self._grid / longest)
        return np.stack([right * shorter, down * shorter], axis=1)

    def _moved(self, places: Numbers) -> tuple[Numbers, Numbers, Numbers]:
        """How far what is seen at places (count, 2) comes from, in pixels, and how that changes
        with each pixel to the right and down: (count, 2) each. The places are columns and rows of
        the grid.
        """
        first = np.floor(places)
        part = places - first
        shares, slopes = cubic(part), cubic_slopes(part) / self._grid
        height, width = self._held.shape[:2]
        begin = first.astype(np.intp)[..., None] + np.arange(-1, 3)
        column, row = np.clip(begin[:, 0], 0, width - 1), np.clip(begin[:, 1], 0, height - 1)
        near = self._held.reshape(-1, 2).take(row[:, :, None] * width + column[:, None], axis=0)
        near = near.astype(np.float64).transpose(0, 1, 3, 2)  # count, rows, (x, y), columns
        both = np.stack([shares[:, 0], slopes[:, 0]], axis=2)
        along = near.reshape(-1, 8, 4) @ both  # of each row: the value, and its slope along x
        along = along.reshape(-1, 4, 4)  # rows, (x, y) of (value, slope)
        downwards = np.stack([shares[:, 1], slopes[:, 1]], axis=1)
        made = downwards @ along
        return made[:, 0, ::2], made[:, 0, 1::2], made[:, 1, ::2]

    def _starts(self, wanted: Numbers) -> Numbers:
        """Near where points (count, 2) of the raster come to lie, in pixels."""
        height, width = self._cells.shape
        column, row = (
            np.clip((wanted[:, axis] / (self._grid * _EVERY)).astype(np.intp), 0, most - 1)
            for axis, most in ((0, width), (1, height))
        )
        number = self._cells[row, column]
        there = np.maximum(number, 0)
        lies = self._lies[there] + (wanted - self._comes[there])
        return np.where((number < 0)[:, None], wanted, lies)

    def _table(self) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int32]]:
        """Where points of the grid lie and where they come from, (count, 2) each; and of each cell
        of the raster the number of one that comes from there or from near by, or -1.
        """
        moved = self._held[::_EVERY, ::_EVERY]
        cell = np.float32(self._grid * _EVERY)
        rows, columns = np.indices(moved.shape[:2], np.float32)
        lies = np.stack([columns * cell, rows * cell], axis=2).reshape(-1, 2)
        comes = (lies + moved.reshape(-1, 2)).astype(np.float32)
        width, height = (math.ceil(side / float(cell)) + 1 for side in self._most)
        at = np.floor(comes / cell).astype(np.intp)
        inside = ((at >= 0) & (at < (width, height))).all(axis=1)
        cells = np.full((height, width), -1, np.int32)
        cells[at[inside, 1], at[inside, 0]] = np.flatnonzero(inside)
        for _ in range(_FILLED):
            empty = cells < 0
            if not empty.any():
                break
            wider = np.pad(cells, 1, constant_values=-1)
            beside = wider[1:-1, :-2], wider[1:-1, 2:], wider[:-2, 1:-1], wider[2:, 1:-1]
            cells = np.where(empty, np.maximum.reduce(beside), cells)
        return lies, comes, cells
