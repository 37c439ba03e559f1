"""Train the network that decides where clouds are, on a folder of skies.

    python -m models.generate.skies.train --photos SKIES --out OUT/skies --minutes 40

SKIES holds pictures and `skies.csv`, whose column `kept` marks those that nobody learns from. OUT
receives `weights.npz` (averaged), `state.pt` (what --resume continues from) and `log.jsonl`, which
notes the loss on pictures that were learnt and on those that were kept.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from models import training
from models.generate.skies.fields import Examples, Fields, Sky, example, stacked
from models.generate.skies.network import SkyFlow, between, loss
from models.muon import Muon
from models.training import Run, options

AVERAGING = 0.999
LOG_EVERY = 50  # steps
WATCHED = 48  # fields that the loss is measured on


@dataclass(kw_only=True)
class Settings(training.Settings):
    """One training run."""

    minutes: float = 120.0
    batch: int = 16
    learning_rate: float = 2e-3
    measure_every: float = 240.0


def watched(skies: list[Sky]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Noise, fields, codes and angles that the loss is measured on again and again."""
    rng, random = np.random.default_rng(7), np.random.RandomState(7)
    which = np.linspace(0, len(skies) - 1, WATCHED).astype(int)
    starts, fields, codes = stacked([example(skies[n], rng, random) for n in which])
    return starts, fields, codes, torch.linspace(0.02, math.pi / 2, WATCHED)


@torch.no_grad()
def measured(network: SkyFlow, known: tuple[Tensor, Tensor, Tensor, Tensor]) -> float:
    """The loss of a network on what is watched."""
    starts, fields, codes, angles = known
    at, wanted = between(starts, fields, angles)
    return float(loss(network(at, angles, codes), wanted))


def train(settings: Settings) -> list[float]:
    """Train until the minutes are used up; returns the loss of every step."""
    fields = Fields(settings.photos)
    run = Run(settings, LOG_EVERY)
    module = SkyFlow()
    module.mean.copy_(torch.from_numpy(fields.mean))
    module.spread.copy_(torch.from_numpy(fields.spread))
    network = run.network(module, AVERAGING, Muon)
    known = {"learnt": watched(fields.learnt), "kept": watched(fields.kept)}
    source = run.batches(Examples(fields, settings.batch, run.seed))
    run.begin()

    def measure(averaged: SkyFlow) -> dict[str, float]:
        return {f"{name}_loss": round(measured(averaged, part), 4) for name, part in known.items()}

    for _ in run.parts(measure):
        starts, wholes, codes = next(source)
        angles = torch.rand(len(starts)) * math.pi / 2
        at, wanted = between(starts, wholes, angles)
        found = loss(network(at, angles, codes).float(), wanted)
        run.learn(found)
        run.done(float(found.detach()))
    return run.losses


def main() -> None:
    given = options(__doc__.splitlines()[0], Settings).parse_args()
    train(Settings(**vars(given)))


if __name__ == "__main__":
    main()
