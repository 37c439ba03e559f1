"""Gatys's way to a picture in another's style: no network learns, the pixels themselves do.

Gatys et al., "Image Style Transfer Using Convolutional Neural Networks", 2016, with the losses of
objective.py instead of theirs, so that it is the same task that the networks do in one pass. It
starts from the photograph and follows Adam, as most later implementations do, not L-BFGS.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from models.perceptual import Features
from models.style import objective

STEPS = 300
RATE = 0.03  # of Adam, in units of the range, falling along a cosine
WEIGHTS = (0.02, 0.2, 1.0)  # of the content loss beside the style loss: a curve of results


def optimised(
    photograph: Tensor, style: Tensor, network: Features, weight: float, steps: int = STEPS
) -> Tensor:
    """`photograph` (1, 3, h, w) in the style of `style` (1, 3, h', w'); both 0 to 1.

    `weight` is that of the content loss. The result, of the photograph's size, is within 0 to 1.
    """
    with torch.no_grad():
        content = objective.by_layer(network, photograph)
        wanted = objective.styles(objective.by_layer(network, style))
    picture = photograph.clone().requires_grad_()
    optimizer = torch.optim.Adam([picture], lr=RATE)
    for step in range(steps):
        optimizer.param_groups[0]["lr"] = RATE * 0.5 * (1 + math.cos(math.pi * step / steps))
        found = objective.losses(objective.by_layer(network, picture), content, wanted)
        optimizer.zero_grad(set_to_none=True)
        (weight * found.content + found.style).sum().backward()
        optimizer.step()
        with torch.no_grad():
            picture.clamp_(0, 1)
    return picture.detach()
