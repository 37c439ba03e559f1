"""Train the network of Continue on clips and on photographs in motion.

    python -m models.sequence.train_predictor --photos FOLDER --clips FOLDER --out OUT/continue \
        --minutes 20

Half of the clips ask for the frames between two others, half for the one after them; the network
goes through them in order, and gradients through all of a clip's steps. Two clips are kept from
training, and measured beside what needs no network: the last frame again, the mean of two, and the
two moved along their motion.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import IterableDataset, get_worker_info

from models import measurement, training
from models.degradation import fraction
from models.degradation import levels as eight_bit
from models.pictures import Pictures
from models.plugincode import editor, plugin_module
from models.sequence.clips import Clips, example
from models.sequence.predictor import HIDDEN, Predictor
from models.training import Run, options, planes

motion = editor("pixels.motion")
paths = plugin_module("sequence", "motion_paths")

AVERAGING = 0.998  # of the weights, over steps
STEPS = 4  # of a clip
NOISE = 2 / 255  # at most, standard deviation
EDGE = 8  # pixels of a crop that are not learnt from: what comes in from there nobody can know
LOG_EVERY = 50
HELD_OUT_SIDE = 256
HELD_OUT_STEPS = 8


@dataclass(kw_only=True)
class Settings(training.Settings):
    """One training run. The defaults suit a processor core and twenty minutes."""

    clips: Path
    minutes: float = 20.0
    batch: int = 2
    patch: int = 128  # pixels, a multiple of 8
    learning_rate: float = 1e-3
    cache: Path | None = None
    measure_every: float = 300.0  # seconds


class Step(NamedTuple):
    """What a step is given, all (height, width, channels) float32, and what it should find."""

    moved: tuple[np.ndarray, ...]  # as motion_paths.Moved
    where: np.ndarray  # where a quarter of the frame was in the one before
    wanted: np.ndarray


def steps(clip: np.ndarray, time: float, count: int) -> list[Step]:
    """The steps through a clip (frames, h, w, 3) float32, 0 to 1."""
    known = clip[::2] if time == paths.BETWEEN else clip
    looked = [motion.looked_at(frame) for frame in known[: count + 1]]
    height, width = clip.shape[1:3]
    found = []
    for n in range(count):
        flow = motion.between(looked[n + 1], looked[n])
        where = motion.places(flow, height, width)
        still = np.indices((height, width), np.float32)[::-1].transpose(1, 2, 0)
        moved = paths.moved(known[n], known[n + 1], where - still, time)
        wanted = clip[2 * n + 1] if time == paths.BETWEEN else clip[n + 2]
        quarter = motion.places(flow, height // 4, width // 4)
        found.append(Step(moved, quarter, wanted))
    return found


def frames_of(time: float, count: int) -> int:
    """How many frames so many steps need."""
    return 2 * count + 1 if time == paths.BETWEEN else count + 2


class Moving(IterableDataset):
    """Endless batches: (moved, where, wanted): a list over steps of lists of (n, channels, h, w)
    float32; (n, h / 4, w / 4, 2) a step; (n, 3, h, w) a step.
    """

    def __init__(self, pictures: Pictures, clips: Clips, settings: Settings, seed: tuple[int, ...]):
        self.pictures, self.clips, self.settings, self.seed = pictures, clips, settings, seed

    def __iter__(self) -> Iterator[list[tuple[list[Tensor], Tensor, Tensor]]]:
        worker = get_worker_info()
        rng = np.random.default_rng([*self.seed, worker.id if worker else 0])
        while True:
            yield batched([self.one(rng) for _ in range(self.settings.batch)])

    def one(self, rng: np.random.Generator) -> list[Step]:
        time = paths.BETWEEN if rng.random() < 0.5 else paths.AFTER
        side = self.settings.patch
        clip = example(self.pictures, self.clips, rng, frames_of(time, STEPS), side)
        noise = rng.uniform(0, NOISE) * rng.standard_normal(clip.shape, np.float32)
        made = steps(np.asarray(clip + noise, np.float32), time, STEPS)
        first = 1 if time == paths.BETWEEN else 2
        clean = clip[first :: 2 if time == paths.BETWEEN else 1]
        return [step._replace(wanted=clean[n]) for n, step in enumerate(made)]


def batched(examples: list[list[Step]]) -> list[tuple[list[Tensor], Tensor, Tensor]]:
    """The steps of several clips, one beside the other."""
    made = []
    for each in zip(*examples, strict=True):
        parts = zip(*(step.moved for step in each), strict=True)
        moved = [planes(np.stack(part)) for part in parts]
        where = torch.from_numpy(np.stack([step.where for step in each]))
        made.append((moved, where, planes(np.stack([step.wanted for step in each]))))
    return made


def moved_on(pixels: Tensor, where: Tensor) -> Tensor:
    """(n, channels, h, w) as they are at places (n, h, w, 2), cubic, as the editor moves them."""
    height, width = pixels.shape[2:]
    scale = where.new_tensor([2 / (width - 1), 2 / (height - 1)])
    return F.grid_sample(
        pixels, where * scale - 1, mode="bicubic", padding_mode="border", align_corners=True
    )


class Carried:
    """What is remembered from step to step: nothing at first."""

    def __init__(self) -> None:
        self._held: tuple[Tensor, Tensor] | None = None

    def predict(self, network: nn.Module, moved: list[Tensor], where: Tensor) -> Tensor:
        """The frame of the next step, (n, 3, h, w)."""
        number, _, height, width = moved[0].shape
        if self._held is None:
            nothing = moved[0].new_zeros(number, HIDDEN, height // 4, width // 4)
            hidden, cell = nothing, nothing
        else:
            hidden, cell = (moved_on(each, where) for each in self._held)
        frame, *held = network(*moved, hidden, cell)
        self._held = held[0], held[1]
        return frame


class HeldOut:
    """The middle of every clip that is kept from training."""

    def __init__(self, clips: Clips):
        self.clips: dict[float, list[list[Step]]] = {paths.BETWEEN: [], paths.AFTER: []}
        for clip in clips.held_out.values():
            height, width = clip.shape[1:3]
            y, x = (height - HELD_OUT_SIDE) // 2, (width - HELD_OUT_SIDE) // 2
            cut = fraction(clip[:, y : y + HELD_OUT_SIDE, x : x + HELD_OUT_SIDE])
            for time, found in self.clips.items():
                found.append(steps(cut, time, HELD_OUT_STEPS))

    def measure(self, network: nn.Module, device: torch.device) -> dict[str, float]:
        """Mean colour PSNR in dB: of the network, and of the two frames moved."""
        found = {}
        for time, name in ((paths.BETWEEN, "between"), (paths.AFTER, "after")):
            made, blended = [], []
            for clip in self.clips[time]:
                carried = Carried()
                for moved, where, wanted in batched([list(clip)]):
                    with torch.no_grad():
                        frame = carried.predict(
                            network, [each.to(device) for each in moved], where.to(device)
                        )
                    made.append(score(frame, wanted))
                    blended.append(score(moved[0], wanted))
            found[f"{name}_psnr"] = round(float(np.mean(made)), 3)
            found[f"{name}_blended_psnr"] = round(float(np.mean(blended)), 3)
        return found | {"held_out_psnr": found["between_psnr"]}


def score(made: Tensor, wanted: Tensor) -> float:
    """Colour PSNR in dB of one frame (1, 3, h, w), both rounded to 8 bits."""
    pair = (eight_bit(each[0].permute(1, 2, 0).cpu().numpy()) for each in (made, wanted))
    return measurement.colour_psnr(*pair)


def train(settings: Settings) -> list[float]:
    """Train until the minutes are used up; returns the loss of every step of this call."""
    run = Run(settings, LOG_EVERY)
    pictures = Pictures(settings.photos, 1, settings.cache or settings.out)
    clips = Clips(settings.clips)
    held_out = HeldOut(clips)
    batches = run.batches(Moving(pictures, clips, settings, run.seed))
    network = run.network(Predictor(), AVERAGING)
    run.begin()
    inner = slice(EDGE, settings.patch - EDGE)
    for _ in run.parts(lambda averaged: held_out.measure(averaged, run.devices.device)):
        carried, losses = Carried(), []
        for moved, where, wanted in next(batches):
            frame = carried.predict(network, moved, where).float()
            losses.append((frame - wanted)[..., inner, inner].abs().mean())
        loss = torch.stack(losses).mean()
        run.learn(loss)
        run.done(loss.item())
    return run.losses


def main() -> None:
    parser = options(__doc__.splitlines()[0], Settings)
    parser.add_argument("--clips", type=Path, required=True, help="folder of folders of frames")
    train(Settings(**vars(parser.parse_args())))


if __name__ == "__main__":
    main()
