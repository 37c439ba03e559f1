"""What the two sides of a generative adversarial network want of a judge's verdicts.

A judge (discriminator, critic) gives pictures numbers, high for real ones; a generator wants high
ones for its own. The losses are of verdicts (n,) and say what to make small, the penalties keep a
judge from becoming so steep that a generator learns nothing from it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

NUDGE = 0.02  # standard deviation of the noise of a finite difference, in pictures of -1 to 1

Judge = Callable[[Tensor], Tensor]
"""From pictures (n, 3, h, w) to verdicts (n,)."""


class Loss(NamedTuple):
    """`judge` and `generator`: from verdicts on real and on made pictures, (n,) each, to a loss."""

    judge: Callable[[Tensor, Tensor], Tensor]
    generator: Callable[[Tensor, Tensor], Tensor]


def non_saturating(smoothing: float = 0.0) -> Loss:
    """Goodfellow et al., "Generative Adversarial Nets", 2014: cross-entropy of real or made.

    The generator makes its log-probability of being real large instead of that of being made
    small, so that it learns most where it is found out. `smoothing`: real pictures count as real
    by 1 - smoothing, made ones as made in full (Salimans et al., "Improved Techniques for Training
    GANs", 2016, one-sided), so no verdict is worth going beyond all bounds for.
    """

    def judge(real: Tensor, made: Tensor) -> Tensor:
        wanted = torch.full_like(real, 1 - smoothing)
        return F.binary_cross_entropy_with_logits(real, wanted) + F.softplus(made).mean()

    return Loss(judge, lambda real, made: F.softplus(-made).mean())


def relativistic() -> Loss:
    """Verdicts of pairs are compared, real with made (Jolicoeur-Martineau, 2018, "RpGAN").

    The judge has to tell which is which, not what is real: it cannot put all made pictures on one
    side of a line, which is where modes are dropped (Sun et al., "Towards a Better Global Loss
    Landscape of GANs", 2020). With both `roughness` penalties it is the loss of R3GAN (Huang et
    al., "The GAN is dead; long live the GAN!", 2024).
    """
    return Loss(
        lambda real, made: F.softplus(made - real).mean(),
        lambda real, made: F.softplus(real - made).mean(),
    )


def wasserstein() -> Loss:
    """Earth mover's distance, of a critic that is not steep (Arjovsky et al., 2017).

    It wants `slope` with it (Gulrajani et al., "Improved Training of Wasserstein GANs", 2017).
    """
    return Loss(
        lambda real, made: made.mean() - real.mean(),
        lambda real, made: -made.mean(),
    )


LOSSES = ("relativistic", "non-saturating", "wasserstein")


def loss_of(name: str, smoothing: float = 0.0) -> Loss:
    """The loss of that name. Raises ValueError for smoothing where there is no target to smooth."""
    if name == "non-saturating":
        return non_saturating(smoothing)
    if smoothing:
        raise ValueError(f"labels are smoothed with the non-saturating loss, not the {name} one")
    return {"relativistic": relativistic, "wasserstein": wasserstein}[name]()


def steepness(judge: Judge, pictures: Tensor) -> Tensor:
    """Euclidean norms (n,) of a judge's gradients at pictures; can be learnt from itself.

    The graph is built twice: torch.compile must not have touched the judge.
    """
    pictures = pictures.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(judge(pictures).sum(), pictures, create_graph=True)
    return gradient.float().flatten(1).norm(dim=1)


def roughness(judge: Judge, pictures: Tensor) -> Tensor:
    """Half the mean squared gradient at pictures: R1 at real ones, R2 at made ones.

    Mescheder et al., "Which Training Methods for GANs do actually Converge?", 2018: with it a
    generator that has arrived stays there.
    """
    return 0.5 * steepness(judge, pictures).square().mean()


def nudged(judge: Judge, pictures: Tensor, verdicts: Tensor) -> Tensor:
    """About `roughness`, from how much noise changes the `verdicts` on pictures.

    Lin et al., "Diffusion Adversarial Post-Training for One-Step Video Generation", 2025: no graph
    is built twice, so it is cheaper, and a compiled judge will do.
    """
    moved = judge(pictures + NUDGE * torch.randn_like(pictures))
    return 0.5 * ((moved - verdicts) / NUDGE).square().mean()


def slope(judge: Judge, real: Tensor, made: Tensor) -> Tensor:
    """Mean squared distance of gradients' norms from 1, between real and made pictures: WGAN-GP."""
    shares = torch.rand(len(real), 1, 1, 1, device=real.device)
    between = made + shares * (real - made)
    return (steepness(judge, between) - 1).square().mean()
