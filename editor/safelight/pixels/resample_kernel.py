"""Resample kernel: pixels between pixels, compiled; ``lanczos.in_numpy`` is its reference."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from safelight.pixels import lanczos
from safelight.pixels.kernel_recipe import Recipe, teach


def _signature() -> Any:
    """What the kernel of resampling is given, as numba says it."""
    from numba import types

    read = types.Array(types.float32, 3, "C", readonly=True)
    written = types.Array(types.float32, 3, "C")
    whole = types.Array(types.int64, 1, "C")
    numbers = types.Array(types.float64, 1, "C")
    return types.void(read, whole, numbers, whole, types.float64, types.float64, written)


def _loop() -> Callable[..., None]:
    """``safelight.pixels.lanczos.in_numpy``, pixel by pixel, to be compiled."""
    teach()
    from numba.extending import register_jitable

    for function in (_bells, _sum, _sum_of_four):
        register_jitable(function)
    return _resample


def _resample(
    pixels: Any, window: Any, matrix: Any, corner: Any, beyond: Any, reach: Any, made: Any
) -> None:  # compiled: loops over pixels, in float64
    a, b, c, d, e, f, g, h, i = matrix
    own = pixels.shape[2]
    width, height = window[2], window[3]
    channels = made.shape[2]
    total, bell = np.zeros(4), np.zeros((2, 400))
    for row in range(made.shape[0]):
        for column in range(made.shape[1]):
            x, y = corner[0] + column + 0.5, corner[1] + row + 0.5
            far = g * x + h * y + i
            if far <= 1e-9:
                continue
            u, v = (a * x + b * y + c) / far, (d * x + e * y + f) / far
            across = min(max(np.sqrt((a - u * g) ** 2 + (b - u * h) ** 2) / far, 1e-9), 64.0)
            down = min(max(np.sqrt((d - v * g) ** 2 + (e - v * h) ** 2) / far, 1e-9), 64.0)
            wide, high = max(across, 1.0), max(down, 1.0)
            cover = min(max(min(u, width - u) / across + 0.5, 0.0), 1.0)
            cover *= min(max(min(v, height - v) / down + 0.5, 0.0), 1.0)
            if cover <= 0:
                continue
            if reach == 1 and wide < 1.000001 and high < 1.000001:
                weights = _sum_of_four(pixels, window, u, v, total)
            else:
                weights = _sum(pixels, window, u, v, wide, high, reach, bell, total)
            if channels == 1:
                made[row, column, 0] = total[0] / weights * cover + beyond * (1 - cover)
                continue
            alpha = 1.0
            if own == 4:
                alpha = min(max(total[3] / weights, 0.0), 1.0)
                if alpha <= 1e-6:
                    continue
            for k in range(3):
                made[row, column, k] = total[k] / weights / alpha
            if channels == 4:
                made[row, column, 3] = alpha * cover


def _bells(bell: Any, middle: Any, wide: Any, first: Any, last: Any, reach: Any) -> Any:
    """Put the weights of the pixels ``first`` to ``last`` around ``middle`` into ``bell``; gives
    their sum.

    Neighbours' sines are one turned by a fixed angle: three are computed for a pixel, not twelve.
    """
    weights = 0.0
    if reach == 1:
        for q in range(first, last + 1):
            bell[q - first] = max(1 - abs(q + 0.5 - middle) / wide, 0.0)
            weights += bell[q - first]
        return weights
    s, step = np.pi * (first + 0.5 - middle) / wide, np.pi / wide
    third, turn = s / 3, step / 3
    x, y = np.cos(third), np.sin(third)
    across, up = np.cos(turn), np.sin(turn)
    for n in range(last - first + 1):
        # sin 3a = sin a (3 - 4 sin² a)
        bell[n] = 1.0 if abs(s) < 1e-9 else 3 * y * y * (3 - 4 * y * y) / (s * s)
        weights += bell[n]
        x, y = x * across - y * up, y * across + x * up
        s += step
    return weights


def _sum(
    pixels: Any,
    window: Any,
    u: Any,
    v: Any,
    wide: Any,
    high: Any,
    reach: Any,
    bell: Any,
    total: Any,
) -> Any:
    """Put the weighed sums of the pixels around (u, v), as far as ``reach``, into ``total``; gives
    that of the weights. ``bell`` (2, 400) holds those along a row and a column meanwhile.
    """
    rows, columns, own = pixels.shape
    first = int(np.ceil(u - 0.5 - reach * wide))
    last = int(np.floor(u - 0.5 + reach * wide))
    highest = int(np.ceil(v - 0.5 - reach * high))
    lowest = int(np.floor(v - 0.5 + reach * high))
    along, upright = bell[0], bell[1]
    weights = _bells(along, u, wide, first, last, reach)
    weights *= _bells(upright, v, high, highest, lowest, reach)
    left, right = first - window[0], last - window[0]
    inside = first >= 0 and last < window[2] and left >= 0 and right < columns
    r = g = b = a = 0.0
    for p in range(highest, lowest + 1):
        row = pixels[min(max(min(max(p, 0), window[3] - 1) - window[1], 0), rows - 1)]
        weigh = upright[p - highest]
        if inside and own > 1:
            x = y = z = w = 0.0
            for q in range(left, right + 1):
                weight = along[q - left]
                x += weight * row[q, 0]
                y += weight * row[q, 1]
                z += weight * row[q, 2]
            if own > 3:
                for q in range(left, right + 1):
                    w += along[q - left] * row[q, 3]
            r += weigh * x
            g += weigh * y
            b += weigh * z
            a += weigh * w
            continue
        for q in range(first, last + 1):
            weight = weigh * along[q - first]
            at = min(max(min(max(q, 0), window[2] - 1) - window[0], 0), columns - 1)
            r += weight * row[at, 0]
            if own > 1:
                g += weight * row[at, 1]
                b += weight * row[at, 2]
            if own > 3:
                a += weight * row[at, 3]
    total[0], total[1], total[2], total[3] = r, g, b, a
    return weights


def _sum_of_four(pixels: Any, window: Any, u: Any, v: Any, total: Any) -> Any:
    """The sum that ``_sum`` makes with a reach of 1 where no pixel is reduced, in less than half
    the time.
    """
    rows, columns, own = pixels.shape
    q, p = int(np.floor(u - 0.5)), int(np.floor(v - 0.5))
    right, down = u - 0.5 - q, v - 0.5 - p
    x0 = min(max(min(max(q, 0), window[2] - 1) - window[0], 0), columns - 1)
    x1 = min(max(min(max(q + 1, 0), window[2] - 1) - window[0], 0), columns - 1)
    y0 = min(max(min(max(p, 0), window[3] - 1) - window[1], 0), rows - 1)
    y1 = min(max(min(max(p + 1, 0), window[3] - 1) - window[1], 0), rows - 1)
    for k in range(own):
        upper = pixels[y0, x0, k] * (1 - right) + pixels[y0, x1, k] * right
        lower = pixels[y1, x0, k] * (1 - right) + pixels[y1, x1, k] * right
        total[k] = upper * (1 - down) + lower * down
    return 1.0


RESAMPLED: tuple[tuple[float, lanczos.Sampling], ...] = ((3.0, "lanczos"), (1.0, "bilinear"))
"""What the kernel of resampling does, by how far it looks."""


def _check(kernel: Callable[..., None]) -> None:
    """Raise RuntimeError when the kernel of resampling does not do what numpy does."""
    pixels = np.random.default_rng(1).uniform(0.5, 1, (23, 19, 4)).astype(np.float32)
    window, corner = np.array((5, 3, 30, 40)), np.array((-2, 4))
    for own, channels in ((4, 4), (3, 3), (1, 1)):
        given = np.ascontiguousarray(pixels[..., :own])
        for matrix in (
            (0.8, 0.3, 2.5, -0.3, 0.8, 9.0, 0.0, 0.0, 1.0),
            (2.2, 0.1, -3.0, 0.2, 1.7, 1.0, 1e-3, 2e-3, 1.0),
            (0.98, -0.19, 3.0, 0.19, 0.98, 1.5, 0.0, 0.0, 1.0),
        ):
            for reach, method in RESAMPLED:
                made, expected = (np.ones((17, 21, channels), np.float32) for _ in range(2))
                kernel(given, window, np.array(matrix), corner, 1.0, reach, made)
                lanczos.in_numpy(given, window, np.array(matrix), corner, 1.0, expected, method)
                if not np.allclose(made, expected, rtol=1e-5, atol=1e-5):
                    raise RuntimeError("compiled resampling is not what numpy computes")


def _called(loop: Callable[..., None]) -> Callable[..., None]:
    """The compiled loop, which is given what callers have."""
    return loop


RECIPE = Recipe(_loop, _signature, _called, _check)
