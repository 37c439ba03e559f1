"""The cleaning network: a U-Net that says what to take away from a damaged picture.

One network for noise, JPEG damage and blur; each is trained on its own. Four levels, each half the
size of the one before, joined by 2x2 convolutions with a stride of 2 and their transposes, after
DRUNet (Zhang et al., "Plug-and-Play Image Restoration with Deep Denoiser Prior", 2021), with one
residual block on the way down and one on the way up. What stays out of it:

- Biases: a network without them, whose activation has no scale of its own, does to twice the
  contrast twice the same, so it also holds for noise stronger than it was trained with (Mohan et
  al., "Robust and Interpretable Blind Image Denoising via Bias-Free CNNs", 2020).
- Normalisation and anything else that looks at the whole picture, which would tie tiles together.

The strength of the damage may be told. It arrives as two even planes: the level, and a plane of
ones that says that it is known. Both are zero when it is not, and the network judges by itself.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SIZES = {"small": (32, 64, 128, 176), "large": (48, 96, 160, 224)}  # channels of the levels
SLOPE = 0.1  # of the activation below zero; never quite flat, so no channel dies for good
AUTO = -1.0  # the level that stands for "not known"


def convolution(inputs: int, outputs: int) -> nn.Conv2d:
    """3x3 without a bias, zeros beyond the border."""
    return nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)


class ResidualBlock(nn.Module):
    """Two convolutions whose result is added to their input; (n, channels, h, w) in and out."""

    def __init__(self, channels: int):
        super().__init__()
        self.first = convolution(channels, channels)
        self.second = convolution(channels, channels)
        nn.init.zeros_(self.second.weight)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(F.leaky_relu(self.first(x), SLOPE))


class Clean(nn.Module):
    """The damaged picture less what the U-Net takes for damage: at first, nothing.

    Input `image` (n, 3, h, w), sRGB-encoded, 0 to 1, h and w multiples of `multiple`; `level`, how
    strong the damage is, one number or n of them, AUTO or less where it is not known. Noise: its
    standard deviation, black to white being 1. JPEG: 1 - quality / 100. Blur: the standard
    deviation of its kernel along the longest direction, in pixels, / 10. Output (n, 3, h, w),
    unclipped. `reach` is exact: how far away, in pixels, a pixel can change a result.
    """

    scale = 1

    def __init__(self, widths: tuple[int, ...] = SIZES["small"]):
        super().__init__()
        self.multiple = 2 ** (len(widths) - 1)
        self.reach = reach(len(widths))
        pairs = list(zip(widths, widths[1:], strict=False))
        self.head = convolution(3 + 2, widths[0])
        self.before = nn.ModuleList(ResidualBlock(width) for width in widths[:-1])
        self.down = nn.ModuleList(nn.Conv2d(a, b, 2, stride=2, bias=False) for a, b in pairs)
        self.bottom = ResidualBlock(widths[-1])
        self.up = nn.ModuleList(nn.ConvTranspose2d(b, a, 2, stride=2, bias=False) for a, b in pairs)
        self.after = nn.ModuleList(ResidualBlock(width) for width in widths[:-1])
        self.last = convolution(widths[0], 3)
        nn.init.zeros_(self.last.weight)

    def forward(self, image: Tensor, level: Tensor | None = None) -> Tensor:
        if level is None:
            level = image.new_full((), AUTO)
        level = level.reshape(-1, 1, 1, 1)
        known = (level > AUTO).to(image.dtype)
        planes = torch.cat([level * known, known], 1).expand(image.shape[0], -1, *image.shape[2:])
        x = self.head(torch.cat([image, planes], 1))
        levels = []
        for block, down in zip(self.before, self.down, strict=True):
            x = block(x)
            levels.append(x)
            x = down(x)
        x = self.bottom(x)
        for block, up, skipped in zip(self.after[::-1], self.up[::-1], levels[::-1], strict=True):
            x = block(up(x) + skipped)
        return image - self.last(x).to(image.dtype)  # under autocast the rest has fewer bits


def reach(levels: int) -> int:
    """How far a result pixel of the U-Net looks, in pixels, wherever it lies on the grid.

    Followed from one result pixel back to the picture: a 3x3 convolution looks one sample of its
    level further to each side, a 2x2 one at all samples of a cell.
    """

    def block(first: int, last: int) -> tuple[int, int]:
        return first - 2, last + 2

    def through(first: int, last: int, left: int) -> tuple[int, int]:
        """From the way up at one level, by way of those below, to the way down."""
        first, last = block(first, last)
        if left:
            low, high = through(first // 2, last // 2, left - 1)
            first, last = min(first, 2 * low), max(last, 2 * high + 1)
            first, last = block(first, last)
        return first, last

    cell = 2 ** (levels - 1)
    seen = [(at, *through(at - 1, at + 1, levels - 1)) for at in range(cell)]
    return max(max(at - first, last - at) for at, first, last in seen) + 1


def build(size: str) -> Clean:
    """An untrained network. Raises KeyError for a size that there is not."""
    return Clean(SIZES[size])
