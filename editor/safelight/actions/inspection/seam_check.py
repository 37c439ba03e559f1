"""Seam check: the same part of a picture cut two ways, and where the results differ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from safelight.actions.inspection.tried_filter import TriedFilter

VISIBLE = 1 / 255
"""The least difference that an 8-bit file may show."""


@dataclass(frozen=True, slots=True)
class Seam:
    """How far two ways to cut differ: ``map`` float32 (height, width), ``worst`` the largest
    difference, ``at_cut`` the largest within two pixels of the cut; of 1.
    """

    map: NDArray[np.float32]
    worst: float
    at_cut: float

    @property
    def visible(self) -> bool:
        """Whether an 8-bit file may show it."""
        return self.worst >= VISIBLE


def seam_check(tried: TriedFilter, whole: NDArray[np.float32]) -> Seam | None:
    """Have the left and the right half made apart, each with the pixels around that the filter says
    it needs, and compare with ``whole``, float32 (height, width, 3): one piece's result. None for a
    filter that sees all, or where the part is too small to be cut. Raises FilterFailed and Stopped.
    """
    reach, grid = tried.plan.reach, tried.plan.multiple
    width = tried.picture.shape[1]
    middle = width // 2 // grid * grid
    left_end = min(-(-(middle + reach) // grid) * grid, width)
    right_start = max((middle - reach) // grid * grid, 0)
    if tried.sees_all or not grid <= middle < width or (left_end == width and not right_start):
        return None
    scale = tried.scale
    left = tried.made(tried.picture[:, :left_end])[:, : middle * scale]
    right = tried.made(tried.picture[:, right_start:])[:, (middle - right_start) * scale :]
    apart = np.abs(np.concatenate((left, right), 1) - whole).max(2)
    near = apart[:, max((middle - 2) * scale, 0) : (middle + 2) * scale]
    return Seam(apart, float(apart.max()), float(near.max()))
