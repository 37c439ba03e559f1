"""Pyramid: pictures at half the size and half the size again.

Rows are shared among threads; every pixel is computed in the same order by any number of them.
"""

import numpy as np

from .kernel_cache import compiled
from .kernels import HALF, shared_rows

_compiled = compiled(nogil=True, fastmath=False)
_EVERYWHERE = np.zeros((0, 0), bool)


def halved(picture):
    """The mean of every 2 x 2 pixels: float32 (height, width, channels), sizes rounded up.

    The last row and column of odd sizes are repeated.
    """
    return _halved(picture, _EVERYWHERE)


def halved_where(picture, known):
    """The mean of the ``known`` pixels (height, width) of every 2 x 2, 0 where none is known.

    Beside the mean comes what is known at half the size: where any of the four pixels is.
    """
    return _halved(picture, np.ascontiguousarray(known)), halved_mask(known)


def halved_mask(mask):
    """Which of 2 x 2 pixels hold one that is set: bool, sizes rounded up."""
    rows, odd = mask[0::2].copy(), mask[1::2]
    rows[: len(odd)] |= odd
    result, odd = rows[:, 0::2].copy(), rows[:, 1::2]
    result[:, : odd.shape[1]] |= odd
    return result


def _halved(picture, known):
    height, width, *channels = picture.shape
    sizes = -(-height // 2), -(-width // 2)
    kind = np.result_type(picture, np.float32)
    result = np.empty((*sizes, *channels), kind)
    whole = np.ascontiguousarray(picture, kind).reshape(height, width, -1)
    half = result.reshape(*sizes, -1)
    shared_rows(sizes[0], lambda rows: _halve(whole, known, rows, half))
    return result


@_compiled
def _halve(picture, known, rows, result):
    last, end = picture.shape[0] - 1, picture.shape[1] - 1
    for y in rows:
        top, bottom = 2 * y, min(2 * y + 1, last)
        for x in range(result.shape[1]):
            left, right = 2 * x, min(2 * x + 1, end)
            if known.size == 0:
                for channel in range(result.shape[2]):
                    total = picture[top, left, channel] + picture[bottom, left, channel]
                    total += picture[top, right, channel]
                    total += picture[bottom, right, channel]
                    result[y, x, channel] = np.float32(0.25) * total
                continue
            share = np.float32(0)
            for channel in range(result.shape[2]):
                result[y, x, channel] = 0
            for quarter in range(4):
                row = bottom if quarter % 2 else top
                column = right if quarter >= 2 else left
                if known[row, column]:
                    share += np.float32(0.25)
                    for channel in range(result.shape[2]):
                        result[y, x, channel] += picture[row, column, channel]
            if share > 0:
                for channel in range(result.shape[2]):
                    result[y, x, channel] = np.float32(0.25) * result[y, x, channel] / share


def doubled_field(field, shape, source_shape):
    """A field at twice the size: int32 (height, width, 2) of ``shape``, in a source of twice its
    size.
    """
    rows, columns = np.arange(shape[0]), np.arange(shape[1])
    large = field[np.minimum(rows // 2, field.shape[0] - 1)][
        :, np.minimum(columns // 2, field.shape[1] - 1)
    ]
    large = 2 * large
    large[..., 0] += (rows % 2)[:, None]
    large[..., 1] += (columns % 2)[None, :]
    most = np.array(source_shape[:2]) - HALF - 1
    return np.clip(large, HALF, most).astype(np.int32)


def spread(picture, known):
    """A picture whose unknown pixels go on smoothly from the ``known`` ones (height, width).

    Pull and push: S. Gortler et al., "The Lumigraph", SIGGRAPH 1996, section 3.4.
    """
    if known.all() or not known.any():
        return picture.copy()
    if min(known.shape) <= 1:
        mean = picture[known].mean(axis=0)
        return np.where(known[..., None], picture, mean).astype(np.float32)
    smaller, inside = halved_where(picture, known)
    coarse = smooth_doubled(spread(smaller, inside), known.shape)
    return np.where(known[..., None], picture, coarse)


def smooth_doubled(picture, shape):
    """A picture at twice the size, between its pixels linear: float32 (*shape, channels)."""
    height, width, *channels = picture.shape
    sizes = min(shape[0], 2 * height), min(shape[1], 2 * width)
    result = np.empty((*sizes, *channels), picture.dtype)
    small = np.ascontiguousarray(picture).reshape(height, width, -1)
    large = result.reshape(*sizes, -1)
    shared_rows(sizes[0], lambda rows: _smooth_double(small, rows, large))
    return result


@_compiled
def _smooth_double(picture, rows, result):
    most, quarter = np.float32(0.75), np.float32(0.25)
    height, width, channels = picture.shape
    row = np.empty((width, channels), picture.dtype)
    for y in rows:
        near = y // 2
        far = min(near + 1, height - 1) if y % 2 else max(near - 1, 0)
        for x in range(width):
            for channel in range(channels):
                here, there = picture[near, x, channel], picture[far, x, channel]
                row[x, channel] = most * here + quarter * there
        for x in range(result.shape[1]):
            beside = min(x // 2 + 1, width - 1) if x % 2 else max(x // 2 - 1, 0)
            for channel in range(channels):
                here, there = row[x // 2, channel], row[beside, channel]
                result[y, x, channel] = most * here + quarter * there
