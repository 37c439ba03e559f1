"""Train a generator on a folder of pictures of one kind.

    python -m models.generate.train --photos FOLDER --out OUT/flowers --minutes 180

It makes what the folder shows: flowers, leaves, shells. A judge learns to tell its pictures from
those of the folder, and it learns to please the judge. The usual cures of that struggle are
options (`--loss`, `--roughness`, `--slope`, `--norm`, `--smoothing`, `--changes`, `--grow`); the
defaults are those of R3GAN (Huang et al., "The GAN is dead; long live the GAN!", 2024) with
differentiable augmentation, growing from 16 pixels. What is watched is in watch.py: it is noted in
the log, and said where it alarms. OUT receives `weights.npz` (of the averaged generator),
`state.pt` (what --resume continues from), `log.jsonl` and `samples/`, sheets of the same codes
again and again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from models.generate import losses, watch
from models.generate.augmentation import CHANGES, changed
from models.generate.folder import Examples, Folder, reduced, sheet, signed
from models.generate.networks import CODE, Judge, Objects
from models.style.independent import answers
from models.training import Run, options, take_step

AVERAGING = 0.998  # of the generator's weights, over steps
CENTRED = 0.995  # of what the blocks are told, over steps: the middle that variety goes around
EVERY = 4  # steps between the penalties, which count so many times as much
FADES = 0.4  # part of a stage in which the new size comes in
WEIGHTS = {16: 1.0, 32: 1.6, 64: 2.4, 128: 3.0, 256: 3.6}  # of a side's stage, in time
LOG_EVERY = 50  # steps
SHOWN = 36  # pictures of a sheet of samples
COLUMNS = 9
WATCHED = 64  # pictures that the watch looks at


@dataclass
class Settings:
    """One training run. The defaults suit two CPU cores and some hours."""

    photos: Path
    out: Path
    side: int = 128
    width: float = 1.0  # of the networks, in parts of the usual
    minutes: float = 180.0
    steps: int | None = None  # instead of minutes
    batch: int = 16
    learning_rate: float = 1e-3
    loss: str = "relativistic"
    roughness: float = 1.0  # weight of R1 and R2
    finite: bool = False  # by finite differences
    slope: float = 0.0  # weight of WGAN-GP's penalty
    norm: bool = False  # spectral normalisation of the judge
    smoothing: float = 0.0
    changes: tuple[str, ...] = tuple(CHANGES)
    grow: tuple[int, ...] = (16, 32, 64, 128)
    init: Path | None = None
    resume: bool = False
    workers: int = 0
    measure_every: float = 300.0  # seconds
    seed: int = 1


class Stage(NamedTuple):
    """The side of what is made, and how much its finest detail counts, 0 to 1."""

    side: int
    fade: float


def stage(part: float, sides: tuple[int, ...]) -> Stage:
    """Where a run that grows through these sides is when a part (0 to 1) of it is gone."""
    total = sum(WEIGHTS.get(side, 1.0) for side in sides)
    begun = 0.0
    for n, side in enumerate(sides):
        length = WEIGHTS.get(side, 1.0) / total
        if part < begun + length or n == len(sides) - 1:
            fade = (part - begun) / (FADES * length) if n else 1.0
            return Stage(side, min(max(fade, 0.0), 1.0))
        begun += length
    raise ValueError("a run has one side at least")


def adam(parameters: Iterator[nn.Parameter], rate: float) -> torch.optim.Optimizer:
    """Adam without momentum, as two that chase one another want it (Karras et al., 2018)."""
    return torch.optim.Adam(parameters, lr=rate, betas=(0.0, 0.99), eps=1e-8, fused=True)


class Contest:
    """A generator and a judge, and what each learns in a step."""

    def __init__(self, settings: Settings, run: Run):
        self.settings, self.run = settings, run
        self.loss = losses.loss_of(settings.loss, settings.smoothing)
        self.generator = run.network(Objects(settings.side, settings.width), AVERAGING, adam)
        judge = Judge(settings.side, settings.width, norm=settings.norm)
        self.judge, self.optimizer = run.beside(judge, settings.learning_rate, "judge", adam)

    def codes(self, count: int) -> Tensor:
        """Independent normal numbers (count, CODE)."""
        return torch.randn(count, CODE, device=self.run.devices.device)

    def judged(self, pictures: Tensor, at: Stage) -> Tensor:
        """Verdicts (n,) on pictures, changed as the judge sees them."""
        with self.run.devices.autocast():
            found = self.judge.module(changed(pictures, self.settings.changes), at.fade)
        return found.float()

    def teach_judge(self, real: Tensor, at: Stage) -> dict[str, Tensor]:
        """One step of the judge."""
        with torch.no_grad(), self.run.devices.autocast():
            made = self.generator.module(self.codes(len(real)), at.side, at.fade).float()
        verdicts = self.judged(real, at), self.judged(made, at)
        loss = self.loss.judge(*verdicts)
        if self.run.step % EVERY == 0:
            loss = loss + EVERY * self.penalty(real, made, at)
        take_step(self.run.devices, self.judge, self.optimizer, loss)
        return {"real": verdicts[0].mean(), "made": verdicts[1].mean()}

    def penalty(self, real: Tensor, made: Tensor, at: Stage) -> Tensor:
        """What the judge pays for being steep."""
        settings, total = self.settings, real.new_zeros(())
        half = max(1, len(real) // 2)
        real, made = (changed(part[:half], settings.changes).detach() for part in (real, made))

        def judge(pictures: Tensor) -> Tensor:
            return self.judge.module(pictures, at.fade)

        if settings.roughness:
            for part in (real, made):
                rough = (
                    losses.nudged(judge, part, judge(part))
                    if settings.finite
                    else losses.roughness(judge, part)
                )
                total = total + settings.roughness * rough
        if settings.slope:
            total = total + settings.slope * losses.slope(judge, real, made)
        return total

    def teach_generator(self, real: Tensor, at: Stage) -> Tensor:
        """One step of the generator; its loss."""
        module = self.generator.module
        with self.run.devices.autocast():
            told = module.mapped(self.codes(len(real)))
            made = module.made(told, at.side, at.fade)
        module.centre.lerp_(told.detach().float().mean(0), 1 - CENTRED)
        self.judge.requires_grad_(False)
        with torch.no_grad():
            verdicts = self.judged(real, at)
        loss = self.loss.generator(verdicts, self.judged(made.float(), at))
        self.run.learn(loss)
        self.judge.requires_grad_(True)
        return loss.detach()


class Watch:
    """Looks at a contest from time to time: figures for the log, and a sheet of samples."""

    def __init__(self, contest: Contest, pictures: Folder, out: Path):
        self.contest, self.out = contest, out / "samples"
        self.out.mkdir(exist_ok=True)
        device = contest.run.devices.device
        chance = torch.Generator().manual_seed(0)
        self.codes = torch.randn(WATCHED, CODE, generator=chance).to(device)
        self.learnt, self.held_out = (
            signed(torch.from_numpy(part[:WATCHED]).permute(0, 3, 1, 2)).to(device)
            for part in (pictures.train, pictures.held_out)
        )
        self.at = Stage(contest.settings.side, 1.0)

    @torch.no_grad()
    def measure(self, averaged: Any) -> dict[str, Any]:
        """How much the judge overfits, how much the generator varies, what that means."""
        at = self.at
        made = averaged(self.codes, at.side, at.fade).float()
        learnt, held_out = (reduced(part, at.side) for part in (self.learnt, self.held_out))
        judge = self.contest.judge.module
        means = [float(judge(part, at.fade).mean()) for part in (learnt, held_out, made)]
        overfits = watch.Seen(*means).overfitting()
        varies = watch.spread(features(made)) / watch.spread(features(learnt))
        sheet(made[:SHOWN], COLUMNS).save(self.out / f"{self.contest.run.step:07d}.png")
        found: dict[str, Any] = {"overfits": round(overfits, 3), "varies": round(varies, 3)}
        norms = [watch.gradient_norm(m) for m in (self.contest.generator, self.contest.judge)]
        said = watch.alarms(overfits, varies, norms)
        return found | ({"alarm": "; ".join(said)} if said else {})


def features(pictures: Tensor) -> Tensor:
    """What a random network says of pictures of -1 to 1 on average, (n, c)."""
    return torch.stack([
        torch.cat([layer.mean(0) for layer in answers((one[None].cpu() + 1) / 2)])
        for one in pictures
    ])  # fmt: skip


def train(settings: Settings) -> list[float]:
    """Train until the minutes are used up; returns the generator's loss of every step."""
    if settings.grow[-1] != settings.side:
        raise SystemExit(f"--grow ends at {settings.grow[-1]} pixels, --side is {settings.side}.")
    run = Run(settings, LOG_EVERY)
    pictures = Folder(settings.photos, settings.side)
    examples = run.batches(Examples(pictures.train, settings.batch, run.seed))
    contest = Contest(settings, run)
    watching = Watch(contest, pictures, settings.out)
    run.begin()
    for part in run.parts(watching.measure):
        watching.at = at = stage(part, settings.grow)
        for group in contest.optimizer.param_groups:
            group["lr"] = run.rate
        real = blended(signed(next(examples)), at)
        noted = contest.teach_judge(real, at)
        loss = contest.teach_generator(real, at)
        values = {name: round(float(value.detach()), 4) for name, value in noted.items()}
        run.done(float(loss), **values, side=at.side, fade=round(at.fade, 3))
    return run.losses


def blended(pictures: Tensor, at: Stage) -> Tensor:
    """Real pictures at the side of a stage; while it comes in, partly as they were at the last."""
    fine = reduced(pictures, at.side)
    if at.fade >= 1:
        return fine
    coarse = nn.functional.interpolate(reduced(fine, at.side // 2), scale_factor=2.0)
    return coarse + at.fade * (fine - coarse)


def main() -> None:
    parser = options(__doc__.splitlines()[0], Settings)
    parser.add_argument("--side", type=int, default=Settings.side, help="pixels, a power of 2")
    parser.add_argument("--width", type=float, default=Settings.width, help="of the networks")
    parser.add_argument("--loss", choices=losses.LOSSES, default=Settings.loss)
    weight = "weight of the squared gradient of the judge at pictures, R1 and R2; 0 for none"
    parser.add_argument("--roughness", type=float, default=Settings.roughness, help=weight)
    parser.add_argument("--finite", action="store_true", help="it by finite differences")
    weight = "weight of WGAN-GP's penalty"
    parser.add_argument("--slope", type=float, default=Settings.slope, help=weight)
    parser.add_argument("--norm", action="store_true", help="spectral normalisation of the judge")
    parser.add_argument("--smoothing", type=float, default=Settings.smoothing, help="of labels")
    parser.add_argument("--changes", nargs="*", choices=CHANGES, default=Settings.changes)
    parser.add_argument("--grow", nargs="+", type=int, default=Settings.grow, help="sides")
    given = vars(parser.parse_args())
    train(Settings(**given | {name: tuple(given[name]) for name in ("changes", "grow")}))


if __name__ == "__main__":
    main()
