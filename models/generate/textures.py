"""Textures found in pictures: squares that look alike wherever one looks.

A square is as much a texture as the statistics of its quarters agree: the distance between two of
them (objective.py, on SqueezeNet's features), in parts of how different two squares are as a rule.
Of all squares of a folder's pictures the most even are kept, but none that is much like one kept
already. Nobody picks.
"""

from __future__ import annotations

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
from models.training import planes

SIDE = 256  # pixels of a square
SIZES = (1.0, 0.5)  # at which pictures are searched
LIVELY = 6.0  # least standard deviation of the brightness, of 255: an even sky is no texture
APART = 0.5  # least distance of two that are kept, in parts of the usual


class Found(NamedTuple):
    """A square (SIDE, SIDE, 3) uint8, where it is from, and how far its quarters are apart."""

    pixels: np.ndarray
    name: str
    unevenness: float


def squares(picture: np.ndarray) -> Iterator[np.ndarray]:
    """Squares of SIDE pixels that cover a picture at every one of SIZES, beside one another."""
    for size in SIZES:
        seen = picture if size == 1 else resample.resize(picture, size)
        for y in range(0, seen.shape[0] - SIDE + 1, SIDE):
            for x in range(0, seen.shape[1] - SIDE + 1, SIDE):
                yield np.ascontiguousarray(seen[y : y + SIDE, x : x + SIDE])


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


def find(folders: Iterable[Path], network: nn.Module, count: int) -> list[Found]:
    """The `count` most even textures of the pictures of some folders, most even first."""
    found = []
    for folder in folders:
        for path in sorted(p for p in folder.iterdir() if p.suffix.lower() in SUFFIXES):
            for square in squares(read(path)):
                if square.mean(2).std() >= LIVELY:
                    found.append(Found(square, path.name, unevenness(network, square)))
    if not found:
        raise SystemExit(f"No picture has {SIDE} pixels a side: give larger ones.")
    found.sort(key=lambda one: one.unevenness)
    return different(found, network, count)


def different(found: list[Found], network: nn.Module, count: int) -> list[Found]:
    """The first `count` of which none is much like an earlier one."""
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
