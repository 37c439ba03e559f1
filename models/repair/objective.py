"""What a filling network learns from: the evidence lower bound, and what keeps its latents alive.

For a picture x whose damaged version y is given, log p(x|y) is at least

    E_q[log p(x|z, y)] - sum over scales of KL(q(z|x, y) || p(z|y)),

both counted per missing pixel. The likelihood is a Gaussian whose deviation is the best one for
each picture, its root-mean-square error (sigma-VAE: Rybkin et al., "Simple and Effective VAE
Training with Calibrated Decoders", 2021), so the first term is the logarithm of that error.

A latent collapses when its posterior becomes the prior and it says nothing. Three things are done
about it: the divergence counts little at first (`beta`), less for scales that use little
(balancing, as in NVAE), and not at all below `free_bits` a missing pixel, which a scale's channels
share evenly (Kingma et al., "Improved Variational Inference with Inverse Autoregressive Flow",
2016). `activity` is how one sees whether they helped.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from models.repair.network import Latent

SMALLEST_ERROR = 0.01  # of the range, added: below it a smaller error is worth no more
ACTIVE = 0.01  # variance of the posterior's mean from which on a channel says something


def log_error(filled: Tensor, original: Tensor, hole: Tensor) -> Tensor:
    """Logarithm of the root-mean-square error inside the hole, (n,), of pictures (n, 3, h, w).

    Up to a constant the negative log-likelihood of a missing value, in nats.
    """
    sums = ((filled - original).square() * hole).flatten(1).sum(1)
    mean = sums / (3 * hole.flatten(1).sum(1)).clamp(min=1)
    return 0.5 * (mean + SMALLEST_ERROR**2).log()


def beta(part: float, highest: float, warm_up: float) -> float:
    """The weight of the divergence after a part of the run, 0 to 1: linear, then `highest`."""
    return highest * min(1.0, part / warm_up)


def per_channel(latent: Latent, counted: Tensor) -> Tensor:
    """Divergence of each channel in nats, a mean over the places in the holes: (channels,).

    `counted` is (n, 1, 1, 1) of 0 and 1: the pictures whose original the posterior was asked for.
    """
    places = (latent.hole * counted).sum().clamp(min=1)
    return (latent.kl * counted).sum((0, 2, 3)) / places


def rates(
    latents: Sequence[Latent], hole: Tensor, counted: Tensor, free_bits: float = 0.0
) -> Tensor:
    """Nats that each scale's latent tells per missing pixel: (scales,).

    A scale counts as `free_bits` nats at least, its channels as equal shares of them: below, less
    would gain nothing.
    """
    pixels = (hole * counted).sum().clamp(min=1)
    found = []
    for latent in latents:
        density = (latent.hole * counted).sum().clamp(min=1) / pixels  # places to a pixel
        nats = per_channel(latent, counted)
        found.append(nats.clamp(min=free_bits / density / len(nats)).sum() * density)
    return torch.stack(found)


def balance(rate: Tensor) -> Tensor:
    """Weights for the scales, with a mean of 1, in proportion to what each tells. No gradient.

    A scale that says little then pays little for it, and comes to be used.
    """
    weights = rate.detach() + 1e-6
    return weights / weights.mean()


def activity(latents: Sequence[Latent]) -> list[Tensor]:
    """For each scale, which channels say something: (channels,) of 0 and 1.

    Those whose posterior's mean, in deviations of the prior, varies over places and pictures by
    more than ACTIVE (Burda et al., "Importance Weighted Autoencoders", 2016).
    """
    found = []
    for latent in latents:
        inside = latent.hole[:, 0] > 0
        shifts = latent.shift.movedim(1, -1)[inside]
        found.append((shifts.var(0) > ACTIVE).float())
    return found
