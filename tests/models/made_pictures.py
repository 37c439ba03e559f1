"""Pictures and weights that the tests of models/ make for themselves."""

import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).parents[2]
PLUGIN = "safelight.workers.pytest_plugin"  # an entry point where the editor is installed


def edges_picture(seed, height=96, width=96):
    """Random rectangles of flat colour, uint8: edges are what an enlarger can learn quickly."""
    rng = np.random.default_rng(seed)
    picture = np.full((height, width, 3), 128, np.uint8)
    for _ in range(25):
        y, x = rng.integers(height), rng.integers(width)
        picture[y : y + rng.integers(8, 40), x : x + rng.integers(8, 40)] = rng.integers(0, 256, 3)
    return picture


def photographs(folder, count=6):
    """A folder of such pictures; by its name picture_0 is the one that is kept from training."""
    folder.mkdir()
    for n in range(count):
        Image.fromarray(edges_picture(n)).save(folder / f"picture_{n}.png")
    return folder


def features(path):
    """A file of SqueezeNet's shape with random weights up to its last layer."""
    rng = np.random.default_rng(0)
    arrays = {}

    def layer(name, outputs, inputs, side):
        spread = np.sqrt(2 / (inputs * side * side))
        arrays[f"{name}.weight"] = rng.normal(0, spread, (outputs, inputs, side, side))
        arrays[f"{name}.bias"] = np.zeros(outputs)

    layer("features.0", 96, 3, 7)
    inputs = 96
    for n, squeezed in ((3, 16), (4, 16), (5, 32), (7, 32), (8, 48), (9, 48), (10, 64), (12, 64)):
        layer(f"features.{n}.squeeze", squeezed, inputs, 1)
        layer(f"features.{n}.expand1x1", 4 * squeezed, squeezed, 1)
        layer(f"features.{n}.expand3x3", 4 * squeezed, squeezed, 3)
        inputs = 8 * squeezed
    np.savez(path, **{name: value.astype(np.float32) for name, value in arrays.items()})
    return path


def own_tests(folder):
    """A plugin's own tests, run as whoever installs it would: how they ended, and what was said."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", PLUGIN],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT / "editor"), "PATH": "", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
