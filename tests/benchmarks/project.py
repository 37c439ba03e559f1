"""Project: a full save against OpenRaster with PNG at level 1; a save after a stroke against both.

Two layers of 24 megapixels, 8-bit: a photograph, enlarged, with grain, and a layer of paint. The
OpenRaster side is a zip of both layers as Pillow writes PNG at its fastest, without the merged
picture that the format asks for as well.
"""

from __future__ import annotations

import io
import tempfile
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

from safelight.api import Region
from safelight.document import Document, History, Layer, edits
from safelight.files.project.project import Project
from safelight.gui.open_and_save.samples_and_recent_files import sample_photographs
from safelight.pixels import Raster
from tests.benchmarks.pairs import Row, alternate, seconds, touch

PAIRS = {"full": 5, "quick": 3, "tiny": 2}

_SIZES = {"full": (6000, 4000), "quick": (3000, 2000), "tiny": (600, 400)}


def measure(pairs: int, size: str = "full") -> list[Row]:
    """Three rows."""
    width, height = _SIZES[size]
    touch(width * height * 16)
    photograph, paint = _photograph(width, height), _paint(width, height)
    layers = (
        Layer("Photograph", Raster.from_array(photograph)),
        Layer("Paint", Raster.from_array(paint)),
    )
    history = History.start(Document(width, height, "uint8", layers))
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        path, other = Path(folder) / "a.safelight", Path(folder) / "a.ora"
        forget = [layer.raster for layer in layers]

        def full() -> float:
            for raster in forget:  # digests are kept once computed: a first save has none
                raster._digests = [None] * len(raster._digests)
            return seconds(lambda: Project.create(path, history, overwrite=True).close())

        def openraster() -> float:
            return seconds(lambda: _save_openraster(other, [photograph, paint]))

        ours, reference = alternate(full, openraster, pairs)
        name = f"project: save, 2 layers of {width * height / 1e6:.3g} MP"
        rows.append(Row(name, "s", ours, reference, goal=0.10))
        bytes_ours, bytes_other = path.stat().st_size / 1e6, other.stat().st_size / 1e6
        rows.append(Row("project: size of the file", "MB", [bytes_ours], [bytes_other], goal=1.0))

        project = Project.create(path, history, overwrite=True)
        turn = iter(range(1, 10_000))

        def stroke() -> float:
            layer = history.document.layers[1]
            box = Region(next(turn) * 37 % (width - 500), height // 2, 400, 40)
            dab = np.full((box.height, box.width, 4), (200, 30, 30, 255), np.uint8)
            raster = layer.raster.replaced(box, dab)
            painted = history.do(edits.set_pixels(layer.id, raster, "Brush"))
            return seconds(lambda: project.save(painted))

        def whole() -> float:
            beside = Path(folder) / "b.safelight"
            for raster in forget:
                raster._digests = [None] * len(raster._digests)
            return seconds(lambda: Project.create(beside, history, overwrite=True).close())

        ours, reference = alternate(stroke, whole, pairs)
        project.close()
        rows.append(Row("project: save after a stroke", "s", ours, reference, goal=0.10))
    return rows


def _save_openraster(path: Path, layers: list[np.ndarray]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as file:
        file.writestr("mimetype", "image/openraster")
        file.writestr("stack.xml", "<image/>")
        for index, pixels in enumerate(layers):
            data = io.BytesIO()
            Image.fromarray(pixels).save(data, "PNG", compress_level=1)
            file.writestr(f"data/layer{index}.png", data.getvalue())


def _photograph(width: int, height: int) -> np.ndarray:
    found = sample_photographs()
    random = np.random.default_rng(2)
    if found:
        with Image.open(found[0]) as image:
            ground = image.convert("RGB").resize((width, height), Image.Resampling.BICUBIC)
        pixels = np.asarray(ground, np.int16)
    else:
        y, x = np.mgrid[:height, :width]
        pixels = np.stack([x * 255 // width, y * 255 // height, (x + y) % 256], -1).astype(np.int16)
    grain = random.integers(-5, 6, pixels.shape, np.int16)
    return np.clip(pixels + grain, 0, 255).astype(np.uint8)


def _paint(width: int, height: int) -> np.ndarray:
    pixels = np.zeros((height, width, 4), np.uint8)
    random = np.random.default_rng(3)
    for _ in range(60):
        x, y = random.integers(0, width - width // 8), random.integers(0, height - height // 8)
        pixels[y : y + height // 20, x : x + width // 9] = (*random.integers(0, 256, 3), 255)
    return pixels
