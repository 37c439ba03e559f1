"""Flat rows: the memory that pixels lie in, as the one line of numbers that kernels are given."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray


def in_one_piece(pixels: NDArray[np.float32]) -> tuple[NDArray[np.float32], int] | None:
    """The memory that ``pixels``, float32 (height, width) or (height, width, channels), lie in as a
    flat view, and the step from row to row. None when a row does not lie in one piece.
    """
    row = pixels[0].size
    if pixels.flags.c_contiguous and pixels.flags.aligned:
        return pixels.reshape(-1), row
    step = pixels.strides[0] // pixels.itemsize
    if step < row or not (pixels.flags.aligned and pixels[0].flags.c_contiguous):
        return None
    reach = (len(pixels) - 1) * step + row
    return as_strided(pixels, (reach,), (pixels.itemsize,)), step


def three_of_four(pixels: NDArray[np.float32]) -> tuple[NDArray[np.float32], int] | None:
    """Rows as ``in_one_piece`` gives them, of the colours, float32 (height, width, 3), of pixels
    that have alpha, as they lie there. None for what is something else.
    """
    size = pixels.itemsize
    if pixels.shape[2] != 3 or pixels.strides[1:] != (4 * size, size):
        return None
    step = pixels.strides[0] // size
    if step < 4 * pixels.shape[1] or not pixels.flags.aligned:
        return None
    reach = (len(pixels) - 1) * step + 4 * pixels.shape[1] - 1
    return as_strided(pixels, (reach,), (size,)), step


def copied(pixels: NDArray[np.float32]) -> tuple[NDArray[np.float32], int]:
    """A copy of ``pixels``, float32 (height, width) or (height, width, channels), as one flat line,
    and the step from row to row.
    """
    return pixels.flatten(), pixels[0].size
