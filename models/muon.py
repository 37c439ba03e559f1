"""Muon: kernels move by as much in every direction, which learns in fewer steps than Adam.

The momentum of a weight is replaced by the nearest orthogonal matrix (Jordan et al., "Muon: An
optimizer for hidden layers in neural networks", 2024), found by Newton and Schulz's iteration with
that paper's coefficients. PyTorch's own takes matrices alone; here a convolution's kernel is one
with a row for each of its outputs. What is no kernel is left to Adam (Kingma and Ba, 2015).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

TIMES = 20.0  # a kernel's learning rate, in times of the others'
MOMENTUM = 0.95
BETAS = (0.9, 0.99)
EPSILON = 1e-8
COEFFICIENTS = (3.4445, -4.7750, 2.0315)
ITERATIONS = 5


class Muon(Optimizer):
    """For the parameters of a network of convolutions. A group's `times` multiplies its rate."""

    def __init__(self, parameters: Iterable[Tensor], lr: float):
        parameters = list(parameters)
        kernels = [part for part in parameters if part.ndim == 4]
        others = [part for part in parameters if part.ndim != 4]
        groups = [{"params": kernels, "times": TIMES}, {"params": others, "times": 1.0}]
        super().__init__([group for group in groups if group["params"]], {"lr": lr})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:
        """Move every parameter that has a gradient."""
        for group in self.param_groups:
            for part in group["params"]:
                if part.grad is not None:
                    move = orthogonal_step if part.ndim == 4 else adam_step
                    part.sub_(move(part.grad, self.state[part]), alpha=group["lr"])


def orthogonal_step(gradient: Tensor, state: dict[str, Any]) -> Tensor:
    """What to take from a kernel at a rate of 1."""
    if not state:
        state["exp_avg"] = torch.zeros_like(gradient)
    momentum = state["exp_avg"].mul_(MOMENTUM).add_(gradient)
    matrix = (gradient + MOMENTUM * momentum).flatten(1)
    rows, columns = matrix.shape
    return orthogonal(matrix).mul(max(1, rows / columns) ** 0.5).view(gradient.shape)


def orthogonal(matrix: Tensor) -> Tensor:
    """Nearly the orthogonal matrix nearest to a matrix: singular values of 0.7 to 1.2."""
    tall = matrix.shape[0] > matrix.shape[1]
    found = matrix.t() if tall else matrix
    found = found / (found.norm() + 1e-7)
    first, third, fifth = COEFFICIENTS
    for _ in range(ITERATIONS):
        square = found @ found.t()
        found = first * found + (third * square + fifth * square @ square) @ found
    return found.t() if tall else found


def adam_step(gradient: Tensor, state: dict[str, Any]) -> Tensor:
    """What to take from another parameter at a rate of 1."""
    if not state:
        state |= {"step": torch.zeros(()), "exp_avg": torch.zeros_like(gradient)}
        state["exp_avg_sq"] = torch.zeros_like(gradient)
    state["step"] += 1
    first, second = BETAS
    mean = state["exp_avg"].lerp_(gradient, 1 - first)
    square = state["exp_avg_sq"].lerp_(gradient.square(), 1 - second)
    count = float(state["step"])
    return mean / (1 - first**count) / ((square / (1 - second**count)).sqrt() + EPSILON)
