"""Objects: pictures of one kind of thing, learnt from a folder of them.

Beside the judge, a generator may be guided: of a real picture's own code (coded.py) it is to make
that picture. A code does not say all of one, and the mean of all that it may be is soft. So
compared are, as in Style, where things are by the deeper features of SqueezeNet, but detail by the
statistics of the shallow ones, and colours where they are.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from models.generate.coded import Coded
from models.generate.contest import WATCHED, Batch, Contest, Settings, Stage
from models.generate.folder import Examples, Folder, reduced, signed
from models.generate.networks import CODE, Judge, Objects
from models.muon import Muon
from models.style import objective
from models.training import Run, planes

LEAST = 64  # pixels a side that it is shown
COLOURS = 8  # pixels a side at which colours are compared
JITTER = 0.2  # of codes, beside their spread of 1
CENTRED = 0.995  # of what the blocks are told, over steps: the middle that variety goes around


class ObjectContest(Contest):
    """A generator of objects and its judge."""

    def __init__(
        self, settings: Settings, run: Run, features: Path | None = None, guided: float = 0.0
    ):
        if features and guided:
            self.optimizing = Muon  # fewer steps, where what is to be learnt stands still
        generator = Objects(settings.side, settings.width)
        judge = Judge(settings.side, settings.width, norm=settings.norm)
        super().__init__(settings, run, generator, judge)
        self.pictures = Folder(settings.photos, settings.side)
        self.source = run.batches(Examples(self.pictures.train, settings.batch, run.seed))
        self.guided = guided if features else 0.0
        if features and guided:
            self.compared = objective.features(features).to(run.devices.device)
            self.compared = self.compared.to(memory_format=torch.channels_last)
            self.coded = Coded(self.pictures.train)
        chance = torch.Generator().manual_seed(0)
        self.same = torch.randn(WATCHED, CODE, generator=chance).to(run.devices.device)

    def batch(self, at: Stage) -> Batch:
        pictures = signed(next(self.source))
        if self.guided:
            codes = self.coded.of(pictures)
            self.codes, self.at = codes + JITTER * torch.randn_like(codes), at
        return Batch(blended(pictures, at))

    def guidance(self, made: Tensor, batch: Batch) -> Tensor:
        """How far what is made of the batch's own codes is from it."""
        if not self.guided:
            return super().guidance(made, batch)
        with self.run.devices.autocast():
            told = self.generator.module.mapped(self.codes)
            own = self.generator.module.made(told, self.at.side, self.at.fade)
            found, wanted = (
                objective.by_layer(self.compared, large_enough((part + 1) / 2))
                for part in (own, batch.real)
            )
            content = objective.content_loss(found, wanted).mean()
            style = objective.style_loss(found, objective.styles(wanted)).mean()
        near, real = (reduced(part, COLOURS) for part in (own.float(), batch.real))
        return self.guided * (content + style + (near - real).abs().mean())

    def guide_generator(self, batch: Batch, at: Stage) -> Tensor:
        loss = self.guidance(batch.real, batch)
        self.norms["generator"] = self.run.learn(loss)
        return loss

    def made(self, generator: Any, batch: Batch, at: Stage) -> Tensor:
        told = generator.mapped(torch.randn(len(batch.real), CODE, device=batch.real.device))
        if torch.is_grad_enabled():
            generator.centre.lerp_(told.detach().float().mean(0), 1 - CENTRED)
        return generator.made(told, at.side, at.fade)

    @torch.no_grad()
    def samples(self, generator: Any, at: Stage) -> Tensor:
        return generator(self.same, at.side, at.fade)

    def examples(self, at: Stage) -> tuple[Batch, Batch]:
        sets = self.pictures.train, self.pictures.held_out
        learnt, held_out = (signed(planes(part[:WATCHED])).to(self.same.device) for part in sets)
        return Batch(blended(learnt, at)), Batch(blended(held_out, at))


def large_enough(pictures: Tensor) -> Tensor:
    """Pictures as large as SqueezeNet's layers need them."""
    if pictures.shape[-1] >= LEAST:
        return pictures
    return F.interpolate(pictures, (LEAST, LEAST), mode="bilinear")


def blended(pictures: Tensor, at: Stage) -> Tensor:
    """Real pictures at the side of a stage; while it comes in, partly as they were at the last."""
    fine = reduced(pictures, at.side)
    if at.fade >= 1:
        return fine
    coarse = F.interpolate(reduced(fine, at.side // 2), scale_factor=2.0)
    return coarse + at.fade * (fine - coarse)
