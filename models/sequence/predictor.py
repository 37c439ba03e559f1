"""The network of Continue: a frame between two others, or after them, and what is remembered.

A convolutional LSTM (Shi et al., "Convolutional LSTM Network: A Machine Learning Approach for
Precipitation Nowcasting", 2015) at a quarter of the size, between a few convolutions at half the
size. It does not make the frame from nothing: two frames arrive moved along their motion
(plugins/sequence/safelight_sequence/motion_paths.py), and the network says, pixel by pixel, how
much of which to take, and what to add. At first it takes their mean, and adds nothing.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SLOPE = 0.1  # of the activation below zero
HALF, QUARTER = 32, 48  # channels at half and at a quarter of the size
HIDDEN = 48  # channels that are remembered, and as many in the cell
HINTS = 6  # as in motion_paths.py
MULTIPLE = 4
REACH = 32  # pixels, more than the convolutions look


class Predictor(nn.Module):
    """A frame between or after two others.

    Inputs: `image` (n, 3, h, w), the mean of both, moved; `first`, `second` (n, 3, h, w), each;
    `hints` (n, HINTS, h, w); `hidden` and `cell` (n, HIDDEN, h / 4, w / 4), what was remembered,
    moved too, or zeros. h and w are multiples of 4. Outputs: the frame (n, 3, h, w), unclipped, and
    what to remember, hidden and cell.
    """

    def __init__(self) -> None:
        super().__init__()
        seen = 9 + HINTS
        self.head = nn.Conv2d(4 * seen, HALF, 3, padding=1)
        self.fine = nn.Conv2d(HALF, HALF, 3, padding=1)
        self.down = nn.Conv2d(HALF, QUARTER, 4, stride=2, padding=1)
        self.coarse = nn.Conv2d(QUARTER, QUARTER, 3, padding=1)
        self.gates = nn.Conv2d(QUARTER + HIDDEN, 4 * HIDDEN, 3, padding=1)
        self.up = nn.ConvTranspose2d(HIDDEN + QUARTER, HALF, 2, stride=2)
        self.mend = nn.Conv2d(HALF, HALF, 3, padding=1)
        self.last = nn.Conv2d(HALF, 4 * 4, 3, padding=1)
        nn.init.zeros_(self.last.weight)
        assert self.last.bias is not None
        assert self.gates.bias is not None
        nn.init.zeros_(self.last.bias)
        with torch.no_grad():
            self.gates.bias[HIDDEN : 2 * HIDDEN] = 1.0  # what is remembered stays, at first

    def forward(
        self,
        image: Tensor,
        first: Tensor,
        second: Tensor,
        hints: Tensor,
        hidden: Tensor,
        cell: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        apart = second - first
        shown = torch.cat([image - 0.5, apart, apart.abs(), hints], 1)
        x = self.head(F.pixel_unshuffle(shown, 2))
        x = x + self.fine(F.leaky_relu(x, SLOPE))
        small = F.leaky_relu(self.down(x), SLOPE)
        small = small + self.coarse(small)
        written, kept, shape, said = self.gates(torch.cat([small, hidden], 1)).chunk(4, 1)
        cell = torch.sigmoid(kept) * cell + torch.sigmoid(written) * torch.tanh(shape)
        hidden = torch.sigmoid(said) * torch.tanh(cell)
        x = x + self.up(torch.cat([hidden, small], 1))
        x = x + self.mend(F.leaky_relu(x, SLOPE))
        made = F.pixel_shuffle(self.last(F.leaky_relu(x, SLOPE)), 2).to(image.dtype)
        mixed = image + torch.tanh(made[:, 3:]) * apart
        return mixed + made[:, :3], hidden, cell
