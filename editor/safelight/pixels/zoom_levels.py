"""Zoom levels: how many of a raster a screen can ask for, and what making them takes."""

from __future__ import annotations

from safelight.pixels.tiles import TILE, Raster

_FEW = 64
"""Tiles, of a quarter of a megapixel with their levels, that a frame has time to make levels of."""


def coarsest_level(width: int, height: int) -> int:
    """The first zoom level of a picture that is a single tile."""
    return ((max(width, height) - 1) // TILE).bit_length()


def make_levels(raster: Raster) -> None:
    """Make every zoom level a screen can ask for. Takes 2 ms a megapixel: call it on a thread."""
    raster.level(coarsest_level(raster.width, raster.height))


def levels_take_time(raster: Raster, level: int) -> bool:
    """Whether pixels of ``level`` are not at hand: they have to be decoded, or the level has still
    to be made of more tiles than a frame has time for.
    """
    return raster.encoded or (not raster.has_level(level) and raster.different_tiles > _FEW)
