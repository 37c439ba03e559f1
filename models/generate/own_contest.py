"""A contest about textures of one's own: minutes instead of hours.

Beside features, colours and the differences of pixels that are near one another are compared: how
strong detail is, and which way it runs, small networks of features hardly say. These guide the
generator alone, unless a judge is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import IterableDataset

from models.generate import contest, watch
from models.generate import export as exporting
from models.generate.contest import Batch, Stage
from models.generate.folder import sheet, signed
from models.generate.selected import Squares, Texture
from models.generate.surface_network import CELL
from models.generate.surfaces import TYPICAL, Kinds, SurfaceContest, mean_of, placed
from models.generate.textures import between, row
from models.style import objective
from models.training import Run

STEPS = (1, 2, 4)  # pixels apart, across and down, that are compared
SMALLEST = 1e-4  # least variance of a colour or difference
COMPARED = 8  # pairs of squares that are measured, of each texture


@dataclass(kw_only=True)
class Settings(contest.Settings):
    """One training run on textures of one's own. The defaults suit one core and a few minutes."""

    name: str
    more: tuple[Path, ...] = ()  # pictures, beside `photos`
    masks: tuple[Path, ...] = ()  # of all of them, or of none
    features: Path
    general: Path | None = None  # weights of the network of many textures
    guided: float = 1.0  # weight of the features' statistics
    near: float = 1.0  # weight of colours and differences
    judged: bool = False
    credit: str = ""
    licence: str = "Apache-2.0"
    width: float = 0.5
    minutes: float = 5.0
    batch: int = 1
    learning_rate: float = 3e-3
    measure_every: float = 60.0  # seconds


class Near(NamedTuple):
    """Of pictures: mean colours (n, 3), covariances (n, c, c) of colours and differences."""

    mean: Tensor
    covariance: Tensor


def near(pictures: Tensor) -> Near:
    """What pixels are like beside one another, in pictures (n, 3, h, w)."""
    end = STEPS[-1]
    here = pictures[:, :, :-end, :-end]
    height, width = here.shape[2:]
    beside = [pictures[:, :, k : k + height, :width] for k in STEPS]
    beside += [pictures[:, :, :height, k : k + width] for k in STEPS]
    mean = here.mean((2, 3))
    seen = [here - mean[..., None, None], *(other - here for other in beside)]
    flat = torch.cat(seen, 1).flatten(2)
    return Near(mean, flat @ flat.transpose(1, 2) / flat.shape[2])


def near_loss(found: Near, wanted: Near) -> Tensor:
    """How far they differ (n,), every colour and difference in parts of its wanted deviation."""
    deviation = (wanted.covariance.diagonal(dim1=1, dim2=2) + SMALLEST).sqrt()
    parts = deviation[:, :, None] * deviation[:, None]
    apart = ((found.covariance - wanted.covariance) / parts).flatten(1).norm(dim=1)
    usual = (wanted.covariance / parts).flatten(1).norm(dim=1)
    colours = ((found.mean - wanted.mean) / deviation[:, :3]).square().mean(1).sqrt()
    return apart / usual + colours


class OwnContest(SurfaceContest):
    """A generator of the textures of a few pictures, and a judge that may stay away."""

    settings: Settings
    even = 0.0  # one picture in a batch tells of its texture, hardly of cells

    def __init__(self, settings: Settings, run: Run, textures: list[Texture]):
        super().__init__(settings, run, textures, settings.features, settings.guided)
        device, count = run.devices.device, len(textures)
        self.judging = settings.judged
        typical = (near(self.squares(n, TYPICAL, 0)) for n in range(count))
        self.near = [Near(*(part.mean(0, keepdim=True) for part in known)) for known in typical]
        self.real = [self.squares(n, COMPARED, 1) for n in range(count)]
        others = (self.squares(n, COMPARED, 2) for n in range(count))
        self.usual = [self.distance(*pair) for pair in zip(self.real, others, strict=True)]
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.same = placed(COMPARED * count, self.cells, device)

    def beginning(self, settings: Settings, textures: list[Texture]) -> Kinds:
        """The general network, where its weights are given, as near to the textures as it comes."""
        if settings.general is None:
            return super().beginning(settings, textures)
        return from_general(settings.general, textures, settings)

    def crops(self, seed: tuple[int, ...]) -> IterableDataset:
        return Squares(self.textures, self.settings.batch, self.settings.side, seed)

    def squares(self, n: int, count: int, seed: int) -> Tensor:
        """Squares of one texture, of -1 to 1."""
        source = Squares(self.textures, count, self.settings.side, (seed,))
        _, found = source.some(np.full(count, n), np.random.default_rng(seed))
        return signed(found).to(self.run.devices.device)

    def batch(self, at: Stage) -> Batch:
        self.which, crops = next(self.source)
        return Batch(signed(crops), self.generator.module.kind(self.which))

    def guidance(self, made: Tensor, batch: Batch) -> Tensor:
        wanted = zip(*(self.near[n] for n in self.which.tolist()), strict=True)
        apart = near_loss(near(made), Near(*map(torch.cat, wanted))).mean()
        return super().guidance(made, batch) + self.settings.near * apart

    @torch.no_grad()
    def samples(self, generator: Any, at: Stage) -> Tensor:
        field, places, period = self.same
        which = torch.arange(len(self.textures), device=field.device)
        kinds = generator.kind(which.repeat_interleave(COMPARED))
        return generator(kinds, field, places, period)

    def distance(self, ours: Tensor, its: Tensor) -> float:
        """How far squares are from one another by what the generator is guided by, pair by pair."""
        return float(between(self.statistics(ours), self.statistics(its)).mean())

    @torch.no_grad()
    def measure(self, averaged: Any) -> dict[str, Any]:
        """What is made, in parts of what squares of the textures are: their mean.

        `distance` is that from the texture, by what the generator is guided by; `varies` how
        different two made squares are, pixel by pixel.
        """
        made = self.samples(averaged, Stage(self.settings.side)).float()
        sheet(made, COMPARED).save(self.settings.out / "samples" / f"{self.run.step:07d}.png")
        parts = []
        for ours, real, usual in zip(made.split(COMPARED), self.real, self.usual, strict=True):
            spread, its = (watch.spread(part.flatten(1)) for part in (ours, real))
            parts.append((self.distance(ours, real) / max(usual, 1e-6), spread / its))
        distance, varies = (round(float(value), 3) for value in np.mean(parts, 0))
        said = watch.alarms(0, varies, self.norms.values())
        found: dict[str, Any] = {"distance": distance, "varies": varies}
        return found | ({"alarm": "; ".join(said)} if said else {})


@torch.no_grad()
def from_general(weights: Path, textures: list[Texture], settings: Settings) -> Kinds:
    """The network of many textures, which makes for each of `textures` the nearest it knows.

    Of one texture alone the code is 0, so what a code does is told by a bias.
    """
    surface, codes = exporting.surface(weights)
    known, compared = torch.from_numpy(codes), objective.features(settings.features)
    several = Kinds(surface.surfaces, len(known))
    made = several(known, *placed(len(known), settings.side // CELL, known.device))

    def statistics(pictures: Tensor) -> list[objective.Moments]:
        return objective.styles(objective.by_layer(compared, (pictures + 1) / 2))

    told = statistics(made)
    chance, nearest = np.random.default_rng(0), []
    for n in range(len(textures)):
        _, found = Squares(textures, 1, settings.side, ()).some(np.full(TYPICAL, n), chance)
        wanted = mean_of(statistics(signed(found)))
        apart = [float(between(row(told, k), wanted)) for k in range(len(known))]
        nearest.append(int(np.argmin(apart)))
    chosen = known[nearest]
    begun = Kinds(surface.surfaces, len(textures))
    begun.codes.copy_(chosen)
    first = surface.surfaces.mapping[0]
    offset = chosen.mean(0)
    first.inner.bias += first.gain * first.inner.weight[:, :, 0, 0] @ offset
    return begun
