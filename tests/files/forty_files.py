"""Forty files of twenty kinds and more, of one photograph, as other programs' libraries make them.

``python -m tests.files.forty_files FOLDER`` writes them to be opened in a window.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import imagecodecs
import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image

from tests import pictures
from tests.files.seeds import seed

SAMPLES = Path(__file__).parents[2] / "resources" / "samples"


class Kept(NamedTuple):
    """How a file is made of (height, width, 3) of uint8, and how far any pixel of it may be from
    that in the mean, of 255; None for a file that holds another picture.
    """

    make: Callable[[NDArray[np.uint8]], Any]
    apart: float | None = 0.0


def _pillow(kind: str, mode: str = "RGB", **options: Any) -> Callable[[NDArray[np.uint8]], bytes]:
    def make(pixels: NDArray[np.uint8]) -> bytes:
        stream = io.BytesIO()
        Image.fromarray(pixels).convert(mode).save(stream, kind, **options)
        return stream.getvalue()

    return make


def _tiff(deep: Callable[..., Any], **options: Any) -> Callable[[NDArray[np.uint8]], bytes]:
    def make(pixels: NDArray[np.uint8]) -> bytes:
        stream = io.BytesIO()
        told = {"photometric": "rgb"} | options
        tifffile.imwrite(stream, deep(pixels), **told)
        return stream.getvalue()

    return make


def _deep(pixels: NDArray[np.uint8]) -> NDArray[np.uint16]:
    return pixels.astype(np.uint16) * 257


def _light(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    share = pixels / np.float32(255)
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def _openexr(pixels: NDArray[np.uint8]) -> bytes:
    import OpenEXR

    stream = io.BytesIO()
    told = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    OpenEXR.File(told, {"RGB": _light(pixels).astype(np.float16)}).write(stream)
    return stream.getvalue()


def _floats(pixels: NDArray[np.uint8]) -> bytes:
    height, width = pixels.shape[:2]
    light = np.ascontiguousarray(_light(pixels)[::-1]).astype("<f4")
    return f"PF\n{width} {height}\n-1.0\n".encode() + light.tobytes()


def _seed(name: str) -> Kept:
    return Kept(lambda _: seed(name), None)


FILES: dict[str, Kept] = {
    "01.jpg": Kept(_pillow("JPEG", quality=95, subsampling=0), 3),
    "02 progressive.jpg": Kept(_pillow("JPEG", quality=90, progressive=True), 6),
    "03 grey.jpg": Kept(_pillow("JPEG", "L", quality=95), None),
    "04 described.jpeg": _seed("described.jpg"),
    "05 gain map.jpg": _seed("ultra_hdr.jpg"),
    "06 maker notes.jpg": _seed("makernote.jpg"),
    "07.png": Kept(_pillow("PNG")),
    "08 16 bits.png": Kept(lambda pixels: imagecodecs.png_encode(_deep(pixels))),
    "09 transparent.png": Kept(_pillow("PNG", "RGBA")),
    "10 palette.png": Kept(_pillow("PNG", "P"), None),
    "11 in Display P3.png": Kept(
        lambda pixels: _pillow("PNG", icc_profile=pictures.display_p3_profile())(pixels), None
    ),
    "12.tif": Kept(_tiff(np.asarray, compression="zlib", predictor=True)),
    "13 16 bits.tif": Kept(_tiff(_deep, compression="lzw", tile=(64, 64))),
    "14 floats.tif": Kept(_tiff(lambda pixels: pixels / np.float32(255), compression="zstd")),
    "15 planes.tiff": Kept(
        _tiff(lambda pixels: np.moveaxis(pixels, 2, 0), planarconfig="separate")
    ),
    "16 big.tif": Kept(_tiff(np.asarray, bigtiff=True, byteorder=">")),
    "17 inks.tif": _seed("inks.tif"),
    "18 Lab.tif": _seed("lab.tif"),
    "19.webp": Kept(_pillow("WEBP", lossless=True)),
    "20 lossy.webp": Kept(_pillow("WEBP", quality=90), 6),
    "21.avif": Kept(lambda pixels: imagecodecs.avif_encode(pixels, 95, pixelformat="444"), 4),
    "22.jxl": Kept(lambda pixels: imagecodecs.jpegxl_encode(pixels, lossless=True)),
    "23 lossy.jxl": Kept(lambda pixels: imagecodecs.jpegxl_encode(pixels, 90), 6),
    "24.jp2": Kept(lambda pixels: imagecodecs.jpeg2k_encode(pixels, 0, codecformat="jp2")),
    "25.j2k": Kept(lambda pixels: imagecodecs.jpeg2k_encode(pixels, 45, codecformat="j2k"), 4),
    "26.jxr": Kept(lambda pixels: imagecodecs.jpegxr_encode(pixels, 1.0), 1),
    "27.heic": _seed("photograph.heic"),
    "28 10 bits.heic": _seed("gradient_10_bit.heic"),
    "29.exr": Kept(_openexr, 1),
    "30.hdr": Kept(
        lambda pixels: imagecodecs.rgbe_encode(_light(pixels), header=True, rle=True), 3
    ),
    "31.pfm": Kept(_floats, 1),
    "32.bmp": Kept(_pillow("BMP")),
    "33.gif": Kept(_pillow("GIF", "P"), None),
    "34.qoi": Kept(imagecodecs.qoi_encode),
    "35.ppm": Kept(_pillow("PPM")),
    "36.tga": Kept(_pillow("TGA", compression="tga_rle")),
    "37.ico": _seed("ico"),
    "38.psd": _seed("psd"),
    "39.ora": _seed("ora"),
    "40.dng": _seed("mosaic.dng"),
}


def photograph(width: int, height: int) -> NDArray[np.uint8]:
    """The middle of a sample, (height, width, 3)."""
    with Image.open(sorted(SAMPLES.glob("*.jpg"))[0]) as image:
        image.draft("RGB", (2 * width, 2 * height))
        fitted = image.convert("RGB").resize((width, height), Image.Resampling.LANCZOS)
    return np.asarray(fitted)


def write(folder: Path, width: int, height: int) -> None:
    """Write all of them."""
    pixels = photograph(width, height)
    for name, kept in FILES.items():
        (folder / name).write_bytes(bytes(kept.make(pixels)))


if __name__ == "__main__":
    write(Path(sys.argv[1]), 900, 600)
