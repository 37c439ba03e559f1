"""Small files of every format that is opened, to be changed and cut."""

from __future__ import annotations

import io
import struct
import tempfile
import warnings
import zipfile
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
from PIL import Image

from tests import pictures, rawfiles

CASES = Path(__file__).parent / "cases"


def _case(name: str) -> Callable[[], bytes]:
    return (CASES / name).read_bytes


def _avif(depth: str = "uint8") -> Callable[[], bytes]:
    def make() -> bytes:
        pixels = pictures.noise(40, 30, 4, depth)
        told = {} if depth == "uint8" else {"bitspersample": 10}
        return bytes(imagecodecs.avif_encode(pixels >> 6 if told else pixels, 90, speed=10, **told))

    return make


def _of_pillow(name: str, channels: int = 3, **options: Any) -> Callable[[], bytes]:
    def make() -> bytes:
        stream = io.BytesIO()
        Image.fromarray(pictures.noise(40, 30, channels)).save(stream, name, **options)
        return stream.getvalue()

    return make


def _of_palette(name: str, colours: int = 8, **options: Any) -> Callable[[], bytes]:
    def make() -> bytes:
        stream = io.BytesIO()
        Image.fromarray(pictures.quarters(40, 30)).quantize(colours).save(stream, name, **options)
        return stream.getvalue()

    return make


def _moving(name: str, **options: Any) -> Callable[[], bytes]:
    """Three pictures one after the other."""

    def make() -> bytes:
        shown = [Image.fromarray(pictures.noise(40, 30, 4, seed=seed)) for seed in range(3)]
        stream = io.BytesIO()
        options.update(save_all=True, append_images=shown[1:], duration=100)
        shown[0].save(stream, name, **options)
        return stream.getvalue()

    return make


def _light() -> bytes:
    coded = imagecodecs.rgbe_encode(pictures.noise(40, 30, 3, "float32"), header=True, rle=True)
    return bytes(coded)


def _floats() -> bytes:
    return b"PF\n40 30\n-1.0\n" + pictures.noise(40, 30, 3, "float32").astype("<f4").tobytes()


def _qoi() -> bytes:
    return bytes(imagecodecs.qoi_encode(pictures.noise(40, 30, 3)))


def _coded(encode: Callable[..., Any], *arguments: Any, **options: Any) -> Callable[[], bytes]:
    return lambda: bytes(encode(pictures.noise(40, 30), *arguments, **options))


def _jpeg(**options: Any) -> Callable[[], bytes]:
    return lambda: pictures.jpeg_file(pictures.noise(40, 30), **options)


def _described_jpeg() -> bytes:
    exif = pictures.exif_block(6, thumbnail=b"\xff\xd8thumbnail\xff\xd9")
    told = {"exif": exif, "xmp": pictures.XMP, "icc_profile": pictures.wide_profile()}
    return pictures.jpeg_file(pictures.noise(40, 30), **told)


def _inked_jpeg() -> bytes:
    return pictures.jpeg_file(pictures.noise(40, 30, 4), progressive=True)


def _ultra_hdr() -> bytes:
    light = np.ones((48, 64, 4), np.float16)
    light[..., :3] = pictures.gradient(64, 48, 3, "float32") * 4
    return bytes(imagecodecs.ultrahdr_encode(light))


def _png() -> bytes:
    parts = pictures.png_chunk(b"eXIf", pictures.exif_block(6))
    parts += pictures.png_chunk(b"gAMA", struct.pack(">I", 45455))
    parts += pictures.png_chunk(b"tEXt", b"Title\0A title")
    return pictures.png_file(pictures.noise(40, 30, 4, "uint16"), parts)


def _interlaced_png() -> bytes:
    """Adam7, of 4 bits of a palette with transparency, as no encoder here makes them."""
    import zlib

    rows = b""
    for left, top, across, down in ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4)) + (
        ((0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
    ):
        wide = -(-(40 - left) // across)
        for row in range(top, 30, down):
            rows += b"\0" + bytes((row * 7 + n) % 256 for n in range(-(-wide * 4 // 8)))
    head = struct.pack(">IIBBBBB", 40, 30, 4, 3, 0, 0, 1)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        pictures.png_chunk(kind, body)
        for kind, body in (
            (b"IHDR", head),
            (b"PLTE", bytes(range(48))),
            (b"tRNS", bytes(range(0, 256, 16))),
            (b"IDAT", zlib.compress(rows)),
            (b"IEND", b""),
        )
    )


def _tiff(depth: str = "uint8", channels: int = 3, **options: Any) -> Callable[[], bytes]:
    def make() -> bytes:
        pixels = pictures.noise(48, 32, channels, depth)
        if options.get("planarconfig") == "separate":
            pixels = np.moveaxis(pixels, 2, 0)
        return pictures.tiff_file(pixels, **options)

    return make


def _pages() -> bytes:
    import tifffile

    stream = io.BytesIO()
    with tifffile.TiffWriter(stream, bigtiff=True) as writer:
        for seed in range(3):
            pixels = pictures.noise(48, 32, 3, "uint16", seed)
            writer.write(pixels, photometric="rgb", compression="zlib", metadata=None)
    return stream.getvalue()


def _lab() -> bytes:
    return pictures.tiff_file(pictures.noise(48, 32), photometric="cielab", compression="lzw")


def _fax() -> bytes:
    stream = io.BytesIO()
    page = np.zeros((30, 64), bool)
    page[10:20, 20:44] = True
    Image.fromarray(page).save(stream, "TIFF", compression="group4")
    return stream.getvalue()


def _openexr(**header: Any) -> Callable[[], bytes]:
    def make() -> bytes:
        import OpenEXR

        stream = io.BytesIO()
        told = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
        told |= {name: getattr(OpenEXR, value) for name, value in header.items()}
        if told["type"] == OpenEXR.tiledimage:
            told["tiles"] = OpenEXR.TileDescription()
        light = pictures.noise(40, 30, 3, "float32").astype(np.float16)
        OpenEXR.File(told, {"RGB": light}).write(stream)
        return stream.getvalue()

    return make


def _layered(suffix: str, depth: str) -> Callable[[], bytes]:
    def make() -> bytes:
        from safelight.document import Document, Group, Layer
        from safelight.files.codecs import openraster, psd
        from safelight.pixels import Raster

        small = Raster.from_array(pictures.noise(20, 16, 4, depth))
        mask = Raster.from_array(pictures.noise(20, 16, 1, depth))
        layers = (
            Layer("Ground", small),
            Layer("Group", Group((Layer("In", small, mask=mask),)), mode="multiply"),
            Layer("Clipped", small, clipped=True),
        )
        codec = openraster.CODEC if suffix == ".ora" else psd.CODEC
        assert codec.write_document is not None
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"picture{suffix}"
            codec.write_document(Document(20, 16, depth, layers), path)
            return path.read_bytes()

    return make


def _dng(**options: Any) -> Callable[[], bytes]:
    return lambda: rawfiles.dng_file(rawfiles.sensor_light(rawfiles.chart(12)), **options)


def _canon() -> bytes:
    """What begins as Canon's raw files do, so that no other way to read it is tried."""
    data = _dng(make="Canon", model="Canon EOS 5D Mark III")()
    return data[:8] + b"CR\2\0" + data[12:]


def _look() -> bytes:
    light = np.linspace(0, 1, 5)
    rows = "".join(f"{r:.4f} {g:.4f} {b:.4f}\n" for b in light for g in light for r in light)
    words = "DOMAIN_MIN 0 0 0\nDOMAIN_MAX 1 1 1\nLUT_3D_SIZE 5\n"
    return f'TITLE "A look"\n{words}{rows}'.encode()


SEEDS: dict[str, Callable[[], bytes]] = {
    "photograph.heic": _case("photograph.heic"),
    "quarters_alpha.heic": _case("quarters_alpha.heic"),
    "gradient_10_bit.heic": _case("gradient_10_bit.heic"),
    "avif": _avif(),
    "deep.avif": _avif("uint16"),
    "bmp": _of_pillow("BMP"),
    "palette.bmp": _of_palette("BMP"),
    "ico": _of_pillow("ICO", 4, sizes=[(16, 16), (24, 24)]),
    "bitmap.ico": _of_pillow("ICO", 4, sizes=[(24, 24)], bitmap_format="bmp"),
    "ppm": _of_pillow("PPM"),
    "qoi": _qoi,
    "tga": _of_pillow("TGA", compression="tga_rle"),
    "radiance": _light,
    "jxl": _coded(imagecodecs.jpegxl_encode, lossless=True, effort=3),
    "lossy.jxl": _coded(imagecodecs.jpegxl_encode, 80, usecontainer=True),
    "jp2": _coded(imagecodecs.jpeg2k_encode, 0, codecformat="jp2"),
    "code.j2k": _coded(imagecodecs.jpeg2k_encode, 40, codecformat="j2k"),
    "jxr": _coded(imagecodecs.jpegxr_encode, 1.0),
    "openexr": _openexr(),
    "tiled.exr": _openexr(type="tiledimage", compression="PIZ_COMPRESSION"),
    "lossy.exr": _openexr(compression="DWAA_COMPRESSION"),
    "described.jpg": _described_jpeg,
    "restarts.jpg": _jpeg(restart_marker_rows=1, optimize=True),
    "inked.jpg": _inked_jpeg,
    "ultra_hdr.jpg": _ultra_hdr,
    "makernote.jpg": _case("canon_makernote.jpg"),
    "described.png": _png,
    "interlaced.png": _interlaced_png,
    "moving.png": _moving("PNG"),
    "strips.tif": _tiff(compression="zlib", photometric="rgb", rowsperstrip=8, predictor=True),
    "tiles.tif": _tiff(tile=(16, 16), compression="jpeg", photometric="rgb"),
    "planes.tif": _tiff("uint16", compression="lzw", photometric="rgb", planarconfig="separate"),
    "pages.tif": _pages,
    "floats.tif": _tiff("float32", compression="zstd", photometric="rgb", predictor=True),
    "inks.tif": _tiff(
        channels=4, photometric="separated", iccprofile=pictures.printer_profile(steps=4)
    ),
    "profile.tif": _tiff(photometric="rgb", iccprofile=pictures.printer_profile(b"RGB ", 5)),
    "lab.tif": _lab,
    "fax.tif": _fax,
    "palette.tif": _case("palette_of_1_bit.tif"),
    "webp": lambda: pictures.webp_file(
        pictures.noise(40, 30, 4), exif=pictures.exif_block(6), xmp=pictures.XMP
    ),
    "lossy.webp": _of_pillow("WEBP", 4, quality=80),
    "moving.webp": _moving("WEBP", quality=60),
    "gif": _of_palette("GIF", 64, interlace=False),
    "moving.gif": _moving("GIF"),
    "mosaic.dng": _dng(),
    "packed.dng": _dng(packed=True),
    "linear.dng": _dng(linear=True),
    "canon.cr2": _canon,
    "psd": _layered(".psd", "uint8"),
    "deep.psd": _layered(".psd", "uint16"),
    "psb": _layered(".psb", "uint8"),
    "ora": _layered(".ora", "uint8"),
}
"""What makes each file, by a name that tells its format."""

OTHERS: dict[str, Callable[[], bytes]] = {"pfm": _floats, "look.cube": _look}
"""The same of what a plugin opens, and of tables of colours."""


@cache
def seed(name: str) -> bytes:
    """The bytes of a file."""
    return (SEEDS | OTHERS)[name]()


def zipped(members: Sequence[tuple[str, bytes]]) -> bytes:
    """An archive of those members, none of them packed."""
    stream = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(stream, "w") as archive:
        warnings.simplefilter("ignore")  # two of one name are meant
        for name, body in members:
            archive.writestr(name, body)
    return stream.getvalue()
