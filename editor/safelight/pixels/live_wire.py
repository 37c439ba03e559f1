"""Live wire: the path along the edges of a picture from one point to another.

Intelligent scissors (Mortensen and Barrett 1995): the shortest path over pixels that cost the less
the more of an edge there is, by OpenCV.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from safelight.pixels.opencv import opencv

_WEIGHTS = 0.43, 0.43, 0.14
"""What zero crossings, the gradient's direction and its size count, as in the paper."""

_CANNY = 32, 100
"""Gradients from which on an edge may go on, and from which on it begins."""

_STEEPEST = 200.0
"""Gradient from which on an edge is as good as any."""

_SMOOTH = 5
"""Pixels of a path whose mean its points are: it goes from pixel to pixel in steps."""


class LiveWire:
    """The paths from one pixel of a picture to all others.

    ``image`` is uint8 (height, width, 3), not more than some hundred pixels a side: to find them
    takes a microsecond for four pixels, so it is for a thread. ``seed`` is (column, row).
    """

    def __init__(self, image: NDArray[np.uint8], seed: tuple[int, int]) -> None:
        cv2 = opencv()

        # An edge against noise: the paper smooths too.
        image = cv2.GaussianBlur(np.ascontiguousarray(image), (0, 0), 1.0).astype(np.uint8)
        self._shape = image.shape[:2]
        self._wire = cv2.segmentation.IntelligentScissorsMB()
        self._wire.setWeights(*_WEIGHTS)
        self._wire.setEdgeFeatureCannyParameters(*_CANNY)
        self._wire.setGradientMagnitudeMaxLimit(_STEEPEST)
        self._wire.applyImage(image)
        self._wire.buildMap(self._inside(*seed))
        across = cv2.Sobel(image, cv2.CV_32F, 1, 0)
        down = cv2.Sobel(image, cv2.CV_32F, 0, 1)
        self._edges = np.sqrt((across**2 + down**2).max(axis=2))

    def _inside(self, column: float, row: float) -> tuple[int, int]:
        height, width = self._shape
        return min(max(int(column), 0), width - 1), min(max(int(row), 0), height - 1)

    def nearest_edge(self, column: float, row: float, radius: float) -> tuple[int, int]:
        """The pixel with the most of an edge within ``radius`` pixels; a near one before a far."""
        column, row = self._inside(column, row)
        reach = int(radius)
        top, left = max(row - reach, 0), max(column - reach, 0)
        part = self._edges[top : row + reach + 1, left : column + reach + 1]
        rows, columns = np.indices(part.shape)
        far = np.hypot(rows + top - row, columns + left - column)
        wanted = np.where(far <= radius, part * (1 - 0.5 * far / (radius + 1)), -1)
        down, across = np.unravel_index(int(wanted.argmax()), part.shape)
        return left + int(across), top + int(down)

    def path(self, column: float, row: float) -> NDArray[np.float64]:
        """The middles of the pixels from the seed to another one, (count, 2) in x and y.

        Both ends are where they are; between them steps from pixel to pixel are smoothed.
        """
        found = self._wire.getContour(self._inside(column, row)).reshape(-1, 2) + 0.5
        if len(found) > _SMOOTH:
            sums = np.cumsum(np.pad(found, ((1, 0), (0, 0))), axis=0)
            half = _SMOOTH // 2
            found[half:-half] = (sums[_SMOOTH:] - sums[:-_SMOOTH]) / _SMOOTH
        return np.asarray(found, np.float64)
