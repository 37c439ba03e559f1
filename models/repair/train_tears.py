"""Train what tells a large tear from other even parts of a picture.

    python -m models.repair.train_tears --photos FOLDER [FOLDER ...] [--out FILE]

Photographs, some of them aged, are torn or left as they are; their even parts are cut out as the
plugin does it, and a network of a few kilobytes learns which of them are the tears, from what
the plugin sees of each, the shipped detector's word among it. Five minutes of one core. Before it
writes the file it prints, by picture kept out in turn, how many tears are found and how many other
parts are taken for one.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import nn

from models.damage import DAMAGED, Canvas, age, mix, near_grey, turned, walk
from models.degradation import fraction, levels
from models.pictures import is_held_out, read
from models.plugincode import ROOT, plugin_module
from models.tiles import Network

PLUGIN = ROOT / "plugins" / "repair" / "safelight_repair"
PICTURES = 260
SIDES = (300, 460)  # pixels of the longer side, of pictures and thumbnails that tears are seen in
TORN = 0.62  # share of the pictures
WIDTHS = (0.016, 0.32)  # of the longer side
TAKEN, LEFT = 0.55, 0.25  # overlap with the tear from which on a part is one, and up to which not
HIDDEN = 16
STEPS = 1500
RATE = 3e-3
DECAY = 0.1
SHAKEN = 0.1  # deviations that are added to what is seen
FOLDS = 5
SURE = (0.25, 0.5, 0.625)

tears = plugin_module("repair", "tears")


def uneven(rng: np.random.Generator, count: int, every: int) -> np.ndarray:
    """Numbers of deviation 1, smooth over so many."""
    knots = np.arange(0, count + every, every)
    return np.interp(np.arange(count), knots, rng.standard_normal(len(knots)))


def wide_tear(
    rng: np.random.Generator, shape: tuple[int, int], width: float
) -> tuple[np.ndarray, np.ndarray]:
    """Alphas (h, w) of a rip, a corner or a strip that is gone: without its torn edge, and with it.

    A rip comes from a border, `width` pixels wide there, and narrows.
    """
    height, breadth = shape
    kind = rng.choice(["rip", "corner", "strip"], p=[0.6, 0.2, 0.2])
    edge = rng.uniform(1, 6)
    if kind == "rip":
        start = rng.uniform(0.1, 0.9, 2) * (breadth, height)
        side = rng.integers(2)
        start[side] = 0 if rng.random() < 0.5 else (breadth, height)[side]
        towards = np.array([breadth, height]) * rng.uniform(0.25, 0.75, 2) - start
        angle = math.atan2(towards[1], towards[0])
        line = walk(rng, start, angle, rng.uniform(0.4, 1.3) * max(shape), 6.0)
        along = np.linspace(0, 1, len(line))
        half = width / 2 * (1 - along**3 * rng.uniform(0.3, 1))
        half = half * (1 + 0.15 * uneven(rng, len(line), 7)) + rng.normal(0, 1.5, len(line))
        across = np.array([-math.sin(angle), math.cos(angle)])

        def outline(more: np.ndarray) -> np.ndarray:
            away = (half + more)[:, None] * across
            return np.concatenate([line + away, (line - away)[::-1]])
    elif kind == "corner":
        ends = np.clip(width * rng.uniform(1, 2, 2), 20, [breadth * 0.6, height * 0.6])
        along = np.linspace(0, 1, max(3, int(np.hypot(*ends) / 5)))[:, None]
        line = (1 - along) * (ends[0], 0) + along * (0, ends[1])
        line += rng.normal(0, 2, line.shape)

        def outline(more: np.ndarray) -> np.ndarray:
            moved = line + more[:, None]
            return np.concatenate([[(-9, -9), (moved[0, 0], -9)], moved, [(-9, moved[-1, 1])]])
    else:
        count = max(3, breadth // 6)
        depth = width * rng.uniform(0.5, 1) * (1 + 0.2 * uneven(rng, count, 9))
        line = np.stack([np.linspace(-9, breadth + 9, count), depth + rng.normal(0, 1.5, count)], 1)

        def outline(more: np.ndarray) -> np.ndarray:
            moved = line + np.stack([np.zeros_like(more), more], 1)
            return np.concatenate([[(-9, -9)], moved, [(breadth + 9, -9)]])

    fibre = edge + np.abs(rng.normal(0, edge / 2, len(line)))
    turns = rng.bit_generator.state
    drawn = []
    for more in (np.zeros(len(line)), fibre):
        canvas = Canvas(shape)
        canvas.polygon(outline(more))
        rng.bit_generator.state = turns
        drawn.append(canvas.alpha() if kind == "rip" else turned(rng, canvas.alpha()))
    return drawn[0], drawn[1]


def torn(
    picture: np.ndarray, rng: np.random.Generator, width: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A photograph (h, w, 3) uint8 with a wide tear, uint8; where it is, and where without its
    torn edge, (h, w) bool.

    White paper or what lies behind it, dark, a little uneven; mostly with fibre along the edge.
    """
    image = fraction(picture)
    share = 0.0
    while not 0.003 < share < 0.5:
        inner, outer = wide_tear(rng, image.shape[:2], width)
        share = float((outer > DAMAGED).mean())
    paper = near_grey(rng, rng.uniform(0.82, 1) if rng.random() < 0.6 else rng.uniform(0, 0.2))
    down, right = (int(n) for n in rng.integers(1, 4, 2))
    shadow = np.pad(outer, ((down, 0), (right, 0)))[: outer.shape[0], : outer.shape[1]]
    image = image * (1 - rng.uniform(0, 0.5) * shadow[..., None])
    where = inner
    if rng.random() < 0.75:
        where = outer
        fibre = near_grey(rng, rng.uniform(0.85, 1)) + rng.normal(0, 0.04, outer.shape)[..., None]
        image = mix(image, fibre, outer[..., None])
    grain = rng.normal(0, rng.uniform(0.003, 0.02), inner.shape)
    coarse = Image.fromarray(rng.standard_normal((4, 4)).astype(np.float32))
    soft = np.asarray(coarse.resize(inner.shape[::-1], Image.Resampling.BICUBIC))
    ground = paper + (grain + rng.uniform(0, 0.02) * soft)[..., None]
    return levels(mix(image, ground, inner[..., None])), where > DAMAGED, inner > 0.5


def view(path: Path, rng: np.random.Generator) -> np.ndarray:
    """A photograph as a thumbnail, or a part of it as it is: (h, w, 3) uint8."""
    picture = read(path)
    side = rng.uniform(*SIDES)
    if rng.random() < 0.5:
        image = Image.fromarray(np.ascontiguousarray(picture))
        image.thumbnail((round(side), round(side)), Image.Resampling.LANCZOS)
        return np.asarray(image)
    y, x = (int(rng.integers(max(1, length - side + 1))) for length in picture.shape[:2])
    return np.ascontiguousarray(picture[y : y + round(side), x : x + round(side)])


def examples(
    paths: list[Path], rng: np.random.Generator, detector: Network
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of the even parts of PICTURES pictures: what is seen (n, features), whether each is a tear,
    and of which picture it is, (n,) each.
    """
    seen, tear, of = [], [], []
    for n in range(PICTURES):
        picture = age(view(paths[rng.integers(len(paths))], rng), rng)
        where = np.zeros(picture.shape[:2], bool)
        if rng.random() < TORN:
            width = math.exp(rng.uniform(*np.log(WIDTHS))) * max(picture.shape[:2])
            picture, _, where = torn(picture, rng, width)
        looked_at = tears.Seen.of(fraction(picture).astype(np.float32), detector)
        for part in tears.parts(looked_at):
            shared = (part & where).sum() / max((part | where).sum(), 1)
            if shared > TAKEN or shared < LEFT:
                seen.append(tears.features(looked_at, part))
                tear.append(shared > TAKEN)
                of.append(n)
    return np.stack(seen), np.array(tear), np.array(of)


def learnt(seen: np.ndarray, tear: np.ndarray) -> dict[str, np.ndarray]:
    """Weights as the plugin takes them."""
    mean, deviation = seen.mean(0), seen.std(0) + 1e-6
    told = torch.tensor(((seen - mean) / deviation).clip(-4, 4), dtype=torch.float32)
    wanted = torch.tensor(tear, dtype=torch.float32)[:, None]
    first, last = nn.Linear(seen.shape[1], HIDDEN), nn.Linear(HIDDEN, 1)
    every = [*first.parameters(), *last.parameters()]
    optimiser = torch.optim.AdamW(every, RATE, weight_decay=DECAY)
    for _ in range(STEPS):
        said = last(F.relu(first(told + SHAKEN * torch.randn_like(told))))
        loss = F.binary_cross_entropy_with_logits(said, wanted)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    layers = {"first": first, "last": last}
    arrays = {name: layer.weight.detach().numpy().T for name, layer in layers.items()}
    arrays |= {f"{name}_bias": layer.bias.detach().numpy() for name, layer in layers.items()}
    return arrays | {"mean": mean.astype(np.float32), "deviation": deviation.astype(np.float32)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=Path, nargs="+", required=True, help="folders")
    parser.add_argument("--out", type=Path, default=PLUGIN / "tears.npz")
    given = parser.parse_args()
    paths = [path for folder in given.photos for path in sorted(folder.glob("*.jpg"))]
    paths = [path for path in paths if not is_held_out(path.name)]
    torch.manual_seed(0)
    detector = Network(PLUGIN / "detect.onnx")
    seen, tear, of = examples(paths, np.random.default_rng(1), detector)
    likely = np.zeros(len(tear))
    for fold in range(FOLDS):
        kept = of % FOLDS == fold
        likely[kept] = tears.likelihood(seen[kept], learnt(seen[~kept], tear[~kept]))
    for least in SURE:
        found, wrong = (likely[tear] > least).mean(), (likely[~tear] > least).sum() / PICTURES
        print(f"surer than {least}: {found:.3f} of the tears, {wrong:.3f} other parts a picture")
    np.savez(given.out, **learnt(seen, tear))


if __name__ == "__main__":
    main()
