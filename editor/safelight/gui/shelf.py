"""Shelf: the pictures that every tray of the window offers, and small images of them."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, QRect, Qt, Signal
from PySide6.QtGui import QImage

from safelight.actions import OpenError, WriteError
from safelight.actions.pictures import read_pixels
from safelight.actions.tray import TrayPicture, add_picture, remove_picture, tray_pictures
from safelight.gui.background import Background
from safelight.workers.images import NoImage

_SIDE = 152
"""Pixels of a small image: a tile on a screen with small pixels."""


class Shelf(QObject):
    """The pictures as they were read last. ``changed`` tells that others are there now."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.pictures: tuple[TrayPicture, ...] = ()

    def load(self) -> None:
        """Read them on a thread; those there are stay until then, or for good if that fails."""
        Background(self, _load, self.show_pictures, lambda error: None)

    def show_pictures(self, pictures: tuple[TrayPicture, ...]) -> None:
        """Offer these."""
        if pictures != self.pictures:
            self.pictures = pictures
            self.changed.emit()

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
    return Added(_load(), tuple(new), tuple(troubles))


@functools.cache
def shelf() -> Shelf:
    """The one shelf of all trays."""
    return Shelf()


@functools.lru_cache(maxsize=128)
def small_image(text: str) -> QImage:
    """The middle of a picture, square. Raises NoImage. Any thread may call it."""
    pixels = np.rint(read_pixels(text).clip(0, 1) * 255).astype(np.uint8)
    height, width = pixels.shape[:2]
    whole = QImage(pixels.tobytes(), width, height, width * 3, QImage.Format.Format_RGB888)
    side = min(width, height)
    middle = whole.copy(QRect((width - side) // 2, (height - side) // 2, side, side))
    smooth = Qt.TransformationMode.SmoothTransformation
    return middle.scaled(_SIDE, _SIDE, Qt.AspectRatioMode.IgnoreAspectRatio, smooth)


def _load() -> tuple[TrayPicture, ...]:
    pictures = tray_pictures()
    for picture in pictures:  # so that the window need not wait for their small images
        with contextlib.suppress(NoImage):
            small_image(picture.text)
    return pictures
