"""Train the estimate of how faded a picture is, and compare it with what is usually done.

    python -m models.repair.train_tone --photos FOLDER --cache FOLDER [--out FILE]

Photographs are faded (models/damage.py) or left as they are; the network is told their percentiles
and learns the curves that bring the colours back. Two minutes of one core. Without --out it
measures what ships: the colour error (CIEDE2000, scikit-image) and PSNR of photographs kept from
training, as they are given, after auto levels, after grey world, and after ours.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from skimage.color import deltaE_ciede2000, rgb2lab
from torch import Tensor, nn

from models.damage import fade
from models.degradation import fraction, levels
from models.pictures import SIZES, Pictures
from models.plugincode import ROOT, plugin_module

WEIGHTS = ROOT / "plugins" / "repair" / "safelight_repair" / "tone.npz"
SIDE = 128  # pixels of the longer side that is trained on
VARIANTS = 24  # of every photograph
UNFADED = 0.4  # share of them left as they are
HARM = 3.0  # times that an error counts in those
KEPT_PIXELS = 192  # of each that the loss is taken over
HIDDEN = 32
STEPS = 4000
BATCH = 256
RATE = 2e-3
DECAY = 0.02
DROPOUT = 0.2
CHROMA = 2.0  # times that an error of colour counts beside one of lightness
CUT_OFF = 0.5  # per cent that auto levels cuts off at either end
FADINGS = 5  # of every photograph that is measured

tone = plugin_module("repair", "tone")

Method = Callable[[np.ndarray], np.ndarray]
"""From a picture (h, w, 3) float32 to one."""


def small(picture: np.ndarray) -> np.ndarray:
    """A picture (h, w, 3) uint8 with SIDE pixels along its longer side."""
    image = Image.fromarray(np.ascontiguousarray(picture))
    image.thumbnail((SIDE, SIDE), Image.Resampling.BOX, reducing_gap=2.0)
    return np.asarray(image)


def examples(
    pictures: list[np.ndarray], rng: np.random.Generator
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """VARIANTS of every picture (h, w, 3) uint8, faded or not: what the network learns from.

    Features (n, features), pixels as given and as they were (n, KEPT_PIXELS, 3), weight (n,).
    """
    told, given, wanted, weights = [], [], [], []
    for picture in pictures:
        for _ in range(VARIANTS):
            height, width = (int(rng.uniform(0.5, 1) * side) for side in picture.shape[:2])
            y, x = (
                int(rng.integers(side - part + 1))
                for side, part in zip(picture.shape[:2], (height, width), strict=True)
            )
            crop = picture[y : y + height, x : x + width]
            faded = rng.random() >= UNFADED
            seen = fraction(levels(fade(fraction(crop), rng)) if faded else crop)
            which = rng.integers(height * width, size=KEPT_PIXELS)
            told.append(tone.features(seen))
            given.append(seen.reshape(-1, 3)[which])
            wanted.append(fraction(crop).reshape(-1, 3)[which])
            weights.append(1.0 if faded else HARM)
    arrays = (np.asarray(part, np.float32) for part in (told, given, wanted, weights))
    return tuple(torch.from_numpy(part) for part in arrays)


def restored(pixels: Tensor, told: Tensor) -> Tensor:
    """`tone.restored` of (n, pixels, 3) by what the network says, (n, 10), with gradients."""
    black, white, gamma, saturation = torch.tanh(told)[:, None].split([3, 3, 3, 1], 2)
    black, white = tone.LIMITS["black"] * black, 1 + tone.LIMITS["white"] * white
    level = (pixels - black) / (white - black).clamp(min=0.2)
    power = torch.exp(tone.LIMITS["gamma"] * gamma)
    curved = level.sign() * level.abs().clamp(min=1e-4) ** power
    mean = curved.mean(2, keepdim=True)
    return mean + torch.exp(tone.LIMITS["saturation"] * saturation) * (curved - mean)


def error(result: Tensor, wanted: Tensor) -> Tensor:
    """(n,) mean absolute error, that of colour counted CHROMA times."""
    apart = result - wanted
    grey = apart.mean(2, keepdim=True)
    return (grey.abs().mean(2) + CHROMA * (apart - grey).abs().mean(2)).mean(1)


def train(pictures: list[np.ndarray], seed: int = 1) -> dict[str, np.ndarray]:
    """The weights, as `tone.estimated` takes them."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)  # threads cost so small a network more than they bring
    told, given, wanted, weights = examples(pictures, np.random.default_rng(seed))
    mean, deviation = told.mean(0), told.std(0) + 1e-3
    told = (told - mean) / deviation
    first, second = nn.Linear(told.shape[1], HIDDEN), nn.Linear(HIDDEN, HIDDEN)
    last = nn.Linear(HIDDEN, 10)
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    layers = nn.ModuleList([first, second, last])
    optimizer = torch.optim.AdamW(layers.parameters(), RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    for _ in range(STEPS):
        which = torch.randint(len(told), (BATCH,))
        x = F.dropout(F.relu(first(told[which])), DROPOUT)
        x = last(F.relu(second(x)))
        loss = (weights[which] * error(restored(given[which], x), wanted[which])).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    found = {"mean": mean, "deviation": deviation}
    for name, layer in (("first", first), ("second", second), ("last", last)):
        found |= {name: layer.weight.detach().T, f"{name}_bias": layer.bias.detach()}
    return {name: np.ascontiguousarray(part.numpy(), np.float32) for name, part in found.items()}


def auto_levels(image: np.ndarray) -> np.ndarray:
    """Each channel stretched, CUT_OFF per cent cut off at both ends."""
    low, high = np.percentile(image, [CUT_OFF, 100 - CUT_OFF], axis=(0, 1))
    return (image - low) / np.maximum(high - low, 0.05)


def grey_world(image: np.ndarray) -> np.ndarray:
    """Each channel scaled until their means are the same (Buchsbaum 1980)."""
    mean = image.mean((0, 1))
    return image * (mean.mean() / np.maximum(mean, 0.01))


def measured(
    pairs: list[tuple[np.ndarray, np.ndarray]], method: Method
) -> tuple[float, float, float]:
    """Mean CIEDE2000, its 90th percentile over the pictures, and mean PSNR in dB.

    `pairs` are pictures as given and as they were, float32.
    """
    differences, psnr = [], []
    for given, original in pairs:
        result = fraction(levels(method(given)))
        differences.append(deltaE_ciede2000(rgb2lab(result), rgb2lab(original)).mean())
        psnr.append(-10 * np.log10(max(np.mean(np.square(result - original)), 1e-5)))
    return float(np.mean(differences)), float(np.percentile(differences, 90)), float(np.mean(psnr))


def figures(pairs: list[tuple[np.ndarray, np.ndarray]], method: Method) -> str:
    return "{:.2f}, {:.2f}, {:.2f}".format(*measured(pairs, method))


def ours(weights: dict[str, np.ndarray]) -> Method:
    return lambda image: tone.restored(image, tone.estimated(image, weights))


def report(pictures: list[np.ndarray], weights: dict[str, np.ndarray]) -> str:
    """A table of all methods on pictures (h, w, 3) uint8 that were not trained on."""
    rng = np.random.default_rng(0)
    faded = [
        (fraction(levels(fade(fraction(picture), rng))), fraction(picture))
        for picture in pictures
        for _ in range(FADINGS)
    ]
    whole = [(fraction(picture), fraction(picture)) for picture in pictures]
    methods: dict[str, Method] = {
        "as given": lambda image: image,
        "auto levels, 0.5 %": auto_levels,
        "grey world": grey_world,
        "ours": ours(weights),
    }
    lines = ["| | faded: ΔE, 90 %, PSNR | not faded: ΔE, 90 %, PSNR |", "|---|---|---|"]
    for name, method in methods.items():
        shown = [figures(pairs, method) for pairs in (faded, whole)]
        lines.append(f"| {name} | {shown[0]} | {shown[1]} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=Path, required=True, help="folder of photographs")
    parser.add_argument("--cache", type=Path, required=True, help="folder for packed pictures")
    parser.add_argument("--out", type=Path, help="train, and write the weights there (.npz)")
    given = parser.parse_args()
    pictures = Pictures(given.photos, 1, given.cache)
    if given.out:
        weights = train([small(large) for large, _ in pictures.train[:: len(SIZES)]])
        np.savez_compressed(given.out, **weights)
    else:
        weights = dict(np.load(WEIGHTS, allow_pickle=False))
    print(report([small(large) for large, _ in pictures.held_out], weights))


if __name__ == "__main__":
    main()
