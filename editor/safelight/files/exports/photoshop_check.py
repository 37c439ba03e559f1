"""Photoshop check: a file that was written is read back, and must be the picture that went in."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from safelight.files.codecs.photograph import Photograph
from safelight.files.exports.photoshop_pixels import matted
from safelight.files.write_errors import WriteError
from safelight.pixels import Raster


def checker_of(
    name: str,
    merged: Raster,
    read: Callable[[BinaryIO, int, None], Photograph],
    hear: Callable[[float], object],
) -> Callable[[Path], None]:
    """What reads a finished file back, with ``read``, and raises WriteError, about the file called
    ``name``, unless it holds layers and the picture ``merged``.
    """

    def check(temporary: Path) -> None:
        hear(0.8)
        with open(temporary, "rb") as file:
            again = read(file, os.path.getsize(temporary), None)
        expected = matted(merged.to_array())
        if again.layers is None or again.notes or not _same(matted(again.pixels), expected):
            raise WriteError(f"{name} was not saved: it read back differently; try again.")
        hear(1.0)

    return check


def _same(found: NDArray[Any], expected: NDArray[Any]) -> bool:
    """Whether two pictures (height, width, 3 or 4) of one depth are alike but for rounding."""
    if found.shape != expected.shape or found.dtype != expected.dtype:
        return False
    if found.shape[2] == 3:
        return np.array_equal(found, expected)
    if not np.array_equal(found[..., 3], expected[..., 3]):
        return False
    # What white was laid behind is rounded once more than it was.
    most = 1e-5 if found.dtype == np.float32 else 1
    rows = range(0, len(found), 256)
    return all(_furthest(found[at : at + 256], expected[at : at + 256]) <= most for at in rows)


def _furthest(found: NDArray[Any], expected: NDArray[Any]) -> float:
    """The largest difference; of float32 as a share of what is expected, where that is above 1."""
    difference = np.abs(found.astype(np.float64) - expected.astype(np.float64))
    return (
        float((difference / np.maximum(np.abs(expected), 1)).max())
        if (found.dtype == np.float32)
        else float(difference.max())
    )
