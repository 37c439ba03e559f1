"""Exporting: what a JPEG or PNG of 24 megapixels takes until it is there, read back and all.

JPEG against the encoder alone, and opening one against the decoder alone; PNG against Pillow's
quickest, which reads nothing back; AVIF and JPEG XL with all cores against themselves with one.
"""

from __future__ import annotations

import io
import os
import tempfile
from pathlib import Path
from unittest import mock

import imagecodecs
import numpy as np
from PIL import Image

from safelight.document import Document
from safelight.files import export
from safelight.files.codecs import codec
from safelight.pixels import Raster
from tests.benchmarks.open_picture import photograph_file
from tests.benchmarks.pairs import Row, alternate, seconds, touch

PAIRS = {"full": 9, "quick": 5, "tiny": 2}

_SIZES = {"full": (6000, 4000), "quick": (3000, 2000), "tiny": (300, 200)}


def measure(pairs: int, size: str = "full") -> list[Row]:
    """Five rows."""
    width, height = _SIZES[size]
    megapixels = width * height / 1e6
    with tempfile.TemporaryDirectory() as folder:
        path = photograph_file(Path(folder), width, height)
        data = path.read_bytes()
        pixels = imagecodecs.jpeg8_decode(data)
        document = Document.from_raster(Raster.from_array(pixels))
        touch(pixels.nbytes * 4)
        image = Image.fromarray(pixels)

        def export_to(name: str) -> float:
            target = Path(folder) / name
            return seconds(lambda: export(document, target, overwrite=True)) * 1e3

        def encode() -> float:
            return seconds(lambda: imagecodecs.jpeg8_encode(pixels, 92, subsampling="444")) * 1e3

        def save() -> float:
            target = Path(folder) / "pillow.png"
            return seconds(lambda: image.save(target, compress_level=1)) * 1e3

        def read() -> float:
            decode = codec("JPEG").read
            return seconds(lambda: decode(io.BytesIO(data), len(data), None, np.empty)) * 1e3

        def decode() -> float:
            return seconds(lambda: imagecodecs.jpeg8_decode(data)) * 1e3

        rows = []
        for name, ours, other, goal in (
            ("JPEG, against encoding alone", lambda: export_to("ours.jpg"), encode, 1.3),
            ("PNG, against Pillow at level 1", lambda: export_to("ours.png"), save, 0.55),
        ):
            both = alternate(ours, other, pairs)
            rows.append(Row(f"export: {megapixels:.3g} MP {name}", "ms", *both, goal=goal))
        quarter = Document.from_raster(
            Raster.from_array(pixels[: max(height // 2, 1), : max(width // 2, 1)])
        )

        def export_on(name: str, cores: int) -> float:
            target = Path(folder) / name
            with mock.patch("os.cpu_count", return_value=cores):
                return seconds(lambda: export(quarter, target, overwrite=True)) * 1e3

        all_cores = os.cpu_count() or 1
        for name, suffix in (("AVIF", "avif"), ("JPEG XL", "jxl")):
            both = alternate(
                lambda suffix=suffix: export_on(f"all.{suffix}", all_cores),
                lambda suffix=suffix: export_on(f"one.{suffix}", 1),
                min(pairs, 3),
            )
            what = f"export: {megapixels / 4:.3g} MP {name}, {all_cores} cores against one"
            rows.append(Row(what, "ms", *both, goal=0.2 + 0.9 / min(all_cores, 4)))
        both = alternate(read, decode, pairs)
        name = f"open: {megapixels:.3g} MP JPEG, against decoding alone"
        rows.append(Row(name, "ms", *both, goal=1.05))
    return rows
