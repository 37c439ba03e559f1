"""Least squares: a cleaning draft's convolutions set so that it gives what its teacher has there.

A draft has ReLU where its teacher has a leaky one, and before it is taught anything it is 2 dB
worse. What a convolution is given is known, and what its teacher has in that place; the kernel that
comes nearest to it is a linear regression. One convolution after another, from the picture on, each
upon what those before it give now, so that what they miss is made up for (He, Zhang and Sun,
"Channel pruning for accelerating very deep neural networks", 2017, do so with channels that are
left out). That takes a few minutes, and leaves a sixth of the loss.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.eight_bits import EightBits, Taught

BATCHES = 40  # of crops that kernels are fitted to
PLACES = 6000  # of each batch, at most
KEPT = 1e-4  # how much a kernel stays where nothing speaks for another, of the mean square

Batch = tuple[Tensor, Mapping[str, Tensor]]
"""What a network is given, (n, 3, h, w) float32, and what else it is told."""


class _Reached(Exception):
    """The convolution that is looked for has been reached."""


class _Until(Taught):
    """The steps in float32 up to a convolution: what it is given, and what its block is given."""

    def __init__(self, held: EightBits, name: str) -> None:
        super().__init__(held)
        self._name = name
        self.given: Tensor | None = None
        self.block: Tensor | None = None

    def convolve(self, name: str, x: Tensor, relu: bool = False, stride: int = 1) -> Tensor:
        if name == self._name:
            self.given, self.stride = x, stride
            raise _Reached
        if name.endswith("_first"):
            self.block = x
        return super().convolve(name, x, relu, stride)


def fit(
    draft: Any, teacher: nn.Module, batches: Sequence[Batch], order: Sequence[tuple[str, str]]
) -> None:
    """Set a draft's convolutions in float32. `order` has their names, in the order in which the
    draft does them, each with the name of the teacher's part whose result it is to give: a block's,
    less what the block is given, for a convolution whose name ends in "_second".
    """
    wanted: dict[str, Tensor] = {}

    def keep(part: str) -> Callable[..., None]:
        def hook(_: Any, __: Any, result: Tensor) -> None:
            wanted[part] = result

        return hook

    parts = dict(teacher.named_modules())
    hooks = [parts[part].register_forward_hook(keep(part)) for _, part in order]
    quantising, draft.quantising = draft.quantising, False
    try:
        with torch.no_grad():
            for name, part in order:
                _set(draft, teacher, batches, name, lambda part=part: wanted[part])  # type: ignore[misc]
    finally:
        draft.quantising = quantising
        for hook in hooks:
            hook.remove()


def _set(
    draft: Any,
    teacher: nn.Module,
    batches: Sequence[Batch],
    name: str,
    wanted: Callable[[], Tensor],
) -> None:
    """Set one convolution."""
    layer = draft.convolutions[name]
    rng = np.random.default_rng(0)
    square: Any = 0.0
    product: Any = 0.0
    for image, told in batches:
        teacher(image, **told)
        steps = _Until(draft, name)
        with contextlib.suppress(_Reached):
            draft.damage(steps, draft.given(steps, image, **told))
        assert steps.given is not None
        target = wanted()
        if name.endswith("_second"):
            target = target - steps.block
        elif name.startswith("up_"):
            target = F.pixel_unshuffle(target, 2)
        rows = F.unfold(
            steps.given, layer.kernel_size, padding=layer.padding, stride=steps.stride
        ).transpose(1, 2)
        places, made = rows.flatten(0, 1), target.flatten(2).transpose(1, 2).flatten(0, 1)
        if len(places) > PLACES:
            chosen = torch.from_numpy(rng.choice(len(places), PLACES, replace=False))
            places, made = places[chosen], made[chosen]
        places = places.double()
        square = square + places.T @ places
        product = product + places.T @ made.double()
    before = layer.weight.flatten(1).T.double()
    weight = KEPT * square.diagonal().mean()
    found = torch.linalg.solve(
        square + weight * torch.eye(len(square), dtype=square.dtype), product + weight * before
    )
    layer.weight.copy_(found.T.float().reshape(layer.weight.shape))
