"""Codes of pictures, without a network: where a picture lies among those of its folder.

A picture's code is its coordinates along the principal directions of all (Pearson, 1901), in parts
of how far the folder spreads along each. So the codes of real pictures have mean 0 and variance 1,
like those that a generator is given by chance, and like ones lie near one another: what a
generator learns to make of them (Bojanowski et al., "Optimizing the Latent Space of Generative
Networks", 2018) is a good beginning for what a judge teaches it.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from models.generate.folder import reduced, signed
from models.generate.networks import CODE
from models.training import planes

SIDE = 32  # pixels a side of what codes are told by
LEAST = 1e-3  # spread along a direction, in parts of the first: less is rounding


class Coded:
    """The codes of pictures like `pictures`, uint8 (n, s, s, 3), which are mirrored too."""

    def __init__(self, pictures: np.ndarray):
        seen = self.seen(torch.cat([signed(planes(part)) for part in np.array_split(pictures, 8)]))
        seen = torch.cat([seen, seen.unflatten(1, (3, SIDE, SIDE)).flip(3).flatten(1)])
        self.mean = seen.mean(0)
        rank = min(CODE, len(seen) - 1)
        with torch.random.fork_rng():
            torch.manual_seed(0)
            _, sizes, directions = torch.svd_lowrank(seen - self.mean, q=rank, niter=4)
        spread = sizes / len(seen) ** 0.5
        known = spread > LEAST * spread[0]
        self.directions = torch.where(known, directions / spread.clamp(min=1e-6), 0)

    @staticmethod
    def seen(pictures: Tensor) -> Tensor:
        """What of pictures (n, 3, s, s) their codes are told by: (n, 3 * SIDE * SIDE)."""
        return reduced(pictures, SIDE).flatten(1)

    def of(self, pictures: Tensor) -> Tensor:
        """The codes (n, CODE) of pictures (n, 3, s, s); 0 where the folder says no more."""
        found = (self.seen(pictures) - self.mean.to(pictures.device)) @ self.directions.to(
            pictures.device
        )
        return torch.nn.functional.pad(found, (0, CODE - found.shape[1]))
