"""Pixels: tiles, depth, colour and zoom levels. Knows no document, no file and no window."""

from safelight.pixels.blend import MODES, blend, composite
from safelight.pixels.colour import (
    SRGB,
    ColourError,
    DegenerateError,
    Profile,
    converted,
    lab,
    profile_name,
)
from safelight.pixels.depth import DEPTHS, WHITE, deeper, from_float, to_float
from safelight.pixels.drawn_mask import DrawnMask
from safelight.pixels.drawn_outline import Drawing, Drawn
from safelight.pixels.fused import (
    BENT,
    DAB,
    DEPTH,
    RESAMPLE,
    TONE,
    borrow_kernels,
    keep_beside,
    keep_kernels,
    kernels_ready,
    prepare_beside,
    prepare_kernels,
)
from safelight.pixels.known_profiles import KNOWN, KnownProfile, known_profile
from safelight.pixels.lanczos import Matrix, Method
from safelight.pixels.littlecms import INTENTS, Intent, Transform
from safelight.pixels.mapped_raster import View, framed, is_exact
from safelight.pixels.mesh import Mesh
from safelight.pixels.missing_pixels import filled, is_finite, mended, seen, surroundings
from safelight.pixels.outline import Join, Outline, Polygons
from safelight.pixels.profile_tables import Device, Lut
from safelight.pixels.tile_digest import has_digest, tile_digest
from safelight.pixels.tiles import (
    TILE,
    Part,
    Raster,
    RasterBuilder,
    StoredTile,
    fetched,
    has_no_colour,
    solid,
    without_colour,
)
from safelight.pixels.tone import Tone, composed
from safelight.pixels.warp import Warp
from safelight.pixels.warp import at_rest as warp_at_rest
from safelight.pixels.zoom_levels import coarsest_level, levels_take_time, make_levels

__all__ = [
    "BENT",
    "DAB",
    "DEPTH",
    "DEPTHS",
    "INTENTS",
    "Join",
    "Outline",
    "Polygons",
    "Intent",
    "KNOWN",
    "WHITE",
    "is_exact",
    "MODES",
    "Matrix",
    "Method",
    "View",
    "Mesh",
    "Warp",
    "warp_at_rest",
    "RESAMPLE",
    "SRGB",
    "TILE",
    "TONE",
    "ColourError",
    "DegenerateError",
    "Device",
    "Drawing",
    "Drawn",
    "DrawnMask",
    "KnownProfile",
    "Lut",
    "Part",
    "Profile",
    "Raster",
    "RasterBuilder",
    "StoredTile",
    "Tone",
    "Transform",
    "blend",
    "borrow_kernels",
    "composed",
    "coarsest_level",
    "composite",
    "converted",
    "deeper",
    "fetched",
    "filled",
    "framed",
    "from_float",
    "has_digest",
    "has_no_colour",
    "is_finite",
    "keep_beside",
    "keep_kernels",
    "kernels_ready",
    "known_profile",
    "lab",
    "levels_take_time",
    "make_levels",
    "mended",
    "prepare_beside",
    "prepare_kernels",
    "profile_name",
    "seen",
    "solid",
    "surroundings",
    "tile_digest",
    "to_float",
    "without_colour",
]
