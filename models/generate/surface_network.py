"""The network that makes surfaces of any size from a field of noise."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from models.generate.networks import MAPPED, TELLING, Convolution, active, smooth

SURFACE_WIDTHS = (128, 96, 64, 48, 32)  # at 1/16, 1/8, 1/4, 1/2 and 1
CELL = 16  # pixels for a place of the field
FIELD = 24  # numbers of a place
KIND = 16  # numbers of the code that says what a surface is of
SLOWER = 10.0  # that the waves' lengths are learnt: else all run to the shortest
LONGER = 0.999  # of two waves that are nearly as near to what a code wants, the longer one fits


class Surfaces(nn.Module):
    """Surfaces of any size: (n, 3, CELL * h, CELL * w) from a field, kinds and places.

    `waves` is how many periodic functions of the place there are; 0 for none. `widths`: channels
    at every size, as SURFACE_WIDTHS, instead of `width`.
    """

    scale = CELL

    def __init__(self, waves: int = 6, width: float = 1.0, *, widths: Sequence[int] | None = None):
        super().__init__()
        widths = widths or [max(8, round(w * width / 8) * 8) for w in SURFACE_WIDTHS]
        self.waves, self.wraps = waves, False
        self.mapping = nn.ModuleList((Convolution(KIND, MAPPED, 1), Convolution(MAPPED, MAPPED, 1)))
        self.first = Convolution(FIELD + 2 * waves, widths[0])
        sides = zip([widths[0], *widths], widths[:-1], strict=False)
        self.blocks = nn.ModuleList(Placed(*pair, 1 << n) for n, pair in enumerate(sides))
        self.fine = Convolution(widths[-2], widths[-1])
        self.last = Convolution(widths[-1], 3)
        self.vectors = Convolution(MAPPED, 2 * waves, 1) if waves else None
        if self.vectors is not None:
            nn.init.normal_(self.vectors.inner.weight, std=SLOWER)
            self.vectors.gain /= SLOWER

    def wrap(self, on: bool) -> None:
        """Whether what leaves at one border enters at the other, or there is nothing outside."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d) and module.kernel_size != (1, 1):
                module.padding_mode = "circular" if on else "zeros"
            if isinstance(module, Placed):
                module.wraps = on
        self.wraps = on

    @property
    def margin(self) -> int:
        """Cells around a piece on which its pixels depend, by the layers."""
        pixels = 2  # two convolutions at full size
        for _ in self.blocks:
            pixels = pixels // 2 + 1 + 2  # bilinear, and two convolutions
        return pixels + 1

    def forward(self, field: Tensor, kinds: Tensor, places: Tensor, period: Tensor) -> Tensor:
        """Pictures in about -1 to 1, not clipped.

        `field` (n, FIELD, h, w) normal numbers, `kinds` (n, KIND, h, w), `places` (n, 2, h, w) from
        the top and from the left in cells, `period` (n, 2) cells after which the surface repeats, 0
        where it does not.
        """
        told = kinds
        for layer in self.mapping:
            told = active(layer(told))
        x = field
        if self.vectors is not None:
            x = torch.cat([field, *self.periodic(told, places, period)], 1)
        x = self.first(x)
        for n, block in enumerate(self.blocks):
            x = block(smooth(x, wraps=self.wraps) if n else x, told)
        return self.last(active(self.fine(smooth(active(x), wraps=self.wraps))))

    def periodic(self, told: Tensor, places: Tensor, period: Tensor) -> tuple[Tensor, Tensor]:
        """Sines and cosines of the place, (n, waves, h, w) each.

        Their wave numbers follow from the code, up to half a turn for a cell; where the surface
        repeats, the nearest of which a whole number fits in.
        """
        assert self.vectors is not None
        turns = 0.5 * torch.tanh(self.vectors(told).float()).unflatten(1, (2, self.waves))
        length = period[:, :, None, None, None]
        # Codes like waves of just half a turn: of an odd number of cells two would be as near, and
        # chance would choose.
        fitting = torch.round(turns * length * LONGER) / length.clamp(min=1)
        turns = torch.where(length > 0, turns + (fitting - turns).detach(), turns)
        angle = 2 * math.pi * (turns * places[:, :, None]).sum(1)
        return angle.sin(), angle.cos()


class Placed(nn.Module):
    """A residual block of two convolutions, told at every place of the field what to make.

    It works on `times` as many places a side as the field has.
    """

    def __init__(self, inputs: int, outputs: int, times: int):
        super().__init__()
        self.times, self.wraps = times, False
        self.first = Convolution(inputs, outputs)
        self.second = Convolution(outputs, outputs)
        self.through = Convolution(inputs, outputs, 1) if inputs != outputs else nn.Identity()
        self.told = nn.ModuleList(Convolution(MAPPED, 2 * width, 1) for width in (inputs, outputs))

    def forward(self, x: Tensor, told: Tensor) -> Tensor:
        inner = x
        for layer, telling in zip((self.first, self.second), self.told, strict=True):
            scale, shift = (TELLING * self.between(telling(told))).chunk(2, 1)
            inner = layer(active(inner * (1 + scale) + shift))
        return (self.through(x) + inner) / math.sqrt(2)

    def between(self, cells: Tensor) -> Tensor:
        """What is said of cells for the places between them too, bilinear."""
        if self.times == 1:
            return cells
        return smooth(cells, self.times, wraps=self.wraps)
