"""How alike two pictures look to a network that has learnt to see: a loss for crisp results.

Pixel losses prefer the mean of all plausible details, which is blur. Comparing features instead
(Johnson et al., "Perceptual Losses for Real-Time Style Transfer and Super-Resolution", 2016) lets a
network choose one. The features are those of SqueezeNet 1.0 (Iandola et al., 2016), small enough
for a CPU; they serve in training only and are part of no shipped file.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

TAPS = (3, 5, 8)  # from strokes and textures to parts of things; deeper ones place detail loosely
MEAN = (104.0, 117.0, 123.0)  # of blue, green, red, 0 to 255: what the weights were trained with
POOLS = (2, 6, 11)  # among the layers 0 to 12; 0 is a convolution, 1 its ReLU, the rest fires
SMALLEST = 1e-3  # keeps the loss finite where a tap answers nothing


def convolution(stored: dict[str, np.ndarray], name: str, **shape: int) -> nn.Conv2d:
    """A frozen convolution with the stored weights; KeyError when they are not there."""
    weight, bias = (torch.from_numpy(stored[f"{name}.{part}"]) for part in ("weight", "bias"))
    outputs, inputs, side, _ = weight.shape
    layer = nn.Conv2d(inputs, outputs, side, **shape)
    layer.weight, layer.bias = (nn.Parameter(part, requires_grad=False) for part in (weight, bias))
    return layer


class Fire(nn.Module):
    """Few channels squeezed out of many, then expanded by 1x1 and by 3x3, one behind the other."""

    def __init__(self, stored: dict[str, np.ndarray], name: str):
        super().__init__()
        self.squeeze = convolution(stored, f"{name}.squeeze")
        self.expand1x1 = convolution(stored, f"{name}.expand1x1")
        self.expand3x3 = convolution(stored, f"{name}.expand3x3", padding=1)

    def forward(self, x: Tensor) -> Tensor:
        squeezed = F.relu(self.squeeze(x))
        return F.relu(torch.cat([self.expand1x1(squeezed), self.expand3x3(squeezed)], 1))


class Features(nn.Module):
    """The answers of SqueezeNet 1.0 at the layers `taps`: 1, 3 to 5, 7 to 10 or 12, all after ReLU.

    `path` is an .npz with arrays named as torchvision names them (`features.0.weight`, …). Input
    (n, 3, h, w), RGB, sRGB-encoded, 0 to 1, at least 32 pixels a side; output one tensor a tap, in
    the order of the layers. Layers behind the last tap are not built. Gradients reach the input,
    never the weights.
    """

    mean: Tensor

    def __init__(self, path: Path, taps: Sequence[int] = TAPS):
        super().__init__()
        self.taps = tuple(sorted(taps))
        with np.load(path, allow_pickle=False) as file:
            stored = {name: file[name] for name in file.files}
        self.layers = nn.ModuleList()
        for n in range(self.taps[-1] + 1):
            if n == 0:
                self.layers.append(convolution(stored, "features.0", stride=2))
            elif n == 1:
                self.layers.append(nn.ReLU())
            elif n in POOLS:
                self.layers.append(nn.MaxPool2d(3, stride=2, ceil_mode=True))
            else:
                self.layers.append(Fire(stored, f"features.{n}"))
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1), persistent=False)

    def forward(self, image: Tensor) -> list[Tensor]:
        x = 255 * image.flip(1) - self.mean
        answers = []
        for n, layer in enumerate(self.layers):
            x = layer(x)
            if n in self.taps:
                answers.append(x)
        return answers


def feature_loss(features: Features, result: Tensor, original: Tensor) -> Tensor:
    """Mean absolute difference of the features, in parts of their mean size; 0 when equal.

    Both (n, 3, h, w). Every tap counts the same, whatever its range. No gradient reaches
    `original`.
    """
    with torch.no_grad():
        wanted = features(original)
    differences = [
        (answer - target).abs().mean() / (target.abs().mean() + SMALLEST)
        for answer, target in zip(features(result), wanted, strict=True)
    ]
    return torch.stack(differences).mean()
