"""Surfaces: textures found in photographs and paintings, each known by a code that is learnt too.

A texture's code is learnt with the generator, so that alike ones lie near one another, and a little
noise is added to it, so that what lies between is known as well. Beside the judge, the statistics
of SqueezeNet's features say what a texture is (Gatys et al., "Texture Synthesis Using Convolutional
Neural Networks", 2015; Ulyanov et al., "Texture Networks", 2016): `guidance`. What they are to be
is known from the start, the mean of parts of the texture. Kernels move as Muon moves them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import IterableDataset

from models.generate.contest import WATCHED, Batch, Contest, Settings, Stage
from models.generate.folder import signed
from models.generate.networks import Judge
from models.generate.surface_network import CELL, FIELD, KIND, Surfaces
from models.generate.textures import SIDE, Crops
from models.muon import Muon
from models.style import objective
from models.training import Run, planes

JITTER = 0.1  # of codes, beside their spread of 1
TYPICAL = 24  # parts of a texture whose mean statistics stand for it
EVEN = 10.0  # weight of how unlike the places of a cell are
FARTHEST = 256  # cells from the corner that a piece may lie


class Kinds(nn.Module):
    """The generator, and the code of every texture it is trained on."""

    def __init__(self, surfaces: Surfaces, count: int):
        super().__init__()
        self.surfaces = surfaces
        self.codes = nn.Parameter(torch.randn(count, KIND))

    def kind(self, which: Tensor) -> Tensor:
        """The codes (n, KIND) of textures (n,), of a spread of 1 over all."""
        centred = self.codes - self.codes.mean(0)
        return (centred / centred.square().mean().clamp(min=1e-8).sqrt())[which]

    def forward(self, kinds: Tensor, field: Tensor, places: Tensor, period: Tensor) -> Tensor:
        """Pictures of codes (n, KIND), each the same everywhere; see Surfaces."""
        spread = kinds[:, :, None, None].expand(-1, -1, *field.shape[2:])
        return self.surfaces(field, spread, places, period)


def placed(count: int, cells: int, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """What a piece takes in training: a field of noise, places somewhere, and that it repeats."""
    field = torch.randn(count, FIELD, cells, cells, device=device)
    corner = torch.randint(0, FARTHEST, (count, 2, 1, 1), device=device).float()
    along = torch.arange(cells, device=device).float()
    grid = torch.stack(torch.meshgrid(along, along, indexing="ij"))
    period = torch.full((count, 2), float(cells), device=device)
    return field, corner + grid, period


class SurfaceContest(Contest):
    """A generator of surfaces, and a judge that is told of which kind each should be."""

    optimizing = Muon
    even = EVEN

    def __init__(
        self,
        settings: Settings,
        run: Run,
        textures: np.ndarray | list[Any],
        features: Path | None,
        guided: float,
    ):
        judge = Judge(settings.side, settings.width / 2, norm=settings.norm, kinds=KIND)
        super().__init__(settings, run, self.beginning(settings, textures), judge)
        self.textures, self.guided = textures, guided if features else 0.0
        device = run.devices.device
        if features and guided:
            self.compared = objective.features(features).to(device)
            self.compared = self.compared.to(memory_format=torch.channels_last)
            self.wanted = [self.typical(n) for n in range(len(textures))]
        self.which = torch.zeros(0, dtype=torch.long, device=device)  # textures of the last batch
        self.source = run.batches(self.crops(run.seed))
        self.cells = settings.side // CELL
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.same = placed(min(WATCHED, len(textures)), self.cells, device)

    def beginning(self, settings: Settings, textures: np.ndarray | list[Any]) -> Kinds:
        """The generator before it is trained."""
        surfaces = Surfaces(width=settings.width)
        surfaces.wrap(True)
        return Kinds(surfaces, len(textures))

    def crops(self, seed: tuple[int, ...]) -> IterableDataset:
        """Endless batches: which texture, and a part of it."""
        return Crops(self.textures, self.settings.batch, self.settings.side, seed)

    def squares(self, n: int, count: int, seed: int) -> Tensor:
        """Parts of one texture, of -1 to 1."""
        side, rng = self.settings.side, np.random.default_rng(seed)
        corners = rng.integers(SIDE - side + 1, size=(count, 2))
        parts = [self.textures[n, y : y + side, x : x + side] for y, x in corners]
        return signed(planes(np.stack(parts))).to(self.run.devices.device)

    @torch.no_grad()
    def typical(self, n: int) -> list[objective.Moments]:
        """The mean statistics of parts of one texture, one row."""
        return mean_of(self.statistics(self.squares(n, TYPICAL, 0)))

    def statistics(self, pictures: Tensor) -> list[objective.Moments]:
        """Of pictures of -1 to 1."""
        return objective.styles(objective.by_layer(self.compared, (pictures + 1) / 2))

    def batch(self, at: Stage) -> Batch:
        self.which, crops = next(self.source)
        kinds = self.generator.module.kind(self.which)
        return Batch(signed(crops), kinds + JITTER * torch.randn_like(kinds))

    def made(self, generator: Any, batch: Batch, at: Stage) -> Tensor:
        assert batch.kinds is not None
        count, device = len(batch.real), batch.real.device
        return generator(batch.kinds, *placed(count, self.cells, device))

    def judged(self, pictures: Tensor, batch: Batch, at: Stage) -> Tensor:
        """Verdicts; codes are the generator's to learn, not the judge's."""
        assert batch.kinds is not None
        return super().judged(pictures, batch._replace(kinds=batch.kinds.detach()), at)

    def guidance(self, made: Tensor, batch: Batch) -> Tensor:
        if not self.guided:
            return super().guidance(made, batch)
        layers = zip(*(self.wanted[n] for n in self.which.tolist()), strict=True)
        wanted = [objective.Moments(*map(torch.cat, zip(*one, strict=True))) for one in layers]
        with self.run.devices.autocast():
            found = objective.by_layer(self.compared, (made + 1) / 2)
            style = objective.style_loss(found, wanted).mean()
        if self.even:
            style = style + self.even * lattice(made)
        return self.guided * style

    @torch.no_grad()
    def samples(self, generator: Any, at: Stage) -> Tensor:
        field, places, period = self.same
        which = torch.arange(len(field), device=field.device)
        return generator(generator.kind(which), field, places, period)

    def examples(self, at: Stage) -> tuple[Batch, Batch]:
        """Two crops of each texture; of so small a thing nothing is kept from training."""
        count, side = len(self.same[0]), self.settings.side
        which = torch.arange(count, device=self.same[0].device)
        kinds = self.generator.module.kind(which).detach()
        parts = (slice(0, side), slice(SIDE - side, SIDE))
        crops = [signed(planes(self.textures[:count, part, part])) for part in parts]
        learnt, held_out = (Batch(crop.to(which.device), kinds) for crop in crops)
        return learnt, held_out


def lattice(pictures: Tensor) -> Tensor:
    """How much of a grid of cells is seen in pictures (n, 3, h, w) that wrap; 0 for none.

    A texture knows nothing of cells: neighbours differ by as much at each of a cell's CELL rows and
    columns. Summed is the squared departure from that, in parts of the mean difference.
    """
    found = pictures.new_zeros(())
    for axis in (2, 3):
        across = (pictures - pictures.roll(1, axis)).abs().mean((1, 5 - axis))
        alike = across / across.mean(1, keepdim=True).clamp(min=1e-6)
        found = found + (alike.unflatten(1, (-1, CELL)).mean((0, 1)) - 1).square().sum()
    return found


def mean_of(known: list[objective.Moments]) -> list[objective.Moments]:
    """The mean statistics of several pictures, one row."""
    return [objective.Moments(*(part.mean(0, keepdim=True) for part in one)) for one in known]
