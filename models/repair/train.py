"""Train the filling network on a folder of photographs and a folder of damage masks.

    python -m models.repair.train --photos FOLDER --damage FOLDER --out OUT/likeliest \
        --minutes 60 --unseen 1
    python -m models.repair.train --photos FOLDER --damage FOLDER --out OUT/fill --minutes 60 \
        --init OUT/likeliest/weights.npz --features squeezenet1_0_features.npz
    python -m models.repair.train --photos FOLDER --damage FOLDER --out OUT/fill_crisp \
        --init OUT/fill/weights.npz --features squeezenet1_0_features.npz --adversary

Half of every batch is filled by a network that has seen the original (the posterior: evidence lower
bound), half by one that has not (the prior's mean), which is what a user gets first. A first run
with `--unseen 1` teaches that alone, in half the time a step; latents are learnt on top of it. The
log tells what each scale's latent says and how many of its channels are active: where that goes to
0, the posterior has collapsed. The rate follows a cosine over the minutes given. OUT receives
`weights.npz`, `state.pt` (what --resume continues from), `log.jsonl` and `samples/`;
`python -m models.page OUT` draws them. `torchrun --nproc-per-node 4 -m ...` runs on four devices.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import IterableDataset, get_worker_info

from models import training
from models.adversary import Adversary, relativistic, roughness
from models.damage import Masks, load_masks
from models.degradation import levels as eight_bit
from models.perceptual import Features, feature_loss
from models.pictures import Pictures
from models.repair.examples import MARGIN, batch, example
from models.repair.network import LATENTS, NOISE_STRIDE, WIDTHS, Filler
from models.repair.objective import activity, balance, beta, log_error, rates
from models.training import Run, options, planes, take_step

AVERAGING = 0.999  # of the weights, over steps
HELD_OUT_SIDE = 128  # pixels of the crop that is measured in each held-out photograph
HELD_OUT = 18  # of them at most
LOG_EVERY = 50  # steps
SAMPLES = 4  # held-out crops that are kept as pictures

FEATURES = 1.0  # weight of their distance
ADVERSARY = 0.02  # weight of its verdict
SMOOTHNESS = 0.1  # of the adversary, so that it does not judge by the last bit
ADVERSARY_RATE = 2e-4
ADVERSARY_ALONE = 200  # steps in which it learns before it is listened to


@dataclass(kw_only=True)
class Settings(training.Settings):
    """One training run. The defaults suit two CPU cores and some hours."""

    damage: Path
    size: str = "small"
    minutes: float = 180.0
    batch: int = 8
    patch: int = 128  # pixels, a multiple of 16; twice the largest hole
    beta: float = 1.0  # weight of the divergence at the end; 1 is the evidence lower bound
    warm_up: float = 0.3  # part of the run until it has that weight
    free_bits: float = 0.02  # nats a missing pixel and scale that cost nothing
    unseen: float = 0.5  # share of a batch that is filled without having seen the original
    features: Path | None = None
    adversary: bool = False
    cache: Path | None = None
    measure_every: float = 300.0  # seconds


class Examples(IterableDataset):
    """Endless batches, other ones in every process: original, image, hole, guess.

    (n, 3, h, w) twice and (n, 1, h, w) twice, uint8; hole and guess are 0 or 1.
    """

    def __init__(self, pictures: Pictures, masks: Masks, settings: Settings, seed: tuple[int, ...]):
        self.pictures, self.masks, self.settings, self.seed = pictures, masks, settings, seed

    def __iter__(self) -> Iterator[list[Tensor]]:
        worker = get_worker_info()
        rng = np.random.default_rng([*self.seed, worker.id if worker else 0])
        side = self.settings.patch + 2 * MARGIN
        while True:
            crops, _ = self.pictures.sample(rng, self.settings.batch, side)
            yield [planes(part) for part in batch(crops, self.masks, rng)]


class HeldOut:
    """Crops of photographs, and masks, that are kept from training: measured, and a few shown."""

    def __init__(self, pictures: Pictures, masks: Masks):
        side = HELD_OUT_SIDE + 2 * MARGIN
        self.examples = []
        for n, (picture, _) in enumerate(pictures.held_out[:HELD_OUT]):
            if min(picture.shape[:2]) >= side:
                crop = np.array(picture[:side, :side])
                parts = example(crop, masks, np.random.default_rng(n))
                self.examples.append([planes(part[None]) for part in parts])

    @torch.no_grad()
    def measure(self, network: Filler, device: torch.device, folder: Path) -> dict[str, float]:
        """What the log tells; the first few results are written to `folder`.

        `held_out_psnr`: dB inside the holes, likeliest filling; `interpolated_psnr`: of the plain
        interpolation; `posterior_psnr`: having seen the original; `spread`: standard deviation
        between two samples inside, of the range; and for each scale from the coarsest, nats per
        missing pixel and the share of active channels.
        """
        rows, latents, holes = [], [], []
        torch.manual_seed(0)  # the same noise every time
        for n, given in enumerate(self.examples):
            original, image, hole, guess = prepared(given, device)
            height, width = (side // NOISE_STRIDE for side in hole.shape[2:])
            still = torch.zeros(1, sum(LATENTS), height, width, device=device)
            likeliest = network(image, hole, guess, still)
            two = [network(image, hole, guess, torch.randn_like(still)) for _ in range(2)]
            seen, found = network.reconstruct(image, hole, guess, original, still[:, :1, :1, :1])
            plain = network.context(image, hole, guess)[0].base
            inside = hole.expand_as(original) > 0
            rows.append(
                [
                    *(psnr(part, original, inside) for part in (likeliest, plain, seen)),
                    float(((two[0] - two[1])[inside].square().mean() / 2).sqrt()),
                ]
            )
            latents.append(found)
            holes.append(hole)
            if n < SAMPLES:
                shown = {"input": image * (1 - hole) + hole, "result": likeliest}
                for name, tensor in (shown | {"original": original, "sample": two[0]}).items():
                    save(tensor, folder / f"{n}_{name}.png")
        names = ("held_out_psnr", "interpolated_psnr", "posterior_psnr", "spread")
        found = dict(zip(names, np.mean(rows, axis=0), strict=True))
        joined = [together(scale) for scale in zip(*latents, strict=True)]
        told = rates(joined, torch.cat(holes), torch.ones(len(holes), 1, 1, 1, device=device))
        for n, (nats, active) in enumerate(zip(told, activity(joined), strict=True)):
            found |= {f"nats_{16 >> n}": float(nats), f"active_{16 >> n}": float(active.mean())}
        return {name: round(float(value), 4) for name, value in found.items()}


def together(latents):
    """The latents of one scale of several pictures as one."""
    return type(latents[0])(*(torch.cat(parts) for parts in zip(*latents, strict=True)))


def prepared(parts: list[Tensor], device: torch.device) -> list[Tensor]:
    """Original and image in 0 to 1, hole and guess as 0 and 1, float32 on the device."""
    original, image, hole, guess = (part.to(device).float() for part in parts)
    return [original / 255, image / 255, hole, guess]


def psnr(result: Tensor, original: Tensor, inside: Tensor) -> float:
    """dB over the pixels `inside`, of pictures in 0 to 1."""
    error = (result.clamp(0, 1) - original)[inside].square().mean()
    return float(-10 * error.clamp(min=1e-10).log10())


def save(picture: Tensor, path: Path) -> None:
    """Write (1, 3, h, w) in 0 to 1."""
    Image.fromarray(eight_bit(picture[0].permute(1, 2, 0).cpu().numpy())).save(path)


def train(settings: Settings) -> list[float]:
    """Train until the minutes are used up; returns the loss of every step of this call."""
    run = Run(settings, LOG_EVERY)
    devices = run.devices
    samples = settings.out / "samples"
    samples.mkdir(exist_ok=True)
    cache = settings.cache or settings.out
    pictures = Pictures(settings.photos, 1, cache)
    masks, kept_masks = load_masks(settings.damage, cache)
    held_out = HeldOut(pictures, kept_masks)
    examples = run.batches(Examples(pictures, masks, settings, run.seed))
    network = run.network(Filler(settings.size), AVERAGING)
    network.mark_forward_method("reconstruct")
    features = Features(settings.features).to(devices.device) if settings.features else None
    adversary = None
    if settings.adversary:
        adversary, its_optimizer = run.beside(Adversary(), ADVERSARY_RATE, "adversary")
    unseen = torch.arange(settings.batch, device=devices.device) < settings.batch * settings.unseen
    unseen = unseen.float().view(-1, 1, 1, 1)
    plain = unseen.flatten() > 0

    def measure(averaged: Filler) -> dict[str, float]:
        return held_out.measure(averaged, devices.device, samples) if held_out.examples else {}

    run.begin()
    for part in run.parts(measure):
        original, image, hole, guess = prepared(next(examples), devices.device)
        if plain.all():
            height, width = (side // NOISE_STRIDE for side in hole.shape[2:])
            still = hole.new_zeros(len(hole), sum(LATENTS), height, width)
            filled = network(image, hole, guess, still).float()
            errors = log_error(filled, original, hole)
            loss, noted = errors.mean(), {}
        else:
            filled, latents = network.reconstruct(image, hole, guess, original, unseen)
            errors = log_error(filled, original, hole)
            told = rates(latents, hole, 1 - unseen, settings.free_bits)
            weights = balance(told) if part < settings.warm_up else torch.ones_like(told)
            divergence = (weights * told).sum() / 3  # of a value: a pixel has three
            weight = beta(part, settings.beta, settings.warm_up)
            loss = 2 * errors.mean() + weight * divergence
            noted = {
                "log_error_unseen": float(errors.detach()[plain].mean()),
                "log_error_seen": float(errors.detach()[~plain].mean()),
                "nats": float(told.detach().sum()),
                "beta": weight,
            }
        if features or adversary:
            completed = original + hole * (filled - original)
        if features:
            with devices.autocast():
                loss = loss + FEATURES * feature_loss(features, completed, original)
        if adversary:
            real = adversary(original)
            if run.step >= ADVERSARY_ALONE:
                loss = loss + ADVERSARY * relativistic(adversary(completed), real.detach())
        run.learn(loss)
        if adversary:
            verdict = relativistic(real, adversary(completed.detach()))
            verdict = verdict + SMOOTHNESS * roughness(adversary, original, real)
            take_step(devices, adversary, its_optimizer, verdict)
        noted = {name: round(value, 4) for name, value in noted.items()}
        run.done(float(errors.detach().mean()), **noted)
    return run.losses


def main() -> None:
    parser = options(__doc__.splitlines()[0], Settings)
    parser.add_argument("--damage", type=Path, required=True, help="folder of damage masks")
    parser.add_argument("--size", choices=sorted(WIDTHS), default=Settings.size)
    parser.add_argument("--beta", type=float, default=Settings.beta, help="of the divergence")
    parser.add_argument("--warm-up", type=float, default=Settings.warm_up, help="part of the run")
    parser.add_argument("--free-bits", type=float, default=Settings.free_bits, help="nats")
    parser.add_argument("--unseen", type=float, default=Settings.unseen, help="share of a batch")
    parser.add_argument("--features", type=Path, help="SqueezeNet's weights, for their distance")
    parser.add_argument("--adversary", action="store_true", help="with a verdict on its texture")
    train(Settings(**vars(parser.parse_args())))


if __name__ == "__main__":
    main()
