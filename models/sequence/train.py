"""Train the recurrent network on clips and on photographs in motion.

    python -m models.sequence.train --photos FOLDER --clips FOLDER --out OUT/sequence \
        --init plugins/clean/safelight_clean/denoise.onnx --minutes 120

Every clip gets white noise of one level, drawn anew, or a sensor's; four of five tell the network
the level. Motion is found between the noisy frame and the clean one before, and frames are
averaged, as the plugin and the editor do it. Back-propagation goes through time in chunks of
`--chunk` frames: what the network carries into the next one is detached. It starts as Denoise,
given the mean and how strong the noise in that is. OUT receives what models/training.py writes;
`held_out` is measured on two clips that are kept from training, with what is carried and without.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import IterableDataset, get_worker_info

from models import measurement, training
from models.clean.damage import white_noise
from models.clean.network import AUTO, SIZES
from models.degradation import levels as eight_bit
from models.degradation import sensor_noise
from models.pictures import Pictures
from models.plugincode import editor, plugin_module
from models.sequence.clips import Clips, example
from models.sequence.network import ADDED, MEMORY, build
from models.training import Run, options, planes

motion = editor("pixels.motion")
recursive_mean = plugin_module("sequence", "recursive_mean")

AVERAGING = 0.998  # of the weights, over steps
UNTOLD = 0.2  # share of clips whose level the network has to see for itself
LEVEL = (3.0, 55.0)  # of white noise, in 8-bit levels
SENSOR = 0.25  # share of a sensor's noise
SENSOR_LEVEL = (2.0, 30.0)
SLOWLY = 0.1  # of the rate: what is known of single pictures already
STILL = 2 / 255  # change of a clean frame below which a place stands still
RESTLESS = 0.5  # weight of what changes there in the result
LOG_EVERY = 50  # steps
HELD_OUT_SIDE = 192  # pixels of the middle of each clip that is measured
HELD_OUT_FRAMES = 10
HELD_OUT_LEVEL = 25 / 255


@dataclass(kw_only=True)
class Settings(training.Settings):
    """One training run. The defaults suit a processor core and two hours or more."""

    clips: Path
    size: str = "small"
    minutes: float = 120.0
    batch: int = 2
    patch: int = 112  # pixels, a multiple of 8
    frames: int = 10  # of a clip
    chunk: int = 5  # frames that a gradient goes through
    learning_rate: float = 1.5e-3
    cache: Path | None = None
    measure_every: float = 600.0  # seconds


class Moving(IterableDataset):
    """Endless batches: (clean, noisy, told), the first two (n, frames, 3, h, w) float32 from 0 to
    1; the level told, (n,).
    """

    def __init__(self, pictures: Pictures, clips: Clips, settings: Settings, seed: tuple[int, ...]):
        self.pictures, self.clips, self.settings, self.seed = pictures, clips, settings, seed

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        worker = get_worker_info()
        rng = np.random.default_rng([*self.seed, worker.id if worker else 0])
        settings = self.settings
        while True:
            made = [self.one(rng) for _ in range(settings.batch)]
            clean, noisy, told = zip(*made, strict=True)
            yield (
                torch.stack([planes(clip) for clip in clean]),
                torch.stack([planes(clip) for clip in noisy]),
                torch.tensor(told, dtype=torch.float32),
            )

    def one(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, float]:
        """One clip of a batch: see the class."""
        settings = self.settings
        clean = example(self.pictures, self.clips, rng, settings.frames, settings.patch)
        if rng.random() < SENSOR:
            level = float(np.exp(rng.uniform(*np.log(SENSOR_LEVEL))))
            noisy = np.stack([sensor_noise(frame, rng, level) for frame in clean])
            level = float(np.sqrt(np.mean(np.square(noisy - clean))))
        else:
            level = rng.uniform(*LEVEL) / 255
            noisy = white_noise(clean, rng, level)
        told = AUTO if rng.random() < UNTOLD else level
        return clean, noisy, told


def moved(pixels: Tensor, where: Tensor) -> Tensor:
    """(n, channels, h, w) moved as `motion.moved` does, in steps that gradients go through.

    `where` (n, h, w, 2) is in pixels of a grid of its own size, of which `pixels` may have half.
    """
    height, width = pixels.shape[2:]
    if where.shape[1] != height:
        where = where.reshape(len(where), height, 2, width, 2, 2).mean((2, 4))
        where = (where - 0.5) / 2
    scale = where.new_tensor([2 / (width - 1), 2 / (height - 1)])
    return F.grid_sample(
        pixels, where * scale - 1, mode="bicubic", padding_mode="border", align_corners=True
    )


def picture(one: Tensor) -> np.ndarray:
    """(channels, h, w) as (h, w, channels) float32."""
    found: np.ndarray = one.detach().permute(1, 2, 0).float().cpu().contiguous().numpy()
    return found


class Carried:
    """What goes from frame to frame: the result, the mean and the memory, or nothing yet."""

    def __init__(self) -> None:
        self.result: Tensor | None = None
        self.memory: Tensor | None = None
        self.means: list[dict[str, np.ndarray]] = []

    def clean(self, network: nn.Module, frame: Tensor, told: Tensor) -> Tensor:
        """The next frame, (n, 3, h, w), cleaned with what was carried, which is then its own."""
        number, _, height, width = frame.shape
        frames = [picture(one) for one in frame]
        if self.result is None or self.memory is None:
            previous = frame
            memory = frame.new_zeros(number, MEMORY, height // 2, width // 2)
            left = np.ones((height, width, 1), np.float32)
            self.means = [{"mean": one, "left": left} for one in frames]
        else:
            results = [picture(one) for one in self.result]
            where = np.stack([way(*pair) for pair in zip(frames, results, strict=True)])
            self.means = [
                averaged(*each)
                for each in zip(
                    frames, results, self.means, where, told_each(told, number), strict=True
                )
            ]
            places = torch.from_numpy(where).to(frame.device)
            there = (places >= 0) & (places <= places.new_tensor([width - 1, height - 1]))
            previous = torch.where(there.all(-1)[:, None], moved(self.result, places), frame)
            memory = moved(self.memory, places)
        image, left = (
            torch.stack([planes(each[name][None])[0] for each in self.means]).to(frame.device)
            for name in ("mean", "left")
        )
        self.result, self.memory = network(image, left, frame, previous, memory, told)
        return self.result

    def detach(self) -> None:
        """Let gradients go no further back."""
        if self.result is not None and self.memory is not None:
            self.result, self.memory = self.result.detach(), self.memory.detach()


def told_each(told: Tensor, number: int) -> list[float]:
    """The level of each clip of a batch; 0 where it is not told."""
    return [max(float(level), 0.0) for level in told.reshape(-1).expand(number)]


def way(frame: np.ndarray, result: np.ndarray) -> np.ndarray:
    """Where each pixel of a frame was in the clean one before, both (h, w, 3): (h, w, 2)."""
    flow = motion.between(motion.looked_at(frame), motion.looked_at(result))
    return np.asarray(motion.places(flow, *frame.shape[:2]))


def averaged(
    frame: np.ndarray,
    result: np.ndarray,
    mean: dict[str, np.ndarray],
    where: np.ndarray,
    level: float,
) -> dict[str, np.ndarray]:
    """The plugin's mean of a frame (h, w, 3) and those before, of which there is the ``result`` of
    the last one and their ``mean``, moved as the editor moves them.
    """
    before = {name: motion.moved(mean[name], where) for name in ("mean", "left")}
    before["previous"] = motion.moved(result, where)
    before["inside"] = motion.inside(where, *frame.shape[:2]).astype(np.float32)[..., None]
    before["motion"] = motion.offsets(where)
    found, left = recursive_mean.merged(frame, before, level)
    return {"mean": found, "left": left}


class HeldOut:
    """The middle of every clip that is kept from training, with noise of one level."""

    def __init__(self, clips: Clips):
        self.clips = []
        for seed, clip in enumerate(clips.held_out.values()):
            height, width = clip.shape[1:3]
            y, x = (height - HELD_OUT_SIDE) // 2, (width - HELD_OUT_SIDE) // 2
            cut = clip[:HELD_OUT_FRAMES, y : y + HELD_OUT_SIDE, x : x + HELD_OUT_SIDE]
            rng = np.random.default_rng(seed)
            noisy = white_noise(cut.astype(np.float32) / 255, rng, HELD_OUT_LEVEL)
            self.clips.append((cut, noisy))

    def measure(self, network: nn.Module, device: torch.device, carries: bool) -> float:
        """Mean colour PSNR in dB of all frames but the first, the level told."""
        scores = []
        told = torch.tensor(HELD_OUT_LEVEL, device=device)
        for clean, noisy in self.clips:
            carried = Carried()
            for n, frame in enumerate(noisy):
                if not carries:
                    carried = Carried()
                with torch.no_grad():
                    result = carried.clean(
                        network,
                        planes(frame[None]).to(device),
                        told,
                    )
                if n:
                    shown = eight_bit(picture(result[0]))
                    scores.append(measurement.colour_psnr(shown, clean[n]))
        return float(np.mean(scores))


def measured(made: Tensor, clean: Tensor) -> Tensor:
    """The loss of frames (n, frames, 3, h, w): their error, and how it changes in still places."""
    error = made - clean
    change = (clean[:, 1:] - clean[:, :-1]).abs().amax(2, keepdim=True)
    restless = (error[:, 1:] - error[:, :-1]).abs() * (change < STILL)
    return error.abs().mean() + RESTLESS * restless.mean()


def learning(parameters: Iterator[nn.Parameter], rate: float) -> torch.optim.Optimizer:
    """Adam, of which what the cleaning network has already learns a tenth as fast.

    What is new comes behind it in the module: ``ADDED``.
    """
    found = list(parameters)
    groups = [{"params": found[: -len(ADDED)], "times": SLOWLY}, {"params": found[-len(ADDED) :]}]
    return torch.optim.Adam(groups, lr=rate, betas=(0.9, 0.99), fused=True)


def train(settings: Settings) -> list[float]:
    """Train until the minutes are used up; returns the loss of every step of this call."""
    run = Run(settings, LOG_EVERY)
    pictures = Pictures(settings.photos, 1, settings.cache or settings.out)
    clips = Clips(settings.clips)
    held_out = HeldOut(clips)
    batches = run.batches(Moving(pictures, clips, settings, run.seed))
    network = run.network(build(settings.size), AVERAGING, learning)

    def measure(averaged: nn.Module) -> dict[str, float]:
        if not held_out.clips:
            return {}
        device = run.devices.device
        return {
            "held_out_psnr": round(held_out.measure(averaged, device, True), 3),
            "alone_psnr": round(held_out.measure(averaged, device, False), 3),
        }

    run.begin()
    carried, at, batch = Carried(), settings.frames, None
    for _ in run.parts(measure):
        if batch is None or at >= settings.frames:
            batch, carried, at = next(batches), Carried(), 0
        clean, noisy, told = batch
        carried.detach()
        last = min(at + settings.chunk, settings.frames)
        made = torch.stack(
            [carried.clean(network, noisy[:, n], told).float() for n in range(at, last)], 1
        )
        loss = measured(made, clean[:, at:last])
        at = last
        run.learn(loss)
        run.done(loss.item())
    return run.losses


def main() -> None:
    parser = options(__doc__.splitlines()[0], Settings)
    parser.add_argument("--clips", type=Path, required=True, help="folder of folders of frames")
    parser.add_argument("--size", choices=sorted(SIZES), default=Settings.size)
    parser.add_argument("--frames", type=int, default=Settings.frames, help="of a clip")
    parser.add_argument("--chunk", type=int, default=Settings.chunk, help="frames of a gradient")
    train(Settings(**vars(parser.parse_args())))


if __name__ == "__main__":
    main()
