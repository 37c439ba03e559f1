"""Objects: pictures of one kind of thing, learnt from a folder of them by the judge alone."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from models.generate.contest import WATCHED, Batch, Contest, Settings, Stage
from models.generate.folder import Examples, Folder, reduced, signed
from models.generate.networks import CODE, Judge, Objects
from models.training import Run

CENTRED = 0.995  # of what the blocks are told, over steps: the middle that variety goes around


class ObjectContest(Contest):
    """A generator of objects and its judge."""

    def __init__(self, settings: Settings, run: Run):
        generator = Objects(settings.side, settings.width)
        judge = Judge(settings.side, settings.width, norm=settings.norm)
        super().__init__(settings, run, generator, judge)
        self.pictures = Folder(settings.photos, settings.side)
        self.source = run.batches(Examples(self.pictures.train, settings.batch, run.seed))
        chance = torch.Generator().manual_seed(0)
        self.same = torch.randn(WATCHED, CODE, generator=chance).to(run.devices.device)

    def batch(self, at: Stage) -> Batch:
        return Batch(blended(signed(next(self.source)), at))

    def made(self, generator: Any, batch: Batch, at: Stage) -> Tensor:
        told = generator.mapped(torch.randn(len(batch.real), CODE, device=batch.real.device))
        if torch.is_grad_enabled():
            generator.centre.lerp_(told.detach().float().mean(0), 1 - CENTRED)
        return generator.made(told, at.side, at.fade)

    @torch.no_grad()
    def samples(self, generator: Any, at: Stage) -> Tensor:
        return generator(self.same, at.side, at.fade)

    def examples(self, at: Stage) -> tuple[Batch, Batch]:
        learnt, held_out = (
            Batch(blended(part.to(self.same.device), at))
            for part in self.pictures.examples(WATCHED)
        )
        return learnt, held_out


def blended(pictures: Tensor, at: Stage) -> Tensor:
    """Real pictures at the side of a stage; while it comes in, partly as they were at the last."""
    fine = reduced(pictures, at.side)
    if at.fade >= 1:
        return fine
    coarse = F.interpolate(reduced(fine, at.side // 2), scale_factor=2.0)
    return coarse + at.fade * (fine - coarse)
