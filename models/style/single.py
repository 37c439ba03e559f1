"""A network for one style: the general one with that style folded into it, made smaller.

What a style tells the network (`network.py`) is then a constant, so the modulated convolutions
become plain ones with a bias. Moving features to the style's statistics is a 1x1 convolution, where
those of the photograph are taken to be the means of many photographs'. Nothing is measured of the
picture, so its pieces agree. The coarsest level, which holds most of the weights, is left out; what
it did is learnt again by the rest, as in Johnson et al., "Perceptual Losses for Real-Time Style
Transfer and Super-Resolution", 2016.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.style.network import (
    BLOCKS,
    WIDTHS,
    Encoder,
    Modulated,
    Statistics,
    Stylizer,
    Transform,
    enlarged,
)

LEVELS = 2  # of the general network's three: a half and a quarter of the size
PARTS = WIDTHS["fast"]
DEPTHS = BLOCKS["fast"]


def plain(inputs: int, outputs: int) -> nn.Conv2d:
    """A convolution that looks one pixel around."""
    return nn.Conv2d(inputs, outputs, 3, padding=1)


class Residual(nn.Module):
    """x plus what two convolutions make of it."""

    def __init__(self, width: int):
        super().__init__()
        self.first, self.second = plain(width, width), plain(width, width)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(F.leaky_relu(self.first(F.leaky_relu(x, 0.2)), 0.2))


class Single(nn.Module):
    """(n, 3, h, w), RGB, sRGB-encoded, 0 to 1, to the same size in its style, not clipped.

    The sides are multiples of `multiple`. A result pixel depends on those `reach` around it.
    """

    scale = 1

    def __init__(self, levels: int = LEVELS):
        super().__init__()
        widths = PARTS[: levels + 1]
        self.multiple = 2**levels
        self.encoder = Encoder(widths)
        self.levels = nn.ModuleList(nn.Conv2d(width, width, 1) for width in widths[1:])
        self.blocks = nn.ModuleList(
            nn.Sequential(*(Residual(width) for _ in range(count)))
            for width, count in zip(widths[1:], DEPTHS, strict=False)
        )
        self.up = nn.ModuleList(
            plain(coarse, fine) for fine, coarse in zip(widths[1:], widths[2:], strict=False)
        )
        self.fine = plain(widths[1], 2 * widths[0])
        self.last = plain(2 * widths[0], 3)
        repeat_edges(self)

    @property
    def reach(self) -> int:
        """Pixels around its own that a result pixel depends on: a sum over the layers."""
        pixels = 1 + 1  # the first and the last convolution
        for n, blocks in enumerate(self.blocks):
            # A convolution after the halving, one beside it, two in a block, one on the way up;
            # halving sees one pixel of the finer level more, enlarging one of this.
            pixels += 2 ** (n + 1) * (3 + 2 * len(blocks) + 1) + 2**n
        return pixels

    def forward(self, image: Tensor) -> Tensor:
        x = None
        for n, features in reversed(list(enumerate(self.encoder(image)))):
            level = self.levels[n](features)
            x = level if x is None else level + enlarged(self.up[n](F.leaky_relu(x, 0.2)))
            x = self.blocks[n](x)
        x = self.fine(F.leaky_relu(x, 0.2))
        return self.last(enlarged(F.leaky_relu(x, 0.2))) + 0.5


def repeat_edges(network: nn.Module) -> None:
    """Let convolutions see a picture's edge go on beyond it: of zeros they would make a frame."""
    for part in network.modules():
        if isinstance(part, nn.Conv2d) and part.kernel_size != (1, 1):
            part.padding_mode = "replicate"


@torch.no_grad()
def folded(general: Stylizer, own: Tensor, style: Tensor, levels: int = LEVELS) -> Single:
    """`general`, of size fast, for one style alone, without its coarsest levels.

    `own` (1, k) is the mean token of photographs, `style` (1, k) that of the style. With all levels
    it gives what `general` gives to a photograph whose own token is `own`, edges apart.
    """
    its, spread = general.split(own), general.split(style)
    told = torch.cat([torch.cat([s.mean, s.deviation().log()], 1) for s in spread], 1)
    mapped = general.mapping(told)
    made = Single(levels)
    given, taken = general.encoder.state_dict(), made.encoder.state_dict()
    made.encoder.load_state_dict({name: given[name] for name in taken})
    for n, level in enumerate(made.levels):
        fitted(level, general.transforms[n], its[n], spread[n])
        for block, source in zip(made.blocks[n], general.blocks[n], strict=True):
            fixed(block.first, source.first, mapped)
            fixed(block.second, source.second, mapped, float(source.share))
    for target, source in zip(made.up, general.up, strict=False):
        fixed(target, source, mapped)
    fixed(made.fine, general.fine, mapped)
    made.last.load_state_dict(general.last.state_dict())
    return made


def fitted(target: nn.Conv2d, source: Transform, own: Statistics, style: Statistics) -> None:
    """Set a 1x1 convolution to what `source` does to every place: an affine map.

    It is found by trying: on nothing, and on each channel alone.
    """
    width = target.weight.shape[0]
    one = torch.ones(1, 1)
    tried = torch.cat([torch.zeros(1, width), torch.eye(width)]).T[None, :, :, None]
    given = source(tried, own, style, one, style)[0, :, :, 0]
    target.bias.copy_(given[:, 0])
    target.weight.copy_((given[:, 1:] - given[:, :1])[..., None, None])


def fixed(target: nn.Conv2d, source: Modulated, mapped: Tensor, share: float = 1.0) -> None:
    """Set a convolution to what `source` does in one style, times `share`."""
    scale, shift = source.scale(mapped)[0], source.shift(mapped)[0]
    target.weight.copy_(share * scale[:, None, None, None] * source.convolution.weight)
    target.bias.copy_(share * shift)
