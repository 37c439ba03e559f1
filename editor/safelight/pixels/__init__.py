"""Pixels: tiles, depth, colour and zoom levels. Knows no document, no file and no window."""

from safelight.pixels.colour import SRGB, ColourError, Profile
from safelight.pixels.depth import DEPTHS, from_float, to_float
from safelight.pixels.tiles import TILE, Raster, RasterBuilder

__all__ = [
    "DEPTHS",
    "SRGB",
    "TILE",
    "ColourError",
    "Profile",
    "Raster",
    "RasterBuilder",
    "from_float",
    "to_float",
]
