"""TIFF's numbers: the tags that Safelight reads or writes, and what some of their values mean (TIFF
6.0, its supplements, DNG).
"""

from __future__ import annotations

from safelight.files.metadata import ifd

SUBFILE, WIDTH, LENGTH, BITS, COMPRESSION, PHOTOMETRIC = 254, 256, 257, 258, 259, 262
STRIPS, ORIENTATION, SAMPLES, STRIP_BYTES, PLANAR = 273, 274, 277, 279, 284
X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT = 282, 283, 296
ROWS_PER_STRIP, TILE_WIDTH, TILE_LENGTH = 278, 322, 323
TILES, TILE_BYTES, SUB_DIRECTORIES, EXTRA, FORMAT = 324, 325, 330, 338, 339
XMP, IPTC, ICC, PHOTOSHOP, DNG_VERSION = 700, 33723, 34675, 34377, 50706

DESCRIPTIVE = (
    *(269, 270, 271, 272, 285, 305, 306, 315, 316, 18246, 18249, 33432),
    *(40091, 40092, 40093, 40094, 40095),
)
"""Tags of the main directory that tell about the photograph, not about this file's layout:
document, description, make, model, page, software, date, artist, computer, ratings, copyright
and the five that Windows adds."""

CARRIED = (*DESCRIPTIVE, ifd.EXIF_DIRECTORY, ifd.GPS_DIRECTORY)

WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, CMYK, YCBCR = 0, 1, 2, 3, 5, 6
CIE_LAB, ICC_LAB, LOG_L, LOG_LUV = 8, 9, 32844, 32845
LOG_RLE = 34676
RAW_COLOURS = (32803, 34892)
ASSOCIATED, UNASSOCIATED = 1, 2
REDUCED = 1
