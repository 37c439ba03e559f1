"""Mask tint: a mask in red above the picture; or in white, which over black is the mask."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from safelight.api import Region
from safelight.document.mask import reach, shaped
from safelight.gui.canvas.picture import Picture, tile_region
from safelight.gui.canvas.tile_store import Tiles
from safelight.pixels import Raster, from_float

RED = (230, 30, 30)
OPACITY = 0.5
"""How opaque the red is where the mask is white."""


class Tint(Picture):
    """A mask (one channel), grown and feathered, that can be painted at any zoom level."""

    translucent = True
    coloured = False

    def __init__(
        self, mask: Raster, grow: float = 0.0, feather: float = 0.0, *, alone: bool = False
    ) -> None:
        super().__init__(mask)
        self.mask = mask
        self.alone = alone
        self.shape = grow, feather
        self.composited = any(self.shape)  # that takes its time: on the thread

    def adopt(self, earlier: Tint, tiles: Tiles) -> None:
        """Take over what shows the same, so that only what has changed is made anew."""
        size = self.width, self.height
        if (earlier.width, earlier.height) != size or earlier.alone != self.alone:
            return
        if self.shape == earlier.shape:
            same = partial(self._shows_the_same, earlier)
            tiles.adopt(self._id, earlier._id, same, keep=self.composited)
        if self.composited:
            self.follow(earlier, tiles)

    def _shows_the_same(self, earlier: Tint, level: int, row: int, column: int) -> bool:
        if not (self.mask.has_level(level) and earlier.mask.has_level(level)):
            return False
        size = self.size(level)
        around = reach(*self.shape, level)
        place = tile_region(size, level, row, column).grow(around, Region(0, 0, *size, level))
        return self.mask.level(level).shares(earlier.mask.level(level), place)

    def _tile(self, level: int, row: int, column: int) -> QImage:
        place = tile_region(self.size(level), level, row, column)
        pixels = from_float(shaped(self.mask, place, *self.shape), "uint8")
        if not pixels.any():
            return QImage()
        colours = (_WHITE if self.alone else _COLOURS)[pixels]
        kind = QImage.Format.Format_ARGB32_Premultiplied
        return QImage(colours.data, place.width, place.height, place.width * 4, kind).copy()


def _premultiplied() -> NDArray[np.uint32]:
    """The red that shows each level of a mask: 0xAARRGGBB, the colour times its opacity."""
    alpha = np.arange(256) * OPACITY
    red, green, blue = (np.rint(alpha * part / 255).astype(np.uint32) for part in RED)
    opaque = np.rint(alpha).astype(np.uint32)
    colours: NDArray[np.uint32] = opaque << 24 | red << 16 | green << 8 | blue
    return colours


_COLOURS = _premultiplied()

_WHITE = np.arange(256, dtype=np.uint32) * np.uint32(0x01010101)
"""For each level of a mask white that is as opaque: 0xAARRGGBB, premultiplied."""
