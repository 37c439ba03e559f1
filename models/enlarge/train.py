"""Train the enlarging network on a folder of photographs.

    python -m models.enlarge.train --scale 4 --minutes 45 --photos FOLDER --out OUT/x4
    python -m models.enlarge.train --scale 2 --minutes 20 --photos FOLDER --out OUT/x2 \
        --init OUT/x4/weights.npz

Everything runs against the clock: the learning rate follows a cosine over the seconds that have
passed, so any run ends annealed, on a fast machine or a slow or busy one. OUT receives
`weights.npz` (averaged weights, what is exported), `state.pt` (what --resume continues from) and
`log.jsonl` (one JSON object per line).
"""

from __future__ import annotations

import argparse
import json
import math
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from models import measurement
from models.enlarge.network import Enlarge
from models.pictures import Pictures

# One set of defaults, chosen for two CPU cores and less than an hour.
PATCH = 48  # input pixels; more than twice the reach, so most of a patch sees no border
BATCH = 8  # small: in a short run more steps are worth more than smoother ones
LEARNING_RATE = 1e-3
LAST_LEARNING_RATE = 1e-6
WARM_UP = 200  # steps
CLIP = 0.5  # largest norm of a gradient
AVERAGING = 0.999  # of the weights, over steps; shorter at the start
HELD_OUT_SIZE = 96  # input pixels of the crop that is measured in each held-out photograph
LOG_EVERY = 100  # steps
THREADS = 2


@dataclass
class Settings:
    """What one training run needs to know. Paths, minutes and the numbers above."""

    photos: Path
    out: Path
    scale: int = 4
    minutes: float = 45.0
    cache: Path | None = None
    init: Path | None = None
    resume: bool = False
    batch: int = BATCH
    patch: int = PATCH
    learning_rate: float = LEARNING_RATE
    measure_every: float = 180.0  # seconds
    seed: int = 1


def tensor(images: np.ndarray) -> Tensor:
    """(n, h, w, 3) uint8 to (n, 3, h, w) float32 in 0 to 1, channels innermost in memory."""
    planes = torch.from_numpy(np.array(images, order="C")).permute(0, 3, 1, 2)
    return planes.to(memory_format=torch.channels_last).float() / 255


def learning_rate(settings: Settings, step: int, part: float) -> float:
    """The learning rate after `step` steps, with `part` (0 to 1) of the time gone."""
    warm = min(1.0, (step + 1) / WARM_UP)
    cosine = 0.5 * (1 + math.cos(math.pi * min(part, 1.0)))
    return warm * (LAST_LEARNING_RATE + (settings.learning_rate - LAST_LEARNING_RATE) * cosine)


def held_out_psnr(network: nn.Module, pictures: Pictures) -> float:
    """Mean Y-PSNR in dB over a corner of every photograph kept from training."""
    scores = []
    for large, small in pictures.held_out:
        small = small[:HELD_OUT_SIZE, :HELD_OUT_SIZE]
        large = large[: small.shape[0] * pictures.scale, : small.shape[1] * pictures.scale]
        with torch.no_grad():
            result = network(tensor(small[None]))[0].permute(1, 2, 0)
        result = (result.clamp(0, 1) * 255).round().to(torch.uint8).numpy()
        scores.append(measurement.psnr(result, np.asarray(large), pictures.scale))
    return float(np.mean(scores))


def save_weights(path: Path, weights: dict[str, Tensor]) -> None:
    """Write weights as plain arrays, so that reading them runs no code; whole or not at all."""
    partial = path.with_name("partial_" + path.name)
    np.savez(partial, **{name: value.float().numpy() for name, value in weights.items()})
    partial.replace(path)


def load_weights(network: nn.Module, path: Path) -> list[str]:
    """Take every weight that fits in name and shape; returns the names of those left alone."""
    own = network.state_dict()
    with np.load(path, allow_pickle=False) as stored:
        fitting = {
            name: torch.from_numpy(stored[name])
            for name in stored.files
            if name in own and own[name].shape == stored[name].shape
        }
    network.load_state_dict(fitting, strict=False)
    return [name for name in own if name not in fitting]


def train(settings: Settings) -> list[float]:
    """Train until the minutes are used up; returns the loss of every step of this call."""
    torch.manual_seed(settings.seed)
    torch.set_num_threads(THREADS)
    rng = np.random.default_rng(settings.seed)
    settings.out.mkdir(parents=True, exist_ok=True)
    pictures = Pictures(settings.photos, settings.scale, settings.cache or settings.out)

    network = Enlarge(settings.scale).to(memory_format=torch.channels_last)
    if settings.init:
        left = load_weights(network, settings.init)
        print(f"started from {settings.init}; new: {', '.join(left) or 'nothing'}")
    averaged = {name: value.clone() for name, value in network.state_dict().items()}
    optimizer = torch.optim.Adam(network.parameters(), lr=0.0, betas=(0.9, 0.99))
    step, before = 0, 0.0  # `before`: seconds already trained by the runs that this one resumes
    state_file = settings.out / "state.pt"
    if settings.resume and state_file.exists():
        state = torch.load(state_file, weights_only=True)
        network.load_state_dict(state["network"])
        averaged = state["averaged"]
        optimizer.load_state_dict(state["optimizer"])
        step, before = state["step"], state["seconds"]
        rng = np.random.default_rng([settings.seed, step])  # not the same crops once more

    examined = Enlarge(settings.scale)
    log = (settings.out / "log.jsonl").open("a")

    def seconds() -> float:
        return before + time.monotonic() - start

    def keep() -> None:
        save_weights(settings.out / "weights.npz", averaged)
        partial = settings.out / "partial_state.pt"
        torch.save(
            {
                "network": network.state_dict(),
                "averaged": averaged,
                "optimizer": optimizer.state_dict(),
                "step": step,
                "seconds": seconds(),
            },
            partial,
        )
        partial.replace(state_file)

    def note(**values: float) -> None:
        row = {"step": step, "seconds": round(seconds(), 1)} | values
        log.write(json.dumps(row) + "\n")
        log.flush()
        print(row, flush=True)

    def examine() -> None:
        if pictures.held_out:
            examined.load_state_dict(averaged)
            note(held_out_psnr=round(held_out_psnr(examined, pictures), 3))

    start = time.monotonic()
    total = settings.minutes * 60
    examine()
    next_measurement = seconds() + settings.measure_every
    losses: list[float] = []
    while seconds() < total:
        rate = learning_rate(settings, step, seconds() / total)
        for group in optimizer.param_groups:
            group["lr"] = rate
        large, small = pictures.sample(rng, settings.batch, settings.patch)
        with torch.autocast("cpu", torch.bfloat16):
            result = network(tensor(small))
        loss = (result.float() - tensor(large)).abs().mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), CLIP)
        optimizer.step()
        step += 1
        momentum = min(AVERAGING, (step + 1) / (step + 10))  # forget the first steps quickly
        with torch.no_grad():
            for name, value in network.state_dict().items():
                averaged[name].lerp_(value, 1 - momentum)
        losses.append(loss.item())
        if step % LOG_EVERY == 0:
            note(loss=round(float(np.mean(losses[-LOG_EVERY:])), 5), learning_rate=rate)
        if seconds() >= next_measurement:
            examine()
            keep()
            next_measurement = seconds() + settings.measure_every
    keep()
    examine()
    log.close()
    return losses


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=Path, required=True, help="folder of photographs")
    parser.add_argument("--out", type=Path, required=True, help="folder for weights and log")
    parser.add_argument("--scale", type=int, choices=(2, 3, 4), default=Settings.scale)
    parser.add_argument("--minutes", type=float, default=Settings.minutes)
    parser.add_argument("--cache", type=Path, help="folder for the packed pictures (default: OUT)")
    parser.add_argument("--init", type=Path, help="weights.npz of either scale to start from")
    parser.add_argument("--resume", action="store_true", help="continue from OUT/state.pt")
    parser.add_argument("--batch", type=int, default=BATCH)
    parser.add_argument("--patch", type=int, default=PATCH, help="side of a crop, input pixels")
    parser.add_argument("--learning-rate", type=float, default=LEARNING_RATE)
    parser.add_argument("--measure-every", type=float, default=Settings.measure_every)
    parser.add_argument("--seed", type=int, default=Settings.seed)
    train(Settings(**vars(parser.parse_args())))


if __name__ == "__main__":
    main()
