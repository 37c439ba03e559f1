"""A network that tells photographs from results, and what the two sides make of its verdict.

A small U-Net with spectral normalisation, after Real-ESRGAN (Wang et al., 2021): it judges every
pixel, with the surroundings in view, so it says where a texture is wrong. The loss is the
relativistic one (Jolicoeur-Martineau, "The relativistic discriminator", 2018) between the pixels
that lie over one another: a result has to look more real than the photograph it came from.

    verdicts = adversary(original), adversary(result.detach())
    loss_of_adversary = relativistic(*verdicts) + 0.1 * roughness(adversary, original, verdicts[0])
    loss_of_network = ... + 0.02 * relativistic(adversary(result), adversary(original).detach())
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

CHANNELS = 32  # in the finest of three levels; 0.2 M weights
SLOPE = 0.2  # of the activation below zero
PATTERN_SIDE = 8  # input pixels that are averaged to see dots on their grid
STEP = 0.02  # standard deviation of the nudge that `roughness` gives to a picture of 0 to 1


def conv(inputs: int, outputs: int, stride: int = 1) -> nn.Module:
    """A 3x3 convolution that enlarges no difference (Miyato et al., 2018)."""
    return spectral_norm(nn.Conv2d(inputs, outputs, 3, stride, padding=1))


class Adversary(nn.Module):
    """How real each place of a picture looks.

    Input (n, 3, h, w), sRGB-encoded, 0 to 1, even sides; output (n, 1, h/2, w/2), one unbounded
    number for each 2x2 pixels, high for photographs. The pixels of such a square enter as channels:
    nothing is lost, and a step on a CPU costs a quarter of one at full size.
    """

    def __init__(self, channels: int = CHANNELS):
        super().__init__()
        self.head = conv(12, channels)
        self.down = nn.ModuleList(
            [conv(channels, 2 * channels, stride=2), conv(2 * channels, 4 * channels, stride=2)]
        )
        self.up = nn.ModuleList([conv(4 * channels, 2 * channels), conv(2 * channels, channels)])
        self.after = conv(channels, channels)
        self.last = nn.Conv2d(channels, 1, 3, padding=1)

    def forward(self, image: Tensor) -> Tensor:
        x = F.leaky_relu(self.head(F.pixel_unshuffle(image, 2)), SLOPE)
        levels = []
        for down in self.down:
            levels.append(x)
            x = F.leaky_relu(down(x), SLOPE)
        for up in self.up:
            finer = levels.pop()
            x = F.interpolate(x, finer.shape[-2:], mode="bilinear")
            x = F.leaky_relu(up(x), SLOPE) + finer
        return self.last(F.leaky_relu(self.after(x), SLOPE))


def relativistic(better: Tensor, worse: Tensor) -> Tensor:
    """Small where the verdict `better` is above `worse`; log 2 where both are the same.

    The adversary's loss with the photograph as `better`, the other network's with its result.
    """
    return F.softplus(worse - better).mean()


def roughness(adversary: nn.Module, image: Tensor, verdict: Tensor) -> Tensor:
    """How much the adversary's `verdict` on `image` changes when noise nudges the picture.

    In units of verdict per nudge, squared: R1 (Mescheder et al., 2018) by a finite difference, as
    in Lin et al., "Diffusion Adversarial Post-Training" (2025), which needs no second derivative.
    """
    nudged = adversary(image + STEP * torch.randn_like(image))
    return ((nudged - verdict) / STEP).square().mean()


def pattern(difference: Tensor, scale: int) -> Tensor:
    """How far a result repeats itself with the input's pixels, from its `difference` (n, 3, h, w).

    Of the scale * scale places under an input pixel none is brighter than the original on the mean
    of a neighbourhood; features that are pooled do not see it when one is.
    """
    places = F.pixel_unshuffle(difference, scale)
    return F.avg_pool2d(places, PATTERN_SIDE).abs().mean()
