"""A folder of photographs as training pairs: decoded once, packed into one memory-mapped file.

Decoding JPEG costs more than a training step, so it happens once. The packed file holds every
photograph at several sizes, and of each the version `scale` times smaller, made by the benchmarks'
own bicubic (see resample.py). A crop of the small picture and the crop of the large one that lies
under it are a training pair; or the small one is made from the large crop, by a degradation.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from models import resample

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff"}
HELD_OUT_PER_CENT = 6
SIZES = (1.0, 0.75, 0.5)  # at which every photograph is seen: a smaller one has sharper detail
SWAPPED = 0.25  # how often the three colours change places, so that no hue is known by heart
MARGIN = 4  # input pixels around a crop that is degraded: beyond its border it is mirrored

Degradation = Callable[[np.ndarray, int, np.random.Generator], np.ndarray]
"""From (scale*h, scale*w, 3) uint8, the scale, and chance, to the small picture (h, w, 3) uint8."""


def read(path: Path) -> np.ndarray:
    """A picture file as (height, width, 3) uint8 sRGB."""
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def is_held_out(name: str) -> bool:
    """Whether a photograph is kept from training, decided by its file name alone.

    A hash rather than a random draw: the split stays the same when pictures are added, and between
    runs with different seeds.
    """
    return int(hashlib.sha256(name.encode()).hexdigest(), 16) % 100 < HELD_OUT_PER_CENT


class Pictures:
    """All photographs of a folder, each as a large and a small uint8 array; one, at a scale of 1.

    `train` and `held_out` are lists of (large, small): (scale*h, scale*w, 3) and (h, w, 3). Those
    to train with come at every size of `sizes`, those held out as they are.
    """

    def __init__(
        self, folder: Path, scale: int, cache: Path, sizes: tuple[float, ...] = SIZES
    ) -> None:
        files = sorted(p for p in Path(folder).iterdir() if p.suffix.lower() in SUFFIXES)
        if not files:
            raise SystemExit(
                f"No pictures in {folder}: give a folder of photographs with --photos."
            )
        self.scale = scale
        known = [[p.name, p.stat().st_size] for p in files]
        key = hashlib.sha256(json.dumps([scale, sizes, known]).encode()).hexdigest()[:16]
        packed = Path(cache) / f"pictures_x{scale}_{key}.u8"
        index = packed.with_suffix(".json")
        if not index.exists():
            pack(files, scale, sizes, packed, index)
        data = np.memmap(packed, np.uint8, "r")
        self.train: list[tuple[np.ndarray, np.ndarray]] = []
        self.held_out: list[tuple[np.ndarray, np.ndarray]] = []
        for name, size, offset, height, width in json.loads(index.read_text()):
            middle = offset + height * scale * width * scale * 3
            large = data[offset:middle].reshape(height * scale, width * scale, 3)
            small = large
            if scale > 1:
                small = data[middle : middle + height * width * 3].reshape(height, width, 3)
            if not is_held_out(name):
                self.train.append((large, small))
            elif size == 1.0:
                self.held_out.append((large, small))
        if not self.train:  # a very small folder may fall on one side of the split entirely
            self.train = self.held_out

    def sample(
        self,
        rng: np.random.Generator,
        count: int,
        size: int,
        degradation: Degradation | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """`count` random training pairs, each turned or mirrored one of eight ways.

        Returns (large, small): (count, scale*size, scale*size, 3) and (count, size, size, 3),
        uint8. Photographs are drawn in proportion to their area, so every pixel is equally likely.
        Without a degradation the small one is the bicubic reduction.
        """
        margin = MARGIN if degradation else 0
        needed = size + 2 * margin
        fits = [pair for pair in self.train if min(pair[1].shape[:2]) >= needed]
        if not fits:
            raise SystemExit(
                f"Every photograph is smaller than {needed * self.scale} pixels: "
                "give larger photographs, or a smaller --patch."
            )
        area = np.array([small.shape[0] * small.shape[1] for _, small in fits], float)
        s = self.scale
        large_crops = np.empty((count, size * s, size * s, 3), np.uint8)
        small_crops = np.empty((count, size, size, 3), np.uint8)
        for n, which in enumerate(rng.choice(len(fits), count, p=area / area.sum())):
            large, small = fits[which]
            y = int(rng.integers(small.shape[0] - needed + 1))
            x = int(rng.integers(small.shape[1] - needed + 1))
            pair = [
                large[y * s : (y + needed) * s, x * s : (x + needed) * s],
                small[y : y + needed, x : x + needed],
            ]
            turns, mirrored = int(rng.integers(4)), bool(rng.integers(2))
            pair = [np.rot90(crop[:, ::-1] if mirrored else crop, turns) for crop in pair]
            if rng.random() < SWAPPED:
                colours = rng.permutation(3)
                pair = [crop[..., colours] for crop in pair]
            if degradation:
                pair[1] = degradation(np.ascontiguousarray(pair[0]), s, rng)
                inner = slice(margin * s, (margin + size) * s), slice(margin, margin + size)
                pair = [crop[i, i] for crop, i in zip(pair, inner, strict=True)]
            large_crops[n], small_crops[n] = pair
        return large_crops, small_crops


def pack(
    files: list[Path], scale: int, sizes: tuple[float, ...], packed: Path, index: Path
) -> None:
    """Decode every file, make its sizes and their small versions, write all behind one another."""
    packed.parent.mkdir(parents=True, exist_ok=True)
    rows: list[tuple[str, float, int, int, int]] = []
    with packed.open("wb") as out:
        for path in files:
            original = read(path)
            for size in sizes:
                large = original if size == 1 else resample.resize(original, size)
                height, width = large.shape[0] // scale, large.shape[1] // scale
                large = np.ascontiguousarray(large[: height * scale, : width * scale])
                offset = out.tell()
                out.write(large.tobytes())
                if scale > 1:
                    out.write(resample.resize(large, 1 / scale).tobytes())
                rows.append((path.name, size, offset, height, width))
    index.write_text(json.dumps(rows))  # last, so that an interrupted packing is not believed
