"""Train the codec's network on a folder of photographs.

    python -m models.codec.train --photos FOLDER --out OUT --minutes 35

Every crop is coded at a quality of its own, drawn anew. What is learnt is bits a pixel and squared
error, weighed as the steps of `network.STEPS` weigh them: at a step of d the last bit of a latent
is worth 10 / d² of a squared level. OUT receives `weights.npz` (averaged weights, what is
exported), `state.pt` and `log.jsonl`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import IterableDataset, get_worker_info

from models import measurement, training
from models.codec.network import STEPS, Codec, distortion
from models.pictures import Pictures
from models.training import Run, options, planes

AVERAGING = 0.998  # of the weights, over steps
WEIGHT = 10.0  # of squared error at a step of 1, beside bits
SIZES = (1.0, 0.5)  # at which photographs are seen
HELD_OUT_SIDE = 256  # pixels of the crop that is measured in each held-out photograph
MOST_HELD_OUT = 16  # of them
LOG_EVERY = 100  # steps


@dataclass(kw_only=True)
class Settings(training.Settings):
    """One training run. The defaults suit one CPU core and half an hour."""

    minutes: float = 35.0
    batch: int = 8
    patch: int = 128  # pixels, a multiple of 8
    learning_rate: float = 6e-4
    cache: Path | None = None
    measure_every: float = 300.0  # seconds


class Crops(IterableDataset):
    """Endless batches: pictures (n, 3, patch, patch) float32 from 0 to 1, and qualities (n,)."""

    def __init__(self, pictures: Pictures, settings: Settings, seed: tuple[int, ...]):
        self.pictures, self.settings, self.seed = pictures, settings, seed

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        worker = get_worker_info()
        rng = np.random.default_rng([*self.seed, worker.id if worker else 0])
        side = self.settings.patch
        fits = [large for large, _ in self.pictures.train if min(large.shape[:2]) >= side]
        area = np.array([large.shape[0] * large.shape[1] for large in fits], float)
        count = self.settings.batch
        while True:
            crops = np.empty((count, side, side, 3), np.uint8)
            for n, which in enumerate(rng.choice(len(fits), count, p=area / area.sum())):
                large = fits[which]
                y, x = (int(rng.integers(length - side + 1)) for length in large.shape[:2])
                crop = large[y : y + side, x : x + side]
                crop = crop[:, ::-1] if rng.integers(2) else crop
                crops[n] = np.rot90(crop, int(rng.integers(4)))
            qualities = rng.permutation(np.arange(count) % len(STEPS))
            yield planes(crops).float() / 255, torch.from_numpy(qualities)


def cost(network: nn.Module, image: Tensor, quality: Tensor) -> Tensor:
    """What is learnt to lower: bits a pixel and weighed error, the mean over pictures."""
    result, bits = network(image, quality)
    weights = WEIGHT / torch.tensor(STEPS, device=image.device)[quality] ** 2
    return (bits / image[0, 0].numel() + weights * distortion(result, image)).mean()


def measured(network: nn.Module, pictures: Pictures) -> dict[str, float]:
    """Bits a pixel, as the prior says, and Y-PSNR in dB, of held-out crops, by quality."""
    found: dict[str, float] = {}
    for quality, step in enumerate(STEPS):
        rates, scores = [], []
        for large, _ in pictures.held_out[:MOST_HELD_OUT]:
            original = np.array(large[:HELD_OUT_SIDE, :HELD_OUT_SIDE])
            with torch.no_grad():
                image = planes(original[None]).float() / 255
                result, bits = network(image, torch.tensor([quality]), noise=False)
            levels = np.rint(result[0].permute(1, 2, 0).numpy().clip(0, 1) * 255).astype(np.uint8)
            rates.append(float(bits) / original[..., 0].size)
            scores.append(measurement.psnr(levels, original, 0))
        found[f"bits_{step:.0f}"] = round(float(np.mean(rates)), 4)
        found[f"psnr_{step:.0f}"] = round(float(np.mean(scores)), 3)
    return found


def train(settings: Settings) -> list[float]:
    """Train until the minutes are used up; returns the loss of every step of this call."""
    run = Run(settings, LOG_EVERY)
    pictures = Pictures(settings.photos, 1, settings.cache or settings.out, SIZES)
    crops = run.batches(Crops(pictures, settings, run.seed))
    network = run.network(Codec(), AVERAGING)
    run.begin()
    for _ in run.parts(lambda averaged: measured(averaged, pictures)):
        loss = cost(network, *next(crops))
        run.learn(loss)
        run.done(loss.item())
    return run.losses


def main() -> None:
    train(Settings(**vars(options(__doc__.splitlines()[0], Settings).parse_args())))


if __name__ == "__main__":
    main()
