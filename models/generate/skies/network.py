"""The network that decides where clouds are: noise as fine as a sky flows into a sky's field.

Flow matching (Lipman et al., "Flow Matching for Generative Modeling", 2023) on the arc
cos a * noise + sin a * field (Albergo and Vanden-Eijnden, "Building Normalizing Flows with
Stochastic Interpolants", 2023), in a U-Net of three sizes that is told the sky's code.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.generate.networks import (
    MAPPED,
    TIMES,
    Convolution,
    Dense,
    Told,
    active,
    bordered,
    halved,
)
from models.generate.skies.fields import CODE

WIDTHS = (32, 80, 128)  # channels at 1, 1/2 and 1/4
ALTITUDES = 2  # channels that say where the horizon is
HALVINGS = 4  # rows and columns are a multiple of it


class SkyFlow(nn.Module):
    """Where fields (n, 1, h, w) at angles (n,) of the arc move, told codes (n, CODE)."""

    def __init__(self, widths: Sequence[int] = WIDTHS):
        super().__init__()
        fine, middle, coarse = widths
        self.register_buffer("mean", torch.zeros(CODE))
        self.register_buffer("spread", torch.ones(CODE))
        self.times = nn.ModuleList((Dense(2 * TIMES + CODE, MAPPED), Dense(MAPPED, MAPPED)))
        self.head = Convolution(1 + ALTITUDES, fine)
        self.enter = nn.ModuleList((Convolution(fine, middle), Convolution(middle, coarse)))
        self.down = Told(middle, middle, MAPPED)
        self.bottom = nn.ModuleList(Told(coarse, coarse, MAPPED) for _ in range(2))
        self.leave = nn.ModuleList((Convolution(coarse, middle, 1), Convolution(middle, fine, 1)))
        self.up = nn.ModuleList((Told(middle, middle, MAPPED), Told(fine, fine, MAPPED)))
        self.last = Convolution(fine, 1)
        nn.init.zeros_(self.last.inner.weight)
        self.border("replicate")

    def border(self, kind: str) -> None:
        """What is beyond a border: "replicate", the same; "panorama", left and right each other."""
        self.beyond = kind
        for part in self.modules():
            if isinstance(part, nn.Conv2d) and part.kernel_size == (3, 3):
                part.padding_mode = kind

    def forward(self, field: Tensor, angle: Tensor, code: Tensor) -> Tensor:
        told = self.told(angle, (code - self.mean) / self.spread)
        first = self.head(torch.cat([field, altitudes(field, code)], 1))
        second = self.down(self.enter[0](halved(first)), told)
        x = self.enter[1](halved(second))
        for block in self.bottom:
            x = block(x, told)
        kept = second, first
        for leave, block, other in zip(self.leave, self.up, kept, strict=True):
            x = (self.doubled(leave(active(x))) + other) / math.sqrt(2)
            x = block(x, told)
        return self.last(active(x))

    def doubled(self, x: Tensor) -> Tensor:
        """Twice as wide and high, bilinear."""
        around = F.interpolate(bordered(x, self.beyond), scale_factor=2.0, mode="bilinear")
        return around[:, :, 2:-2, 2:-2]

    def told(self, angle: Tensor, code: Tensor) -> Tensor:
        """What blocks are told, (n, MAPPED)."""
        along = torch.linspace(0, math.log(50), TIMES, device=angle.device).exp()
        waves = 2 * angle[:, None] * along
        told = math.sqrt(2) * torch.cat([waves.sin(), waves.cos()], 1)
        told = torch.cat([told, code], 1)
        for layer in self.times:
            told = active(layer(told))
        return told


def altitudes(field: Tensor, code: Tensor) -> Tensor:
    """Channels (n, ALTITUDES, h, w) of where the horizon is, 0 in a look straight up."""
    rows = field.shape[2]
    y = torch.linspace(-1, 1, rows, device=field.device)[None, None, :, None]
    towards = code[:, 7, None, None, None]
    both = torch.cat([towards * y, towards * (1.5 * y * y - 0.5)], 1)
    return both.expand(-1, -1, -1, field.shape[3])


def between(start: Tensor, field: Tensor, angle: Tensor) -> tuple[Tensor, Tensor]:
    """What lies on the arc from noise to a field, and where it moves there."""
    cosine, sine = (part(angle)[:, None, None, None] for part in (torch.cos, torch.sin))
    return cosine * start + sine * field, cosine * field - sine * start


def loss(found: Tensor, wanted: Tensor) -> Tensor:
    """Squared error; that of neighbours' differences counts twice."""
    wrong = found - wanted
    down, across = wrong.diff(dim=2), wrong.diff(dim=3)
    return wrong.square().mean() + 2 * (down.square().mean() + across.square().mean())
