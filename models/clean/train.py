"""Train a cleaning network on a folder of photographs.

    python -m models.clean.train --task denoise --photos FOLDER --out OUT/denoise --minutes 90
    python -m models.clean.train --task jpeg --photos FOLDER --out OUT/jpeg \
        --init OUT/denoise/weights.npz
    python -m models.clean.train --task deblur --photos FOLDER --out OUT/deblur \
        --init OUT/denoise/weights.npz

Every picture is damaged anew (models/clean/damage.py); half the time the network is told how
strongly, half the time it has to see for itself. The rate follows a cosine over the minutes given,
so every run ends annealed. OUT receives `weights.npz` (averaged weights, what is exported),
`state.pt` (what --resume continues from), `log.jsonl` and `samples/`; `python -m models.page OUT`
draws them. `torchrun --nproc-per-node 4 -m models.clean.train ...` runs on four devices.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import IterableDataset, get_worker_info

from models import measurement, training
from models.clean.damage import GREY, MARGINS, TASKS, benchmark, without_colour
from models.clean.network import AUTO, SIZES, build
from models.degradation import levels as eight_bit
from models.pictures import Pictures
from models.training import Run, options, planes

AVERAGING = 0.999  # of the weights, over steps
UNTOLD = 0.5  # share of pictures whose level the network has to see for itself
HELD_OUT_SIDE = 160  # pixels of the crop that is measured in each held-out photograph
LOG_EVERY = 100  # steps
SAMPLES = 4  # held-out crops that are kept as pictures


@dataclass(kw_only=True)
class Settings(training.Settings):
    """One training run. The defaults suit two CPU cores and an hour or more."""

    task: str
    size: str = "small"
    minutes: float = 90.0
    batch: int = 8  # small: in a short run more steps are worth more than smoother ones
    patch: int = 96  # pixels, a multiple of 8; nearly twice the reach
    cache: Path | None = None
    compiled: bool = False
    measure_every: float = 600.0  # seconds


class Crops(IterableDataset):
    """Endless batches to train with, other ones in every process.

    (clean, damaged, level): (n, 3, h, w) uint8, the same of float32, and (n,) float32.
    """

    def __init__(self, pictures: Pictures, settings: Settings, seed: tuple[int, ...]):
        self.pictures, self.settings, self.seed = pictures, settings, seed

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        worker = get_worker_info()
        rng = np.random.default_rng([*self.seed, worker.id if worker else 0])
        damage, margin = TASKS[self.settings.task], MARGINS[self.settings.task]
        inner = slice(margin, margin + self.settings.patch)
        while True:
            crops, _ = self.pictures.sample(rng, self.settings.batch, inner.stop + margin)
            crops = [without_colour(c) if rng.random() < GREY else c for c in crops]
            damaged, levels = zip(*(damage(crop, rng) for crop in crops), strict=True)
            told = np.where(rng.random(len(levels)) < UNTOLD, AUTO, levels)
            yield (
                planes(np.stack([crop[inner, inner] for crop in crops])),
                planes(np.stack([crop[inner, inner] for crop in damaged])).float(),
                torch.from_numpy(told).float(),
            )


class HeldOut:
    """A crop of every photograph kept from training: measured, and a few shown."""

    def __init__(self, pictures: Pictures, task: str):
        self.pairs = []
        for n, (picture, _) in enumerate(pictures.held_out):
            height, width = (min(side, HELD_OUT_SIDE) // 8 * 8 for side in picture.shape[:2])
            original = np.array(picture[:height, :width])
            self.pairs.append((original, benchmark(task, original, seed=n)[0]))

    def before(self) -> float:
        """Mean colour PSNR in dB of the damaged crops themselves."""
        scores = [measurement.colour_psnr(eight_bit(bad), good) for good, bad in self.pairs]
        return float(np.mean(scores))

    def measure(self, network: nn.Module, device: torch.device, folder: Path) -> float:
        """Mean colour PSNR in dB, level not told; the first few results go to `folder`."""
        scores = []
        for n, (original, damaged) in enumerate(self.pairs):
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
        score = held_out.measure(averaged, run.devices.device, samples)
        return {"held_out_psnr": round(score, 3)}

    run.begin()
    if held_out.pairs:
        run.note(damaged_psnr=round(held_out.before(), 3))
    for _ in run.parts(measure, at_once=False):
        clean, damaged, level = next(crops)
        loss = (running(damaged, level).float() - clean.float() / 255).abs().mean()
        run.learn(loss)
        run.done(loss.item())
    return run.losses


def main() -> None:
    parser = options(__doc__.splitlines()[0], Settings)
    parser.add_argument("--task", choices=sorted(TASKS), required=True)
    parser.add_argument("--size", choices=sorted(SIZES), default=Settings.size)
    parser.add_argument("--compiled", action="store_true", help="torch.compile, for a GPU")
    train(Settings(**vars(parser.parse_args())))


if __name__ == "__main__":
    main()
