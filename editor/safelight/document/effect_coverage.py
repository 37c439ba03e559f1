"""Effect coverage: how much of an effect's colour is where, kept in squares for a while.

A wide shadow looks far around each tile; a square of four tiles looks at less than half of that in
all, and one that is kept costs nothing while other layers change.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from itertools import product
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from safelight.api import Region
from safelight.document.effects import Effect
from safelight.document.layer import Layer

SIDE = 512
"""Pixels of a square's sides: a multiple of what a wide blur is reduced by."""

_LIMIT = 48 << 20
"""Bytes of squares that are kept."""

_Plane: TypeAlias = NDArray[np.float32]


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
    rows = range(moved.y // SIDE, -(-moved.bottom // SIDE))
    for row, column in product(rows, range(moved.x // SIDE, -(-moved.right // SIDE))):
        square = Region(column * SIDE, row * SIDE, SIDE, SIDE, window.level)
        key = layer.mark, effect, square, corner
        held = _squares.found(key)
        if held is None:
            around = effect.reach(window.level)
            wide = square.move(-corner[0], -corner[1])
            wide = Region(
                *(wide.x - around, wide.y - around),
                *(SIDE + 2 * around, SIDE + 2 * around, window.level),
            )
            held = _covered(effect, alpha(wide), around, window.level)
            _squares.keep(key, held)
        part = square.intersect(moved)
        here, there = part.move(-moved.x, -moved.y), part.move(-square.x, -square.y)
        made[here.rows(), here.columns()] = held[there.rows(), there.columns()]
    return made


def _covered(effect: Effect, alpha: _Plane, around: int, level: int) -> _Plane:
    lowest = alpha.min()
    if lowest == alpha.max():  # far inside, or far outside: the same all over, at no cost
        small = np.full((2 * around + 1, 2 * around + 1), lowest, np.float32)
        few = effect.coverage(small, around, level) if around < SIDE else None
        if few is not None:
            return np.broadcast_to(few[:1, :1], (SIDE, SIDE))
    return np.ascontiguousarray(effect.coverage(alpha, around, level))


class _Squares:
    """The squares that were looked at last."""

    def __init__(self) -> None:
        self._held: OrderedDict[Any, _Plane] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def found(self, key: Any) -> _Plane | None:
        with self._lock:
            held = self._held.get(key)
            if held is not None:
                self._held.move_to_end(key)
            return held

    def keep(self, key: Any, plane: _Plane) -> None:
        with self._lock:
            if key in self._held:
                return
            self._held[key] = plane
            self._bytes += _size(plane)
            while self._bytes > _LIMIT:
                _, old = self._held.popitem(last=False)
                self._bytes -= _size(old)


def _size(plane: _Plane) -> int:
    """Bytes that a plane takes; one number all over takes next to nothing."""
    return 1024 if 0 in plane.strides else plane.nbytes


_squares = _Squares()
