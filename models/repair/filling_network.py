"""The filling network's ONNX file: its results, what it is tried on, how far it looks.

python -m models.repair.filling_network FILE    prints how much memory one of its windows takes
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # before the import: it reports usage by default

import numpy as np

from models import memory
from models.repair.network import LATENTS, MULTIPLE, NOISE_STRIDE
from models.tiles import Network

SIZES = ((1, 1), (2, 3), (7, 5), (1, 9), (9, 1))  # times MULTIPLE
VISIBLE = 1 / 1024  # of the range: a change that is smaller does not count
VIEW_SIDE = 640  # pixels of the picture on which the view is measured

Inputs = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""image (1, 3, h, w), mask and guess (1, 1, h, w), noise (1, channels, h/4, w/4), float32."""


class FillerFile(Network):
    """An exported filling network."""

    def run(
        self, image: np.ndarray, mask: np.ndarray, guess: np.ndarray, noise: np.ndarray
    ) -> np.ndarray:
        """(1, 3, h, w) float32 from the inputs as the graph takes them."""
        given = {"image": image, "mask": mask, "guess": guess, "noise": noise}
        result: np.ndarray = self.session.run(["result"], given)[0]
        return result

    def whole(self, image: np.ndarray, **numbers: float) -> np.ndarray:
        """(h, w, 3) float32 with all of it but a rim missing: what takes time and memory."""
        planes = np.ascontiguousarray(image.transpose(2, 0, 1)[None], np.float32)
        others = idle(planes.shape)
        others["mask"][..., 1:-1, 1:-1] = 1
        result = self.session.run(["result"], {"image": planes} | others | numbers)[0]
        return np.asarray(result[0].transpose(1, 2, 0))

    def fill(self, picture: np.ndarray, hole: np.ndarray, seed: int | None = None) -> np.ndarray:
        """(h, w, 3) uint8 filled where `hole` (h, w) bool, likeliest or from a seed; uint8.

        Sides are multiples of MULTIPLE.
        """
        image = np.ascontiguousarray(picture.transpose(2, 0, 1)[None], np.float32) / 255
        mask = hole[None, None].astype(np.float32)
        noise = still(mask.shape)
        if seed is not None:
            noise = np.random.default_rng(seed).standard_normal(noise.shape, np.float32)
        result = self.run(image, mask, np.zeros_like(mask), noise)[0].transpose(1, 2, 0)
        return np.rint(result.clip(0, 1) * 255).astype(np.uint8)


def still(shape: tuple[int, ...]) -> np.ndarray:
    """No noise, for a picture of this shape (1, c, h, w)."""
    places = (side // NOISE_STRIDE for side in shape[2:])
    return np.zeros((1, sum(LATENTS), *places), np.float32)


def idle(shape: tuple[int, ...]) -> dict[str, np.ndarray]:
    """All inputs but the image (1, 3, h, w) of this shape: nothing missing, no noise."""
    mask = np.zeros((1, 1, *shape[2:]), np.float32)
    return {"mask": mask, "guess": mask.copy(), "noise": still(shape)}


def trials() -> dict[str, Inputs]:
    """What a file is tried on, by name: every size, no hole, all hole, soft masks, a guess.

    Black, white, and values far outside 0 to 1.
    """
    rng = np.random.default_rng(0)

    def drawn(height: int, width: int) -> Inputs:
        image = rng.random((1, 3, height, width), np.float32)
        mask = rng.random((1, 1, height, width), np.float32)
        mask = np.where(mask > 0.6, mask, np.float32(0))
        guess = (rng.random(mask.shape) > 0.7).astype(np.float32)
        noise = rng.standard_normal(still(image.shape).shape, np.float32)
        return image, mask, guess, noise

    found = {
        f"noise {h * MULTIPLE}x{w * MULTIPLE}": drawn(h * MULTIPLE, w * MULTIPLE) for h, w in SIZES
    }
    image, mask, guess, noise = drawn(4 * MULTIPLE, 5 * MULTIPLE)
    square = np.zeros_like(mask)
    square[..., 8:40, 16:56] = 1
    nothing = np.zeros_like(mask)
    return found | {
        "no hole": (image, nothing, nothing, noise),
        "all hole": (image, np.ones_like(mask), nothing, noise),
        "a square, likeliest": (image, square, nothing, np.zeros_like(noise)),
        "a square, a guess": (image, square, square, noise),
        "black": (np.zeros_like(image), square, nothing, noise),
        "white": (np.ones_like(image), square, nothing, noise),
        "out of range": (7 * image - 3, square, nothing, noise),
    }


def measured_reach(file: FillerFile) -> int:
    """How far around a hole the filling looks, in pixels, in steps of MULTIPLE.

    A strip across a picture of noise is filled with less and less of the picture in view, until
    the filling changes visibly: a window needs as much around the hole.
    """
    rng = np.random.default_rng(1)
    image = rng.random((1, 3, 2 * MULTIPLE, VIEW_SIDE), np.float32)
    mask = np.zeros((1, 1, *image.shape[2:]), np.float32)
    middle = VIEW_SIDE // 2
    mask[..., middle - 8 : middle + 8] = 1
    inside = np.s_[..., middle - 8 : middle + 8]
    nothing, noise = np.zeros_like(mask), still(image.shape)
    whole = file.run(image, mask, nothing, noise)[inside]
    for view in range(middle - MULTIPLE, 0, -MULTIPLE):
        seen = slice(middle - view, middle + view)
        part = file.run(
            np.ascontiguousarray(image[..., seen]),
            np.ascontiguousarray(mask[..., seen]),
            nothing[..., seen].copy(),
            still((1, 3, image.shape[2], 2 * view)),
        )
        if np.abs(part[..., view - 8 : view + 8] - whole).max() > VISIBLE:
            return view + MULTIPLE - 8
    return MULTIPLE


def peak_memory(path: Path) -> float:
    """MiB that one window of the file's own size adds at most to an idle process."""
    command = [sys.executable, "-m", "models.repair.filling_network", str(path.resolve())]
    done = subprocess.run(command, cwd=memory.ROOT, capture_output=True, text=True, check=True)
    return float(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    given = parser.parse_args()
    before = memory.used()
    file = FillerFile(given.file)
    file.whole(np.full((file.tile, file.tile, 3), 0.5, np.float32))
    print(round(memory.used() - before, 1))


if __name__ == "__main__":
    main()
