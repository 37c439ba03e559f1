"""Detail for objects: small pictures of them are enlarged as pictures of the folder look.

A generator of small pictures learns in an hour where things are; detail is learnt apart from it, on
real pictures made small, so what it is to be is known. Compared are, as in Style, where things are
by the deeper features of SqueezeNet, detail by the statistics of the shallow ones, and what the
result is when made small again. A judge, which sees the whole, comes in later.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from models.adversary import pattern
from models.generate.contest import WATCHED, Batch, Contest, Settings, Stage
from models.generate.folder import Examples, Folder, reduced, signed
from models.generate.networks import Finer, Judge
from models.muon import Muon
from models.style import objective
from models.training import Run

UNSURE = 0.08  # most noise in the small pictures, of the range of 2: a generator's are not exact
PATTERN = 2.0  # weight of dots on the grid of the size before, the cheapest detail there is
SAME = 4.0  # weight of what the result is when made small again


class FinerContest(Contest):
    """What enlarges small pictures, and a judge of the results."""

    optimizing = Muon

    def __init__(self, settings: Settings, run: Run, small: int, features: Path, guided: float):
        judge = Judge(settings.side, settings.width, norm=settings.norm)
        super().__init__(settings, run, Finer(small, settings.side), judge)
        self.small, self.guided = small, guided
        self.pictures = Folder(settings.photos, settings.side)
        self.source = run.batches(Examples(self.pictures.train, settings.batch, run.seed))
        self.compared = objective.features(features).to(run.devices.device)
        self.compared = self.compared.to(memory_format=torch.channels_last)

    def batch(self, at: Stage) -> Batch:
        return Batch(signed(next(self.source)))

    def made(self, generator: Any, batch: Batch, at: Stage) -> Tensor:
        small = reduced(batch.real, self.small)
        noise = UNSURE * torch.rand(len(small), 1, 1, 1, device=small.device)
        return generator(small + noise * torch.randn_like(small))

    def guidance(self, made: Tensor, batch: Batch) -> Tensor:
        """How far what is made of small pictures is from the large ones."""
        with self.run.devices.autocast():
            found = objective.by_layer(self.compared, (made + 1) / 2)
            with torch.no_grad():
                wanted = objective.by_layer(self.compared, (batch.real + 1) / 2)
            content = objective.content_loss(found, wanted).mean()
            style = objective.style_loss(found, objective.styles(wanted)).mean()
        again = (reduced(made, self.small) - reduced(batch.real, self.small)).abs().mean()
        dots = pattern(made - batch.real, 2)
        return self.guided * (content + style + SAME * again + PATTERN * dots)

    @torch.no_grad()
    def samples(self, generator: Any, at: Stage) -> Tensor:
        small = reduced(self.examples(at)[1].real, self.small)
        return torch.cat([generator(one[None]) for one in small])

    def examples(self, at: Stage) -> tuple[Batch, Batch]:
        device = self.run.devices.device
        learnt, held_out = (Batch(part.to(device)) for part in self.pictures.examples(WATCHED))
        return learnt, held_out
