"""Train a cleaning network on a folder of photographs.

    python -m models.clean.train --task denoise --photos FOLDER --out OUT/denoise --minutes 90
    python -m models.clean.train --task jpeg --photos FOLDER --out OUT/jpeg \
        --init OUT/denoise/weights.npz
    python -m models.clean.train --task deblur --photos FOLDER --out OUT/deblur \
        --init OUT/denoise/weights.npz

Every picture is damaged anew (models/clean/damage.py); half the time the network is told how
strongly, half the time it has to see for itself. `--told spread` tells it what a hand on a slider
does: more and less than there is, also of what has no damage or is one flat colour. What is told
too low is to leave the rest of the damage, what is told too high takes no more than all of it, and
the low frequencies of the result are tied to those of the input. `--noise camera` learns from what
cameras save: shot and read noise in linear light through a camera's curve, 8 bits, mostly JPEG. The
rate follows a cosine over the minutes given, so every run ends annealed. OUT receives `weights.npz`
(averaged weights, what is exported), `state.pt` (what --resume continues from), `log.jsonl` and
`samples/`; `python -m models.page OUT` draws them. `torchrun --nproc-per-node 4 -m
models.clean.train ...` runs on four devices.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import IterableDataset, get_worker_info

from models import measurement, training
from models.clean.damage import (
    GREY,
    MARGINS,
    NOISES,
    TASKS,
    benchmark,
    flattened,
    less_damaged,
    told_level,
    without_colour,
)
from models.clean.network import AUTO, SIZES, build
from models.degradation import fraction
from models.degradation import levels as eight_bit
from models.pictures import Pictures
from models.training import Run, options, planes

AVERAGING = 0.999  # of the weights, over steps
UNTOLD = 0.5  # share of pictures whose level the network has to see for itself
HELD_OUT_SIDE = 160  # pixels of the crop that is measured in each held-out photograph
LOG_EVERY = 100  # steps
SAMPLES = 4  # held-out crops that are kept as pictures

Told = Literal["true", "spread"]
Noise = Literal["drawn", "camera"]
STILL = 0.1  # share of pictures without damage, where the told level is spread
FLAT = 0.05  # share of one flat colour
TIED = 32  # pixels of a square whose mean is tied to the input's: noise of 50 shifts it by 1.6
TIE = 0.25  # what that counts beside the picture itself
FLAT_LEVELS = (10 / 255, 20 / 255, 40 / 255, 80 / 255)  # told of a flat grey that is followed
FLAT_GREY = 128 / 255


@dataclass(kw_only=True)
class Settings(training.Settings):
    """One training run. The defaults suit two CPU cores and an hour or more."""

    task: str
    told: Told = "true"
    noise: Noise = "drawn"
    size: str = "small"
    minutes: float = 90.0
    batch: int = 8  # small: in a short run more steps are worth more than smoother ones
    patch: int = 96  # pixels, a multiple of 8; nearly twice the reach
    cache: Path | None = None
    compiled: bool = False
    measure_every: float = 600.0  # seconds


class Crops(IterableDataset):
    """Endless batches to train with, other ones in every process.

    (wanted, damaged, told): what the network is to give and what it is given, both (n, 3, h, w)
    float32 from 0 to 1, and the level that it is told, (n,) float32.
    """

    def __init__(self, pictures: Pictures, settings: Settings, seed: tuple[int, ...]):
        self.pictures, self.settings, self.seed = pictures, settings, seed

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        worker = get_worker_info()
        rng = np.random.default_rng([*self.seed, worker.id if worker else 0])
        margin = MARGINS[self.settings.task]
        inner = slice(margin, margin + self.settings.patch)
        while True:
            crops, _ = self.pictures.sample(rng, self.settings.batch, inner.stop + margin)
            wanted, damaged, told = zip(*(self.example(crop, rng) for crop in crops), strict=True)
            yield (
                planes(np.stack([crop[inner, inner] for crop in wanted])),
                planes(np.stack([crop[inner, inner] for crop in damaged])).float(),
                torch.tensor(told, dtype=torch.float32),
            )

    def example(
        self, crop: np.ndarray, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray, float]:
        """(wanted, damaged, told) of one crop, (h, w, 3) uint8: see the class."""
        task, spread = self.settings.task, self.settings.told == "spread"
        if rng.random() < GREY:
            crop = without_colour(crop)
        if spread and rng.random() < FLAT:
            crop = flattened(crop)
        still = spread and rng.random() < STILL
        damage = NOISES[self.settings.noise] if task == "denoise" else TASKS[task]
        damaged, level = (fraction(crop), 0.0) if still else damage(crop, rng)
        told = told_level(task, level, rng) if spread else level
        if rng.random() < UNTOLD:
            told = AUTO
        return less_damaged(crop, damaged, level, told), damaged, told


class HeldOut:
    """A crop of every photograph kept from training: measured, and a few shown."""

    def __init__(self, pictures: Pictures, task: str):
        self.pairs = []
        for n, (picture, _) in enumerate(pictures.held_out):
            height, width = (min(side, HELD_OUT_SIDE) // 8 * 8 for side in picture.shape[:2])
            original = np.array(picture[:height, :width])
            self.pairs.append((original, *benchmark(task, original, seed=n)))

    def before(self) -> float:
        """Mean colour PSNR in dB of the damaged crops themselves."""
        scores = [measurement.colour_psnr(eight_bit(bad), good) for good, bad, _ in self.pairs]
        return float(np.mean(scores))

    def told(self, network: nn.Module, device: torch.device) -> float:
        """Mean colour PSNR in dB of a network that is told the true level."""
        scores = []
        for original, damaged, level in self.pairs:
            with torch.no_grad():
                image, told = (planes(damaged[None]).to(device), torch.tensor(level, device=device))
                result = network(image, told)[0].permute(1, 2, 0).cpu().numpy()
            scores.append(measurement.colour_psnr(eight_bit(result), original))
        return float(np.mean(scores))

    def measure(self, network: nn.Module, device: torch.device, folder: Path) -> float:
        """Mean colour PSNR in dB, level not told; the first few results go to `folder`."""
        scores = []
        for n, (original, damaged, _) in enumerate(self.pairs):
            with torch.no_grad():
                result = network(planes(damaged[None]).to(device))[0]
            result, damaged = (
                eight_bit(picture) for picture in (result.permute(1, 2, 0).cpu().numpy(), damaged)
            )
            scores.append(measurement.colour_psnr(result, original))
            if n < SAMPLES:
                for name, picture in (("input", damaged), ("result", result)):
                    Image.fromarray(picture).save(folder / f"{n}_{name}.png")
                Image.fromarray(original).save(folder / f"{n}_original.png")
        return float(np.mean(scores))


def strayed(result: Tensor, image: Tensor) -> Tensor:
    """How far the means of squares of TIED pixels are from the input's; (n, 3, h, w) both."""
    side = min(TIED, *image.shape[2:])
    return (F.avg_pool2d(result, side) - F.avg_pool2d(image, side)).abs().mean()


def flat_drift(network: nn.Module, device: torch.device) -> float:
    """8-bit levels by which a flat grey changes, at worst, when it is said to be damaged."""
    flat = torch.full((1, 3, HELD_OUT_SIDE, HELD_OUT_SIDE), FLAT_GREY, device=device)
    with torch.no_grad():
        results = [network(flat, torch.tensor(level, device=device)) for level in FLAT_LEVELS]
    return 255 * max(float((result - flat).abs().max()) for result in results)


def train(settings: Settings) -> list[float]:
    """Train until the minutes are used up; returns the loss of every step of this call."""
    run = Run(settings, LOG_EVERY)
    samples = settings.out / "samples"
    samples.mkdir(exist_ok=True)
    pictures = Pictures(settings.photos, 1, settings.cache or settings.out)
    held_out = HeldOut(pictures, settings.task)
    crops = run.batches(Crops(pictures, settings, run.seed))
    network = run.network(build(settings.size), AVERAGING)
    running = torch.compile(network) if settings.compiled else network

    def measure(averaged: nn.Module) -> dict[str, float]:
        if not held_out.pairs:
            return {}
        device = run.devices.device
        return {
            "held_out_psnr": round(held_out.measure(averaged, device, samples), 3),
            "told_psnr": round(held_out.told(averaged, device), 3),
            "flat_drift": round(flat_drift(averaged, device), 2),
        }

    run.begin()
    if held_out.pairs:
        run.note(damaged_psnr=round(held_out.before(), 3))
    for _ in run.parts(measure, at_once=False):
        wanted, damaged, told = next(crops)
        result = running(damaged, told).float()
        loss = (result - wanted).abs().mean()
        if settings.told == "spread":
            loss = loss + TIE * strayed(result, damaged)
        run.learn(loss)
        run.done(loss.item())
    return run.losses


def main() -> None:
    parser = options(__doc__.splitlines()[0], Settings)
    parser.add_argument("--task", choices=sorted(TASKS), required=True)
    parser.add_argument(
        "--told",
        choices=get_args(Told),
        default=Settings.told,
        help="the level that the network is told: the true one, or drawn above and below it",
    )
    parser.add_argument(
        "--noise",
        choices=get_args(Noise),
        default=Settings.noise,
        help="of denoise: drawn, or mostly what cameras save, by the model of a sensor",
    )
    parser.add_argument("--size", choices=sorted(SIZES), default=Settings.size)
    parser.add_argument("--compiled", action="store_true", help="torch.compile, for a GPU")
    train(Settings(**vars(parser.parse_args())))


if __name__ == "__main__":
    main()
