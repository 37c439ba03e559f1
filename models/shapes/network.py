"""The VAE of shapes: 32 by 32 pixels to a code of 8 numbers, and back.

D. Kingma and M. Welling, "Auto-Encoding Variational Bayes", ICLR 2014.
"""

from __future__ import annotations

import importlib.util
from types import ModuleType

import torch
from torch import Tensor, nn

from models.plugincode import ROOT

FOLDER = ROOT / "resources" / "autoencoder"
SIZE = 8
_WIDTHS = (16, 24, 40)
_SMALL = 4  # places a side of the innermost maps


def drawing() -> ModuleType:
    """The template's own module that draws shapes."""
    spec = importlib.util.spec_from_file_location("shapes", FOLDER / "shapes.py")
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


class Encoder(nn.Module):
    """From pictures (n, 3, 32, 32), 0 to 1, to the means of their codes (n, SIZE)."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for given, made in zip((3, *_WIDTHS), _WIDTHS, strict=False):
            layers += [nn.Conv2d(given, made, 4, 2, 1), nn.SiLU()]
        self.maps = nn.Sequential(*layers, nn.Flatten())
        inner = _WIDTHS[-1] * _SMALL**2
        self.mean, self.spread = nn.Linear(inner, SIZE), nn.Linear(inner, SIZE)

    def both(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """The means and the logarithms of the variances of codes."""
        maps = self.maps(image - 0.45)
        return self.mean(maps), self.spread(maps).clamp(-10, 4)

    def forward(self, image: Tensor) -> Tensor:
        return self.both(image)[0]


class Decoder(nn.Module):
    """From codes (n, SIZE) to pictures (n, 3, 32, 32), nominally 0 to 1."""

    def __init__(self) -> None:
        super().__init__()
        inner = _WIDTHS[-1] * _SMALL**2
        self.begin = nn.Sequential(nn.Linear(SIZE, inner), nn.SiLU())
        layers: list[nn.Module] = []
        widths = (*_WIDTHS[::-1], 3)
        for given, made in zip(widths, widths[1:], strict=False):
            layers += [nn.ConvTranspose2d(given, made, 4, 2, 1), nn.SiLU()]
        self.maps = nn.Sequential(*layers[:-1])

    def forward(self, code: Tensor) -> Tensor:
        inner = self.begin(code).view(-1, _WIDTHS[-1], _SMALL, _SMALL)
        return 0.45 + self.maps(inner)


def loss(encoder: Encoder, decoder: Decoder, image: Tensor, noise: float, share: float) -> Tensor:
    """The negative evidence bound of pictures, a nat each: an error of ``noise`` in a pixel's value
    counts as one standard deviation, ``share`` of the divergence from a normal distribution counts.
    """
    mean, spread = encoder.both(image)
    code = mean + torch.randn_like(mean) * (spread / 2).exp()
    off = ((decoder(code) - image) ** 2).sum((1, 2, 3)) / (2 * noise**2)
    apart = 0.5 * (mean**2 + spread.exp() - 1 - spread).sum(1)
    return (off + share * apart).mean()
