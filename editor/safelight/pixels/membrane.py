"""Membrane: values carried smoothly from the rim of a hole across it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_SMALLEST = 8
"""Side in pixels at which a picture is not halved any more."""

_SWEEPS = 24
"""Sweeps over a picture before the next larger one; the smallest has ten times as many."""

_FASTER = 1.8
"""Over-relaxation of a sweep, 1 to 2: how far beyond the mean of its neighbours a value goes."""

_Values = NDArray[np.float32]
_Inside = NDArray[np.bool_]


def membrane(values: _Values, inside: _Inside) -> _Values:
    """``values`` (height, width, channels), float32, of any range, with those ``inside`` (height,
    width), bool, replaced by the harmonic ones: each the mean of its four neighbours. At the
    picture's edge it goes on as it ends; where nothing is known, all is 0.

    The membrane of Pérez et al. (2003), Poisson image editing, that seamless cloning adds to what
    is cloned. From coarse to fine: each picture begins with that of half its size and is smoothed
    by successive over-relaxation, red and black pixels in turn.
    """
    if inside.all():
        return np.zeros_like(values)
    found = np.where(inside[..., None], np.float32(0), values)
    if not inside.any():
        return found
    height, width = inside.shape
    small = min(height, width) <= _SMALLEST
    if not small:
        _take(found, _doubled(membrane(*_halved(found, inside)), height, width), inside)
    else:
        _take(found, _mean_of_known(found, inside), inside)
    _sweep(found, inside, 10 * _SWEEPS if small else _SWEEPS)
    return found


def _take(found: _Values, other: _Values, inside: _Inside) -> None:
    np.copyto(found, other, where=inside[..., None])


def _mean_of_known(values: _Values, inside: _Inside) -> _Values:
    mean = values[~inside].mean(axis=0, dtype=np.float64).astype(np.float32)
    return np.broadcast_to(mean, values.shape)


def _halved(values: _Values, inside: _Inside) -> tuple[_Values, _Inside]:
    """Means of the known ones among each two by two; inside is where none is known."""
    height, width = inside.shape
    missing = (0, height % 2), (0, width % 2)
    known = np.pad(~inside, missing).astype(np.float32)
    sums = np.pad(values, (*missing, (0, 0)))
    known = known.reshape(known.shape[0] // 2, 2, -1, 2).sum(axis=(1, 3))
    sums = sums.reshape(sums.shape[0] // 2, 2, -1, 2, sums.shape[2]).sum(axis=(1, 3))
    return sums / np.maximum(known, 1)[..., None], known == 0


def _doubled(values: _Values, height: int, width: int) -> _Values:
    """Twice as large, linearly between middles, cut to (height, width)."""
    near, far = np.float32(0.75), np.float32(0.25)
    for axis, side in ((0, height), (1, width)):
        values = np.moveaxis(values, axis, 0)
        around = np.concatenate([values[:1], values, values[-1:]])
        pairs: _Values = np.stack(
            [near * values + far * around[:-2], near * values + far * around[2:]], axis=1
        )
        values = np.moveaxis(pairs.reshape(-1, *values.shape[1:])[:side], 0, axis)
    return values


def _sweep(values: _Values, inside: _Inside, sweeps: int) -> None:
    """Bring values inside nearer to the mean of their neighbours, in place."""
    rows, columns = np.nonzero(inside)
    height, width = inside.shape
    flat = values.reshape(-1, values.shape[2])
    halves = []
    for colour in (0, 1):
        chosen = (rows + columns) % 2 == colour
        y, x = rows[chosen], columns[chosen]
        near = [
            np.maximum(y - 1, 0) * width + x,
            np.minimum(y + 1, height - 1) * width + x,
            y * width + np.maximum(x - 1, 0),
            y * width + np.minimum(x + 1, width - 1),
        ]
        halves.append((y * width + x, near))
    for _ in range(sweeps):
        for own, near in halves:
            mean = flat[near[0]]
            for other in near[1:]:
                mean += flat[other]
            mean *= np.float32(0.25)
            now = flat[own]
            flat[own] = now + np.float32(_FASTER) * (mean - now)
