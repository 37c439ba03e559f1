"""The detector: where a photograph is damaged, for each kind of damage that is corrected apart.

A small U-Net without normalisation and with nothing global, so it runs on any size and in tiles. A
step of the U-Net halves the size; the first is a rearrangement of 2x2 squares into channels, which
loses nothing and costs a quarter of convolutions at full size.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.damage import GROUPS

WIDTHS = (24, 48, 80)  # channels at 1/2, 1/4 and 1/8
MULTIPLE = 8


def pair(inputs: int, outputs: int, dilation: int = 1) -> nn.Sequential:
    """Two 3x3 convolutions, each followed by its activation."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1),
        nn.SiLU(),
        nn.Conv2d(outputs, outputs, 3, padding=dilation, dilation=dilation),
        nn.SiLU(),
    )


class Detector(nn.Module):
    """How sure it is of each kind of damage, pixel by pixel.

    Input (n, 3, h, w), sRGB-encoded, 0 to 1, sides multiples of MULTIPLE; output the same size with
    one channel for each group of `damage.GROUPS`, 0 to 1. `logits` are what comes before that.
    """

    scale = 1
    multiple = MULTIPLE

    def __init__(self) -> None:
        super().__init__()
        fine, middle, coarse = WIDTHS
        self.head = pair(12, fine)
        self.down = nn.ModuleList(
            [
                nn.Conv2d(fine, middle, 3, stride=2, padding=1),
                nn.Conv2d(middle, coarse, 3, stride=2, padding=1),
            ]
        )
        self.encode = nn.ModuleList([pair(middle, middle), pair(coarse, coarse, 2)])
        self.up = nn.ModuleList([pair(coarse + middle, middle), pair(middle + fine, fine)])
        self.last = nn.Conv2d(fine, 4 * len(GROUPS), 3, padding=1)

    def logits(self, image: Tensor) -> Tensor:
        fine = self.head(F.pixel_unshuffle(image - 0.5, 2))
        middle = self.encode[0](self.down[0](fine))
        x = self.encode[1](self.down[1](middle))
        for up, skip in zip(self.up, (middle, fine), strict=True):
            x = up(torch.cat([F.interpolate(x, scale_factor=2, mode="nearest"), skip], 1))
        return F.pixel_shuffle(self.last(x), 2)

    def forward(self, image: Tensor) -> Tensor:
        return torch.sigmoid(self.logits(image))


def detection_loss(logits: Tensor, damaged: Tensor) -> Tensor:
    """Cross-entropy plus Dice loss (Milletari et al., "V-Net", 2016) of (n, groups, h, w).

    The first says how sure to be at every pixel, the second counts few thin marks as much as much
    clean picture. `damaged` is 0 or 1.
    """
    sure = torch.sigmoid(logits)
    both = 2 * (sure * damaged).sum((0, 2, 3)) + 1
    either = sure.sum((0, 2, 3)) + damaged.sum((0, 2, 3)) + 1
    return F.binary_cross_entropy_with_logits(logits, damaged) + (1 - both / either).mean()
