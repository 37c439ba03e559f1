"""Grid: thin lines between the picture's pixels, where they are large enough for it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QBrush, QImage, QPainter, QTransform

from safelight.gui.canvas.pose import nearest

FROM = 8.0
"""The zoom from which on the grid is shown."""

_FULL = 16.0
_FAINT, _CLEAR = 70, 120
"""Opacity of the lines, of 255: at the zoom of ``FROM``, and from ``_FULL`` on."""

_BAND = 64


def paint_grid(
    painter: QPainter,
    corner: tuple[float, float],
    zoom: float,
    size: tuple[int, int],
    clip: QRect,
    *,
    slants: bool,
) -> None:
    """Paint the lines within ``clip``; the picture of that size has its corner at ``corner``."""
    if zoom < FROM:
        return
    across = _edges(corner[0], zoom, size[0], clip.left(), clip.right())
    down = _edges(corner[1], zoom, size[1], clip.top(), clip.bottom())
    if not across or not down:
        return
    strength = min((zoom - FROM) / (_FULL - FROM), 1)
    alpha = round(_FAINT + (_CLEAR - _FAINT) * strength)
    area = QRect(QPoint(across[0], down[0]), QPoint(across[-1], down[-1]))
    if slants:
        side = round(zoom)
        cell = np.zeros((side, side), np.uint32)
        cell[0], cell[:, 0] = _dashes(side, alpha), _dashes(side, alpha)
        brush = QBrush(_image(cell))
        brush.setTransform(QTransform.fromTranslate(*corner).scale(zoom / side, zoom / side))
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.fillRect(area, brush)
        painter.restore()
        return
    # Whole bands of upright lines, because one after the other they take ten times as long.
    columns = np.array(across) - across[0]
    left, top = (
        start - nearest(at) for start, at in zip((across[0], down[0]), corner, strict=True)
    )
    band = np.zeros((_BAND, area.width()), np.uint32)
    band[:, columns] = _dashes(_BAND, alpha, top)[:, None]
    upright = _image(band)
    for y in range(area.top(), area.bottom() + 1, _BAND):
        height = min(_BAND, area.bottom() + 1 - y)
        painter.drawImage(area.left(), y, upright, 0, 0, area.width(), height)
    line = _dashes(area.width(), alpha, left)[None].copy()
    line[:, columns] = 0
    level = _image(line)
    for y in down:
        painter.drawImage(area.left(), y, level)


def _dashes(length: int, alpha: int, first: int = 0) -> NDArray[np.uint32]:
    """Dark and light pixels in turns, to be seen on dark and on light; premultiplied.

    ``first``: how many pixels from the picture's edge they begin; dashes move with the picture.
    """
    light = alpha * 2 // 3
    dark = (np.arange(length) + first) % 2
    return np.where(dark, alpha << 24, light * 0x01010101).astype(np.uint32)


def _image(pixels: NDArray[np.uint32]) -> QImage:
    height, width = pixels.shape
    kind = QImage.Format.Format_ARGB32_Premultiplied
    return QImage(pixels.data, width, height, 4 * width, kind).copy()


def _edges(start: float, zoom: float, count: int, first: int, last: int) -> list[int]:
    """The painter's columns (or rows) in which pixels begin, and in which the last one ends."""
    low = max(math.floor((first - start) / zoom), 0)
    high = min(math.ceil((last + 1 - start) / zoom), count)
    return [nearest(start + index * zoom) for index in range(low, high + 1)]
