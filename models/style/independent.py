"""How alike style and content are to judges that no network was trained with.

A network can please the features it was trained on and nothing else. These know nothing of them: a
convolutional network with random weights, whose answers still tell textures apart (Ustyuzhaninov
et al., "What does it take to generate natural textures?", 2017), and colours as CIELAB has them.
Distributions are compared along random directions, where the distance of two is that of their
sorted values (Rabin et al., "Wasserstein Barycenter and its Application to Texture Mixing", 2011).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from skimage.color import rgb2lab
from torch import Tensor

CHANNELS = (3, 32, 64, 96)
DIRECTIONS = 64  # in which the answers of a layer are compared
QUANTILES = 256
SEED = 0


class Colours(NamedTuple):
    """Of a picture in CIELAB: mean and standard deviation of L*, a* and b*, (3,) each."""

    mean: np.ndarray
    deviation: np.ndarray


def answers(picture: Tensor) -> list[Tensor]:
    """What a random network says of (1, 3, h, w) in 0 to 1: (places, channels) for each layer."""
    chance = torch.Generator().manual_seed(SEED)
    x, said = picture - 0.5, []
    for inputs, outputs in zip(CHANNELS, CHANNELS[1:], strict=False):
        weight = torch.randn(outputs, inputs, 3, 3, generator=chance) / (4.5 * inputs) ** 0.5
        x = F.relu(F.conv2d(x, weight))
        said.append(x[0].flatten(1).T)
        x = F.avg_pool2d(x, 2)
    return said


def texture_distance(result: Tensor, style: Tensor) -> float:
    """Sliced Wasserstein distance of a random network's answers to two pictures (1, 3, h, w).

    A mean over layers and directions, each in parts of the style's spread in that direction. 0
    when equal; pictures of different sizes can be compared.
    """
    chance = torch.Generator().manual_seed(SEED + 1)
    distances = []
    for ours, wanted in zip(answers(result), answers(style), strict=True):
        directions = torch.randn(ours.shape[1], DIRECTIONS, generator=chance)
        a, b = (quantiles((part @ directions).numpy()) for part in (ours, wanted))
        distances.append((np.abs(a - b).mean(0) / (b.std(0) + 1e-6)).mean())
    return float(np.mean(distances))


def quantiles(values: np.ndarray) -> np.ndarray:
    """The values of each column at QUANTILES even shares: (n, k) to (QUANTILES, k)."""
    return np.quantile(values, (np.arange(QUANTILES) + 0.5) / QUANTILES, axis=0)


def colour_distance(result: np.ndarray, style: np.ndarray) -> float:
    """Earth mover's distance of the histograms of L*, a* and b* of two uint8 pictures, their mean.

    In units of CIELAB, in which 1 is about what can just be seen.
    """
    a, b = (quantiles(rgb2lab(picture).reshape(-1, 3)) for picture in (result, style))
    return float(np.abs(a - b).mean())


def colours(picture: np.ndarray) -> Colours:
    """Of a uint8 picture (h, w, 3)."""
    values = rgb2lab(picture).reshape(-1, 3)
    return Colours(values.mean(0), values.std(0))
