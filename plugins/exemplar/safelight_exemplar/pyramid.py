"""Pyramid: pictures at half the size and half the size again."""

import numpy as np

from .kernels import HALF


def halved(picture):
    """The mean of every 2 x 2 pixels: float32 (height, width, channels), sizes rounded up.

    The last row and column of odd sizes are repeated.
    """
    picture = _even(picture)
    sums = picture[0::2, 0::2] + picture[1::2, 0::2] + picture[0::2, 1::2] + picture[1::2, 1::2]
    return np.float32(0.25) * sums


def halved_where(picture, known):
    """As ``halved``, of the ``known`` pixels (height, width) alone; what has none is 0.

    With it what is known at half the size: where any of the four pixels is.
    """
    weights = known.astype(np.float32)[..., None]
    share = halved(weights)
    sums = halved(picture * weights)
    return sums / np.maximum(share, np.float32(1e-6)), share[..., 0] > 0


def parents_of(places, shape):
    """Which pixels of half the size, of ``shape``, hold ``places`` (count, 2): rows, columns."""
    return tuple(np.minimum(places[:, axis] // 2, shape[axis] - 1) for axis in (0, 1))


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
    for axis in (0, 1):
        before = np.take(picture, np.maximum(np.arange(picture.shape[axis]) - 1, 0), axis)
        last = picture.shape[axis] - 1
        after = np.take(picture, np.minimum(np.arange(picture.shape[axis]) + 1, last), axis)
        near = np.float32(0.75) * picture
        pair = near + np.float32(0.25) * before, near + np.float32(0.25) * after
        sizes = list(picture.shape)
        sizes[axis] *= 2
        picture = np.stack(pair, axis + 1).reshape(sizes)
    return picture[: shape[0], : shape[1]]


def _even(picture):
    height, width = picture.shape[:2]
    if height % 2 == 0 and width % 2 == 0:
        return picture
    around = [(0, height % 2), (0, width % 2)] + [(0, 0)] * (picture.ndim - 2)
    return np.pad(picture, around, mode="edge")
