"""Bent kernel: a lens's bend put right, compiled; ``bent.in_numpy`` is its reference."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np

from safelight.pixels import bent
from safelight.pixels.kernel_recipe import Recipe, teach


def _signature() -> Any:
    """What the kernel of bent pictures is given, as numba says it."""
    from numba import types

    read = types.Array(types.uint16, 3, "C", readonly=True)
    places = types.Array(types.float32, 3, "C", readonly=True)
    gain = types.Array(types.float32, 2, "C", readonly=True)
    written = types.Array(types.uint16, 3, "C")
    return types.void(read, places, places, gain, written, *(types.int64,) * 3)


def _loop() -> Callable[..., None]:
    teach()
    from numba.extending import register_jitable

    register_jitable(bent.stretched_loop)
    return bent.loop


def _check(kernel: bent.Kernel) -> None:
    """Raise RuntimeError when the kernel of bent pictures is farther from numpy than numpy's table
    of places between pixels is fine.
    """
    numbers = np.random.default_rng(1)
    light = numbers.integers(0, 65536, (61, 77, 3), np.uint16)
    y, x = np.meshgrid(np.linspace(-0.02, 1.02, 5), np.linspace(0.03, 0.97, 6), indexing="ij")
    places = np.repeat(np.stack([x + y * y / 20, y], axis=-1)[:, :, None], 3, axis=2)
    places += numbers.uniform(0, 0.01, places.shape)
    gain = numbers.uniform(1, 1.5, (5, 6)).astype(np.float32)
    for moves, brightens in ((True, True), (True, False), (False, True)):
        grids = places.astype(np.float32) if moves else None, gain if brightens else None
        made = bent.by_kernel(kernel, light, *grids).astype(np.int32)
        if np.abs(made - bent.in_numpy(light, *grids)).max() > bent.DIFFERS:
            raise RuntimeError("compiled bending is not what numpy computes")


def _called(loop: Callable[..., None]) -> bent.Kernel:
    """The compiled loop, which is given what callers have."""
    return cast(bent.Kernel, loop)


RECIPE = Recipe(_loop, _signature, _called, _check)
