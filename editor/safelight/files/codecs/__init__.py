"""Codecs: the formats that Safelight opens and exports, one file each.

A new format is a file here and a line in ``CODECS``.
"""

from safelight.files.codecs import (
    avif,
    bmp,
    gif,
    heic,
    ico,
    jpeg,
    jpeg2000,
    jpegxr,
    jxl,
    openexr,
    openraster,
    png,
    pnm,
    psd,
    qoi,
    radiance,
    raw,
    tga,
    tiff,
    webp,
)
from safelight.files.codecs.codec import Codec

CODECS: tuple[Codec, ...] = (
    jpeg.CODEC,
    png.CODEC,
    tiff.CODEC,
    webp.CODEC,
    avif.CODEC,
    heic.CODEC,
    jxl.CODEC,
    jpeg2000.CODEC,
    gif.CODEC,
    bmp.CODEC,
    pnm.CODEC,
    qoi.CODEC,
    openexr.CODEC,
    radiance.CODEC,
    jpegxr.CODEC,
    ico.CODEC,
    raw.CODEC,
    openraster.CODEC,
    psd.CODEC,
    tga.CODEC,
)
"""All formats, in the order in which they are listed."""


def codec(name: str) -> Codec:
    """The codec of a format by its name. Raises KeyError."""
    return {item.name: item for item in CODECS}[name]


__all__ = ["CODECS", "Codec", "codec"]
