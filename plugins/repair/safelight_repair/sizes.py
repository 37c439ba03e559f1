"""Sizes: halving and doubling a picture and its holes, and how deep a hole is.

Pictures are (h, w, 3) float32, masks (h, w) bool.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Mask = NDArray[np.bool_]


def halved(image: Array, hole: Mask) -> tuple[Array, Mask]:
    """A picture (h, w, 3) and its holes (h, w) at half the size: each pixel the mean of the known
    ones of its four, missing where none is known.

    An odd last row or column counts twice. What is missing is 0.
    """
    image, hole = even(image), even(hole)
    total = np.zeros((hole.shape[0] // 2, hole.shape[1] // 2, 3), np.float32)
    count = np.zeros((*total.shape[:2], 1), np.float32)
    holed = hole.any()
    for quarter in np.ndindex(2, 2):
        part = tuple(slice(start, None, 2) for start in quarter)
        missing = hole[part]
        for channel in range(3):  # numpy goes along the longest run alone quickly
            given = image[(*part, channel)]
            total[..., channel] += np.where(missing, np.float32(0), given) if holed else given
        count[..., 0] += ~missing
    return total / np.maximum(count, 1), count[..., 0] == 0


def halved_mask(mask: Mask) -> Mask:
    """A mask (h, w) at half the size, set where any of four pixels is."""
    mask = even(mask)
    return mask[::2, ::2] | mask[1::2, ::2] | mask[::2, 1::2] | mask[1::2, 1::2]


def even(part: NDArray[np.generic]) -> NDArray[np.generic]:
    """A picture (h, w, 3) or mask (h, w), of any dtype, with its last row or column a second time
    where their number is odd.
    """
    odd = [(0, size % 2) for size in part.shape[:2]]
    if not any(after for _, after in odd):
        return part
    return np.pad(part, [*odd, (0, 0)][: part.ndim], mode="edge")


def doubled(image: Array) -> Array:
    """Twice the size, bilinear: (2h, 2w, 3)."""
    for axis in (0, 1):
        before, after = (np.roll(image, step, axis) for step in (1, -1))
        first = [slice(None)] * image.ndim
        last = list(first)
        first[axis], last[axis] = slice(0, 1), slice(-1, None)
        before[tuple(first)], after[tuple(last)] = image[tuple(first)], image[tuple(last)]
        quarter, most = np.float32(0.25), np.float32(0.75)
        pair = np.stack([most * image + quarter * before, most * image + quarter * after], axis + 1)
        shape = list(image.shape)
        shape[axis] *= 2
        image = pair.reshape(shape)
    return image


def doubled_mask(mask: Mask) -> Mask:
    """A mask (h, w) at twice the size, each pixel four times."""
    return mask.repeat(2, 0).repeat(2, 1)


def count_around(mask: Mask, by: int) -> NDArray[np.int32]:
    """How many pixels are set in the square of 2 * `by` + 1 pixels around each; (h, w)."""
    sums = np.pad(mask, ((by + 1, by), (by + 1, by))).cumsum(0, np.int32).cumsum(1, np.int32)
    side = 2 * by + 1
    return sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]


def deep(hole: Mask, by: int) -> Mask:
    """Where, (h, w), nothing within `by` pixels of a hole's pixel is known; what is beyond the
    picture is not known.
    """
    return count_around(~hole, by) == 0


def near(mask: Mask, by: int) -> Mask:
    """Where, (h, w), something of a mask is set within `by` pixels."""
    return count_around(mask, by) > 0
