"""Textures found in pictures: squares that look alike wherever one looks.

    python -m models.generate.textures --features squeezenet1_0_features.npz FOLDER ... > LIST

A square is as much a texture as the statistics of its quarters agree: the distance between two of
them (objective.py, on SqueezeNet's features), in parts of how different two squares are as a rule.
Of all squares of the folders' pictures that show something everywhere the most even are listed, but
none that is much like one listed already. What a machine takes for a texture is not always one: a
crowd is as even as pebbles. So the list is a file, from which lines are struck before a generator
is trained on it; `textures.csv` is what the shipped one was trained on.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterable, Iterator
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import IterableDataset, get_worker_info

from models import resample
from models.pictures import SUFFIXES, read
from models.style import objective
from models.style.styles import liveliness
from models.training import planes

SIDE = 256  # pixels of a square
SIZES = (1.0, 0.5)  # at which pictures are searched
LIVELY = 12.0  # least `liveliness` of every quarter: an even sky is no texture
COUNT = 144
APART = 0.5  # least distance of two that are kept, in parts of the usual


class Place(NamedTuple):
    """Where a square is: in the picture `name`, seen at `size`, from (y, x) on."""

    name: str
    size: float
    y: int
    x: int

    def cut(self, picture: np.ndarray) -> np.ndarray:
        """The square (SIDE, SIDE, 3) of its picture."""
        seen = picture if self.size == 1 else resample.resize(picture, self.size)
        part = seen[self.y : self.y + SIDE, self.x : self.x + SIDE]
        if part.shape != (SIDE, SIDE, 3):
            raise ValueError(f"{self.name} is too small for what is listed of it")
        return np.ascontiguousarray(part)


class Found(NamedTuple):
    """A square (SIDE, SIDE, 3) uint8, where it is from, and how far its quarters are apart."""

    pixels: np.ndarray
    place: Place
    unevenness: float


def squares(name: str, picture: np.ndarray) -> Iterator[Place]:
    """Squares that cover a picture at every one of SIZES, beside one another."""
    for size in SIZES:
        height, width = (int(length * size) for length in picture.shape[:2])
        for y in range(0, height - SIDE + 1, SIDE):
            for x in range(0, width - SIDE + 1, SIDE):
                yield Place(name, size, y, x)


def quarters(square: np.ndarray) -> np.ndarray:
    """(4, SIDE / 2, SIDE / 2, 3)."""
    half = SIDE // 2
    return np.stack([square[y : y + half, x : x + half] for y in (0, half) for x in (0, half)])


@torch.no_grad()
def statistics(network: nn.Module, pictures: np.ndarray) -> list[objective.Moments]:
    """What the distance of two textures is told by, of uint8 (n, h, w, 3)."""
    return objective.styles(objective.by_layer(network, planes(pictures).float() / 255))


def between(one: list[objective.Moments], other: list[objective.Moments]) -> Tensor:
    """Distances (n,) of statistics, pair by pair: their norms' difference in parts of the sizes."""
    parts = []
    for a, b in zip(one, other, strict=True):
        for x, y in zip(a, b, strict=True):
            x, y = x.flatten(1), y.flatten(1)
            parts.append(2 * (x - y).norm(dim=1) / (x.norm(dim=1) + y.norm(dim=1) + 1e-6))
    return torch.stack(parts).mean(0)


def row(moments: list[objective.Moments], n: int) -> list[objective.Moments]:
    """The statistics of one picture among several."""
    return [objective.Moments(*(part[n : n + 1] for part in layer)) for layer in moments]


def unevenness(network: nn.Module, square: np.ndarray) -> float:
    """Mean distance of two quarters of a square."""
    known = statistics(network, quarters(square))
    pairs = list(combinations(range(4), 2))
    return float(torch.cat([between(row(known, a), row(known, b)) for a, b in pairs]).mean())


def pictures(folders: Iterable[Path]) -> Iterator[Path]:
    """The pictures of some folders."""
    for folder in folders:
        yield from sorted(p for p in folder.iterdir() if p.suffix.lower() in SUFFIXES)


def find(folders: Iterable[Path], network: nn.Module, count: int) -> list[Found]:
    """The `count` most even textures of the pictures of some folders, most even first."""
    found = []
    for path in pictures(folders):
        picture = read(path)
        for place in squares(path.name, picture):
            square = place.cut(picture)
            if min(liveliness(part) for part in quarters(square)) >= LIVELY:
                found.append(Found(square, place, unevenness(network, square)))
    if not found:
        raise SystemExit(f"No picture has {SIDE} pixels a side: give larger ones.")
    found.sort(key=lambda one: one.unevenness)
    return different(found, network, count)


def listed(table: Path, folders: Iterable[Path]) -> np.ndarray:
    """The squares (n, SIDE, SIDE, 3) that a list names, of pictures in some folders."""
    where = {path.name: path for path in pictures(folders)}
    with table.open(newline="") as file:
        rows = [
            Place(row["name"], float(row["size"]), int(row["y"]), int(row["x"]))
            for row in csv.DictReader(file)
        ]
    if missing := sorted({place.name for place in rows} - set(where)):
        raise SystemExit(f"No folder has {', '.join(missing)}, of which {table.name} tells.")
    return np.stack([place.cut(read(where[place.name])) for place in rows])


def different(found: list[Found], network: nn.Module, count: int) -> list[Found]:
    """The first `count` of which none is much like an earlier one."""
    if len(found) < 2:
        return found
    known = [statistics(network, one.pixels[None]) for one in found[: 8 * count]]
    usual = torch.cat([between(a, b) for a, b in zip(known, known[1:], strict=False)]).median()
    kept: list[int] = []
    for n in range(len(known)):
        if all(float(between(known[n], known[k])) > APART * float(usual) for k in kept):
            kept.append(n)
        if len(kept) == count:
            break
    return [found[n] for n in kept]


class Crops(IterableDataset):
    """Endless batches of crops: which texture (n,), and (n, 3, s, s) uint8 of it."""

    def __init__(self, textures: np.ndarray, batch: int, side: int, seed: tuple[int, ...]):
        self.textures, self.batch, self.side, self.seed = textures, batch, side, seed

    def __iter__(self) -> Iterator[list[Tensor]]:
        worker = get_worker_info()
        rng = np.random.default_rng([*self.seed, worker.id if worker else 0])
        while True:
            which = rng.integers(len(self.textures), size=self.batch)
            crops = []
            for n in which:
                y, x = (int(rng.integers(length - self.side + 1)) for length in (SIDE, SIDE))
                crops.append(self.textures[n, y : y + self.side, x : x + self.side])
            yield [torch.from_numpy(which), planes(np.stack(crops))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", type=Path, nargs="+", help="of pictures")
    parser.add_argument("--features", type=Path, required=True, help="SqueezeNet's weights")
    parser.add_argument("--count", type=int, default=COUNT)
    given = parser.parse_args()
    write = csv.writer(sys.stdout).writerow
    write((*Place._fields, "unevenness"))
    for one in find(given.folders, objective.features(given.features), given.count):
        write((*one.place, round(one.unevenness, 3)))


if __name__ == "__main__":
    main()
