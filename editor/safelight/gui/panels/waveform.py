"""Waveform: from left to right as the picture is, which tones are there, the light ones above."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

COLUMNS, LEVELS = 256, 128
"""Columns in which pixels are counted, and the tones that are told apart."""

_DENSE = 0.06
"""The part of a column's pixels in one tone from which on that is as bright as it gets."""


def waveform(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Which part of the pixels of each column has which tone: (``LEVELS``, ``COLUMNS``, 3), 0 to 1.

    ``pixels`` (height, width, 3 or 4) are sRGB-encoded; what lies beyond 0 to 1 counts as the last
    tone, what is transparent as nothing. The first row is the lightest tone.
    """
    height, width = pixels.shape[:2]
    tones = np.clip(pixels[..., :3] * (LEVELS - 1) + 0.5, 0, LEVELS - 1).astype(np.int64)
    columns = np.minimum(np.arange(width) * COLUMNS // width, COLUMNS - 1)
    seen = pixels[..., 3] >= 0.5 if pixels.shape[2] == 4 else np.ones((height, width), np.bool_)
    spread = np.broadcast_to(columns, (height, width))[seen]
    counts = np.empty((LEVELS, COLUMNS, 3), np.float32)
    for channel in range(3):
        places = (LEVELS - 1 - tones[..., channel][seen]) * COLUMNS + spread
        found = np.bincount(places, minlength=LEVELS * COLUMNS)
        counts[..., channel] = found.reshape(LEVELS, COLUMNS)
    total = np.maximum(np.bincount(spread, minlength=COLUMNS), 1).astype(np.float32)
    counts /= total[None, :, None]
    return counts


def paint_waveform(painter: QPainter, area: QRectF, shares: NDArray[np.float32]) -> None:
    """Paint ``shares``, (``LEVELS``, ``COLUMNS``, 3) from 0 to 1, as ``waveform`` gives them; where
    red, green and blue are alike the paint is grey.
    """
    light = np.clip(shares / _DENSE, 0, 1) ** 0.5
    colours = (light * 235 + 0.5).astype(np.uint8)
    rows = np.ascontiguousarray(colours)
    image = QImage(rows.data, COLUMNS, LEVELS, 3 * COLUMNS, QImage.Format.Format_RGB888)
    painter.save()
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Plus)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawImage(area, image)
    painter.restore()
