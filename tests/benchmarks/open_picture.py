"""Opening: how soon a JPEG of 24 megapixels is seen and complete, and the memory it takes.

Against Pillow's decoding of the same file alone. Memory is what a process of its own holds after
opening, beyond what it held before, in bytes for each pixel of the picture.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from safelight.actions import open_picture
from safelight.pixels import make_levels
from tests.benchmarks.pairs import Row, alternate, seconds, touch

PAIRS = {"full": 9, "quick": 5, "tiny": 2}

_SIZES = {
    "full": ((6000, 4000), (12000, 8334)),
    "quick": ((3000, 2000), (6000, 4000)),
    "tiny": ((300, 200), (600, 400)),
}

_CHILD = """
import json, sys
from safelight.pixels import make_levels
from safelight.actions import open_picture
def held():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096
open_picture(sys.argv[2])
before = held()
opened = open_picture(sys.argv[1])
make_levels(opened.document.layers[0].raster)
print(json.dumps(held() - before))
"""


def measure(pairs: int, size: str = "full") -> list[Row]:
    """Three rows."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        small, large = (photograph_file(Path(folder), *shape) for shape in _SIZES[size])
        tiny = photograph_file(Path(folder), 64, 48)
        megapixels = _SIZES[size][0][0] * _SIZES[size][0][1] / 1e6
        touch(int(megapixels * 1e6 * 12))

        def decode() -> float:
            with Image.open(small) as image:
                return seconds(image.load) * 1e3

        def ready() -> float:
            return seconds(lambda: make_levels(open_picture(small).document.layers[0].raster)) * 1e3

        ours, pillow = alternate(lambda: seconds(lambda: open_picture(small)) * 1e3, decode, pairs)
        rows.append(Row(f"open: full size, {megapixels:.3g} MP JPEG", "ms", ours, pillow, goal=1.0))
        ours, pillow = alternate(ready, decode, pairs)
        rows.append(Row(f"open: on the screen, {megapixels:.3g} MP", "ms", ours, pillow, goal=1.5))
        for path, shape in zip((small, large), _SIZES[size], strict=True):
            pixels = shape[0] * shape[1]
            held = [_memory(path, tiny) / pixels for _ in range(min(pairs, 3))]
            name = f"open: memory, {pixels / 1e6:.3g} MP, per pixel"
            rows.append(Row(name, "bytes", held, [3.0] * len(held), goal=1.6))
    return rows


def _memory(path: Path, other: Path) -> int:
    words = [sys.executable, "-c", _CHILD, str(path), str(other)]
    result = subprocess.run(words, check=True, capture_output=True, text=True)
    return int(json.loads(result.stdout))


def photograph_file(folder: Path, width: int, height: int) -> Path:
    """A JPEG with gradients, edges and grain: about as hard to decode as a photograph."""
    random = np.random.default_rng(9)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    grain = random.integers(-12, 13, (height, width), np.int16)
    pixels = np.empty((height, width, 3), np.uint8)
    for channel, wave in enumerate((37.0, 61.0, 89.0)):
        plane = 128 + 70 * np.sin(x / wave) * np.cos(y / (wave + 11)) + grain
        pixels[..., channel] = np.clip(plane, 0, 255)
    path = folder / f"{width}x{height}.jpg"
    Image.fromarray(pixels).save(path, quality=92)
    return path
