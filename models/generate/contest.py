"""A contest of a generator and a judge: what each learns in a step, and the figures to watch.

What they contend about, objects or surfaces, is in objects.py and surfaces.py.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from models import training
from models.generate import losses, watch
from models.generate.augmentation import CHANGES, changed
from models.generate.folder import sheet
from models.style.independent import answers
from models.training import Optimizing, Run, take_step

AVERAGING = 0.999  # of the generator's weights, over steps
USUAL = 64  # pixels a side
EVERY = 4  # steps between the penalties, which count so many times as much
SHOWN = 36  # pictures of a sheet of samples
COLUMNS = 9
WATCHED = 64  # pictures that the watch looks at
LOOKED_AT = 64  # pixels a side, whatever a stage makes


@dataclass(kw_only=True)
class Settings(training.Settings):
    """One training run. The defaults suit two CPU cores and some hours."""

    side: int = 128
    width: float = 1.0  # of the networks, in parts of the usual
    minutes: float = 180.0
    batch: int = 16
    loss: str = "relativistic"
    roughness: float = 1.0  # weight of R1 and R2 for pictures of USUAL pixels a side
    finite: bool = False  # by finite differences
    slope: float = 0.0  # weight of WGAN-GP's penalty
    norm: bool = False  # spectral normalisation of the judge
    smoothing: float = 0.0
    changes: tuple[str, ...] = tuple(CHANGES)
    grow: tuple[int, ...] = ()
    judged_from: float = 0.0  # part of the run that is over when the judge comes in
    measure_every: float = 300.0  # seconds


class Stage(NamedTuple):
    """The side of what is made, and how much its finest detail counts, 0 to 1."""

    side: int
    fade: float = 1.0


class Batch(NamedTuple):
    """Real pictures (n, 3, h, w) of -1 to 1, and of which kind each is, (n, k), where it counts."""

    real: Tensor
    kinds: Tensor | None = None


def adam(parameters: Iterator[nn.Parameter], rate: float) -> torch.optim.Optimizer:
    """Adam without momentum, as two that chase one another want it (Karras et al., 2018)."""
    return torch.optim.Adam(parameters, lr=rate, betas=(0.0, 0.99), eps=1e-8, fused=True)


class Contest(ABC):
    """A generator and a judge, both on the run's device, and one step of each."""

    optimizing: Optimizing = staticmethod(adam)  # of the generator

    def __init__(self, settings: Settings, run: Run, generator: nn.Module, judge: nn.Module):
        self.settings, self.run = settings, run
        self.judging = True
        self.norms: dict[str, float] = {}  # of both sides' last gradients
        self.loss = losses.loss_of(settings.loss, settings.smoothing)
        self.generator = run.network(generator, AVERAGING, self.optimizing)
        self.judge, self.optimizer = run.beside(judge, settings.learning_rate, "judge", adam)

    @abstractmethod
    def batch(self, at: Stage) -> Batch:
        """The next real pictures."""

    @abstractmethod
    def made(self, generator: Any, batch: Batch, at: Stage) -> Tensor:
        """As many pictures of the same kinds, from chance."""

    def guidance(self, made: Tensor, batch: Batch) -> Tensor:
        """What else a generator has to make small."""
        return made.new_zeros(())

    def judged(self, pictures: Tensor, batch: Batch, at: Stage) -> Tensor:
        """Verdicts (n,) on pictures, changed as the judge sees them."""
        with self.run.devices.autocast():
            seen = changed(pictures, self.settings.changes)
            return self.judge.module(seen, at.fade, batch.kinds).float()

    def step(self, at: Stage) -> dict[str, float]:
        """One step of both; the generator's loss, and the mean verdicts."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.run.rate
        batch = self.batch(at)
        if not self.judging:
            return {"loss": float(self.guide_generator(batch, at).detach())}
        found = self.teach_judge(batch, at) | {"loss": self.teach_generator(batch, at)}
        return {name: float(value.detach()) for name, value in found.items()}

    def teach_judge(self, batch: Batch, at: Stage) -> dict[str, Tensor]:
        """One step of the judge; mean verdicts on real and on made pictures."""
        with torch.no_grad(), self.run.devices.autocast():
            made = self.made(self.generator.module, batch, at).float()
        real, fake = (self.judged(part, batch, at) for part in (batch.real, made))
        loss = self.loss.judge(real, fake)
        if self.run.step % EVERY == 0:
            loss = loss + EVERY * self.penalty(batch, made, at)
        self.norms["judge"] = take_step(self.run.devices, self.judge, self.optimizer, loss)
        return {"real": real.mean(), "made": fake.mean()}

    def penalty(self, batch: Batch, made: Tensor, at: Stage) -> Tensor:
        """What the judge pays for being steep, on half of the pictures.

        The weight of R1 and R2 is in proportion to the pixels (Karras et al., "Training Generative
        Adversarial Networks with Limited Data", 2020): a judge is steeper where there are few.
        """
        settings, total = self.settings, made.new_zeros(())
        half = max(1, len(made) // 2)
        kinds = None if batch.kinds is None else batch.kinds[:half].detach()
        real, fake = (changed(part[:half], settings.changes) for part in (batch.real, made))

        def judge(pictures: Tensor) -> Tensor:
            return self.judge.module(pictures, at.fade, kinds)

        if settings.roughness:
            for part in (real, fake):
                if settings.finite:
                    rough = losses.nudged(judge, part, judge(part))
                else:
                    rough = losses.roughness(judge, part)
                total = total + settings.roughness * (at.side / USUAL) ** 2 * rough
        if settings.slope:
            total = total + settings.slope * losses.slope(judge, real, fake)
        return total

    def teach_generator(self, batch: Batch, at: Stage) -> Tensor:
        """One step of the generator; its loss."""
        with self.run.devices.autocast():
            made = self.made(self.generator.module, batch, at)
        made = made.float()
        self.judge.requires_grad_(False)
        with torch.no_grad():
            real = self.judged(batch.real, batch, at)
        loss = self.loss.generator(real, self.judged(made, batch, at))
        self.norms["generator"] = self.run.learn(loss + self.guidance(made, batch))
        self.judge.requires_grad_(True)
        return loss

    def guide_generator(self, batch: Batch, at: Stage) -> Tensor:
        """One step of the generator without a judge; its loss."""
        with self.run.devices.autocast():
            made = self.made(self.generator.module, batch, at)
        loss = self.guidance(made.float(), batch)
        self.norms["generator"] = self.run.learn(loss)
        return loss

    @abstractmethod
    @torch.no_grad()
    def samples(self, generator: Any, at: Stage) -> Tensor:
        """The pictures of the same WATCHED codes, (n, 3, h, w)."""

    @abstractmethod
    def examples(self, at: Stage) -> tuple[Batch, Batch]:
        """Real pictures: WATCHED that are learnt, and others that are not, where there are any."""


class Watch:
    """Looks at a contest from time to time: figures for the log, and a sheet of samples."""

    def __init__(self, contest: Contest, at: Stage):
        self.contest, self.at = contest, at
        self.folder = contest.settings.out / "samples"
        self.folder.mkdir(exist_ok=True)

    @torch.no_grad()
    def measure(self, averaged: Any) -> dict[str, Any]:
        """How much the judge overfits, how much the generator varies, what that means."""
        contest, at = self.contest, self.at
        made = contest.samples(averaged, at).float()
        learnt, held_out = contest.examples(at)
        judge = contest.judge.module
        verdicts = [
            float(judge(part.real, at.fade, part.kinds).mean())
            for part in (learnt, held_out, learnt._replace(real=made))
        ]
        overfits = watch.Seen(*verdicts).overfitting()
        varies = watch.spread(features(made)) / watch.spread(features(learnt.real))
        sheet(made[:SHOWN], COLUMNS).save(self.folder / f"{contest.run.step:07d}.png")
        found: dict[str, Any] = {"overfits": round(overfits, 3), "varies": round(varies, 3)}
        found |= {f"{side}_norm": round(norm, 4) for side, norm in contest.norms.items()}
        said = watch.alarms(overfits, varies, contest.norms.values())
        return found | ({"alarm": "; ".join(said)} if said else {})


def features(pictures: Tensor) -> Tensor:
    """What a random network says of pictures of -1 to 1 on average, (n, c)."""
    small = nn.functional.interpolate(pictures, (LOOKED_AT, LOOKED_AT), mode="bilinear")
    seen = [answers((one[None].clamp(-1, 1).cpu() + 1) / 2) for one in small]
    return torch.stack([torch.cat([layer.mean(0) for layer in layers]) for layers in seen])
