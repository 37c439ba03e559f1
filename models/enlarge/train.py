"""Train an enlarging network on a folder of photographs.

    python -m models.enlarge.train --photos FOLDER --out OUT/fast_x4 --scale 4 --minutes 45
    python -m models.enlarge.train --photos FOLDER --out OUT/quality_x4 --family quality \
        --init OUT/fast_x4/weights.npz
    python -m models.enlarge.train --photos FOLDER --out OUT/crisp_x4 --look crisp \
        --init OUT/fast_x4/weights.npz --features squeezenet1_0_features.npz

The rate follows a cosine over the minutes given, so every run ends annealed, on a fast machine or a
slow or busy one. OUT receives `weights.npz` (averaged weights, what is exported), `state.pt` (what
--resume continues from), `log.jsonl` and `samples/`; `python -m models.page OUT` draws them.
`torchrun --nproc-per-node 4 -m models.enlarge.train ...` runs on four devices.
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
from models.adversary import Adversary, pattern, relativistic, roughness
from models.degradation import degrade
from models.enlarge.network import FAMILIES, build
from models.perceptual import Features, feature_loss
from models.pictures import Pictures
from models.training import Run, options, planes, take_step

AVERAGING = 0.999  # of the weights, over steps
HELD_OUT_SIZE = 96  # input pixels of the crop that is measured in each held-out photograph
LOG_EVERY = 100  # steps
SAMPLES = 4  # held-out crops that are kept as pictures

# What "crisp" adds to the distance from the original, so that texture is worth drawing.
FEATURES = 0.05
ADVERSARY = 0.02
SMOOTHNESS = 0.1  # of the adversary, so that it does not judge by the last bit
ADVERSARY_RATE = 5e-4
ADVERSARY_ALONE = 50  # steps in which it learns before it is listened to
PATTERN = 2.0  # against dots on the grid of the input, the cheapest texture there is


@dataclass(kw_only=True)
class Settings(training.Settings):
    """One training run. The defaults suit two CPU cores and an hour."""

    family: str = "fast"
    scale: int = 4
    source: str = "clean"  # or "photo": what phones and the web do to a photograph
    look: str = "faithful"  # or "crisp"
    minutes: float = 45.0
    batch: int = 8  # small: in a short run more steps are worth more than smoother ones
    patch: int = 48  # input pixels; more than twice the reach, so most of it sees no border
    features: Path | None = None
    cache: Path | None = None
    compiled: bool = False
    measure_every: float = 180.0  # seconds


class Crops(IterableDataset):
    """Endless batches of training pairs, (n, 3, h, w) uint8, other ones in every process."""

    def __init__(self, pictures: Pictures, settings: Settings, seed: tuple[int, ...]):
        self.pictures, self.settings, self.seed = pictures, settings, seed

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        worker = get_worker_info()
        rng = np.random.default_rng([*self.seed, worker.id if worker else 0])
        degradation = degrade if self.settings.source == "photo" else None
        while True:
            pair = self.pictures.sample(rng, self.settings.batch, self.settings.patch, degradation)
            yield planes(pair[0]), planes(pair[1])


class HeldOut:
    """A crop of every photograph kept from training: measured, and a few shown."""

    def __init__(self, pictures: Pictures, source: str):
        scale = self.scale = pictures.scale
        self.pairs = []
        for n, (large, small) in enumerate(pictures.held_out):
            height, width = (min(side, HELD_OUT_SIZE) // 16 * 16 for side in small.shape[:2])
            small = np.array(small[:height, :width])
            large = np.array(large[: height * scale, : width * scale])
            if source == "photo":
                small = degrade(large, scale, np.random.default_rng(n))
            if small.size:
                self.pairs.append((large, small))

    def measure(self, network: nn.Module, device: torch.device, folder: Path) -> float:
        """Mean Y-PSNR in dB; the first few results are written to `folder`."""
        scores = []
        for n, (large, small) in enumerate(self.pairs):
            with torch.no_grad():
                result = network(planes(small[None]).to(device).float() / 255)[0]
            result = (result.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).cpu().numpy()
            scores.append(measurement.psnr(result, large, self.scale))
            if n < SAMPLES:
                for name, picture in (("input", small), ("result", result), ("original", large)):
                    Image.fromarray(picture).save(folder / f"{n}_{name}.png")
        return float(np.mean(scores))


def train(settings: Settings) -> list[float]:
    """Train until the minutes are used up; returns the loss of every step of this call."""
    run = Run(settings, LOG_EVERY)
    devices = run.devices
    samples = settings.out / "samples"
    samples.mkdir(exist_ok=True)
    pictures = Pictures(settings.photos, settings.scale, settings.cache or settings.out)
    held_out = HeldOut(pictures, settings.source)
    crops = run.batches(Crops(pictures, settings, run.seed))
    network = run.network(build(settings.family, settings.scale), AVERAGING)
    running = torch.compile(network) if settings.compiled else network
    adversary, features = None, None
    if settings.look == "crisp":
        features = Features(settings.features).to(devices.device)
        adversary, its_optimizer = run.beside(Adversary(), ADVERSARY_RATE, "adversary")

    def measure(averaged: nn.Module) -> dict[str, float]:
        if not held_out.pairs:
            return {}
        return {"held_out_psnr": round(held_out.measure(averaged, devices.device, samples), 3)}

    run.begin()
    for _ in run.parts(measure):
        large, small = (pair.float() / 255 for pair in next(crops))
        result = running(small).float()
        loss = distance = (result - large).abs().mean()
        if adversary:
            real = adversary(large)
            with devices.autocast():
                loss = loss + FEATURES * feature_loss(features, result, large)
            loss = loss + PATTERN * pattern(result - large, settings.scale)
            if run.step >= ADVERSARY_ALONE:
                loss = loss + ADVERSARY * relativistic(adversary(result), real.detach())
        run.learn(loss)
        if adversary:
            verdict = relativistic(real, adversary(result.detach()))
            verdict = verdict + SMOOTHNESS * roughness(adversary, large, real)
            take_step(devices, adversary, its_optimizer, verdict)
        run.done(distance.item())
    return run.losses


def main() -> None:
    parser = options(__doc__.splitlines()[0], Settings)
    parser.add_argument("--family", choices=sorted(FAMILIES), default=Settings.family)
    parser.add_argument("--scale", type=int, choices=(2, 3, 4), default=Settings.scale)
    parser.add_argument("--source", choices=("clean", "photo"), default=Settings.source)
    parser.add_argument("--look", choices=("faithful", "crisp"), default=Settings.look)
    parser.add_argument("--features", type=Path, help="SqueezeNet's weights, for crisp")
    parser.add_argument("--compiled", action="store_true", help="torch.compile, for a GPU")
    train(Settings(**vars(parser.parse_args())))


if __name__ == "__main__":
    main()
