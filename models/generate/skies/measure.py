"""Measure skies: how far they are from real ones that nothing of them is made of.

    python -m models.generate.skies.measure SKIES --features squeezenet1_0_features.npz \
        [--count 100] [--seed 1] [--pairs FOLDER]

Real ones are the pictures of SKIES that `bank.is_withheld` names: kept, and of sittings of which no
picture ships. What is made is the plugin's, of settings that chance chooses, by day as all real
ones are; nobody picks. KID is the kernel distance of SqueezeNet's features of
pictures of 128 x 96, in parts of their root mean square over the real ones, with its standard
error; a negative one is none. `--pairs` writes as many pairs as there are large real ones, 28 at
most, one made and one real on a random side, 1024 x 768 each, and apart from them `key.json`,
which says which: for a forced choice by someone who did not make them. Real ones have been JPEG
files, so that made ones become some of the same quality: what is told is the sky, not the file.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image

from models.generate import distances
from models.generate.skies.bank import Row, is_withheld
from models.perceptual import Features
from models.plugincode import editor, plugin_package

SIDES = (1024, 768)  # of skies
SMALL = (128, 96)  # at which they are compared
TIME = "day"
PAIRS = 28
GAP = 16  # pixels between the two of a pair
LARGE = 1000  # columns: what is smaller is seen to be enlarged
FILED = {"quality": 90, "subsampling": 0}  # the JPEG files of large real ones


class Made(NamedTuple):
    """A sky: what was asked for and its pixels."""

    asked: dict[str, float | int | str]
    picture: Image.Image


def made(count: int, random: np.random.RandomState) -> list[Made]:
    """Skies of settings that chance chooses."""
    sky = plugin_package("generate", "sky")
    canvas = editor("api").Region(0, 0, *SIDES)
    found = []
    for _ in range(count):
        asked = sky.Asked(int(random.randint(1 << 31)), random.rand(), random.rand(), TIME)
        pixels = sky.made(asked, 0.0, (0.5, 0.5), 0.0, canvas, canvas, lambda part: None)
        told = {name: getattr(asked, name) for name in ("seed", "cloudiness", "fineness", "time")}
        found.append(Made(told, Image.fromarray(np.uint8(pixels * 255 + 0.5))))
    return found


def real(folder: Path) -> list[Row]:
    """The skies of a folder that nothing is made of."""
    with (folder / "skies.csv").open(newline="") as file:
        rows = [
            Row(row["file"], row["licence"], row["source"], bool(row["kept"]))
            for row in csv.DictReader(file)
        ]
    return [row for row in rows if is_withheld(row)]


def small(picture: Image.Image) -> np.ndarray:
    """A picture as it is compared, (96, 128, 3) uint8."""
    return np.asarray(picture.convert("RGB").resize(SMALL, Image.Resampling.LANCZOS))


def filed(picture: Image.Image) -> Image.Image:
    """A picture as it comes out of a JPEG file of FILED."""
    file = io.BytesIO()
    picture.save(file, "JPEG", **FILED)
    return Image.open(file).convert("RGB")


def write_pairs(
    skies: list[Made], folder: Path, out: Path, random: np.random.RandomState
) -> list[dict]:
    """Write pairs of one sky and a real one; returns which is which."""
    out.mkdir(parents=True, exist_ok=True)
    large = [row.file for row in real(folder) if (folder / "large" / row.file).exists()]
    large = [name for name in large if Image.open(folder / "large" / name).width >= LARGE]
    random.shuffle(large)
    key = []
    for n, (sky, name) in enumerate(zip(skies[:PAIRS], large, strict=False)):
        other = Image.open(folder / "large" / name).convert("RGB")
        other = other.resize(SIDES, Image.Resampling.LANCZOS)
        right = bool(random.randint(2))
        sheet = Image.new("RGB", (2 * SIDES[0] + GAP, SIDES[1]), (40, 40, 40))
        own = filed(sky.picture)
        for place, picture in enumerate((other, own) if right else (own, other)):
            sheet.paste(picture, (place * (SIDES[0] + GAP), 0))
        sheet.save(out / f"pairs-{n + 1:02d}.png")
        side = "right" if right else "left"
        key.append({"pair": n + 1, "made": side, "real": name, "asked": sky.asked})
    return key


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="of skies")
    parser.add_argument("--features", type=Path, required=True, help="SqueezeNet's weights")
    parser.add_argument("--count", type=int, default=100, help="skies that are made")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pairs", type=Path, help="folder for a forced choice")
    given = parser.parse_args()
    torch.set_num_threads(1)
    random = np.random.RandomState(given.seed)
    skies = made(given.count, random)
    if given.pairs:
        key = write_pairs(skies, given.folder, given.pairs, random)
        (given.pairs / "key").mkdir(exist_ok=True)
        (given.pairs / "key" / "key.json").write_text(json.dumps(key, indent=1))
    rows = real(given.folder)
    network = Features(given.features, [distances.LAYER])
    ours = distances.features(np.stack([small(one.picture) for one in skies]), network)
    theirs = np.stack([small(Image.open(given.folder / row.file)) for row in rows])
    seen = distances.features(theirs, network)
    size = np.sqrt(np.square(seen).mean())
    kid = distances.kernel_distance(ours / size, seen / size)
    halves = random.permutation(len(seen))
    one, other = seen[halves[::2]] / size, seen[halves[1::2]] / size
    print(f"{len(ours)} skies beside {len(seen)} real ones: KID {kid}")
    print(f"{len(one)} real ones beside {len(other)}: KID {distances.kernel_distance(one, other)}")
    spread = distances.variety(ours, seen)
    print(f"Mean distance of two skies, in parts of that of two real ones: {spread:.2f}")


if __name__ == "__main__":
    main()
