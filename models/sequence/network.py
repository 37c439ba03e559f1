"""The recurrent network: cleans a frame with what it remembers of the frames before it.

The cleaning network (models/clean/network.py), given the mean of the frame and those before it
where they agree (plugins/sequence, recursive_mean.py), and pixel by pixel how much of the noise is
left in that, as EMVD's fusion does (Maggioni et al., "Efficient Multi-Stage Video Denoising with
Recurrent Spatio-Temporal Fusion", CVPR 2021). It also sees the frame itself, its own result for the
frame before and some channels that it wrote down then, all moved to where the frame has them; what
it remembers comes in where the picture has half its size, as in RLSP (Fuoli et al., "Efficient
Video Super-Resolution through Recurrent Latent Space Propagation", 2019). The editor finds the
motion (editor/safelight/pixels/motion.py), so that the network is convolutions alone.

With the weights of Denoise it cleans the mean as Denoise cleans noise that is unevenly strong: so a
training begins. Of a frame alone, with nothing remembered, it is Denoise then.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from models.clean.network import AUTO, SIZES, Clean, convolution

MEMORY = 16  # channels that are remembered, at half the size
SEEN = 3 + 3 + 1  # channels that are compared with the mean
ADDED = ("compare", "recall", "remember", "agree")  # convolutions that Denoise does not have


class Remembering(Clean):
    """A frame cleaned, and what to remember of it.

    Inputs: `image` (n, 3, h, w), the mean of a frame and those before it, and `level`, the noise of
    one frame, as the cleaning network has them; `left` (n, 1, h, w), the deviation of the noise in
    the mean, that of one frame being 1; `newest` (n, 3, h, w), the frame; `previous` (n, 3, h, w),
    the result for the frame before, moved to this one, or `newest` itself where there was none;
    `memory` (n, MEMORY, h / 2, w / 2), what was remembered then, moved too, or zeros. Outputs: the
    clean frame (n, 3, h, w), unclipped, and the memory (n, MEMORY, h / 2, w / 2), within -1 to 1.
    """

    def __init__(self, widths: tuple[int, ...] = SIZES["small"]):
        super().__init__(widths)
        self.compare = convolution(SEEN, widths[0])
        self.recall = convolution(MEMORY, widths[1])
        self.remember = convolution(widths[1], MEMORY)
        self.agree = convolution(widths[0], 1)
        for new in (self.compare, self.recall, self.agree):
            nn.init.zeros_(new.weight)

    def forward(  # type: ignore[override]
        self,
        image: Tensor,
        left: Tensor,
        newest: Tensor,
        previous: Tensor,
        memory: Tensor,
        level: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        if level is None:
            level = image.new_full((), AUTO)
        level = level.reshape(-1, 1, 1, 1)
        known = (level > AUTO).to(image.dtype)
        planes = [level * known * left, known.expand_as(left)]
        apart = torch.cat([newest - image, previous - image, known * level * (1 - left)], 1)
        x = self.head(torch.cat([image, *planes], 1)) + self.compare(apart)
        levels = []
        for depth, (block, down) in enumerate(zip(self.before, self.down, strict=True)):
            x = block(x)
            levels.append(x)
            x = down(x)
            if depth == 0:
                x = x + self.recall(memory)
        x = self.bottom(x)
        remembered = memory
        for depth in reversed(range(len(levels))):
            x = self.after[depth](self.up[depth](x) + levels[depth])
            if depth == 1:
                remembered = torch.tanh(self.remember(x))
        alone = image - self.last(x).to(image.dtype)  # under autocast the rest has fewer bits
        share = torch.tanh(self.agree(x)).to(image.dtype)  # none at first, all of it at most
        return alone + share * (previous - alone), remembered


def build(size: str) -> Remembering:
    """An untrained network. Raises KeyError for a size that there is not."""
    return Remembering(SIZES[size])
