"""The enlarging networks: interpolation plus the detail that a trained body adds to it.

Two families share their frame. The picture itself reaches the output through a bilinear skip and
the last convolution starts at zero, so an untrained network already is the interpolation and no
step of a training is spent on learning the identity. The body works at the size of the input; only
the last convolution knows the scale, so one scale's body can start another's training.

- `Fast`: residual blocks of two 3x3 convolutions without normalisation, after EDSR (Lim et al.,
  "Enhanced Deep Residual Networks for Single Image Super-Resolution", 2017). Every convolution is
  trained as three parallel branches and shipped as one (see `RepConv`).
- `Quality`: the same blocks, each followed by self-attention within windows of 64 pixels, after
  SwinIR (Liang et al., 2021). Windows are not shifted: they are square, wide and tall in turn, as
  in the Cross Aggregation Transformer (Chen et al., 2022), which joins neighbours as well and needs
  no masks. Where windows lie is counted from the top left, so a tile must start on a `multiple`.
"""

from __future__ import annotations

import copy

import torch
import torch.nn.functional as F
from torch import Tensor, nn

CHANNELS = 48
BLOCKS = 10
SLOPE = 0.1  # of the activation below zero; never quite flat, so no channel dies for good
WIDENING = 1  # of the deep branch of a RepConv, in training only
QUALITY_BLOCKS = 12
HEADS = 2
WINDOWS = ((8, 8), (4, 16), (16, 4))  # (height, width) of attention windows, in turn
GROWTH = 2  # of the channels inside the two layers after an attention


class RepConv(nn.Module):
    """A 3x3 convolution with a bias, trained as the sum of three linear branches.

    The branches are a 3x3, a 1x1, and a 1x1 - 3x3 - 1x1 of more channels (after RepVGG, Ding et
    al., 2021, and the blocks of SPAN, Wan et al., 2024). A sum of linear maps is one linear map, so
    the branches are added as kernels before the convolution: a training step costs hardly more than
    a plain one, and `merged()` gives the plain one that ships. (n, inputs, h, w) to
    (n, outputs, h, w), zeros beyond the border.
    """

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        plain = nn.Conv2d(inputs, outputs, 3)
        self.weight, self.bias = plain.weight, plain.bias
        self.point = nn.Parameter(torch.zeros(outputs, inputs))
        wide = WIDENING * inputs
        self.widen = nn.Parameter(torch.randn(wide, inputs) * inputs**-0.5)
        self.deep = nn.Parameter(torch.randn(wide, wide, 3, 3) * (9 * wide) ** -0.5)
        self.narrow = nn.Parameter(torch.zeros(outputs, wide))

    def kernel(self) -> Tensor:
        """The one kernel that equals all branches: (outputs, inputs, 3, 3)."""
        deep = torch.einsum("om,mnyx,ni->oiyx", self.narrow, self.deep, self.widen)
        return self.weight + deep + F.pad(self.point[..., None, None], (1, 1, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            kernel = self.kernel()
        return F.conv2d(x, kernel, self.bias, padding=1)

    def merged(self) -> nn.Conv2d:
        """The same map as one plain convolution."""
        outputs, inputs = self.weight.shape[:2]
        plain = nn.Conv2d(inputs, outputs, 3, padding=1)
        plain.weight.data.copy_(self.kernel())
        plain.bias.data.copy_(self.bias)
        return plain


class ResidualBlock(nn.Module):
    """Two convolutions whose result is added to their input; (n, channels, h, w) in and out."""

    def __init__(self, channels: int):
        super().__init__()
        self.first = RepConv(channels, channels)
        self.second = RepConv(channels, channels)
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(F.leaky_relu(self.first(x), SLOPE))


class WindowAttention(nn.Module):
    """Self-attention within windows, then two layers at every pixel; each is added to its input.

    (n, channels, h, w) in and out; h and w are multiples of the window's sides. Every pair of
    pixels in a window has a learnt bias by its offset, as in Swin. Both parts end in zeros before
    training: a new one passes on what it gets.
    """

    def __init__(self, channels: int, window: tuple[int, int]):
        super().__init__()
        self.window = window
        self.first_norm = nn.LayerNorm(channels)
        self.query_key_value = nn.Linear(channels, 3 * channels)
        self.project = nn.Linear(channels, channels)
        self.second_norm = nn.LayerNorm(channels)
        self.grow = nn.Linear(channels, GROWTH * channels)
        self.shrink = nn.Linear(GROWTH * channels, channels)
        tall, wide = window
        self.offsets = nn.Parameter(torch.zeros(HEADS, (2 * tall - 1) * (2 * wide - 1)))
        self.register_buffer("pairs", offset_of_pairs(tall, wide), persistent=False)
        for last in (self.project, self.shrink):
            nn.init.zeros_(last.weight)
            nn.init.zeros_(last.bias)

    def forward(self, x: Tensor) -> Tensor:
        pixels = x.permute(0, 2, 3, 1)
        pixels = pixels + self.attention(self.first_norm(pixels))
        pixels = pixels + self.shrink(F.gelu(self.grow(self.second_norm(pixels))))
        return pixels.permute(0, 3, 1, 2)

    def attention(self, pixels: Tensor) -> Tensor:
        """(n, h, w, channels) in and out."""
        n, height, width, channels = pixels.shape
        tall, wide = self.window
        rows, columns = height // tall, width // wide
        parts = self.query_key_value(pixels).view(
            n, rows, tall, columns, wide, 3, HEADS, channels // HEADS
        )
        parts = parts.permute(5, 0, 1, 3, 6, 2, 4, 7).reshape(
            3, n * rows * columns, HEADS, tall * wide, channels // HEADS
        )
        query, key, value = parts
        # Written out: for windows this small it is four times as fast on a CPU as the fused one.
        likeness = query * query.shape[-1] ** -0.5 @ key.transpose(-2, -1)
        mixed = (likeness + self.offsets[:, self.pairs].to(likeness.dtype)).softmax(-1) @ value
        mixed = mixed.view(n, rows, columns, HEADS, tall, wide, channels // HEADS)
        mixed = mixed.permute(0, 1, 4, 2, 5, 3, 6).reshape(n, height, width, channels)
        return self.project(mixed)


def offset_of_pairs(tall: int, wide: int) -> Tensor:
    """Which offset lies between each two pixels of a window: (tall * wide, tall * wide) indices."""
    y, x = torch.meshgrid(torch.arange(tall), torch.arange(wide), indexing="ij")
    y, x = y.flatten(), x.flatten()
    down = y[:, None] - y[None] + tall - 1
    right = x[:, None] - x[None] + wide - 1
    return down * (2 * wide - 1) + right


class Fast(nn.Module):
    """Makes a picture `scale` times larger, by convolutions alone.

    Input (n, 3, h, w), sRGB-encoded, 0 to 1; output (n, 3, scale*h, scale*w), unclipped. `reach` is
    how far away, in input pixels, a pixel can change a result: exact, the sum over the layers. No
    normalisation: it would tie tiles together.
    """

    multiple = 1

    def __init__(self, scale: int, channels: int = CHANNELS, blocks: int = BLOCKS):
        super().__init__()
        self.scale = scale
        self.reach = 2 * blocks + 3  # blocks, head, after, last; the bilinear skip needs only 1
        self.head = RepConv(3, channels)
        self.blocks = nn.ModuleList(ResidualBlock(channels) for _ in range(blocks))
        self.after = RepConv(channels, channels)
        self.last = nn.Conv2d(channels, 3 * scale * scale, 3, padding=1)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)

    def body(self, x: Tensor) -> Tensor:
        """(n, channels, h, w) in and out."""
        for block in self.blocks:
            x = block(x)
        return x

    def forward(self, image: Tensor) -> Tensor:
        head = self.head(image)
        features = head + self.after(self.body(head))
        detail = F.pixel_shuffle(self.last(features), self.scale)
        base = F.interpolate(image, scale_factor=self.scale, mode="bilinear", align_corners=False)
        return base + detail.to(base.dtype)  # under autocast the detail has fewer bits than it

    def merged(self) -> Fast:
        """A copy for shipping: every RepConv as the one convolution that it equals."""
        plain = copy.deepcopy(self).float().eval()
        for module in plain.modules():
            for name, child in module.named_children():
                if isinstance(child, RepConv):
                    setattr(module, name, child.merged())
        return plain


class Quality(Fast):
    """The same with window attention between the blocks; h and w are multiples of `multiple`.

    Through windows that touch, a pixel could change every other; what is left of that far away is
    measured when the network is exported, and `reach` is only a first guess of it.
    """

    multiple = 16

    def __init__(self, scale: int, channels: int = CHANNELS, blocks: int = QUALITY_BLOCKS):
        super().__init__(scale, channels, blocks)
        self.reach = 48
        self.attentions = nn.ModuleList(
            WindowAttention(channels, WINDOWS[n % len(WINDOWS)]) for n in range(blocks)
        )

    def body(self, x: Tensor) -> Tensor:
        for block, attention in zip(self.blocks, self.attentions, strict=True):
            x = attention(block(x))
        return x


FAMILIES: dict[str, type[Fast]] = {"fast": Fast, "quality": Quality}


def build(family: str, scale: int) -> Fast:
    """An untrained network. Raises KeyError for a family that there is not."""
    return FAMILIES[family](scale)
