"""Tiles: a picture as a grid of read-only arrays that versions of it share.

A tile may be a view of the block a decoder filled, so opening a photograph copies nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.api import Region
from safelight.pixels.depth import from_float, to_float

TILE = 256
"""Side of a tile in pixels. The tiles of the last row and column may be smaller."""


class Raster:
    """An immutable picture (height, width, channels) cut into shared tiles.

    ``channels`` is 3 (RGB) or 4 (RGBA, alpha not premultiplied); ``depth`` is "uint8",
    "uint16" or "float32". Two rasters may hold the same tile objects; nobody writes to them.
    """

    __slots__ = ("__weakref__", "_half", "_tiles", "channels", "depth", "height", "width")

    def __init__(
        self, width: int, height: int, channels: int, depth: str, tiles: tuple[NDArray[Any], ...]
    ) -> None:
        self.width = width
        self.height = height
        self.channels = channels
        self.depth = depth
        self._tiles = tiles
        self._half: Raster | None = None

    @classmethod
    def from_array(cls, pixels: NDArray[Any]) -> Raster:
        """A raster whose tiles are views of ``pixels`` (height, width, 3 or 4).

        The caller gives the array away: nobody may write to it afterwards. Raises ValueError
        for another shape and TypeError for a depth Safelight does not keep.
        """
        if pixels.ndim != 3 or pixels.shape[2] not in (3, 4) or 0 in pixels.shape:
            raise ValueError(f"a raster is (height, width, 3 or 4), not {pixels.shape}")
        if pixels.dtype.name not in ("uint8", "uint16", "float32"):
            raise TypeError(f"a raster cannot hold {pixels.dtype.name}")
        height, width, channels = pixels.shape
        view = pixels.view()
        view.flags.writeable = False
        tiles = tuple(
            view[y : y + TILE, x : x + TILE]
            for y in range(0, height, TILE)
            for x in range(0, width, TILE)
        )
        return cls(width, height, channels, pixels.dtype.name, tiles)

    @property
    def region(self) -> Region:
        """The whole picture."""
        return Region(0, 0, self.width, self.height)

    def tiles(self) -> Iterator[tuple[Region, NDArray[Any]]]:
        """Every tile with the place it covers, row by row."""
        index = 0
        for y in range(0, self.height, TILE):
            for x in range(0, self.width, TILE):
                tile = self._tiles[index]
                yield Region(x, y, tile.shape[1], tile.shape[0]), tile
                index += 1

    def read(self, region: Region) -> NDArray[Any]:
        """The pixels of ``region`` as one array (height, width, channels) of the raster's depth.

        A region inside one tile comes back as a read-only view. Raises ValueError when the
        region leaves the picture.
        """
        if region.empty or region.intersect(self.region) != region:
            raise ValueError(f"{region} is not inside {self.width} x {self.height}")
        columns = -(-self.width // TILE)
        first_row, last_row = region.y // TILE, (region.bottom - 1) // TILE
        first_column, last_column = region.x // TILE, (region.right - 1) // TILE
        if first_row == last_row and first_column == last_column:
            tile = self._tiles[first_row * columns + first_column]
            inside = region.move(-first_column * TILE, -first_row * TILE)
            return tile[inside.rows(), inside.columns()]
        result = np.empty((region.height, region.width, self.channels), self.depth)
        for row in range(first_row, last_row + 1):
            for column in range(first_column, last_column + 1):
                tile = self._tiles[row * columns + column]
                place = Region(column * TILE, row * TILE, tile.shape[1], tile.shape[0])
                shared = place.intersect(region)
                target = shared.move(-region.x, -region.y)
                source = shared.move(-place.x, -place.y)
                result[target.rows(), target.columns()] = tile[source.rows(), source.columns()]
        return result

    def to_array(self) -> NDArray[Any]:
        """The whole picture as one array (height, width, channels)."""
        return self.read(self.region)

    def level(self, level: int) -> Raster:
        """The picture reduced by 2 ** ``level``: each pixel the mean of the 2 x 2 below it.

        Levels are 8-bit, because only the screen looks at them, and are kept once made.
        """
        raster = self
        for _ in range(level):
            if raster._half is None:
                raster._half = raster._halved()
            raster = raster._half
        return raster

    def _halved(self) -> Raster:
        # Tile by tile: a long call into another library would hold up the window's thread.
        tiles = []
        for y in range(0, self.height, 2 * TILE):
            for x in range(0, self.width, 2 * TILE):
                below = Region(x, y, 2 * TILE, 2 * TILE).intersect(self.region)
                tile = _halved(self.read(below))
                tile.flags.writeable = False
                tiles.append(tile)
        width, height = -(-self.width // 2), -(-self.height // 2)
        return Raster(width, height, self.channels, "uint8", tuple(tiles))

    @property
    def nbytes(self) -> int:
        """Bytes its tiles hold."""
        return sum(tile.nbytes for tile in self._tiles)


def _halved(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    """Half as wide and high, rounded up, 8-bit; colours count as much as they are opaque."""
    if pixels.dtype != np.uint8:
        pixels = from_float(to_float(pixels), "uint8")
    odd = [(0, side % 2) for side in pixels.shape[:2]]
    if any(after for _, after in odd):
        pixels = np.pad(pixels, (*odd, (0, 0)), mode="edge")
    if pixels.shape[2] == 3:
        return ((_sum_of_four(pixels, np.uint16) + 2) >> 2).astype(np.uint8)
    alpha = pixels[..., 3:].astype(np.uint32)
    total = _sum_of_four(alpha, np.uint32)
    colour = _sum_of_four(pixels[..., :3] * alpha, np.uint32)
    half = np.empty((*total.shape[:2], 4), np.uint8)
    half[..., :3] = (colour + total // 2) // np.maximum(total, 1)
    half[..., 3:] = (total + 2) >> 2
    return half


def _sum_of_four(pixels: NDArray[Any], kind: type) -> NDArray[Any]:
    rows = np.add(pixels[0::2], pixels[1::2], dtype=kind)
    total: NDArray[Any] = np.add(rows[:, 0::2], rows[:, 1::2], dtype=kind)
    return total


class RasterBuilder:
    """A picture being filled piece by piece; ``finish`` turns it into a Raster without a copy."""

    def __init__(self, width: int, height: int, channels: int, depth: str) -> None:
        self._pixels: NDArray[Any] = np.zeros((height, width, channels), depth)

    def write(self, region: Region, pixels: NDArray[Any]) -> None:
        """Put ``pixels`` (height, width, channels) of the builder's depth at ``region``."""
        self._pixels[region.rows(), region.columns()] = pixels

    def finish(self) -> Raster:
        """The finished raster. The builder must not be written to afterwards."""
        return Raster.from_array(self._pixels)
