"""Train Auto light: good photographs, their light set wrong, are to be set right again.

    python -m models.auto.train --photos FOLDER [FOLDER ...] --out OUT/auto

Thumbnails are spoilt by the inverse of the plugin's own adjustments, and a step asks the network
for the settings; what is compared is the picture that these make, in Oklab. A few minutes of one
core. Photographs that a list beside them (`NAME.csv`) marks as `kept` are left out, as is one in
seventeen by its file name.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from models.auto.network import SIDE, AutoLight
from models.auto.settings import applied, distortions, neutral, to_linear, undone
from models.pictures import SUFFIXES, is_held_out, read

STORED = 72  # pixels a side that a photograph is kept with; a part of it is seen at a time
EXAMPLES = 5_120
PIXELS = 48  # of each that the loss is taken over
BATCH = 128
STEPS = 1200
RATE, DECAY = 2e-3, 0.02
HARM = 2.0  # times that an error counts in a picture that was fine
PULL = 0.002  # how much settings are drawn to where they change nothing
CHROMA = 2.0  # times that an error of colour counts beside one of lightness


def kept(folder: Path) -> set[str]:
    """The files of a folder that its list marks as nobody's to train with."""
    listed = folder / f"{folder.name}.csv"
    if not listed.exists():
        return set()
    with listed.open(newline="", encoding="utf-8") as file:
        return {row["file"] for row in csv.DictReader(file) if row.get("kept")}


def split(folders: list[Path]) -> tuple[list[Path], list[Path]]:
    """The files to train with, and those that are not."""
    train, held = [], []
    for folder in folders:
        left = kept(folder)
        for path in sorted(folder.iterdir()):
            if path.suffix.lower() in SUFFIXES:
                apart = path.name in left or is_held_out(path.name)
                (held if apart else train).append(path)
    return train, held


def stored(path: Path) -> np.ndarray:
    """A photograph as (STORED, STORED, 3) uint8, its proportions aside."""
    image = Image.fromarray(read(path))
    return np.asarray(image.resize((STORED, STORED), Image.Resampling.BOX))


def sample(pictures: np.ndarray, rng: np.random.Generator) -> Tensor:
    """A batch (BATCH, 3, SIDE, SIDE), 0 to 1: parts of photographs, mirrored or not."""
    rows = np.empty((BATCH, SIDE, SIDE, 3), np.uint8)
    for row, which in zip(rows, rng.integers(len(pictures), size=BATCH), strict=True):
        high, wide = rng.integers(SIDE - 8, STORED + 1, 2)
        y, x = rng.integers(STORED - high + 1), rng.integers(STORED - wide + 1)
        part = pictures[which][y : y + high, x : x + wide]
        # The nearest pixel is enough for what is averaged over all of it.
        across = (np.arange(SIDE) * wide // SIDE)[None]
        part = part[(np.arange(SIDE) * high // SIDE)[:, None], across]
        row[...] = part[:, ::-1] if rng.random() < 0.5 else part
    return torch.from_numpy(rows).permute(0, 3, 1, 2).float() / 255


def oklab(image: Tensor) -> Tensor:
    """Pictures (n, 3, h, w) in Oklab (B. Ottosson, 2020)."""
    light = to_linear(image)
    first = torch.tensor(
        [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566],
         [0.0883024619, 0.2817188376, 0.6299787005]]
    )  # fmt: skip
    second = torch.tensor(
        [[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099],
         [0.0259040371, 0.7827717662, -0.8086757660]]
    )  # fmt: skip
    cones = torch.einsum("ij,njhw->nihw", first, light).clamp(min=1e-4) ** (1 / 3)
    return torch.einsum("ij,njhw->nihw", second, cones)


def error(result: Tensor, wanted: Tensor) -> Tensor:
    """(n,) mean distance in Oklab, that of colour counted CHROMA times."""
    apart = (oklab(result) - oklab(wanted)).abs().mean((2, 3))
    return apart[:, 0] + CHROMA * apart[:, 1:].sum(1)


def examples(pictures: np.ndarray, network: AutoLight, rng: np.random.Generator) -> list[Tensor]:
    """EXAMPLES spoilt pictures: features, pixels as given and as they were (n, 3, PIXELS, 1), and
    what an error counts, (n,).
    """
    rows: list[list[Tensor]] = []
    for _ in range(EXAMPLES // BATCH):
        good = sample(pictures, rng)
        wrong = distortions(len(good), rng)
        given = undone(good, wrong)
        which = torch.from_numpy(rng.integers(SIDE * SIDE, size=PIXELS))
        weight = torch.where((wrong == neutral()).all(1), HARM, 1.0)
        with torch.no_grad():
            told = network.features(given)
        rows.append([told, *(x.flatten(2)[..., which, None] for x in (given, good)), weight])
    return [torch.cat(parts) for parts in zip(*rows, strict=True)]


def train(pictures: np.ndarray, out: Path, seed: int = 1) -> AutoLight:
    """The network after STEPS steps."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    start = time.process_time()
    network = AutoLight()
    told, given, wanted, weight = examples(pictures, network, np.random.default_rng(seed))
    network.mean.copy_(told.mean(0))
    network.deviation.copy_(told.std(0) + 0.02)
    optimizer = torch.optim.AdamW(network.parameters(), RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    losses: list[float] = []
    with (out / "log.jsonl").open("w", encoding="utf-8") as log:
        for step in range(1, STEPS + 1):
            which = torch.randint(len(told), (BATCH,))
            values = network.told(told[which])
            result = applied(given[which], values)
            far = ((values - network.rest) / network.most).abs().mean()
            loss = (weight[which] * error(result, wanted[which])).mean() + PULL * far
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
            if step % 200 == 0:
                seconds = time.process_time() - start
                row = {"step": step, "seconds": seconds, "loss": float(np.mean(losses[-200:]))}
                log.write(json.dumps(row) + "\n")
                log.flush()
    return network.eval()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=Path, nargs="+", required=True, help="folders")
    parser.add_argument("--out", type=Path, required=True, help="folder for weights and log")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    files, _ = split(given.photos)
    pictures = np.stack([stored(path) for path in files])
    print(f"{len(pictures)} photographs", flush=True)
    network = train(pictures, given.out, given.seed)
    weights = {name: value.numpy() for name, value in network.state_dict().items()}
    np.savez_compressed(given.out / "weights.npz", **weights)


if __name__ == "__main__":
    main()
