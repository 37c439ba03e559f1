"""The enlarging network: interpolation plus what a small convolutional body adds to it.

A residual network without normalisation, after EDSR (Lim et al., "Enhanced Deep Residual Networks
for Single Image Super-Resolution", 2017), made small. Added to it: the picture itself reaches the
output through a bilinear skip and the last convolution starts at zero, so the untrained network
already is the interpolation and a short training spends nothing on learning the identity.

Gated blocks of three convolutions (SPAN, 2023) were tried in its place: with the same number of
weights and seconds they learned more slowly, which counts when an hour of two CPU cores is all.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

CHANNELS = 48
BLOCKS = 9
SLOPE = 0.1  # of the activation below zero; never quite flat, so no channel dies for good


def conv(inputs: int, outputs: int) -> nn.Conv2d:
    """A 3x3 convolution that keeps height and width (zeros beyond the border)."""
    return nn.Conv2d(inputs, outputs, 3, padding=1)


class ResidualBlock(nn.Module):
    """Two convolutions whose result is added to their input; (n, channels, h, w) in and out."""

    def __init__(self, channels: int):
        super().__init__()
        self.first = conv(channels, channels)
        self.second = conv(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(F.leaky_relu(self.first(x), SLOPE))


class Enlarge(nn.Module):
    """Makes a picture `scale` times larger.

    Input (n, 3, h, w), sRGB-encoded, 0 to 1; output (n, 3, scale*h, scale*w), unclipped. The body
    works at the size of the input and is the same for every scale; only the last convolution
    differs, so one scale's body can start another's training. No normalisation anywhere: it would
    tie tiles together and overflow half precision.
    """

    def __init__(self, scale: int, channels: int = CHANNELS, blocks: int = BLOCKS):
        super().__init__()
        self.scale = scale
        self.head = conv(3, channels)
        self.blocks = nn.Sequential(*(ResidualBlock(channels) for _ in range(blocks)))
        self.after = conv(channels, channels)
        self.last = conv(channels, 3 * scale * scale)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)

    def forward(self, image: Tensor) -> Tensor:
        head = self.head(image)
        features = head + self.after(self.blocks(head))
        detail = F.pixel_shuffle(self.last(features), self.scale)
        base = F.interpolate(image, scale_factor=self.scale, mode="bilinear", align_corners=False)
        return base + detail.to(base.dtype)  # under autocast the detail has fewer bits than it


def reach(blocks: int = BLOCKS) -> int:
    """How far away, in input pixels, a pixel can still change a result."""
    return 1 + 2 * blocks + 1 + 1  # head, blocks, after, last; the bilinear skip needs only 1
