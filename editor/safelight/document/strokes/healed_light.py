"""Healed light: what a healed stroke lacks of the light of the place where it is laid."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from safelight.api import Region
from safelight.document.rendered.layer_grid import Through
from safelight.document.strokes.laid_pixels import Lays, Seen, enlarged, on_grid, reduced
from safelight.pixels import Raster, to_float
from safelight.pixels.membrane import membrane

SOLVED = 1 << 17
"""Pixels of which a healed stroke's light is found: a larger one is reduced to that before."""

_Pixels: TypeAlias = NDArray[np.float32]


class HealedLight:
    """What a healing clone lacks of the light of its place: a membrane over the stroke."""

    def __init__(self, seen: Seen, lays: Lays, coverage: Raster | Through, region: Region) -> None:
        self._seen, self._lays = seen, lays
        self._size = 1
        canvas = coverage.region
        while True:
            size = self._size
            self._grid = on_grid(region.grow(2 * size, canvas), size, canvas)
            if self._grid.width * self._grid.height <= SOLVED * size * size:
                break
            self._size *= 2
        values, inside = [], []
        for y in range(self._grid.y, self._grid.bottom, size * 64):
            rows = min(size * 64, self._grid.bottom - y)
            band = Region(self._grid.x, y, self._grid.width, rows)
            source = lays.laid(seen, band)
            # Where nothing can be cloned nothing is known of the difference.
            lacking = (to_float(coverage.read(band))[..., 0] > 0) | (source[..., 3] == 0)
            values.append(reduced((seen.at(band) - source)[..., :3], size))
            inside.append(reduced(lacking[..., None].astype(np.float32), size)[..., 0] > 0)
        self._light = membrane(np.concatenate(values), np.concatenate(inside))

    def laid(self, region: Region) -> _Pixels:
        """The pixels that are laid at a region: (height, width, 4) float32, 0 to 1 nominally, the
        light of what lies around the stroke in place of their own.
        """
        pixels = self._lays.laid(self._seen, region).copy()
        pixels[..., :3] += enlarged(self._light, self._size, self._grid, region)
        return pixels
