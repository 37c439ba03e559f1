"""Fields of photographed skies: the scalar field, its colours, and the numbers that tell it.

A picture is a light gradient and a palette of a scalar field: what is left of it without its mean
and gradients, along the main axis of its colours.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import IterableDataset

from models.plugincode import plugin_module

layout = plugin_module("generate", "layout")
Code = layout.Code

ROWS = layout.ROWS
COLUMNS = 64
CODE = len(Code._fields)
CROPS = 24  # parts of a picture that are learnt
LEAST = 0.72  # of a picture's sides, of a part
TOWARDS = 2  # times as often pictures of the horizon are seen: they are few
JITTER = 0.1  # of codes, in parts of their spread
LUMA = np.array([0.2126, 0.7152, 0.0722])
EVEN = 0.35  # of a field's mean deviation from its surroundings: less is clear


class Sky(NamedTuple):
    """A sky taken apart: `picture` = planes of `gradients`, and a colour along `axis`, `field`."""

    field: np.ndarray  # (h, w), mean 0, spread 1
    code: Code
    gradients: np.ndarray  # (4, 3): mean, across, down, down squared
    axis: np.ndarray  # (3,), as long as the colours are spread


def taken_apart(picture: np.ndarray, horizon: bool) -> Sky:
    """The field of a picture (h, w, 3) of 0 to 1, and what else tells it."""
    rows, columns = picture.shape[:2]
    planes, colours = layout.planes_of(rows, columns), picture.reshape(-1, 3)
    gradients, *_ = np.linalg.lstsq(planes.T, colours, rcond=None)
    rest = colours - planes.T @ gradients
    values, vectors = np.linalg.eigh(rest.T @ rest / len(rest))
    axis = vectors[:, -1] * (1 if vectors[:, -1] @ LUMA >= 0 else -1)
    spread = float(np.sqrt(max(values[-1], 1e-9)))
    field = (rest @ axis / spread).reshape(rows, columns).astype(np.float32)
    light = gradients @ LUMA
    code = Code(
        spread=float(np.log(spread)),
        slope=layout.slope(field),
        clear=clear(field),
        skewness=float((field**3).mean()),
        light=float(light[0]),
        across=float(light[1]),
        down=float(light[2]),
        horizon=float(horizon),
        level=layout.streaks(field)[0],
        slanted=layout.streaks(field)[1],
    )
    return Sky(field, code, gradients, axis * spread)


def clear(field: np.ndarray) -> float:
    """Share of a field that is even and not among its brighter half."""
    around = np.asarray(Image.fromarray(field).reduce(4).resize(field.shape[::-1]))
    rough = np.abs(field - around)
    return float(((rough < EVEN * rough.mean()) & (field < 0)).mean())


class Picture(NamedTuple):
    """A sky of the list: its name, whether it looks towards the horizon, and its pixels."""

    name: str
    horizon: bool
    kept: bool
    pixels: Image.Image


def listed(folder: Path) -> Iterator[Picture]:
    """The skies that `skies.csv` in a folder names."""
    with (folder / "skies.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            pixels = Image.open(folder / row["file"]).convert("RGB")
            horizon = not row["file"].startswith("opensky")
            yield Picture(row["file"], horizon, bool(row["kept"]), pixels)


def reduced(
    pixels: Image.Image, size: tuple[int, int], box: tuple[float, ...] | None = None
) -> np.ndarray:
    """A part of a picture at (columns, rows), (rows, columns, 3) of 0 to 1."""
    small = pixels.resize(size, Image.Resampling.BOX, box)
    return np.asarray(small, np.float32) / 255


def parts(picture: Picture, count: int, rng: np.random.Generator) -> list[Sky]:
    """Parts of a picture, taken apart; the first is all of it."""
    found = []
    for n in range(count):
        share = rng.uniform(LEAST, 1) if n else 1.0
        width, height = (side * share for side in picture.pixels.size)
        left = rng.uniform(0, picture.pixels.width - width)
        top = rng.uniform(0, picture.pixels.height - height)
        box = left, top, left + width, top + height
        found.append(taken_apart(reduced(picture.pixels, (COLUMNS, ROWS), box), picture.horizon))
    return found


class Fields:
    """The fields of a folder of skies: those to learn, and those that are kept from it."""

    def __init__(self, folder: Path, crops: int = CROPS):
        rng = np.random.default_rng(0)
        learnt: list[Sky] = []
        kept: list[Sky] = []
        for picture in listed(folder):
            (kept if picture.kept else learnt).extend(parts(picture, crops, rng))
        self.learnt, self.kept = learnt, kept
        codes = np.array([sky.code for sky in learnt], np.float32)
        self.mean, self.spread = codes.mean(0), codes.std(0) + 1e-6


Example = tuple[np.ndarray, np.ndarray, Code]


def example(sky: Sky, rng: np.random.Generator, random: np.random.RandomState) -> Example:
    """Noise, a field and its code; mirrored and, straight up, upside down, by chance."""
    field, code = sky.field, sky.code
    if rng.random() < 0.5:
        field, code = field[:, ::-1], code.mirrored()
    if not code.horizon and rng.random() < 0.5:
        field, code = field[::-1], code.upside_down()
    start = layout.noise(random, 2 * field.shape[1], code)[:, : field.shape[1]]
    return start, field, code


def stacked(examples: list[Example]) -> tuple[Tensor, Tensor, Tensor]:
    """Noise and fields (n, 1, h, w), and codes (n, CODE)."""
    starts, fields, codes = zip(*examples, strict=True)
    found = (np.stack(starts)[:, None], np.stack(fields)[:, None], np.array(codes))
    first, second, third = (torch.from_numpy(np.ascontiguousarray(p, np.float32)) for p in found)
    return first, second, third


class Examples(IterableDataset):
    """Endless batches of noise, fields and codes."""

    def __init__(self, fields: Fields, batch: int, seed: tuple[int, ...]):
        self.fields, self.batch, self.seed = fields, batch, seed

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        rng = np.random.default_rng(self.seed)
        random = np.random.RandomState(int(rng.integers(1 << 31)))
        often = np.array([1 + (TOWARDS - 1) * sky.code.horizon for sky in self.fields.learnt])
        chances = often / often.sum()
        while True:
            which = rng.choice(len(chances), self.batch, p=chances)
            starts, fields, codes = stacked(
                [example(self.fields.learnt[n], rng, random) for n in which]
            )
            jitter = rng.standard_normal(codes.shape) * JITTER * self.fields.spread
            yield starts, fields, codes + torch.from_numpy(jitter.astype(np.float32))
