"""Distortions: five ways in which a look changes, each by a known amount, in PyTorch.

An amount is -1 to 1 and 0 changes nothing. Pictures are float32 (n, 3, h, w), sRGB-encoded, 0 to 1,
and seen whole. The amounts are the labels by which codes of the VAE get their names.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from models.auto.settings import balance, from_linear, gain, to_linear
from models.auto.train import oklab
from models.looks.network import leaves, luminance, ramp

NAMES = ("light", "haze", "age", "season", "time_of_day")
TITLES = ("Light", "Haze", "Age", "Season", "Time of day")
COUNT = len(NAMES)
SEASON = NAMES.index("season")

MIRED = 60.0  # warmer at 1, colder at -1
AIR = (0.80, 0.85, 0.91)  # colour of haze in linear light, beside that of the picture's own
THICK, CLEARER = 0.85, 0.6  # optical depth of the farthest at 1, and what goes of it at -1
LIFTED = (0.175, 0.14, 0.10)  # what the blacks of an old print have become
YELLOWED = (0.02, 0.06, 0.19)  # what its whites have lost
FADED = 0.42  # part of the colour that has gone
YELLOW, RUSSET, FRESH = 100.0, 66.0, 128.0  # hues in Oklab of leaves turning, turned, and new
EVENING, NOON = 1.3, 0.5  # stops darker at 1, and lighter at -1

_TO_CONES = torch.tensor(
    [[1.0, 0.3963377774, 0.2158037573], [1.0, -0.1055613458, -0.0638541728],
     [1.0, -0.0894841775, -1.2914855480]]
)  # fmt: skip
_TO_LIGHT = torch.tensor(
    [[4.0767416621, -3.3077115913, 0.2309699292], [-1.2684380046, 2.6097574011, -0.3413193965],
     [-0.0041960863, -0.7034186147, 1.7076147010]]
)  # fmt: skip


def encoded(lab: Tensor) -> Tensor:
    """Pictures (n, 3, h, w), sRGB-encoded, of pictures in Oklab: the inverse of `oklab`."""
    cones = torch.einsum("ij,njhw->nihw", _TO_CONES, lab) ** 3
    return from_linear(torch.einsum("ij,njhw->nihw", _TO_LIGHT, cones)).clamp(0, 1)


def _column(amount: Tensor) -> Tensor:
    return amount.reshape(-1, 1, 1, 1)


def _smooth(values: Tensor, across: int) -> Tensor:
    """Means of (n, 1, h, w) over squares of that many pixels, edges repeated."""
    half = across // 2
    padded = F.pad(values, (half,) * 4, mode="replicate")
    return F.avg_pool2d(padded, across, 1)


def _veil(linear: Tensor) -> tuple[Tensor, Tensor]:
    """Dark channel (n, 1, h, w) of linear light (K. He, J. Sun and X. Tang, 2009), and the light's
    colour where it is highest, (n, 3, 1, 1): that of the air.
    """
    darkest = -F.max_pool2d(-linear.amin(1, keepdim=True), 5, 1, 2)
    flat = darkest.flatten(2)
    top = flat.topk(max(flat.shape[2] // 50, 1), 2).indices.expand(-1, 3, -1)
    return darkest, linear.flatten(2).gather(2, top).mean(2)[..., None, None]


def far(image: Tensor) -> Tensor:
    """How far away what is seen is taken to be, (n, 1, h, w), 0 to 1.

    By the height in the frame, farther where the dark channel is high and there is little texture.
    """
    linear = to_linear(image)
    veil, air = _veil(linear)
    veil = (veil / air.mean(1, keepdim=True).clamp(min=0.1)).clamp(0, 1)
    light = luminance(image)
    texture = (light - _smooth(light, 5)).abs()
    smooth = 1 - ramp(_smooth(texture, 9), 0.0, 0.06)
    rows = torch.linspace(1, 0, image.shape[2]).reshape(1, 1, -1, 1)
    height = rows * rows * (3 - 2 * rows)
    found = 0.07 + 0.53 * height + height * (0.25 * veil + 0.25 * smooth)
    return _smooth(found.clamp(0, 1), 9)


def light(image: Tensor, amount: Tensor) -> Tensor:
    """Warmer or colder light: Bradford adaptation by MIRED, as in White balance."""
    linear = to_linear(image)
    changed = torch.einsum("nij,njhw->nihw", balance(-MIRED * amount, 0 * amount), linear)
    return from_linear(changed).clamp(0, 1)


def haze(image: Tensor, amount: Tensor) -> Tensor:
    """Air between camera and subject, I t + A (1 - t) in linear light; below 0 the air's light is
    taken away as far as there may be some.
    """
    linear, amount = to_linear(image), _column(amount)
    veil, own = _veil(linear)
    bright = own.mean(1, keepdim=True).clamp(0.25, 0.9)
    air = bright * (0.5 * torch.tensor(AIR).reshape(1, 3, 1, 1) / 0.85
                    + 0.5 * own / own.mean(1, keepdim=True).clamp(min=0.02))  # fmt: skip
    depth = far(image)
    through = torch.exp(-THICK * amount.clamp(min=0) * depth)
    more = linear * through + air * (1 - through)
    part = (0.3 + 0.7 * _smooth((veil / bright).clamp(0, 1), 9)) * depth
    left = 1 - CLEARER * (-amount).clamp(min=0) * part
    less = (linear - air) / left + air
    # What would become black keeps some of what it was.
    less = torch.maximum(less, 0.35 * linear)
    return from_linear(torch.where(amount > 0, more, less).clamp(0, 1)).clamp(0, 1)


def age(image: Tensor, amount: Tensor) -> Tensor:
    """A print that has faded and yellowed: blacks lifted, whites cream, colours paler."""
    amount = _column(amount)
    amount = torch.where(amount > 0, amount, 0.5 * amount)
    grey = luminance(image)
    image = grey + (image - grey) * (1 - FADED * amount)
    low = torch.tensor(LIFTED).reshape(1, 3, 1, 1) * amount
    high = 1 - torch.tensor(YELLOWED).reshape(1, 3, 1, 1) * amount
    return (low + (high - low) * image).clamp(0, 1)


def season(image: Tensor, amount: Tensor) -> Tensor:
    """Leaves as in autumn at 1, as in spring at -1; nothing else changes.

    Hues move most of the way to yellow and then to russet, lighter leaves less far, so that those
    of one crown stay apart; what is dark moves less, as conifers do.
    """
    lab, amount = oklab(image), _column(amount)
    leaf = leaves(image)
    hue = torch.rad2deg(torch.atan2(lab[:, 2:], lab[:, 1:2]))
    ripe, rest = amount.clamp(min=0), (-amount).clamp(min=0)
    dark = 0.55 + 0.45 * ramp(lab[:, :1], 0.25, 0.45)
    russet = RUSSET + 24 * (lab[:, :1] - 0.5).clamp(-0.25, 0.25)
    aim = YELLOW + (russet - YELLOW) * ripe
    turned = (0.9 * dark * ripe.clamp(max=0.5) * 2 * (aim - hue).clamp(max=0)
              + 0.6 * rest * (FRESH - hue).clamp(-12, 26)) * leaf  # fmt: skip
    turned = torch.deg2rad(turned)
    strong = (lab[:, 1:].square().sum(1, keepdim=True).sqrt() - 0.1).clamp(min=0)
    more = 1 + (ripe * (0.12 - 2.2 * strong) + rest * (0.22 - strong)) * leaf
    a = (lab[:, 1:2] * turned.cos() - lab[:, 2:] * turned.sin()) * more
    b = (lab[:, 1:2] * turned.sin() + lab[:, 2:] * turned.cos()) * more
    lightness = lab[:, :1] + (0.02 * ripe + 0.03 * rest) * leaf
    changed = encoded(torch.cat([lightness, a, b], 1))
    # What is no leaf keeps its value to the last bit.
    return torch.where((leaf * amount).abs() > 0, changed, image)


def time_of_day(image: Tensor, amount: Tensor) -> Tensor:
    """Evening at 1: darker, most of all above, lights golden towards the ground, shadows and the
    sky's height blue; noon at -1: lighter, shadows open. On the whole the light gets neither warmer
    nor colder.
    """
    amount = _column(amount)
    late, early = amount.clamp(min=0), (-amount).clamp(min=0)
    distance = far(image)
    stops = -EVENING * late * (0.7 + 0.5 * distance) + NOON * early * (1 - 0.4 * distance)
    linear = to_linear(image) * 2.0**stops
    # Light that is opened at noon rolls off towards white, as on film.
    linear = torch.where(stops > 0, linear * (1 + to_linear(image)) / (1 + linear), linear)
    lab = oklab(from_linear(linear).clamp(0, 1))
    apart = lab[:, :1] - lab[:, :1].mean((2, 3), keepdim=True)
    rows = torch.linspace(1, 0, image.shape[2]).reshape(1, 1, -1, 1)
    warm = apart.clamp(-0.28, 0.28) * (1 - 0.75 * rows) - 0.07 * rows
    warm = warm - warm.mean((2, 3), keepdim=True)
    split = torch.cat([0.10 * late * apart - 0.08 * early * apart,
                       (0.05 * late - 0.015 * early) * warm,
                       (0.22 * late - 0.06 * early) * warm], 1)  # fmt: skip
    changed = encoded(lab + split)
    return torch.where(amount.abs() > 0, changed, image)


def _otherwise(image: Tensor, chance: Tensor) -> Tensor:
    """Looks without a name: exposure, contrast, colourfulness, tint by chances (n, 4), -1 to 1."""
    linear = to_linear(image) * 2.0 ** (0.6 * _column(chance[:, 0]))
    tint = balance(0 * chance[:, 3], 20 * chance[:, 3])
    linear = torch.einsum("nij,njhw->nihw", tint, linear)
    shown = gain(from_linear(linear).clamp(0, 1), 30 * chance[:, 1])
    grey = luminance(shown)
    return (grey + (shown - grey) * (1 + 0.4 * _column(chance[:, 2]))).clamp(0, 1)


Change = Callable[[Tensor, Tensor], Tensor]
_ORDER: tuple[tuple[str, Change], ...] = (
    ("season", season), ("time_of_day", time_of_day), ("haze", haze), ("light", light),
    ("age", age),
)  # fmt: skip


@torch.no_grad()
def distorted(image: Tensor, amounts: Tensor, others: Tensor | None = None) -> Tensor:
    """Pictures (n, 3, h, w) with their looks changed by amounts (n, COUNT), in NAMES' order, and by
    chances without a name, (n, 4).
    """
    image = image.clone()
    for name, change in _ORDER:
        amount = amounts[:, NAMES.index(name)]
        which = amount != 0
        if which.any():
            image[which] = change(image[which], amount[which])
    if others is not None and (which := (others != 0).any(1)).any():
        image[which] = _otherwise(image[which], others[which])
    return image


def drawn(count: int, rng: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Chance amounts of two looks of `count` photographs, (count, COUNT) each, and chances without
    a name of the second, (count, 4).

    Half of the first are photographs as they are; half of the second differ in one look alone.
    """
    first = rng.uniform(-0.7, 0.7, (count, COUNT)) * (rng.random((count, COUNT)) < 0.35)
    first *= rng.random((count, 1)) < 0.5
    # What has turned russet has no more the colours of leaves, and cannot be turned back.
    first[:, SEASON] = np.minimum(first[:, SEASON], 0.25)
    second = rng.uniform(-1, 1, (count, COUNT)) * (rng.random((count, COUNT)) < 0.6)
    one = rng.random(count) < 0.5
    which = (
        np.arange(COUNT)[None] == rng.choice(COUNT, count, p=[0.18, 0.2, 0.2, 0.24, 0.18])[:, None]
    )
    second = np.where(one[:, None] & ~which, first, second)
    others = rng.uniform(-1, 1, (count, 4)) * (rng.random((count, 1)) < 0.3) * ~one[:, None]
    return tuple(torch.from_numpy(x).float() for x in (first, second, others))  # type: ignore[return-value]
