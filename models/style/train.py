"""Train a style network on a folder of photographs and a folder of paintings.

    python -m models.style.train --photos FOLDER --styles FOLDER --out OUT/fast --size fast \
        --features squeezenet1_0_features.npz --minutes 180

A picture now and then is given itself as its style and should come out as it was; that teaches
what strength 0 means. The encoder is distilled on the way: plain 1x1 convolutions of its features
have to say what SqueezeNet's say, so that its statistics mean something from the first minutes on.
The rate follows a cosine over the minutes given. OUT receives `weights.npz`, `state.pt` (what
--resume continues from), `log.jsonl` and `samples/`; `python -m models.page OUT` draws them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import IterableDataset, get_worker_info

from models import training
from models.degradation import levels as eight_bit
from models.muon import Muon
from models.pictures import Pictures
from models.style import objective
from models.style.distilled import Heads
from models.style.network import WIDTHS, Stylizer
from models.style.styles import Styles, resized
from models.training import Run, options, planes

AVERAGING = 0.999  # of the weights, over steps
SAME = 0.4  # how often a picture of a batch is given its own style
CONTENT = 0.5  # weight of the content loss beside the style loss
IDENTITY = 10.0  # weight of the mean difference of a picture that is given its own style
DISTILLED = 0.2  # weight of what the encoder's features should tell
ROUGHNESS = 0.5  # weight of the mean difference between neighbours beyond those of the photograph
HEADS_RATE = 1e-3
TEACH_EVERY = 4  # steps
LOG_EVERY = 50  # steps
HELD_OUT = 8  # photographs and styles that are measured
SAMPLES = 4
HELD_OUT_SIDE = 192


@dataclass(kw_only=True)
class Settings(training.Settings):
    """One training run. The defaults suit two CPU cores and some hours."""

    styles: Path
    features: Path
    size: str = "fast"
    minutes: float = 180.0
    batch: int = 4
    patch: int = 192  # pixels, a multiple of 96
    content: float = CONTENT
    judge: str = "shallow"  # of objective.JUDGES
    cache: Path | None = None
    measure_every: float = 300.0  # seconds


class Examples(IterableDataset):
    """Endless batches, other ones in every process: photographs and styles, (n, 3, h, w) uint8."""

    def __init__(
        self, pictures: Pictures, styles: Styles, settings: Settings, seed: tuple[int, ...]
    ):
        self.pictures, self.styles, self.settings, self.seed = pictures, styles, settings, seed

    def __iter__(self) -> Iterator[list[Tensor]]:
        worker = get_worker_info()
        rng = np.random.default_rng([*self.seed, worker.id if worker else 0])
        count, side = self.settings.batch, self.settings.patch
        while True:
            photographs, _ = self.pictures.sample(rng, count, side)
            drawn = self.styles.sample(rng, count, side, self.pictures)
            if rng.random() < SAME:
                drawn[-1] = photographs[-1]
            yield [planes(photographs), planes(drawn)]


def stylized(network: Stylizer, photographs: Tensor, styles: Tensor) -> tuple[Tensor, list, list]:
    """Photographs in styles, each in its own, and the encoder's features of both."""
    levels, drawn = network.encoder(photographs), network.encoder(styles)
    own, known = network.tokens(levels).mean(1), network.tokens(drawn)
    shares = known.new_full(known.shape[:2], 1 / known.shape[1])
    return network.decode(levels, own, known, shares), levels, drawn


def roughness(result: Tensor, photograph: Tensor) -> Tensor:
    """Mean difference between neighbours, as far as it is more than the photograph's: ringing."""
    parts = []
    for axis in (2, 3):
        ours, its = (part.diff(dim=axis).abs().mean((1, 2, 3)) for part in (result, photograph))
        parts.append((ours - its).clamp(min=0))
    return (parts[0] + parts[1]).mean()


class HeldOut:
    """Photographs and styles that are kept from training: measured, and a few shown."""

    def __init__(self, pictures: Pictures, styles: Styles, judge: objective.Judge):
        self.judge = judge
        side = HELD_OUT_SIDE
        photographs = [centre(picture, side) for picture, _ in pictures.held_out]
        drawn = [centre(picture, side) for picture in styles.held_out.values()]
        pairs = list(zip(photographs, drawn, strict=False))[:HELD_OUT]
        self.pairs = [tuple(planes(part[None]).float() / 255 for part in pair) for pair in pairs]

    @torch.no_grad()
    def measure(
        self, network: Stylizer, compared: nn.Module, device: torch.device, folder: Path
    ) -> dict[str, float]:
        """Content and style losses, those of the photographs as they are, and of identity."""
        rows = []
        for n, (photograph, style) in enumerate(self.pairs):
            photograph, style = photograph.to(device), style.to(device)
            result = stylized(network, photograph, style)[0].clamp(0, 1)
            same = stylized(network, photograph, photograph)[0]
            answers, its, wanted = (
                objective.by_layer(compared, part) for part in (result, photograph, style)
            )
            moments = objective.styles(wanted, self.judge.style)
            found = objective.losses(answers, its, moments, self.judge)
            before = objective.style_loss(its, moments, self.judge.style)
            rows.append([*found, before, (same - photograph).abs().mean()])
            if n < SAMPLES:
                shown = {"input": photograph, "style": style, "result": result}
                for name, tensor in shown.items():
                    pixels = eight_bit(tensor[0].permute(1, 2, 0).cpu().numpy())
                    Image.fromarray(pixels).save(folder / f"{n}_{name}.png")
        means = torch.tensor(rows).mean(0).tolist()
        names = ("held_out_content", "held_out_style", "photograph_style", "identity")
        return {name: round(value, 4) for name, value in zip(names, means, strict=True)}


def centre(picture: np.ndarray, side: int) -> np.ndarray:
    """The middle square of a picture, (side, side, 3)."""
    shorter = min(picture.shape[:2])
    y, x = ((length - shorter) // 2 for length in picture.shape[:2])
    return resized(np.ascontiguousarray(picture[y : y + shorter, x : x + shorter]), side)


def train(settings: Settings) -> list[float]:
    """Train until the minutes are used up; returns the loss of every step of this call."""
    run = Run(settings, LOG_EVERY)
    devices = run.devices
    samples = settings.out / "samples"
    samples.mkdir(exist_ok=True)
    pictures = Pictures(settings.photos, 1, settings.cache or settings.out)
    styles = Styles(settings.styles)
    judge = objective.JUDGES[settings.judge]
    held_out = HeldOut(pictures, styles, judge)
    examples = run.batches(Examples(pictures, styles, settings, run.seed))
    network = run.network(Stylizer(settings.size), AVERAGING, Muon)
    heads, heads_optimizer = run.beside(Heads(WIDTHS[settings.size][1:]), HEADS_RATE, "heads")
    compared = objective.features(settings.features, judge).to(devices.device)
    compared = compared.to(memory_format=torch.channels_last)

    def measure(averaged: Stylizer) -> dict[str, float]:
        if not held_out.pairs:
            return {}
        return held_out.measure(averaged, compared, devices.device, samples)

    run.begin()
    for _ in run.parts(measure):
        photographs, drawn = (part.float() / 255 for part in next(examples))
        with torch.no_grad(), devices.autocast():
            its, wanted = (objective.by_layer(compared, part) for part in (photographs, drawn))
            moments = objective.styles(wanted, judge.style)
        with devices.autocast():
            result, levels, drawn_levels = stylized(network.module, photographs, drawn)
            taught = run.step % TEACH_EVERY == 0
            told = heads(levels, its) + heads(drawn_levels, wanted) if taught else 0.0
        result = result.float()
        with devices.autocast():
            answers = objective.by_layer(compared, result)
            content, style = objective.losses(answers, its, moments, judge)
        same = (photographs == drawn).flatten(1).all(1).float()
        content, style = (((1 - same) * part).mean() for part in (content, style))
        changed = (same * (result - photographs).abs().mean((1, 2, 3))).mean()
        loss = settings.content * content + style + IDENTITY * changed
        loss = loss + DISTILLED * told + ROUGHNESS * roughness(result, photographs)
        heads_optimizer.zero_grad(set_to_none=True)
        run.learn(loss)
        if taught:
            heads_optimizer.step()
        noted = {"content": content, "style": style, "identity": changed}
        noted = {name: round(float(value.detach()), 4) for name, value in noted.items()}
        run.done(float(loss.detach()), **noted)
    return run.losses


def main() -> None:
    parser = options(__doc__.splitlines()[0], Settings)
    parser.add_argument("--styles", type=Path, required=True, help="folder of paintings")
    parser.add_argument("--features", type=Path, required=True, help="SqueezeNet's weights")
    parser.add_argument("--size", choices=sorted(WIDTHS), default=Settings.size)
    parser.add_argument("--judge", choices=sorted(objective.JUDGES), default=Settings.judge)
    parser.add_argument("--content", type=float, default=Settings.content, help="weight of it")
    train(Settings(**vars(parser.parse_args())))


if __name__ == "__main__":
    main()
