"""Lines through a hole: what is known at both ends of straight lines in eight directions.

An edge that a scratch has cut goes on along one of the lines through it, whose ends have the same
colour; so have all lines through what is even. Lines are what a filling is blended from.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

DIRECTIONS = ((0, 1), (1, 0), (1, 1), (1, -1), (1, 2), (2, 1), (1, -2), (2, -1))  # down, right
DOUBLINGS = {1: 6, 2: 6, 5: 5}  # by the squared length of a step: 63, 63 and 31 of them are seen


class Lines(NamedTuple):
    """At every pixel of (n, h, w), for each of the DIRECTIONS: (n, directions, ...).

    `colour` (n, d, 3, h, w): between the colours of both ends, the nearer counting more; that of
    the one end, or black, where there are not both. `ended` 1 where both ends are known, `open` 1
    where one is. `contrast`: mean difference of the ends' colours. `length`: pixels from end to
    end, or to the one end; 0 where the pixel itself is known.
    """

    colour: Tensor
    ended: Tensor
    open: Tensor
    contrast: Tensor
    length: Tensor


def lines(image: Tensor, known: Tensor) -> Lines:
    """The lines through every pixel of (n, 3, h, w), `known` (n, 1, h, w) being 0 or 1."""
    found = []
    for down, right in DIRECTIONS:
        step = (down**2 + right**2) ** 0.5
        ends = [_end(image, known, sign * down, sign * right) for sign in (1, -1)]
        (one, far_one, sure_one), (other, far_other, sure_other) = ends
        weights = [sure / (step * far + 0.5) for _, far, sure in ends]
        colour = (one * weights[0] + other * weights[1]) / (weights[0] + weights[1]).clamp(1e-6)
        ended, either = sure_one * sure_other, torch.maximum(sure_one, sure_other)
        contrast = (one - other).abs().mean(1, keepdim=True) * ended
        length = step * (far_one * sure_one + far_other * sure_other)
        found.append((colour[:, None], ended, either - ended, contrast, length))
    return Lines(*(torch.cat(parts, 1) for parts in zip(*found, strict=True)))


def _end(image: Tensor, known: Tensor, down: int, right: int) -> tuple[Tensor, Tensor, Tensor]:
    """The nearest known pixel in a direction: its colour, how many steps away, whether it is seen.

    The distance is that of the nearest of a window which doubles: after n rounds 2^n - 1 steps.
    """
    height, width = image.shape[-2:]
    rounds = DOUBLINGS[down**2 + right**2]
    nowhere = float(1 << rounds)
    steps = nowhere * (1 - known)
    for n in range(rounds):
        away = 1 << n
        steps = torch.minimum(steps, _shifted(steps, away * down, away * right, nowhere) + away)
    seen = (steps < nowhere).to(image.dtype)
    steps = steps * seen
    place = torch.arange(height * width, device=image.device).view(1, 1, height, width)
    at = place + steps.long() * (down * width + right)
    colour = image.flatten(2).gather(2, at.flatten(2).expand(-1, 3, -1)).view_as(image)
    return colour * seen, steps, seen


def _shifted(x: Tensor, down: int, right: int, beyond: float) -> Tensor:
    """What lies so many pixels further down and right, `beyond` where there is no picture."""
    height, width = x.shape[-2:]
    padded = F.pad(x, (max(-right, 0), max(right, 0), max(-down, 0), max(down, 0)), value=beyond)
    top, left = max(down, 0), max(right, 0)
    return padded[..., top : top + height, left : left + width]
