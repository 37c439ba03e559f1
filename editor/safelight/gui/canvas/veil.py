"""Veil: a selection, shown by darkening what is not selected."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QImage, QPainter

from safelight.pixels import Raster

_SIDE = 2048
"""Longest side of the image that shows a selection, in pixels."""

_QUICK = 2_000_000
"""Pixels of a selection whose veil is made within a frame, its zoom levels too."""

_DARK = 150
"""How dark, of 255, what is not selected is shown."""

_DARKNESS = (_DARK * (255 - np.arange(256)) // 255 << 24).astype(np.uint32)
"""For each level of a selection the black that shows it: 0xAA000000."""


def _veil_level(selection: Raster) -> int:
    level = 1
    while max(selection.width, selection.height) >> level > _SIDE:
        level += 1
    return level


def veil_takes_time(selection: Raster) -> bool:
    """Whether ``veil`` is to be called on a thread."""
    return selection.width * selection.height > _QUICK


def veil(selection: Raster) -> QImage:
    """An image, at most ``_SIDE`` pixels a side, that darkens what is not selected."""
    dark = _DARKNESS[selection.level(_veil_level(selection)).to_array()[..., 0]]
    height, width = dark.shape
    kind = QImage.Format.Format_ARGB32_Premultiplied
    return QImage(dark.data, width, height, 4 * width, kind).copy()


def paint_veil(
    painter: QPainter, image: QImage, corner: QPointF, size: tuple[int, int], zoom: float
) -> None:
    """Lay the veil over the picture, whose corner is at ``corner``."""
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, zoom < 2)
    target = QRectF(corner.x(), corner.y(), size[0] * zoom, size[1] * zoom)
    painter.drawImage(target, image)
