"""Features to train a style with that are Safelight's own: what SqueezeNet says, distilled.

    python -m models.style.distilled --state OUT/fast/state.pt \
        --out models/style/weights/features.npz

While a network is trained, 1x1 convolutions of its encoder's features learn to say what SqueezeNet
says (train.py, `Heads`). Encoder and heads together are a small network whose answers stand in for
SqueezeNet's at three layers. Its weights ship, so that a style of one's own (own.py) needs no
others.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.style.network import WIDTHS, Encoder
from models.training import load_state, save_weights

TAUGHT = {0: (1, 96), 1: (5, 256), 2: (8, 384)}  # level of the encoder: layer, channels
ENCODER, HEADS = "encoder.", "heads."


class Heads(nn.Module):
    """What is added while an encoder is distilled: from its features to SqueezeNet's."""

    def __init__(self, widths: tuple[int, ...]):
        super().__init__()
        self.heads = nn.ModuleList(
            nn.Conv2d(widths[level], channels, 1) for level, (_, channels) in TAUGHT.items()
        )

    def forward(self, levels: list[Tensor], answers: dict[int, Tensor]) -> Tensor:
        """Mean squared error in parts of the answers' variance, a mean over the levels."""
        errors = []
        for head, (level, (layer, _)) in zip(self.heads, TAUGHT.items(), strict=True):
            wanted = answers[layer].float()
            said = F.interpolate(head(levels[level]).float(), wanted.shape[2:], mode="bilinear")
            errors.append((said - wanted / (wanted.std() + 1e-6)).square().mean())
        return torch.stack(errors).mean()


class Distilled(nn.Module):
    """The answers of an encoder and its heads, as of `Features` (perceptual.py).

    Input (n, 3, h, w), RGB, sRGB-encoded, 0 to 1, sides multiples of 8. Gradients reach the input,
    never the weights. KeyError for a file that is something else.
    """

    taps = tuple(layer for layer, _ in TAUGHT.values())

    def __init__(self, path: Path):
        super().__init__()
        with np.load(path, allow_pickle=False) as file:
            stored = {name: torch.from_numpy(file[name]) for name in file.files}
        widths = tuple(stored[f"{HEADS}heads.{n}.weight"].shape[1] for n in range(len(TAUGHT)))
        first = stored[f"{ENCODER}first.weight"].shape[0]
        self.encoder, self.heads = Encoder((first, *widths)), Heads(widths)
        self.load_state_dict(stored)
        self.requires_grad_(False)

    def forward(self, image: Tensor) -> list[Tensor]:
        levels = self.encoder(image)
        return [head(level) for head, level in zip(self.heads.heads, levels, strict=True)]


def is_distilled(path: Path) -> bool:
    """Whether a file of weights is one of these."""
    with np.load(path, allow_pickle=False) as file:
        return f"{HEADS}heads.0.weight" in file.files


def distil(state: Path, out: Path, size: str) -> None:
    """Write the features that a training's state holds.

    Raises SystemExit where it is none of that size.
    """
    stored = load_state(state)
    inner = {
        ENCODER + name.removeprefix(ENCODER): value
        for name, value in stored["network"]["weights"].items()
        if name.startswith(ENCODER)
    }
    inner |= {HEADS + name: value for name, value in stored["heads"]["weights"].items()}
    fits = inner.get(f"{ENCODER}first.weight")
    if fits is None or fits.shape[0] != WIDTHS[size][0]:
        raise SystemExit(f"{state} holds no network of size {size}.")
    save_weights(out, inner)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--state", type=Path, required=True, help="state.pt of a training")
    parser.add_argument("--size", choices=sorted(WIDTHS), default="fast")
    parser.add_argument("--out", type=Path, required=True, help="the file to write, .npz")
    given = parser.parse_args()
    distil(given.state, given.out, given.size)
    print(f"{given.out.name}: {given.out.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
