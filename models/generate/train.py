"""Train a generator: of objects of one kind, on a folder of them; or of surfaces.

    python -m models.generate.train --photos FLOWERS --out OUT/flowers --minutes 180
    python -m models.generate.train --sketched 16 --photos FLOWERS --out OUT/small \
        --batch 64 --learning-rate 3e-3 --judged-from 1
    python -m models.generate.train --finer 16 --photos FLOWERS --out OUT/finer \
        --features squeezenet1_0_features.npz --learning-rate 3e-3 --judged-from 0.6
    python -m models.generate.train --surfaces --photos FOLDER [--more FOLDER ...] \
        --features squeezenet1_0_features.npz --out OUT/surfaces --minutes 120

A judge learns to tell what is made from what is real, and the generator learns to please it. The
usual cures of that struggle are options (`--loss`, `--roughness`, `--slope`, `--norm`,
`--smoothing`, `--changes`, `--grow`); the defaults are those of R3GAN (Huang et
al., "The GAN is dead; long live the GAN!", 2024) with differentiable augmentation, objects growing
from 16 pixels; they want to see a million pictures. In an hour `--sketched` learns small ones
without a judge, and `--finer` the detail that makes large ones of them; export.py joins the two.
Which textures of the folders' pictures surfaces are learnt from says a list (textures.py). What is
watched is in watch.py: it is noted in the log, and said where it alarms. OUT receives `weights.npz`
(of the averaged generator), `state.pt` (what --resume continues from), `log.jsonl` and `samples/`,
sheets of the same codes again and again.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

from models.generate import losses
from models.generate.augmentation import CHANGES
from models.generate.contest import USUAL, Contest, Settings, Stage, Watch
from models.generate.finer import FinerContest
from models.generate.objects import ObjectContest
from models.generate.sketched import SketchContest
from models.generate.surfaces import SurfaceContest
from models.generate.textures import listed
from models.training import Run, options

FADES = 0.4  # part of a stage in which the new size comes in
WEIGHTS = {16: 1.0, 32: 1.6, 64: 2.4, 128: 3.0, 256: 3.6}  # of a side's stage, in time
GROWS = (16, 32, 64, 128)
LOG_EVERY = 50  # steps
TEXTURES = Path(__file__).parent / "textures.csv"
GUIDED = 1.0  # weight of what guides a generator beside the judge

Making = Callable[[Settings, Run], Contest]


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


def train(settings: Settings, making: Making) -> list[float]:
    """Train until the minutes are used up; returns the generator's loss of every step."""
    sides = settings.grow or (settings.side,)
    if sides[-1] != settings.side:
        raise SystemExit(f"--grow ends at {sides[-1]} pixels, --side is {settings.side}.")
    run = Run(settings, LOG_EVERY)
    contest = making(settings, run)
    watching = Watch(contest, stage(0, sides))
    run.begin()
    for part in run.parts(watching.measure):
        watching.at = at = stage(part, sides)
        contest.judging = part >= settings.judged_from
        found = {name: round(value, 4) for name, value in contest.step(at).items()}
        run.done(found.pop("loss"), **found, side=at.side, fade=round(at.fade, 3))
    return run.losses


def surfaces(given: argparse.Namespace) -> Making:
    """A contest about the textures that are listed."""
    textures = listed(given.textures, [given.photos, *given.more])

    def made(settings: Settings, run: Run) -> Contest:
        return SurfaceContest(settings, run, textures, given.features, given.guided)

    return made


def objects(given: argparse.Namespace) -> Making:
    """A contest about the pictures of a folder."""
    return ObjectContest


def sketched(given: argparse.Namespace) -> Making:
    """A contest about small pictures of a folder."""
    return lambda settings, run: SketchContest(settings, run, given.guided)


def finer(given: argparse.Namespace) -> Making:
    """A contest about the detail of a folder's pictures."""
    return lambda settings, run: FinerContest(
        settings, run, given.finer, given.features, given.guided
    )


def main() -> None:
    parser = options(__doc__.splitlines()[0], Settings)
    parser.add_argument("--side", type=int, default=Settings.side, help="pixels, a power of 2")
    parser.add_argument("--width", type=float, default=Settings.width, help="of the networks")
    parser.add_argument("--loss", choices=losses.LOSSES, default=Settings.loss)
    weight = f"weight of the judge's squared gradient, R1 and R2, at {USUAL} pixels; 0 for none"
    parser.add_argument("--roughness", type=float, default=Settings.roughness, help=weight)
    parser.add_argument("--finite", action="store_true", help="it by finite differences")
    weight = "weight of WGAN-GP's penalty"
    parser.add_argument("--slope", type=float, default=Settings.slope, help=weight)
    parser.add_argument("--norm", action="store_true", help="spectral normalisation of the judge")
    parser.add_argument("--smoothing", type=float, default=Settings.smoothing, help="of labels")
    parser.add_argument("--changes", nargs="*", choices=CHANGES, default=Settings.changes)
    parser.add_argument("--grow", nargs="*", type=int, help="sides, of objects")
    parser.add_argument("--surfaces", action="store_true", help="of what textures are made of")
    parser.add_argument("--sketched", type=int, help="small pictures of so many pixels a side")
    parser.add_argument("--finer", type=int, help="detail, for pictures of so many pixels a side")
    parser.add_argument("--more", nargs="*", type=Path, default=[], help="folders, for surfaces")
    guides = "SqueezeNet's weights, which guide surfaces and detail"
    parser.add_argument("--features", type=Path, help=guides)
    parser.add_argument("--textures", type=Path, default=TEXTURES, help="a list, for surfaces")
    came = "part of the run after which the judge comes in"
    parser.add_argument("--judged-from", type=float, default=Settings.judged_from, help=came)
    weight = "weight of what guides beside the judge"
    parser.add_argument("--guided", type=float, default=GUIDED, help=weight)
    given = parser.parse_args()
    if given.surfaces and given.guided and not given.features:
        parser.error("--surfaces needs --features, or --guided 0")
    if given.finer and not given.features:
        parser.error("--finer needs --features")
    given.side = given.sketched or given.side
    if given.grow is None:
        at_once = given.surfaces or given.finer or given.sketched
        given.grow = () if at_once else tuple(s for s in GROWS if s <= given.side)
    chosen = [making for making in (surfaces, sketched, finer) if getattr(given, making.__name__)]
    if len(chosen) > 1:
        parser.error("--surfaces, --sketched and --finer are trained apart")
    if given.features and (not chosen or given.sketched):
        parser.error("--features guides --surfaces and --finer, nothing else")
    making = (chosen or [objects])[0](given)
    known = {field.name: getattr(given, field.name) for field in fields(Settings)}
    train(Settings(**known | {name: tuple(known[name]) for name in ("changes", "grow")}), making)


if __name__ == "__main__":
    main()
