"""Clipping: what of a picture is at an end of its range, in colour above it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from safelight.gui.canvas.picture import Picture, tile_region
from safelight.pixels import to_float

HIGHLIGHTS = 0xFFE6321E
"""Where a channel is as light as the depth holds, or lighter: red (0xAARRGGBB)."""

SHADOWS = 0xFF2C5CFF
"""Where a channel is at its darkest, or darker: blue (0xAARRGGBB)."""


class Clipping(Picture):
    """What of a picture is clipped, in any channel; all else is transparent.

    A pixel counts as the histogram counts it: in sRGB of 8 bits it is 0 or 255. Of a coarse zoom
    level it is the mean of what lies below that counts.
    """

    translucent = True
    coloured = False

    def __init__(self, picture: Picture) -> None:
        super().__init__(picture.source, picture.profile, renderer=picture.renderer)
        self.of = picture

    def _tile(self, level: int, row: int, column: int) -> QImage:
        place = tile_region(self.size(level), level, row, column)
        pixels = to_float(self._pixels(place))
        if self.profile is not None and not self.profile.is_srgb:
            pixels = np.concatenate(
                (self.profile.to_srgb(pixels[..., :3]), pixels[..., 3:]), axis=2
            )
        marked = marks(pixels)
        if not marked.any():
            return QImage()
        kind = QImage.Format.Format_ARGB32_Premultiplied
        return QImage(marked.data, place.width, place.height, place.width * 4, kind).copy()


def marks(pixels: NDArray[np.float32]) -> NDArray[np.uint32]:
    """The mark of each pixel (height, width), 0xAARRGGBB, of colours (height, width, 3 or 4).

    Colours are 0 to 1 and may lie beyond. Highlights come before shadows; what is transparent has
    no mark.
    """
    low, high = np.float32(0.5 / 255), np.float32(254.5 / 255)
    colours: NDArray[Any] = pixels[..., :3]
    marked = np.where((colours < low).any(axis=2), np.uint32(SHADOWS), np.uint32(0))
    marked[(colours >= high).any(axis=2)] = HIGHLIGHTS
    if pixels.shape[2] == 4:
        marked[pixels[..., 3] < 0.5] = 0
    return marked
