"""Measure the generators: how far what they make is from pictures they never saw.

    python -m models.generate.measure --pictures FOLDER [FOLDER ...] \
        --features squeezenet1_0_features.npz [--json metrics.json] [--sheets FOLDER] \
        [--beside FOLDER]
    python -m models.generate.measure --models OUT/flowers --flowers FOLDER \
        --features squeezenet1_0_features.npz [--json metrics.json] [--sheets FOLDER]

What is measured is the ONNX files of a folder, in ONNX Runtime on the CPU, results rounded to 8
bits; of either that is not there, nothing. Samples are those of the seeds from 0 on: nobody picks.
Flowers are compared with pictures kept from training, beside two anchors in the same units: the
pictures that were learnt (as good as it gets) and a generator without a network. Surfaces are
compared with the squares they were learnt from, beside what two parts of one square differ by.

`--sheets` writes `flowers.jpg` and `surfaces.jpg`, samples alone, for the card. `--beside` writes
samples beside what was learnt: `flowers_nearest.jpg`, `surfaces_learnt.jpg`, for the eye and not to
be passed on without the credits of the pictures.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations, product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnxruntime
import torch
from torch import nn

from models import cards
from models.degradation import levels as eight_bit
from models.generate import contest, distances
from models.generate.export import FLOWERS, PLUGIN, SURFACES, Given, made
from models.generate.folder import Folder, sheet, signed
from models.generate.networks import CODE
from models.generate.surface_network import CELL, FIELD
from models.generate.textures import SIDE, between, listed, quarters, row, statistics
from models.generate.train import TEXTURES
from models.perceptual import Features
from models.style import independent, objective
from models.tiles import Network, sha256, state, write_sums
from models.training import planes

COUNT = 1000  # flowers
LEARNT, NAIVE = "pictures that were learnt", "without a network"  # the anchors
SEEDS = 2  # of every texture
SHOWN, COLUMNS = 64, 8  # of the sheets
MIXED = 8  # of those of surfaces, at least, are of codes between two textures'
JPEG = 88  # quality of the sheets
ROUNDS = 15  # of timing
THUMBNAIL = 6  # cells a side of a surface that the window shows nine of
TIMED = 32  # cells a side of a surface by which the cost of a megapixel is told
GOAL = 1.5  # most distance from the source, in parts of that of two crops of it
INSIDE = 0.95  # of cuts inside: a border that differs by less is no seam


def flower(code: np.ndarray, side: int) -> Given:
    """What makes a flower of a code (CODE,), with nothing locked."""
    lock = np.zeros((1, 1, side, side), np.float32)
    return {"codes": code[None], "lock": lock, "variety": np.ones(1, np.float32)}


def endless(code: np.ndarray, cells: int, seed: int) -> Given:
    """What makes a surface of a code (KIND,) that repeats after so many cells."""
    rng = np.random.default_rng(seed)
    return {
        "field": rng.standard_normal((1, FIELD, cells, cells), np.float32),
        "kinds": np.tile(code[None, :, None, None], (1, 1, cells, cells)),
        "places": np.indices((cells, cells), np.float32)[None],
        "period": np.full((1, 2), cells, np.float32),
    }


def picture(network: Network, given: Given) -> np.ndarray:
    """What a file makes, (h, w, 3) uint8."""
    return eight_bit(made(network, given).transpose(1, 2, 0))


def flowers(network: Network, count: int) -> np.ndarray:
    """Those of the seeds from 0 on, uint8 (count, side, side, 3)."""
    codes = [np.random.default_rng(n).standard_normal(CODE, np.float32) for n in range(count)]
    return np.stack([picture(network, flower(code, network.tile)) for code in codes])


@dataclass(frozen=True)
class Likeness:
    """Of one set of flowers, by two networks' features: SqueezeNet's and a random one's."""

    kernel: distances.Kernel
    seen: distances.Overlap
    random: distances.Overlap
    variety: float


Views = Sequence[np.ndarray]
"""Features (n, c) of the same pictures: SqueezeNet's, and a random network's."""


def views(pictures: np.ndarray, network: Features) -> Views:
    """What two networks say of uint8 (n, h, w, 3)."""
    with torch.no_grad():
        random = contest.features(signed(planes(pictures))).double().numpy()
    return distances.features(pictures, network), random


def overlaps(found: np.ndarray, real: np.ndarray) -> distances.Overlap:
    """Means over as many groups of the rows of `found` as there are, each as many as `real`.

    Only sets of one size overlap by all when they are of one kind.
    """
    size = min(len(real), len(found))
    groups = [
        distances.overlap(found[n : n + size], real) for n in range(0, len(found) - size + 1, size)
    ]
    return distances.Overlap(*np.mean(groups, 0).tolist())


def likeness(found: Views, real: Views) -> Likeness:
    """How far a set is from pictures that nothing was learnt from.

    The kernel takes numbers of about 1: features are in parts of their root mean square over those
    pictures, else its cube alone would count.
    """
    size = np.sqrt(np.square(real[0]).mean())
    seen, random = (overlaps(a, b) for a, b in zip(found, real, strict=True))
    return Likeness(
        distances.kernel_distance(found[0] / size, real[0] / size),
        seen,
        random,
        distances.variety(found[0], real[0]),
    )


class Flowers(NamedTuple):
    """What was found of flowers: three sets beside held-out pictures, and how near to learnt ones.

    `share`: the kernel distance in parts of the naive generator's. `pairs`: made pictures of the
    sheet, and the learnt ones that are nearest.
    """

    by_set: dict[str, Likeness]
    share: float
    near: distances.Nearness
    pairs: tuple[np.ndarray, np.ndarray]


def measure_flowers(network: Network, pictures: Folder, features: Features, count: int) -> Flowers:
    """All figures of the file of flowers, on `count` samples.

    Raises SystemExit for so few pictures that none has enough neighbours.
    """
    if (few := min(count, len(pictures.held_out))) <= distances.NEIGHBOURS:
        raise SystemExit(f"{few} pictures are too few to measure by: give a larger folder.")
    samples = flowers(network, count)
    # As many as samples: of more, the naive generator would want much memory and be no better.
    learnt = pictures.train[np.random.default_rng(0).permutation(len(pictures.train))[:count]]
    seen = {
        LEARNT: views(learnt, features),
        FLOWERS: views(samples, features),
        NAIVE: views(distances.naive(learnt, count), features),
    }
    real, known = views(pictures.held_out, features), distances.features(pictures.train, features)
    by_set = {name: likeness(found, real) for name, found in seen.items()}
    which, _ = distances.nearest(seen[FLOWERS][0][:SHOWN], known)
    return Flowers(
        by_set,
        by_set[FLOWERS].kernel.distance / by_set[NAIVE].kernel.distance,
        distances.nearness(seen[FLOWERS][0], known, real[0]),
        (samples[:SHOWN], pictures.train[which]),
    )


Telling = Callable[[np.ndarray], list[objective.Moments]]
"""From uint8 (n, h, w, 3) to the statistics by which textures are compared."""


def random_statistics(pictures: np.ndarray) -> list[objective.Moments]:
    """The same statistics as SqueezeNet's, of a random network's answers: nobody's aim."""
    with torch.no_grad():
        answers = [independent.answers(planes(one[None]).float() / 255) for one in pictures]
        by_layer = [torch.stack(layer).mT[..., None] for layer in zip(*answers, strict=True)]
        return [objective.moments(layer) for layer in by_layer]


def beside_itself(surfaces: np.ndarray, source: np.ndarray, told: Telling) -> float:
    """How far parts of surfaces are from parts of a texture, in parts of how far those are apart.

    Parts are the quarters of squares of SIDE pixels, uint8, of (n, SIDE, SIDE, 3) and of one.
    """
    ours = told(np.concatenate([quarters(one) for one in surfaces]))
    wanted = told(quarters(source))
    pairs = product(range(len(ours[0].mean)), range(4))
    away = [float(between(row(ours, a), row(wanted, b))) for a, b in pairs]
    usual = [float(between(row(wanted, a), row(wanted, b))) for a, b in combinations(range(4), 2)]
    return float(np.mean(away) / np.mean(usual))


class Surfaces(NamedTuple):
    """What was found of surfaces: distances from the source by SqueezeNet's and by random features.

    Both are for every texture, in parts of what two crops of the source differ by. `borders`: where
    surfaces meet themselves, two of each. `samples`: one of every texture, then mixed ones.
    """

    seen: np.ndarray
    random: np.ndarray
    borders: list[distances.Border]
    samples: np.ndarray


def measure_surfaces(
    network: Network, codes: np.ndarray, textures: np.ndarray, features: nn.Module
) -> Surfaces:
    """All figures of the file of surfaces, for every texture (n, SIDE, SIDE, 3) with its code."""
    if len(codes) != len(textures):
        raise SystemExit(f"{len(codes)} textures have codes, {len(textures)} are listed.")
    cells = SIDE // CELL
    seeds = iter(range(sys.maxsize))
    found = [
        np.stack([picture(network, endless(code, cells, next(seeds))) for _ in range(SEEDS)])
        for code in codes
    ]
    seen, random = (
        np.array([beside_itself(*pair, told) for pair in zip(found, textures, strict=True)])
        for told in (lambda pictures: statistics(features, pictures), random_statistics)
    )
    mixtures = mixed(codes, MIXED + -(len(codes) + MIXED) % COLUMNS)
    more = [picture(network, endless(code, cells, next(seeds))) for code in mixtures]
    borders = [border for one in np.concatenate(found) for border in distances.borders(one)]
    return Surfaces(seen, random, borders, np.stack([*(one[0] for one in found), *more]))


def mixed(codes: np.ndarray, count: int) -> np.ndarray:
    """Codes (count, KIND) that lie anywhere between those of two textures."""
    rng = np.random.default_rng(0)
    pairs = np.array([codes[rng.permutation(len(codes))[:2]] for _ in range(count)])
    shares = rng.random((count, 1), np.float32)
    return pairs[:, 0] + shares * (pairs[:, -1] - pairs[:, 0])


class Cost(NamedTuple):
    """Medians: `thumbnail` seconds of the cores for what the window shows nine of, `megapixel`."""

    thumbnail: float
    megapixel: float


def cost(network: Network, trials: tuple[Given, Given]) -> Cost:
    """What a thumbnail and something larger take, in turns; `trials` are of both."""
    took = np.empty((ROUNDS + 1, 2))
    for times in took:
        for n, given in enumerate(trials):
            start = time.process_time()
            pixels = made(network, given)[0].size
            times[n] = time.process_time() - start
    small, large = np.median(took[1:], axis=0)  # the first round warms up
    return Cost(float(small), float(large / (pixels / 1e6)))


def flower_lines(found: Flowers, held_out: int, count: int) -> list[str]:
    """What the card says of flowers."""
    lines = [
        f"Flowers: {count:,} samples and as many pictures of each anchor, beside {held_out} "
        "photographs kept from training. KID: kernel distance of SqueezeNet's features, in parts "
        "of their root mean square over those photographs, unbiased, with its standard error, 0 "
        "where two sets are of one kind. Precision, recall, density and "
        "coverage: of groups as large as the set they are compared with, by SqueezeNet's features "
        "and by those of a random network. Variety: mean distance of two, in parts of that of two "
        "photographs. *Without a network*: a normal distribution along the principal directions of "
        "the pixels.",
        "",
        "| | KID | precision | recall | density | coverage | by random features | variety |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, one in found.by_set.items():
        seen = " | ".join(f"{value:.2f}" for value in one.seen)
        random = ", ".join(f"{value:.2f}" for value in one.random)
        lines.append(f"| {name} | {one.kernel} | {seen} | {random} | {one.variety:.2f} |")
    return [
        *lines,
        "",
        f"The kernel distance of flowers is {found.share:.2f} of that without a network.",
        "",
        f"To the nearest of all pictures that were learnt, a flower is {found.near.ratio:.2f} "
        "times as far as a photograph that was not (medians; 0 for copies); "
        f"{found.near.suspicious:.1%} of the flowers are nearer than the nearest "
        f"{distances.NEAREST:.0%} of those photographs.",
        "",
    ]


def ratios(name: str, found: np.ndarray) -> str:
    """The spread of the textures' distances in words."""
    share = (found <= GOAL).mean()
    return (
        f"by {name} features {np.median(found):.2f} in the median, {found.max():.2f} at worst, at "
        f"most {GOAL} for {share:.0%} of the textures"
    )


def seam_figures(borders: Sequence[distances.Border]) -> tuple[float, float]:
    """The median difference across a border, and the share that is within INSIDE of all cuts."""
    ratio = np.median([border.ratio for border in borders])
    return float(ratio), float(np.mean([border.rank <= INSIDE for border in borders]))


def surface_lines(found: Surfaces) -> list[str]:
    """What the card says of surfaces."""
    ratio, inside = seam_figures(found.borders)
    return [
        f"Surfaces: {SEEDS} of each of {len(found.seen)} textures, {SIDE} pixels a side, without a "
        "border. Distance of the statistics of a quarter (means, deviations and covariances of "
        "features) from those of a quarter of the square it was learnt from, in parts of the "
        f"distance of two quarters of that square: {ratios('SqueezeNet', found.seen)}; "
        f"{ratios('random', found.random)}. Training was guided by the first, nothing was by the "
        "second.",
        "",
        f"Where a surface meets itself, neighbouring pixels differ by {ratio:.2f} times what they "
        f"differ by inside (median of {len(found.borders)} borders); {inside:.0%} of the borders "
        f"are within {INSIDE:.0%} of the cuts inside, as {INSIDE:.0%} would be by chance.",
        "",
    ]


def cost_line(network: Network, found: Cost, hardware: str) -> str:
    """What a file takes, as a sentence."""
    kind = network.path.stem
    small = "flower" if kind == FLOWERS else f"surface of {THUMBNAIL * CELL} pixels a side"
    return (
        f"`{kind}`: {1e3 * found.thumbnail:.0f} core-ms for a {small}, {found.megapixel:.2f} "
        f"core-s per megapixel, ONNX Runtime {onnxruntime.__version__} on {hardware}"
    )


def show(pictures: np.ndarray, path: Path, side: int) -> None:
    """Write a sheet of pictures (n, h, w, 3), reduced to `side`; what lacks in a row is grey."""
    grey = np.full((-len(pictures) % COLUMNS, *pictures.shape[1:]), 128, np.uint8)
    every = signed(planes(np.concatenate([pictures, grey])))
    small = nn.functional.interpolate(every, (side, side), mode="area")
    sheet(small, COLUMNS).save(path, quality=JPEG)


def alternating(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Each picture of one set, then its counterpart."""
    return np.stack([first, second], 1).reshape(-1, *first.shape[1:])


Said = tuple[list[str], dict[str, Any], str]
"""Of one file: lines of the card, its numbers, and the figure that it states of itself."""


def on_flowers(network: Network, given: argparse.Namespace) -> Said:
    """All that is said of the file of flowers; its sheets are written."""
    pictures = Folder(given.flowers, network.tile)
    found = measure_flowers(
        network, pictures, Features(given.features, [distances.LAYER]), given.count
    )
    code = np.random.default_rng(0).standard_normal(CODE, np.float32)
    took = cost(network, (flower(code, network.tile),) * 2)
    if given.sheets:
        show(found.pairs[0], given.sheets / "flowers.jpg", network.tile)
    if given.beside:
        show(alternating(*found.pairs), given.beside / "flowers_nearest.jpg", network.tile)
    numbers = {
        "sets": {name: asdict(one) for name, one in found.by_set.items()},
        "share_of_naive": found.share,
        "nearness": found.near._asdict(),
    }
    lines = flower_lines(found, len(pictures.held_out), given.count)
    lines += [cost_line(network, took, given.hardware), "", "![Flowers](flowers.jpg)", ""]
    lines += [f"The flowers of the seeds 0 to {SHOWN - 1}.", ""]
    kernel = found.by_set[FLOWERS].kernel
    stated = f"KID {kernel}, {found.share:.2f} of that without a network"
    return lines, numbers | {"cost": took._asdict()}, stated


def on_surfaces(network: Network, given: argparse.Namespace) -> Said:
    """All that is said of the file of surfaces; its sheets are written."""
    with np.load(given.models / f"{SURFACES}.npz", allow_pickle=False) as stored:
        codes = stored["codes"]
    textures = listed(given.textures, given.pictures)
    found = measure_surfaces(network, codes, textures, objective.features(given.features))
    took = cost(network, (endless(codes[0], THUMBNAIL, 0), endless(codes[0], TIMED, 0)))
    if given.sheets:
        show(found.samples, given.sheets / "surfaces.jpg", SIDE // 2)
    if given.beside:
        pairs = alternating(found.samples[: len(textures)], textures)
        show(pairs, given.beside / "surfaces_learnt.jpg", SIDE // 2)
    ratio, inside = seam_figures(found.borders)
    numbers = {
        "seen": found.seen.tolist(),
        "random": found.random.tolist(),
        "border": {"median": ratio, "inside": inside},
        "cost": took._asdict(),
    }
    lines = [*surface_lines(found), cost_line(network, took, given.hardware), ""]
    lines += ["![Surfaces](surfaces.jpg)", ""]
    lines += [f"One of each of the {len(codes)} textures, then codes drawn between two.", ""]
    stated = f"{np.median(found.seen):.2f} times as far from its texture as a part of that"
    return lines, numbers, stated


def options() -> argparse.ArgumentParser:
    parser = cards.options(__doc__.splitlines()[0])
    parser.add_argument("--flowers", type=Path, help="folder that flowers were trained on")
    parser.add_argument("--pictures", type=Path, nargs="+", help="folders of the textures")
    parser.add_argument("--textures", type=Path, default=TEXTURES, help="the list that was learnt")
    parser.add_argument("--features", type=Path, required=True, help="SqueezeNet's weights")
    parser.add_argument("--models", type=Path, default=PLUGIN, help="folder of the ONNX files")
    parser.add_argument("--count", type=int, default=COUNT, help="flowers that are sampled")
    parser.add_argument("--sheets", type=Path, help="folder for sheets of samples")
    parser.add_argument("--beside", type=Path, help="folder for sheets beside what was learnt")
    return parser


def main() -> None:
    given = options().parse_args()
    for folder in filter(None, (given.sheets, given.beside)):
        folder.mkdir(parents=True, exist_ok=True)
    lines: list[str] = []
    files: dict[str, Any] = {}
    for name, measured, learnt in (
        (FLOWERS, on_flowers, "flowers"),
        (SURFACES, on_surfaces, "pictures"),
    ):
        path = given.models / f"{name}.onnx"
        if not path.exists():
            continue
        if getattr(given, learnt) is None:
            raise SystemExit(f"--{learnt} has to say where what {path.name} learnt lies.")
        said, numbers, stated = measured(Network(path), given)
        lines += said
        if given.state:
            state(path, {"metrics": stated})
            write_sums(given.models)
        files[name] = numbers | {"sha256": sha256(path)}
    if not files:
        raise SystemExit(f"{given.models} holds no network, so there is nothing to measure.")
    cards.publish(lines, files, given.json)


if __name__ == "__main__":
    main()
