"""Invention map: how much of each place a filter added, which what was there does not explain.

What an enlargement explains is found by back-projection (Irani and Peleg, "Improving resolution by
image registration", 1991): the smoothest picture that is the original once it is reduced. Of a
result of the same size, what is explained is what other light and contrast of a place give: a local
linear change of the original, by the guided filter (He, Sun and Tang, 2010).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from safelight.pixels.cutout import guided
from safelight.pixels.opencv import opencv

_ROUNDS = 20
_RADIUS = 4
"""Pixels around its own within which the light of a place may change as one."""

_EVEN = 1e-5
"""The variance below which a place has nothing that explains anything."""


def invention_map(before: NDArray[np.float32], after: NDArray[np.float32]) -> NDArray[np.float32]:
    """How much of ``after``, float32 (height · scale, width · scale, 3), was not in ``before``,
    (height, width, 3), both 0 to 1: float32 (height · scale, width · scale), of the same unit.
    """
    explained = explained_by(before, after)
    return np.asarray(np.abs(after - explained).max(2), np.float32)


def explained_by(before: NDArray[np.float32], after: NDArray[np.float32]) -> NDArray[np.float32]:
    """The part of ``after`` that ``before`` explains: float32 (height, width, 3)."""
    if before.shape != after.shape:
        return _back_projected(before, after.shape[1] // before.shape[1])
    planes = [guided(before, after[..., n], _RADIUS, _EVEN) for n in range(after.shape[2])]
    return np.stack(planes, 2)


def _back_projected(small: NDArray[np.float32], scale: int) -> NDArray[np.float32]:
    cv2 = opencv()
    height, width = small.shape[:2]
    size = width * scale, height * scale

    def enlarged(picture: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC), np.float32)

    found = enlarged(small)
    for _ in range(_ROUNDS):
        reduced = cv2.resize(found, (width, height), interpolation=cv2.INTER_AREA)
        found = found + enlarged(small - reduced)
    return found
