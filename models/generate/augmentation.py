"""Changes with which a judge sees every picture, so that it cannot know a few by heart.

Differentiable augmentation (Zhao et al., "Differentiable Augmentation for Data-Efficient GAN
Training", 2020): since what is made is changed too, and gradients pass, a generator learns the
pictures and not the changes. Each is drawn anew for each picture.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

MOVED = 1 / 8  # of a side, at most, in each direction
CUT = 1 / 2  # of a side: the square that is greyed out
BRIGHTER = 0.5  # added, of the range of 2, at most to half of it either way
GREY = 0.0  # in pictures of -1 to 1


def drawn(pictures: Tensor, low: float, high: float) -> Tensor:
    """A number for each picture, (n, 1, 1, 1)."""
    return torch.empty(len(pictures), 1, 1, 1, device=pictures.device).uniform_(low, high)


def coloured(pictures: Tensor) -> Tensor:
    """Brightness, saturation and contrast changed."""
    x = pictures + drawn(pictures, -BRIGHTER, BRIGHTER)
    grey = x.mean(1, keepdim=True)
    x = grey + (x - grey) * drawn(pictures, 0, 2)
    mean = x.mean((1, 2, 3), keepdim=True)
    return mean + (x - mean) * drawn(pictures, 0.5, 1.5)


def moved(pictures: Tensor) -> Tensor:
    """Shifted by whole pixels; what comes in from outside is grey."""
    height, width = pictures.shape[2:]
    most = [max(1, round(side * MOVED)) for side in (height, width)]
    down, right = (
        torch.randint(-m, m + 1, (len(pictures), 1), device=pictures.device) for m in most
    )
    rows = torch.arange(height, device=pictures.device) + down + most[0]
    columns = torch.arange(width, device=pictures.device) + right + most[1]
    padded = F.pad(pictures, (most[1], most[1], most[0], most[0]), value=GREY)
    picture = torch.arange(len(pictures), device=pictures.device)[:, None, None]
    found = padded.permute(0, 2, 3, 1)[picture, rows[:, :, None], columns[:, None, :]]
    return found.permute(0, 3, 1, 2)


def cut(pictures: Tensor) -> Tensor:
    """A square anywhere greyed out; at the border a part of it."""
    inside = []
    for side in pictures.shape[2:]:
        middle = torch.randint(0, side, (len(pictures), 1), device=pictures.device)
        away = (torch.arange(side, device=pictures.device) - middle).abs()
        inside.append(away < side * CUT / 2)
    hidden = inside[0][:, None, :, None] & inside[1][:, None, None, :]
    return pictures.masked_fill(hidden, GREY)


CHANGES: dict[str, Callable[[Tensor], Tensor]] = {"colour": coloured, "move": moved, "cut": cut}


def changed(pictures: Tensor, names: tuple[str, ...]) -> Tensor:
    """Pictures (n, 3, h, w) of -1 to 1 with the changes of those names, in their order."""
    for name in names:
        pictures = CHANGES[name](pictures)
    return pictures
