"""Train the detector on a folder of photographs and a folder of damage masks.

    python -m models.repair.train_detector --photos FOLDER --damage FOLDER --out OUT/detect \
        --minutes 45

Photographs, some of them aged, are damaged anew at every step (models/damage.py); a part of them
has no damage, so that what is whole is left alone. OUT receives `weights.npz`, `state.pt` (what
--resume continues from) and `log.jsonl`; `python -m models.page OUT` draws it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import IterableDataset, get_worker_info

from models import training
from models.damage import GROUPS, Masks, age, damaged, load_masks
from models.pictures import Pictures
from models.repair.detector import Detector, detection_loss
from models.repair.examples import MARGIN
from models.training import Run, options, planes

AVERAGING = 0.999  # of the weights, over steps
MARKS = 3  # of damage in a crop, at most
HELD_OUT_SIDE = 256  # pixels of the crop that is measured in each held-out photograph
SURE = 0.5  # from which on a pixel counts as damaged
LOG_EVERY = 50  # steps


@dataclass(kw_only=True)
class Settings(training.Settings):
    """One training run. The defaults suit two CPU cores and an hour."""

    damage: Path
    minutes: float = 45.0
    batch: int = 8
    patch: int = 128  # pixels, a multiple of 8
    cache: Path | None = None
    measure_every: float = 180.0  # seconds


def example(
    picture: np.ndarray, masks: Masks, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """A crop (h, w, 3) uint8, damaged, without its MARGIN, and (h, w, groups) uint8 of 0 and 1."""
    aged = np.ascontiguousarray(age(picture, rng)[MARGIN:-MARGIN, MARGIN:-MARGIN])
    image, where = damaged(aged, masks, rng, MARKS)
    return image, where.astype(np.uint8)


class Examples(IterableDataset):
    """Endless batches, other ones in every process: (n, 3, h, w) and (n, groups, h, w) uint8."""

    def __init__(self, pictures: Pictures, masks: Masks, settings: Settings, seed: tuple[int, ...]):
        self.pictures, self.masks, self.settings, self.seed = pictures, masks, settings, seed

    def __iter__(self) -> Iterator[list[Tensor]]:
        worker = get_worker_info()
        rng = np.random.default_rng([*self.seed, worker.id if worker else 0])
        side = self.settings.patch + 2 * MARGIN
        while True:
            crops, _ = self.pictures.sample(rng, self.settings.batch, side)
            made = [example(crop, self.masks, rng) for crop in crops]
            yield [planes(np.stack(parts)) for parts in zip(*made, strict=True)]


class Counts:
    """Pixels of each group that were found rightly, found wrongly, and missed."""

    def __init__(self) -> None:
        self.right, self.wrong, self.missed = np.zeros((3, len(GROUPS)))

    def add(self, found: np.ndarray, damaged: np.ndarray) -> None:
        """Count one picture: (h, w, groups) bool each."""
        self.right += (found & damaged).sum((0, 1))
        self.wrong += (found & ~damaged).sum((0, 1))
        self.missed += (~found & damaged).sum((0, 1))

    def f1(self) -> dict[str, float]:
        """By group, the harmonic mean of precision and recall, 0 to 1."""
        scores = 2 * self.right / np.maximum(2 * self.right + self.wrong + self.missed, 1)
        return {group: float(score) for group, score in zip(GROUPS, scores, strict=True)}


class HeldOut:
    """Photographs and masks that are kept from training."""

    def __init__(self, pictures: Pictures, masks: Masks):
        self.examples = []
        side = HELD_OUT_SIDE + 2 * MARGIN
        for n, (picture, _) in enumerate(pictures.held_out):
            height, width = (min(length, side) // 16 * 16 for length in picture.shape[:2])
            crop = np.array(picture[:height, :width])
            self.examples.append(example(crop, masks, np.random.default_rng(n)))

    @torch.no_grad()
    def measure(self, network: nn.Module, device: torch.device) -> dict[str, float]:
        """F1 of each group, over all pixels."""
        counts = Counts()
        for image, where in self.examples:
            sure = network(planes(image[None]).to(device).float() / 255)[0]
            counts.add(sure.permute(1, 2, 0).cpu().numpy() > SURE, where > 0)
        return {f"f1_{group}": round(score, 4) for group, score in counts.f1().items()}


def train(settings: Settings) -> list[float]:
    """Train until the minutes are used up; returns the loss of every step of this call."""
    run = Run(settings, LOG_EVERY)
    cache = settings.cache or settings.out
    pictures = Pictures(settings.photos, 1, cache)
    masks, kept_masks = load_masks(settings.damage, cache)
    held_out = HeldOut(pictures, kept_masks)
    examples = run.batches(Examples(pictures, masks, settings, run.seed))
    network = run.network(Detector(), AVERAGING)
    network.mark_forward_method("logits")

    def measure(averaged: nn.Module) -> dict[str, float]:
        return held_out.measure(averaged, run.devices.device) if held_out.examples else {}

    run.begin()
    for _ in run.parts(measure):
        image, where = next(examples)
        loss = detection_loss(network.logits(image.float() / 255).float(), where.float())
        run.learn(loss)
        run.done(loss.item())
    return run.losses


def main() -> None:
    parser = options(__doc__.splitlines()[0], Settings)
    parser.add_argument("--damage", type=Path, required=True, help="folder of damage masks")
    train(Settings(**vars(parser.parse_args())))


if __name__ == "__main__":
    main()
