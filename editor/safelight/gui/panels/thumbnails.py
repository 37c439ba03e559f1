"""Thumbnails: small pictures of rasters, made on a thread, one at a time."""

from __future__ import annotations

import weakref

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from safelight.gui.threads.background import Background
from safelight.pixels import Raster, from_float, to_float

_SIDE = 64


class Thumbnails(QObject):
    """Pictures of at most 64 pixels a side. ``changed`` tells that another one is there.

    They are kept as long as their raster is: a raster never changes.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._known: weakref.WeakKeyDictionary[Raster, QImage] = weakref.WeakKeyDictionary()
        self._waiting: list[Raster] = []
        self._busy = False

    def of(self, raster: Raster) -> QImage | None:
        """The picture of a raster; None while it is being made."""
        image = self._known.get(raster)
        if image is None and all(raster is not other for other in self._waiting):
            self._waiting.append(raster)
            self._next()
        return image

    def _next(self) -> None:
        if self._busy or not self._waiting:
            return
        self._busy = True
        raster = self._waiting[0]
        Background(
            self,
            lambda: thumbnail(raster),
            lambda image: self._made(raster, image),
            lambda error: self._made(raster, QImage()),
        )

    def _made(self, raster: Raster, image: QImage) -> None:
        self._known[raster] = image
        self._waiting = [other for other in self._waiting if other is not raster]
        self._busy = False
        self.changed.emit()
        self._next()


def thumbnail(raster: Raster) -> QImage:
    """A small picture of a raster, from a coarse zoom level."""
    level = max((max(raster.width, raster.height) - 1).bit_length() - _SIDE.bit_length() + 1, 0)
    # What is computed, a layer out of shape, has float32, which is no picture for Qt.
    pixels = from_float(to_float(raster.level(max(level, 1)).to_array()), "uint8")
    rgba = np.full((*pixels.shape[:2], 4), 255, np.uint8)
    rgba[..., :3] = pixels[..., :3]
    if raster.channels == 4:
        rgba[..., 3] = pixels[..., 3]
    height, width = rgba.shape[:2]
    return QImage(rgba.data, width, height, width * 4, QImage.Format.Format_RGBA8888).copy()
