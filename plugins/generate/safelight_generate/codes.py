"""Codes: what a surface is of. A latent code chooses among the textures that were learnt."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from safelight import api

from .field import CELL

Array = NDArray[np.float32]

SURFACE = 16
"""Numbers of a surface's code."""

DECIDED = 30.0
"""How clearly a code chooses: what is nearest counts most, what is between is seldom."""

STEPS = 65
"""Codes between two, from which those of all cells are interpolated."""

RIM = 2.0
"""Cells in which what is locked passes into what is around it."""


@functools.cache
def textures() -> Array:
    """The codes (n, SURFACE) of the textures that the network has learnt."""
    with np.load(Path(__file__).parent / "surfaces.npz", allow_pickle=False) as stored:
        return np.asarray(stored["codes"], np.float32)


def kinds_of(codes: Array) -> Array:
    """What latent codes (n, SURFACE) choose: textures, weighed by how near their directions are."""
    known = textures()
    near = _directions(codes) @ _directions(known).T
    weights = np.exp(DECIDED * (near - near.max(1, keepdims=True)))
    return np.asarray(weights / weights.sum(1, keepdims=True) @ known, np.float32)


def _directions(codes: Array) -> Array:
    return codes / np.maximum(np.linalg.norm(codes, axis=1, keepdims=True), np.float32(1e-6))


@dataclass(frozen=True, slots=True)
class Kinds:
    """What a surface is of: `first` everywhere, or passing through ``path`` (n, SURFACE), from its
    first row to its last; ``held`` where it is locked.
    """

    first: Array
    path: Array | None = None
    held: Array | None = None

    def at(
        self,
        rows: NDArray[np.int64],
        columns: NDArray[np.int64],
        sides: tuple[int, int],
        passage: str,
        lock: tuple[float, float, float, float] | None,
    ) -> Array:
        """The kinds (SURFACE, h, w) of cells, of a surface with ``sides`` cells.

        Cells beyond a border are as those at it, where the surface becomes another one.
        """
        y, x = (rows[:, None] + 0.5) / sides[0], (columns[None] + 0.5) / sides[1]
        shape = len(rows), len(columns)
        found = np.broadcast_to(self.first, (*shape, SURFACE))
        if self.path is not None:
            share = np.broadcast_to(_share(passage, y, x), shape) * (STEPS - 1)
            low = np.minimum(share.astype(np.int64), STEPS - 2)
            rest = (share - low)[..., None]
            found = (1 - rest) * self.path[low] + rest * self.path[low + 1]
        if self.held is not None and lock is not None:
            inside = _inside(y * sides[0], *_span(lock[1], lock[3], sides[0]))
            inside = (inside * _inside(x * sides[1], *_span(lock[0], lock[2], sides[1])))[..., None]
            found = (1 - inside) * found + inside * self.held
        return np.ascontiguousarray(found.transpose(2, 0, 1), np.float32)


def surface_kinds(
    code: Sequence[float], other: Sequence[float], held: Sequence[float], seed: int
) -> Kinds:
    """What the codes of the settings choose; what is not set says the seed, or is left out."""
    first = api.chosen(code, seed, SURFACE)
    path = None
    if other:
        end = np.asarray(other, np.float32)
        steps = [api.between(first, end, share) for share in np.linspace(0, 1, STEPS)]
        path = kinds_of(np.stack(steps))
    kept = kinds_of(np.asarray([held], np.float32))[0] if held else None
    return Kinds(kinds_of(first[None])[0], path, kept)


def _share(passage: str, y: NDArray[np.float64], x: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far a place is on the way to the other code: 0 to 1, smooth at both ends."""
    ways = {
        "none": 0 * x,
        "left to right": x,
        "top to bottom": y,
        "from the middle": np.hypot(2 * y - 1, 2 * x - 1) / np.sqrt(2),
    }
    way = np.clip(ways[passage], 0, 1)
    return way * way * (3 - 2 * way)


def _span(start: float, length: float, cells: int) -> tuple[float, float]:
    return start * cells, (start + length) * cells


def _inside(place: NDArray[np.float64], first: float, last: float) -> NDArray[np.float64]:
    """1 between two places, 0 outside, with a soft rim inside."""
    rim = min(RIM, (last - first) / 2)
    away = np.minimum(place - first, last - place)
    return np.clip(away / max(rim, 1 / CELL), 0, 1)
