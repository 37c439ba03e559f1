"""Tint: a mask in translucent red above the picture, as a lith film was laid over a print."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from safelight.api import Region
from safelight.gui.canvas.picture import Picture, tile_region
from safelight.gui.canvas.tilestore import Tiles
from safelight.pixels import Raster, from_float, to_float

RED = (230, 30, 30)
OPACITY = 0.5
"""How opaque the red is where the mask is white."""


class Tint(Picture):
    """A mask (one channel) that can be painted at any zoom level."""

    translucent = True

    def __init__(self, mask: Raster) -> None:
        super().__init__(mask)
        self.mask = mask

    def adopt(self, earlier: Tint, tiles: Tiles) -> None:
        """Take over what shows the same, so that only what has changed is made anew."""
        if (earlier.width, earlier.height) == (self.width, self.height):
            tiles.adopt(self._id, earlier._id, lambda *place: self._shows_the_same(earlier, *place))

    def _shows_the_same(self, earlier: Tint, level: int, row: int, column: int) -> bool:
        place = tile_region(self.size(level), level, row, column)
        return self.mask.level(level).shares(earlier.mask.level(level), _flat(place))

    def _tile(self, level: int, row: int, column: int) -> QImage:
        place = tile_region(self.size(level), level, row, column)
        pixels = self.mask.level(level).read(_flat(place))[..., 0]
        if not pixels.any():
            return QImage()
        if pixels.dtype != np.uint8:
            pixels = from_float(to_float(pixels), "uint8")
        colours = _COLOURS[pixels]
        kind = QImage.Format.Format_ARGB32_Premultiplied
        return QImage(colours.data, place.width, place.height, place.width * 4, kind).copy()


def _flat(place: Region) -> Region:
    return Region(place.x, place.y, place.width, place.height)


def _premultiplied() -> NDArray[np.uint32]:
    """For each level of a mask the red that shows it: 0xAARRGGBB, the colour times its opacity."""
    alpha = np.arange(256) * OPACITY
    red, green, blue = (np.rint(alpha * part / 255).astype(np.uint32) for part in RED)
    opaque = np.rint(alpha).astype(np.uint32)
    colours: NDArray[np.uint32] = opaque << 24 | red << 16 | green << 8 | blue
    return colours


_COLOURS = _premultiplied()
