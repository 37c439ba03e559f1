"""Depth kernel: float32 pixels rounded to 8 or 16 bits, compiled; ``depth.in_numpy`` is its
reference.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.pixels import depth
from safelight.pixels.blend import ZERO, least, most
from safelight.pixels.kernel_recipe import Recipe, teach


def _signature() -> list[Any]:
    """What the kernel of depths is given, for each depth, as numba says it."""
    from numba import types

    read = types.Array(types.float32, 1, "C", readonly=True)
    depths = types.uint8, types.uint16
    return [types.void(read, types.Array(kind, 1, "C"), types.float32) for kind in depths]


def _loop() -> Callable[..., None]:
    """``safelight.pixels.depth.in_numpy``, number by number, to be compiled."""
    teach()

    def kernel(source: Any, target: Any, white: Any) -> None:
        for x in range(source.size):
            target[x] = np.int32(least(most(np.rint(source[x] * white), ZERO), white))

    return kernel


def _called(loop: Callable[..., None]) -> depth.Kernel:
    """The compiled loop with the array it fills made for the pixels that callers have."""

    def kernel(pixels: NDArray[np.float32], name: str) -> NDArray[Any]:
        stored = np.empty(pixels.shape, name)
        given = np.ascontiguousarray(pixels).reshape(-1)
        loop(given, stored.reshape(-1), np.float32(depth.WHITE[name]))
        return stored

    return kernel


def _check(kernel: depth.Kernel) -> None:
    """Raise RuntimeError when the kernel of depths does not do what numpy does, to the bit."""
    numbers = np.random.default_rng(1).uniform(-0.2, 1.2, (5, 67, 4)).astype(np.float32)
    numbers[0, :3, 0] = np.inf, -np.inf, 0.5 / 255
    for name in ("uint8", "uint16"):
        if not np.array_equal(kernel(numbers, name), depth.in_numpy(numbers, name)):
            raise RuntimeError("compiled depths are not what numpy computes")


RECIPE = Recipe(_loop, _signature, _called, _check)
