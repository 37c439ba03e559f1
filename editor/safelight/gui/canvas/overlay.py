"""Overlay: what a preview or a job has made so far, as pictures above the document."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage, QPainter

from safelight.api import Region
from safelight.gui.canvas.picture import Picture
from safelight.gui.canvas.tile_store import Tiles

_MANY = 48
"""More pieces than this in view are painted from one image; each piece costs a tenth of a ms."""

_SIDE = 4096
"""Longest side of that image: a screen's worth of pixels."""


class Overlay:
    """Pictures above the document: a preview's or a job's finished pieces.

    ``region`` is what they cover, in the document's pixels; ``scale`` how many of their pixels
    make one of the document's. ``running`` tells that more will come; ``under`` is what is shown
    until then, ``glimpse`` what its filter shows of a piece that is not done.
    """

    def __init__(self, region: Region, scale: float) -> None:
        self.region = region
        self.scale = scale
        self.under: Overlay | None = None
        self.glimpse: Overlay | None = None
        self.running = True
        self.pieces: list[tuple[Region, Picture]] = []
        self._sheet: QImage | None = None
        self._clear: NDArray[np.uint8]
        self._on_sheet = 0
        self._level = 0
        while max(region.width, region.height) * scale > _SIDE << self._level:
            self._level += 1

    @classmethod
    def of_level(cls, region: Region, level: int) -> Overlay:
        """An overlay of a picture ``2**level`` times smaller; ``region`` is in its pixels."""
        return cls(region.scale(1 << level), 0.5**level)

    def seen(self, region: Region) -> Region:
        """The result pixels, from the region's corner, that a part of the document touches."""
        there = region.move(-self.region.x, -self.region.y)
        x, y = (math.floor(edge * self.scale) for edge in (there.x, there.y))
        right, bottom = (math.ceil(edge * self.scale) for edge in (there.right, there.bottom))
        return Region(x, y, right - x, bottom - y)

    def add(self, place: Region, picture: Picture) -> None:
        """Put a picture at ``place``, in result pixels from the region's corner."""
        self.pieces.append((place, picture))

    def complete(self, picture: Picture) -> None:
        """Replace the pieces by the whole result."""
        self.pieces = [(Region(0, 0, picture.width, picture.height), picture)]
        self.glimpse = None
        self.draw_afresh()

    def show_glimpse(self, place: Region, picture: Picture) -> None:
        """Show a picture of fewer pixels at ``place``, in result pixels from the region's corner,
        below the pieces and in place of the one before.
        """
        left, top = (round(edge / self.scale) for edge in (place.x, place.y))
        wide, tall = (max(round(side / self.scale), 1) for side in (place.width, place.height))
        where = Region(self.region.x + left, self.region.y + top, wide, tall)
        self.glimpse = Overlay(where, picture.width / wide)
        self.glimpse.add(Region(0, 0, picture.width, picture.height), picture)

    def draw_afresh(self) -> None:
        """The pieces come to the screen in other colours."""
        self._sheet, self._on_sheet = None, 0

    def within(self, seen: Region) -> Iterator[tuple[Region, Picture]]:
        """The pieces that meet ``seen``, in result pixels from the region's corner."""
        for place, picture in self.pieces:
            if not place.intersect(seen).empty:
                yield place, picture

    def is_crowded(self, seen: Region) -> bool:
        """Whether so many pieces are in view that ``sheet`` is the better way to paint them."""
        if len(self.pieces) <= _MANY:
            return False
        return sum(1 for _ in self.within(seen)) > _MANY

    def sheet(self, tiles: Tiles) -> tuple[QImage, int]:
        """All pieces on one transparent image, and how many result pixels one of its pixels is.

        Only pieces that came since the last call are painted on it, as many as a frame has time
        for: most of that time is the memory's, which is slow where nothing was written before.
        """
        step = 1 << self._level
        if self._sheet is None:
            width, height = (
                math.ceil(side * self.scale / step)
                for side in (self.region.width, self.region.height)
            )
            # Memory that is nowhere until it is painted on: clearing all takes many frames' time.
            self._clear = np.zeros((height, width, 4), np.uint8)
            kind = QImage.Format.Format_ARGB32_Premultiplied
            self._sheet = QImage(self._clear.data, width, height, width * 4, kind)
            self._on_sheet = 0
        with QPainter(self._sheet) as painter:
            painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
            while self._on_sheet < len(self.pieces):
                place, picture = self.pieces[self._on_sheet]
                picture.paint(
                    painter, place.x / step, place.y / step, 1 / step, self._sheet.rect(), tiles
                )
                if tiles.incomplete:
                    break
                self._on_sheet += 1
                if tiles.over:
                    break
        if self._on_sheet < len(self.pieces):
            tiles.incomplete = True
        return self._sheet, step
