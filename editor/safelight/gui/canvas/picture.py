"""Picture: a raster as Qt images on demand, tile by tile, in the screen's colours."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from functools import partial

import numpy as np
from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSizeF
from PySide6.QtGui import QColor, QColorSpace, QColorTransform, QImage, QPainter

from safelight.api import Region
from safelight.document import Document, render
from safelight.pixels import TILE, Profile, Raster, from_float, to_float

Key = tuple[int, int, int, int]
"""Which tile: picture, level, row, column."""

_KEPT = 768
"""Tiles kept ready, of 256 KB each."""


class Tiles:
    """Ready tiles of all pictures; those not looked at for longest go first.

    A frame makes tiles until ``deadline`` (on ``time.perf_counter``); what is missing then is
    shown from a coarser level, and ``incomplete`` asks for another frame.
    """

    def __init__(self) -> None:
        self._ready: OrderedDict[Key, QImage] = OrderedDict()
        self._deadline = 0.0
        self.incomplete = False

    def start_frame(self, seconds: float) -> None:
        """A frame begins that may spend ``seconds`` on making tiles."""
        self._deadline = time.perf_counter() + seconds
        self.incomplete = False

    def get(self, key: Key, make: Callable[[], QImage]) -> QImage | None:
        """The tile of that key, made now if there is time; None when there is none left."""
        image = self._ready.get(key)
        if image is not None:
            self._ready.move_to_end(key)
            return image
        if time.perf_counter() > self._deadline:
            self.incomplete = True
            return None
        return self.keep(key, make())

    def peek(self, key: Key) -> QImage | None:
        """The tile of that key if it is ready."""
        return self._ready.get(key)

    def keep(self, key: Key, image: QImage) -> QImage:
        """Note a tile as ready."""
        self._ready[key] = image
        if len(self._ready) > _KEPT:
            self._ready.popitem(last=False)
        return image


class Picture:
    """A document, or a raster with its profile, that can be drawn at any zoom level.

    Levels must have been made before (``make_levels``, on a thread): painting only looks up.
    """

    _count = 0

    def __init__(self, source: Document | Raster, profile: Profile | None = None) -> None:
        Picture._count += 1
        self._id = Picture._count
        self._source = source
        self.width, self.height = source.width, source.height
        if isinstance(source, Document):
            profile, alpha = source.profile, source.has_alpha
        else:
            alpha = source.channels == 4
        self.has_alpha = alpha
        self._to_screen = _transform(profile)
        self._whole: tuple[Region, QImage] | None = None

    def image(self, region: Region, tiles: Tiles) -> QImage:
        """The pixels of ``region`` (of its own level) as one image, in the screen's colours."""
        if self._whole and self._whole[0] == region:
            return self._whole[1]
        kind = QImage.Format.Format_ARGB32_Premultiplied
        if not self.has_alpha:
            kind = QImage.Format.Format_RGB32
        image = QImage(region.width, region.height, kind)
        painter = QPainter(image)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
        complete = True
        for row in range(region.y // TILE, -(-region.bottom // TILE)):
            for column in range(region.x // TILE, -(-region.right // TILE)):
                key = (self._id, region.level, row, column)
                tile = tiles.get(key, partial(self._tile, region.level, row, column))
                place = QPoint(column * TILE - region.x, row * TILE - region.y)
                if tile is not None:
                    painter.drawImage(place, tile)
                else:
                    complete = False
                    self._draw_coarse(painter, place, key, tiles)
        painter.end()
        self._whole = (region, image) if complete else None
        return image

    def _draw_coarse(self, painter: QPainter, place: QPoint, key: Key, tiles: Tiles) -> None:
        """Draw a tile that is not ready from the nearest coarser level that is."""
        _, level, row, column = key
        last = self._levels()
        for step in range(1, last - level + 1):
            coarse = (self._id, level + step, row >> step, column >> step)
            image = tiles.peek(coarse)
            if image is None and level + step == last:
                image = tiles.keep(coarse, self._tile(last, row >> step, column >> step))
            if image is not None:
                side = TILE >> step
                x, y = column * side % TILE, row * side % TILE
                source = QRectF(x, y, side, side).intersected(QRectF(image.rect()))
                scale = 1 << step
                size = QSizeF(source.width() * scale, source.height() * scale)
                painter.drawImage(QRectF(QPointF(place), size), image, source)
                return

    def _levels(self) -> int:
        """The coarsest level there is: one tile."""
        return coarsest_level(self.width, self.height)

    def size(self, level: int) -> tuple[int, int]:
        """Width and height at a zoom level."""
        step = 1 << level
        return -(-self.width // step), -(-self.height // step)

    def _tile(self, level: int, row: int, column: int) -> QImage:
        width, height = self.size(level)
        tile = Region(column * TILE, row * TILE, TILE, TILE)
        region = tile.intersect(Region(0, 0, width, height))
        if isinstance(self._source, Document):
            place = Region(region.x, region.y, region.width, region.height, level)
            pixels = render(self._source, place)
        else:
            pixels = self._source.level(level).read(region)
        if pixels.dtype != np.uint8:
            pixels = from_float(to_float(pixels), "uint8")
        pixels = np.ascontiguousarray(pixels)
        kind = QImage.Format.Format_RGBA8888 if self.has_alpha else QImage.Format.Format_RGB888
        image = QImage(
            pixels.data, region.width, region.height, pixels.shape[2] * region.width, kind
        )
        if self._to_screen is not None:
            image = image.copy()
            image.applyColorTransform(self._to_screen)
        wanted = (
            QImage.Format.Format_ARGB32_Premultiplied
            if self.has_alpha
            else QImage.Format.Format_RGB32
        )
        return image.convertToFormat(wanted)  # a copy: the pixels need not outlive it


def make_levels(raster: Raster) -> None:
    """Make every zoom level a screen can ask for. Takes 4 ms a megapixel: call it on a thread."""
    raster.level(coarsest_level(raster.width, raster.height))


def coarsest_level(width: int, height: int) -> int:
    """The first zoom level of a picture that is a single tile."""
    return ((max(width, height) - 1) // TILE).bit_length()


def chequerboard() -> QImage:
    """What is seen through transparent parts: two greys, 8 physical pixels each."""
    image = QImage(16, 16, QImage.Format.Format_RGB32)
    image.fill(QColor("#5c5c5c"))
    painter = QPainter(image)
    for x, y in ((0, 0), (8, 8)):
        painter.fillRect(QRect(x, y, 8, 8), QColor("#737373"))
    painter.end()
    return image


def _transform(profile: Profile | None) -> QColorTransform | None:
    """From a profile to the screen, taken as sRGB; None where there is nothing to do."""
    if profile is None or profile.icc is None or profile.is_srgb:
        return None
    space = QColorSpace.fromIccProfile(profile.icc)
    if not space.isValid():
        return None
    return space.transformationToColorSpace(QColorSpace(QColorSpace.NamedColorSpace.SRgb))
