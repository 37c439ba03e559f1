"""Drawn mask: a raster of one channel that a function draws when somebody looks at it."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from safelight.api import Region
from safelight.pixels.depth import from_float
from safelight.pixels.mapped_raster import keep_for_a_while
from safelight.pixels.tile_digest import tile_digest
from safelight.pixels.tiles import Raster, places

Draw: TypeAlias = Callable[[Region], NDArray[np.float32]]
"""Gives what the mask is in a region, whose level it is drawn at: (height, width), 0 to 1."""


class DrawnMask(Raster):
    """A mask, ``width`` x ``height``, 8-bit, each zoom level of which ``draw`` draws by itself.

    ``told`` says all that the pixels depend on: masks of equal ``told`` are equal.
    """

    __slots__ = ("_drawn_levels", "_draw", "_level", "_told")

    def __init__(self, width: int, height: int, draw: Draw, told: bytes, level: int = 0) -> None:
        step = 1 << level
        self._draw, self._told, self._level = draw, told, level
        self._drawn_levels: dict[int, DrawnMask] = {}
        size = math.ceil(width / step), math.ceil(height / step)
        super().__init__(*size, 1, "uint8", ())
        self._tiles = [_Tile(draw, place, level) for place in places(*size)]
        self._digests, self._grey = [None] * len(self._tiles), [None] * len(self._tiles)

    def level(self, level: int) -> Raster:
        """The mask drawn 2 ** ``level`` times as small."""
        if level == 0:
            return self
        if level not in self._drawn_levels:
            whole = self.width << self._level, self.height << self._level
            made = DrawnMask(*whole, self._draw, self._told, self._level + level)
            self._drawn_levels[level] = made
        return self._drawn_levels[level]

    def has_level(self, level: int) -> bool:
        return True

    def digests(self, each: Callable[..., Iterable[bytes]] = map) -> list[bytes]:
        """Digests of what each tile is drawn from."""
        for index, at in enumerate(places(self.width, self.height)):
            text = self._told + repr((at.x, at.y, at.width, at.height, self._level)).encode()
            self._digests[index] = hashlib.blake2b(text, digest_size=16).digest()
        return [digest for digest in self._digests if digest is not None]


class _Tile:
    """A tile of a mask, kept for a while once it was looked at."""

    __slots__ = ("__weakref__", "_draw", "_level", "_made", "_place")

    def __init__(self, draw: Draw, place: Region, level: int) -> None:
        self._draw, self._place, self._level = draw, place, level
        self._made: NDArray[Any] | None = None

    @property
    def shape(self) -> tuple[int, int, int]:
        return self._place.height, self._place.width, 1

    @property
    def digest(self) -> bytes:
        return tile_digest(self.fetch())

    def fetch(self) -> NDArray[Any]:
        made = self._made
        if made is None:
            place = self._place
            region = Region(place.x, place.y, place.width, place.height, self._level)
            made = from_float(self._draw(region)[..., np.newaxis], "uint8")
            made.flags.writeable = False
            self._made = made
        keep_for_a_while(self)
        return made

    def forget(self) -> None:
        """Give up what was drawn."""
        self._made = None
