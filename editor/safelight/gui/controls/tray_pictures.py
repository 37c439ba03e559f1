"""Tray pictures: what every tray of the window offers, with small images."""

from __future__ import annotations

import functools
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, QRect, Qt, Signal
from PySide6.QtGui import QImage

from safelight.actions import OpenError, WriteError
from safelight.actions.picture_settings import read_pixels
from safelight.actions.tray_library import TrayPicture, add_picture, remove_picture, tray_pictures
from safelight.gui.threads.background import Background

_SIDE = 152
"""Pixels of a small image: a tile on a screen with small pixels."""

_KEPT = 600
"""Small images that are kept, of 70 kB each."""


class Shelf(QObject):
    """The pictures as they were read last. ``changed`` tells that others are there now.

    ``image_made`` tells that another small image is there.
    """

    changed = Signal()
    image_made = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.pictures: tuple[TrayPicture, ...] = ()
        self._images: OrderedDict[str, QImage] = OrderedDict()
        self._waiting: list[str] = []

    def load(self) -> None:
        """Read the tray's pictures on a thread; those shown stay until then, or for good if that
        fails.
        """
        Background(self, tray_pictures, self.show_pictures, lambda error: None)

    def show_pictures(self, pictures: tuple[TrayPicture, ...]) -> None:
        """Offer the given pictures."""
        if pictures != self.pictures:
            self.pictures = pictures
            self.changed.emit()

    def image(self, text: str) -> QImage | None:
        """A small image of a picture; None while it is being made, and where it cannot be."""
        image = self._images.get(text)
        if image is None and text not in self._waiting:
            self._waiting.append(text)
            if len(self._waiting) == 1:
                self._make_next()
        return image if image is not None and not image.isNull() else None

    def _make_next(self) -> None:
        text = self._waiting[0]
        made = partial(self._made, text)
        Background(self, partial(small_image, text), made, lambda error: made(QImage()))

    def _made(self, text: str, image: QImage) -> None:
        self._waiting.remove(text)
        self._images[text] = image
        if len(self._images) > _KEPT:
            self._images.popitem(last=False)
        self.image_made.emit()
        if self._waiting:
            self._make_next()

    def remove(self, picture: TrayPicture) -> None:
        """Take one of the user's own away. Raises OSError."""
        remove_picture(picture)
        self.show_pictures(tuple(item for item in self.pictures if item != picture))


@dataclass(frozen=True, slots=True)
class Added:
    """What became of files that were to be added: all there is now, the new, and complaints."""

    pictures: tuple[TrayPicture, ...]
    new: tuple[TrayPicture, ...]
    troubles: tuple[str, ...]


def add(paths: Iterable[Path]) -> Added:
    """Put files into the user's tray. Takes a while: for a thread."""
    new, troubles = [], []
    for path in paths:
        try:
            new.append(add_picture(path))
        except (OpenError, WriteError, OSError) as error:
            troubles.append(str(error))
    return Added(tray_pictures(), tuple(new), tuple(troubles))


@functools.cache
def shelf() -> Shelf:
    """The one shelf of all trays."""
    return Shelf()


def small_image(text: str) -> QImage:
    """The middle of a picture, square. Raises NoImage. Takes a moment: for a thread."""
    pixels = np.rint(read_pixels(text).clip(0, 1) * 255).astype(np.uint8)
    height, width = pixels.shape[:2]
    whole = QImage(pixels.tobytes(), width, height, width * 3, QImage.Format.Format_RGB888)
    side = min(width, height)
    middle = whole.copy(QRect((width - side) // 2, (height - side) // 2, side, side))
    smooth = Qt.TransformationMode.SmoothTransformation
    return middle.scaled(_SIDE, _SIDE, Qt.AspectRatioMode.IgnoreAspectRatio, smooth)
