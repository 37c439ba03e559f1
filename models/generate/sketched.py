"""Small pictures of objects: sketches drawn by chance, and what makes pictures of them.

Guidance is flow matching (Lipman et al., "Flow Matching for Generative Modeling", 2023): of a
sketch and a real picture that have nothing to do with one another, the network is shown something
between, and says what lies from the one to the other. That is learnt in an hour, misses no kind of
picture, and needs no judge. One may come in later: it looks at what all passes together make.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from models.generate.contest import WATCHED, Batch, Contest, Settings, Stage
from models.generate.folder import Examples, Folder, reduced, signed
from models.generate.networks import CODE, PASSES, Judge, Sketched, reached
from models.muon import Muon
from models.training import Run, planes

LARGE = 128  # pixels a side of the pictures that squares are cut from
CLOSER = 0.15  # of a side, at most, that is left away: more pictures than there are
LEAST = 1e-3  # spread along a direction, in parts of the first: less is rounding


class SketchContest(Contest):
    """What makes pictures of sketches, and a judge of them."""

    optimizing = Muon

    def __init__(self, settings: Settings, run: Run, guided: float):
        self.guided = guided
        self.pictures = Folder(settings.photos, max(LARGE, settings.side))
        generator = Sketched(settings.side)
        mean, directions = principal(self.pictures.train, settings.side)
        generator.mean.copy_(mean)
        generator.directions[: len(directions)].copy_(directions)
        judge = Judge(settings.side, settings.width, norm=settings.norm)
        super().__init__(settings, run, generator, judge)
        self.source = run.batches(Examples(self.pictures.train, settings.batch, run.seed))
        chance = torch.Generator().manual_seed(0)
        self.same = torch.randn(WATCHED, CODE, generator=chance).to(run.devices.device)

    def batch(self, at: Stage) -> Batch:
        return Batch(closer(signed(next(self.source)), self.settings.side))

    def guidance(self, made: Tensor, batch: Batch) -> Tensor:
        """How far from the way between sketches and the batch's pictures the network leads."""
        generator, real = self.generator.module, batch.real
        share = torch.tensor([reached(n) for n in range(PASSES)], device=real.device)
        share = share[torch.randint(PASSES, (len(real),), device=real.device)]
        sketch = generator.sketch(torch.randn(len(real), CODE, device=real.device))
        between = sketch + share[:, None, None, None] * (real - sketch)
        with self.run.devices.autocast():
            found = generator.flow(between, share)
        return self.guided * (found.float() - (real - sketch)).square().mean()

    def guide_generator(self, batch: Batch, at: Stage) -> Tensor:
        loss = self.guidance(batch.real, batch)
        self.norms["generator"] = self.run.learn(loss)
        return loss

    def made(self, generator: Any, batch: Batch, at: Stage) -> Tensor:
        return generator(torch.randn(len(batch.real), CODE, device=batch.real.device))

    @torch.no_grad()
    def samples(self, generator: Any, at: Stage) -> Tensor:
        return generator(self.same)

    def examples(self, at: Stage) -> tuple[Batch, Batch]:
        learnt, held_out = (
            Batch(reduced(part, self.settings.side).to(self.same.device))
            for part in self.pictures.examples(WATCHED)
        )
        return learnt, held_out


def closer(pictures: Tensor, side: int) -> Tensor:
    """Squares of pictures (n, 3, s, s) somewhere, of nearly their size, at `side` pixels."""
    found = []
    for one in pictures:
        size = round(one.shape[-1] * (1 - CLOSER * float(torch.rand(()))))
        y, x = torch.randint(one.shape[-1] - size + 1, (2,)).tolist()
        found.append(F.adaptive_avg_pool2d(one[:, y : y + size, x : x + size], side))
    return torch.stack(found)


def principal(pictures: np.ndarray, side: int) -> tuple[Tensor, Tensor]:
    """Mean (c,) and principal directions (n, c) of uint8 pictures at `side` pixels, n <= CODE.

    Directions (Pearson, 1901) are as long as the pictures, which are mirrored too, spread along
    them.
    """
    parts = np.array_split(pictures, max(1, len(pictures) // 256))
    seen = torch.cat([reduced(signed(planes(part)), side) for part in parts])
    flat = torch.cat([seen, seen.flip(3)]).flatten(1)
    mean = flat.mean(0)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        _, sizes, directions = torch.svd_lowrank(flat - mean, q=min(CODE, *flat.shape), niter=4)
    spread = sizes / len(flat) ** 0.5
    return mean, (directions * torch.where(spread > LEAST * spread[0], spread, 0)).T
