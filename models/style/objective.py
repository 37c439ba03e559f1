"""What a picture in another's style should be: like the photograph in content, the other in style.

Both are told by features of SqueezeNet 1.0 (see perceptual.py). Content is where things are:
features with mean and variance taken out (Huang and Belongie, "Arbitrary Style Transfer in
Real-time with Adaptive Instance Normalization", 2017, compare them so). Style is how often which
features occur, and together: their means, deviations and covariances over the whole picture, which
is what Gatys et al., "Image Style Transfer Using Convolutional Neural Networks", 2016, have in a
Gram matrix, with the mean set apart (Li et al., "Universal Style Transfer via Feature Transforms",
2017). Distances are in parts of the size of what is wanted, so every layer counts the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn

from models.perceptual import Features
from models.style.distilled import Distilled, is_distilled

CONTENT = (5, 8)  # layers of SqueezeNet, see perceptual.py
STYLE = (1, 3, 5, 8)
SMALLEST = 1e-5  # least variance


class Judge(NamedTuple):
    """Layers of SqueezeNet by which content and style are told."""

    content: tuple[int, ...]
    style: tuple[int, ...]


JUDGES = {"shallow": Judge(CONTENT, STYLE), "deep": Judge((8, 10, 12), (1, 3, 5, 8, 10, 12))}
"""By name. `shallow` ends where textures do; `deep` knows parts of things as well."""


class Moments(NamedTuple):
    """Mean and standard deviation (n, c) and covariance (n, c, c) of features over a picture."""

    mean: Tensor
    deviation: Tensor
    covariance: Tensor


class Losses(NamedTuple):
    """Each (n,): one number a picture."""

    content: Tensor
    style: Tensor


def features(path: Path, judge: Judge = JUDGES["shallow"]) -> Features | Distilled:
    """The network whose answers are compared, from its weights (.npz): SqueezeNet or distilled.

    Raises SystemExit where distilled weights lack a layer of the judge.
    """
    if is_distilled(path):
        found = Distilled(path)
        if judge != JUDGES["shallow"]:
            raise SystemExit(f"{path} was made without the deep layers: give SqueezeNet's weights.")
        return found
    return Features(path, sorted({*judge.content, *judge.style}))


def by_layer(network: nn.Module, picture: Tensor) -> dict[int, Tensor]:
    """The features of (n, 3, h, w) in 0 to 1, by layer."""
    return dict(zip(network.taps, network(picture), strict=True))


def moments(answer: Tensor) -> Moments:
    """Of features (n, c, h, w); float32."""
    mean = answer.mean((2, 3), dtype=torch.float32)
    centred = answer - mean.to(answer.dtype)[..., None, None]
    flat = centred.permute(0, 2, 3, 1).flatten(1, 2)  # no copy where channels are innermost
    covariance = (flat.transpose(1, 2) @ flat).float() / flat.shape[1]
    variance = centred.square().mean((2, 3), dtype=torch.float32)
    return Moments(mean, (variance + SMALLEST).sqrt(), covariance)


def styles(answers: dict[int, Tensor], layers: tuple[int, ...] = STYLE) -> list[Moments]:
    """What is wanted of a result in the style of this picture, by those layers that answer."""
    return [moments(answers[n]) for n in layers if n in answers]


def style_loss(
    answers: dict[int, Tensor], wanted: Iterable[Moments], among: tuple[int, ...] = STYLE
) -> Tensor:
    """Relative distance of means, deviations and covariances, (n,), summed; 0 when equal.

    A mean over the layers of |found - wanted| / |wanted| with Euclidean and Frobenius norms, twice
    the mean of the three. Covariances alone would rather have too little of everything than what
    is right in kind and wrong in direction: without deviations results are flat.
    """
    parts = []
    layers = [n for n in among if n in answers]
    for n, target in zip(layers, wanted, strict=True):
        for found, value in zip(moments(answers[n]), target, strict=True):
            difference = (found - value).flatten(1).norm(dim=1)
            parts.append(difference / value.flatten(1).norm(dim=1).clamp(min=1e-6))
    return 2 * torch.stack(parts).mean(0)


def placed(answer: Tensor) -> Tensor:
    """Features (n, c, h, w) with mean 0 and variance 1 in every channel: where, not how much."""
    mean = answer.mean((2, 3), keepdim=True, dtype=torch.float32)
    centred = answer - mean.to(answer.dtype)
    variance = centred.square().mean((2, 3), keepdim=True, dtype=torch.float32)
    floor = SMALLEST + 0.01 * variance.mean(1, keepdim=True)  # a channel that says nothing
    return centred * (variance + floor).rsqrt().to(answer.dtype)


def content_loss(
    answers: dict[int, Tensor], wanted: dict[int, Tensor], layers: tuple[int, ...] = CONTENT
) -> Tensor:
    """Mean squared difference of normalised features, (n,), a mean over the layers; 0 when equal.

    1 says that as much is different as the features vary; unrelated pictures are at about 2.
    """
    parts = [
        (placed(answers[n]) - placed(wanted[n])).square().mean((1, 2, 3), dtype=torch.float32)
        for n in layers
    ]
    return torch.stack(parts).mean(0)


def losses(
    answers: dict[int, Tensor],
    content: dict[int, Tensor],
    style: list[Moments],
    judge: Judge = JUDGES["shallow"],
) -> Losses:
    """Both, of a result with these features, for a photograph with those and a wanted style."""
    return Losses(
        content_loss(answers, content, judge.content), style_loss(answers, style, judge.style)
    )
