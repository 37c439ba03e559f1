"""The detector: where a photograph is damaged, for each kind of damage that is corrected apart.

A small U-Net without normalisation and with nothing global, so it runs on any size and in tiles. A
step of the U-Net halves the size; the first is a rearrangement of 2x2 squares into channels, which
loses nothing and costs a quarter of convolutions at full size.

Dust, hairs and scratches are narrow and lighter or darker than all around them. That is what the
top-hat transforms of mathematical morphology show (Serra, "Image Analysis and Mathematical
Morphology", 1982), so the network is given them beside the picture: without them, 2,000 steps did
not teach it to see dust at all.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.damage import GROUPS

WIDTHS = (24, 48, 80, 32)  # channels at 1/2, 1/4, 1/8 and 1/16: a stain is seen by its rim
MULTIPLE = 16
HATS = (5, 11, 23)  # pixels: what is narrower than this shows
GAIN = 4.0  # of them: what is faint has to be seen too
RARITY = (8.0, 3.0, 6.0)  # how much more a pixel of each of GROUPS counts than one without
DOUBT = -3.0  # of an untrained network, as a logit: most of a picture is whole


def dilated(plane: Tensor, size: int) -> Tensor:
    """The largest value in a square of `size` (odd) around each pixel of (n, c, h, w)."""
    wide = F.max_pool2d(plane, (1, size), 1, (0, size // 2))
    return F.max_pool2d(wide, (size, 1), 1, (size // 2, 0))


def top_hats(image: Tensor) -> Tensor:
    """What is narrow and light, and what is narrow and dark: (n, 2 * len(HATS), h, w), 0 or more.

    Of (n, 3, h, w): how far the darkest channel rises above its opening, how far the lightest
    falls below its closing. Light dust raises all channels and dark dust lowers all.
    """
    found = []
    for plane in (image.amin(1, keepdim=True), -image.amax(1, keepdim=True)):
        for size in HATS:
            eroded = -dilated(-plane, size)
            found.append(plane - dilated(eroded, size))
    return torch.cat(found, 1)


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
        self.head = pair(4 * (3 + 2 * len(HATS)), WIDTHS[0])
        sizes = list(zip(WIDTHS, WIDTHS[1:], strict=False))
        self.down = nn.ModuleList(nn.Conv2d(a, b, 3, stride=2, padding=1) for a, b in sizes)
        self.encode = nn.ModuleList(pair(width, width, 2) for width in WIDTHS[1:])
        self.up = nn.ModuleList(pair(b + a, a) for a, b in sizes)
        self.last = nn.Conv2d(WIDTHS[0], 4 * len(GROUPS), 3, padding=1)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                nn.init.zeros_(module.bias)
        nn.init.normal_(self.last.weight, std=0.01)
        nn.init.constant_(self.last.bias, DOUBT)

    def logits(self, image: Tensor) -> Tensor:
        planes = torch.cat([image - 0.5, GAIN * top_hats(image)], 1)
        levels = [self.head(F.pixel_unshuffle(planes, 2))]
        for down, encode in zip(self.down, self.encode, strict=True):
            levels.append(encode(down(levels[-1])))
        x = levels.pop()
        for up in reversed(self.up):
            larger = F.interpolate(x, scale_factor=2, mode="nearest")
            x = up(torch.cat([larger, levels.pop()], 1))
        return F.pixel_shuffle(self.last(x), 2)

    def forward(self, image: Tensor) -> Tensor:
        return torch.sigmoid(self.logits(image))


def detection_loss(logits: Tensor, damaged: Tensor) -> Tensor:
    """Cross-entropy plus Dice loss (Milletari et al., "V-Net", 2016) of (n, groups, h, w).

    The first says how sure to be at every pixel, the second counts few thin marks as much as much
    clean picture. `damaged` is 0 or 1; where it is 1, the first counts RARITY times.
    """
    sure = torch.sigmoid(logits)
    both = 2 * (sure * damaged).sum((0, 2, 3)) + 1
    either = sure.sum((0, 2, 3)) + damaged.sum((0, 2, 3)) + 1
    rarity = logits.new_tensor(RARITY).view(1, -1, 1, 1)
    entropy = F.binary_cross_entropy_with_logits(logits, damaged, pos_weight=rarity)
    return entropy + (1 - both / either).mean()
