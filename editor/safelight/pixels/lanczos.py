"""Lanczos: a raster seen through a projective map, pixel by pixel.

Each pixel is one Lanczos-3 sum (Duchon 1979; Turkowski 1990) over the raster's pixels around where
its middle comes to lie, as wide as a pixel of the result reaches there (1 to ``WIDEST``), in
float64. It is compiled by ``safelight.pixels.fused``; until then, and without numba, it runs in
numpy with the same result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Matrix: TypeAlias = tuple[float, ...]
"""Nine numbers, row by row: a map from points of a picture to points of a raster."""

WIDEST = 64.0
"""Pixels of a raster that one of a view stands for at most, each way."""

_NUMBERS = 1 << 16
"""Numbers that are computed with at a time, to stay in a near cache."""

Numbers = NDArray[np.float64]
Kernel = Callable[..., None]
"""(pixels, window, matrix, corner, beyond, made): as ``resample``, of a compiled one."""

COMPILED: list[Kernel] = []
"""The compiled kernel once it is ready, put there by ``safelight.pixels.fused``."""


def resample(
    pixels: NDArray[np.float32],
    window: tuple[int, int, int, int],
    matrix: Matrix,
    corner: tuple[int, int],
    beyond: float,
    made: NDArray[np.float32],
) -> None:
    """Fill ``made`` (height, width, channels), whose first pixel is at ``corner``, with a raster
    that is seen through ``matrix``.

    ``pixels`` (rows, columns, channels), premultiplied, is the part of a raster of ``window`` (x,
    y, the raster's width and height) that counts. The raster goes on as it ends, and shows as far
    as it reaches; there ``beyond`` shines through one channel, and four become transparent. Where
    nothing of it is seen ``made`` stays as it is.
    """
    kernel = COMPILED[0] if COMPILED else in_numpy
    numbers = np.array(window, np.int64), np.array(matrix, np.float64), np.array(corner, np.int64)
    kernel(pixels, *numbers, float(beyond), made)


def in_numpy(
    pixels: Any, window: Any, matrix: Any, corner: Any, beyond: float, made: NDArray[np.float32]
) -> None:
    """As ``resample``, whatever is compiled."""
    height, width, channels = made.shape
    rows = max(_NUMBERS // width, 1)
    for top in range(0, height, rows):
        band = made[top : top + rows]
        y = corner[1] + top + np.arange(band.shape[0])[:, None] + 0.5
        x = corner[0] + np.arange(width)[None] + 0.5
        cover, total = _sums(pixels, window, matrix, np.broadcast_arrays(x, y))
        if channels == 1:
            band[cover > 0, 0] = (total[..., 0] * cover + beyond * (1 - cover))[cover > 0]
            continue
        alpha = np.clip(total[..., 3], 0, 1) if pixels.shape[2] == 4 else np.ones_like(cover)
        shows = (alpha > 1e-6) & (cover > 0)
        band[shows, :3] = total[shows, :3] / alpha[shows, None]
        if channels == 4:
            band[shows, 3] = (alpha * cover)[shows]


def _sums(pixels: Any, window: Any, matrix: Any, at: Any) -> tuple[Numbers, Numbers]:
    """How much of each pixel the raster covers, and the weighed mean of the raster there."""
    a, b, c, d, e, f, g, h, i = matrix
    x, y = at
    far = g * x + h * y + i
    before = far > 1e-9
    far = np.where(before, far, 1.0)
    u, v = (a * x + b * y + c) / far, (d * x + e * y + f) / far
    wide = np.clip(np.sqrt((a - u * g) ** 2 + (b - u * h) ** 2) / far, 1, WIDEST)
    high = np.clip(np.sqrt((d - v * g) ** 2 + (e - v * h) ** 2) / far, 1, WIDEST)
    left, top, width, height = window
    cover = np.clip(np.minimum(u, width - u) / wide + 0.5, 0, 1)
    cover *= np.clip(np.minimum(v, height - v) / high + 0.5, 0, 1)
    cover = np.where(before, cover, 0)
    # What lies far beside the raster is not looked for: it is not shown.
    u, v = np.where(cover > 0, u, 0), np.where(cover > 0, v, 0)
    across = [
        (weight, np.clip(np.clip(at, 0, width - 1) - left, 0, pixels.shape[1] - 1))
        for weight, at in _taps(u, wide)
    ]
    total = np.zeros((*u.shape, pixels.shape[2]))
    weights = np.zeros_like(u)
    for weigh, row in _taps(v, high):
        row = np.clip(np.clip(row, 0, height - 1) - top, 0, pixels.shape[0] - 1)
        for bell, column in across:
            weight = weigh * bell
            weights += weight
            total += weight[..., None] * pixels[row, column]
    return cover, total / weights[..., None]


def _taps(middle: Numbers, size: Numbers) -> Iterator[tuple[Numbers, NDArray[np.int64]]]:
    """The weights of the pixels around each of ``middle``, and where they lie, one by one."""
    first = np.ceil(middle - 0.5 - 3 * size).astype(np.int64)
    last = np.floor(middle - 0.5 + 3 * size).astype(np.int64)
    for step in range(int((last - first).max()) + 1):
        place = first + step
        s = np.pi * (place + 0.5 - middle) / size
        near = np.abs(s) < 1e-9
        s = np.where(near, 1.0, s)
        bell = np.where(near, 1.0, 3 * np.sin(s) * np.sin(s / 3) / (s * s))
        yield np.where(place <= last, bell, 0.0), place
