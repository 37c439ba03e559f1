"""Small files of the formats that a library of C or Python decodes, to be changed and cut."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import imagecodecs
from PIL import Image

from tests import pictures

CASES = Path(__file__).parent / "cases"


def _case(name: str) -> Callable[[], bytes]:
    return (CASES / name).read_bytes


def _avif() -> bytes:
    return bytes(imagecodecs.avif_encode(pictures.noise(40, 30, 4), 100, speed=10))


def _of_pillow(name: str, channels: int = 3, **options: Any) -> Callable[[], bytes]:
    def make() -> bytes:
        stream = io.BytesIO()
        Image.fromarray(pictures.noise(40, 30, channels)).save(stream, name, **options)
        return stream.getvalue()

    return make


def _runs() -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pictures.quarters(40, 30)).quantize(8).save(stream, "BMP")
    return stream.getvalue()


def _light() -> bytes:
    coded = imagecodecs.rgbe_encode(pictures.noise(40, 30, 3, "float32"), header=True, rle=True)
    return bytes(coded)


def _qoi() -> bytes:
    return bytes(imagecodecs.qoi_encode(pictures.noise(40, 30, 3)))


def _coded(encode: Callable[..., Any], *arguments: Any, **options: Any) -> Callable[[], bytes]:
    return lambda: bytes(encode(pictures.noise(40, 30), *arguments, **options))


def _openexr() -> bytes:
    import OpenEXR

    stream = io.BytesIO()
    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    OpenEXR.File(header, {"RGB": pictures.noise(40, 30, 3, "float32")}).write(stream)
    return stream.getvalue()


SEEDS: dict[str, Callable[[], bytes]] = {
    "photograph.heic": _case("photograph.heic"),
    "quarters_alpha.heic": _case("quarters_alpha.heic"),
    "gradient_10_bit.heic": _case("gradient_10_bit.heic"),
    "avif": _avif,
    "bmp": _of_pillow("BMP"),
    "palette.bmp": _runs,
    "ico": _of_pillow("ICO", 4, sizes=[(16, 16), (24, 24)]),
    "bitmap.ico": _of_pillow("ICO", 4, sizes=[(24, 24)], bitmap_format="bmp"),
    "ppm": _of_pillow("PPM"),
    "qoi": _qoi,
    "tga": _of_pillow("TGA", compression="tga_rle"),
    "radiance": _light,
    "jxl": _coded(imagecodecs.jpegxl_encode, lossless=True, effort=3),
    "lossy.jxl": _coded(imagecodecs.jpegxl_encode, 80, usecontainer=True),
    "jp2": _coded(imagecodecs.jpeg2k_encode, 0, codecformat="jp2"),
    "jxr": _coded(imagecodecs.jpegxr_encode, 1.0),
    "openexr": _openexr,
}
"""What makes each file, by a name that begins with its format's."""
