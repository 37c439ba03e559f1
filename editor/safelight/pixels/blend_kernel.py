"""Blend kernel: compositing by one blend mode, compiled; ``blend.in_numpy`` is its reference."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.pixels.blend import (
    FORMULAS,
    LARGEST,
    ONE,
    ZERO,
    Formula,
    Kernel,
    in_numpy,
    least,
    most,
)
from safelight.pixels.flat_rows import copied, in_one_piece
from safelight.pixels.kernel_recipe import CHUNK, Recipe, teach


def _signature() -> Any:
    """What a kernel of a mode is given, as numba says it."""
    from numba import types

    written = types.Array(types.float32, 1, "C")
    read = types.Array(types.float32, 1, "C", readonly=True)
    whole = (types.int64,) * 6
    return types.void(written, read, read, *whole, types.float32)


def _loop(formula: Formula) -> Callable[..., None]:
    """``safelight.pixels.blend.in_numpy`` for one formula, pixel by pixel, for numba to compile.

    The arrays are flat, with steps from one row to the next. Slices of them and the planes are
    what lets the compiler see that it may do eight or sixteen pixels at a time: indexing into the
    whole arrays is four times slower, and without the planes it does one pixel at a time.

    Over an opaque backdrop, as nearly every one is, a source's share is its alpha, and the colours
    need not be taken apart where a formula takes them one by one: alpha is then a fourth colour,
    of which the source has no share. The numbers are the same: a + (1 - a) is 1 in float32 too.
    Without a mask one loop asks for both alphas, and the mask's rows are not even cut out: each of
    these took a tenth of the time.
    """
    teach()
    blended, mixes, bounded = formula.function, formula.mixes, formula.bounded
    plain = formula is FORMULAS["normal"]
    lowest, highest = (ZERO, ONE) if bounded else (-LARGEST, LARGEST)

    def kernel(
        below: Any,
        above: Any,
        mask: Any,
        height: int,
        width: int,
        channels: int,
        below_step: int,
        above_step: int,
        mask_step: int,
        opacity: Any,
    ) -> None:
        def lay(lower: Any, source: Any, shares: Any, size: int) -> None:
            for x in range(size):
                b, s, share = lower[x], source[x], shares[x]
                if plain:
                    mixed = s
                else:
                    cb = least(most(b, lowest), highest)
                    cs = least(most(s, lowest), highest)
                    mixed = blended(cb, cs)
                    if bounded:
                        mixed = mixed + (b - cb)
                lower[x] = (ONE - share) * b + share * mixed if share > ZERO else b

        planes = np.empty((8, CHUNK), np.float32)
        shares, colours = np.empty(4 * CHUNK, np.float32), np.empty(4 * CHUNK, np.float32)
        for y in range(height):
            for left in range(0, width, CHUNK):
                count = min(CHUNK, width - left)
                start = y * below_step + 4 * left
                lower = below[start : start + 4 * count]
                start = y * above_step + channels * left
                upper = above[start : start + channels * count]
                clear = 0
                if not mixes and channels == 4 and mask.size == 0:
                    for x in range(count):
                        clear += lower[4 * x + 3] != ONE
                        share = least(most(upper[4 * x + 3] * opacity, ZERO), ONE)
                        shares[4 * x] = share
                        shares[4 * x + 1] = share
                        shares[4 * x + 2] = share
                        shares[4 * x + 3] = ZERO
                    if clear == 0:
                        lay(lower, upper, shares, 4 * count)
                        continue
                elif not mixes:
                    start = y * mask_step + left
                    weight = mask[start : start + count]  # empty without a mask
                    for x in range(count):
                        clear += lower[4 * x + 3] != ONE
                    if clear == 0:
                        if channels == 4:
                            for x in range(count):
                                planes[7, x] = upper[4 * x + 3] * opacity
                        else:
                            for x in range(count):
                                planes[7, x] = opacity
                                colours[4 * x] = upper[3 * x]
                                colours[4 * x + 1] = upper[3 * x + 1]
                                colours[4 * x + 2] = upper[3 * x + 2]
                                colours[4 * x + 3] = ZERO
                        for x in range(weight.size):
                            planes[7, x] *= weight[x]
                        for x in range(count):
                            share = least(most(planes[7, x], ZERO), ONE)
                            shares[4 * x] = share
                            shares[4 * x + 1] = share
                            shares[4 * x + 2] = share
                            shares[4 * x + 3] = ZERO
                        if channels == 4:
                            lay(lower, upper, shares, 4 * count)
                        else:
                            lay(lower, colours, shares, 4 * count)
                        continue

                start = y * mask_step + left
                weight = mask[start : start + count]  # empty without a mask
                for x in range(count):
                    planes[0, x] = lower[4 * x]
                    planes[1, x] = lower[4 * x + 1]
                    planes[2, x] = lower[4 * x + 2]
                    planes[3, x] = lower[4 * x + 3]
                if channels == 4:
                    for x in range(count):
                        planes[4, x] = upper[4 * x]
                        planes[5, x] = upper[4 * x + 1]
                        planes[6, x] = upper[4 * x + 2]
                        planes[7, x] = upper[4 * x + 3] * opacity
                else:
                    for x in range(count):
                        planes[4, x] = upper[3 * x]
                        planes[5, x] = upper[3 * x + 1]
                        planes[6, x] = upper[3 * x + 2]
                        planes[7, x] = opacity
                for x in range(weight.size):
                    planes[7, x] *= weight[x]

                for x in range(count):
                    alpha = least(most(planes[7, x], ZERO), ONE)
                    behind = least(most(planes[3, x], ZERO), ONE)
                    counts = alpha > ZERO
                    total = alpha + behind * (ONE - alpha)
                    share = alpha / (total if counts else ONE)
                    b = (planes[0, x], planes[1, x], planes[2, x])
                    s = (planes[4, x], planes[5, x], planes[6, x])
                    if plain:
                        mixed = s
                    else:
                        cb = (
                            least(most(b[0], lowest), highest),
                            least(most(b[1], lowest), highest),
                            least(most(b[2], lowest), highest),
                        )
                        cs = (
                            least(most(s[0], lowest), highest),
                            least(most(s[1], lowest), highest),
                            least(most(s[2], lowest), highest),
                        )
                        if mixes:
                            mixed = blended(cb, cs)
                        else:
                            mixed = (
                                blended(cb[0], cs[0]),
                                blended(cb[1], cs[1]),
                                blended(cb[2], cs[2]),
                            )
                        if bounded:
                            mixed = (
                                mixed[0] + (b[0] - cb[0]),
                                mixed[1] + (b[1] - cb[1]),
                                mixed[2] + (b[2] - cb[2]),
                            )
                        mixed = (
                            (ONE - behind) * s[0] + behind * mixed[0],
                            (ONE - behind) * s[1] + behind * mixed[1],
                            (ONE - behind) * s[2] + behind * mixed[2],
                        )
                    kept = ONE - share
                    planes[0, x] = kept * b[0] + share * mixed[0] if counts else b[0]
                    planes[1, x] = kept * b[1] + share * mixed[1] if counts else b[1]
                    planes[2, x] = kept * b[2] + share * mixed[2] if counts else b[2]
                    planes[3, x] = total if counts else planes[3, x]

                for x in range(count):
                    lower[4 * x] = planes[0, x]
                    lower[4 * x + 1] = planes[1, x]
                    lower[4 * x + 2] = planes[2, x]
                    lower[4 * x + 3] = planes[3, x]

    return kernel


_NO_MASK: NDArray[np.float32] = np.empty(0, np.float32)


def _called(loop: Callable[..., None]) -> Kernel:
    """A compiled loop with the arrays it wants made from the ones callers have."""

    def kernel(
        below: NDArray[np.float32],
        above: NDArray[np.float32],
        mask: NDArray[np.float32] | None,
        opacity: np.float32,
    ) -> None:
        height, width, channels = above.shape
        if not above.size:
            return
        rows = in_one_piece(below)
        lower, below_step = rows or copied(below)
        upper, above_step = in_one_piece(above) or copied(above)
        weight, mask_step = (_NO_MASK, 0) if mask is None else in_one_piece(mask) or copied(mask)
        loop(
            lower, upper, weight, height, width, channels,
            below_step, above_step, mask_step, opacity,
        )  # fmt: skip
        if rows is None:
            below[...] = lower.reshape(below.shape)

    return kernel


def _check(formula: Formula, kernel: Kernel) -> None:
    """Raise RuntimeError when a kernel does not do what numpy does."""
    numbers = np.random.default_rng(1)
    below, above = numbers.uniform(-0.2, 1.2, (2, 5, 67, 4)).astype(np.float32)
    mask = numbers.random((5, 67), np.float32)
    expected = below.copy()
    in_numpy(formula, expected, above, mask, np.float32(0.7))
    kernel(below, above, mask, np.float32(0.7))
    if not np.allclose(below, expected, rtol=1e-5, atol=1e-6):
        raise RuntimeError(f"the compiled mode {formula.title} is not what numpy computes")


def recipe(formula: Formula) -> Recipe:
    """How the kernel of a mode comes about."""
    return Recipe(partial(_loop, formula), _signature, _called, partial(_check, formula))
