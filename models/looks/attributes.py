"""Attributes: how far each look has changed from one picture to another, measured without the VAE.

`explained` asks which amounts of the five distortions together come nearest to a change, pixel by
pixel; there are no weights in it that something was learnt with. `plain` is one measurement by hand
for each look, which knows nothing of the distortions either.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from models.auto.train import oklab
from models.looks.distortions import COUNT, NAMES, distorted
from models.looks.network import leaves

ENOUGH = 0.10  # part of a picture in the colours of leaves from which on it has a season
CHROMA = 2.0  # times that a difference of colour counts beside one of lightness
ROUNDS, STEP = 3, 0.08  # of Gauss and Newton's method, and the width of its differences
PRICE = 5e-6  # of an amount: where a look cannot be seen, as a season without leaves, it is 0
FARTHEST = 1.5  # amounts that are asked for at most


def _mean(values: Tensor, weight: Tensor) -> Tensor:
    """Weighted means of (n, h, w): (n,). Where there is no weight, 0."""
    return (values * weight).sum((1, 2)) / (weight.sum((1, 2)) + 1e-4 * weight[0].numel())


def leafy(image: Tensor) -> Tensor:
    """What part of pictures (n, 3, h, w) is of the colours of leaves, (n,)."""
    return leaves(image).mean((1, 2, 3))


def _colours(image: Tensor) -> Tensor:
    lab = oklab(image)
    return torch.cat([lab[:, :1], CHROMA * lab[:, 1:]], 1).flatten(1)


@torch.no_grad()
def explained(before: Tensor, after: Tensor) -> Tensor:
    """Amounts (n, COUNT) of the distortions by which pictures (n, 3, h, w), or one (1, 3, h, w),
    come nearest to others, all together: least squares in Oklab, by Gauss and Newton's method.
    """
    before = before.expand_as(after)
    wanted = _colours(after)
    amounts = torch.zeros(len(after), COUNT)
    for _ in range(ROUNDS):
        here = _colours(distorted(before, amounts))
        left = wanted - here
        slopes = []
        for look in range(COUNT):
            # Away from 0, where a distortion may bend.
            aside = torch.zeros_like(amounts)
            aside[:, look] = torch.where(amounts[:, look] < 0, -STEP, STEP)
            there = _colours(distorted(before, amounts + aside))
            slopes.append((there - here) / aside[:, look, None])
        turns = torch.stack(slopes, 2) / left.shape[1] ** 0.5
        square = turns.transpose(1, 2) @ turns + PRICE * torch.eye(COUNT)
        pull = torch.einsum("npk,np->nk", turns, left) / left.shape[1] ** 0.5 - PRICE * amounts
        step = torch.linalg.solve(square, pull).clamp(-0.6, 0.6)
        amounts = (amounts + step).clamp(-FARTHEST, FARTHEST)
    return amounts


def _darkest(image: Tensor) -> Tensor:
    """The dark channel of pictures (n, 3, h, w), sRGB-encoded: (n, h, w)."""
    return -F.max_pool2d(-image.amin(1, keepdim=True), 5, 1, 2)[:, 0]


def _turn(was: Tensor, is_: Tensor, weight: Tensor) -> Tensor:
    """Radians by which the mean colour (a, b) of weighted pixels turned towards red, (n,)."""
    hues = [torch.atan2(_mean(lab[:, 2], weight), _mean(lab[:, 1], weight)) for lab in (was, is_)]
    return torch.remainder(hues[0] - hues[1] + torch.pi, 2 * torch.pi) - torch.pi


@torch.no_grad()
def plain(before: Tensor, after: Tensor) -> Tensor:
    """One measurement for each look, (n, COUNT), of pictures as for `explained`.

    Light: mean of Oklab's b in the middle third of tones. Haze: mean of the dark channel (K. He,
    2009), the upper part counting more. Age: lightness of the darkest fiftieth, less the blue of
    the lightest. Season: how far the mean hue of leaves turned from green to red. Time of day: mean
    lightness in Oklab, downwards.
    """
    before = before.expand_as(after)
    was, is_ = oklab(before), oklab(after)
    low, high = (was[:, 0].flatten(1).quantile(q, 1)[:, None, None] for q in (1 / 3, 2 / 3))
    middle = ((was[:, 0] >= low) & (was[:, 0] <= high)).float()
    upper = torch.linspace(1, 0, after.shape[2])[None, :, None].expand_as(middle)
    black = is_[:, 0].flatten(1).quantile(0.02, 1)
    white = after[:, 2].flatten(1).quantile(0.98, 1)
    found = {
        "light": _mean(is_[:, 2], middle),
        "haze": _mean(_darkest(after), upper),
        "age": black - white,
        "season": _turn(was, is_, leaves(before)[:, 0]),
        "time_of_day": -is_[:, 0].mean((1, 2)),
    }
    return torch.stack([found[name] for name in NAMES], 1)
