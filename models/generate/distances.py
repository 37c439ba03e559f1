"""How far what is made is from what is real: distances of two sets of pictures, by their features.

Features are rows (n, c), one a picture; see `features`. Sets of different sizes can be compared.
Nothing here is trained with.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch

from models.generate.watch import spread
from models.perceptual import Features

LAYER = 12  # of SqueezeNet, the last before its classes
NEIGHBOURS = 5
BATCH = 32
COMPONENTS = 256  # of the naive generator
NEAREST = 0.05  # part of held-out pictures: a made one that is nearer than those is suspicious


class Kernel(NamedTuple):
    """A kernel distance with its standard error."""

    distance: float
    error: float

    def __str__(self) -> str:
        return f"{self.distance:.4f} ± {self.error:.4f}"


class Overlap(NamedTuple):
    """How much two sets overlap, each 0 to about 1.

    `precision`: the share of made pictures near a real one; `recall`: of real ones near a made one
    (Kynkäänniemi et al., "Improved Precision and Recall Metric", 2019). `density`: how many real
    pictures' neighbourhoods a made one lies in, in parts of what is usual, can be more than 1;
    `coverage`: the share of real pictures with a made one in their neighbourhood (Naeem et al.,
    "Reliable Fidelity and Diversity Metrics for Generative Models", 2020).
    """

    precision: float
    recall: float
    density: float
    coverage: float


class Nearness(NamedTuple):
    """How near made pictures are to those that were learnt, beside pictures that were not.

    `ratio`: median distance of made ones from their nearest learnt one, in parts of that of
    held-out ones; 0 for copies. `suspicious`: the share of made ones nearer than the part NEAREST
    of held-out ones; about NEAREST where a generator makes new pictures of the same kind.
    """

    ratio: float
    suspicious: float


class Border(NamedTuple):
    """What is seen where a surface meets itself: across the border, in parts of a cut inside.

    `ratio`: mean absolute difference of the two rows (or columns) of pixels, in parts of the mean
    of all neighbouring rows. `rank`: the share of cuts inside at which the difference is smaller.
    """

    ratio: float
    rank: float


@torch.no_grad()
def features(pictures: np.ndarray, network: Features) -> np.ndarray:
    """Means over the places of SqueezeNet's last answers to uint8 (n, h, w, 3): (n, 512)."""
    found = []
    for start in range(0, len(pictures), BATCH):
        part = torch.from_numpy(pictures[start : start + BATCH]).permute(0, 3, 1, 2).float() / 255
        found.append(network(part)[-1].mean((2, 3)))
    return torch.cat(found).double().numpy()


def kernel_distance(made: np.ndarray, real: np.ndarray) -> Kernel:
    """KID: the squared maximum mean discrepancy with the kernel (x·y / c + 1)³, unbiased.

    Bińkowski et al., "Demystifying MMD GANs", 2018. It can be a little below 0. The standard error
    is the jackknife's, over both sets; where they are of one kind it is up to half too large.
    Raises ValueError for sets of less than three.
    """
    if min(len(made), len(real)) < 3:
        raise ValueError("three pictures of each kind are needed at least")
    width = made.shape[1]
    ours, its, both = (
        (a @ b.T / width + 1) ** 3 for a, b in ((made, made), (real, real), (made, real))
    )
    found, variance = 0.0, 0.0
    for own in (ours, its):
        np.fill_diagonal(own, 0)
        count = len(own)
        found += own.sum() / (count * (count - 1))
    cross = both.mean()
    found -= 2 * cross
    # What each picture left out makes of the estimate.
    for own, sums in ((ours, both.sum(1)), (its, both.sum(0))):
        count, total = len(own), own.sum()
        left = (total - 2 * own.sum(1)) / ((count - 1) * (count - 2))
        other = both.size // count
        left = left - 2 * (both.sum() - sums) / ((count - 1) * other)
        variance += (count - 1) / count * np.square(left - left.mean()).sum()
    return Kernel(float(found), float(np.sqrt(variance)))


def overlap(made: np.ndarray, real: np.ndarray, neighbours: int = NEIGHBOURS) -> Overlap:
    """How much two sets of features overlap, by the distances to their nearest neighbours."""
    across = distances(made, real)
    reach_real, reach_made = (radii(part, neighbours) for part in (real, made))
    inside = across < reach_real
    return Overlap(
        precision=float(inside.any(1).mean()),
        recall=float((across < reach_made[:, None]).any(0).mean()),
        density=float(inside.sum() / (neighbours * len(made))),
        coverage=float((across.min(0) < reach_real).mean()),
    )


def distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Euclidean ones of all rows, (len(a), len(b))."""
    return torch.cdist(torch.from_numpy(a), torch.from_numpy(b)).numpy()


def radii(features: np.ndarray, neighbours: int) -> np.ndarray:
    """How far the neighbour of that number is from each row; a row is not its own neighbour."""
    return np.sort(distances(features, features), axis=1)[:, neighbours]


def variety(made: np.ndarray, real: np.ndarray) -> float:
    """Mean distance of two made pictures, in parts of that of two real ones."""
    found, usual = (spread(torch.from_numpy(part)) for part in (made, real))
    return found / usual


def nearest(made: np.ndarray, real: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each made picture the row of the real one that is nearest, and how far it is."""
    across = distances(made, real)
    return across.argmin(1), across.min(1)


def nearness(made: np.ndarray, learnt: np.ndarray, held_out: np.ndarray) -> Nearness:
    """Whether features of made pictures are nearer to learnt ones than other pictures are."""
    ours, usual = (nearest(part, learnt)[1] for part in (made, held_out))
    return Nearness(
        ratio=float(np.median(ours) / np.median(usual)),
        suspicious=float((ours < np.quantile(usual, NEAREST)).mean()),
    )


def borders(surface: np.ndarray) -> tuple[Border, Border]:
    """Of a surface (h, w, 3) laid beside itself: where rows meet, and where columns do."""
    found = []
    for axis in (0, 1):
        across = np.abs(surface - np.roll(surface.astype(np.float32), 1, axis))
        cuts = across.mean((1 - axis, 2))  # the first is the border
        inside = cuts[1:]
        ratio = cuts[0] / max(inside.mean(), 1e-6)
        found.append(Border(float(ratio), float((inside < cuts[0]).mean())))
    return found[0], found[1]


def naive(pictures: np.ndarray, count: int, seed: int = 0) -> np.ndarray:
    """What a generator without a network makes: uint8 (count, h, w, 3).

    A normal distribution of all pixels along the pictures' COMPONENTS principal directions.
    """
    rng = np.random.default_rng(seed)
    flat = pictures.reshape(len(pictures), -1).astype(np.float32)
    mean = flat.mean(0)
    centred = torch.from_numpy(flat - mean)
    rank = min(COMPONENTS, len(flat) - 1, flat.shape[1])
    torch.manual_seed(seed)
    _, sizes, directions = torch.svd_lowrank(centred, q=rank)
    spread = (sizes / np.sqrt(len(flat) - 1)).numpy()
    drawn = rng.standard_normal((count, rank)).astype(np.float32) * spread
    made = mean + drawn @ directions.numpy().T
    return np.clip(made + 0.5, 0, 255).astype(np.uint8).reshape(count, *pictures.shape[1:])
