"""Lanczos: a raster seen through a projective map, pixel by pixel.

Each pixel is one Lanczos-3 sum (Duchon 1979; Turkowski 1990) over the raster's pixels around where
its middle comes to lie, as wide as a pixel of the result reaches there (1 to ``WIDEST``), in
float64. It is compiled by ``safelight.pixels.fused``; until then, and without numba, it runs in
numpy with the same result. So is a sum over the four pixels around, which is good enough while
a hand moves something. A map that keeps rows and columns is one sum along each, in numpy. Other
methods, bicubic sums (Keys 1981; Mitchell and Netravali 1988) and the nearest pixel alone, are
numpy's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Matrix: TypeAlias = tuple[float, ...]
"""Nine numbers, row by row: a map from points of a picture to points of a raster."""

WIDEST = 64.0
"""Pixels of a raster that one of a view stands for at most, each way."""

_NUMBERS = 1 << 16
"""Numbers that are computed with at a time, to stay in a near cache."""

_BAND = 64
"""Rows that are made at a time of a map that keeps rows and columns."""

_WORTH_IT = 1 << 20
"""Pixels in numpy that take longer than to have the kernel compiled or loaded."""

Method: TypeAlias = Literal["lanczos", "mitchell", "bicubic", "nearest"]
"""How a pixel comes of those of the raster."""

Sampling: TypeAlias = Method | Literal["bilinear"]
"""A method, or the quick one, which is for looking only: nothing that is kept is made by it."""

Numbers = NDArray[np.float64]
_NOTHING = 1e-9
"""Pixels of a raster that one of a view stands for at the least."""

_Bell: TypeAlias = Callable[[Numbers], Numbers]
"""The weight of a pixel by its distance."""

Kernel = Callable[..., None]
"""(pixels, window, matrix, corner, beyond, reach, made): as ``resample``, of a compiled one, which
looks at pixels as far as ``reach``: 3 for "lanczos", 1 for "bilinear".
"""

COMPILED: list[Kernel] = []
"""The compiled kernel once it is ready, put there by ``safelight.pixels.fused``."""

COMPILERS: list[Callable[[], object]] = []
"""What has the kernel compiled, called once when there is enough to do; a program without a window
puts it here.
"""

_made_in_numpy: list[int] = []


def resample(
    pixels: NDArray[np.float32],
    window: tuple[int, int, int, int],
    matrix: Matrix,
    corner: tuple[int, int],
    beyond: float,
    made: NDArray[np.float32],
    method: Sampling = "lanczos",
) -> None:
    """Fill ``made`` (height, width, channels), whose first pixel is at ``corner``, with a raster
    that is seen through ``matrix``, by a ``method``; "nearest" is ``nearest``'s.

    ``pixels`` (rows, columns, channels), premultiplied, is the part of a raster of ``window`` (x,
    y, the raster's width and height) that counts. The raster goes on as it ends, and shows as far
    as it reaches; there ``beyond`` shines through one channel, and four become transparent. Where
    nothing of it is seen ``made`` stays as it is.
    """
    a, b, c, d, e, f, g, h, _ = matrix
    quick = method == "bilinear" and bool(COMPILED)
    if g == h == b == d == 0 and not quick:
        _by_axes(pixels, window, (a, c, e, f), corner, beyond, made, method)
        return
    if g == h == a == e == 0 and not quick:  # rows of the one are columns of the other
        turned = made.transpose(1, 0, 2)
        _by_axes(pixels, window, (b, c, d, f), corner[::-1], beyond, turned, method)
        return
    if method not in ("lanczos", "bilinear"):
        in_numpy(pixels, window, matrix, corner, beyond, made, method)
        return
    if COMPILERS and not COMPILED:
        _compile_if_worth_it(made.shape[0] * made.shape[1])
    if not COMPILED:
        in_numpy(pixels, window, matrix, corner, beyond, made, method)
        return
    numbers = np.array(window, np.int64), np.array(matrix, np.float64), np.array(corner, np.int64)
    COMPILED[0](pixels, *numbers, float(beyond), _REACH[method], made)


def nearest(
    pixels: NDArray[Any],
    window: tuple[int, int, int, int],
    matrix: Matrix,
    corner: tuple[int, int],
    made: NDArray[Any],
) -> None:
    """Fill ``made`` (height, width, channels), whose first pixel is at ``corner``, with the nearest
    of straight ``pixels`` (rows, columns, channels) of any depth: each is the one that its middle
    lies in, seen through ``matrix``. ``window`` is x, y, and the raster's width and height. Where
    no pixel lies ``made`` stays as it is.
    """
    a, b, c, d, e, f, g, h, i = matrix
    height, width = made.shape[:2]
    left, top, wide, high = window
    x = corner[0] + np.arange(width)[None] + 0.5
    for row in range(0, height, _BAND):
        band = made[row : row + _BAND]
        y = corner[1] + row + np.arange(band.shape[0])[:, None] + 0.5
        far = g * x + h * y + i
        before = far > 1e-9
        far = np.where(before, far, 1.0)
        # A middle on the line between two pixels is the one's behind it, whatever was rounded.
        u = np.floor((a * x + b * y + c) / far + 1e-9)
        v = np.floor((d * x + e * y + f) / far + 1e-9)
        there = before & (u >= 0) & (v >= 0) & (u < wide) & (v < high)
        found = pixels[(v[there] - top).astype(np.int64), (u[there] - left).astype(np.int64)]
        own = found.shape[-1]
        band[there, :own] = found
        if band.shape[2] > own:
            band[there, own:] = 1


def _by_axes(
    pixels: NDArray[np.float32],
    window: tuple[int, int, int, int],
    numbers: tuple[float, float, float, float],
    corner: tuple[int, ...],
    beyond: float,
    made: NDArray[np.float32],
    method: Sampling,
) -> None:
    """What ``resample`` makes by a map that is one of columns, ``numbers[:2]`` times and more, and
    one of rows, ``numbers[2:]``: first the sums along rows, then those along columns.
    """
    height, width = made.shape[:2]
    across, columns = _weights(
        *numbers[:2], corner[0], width, window[::2], pixels.shape[1], method=method
    )
    down, rows = _weights(
        *numbers[2:], corner[1], height, window[1::2], pixels.shape[0], method=method
    )
    for top in range(0, made.shape[0], _BAND):
        band, part = made[top : top + _BAND], slice(top, top + _BAND)
        used = [row[part] for _, row in rows]
        first, last = min(row.min() for row in used), max(row.max() for row in used)
        held = np.ascontiguousarray(pixels[first : last + 1].transpose(1, 0, 2), np.float64)
        middle = _weighed(held, columns)
        middle = np.ascontiguousarray(middle.transpose(1, 0, 2))
        total = _weighed(middle, [(weight[part], row[part] - first) for weight, row in rows])
        _put(band, total, down[part, None] * across[None], beyond)


def _weighed(held: Numbers, taps: list[tuple[Numbers, NDArray[np.int64]]]) -> Numbers:
    """The sums along the first axis, one for each of a tap's weights."""
    total = np.zeros((len(taps[0][0]), *held.shape[1:]))
    for weight, place in taps:
        part = held[place]
        part *= weight[:, None, None]
        total += part
    return total


def _weights(
    scale: float,
    start: float,
    corner: int,
    count: int,
    raster: tuple[int, int],
    held: int,
    *,
    method: Sampling,
) -> tuple[Numbers, list[tuple[Numbers, NDArray[np.int64]]]]:
    """How much of each column is covered, and of each tap its weights, of a sum of 1, and where it
    looks among the columns ``held``; ``raster`` has the first of these, and all that it has.
    """
    left, size = raster
    at = scale * (corner + np.arange(count) + 0.5) + start
    wide = np.full(count, min(max(abs(scale), 1.0), WIDEST))
    # Of a pixel of the result, which is less than one of the raster where that is enlarged.
    reach = min(max(abs(scale), _NOTHING), WIDEST)
    cover = np.clip(np.minimum(at, size - at) / reach + 0.5, 0, 1)
    taps = list(_taps(np.where(cover > 0, at, 0), wide, method))
    total = sum(weight for weight, _ in taps)
    return cover, [
        (weight / total, np.clip(np.clip(place, 0, size - 1) - left, 0, held - 1))
        for weight, place in taps
    ]


def _put(made: NDArray[np.float32], total: Numbers, cover: Numbers, beyond: float) -> None:
    """Put sums (height, width, the raster's channels) where the raster covers something."""
    if made.shape[2] == 1:
        made[cover > 0, 0] = (total[..., 0] * cover + beyond * (1 - cover))[cover > 0]
        return
    alpha = np.clip(total[..., 3], 0, 1) if total.shape[2] == 4 else np.ones_like(cover)
    shows = (alpha > 1e-6) & (cover > 0)
    made[shows, :3] = total[shows, :3] / alpha[shows, None]
    if made.shape[2] == 4:
        made[shows, 3] = (alpha * cover)[shows]


def _compile_if_worth_it(pixels: int) -> None:
    _made_in_numpy.append(pixels)
    if sum(_made_in_numpy) > _WORTH_IT and COMPILERS:
        COMPILERS.pop()()


def in_numpy(
    pixels: Any,
    window: Any,
    matrix: Any,
    corner: Any,
    beyond: float,
    made: NDArray[np.float32],
    method: Sampling = "lanczos",
) -> None:
    """Fill ``made`` (height, width, channels) from premultiplied float32 ``pixels`` (rows, columns,
    channels) as ``resample`` does, in numpy, whatever is compiled: the reference for the kernel.
    """
    height, width = made.shape[:2]
    rows = max(_NUMBERS // width, 1)
    for top in range(0, height, rows):
        band = made[top : top + rows]
        y = corner[1] + top + np.arange(band.shape[0])[:, None] + 0.5
        x = corner[0] + np.arange(width)[None] + 0.5
        cover, total = _sums(pixels, window, matrix, np.broadcast_arrays(x, y), method)
        _put(band, total, cover, beyond)


def _sums(
    pixels: Any, window: Any, matrix: Any, at: Any, method: Sampling
) -> tuple[Numbers, Numbers]:
    """How much of each pixel the raster covers, and the weighed mean of the raster there."""
    a, b, c, d, e, f, g, h, i = matrix
    x, y = at
    far = g * x + h * y + i
    before = far > 1e-9
    far = np.where(before, far, 1.0)
    u, v = (a * x + b * y + c) / far, (d * x + e * y + f) / far
    across = np.clip(np.sqrt((a - u * g) ** 2 + (b - u * h) ** 2) / far, _NOTHING, WIDEST)
    down = np.clip(np.sqrt((d - v * g) ** 2 + (e - v * h) ** 2) / far, _NOTHING, WIDEST)
    wide, high = np.maximum(across, 1), np.maximum(down, 1)
    left, top, width, height = window
    cover = np.clip(np.minimum(u, width - u) / across + 0.5, 0, 1)
    cover *= np.clip(np.minimum(v, height - v) / down + 0.5, 0, 1)
    cover = np.where(before, cover, 0)
    # What lies far beside the raster is not looked for: it is not shown.
    u, v = np.where(cover > 0, u, 0), np.where(cover > 0, v, 0)
    wide, high = np.where(cover > 0, wide, 1), np.where(cover > 0, high, 1)
    columns = [
        (weight, np.clip(np.clip(at, 0, width - 1) - left, 0, pixels.shape[1] - 1))
        for weight, at in _taps(u, wide, method)
    ]
    total = np.zeros((*u.shape, pixels.shape[2]))
    weights = np.zeros_like(u)
    for weigh, row in _taps(v, high, method):
        row = np.clip(np.clip(row, 0, height - 1) - top, 0, pixels.shape[0] - 1)
        for own, column in columns:
            weight = weigh * own
            weights += weight
            total += weight[..., None] * pixels[row, column]
    return cover, total / weights[..., None]


def _lanczos(t: Numbers) -> Numbers:
    """Lanczos-3, of distances of 3 at the most."""
    s = np.pi * t
    near = np.abs(s) < 1e-9
    s = np.where(near, 1.0, s)
    return np.where(near, 1.0, 3 * np.sin(s) * np.sin(s / 3) / (s * s))


def _bicubic(t: Numbers) -> Numbers:
    """Keys (1981), a = -1/2: a parabola goes through it unchanged."""
    t = np.abs(t)
    near, far = (1.5 * t - 2.5) * t * t + 1, ((-0.5 * t + 2.5) * t - 4) * t + 2
    return np.where(t < 1, near, np.where(t < 2, far, 0.0))


def _mitchell(t: Numbers) -> Numbers:
    """Mitchell and Netravali (1988), B = C = 1/3: neither blur nor rings stand out."""
    t = np.abs(t)
    near = ((7 * t - 12) * t * t + 16 / 3) / 6
    far = (((-7 / 3 * t + 12) * t - 20) * t + 32 / 3) / 6
    return np.where(t < 1, near, np.where(t < 2, far, 0.0))


def _tent(t: Numbers) -> Numbers:
    """Straight from pixel to pixel."""
    t = np.abs(t)
    return np.where(t < 1, 1 - t, 0.0)


_BELLS: dict[str, _Bell] = {
    "lanczos": _lanczos,
    "mitchell": _mitchell,
    "bicubic": _bicubic,
    "bilinear": _tent,
}

_REACH = {"lanczos": 3.0, "mitchell": 3.0, "bicubic": 3.0, "bilinear": 1.0}
"""Pixels, or pixels of the result where those are larger, as far as which a method looks."""


def _taps(
    middle: Numbers, size: Numbers, method: Sampling
) -> Iterator[tuple[Numbers, NDArray[np.int64]]]:
    """The weights of the pixels around each of ``middle``, and where they lie, one by one."""
    bell, reach = _BELLS[method], _REACH[method]
    first = np.ceil(middle - 0.5 - reach * size).astype(np.int64)
    last = np.floor(middle - 0.5 + reach * size).astype(np.int64)
    for step in range(int((last - first).max()) + 1):
        place = first + step
        weight = bell((place + 0.5 - middle) / size)
        yield np.where(place <= last, weight, 0.0), place
