"""Picture: a raster painted from its zoom levels, tile by tile, in the screen's colours."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from numpy.typing import NDArray
from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QColor, QImage, QPainter

from safelight.api import Region
from safelight.document import Document, Renderer, plain_raster
from safelight.gui.canvas.pose import nearest
from safelight.gui.canvas.tile_store import Tiles, Wanted
from safelight.gui.screen.display_transform import PLAIN, Look, display
from safelight.pixels import TILE, Profile, Raster, View, coarsest_level, levels_take_time

SIDE = 2 * TILE
"""Side of the screen's tiles in pixels: fewer calls a frame, and still a millisecond to make."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a picture's level lies on the painter: its corner, and the size of its pixels.

    ``exact`` pixels are whole squares on whole pixels: they are copied, never resampled.
    """

    left: float
    top: float
    across: float
    down: float
    exact: bool = False
    smooth: bool = True


class Picture:
    """A document, or a raster with its profile, that can be painted at any zoom level.

    Levels should have been made before (``make_levels``, on a thread): painting only looks up,
    and has tiles of a level that is not there made on a thread. A document of several layers is
    composited on one too, by ``renderer``; until its tiles are there, those of an ``earlier``
    version are shown.
    """

    _count = 0
    translucent = False
    """Whether a tile must not be painted over another: both would be seen."""
    coloured = True
    """Whether the picture has a document's colours, and no marks of the window's own."""
    crisp = True
    """Whether the picture's pixels are seen as squares where they are large."""

    def __init__(
        self,
        source: Document | Raster,
        profile: Profile | None = None,
        *,
        renderer: Renderer | None = None,
    ) -> None:
        Picture._count += 1
        self._id = Picture._count
        self.source = source
        self.renderer = renderer
        self._raster = plain_raster(source) if isinstance(source, Document) else source
        self.composited = self._raster is None
        self.earlier: Picture | None = None
        self.width, self.height = source.width, source.height
        self.document = source if isinstance(source, Document) else None
        self.coarsest = coarsest_level(self.width, self.height)
        if isinstance(source, Document):
            profile, alpha = source.profile, source.has_alpha
        else:
            alpha = source.channels == 4
        self.has_alpha = alpha
        self.profile = profile
        self.rough: Picture | None = None
        self._look = display().look(profile) if self.coloured else PLAIN
        self._sketch()

    def _look_again(self, look: Look) -> None:
        """Have tiles of other colours from now on, and those there were until they are there."""
        self.earlier = copy.copy(self)
        self.earlier.rough = None
        self._look = look
        Picture._count += 1
        self._id = Picture._count
        self._sketch()

    def _sketch(self) -> None:
        """Have the same by lattices, for as long as exact colours are not there."""
        self.rough = None
        if self._look.exact:
            rough = copy.copy(self)
            Picture._count += 1
            rough._id, rough.earlier = Picture._count, None
            rough._look = replace(self._look, exact=False)
            self.rough = rough

    def _takes_time(self, level: int) -> bool:
        """Whether tiles of a level are made on a thread."""
        raster = self._raster
        return (
            self.composited
            or self._look.sketch is not None
            or (
                raster is not None
                and (levels_take_time(raster, level) or _resamples(raster, level))
            )
        )

    @property
    def draft(self) -> bool:
        """Whether the picture is one that is shown until the hand rests."""
        return self.document is not None and self.document.draft

    @property
    def immediate(self) -> bool:
        """Whether a frame finds something of it everywhere."""
        return not self._takes_time(self.coarsest)

    def size(self, level: int) -> tuple[int, int]:
        """Width and height at a zoom level."""
        step = 1 << level
        return -(-self.width // step), -(-self.height // step)

    def level_at(self, zoom: float) -> int:
        """The coarsest zoom level with a pixel for each of the painter's; ``zoom`` of these lie
        across one of the picture's.
        """
        return min(max(0, math.floor(math.log2(1 / zoom) + 1e-9)), self.coarsest)

    def paint(
        self, painter: QPainter, left: float, top: float, zoom: float, clip: QRect, tiles: Tiles
    ) -> None:
        """Paint what lies in ``clip``: the corner at (left, top), ``zoom`` painter pixels each."""
        self._look_as_now()
        level, place = self._lies(left, top, zoom)
        painter.save()
        if self._paint_level(painter, level, place, clip, tiles):
            if self.earlier is not None:
                self.earlier.done_with(tiles)
                self.earlier = None
            if self.rough is None:  # exact colours are too dear for what may not be looked at
                self._look_ahead(level, place, clip, tiles)
        else:
            where, rough = (left, top, zoom), self.rough
            covered = rough is not None and rough._paint_level(
                painter, level, place, clip, tiles, first=True
            )
            covered = covered or (
                self.earlier is not None
                and self.earlier.paint_ready(painter, level, where, clip, tiles)
            )
            covered = covered or self._paint_coarser(painter, level, where, clip, tiles)
            if not (covered and self.translucent):
                self._paint_level(painter, level, place, clip, tiles, partly=True)
        painter.restore()

    def needed(self, left: float, top: float, zoom: float, clip: QRect) -> list[Wanted]:
        """The tiles that ``paint`` looks for, given the same; of exact colours, which are too dear
        for what is seen for a moment, those by lattices.
        """
        self._look_as_now()
        seen = self.rough or self
        level, place = self._lies(left, top, zoom)
        size = self.size(level)
        rows = _lines(place.top, place.down, size[1], clip.top(), clip.bottom())
        columns = _lines(place.left, place.across, size[0], clip.left(), clip.right())
        found = []
        for row in rows:
            for column in columns:
                region = tile_region(size, level, row, column)
                make = partial(seen._tile, level, row, column)
                key = seen._id, level, row, column
                found.append(Wanted(key, make, 4 * region.width * region.height))
        return found

    def _look_as_now(self) -> None:
        """Have the colours that the screen shows now."""
        look = display().look(self.profile) if self.coloured else self._look
        if look is not self._look:
            self._look_again(look)

    def _lies(self, left: float, top: float, zoom: float) -> tuple[int, Place]:
        """The level that is painted, and where its pixels lie: the corner at (left, top), ``zoom``
        painter pixels to each of the picture's.
        """
        level = self.level_at(zoom)
        step = zoom * (1 << level)
        whole = abs(step - round(step)) < 1e-6 and (zoom >= 2 or round(step) == 1)
        if whole and (self.crisp or round(step) == 1):
            times = round(step)
            return level, Place(nearest(left), nearest(top), times, times, True, False)
        return level, self._place(left, top, zoom, level)

    def _look_ahead(self, level: int, place: Place, clip: QRect, tiles: Tiles) -> None:
        """Have the tiles around the view made, which panning comes to next."""
        width, height = self.size(level)
        rows = _lines(place.top, place.down, height, clip.top(), clip.bottom())
        columns = _lines(place.left, place.across, width, clip.left(), clip.right())
        last_row, last_column = -(-height // SIDE) - 1, -(-width // SIDE) - 1
        around = range(max(columns.start - 1, 0), min(columns.stop, last_column) + 1)
        sides = [column for column in around if column not in columns]
        for row in range(max(rows.start - 1, 0), min(rows.stop, last_row) + 1):
            for column in sides if row in rows else around:
                key = (self._id, level, row, column)
                if tiles.peek(key) is None:
                    tiles.expect(key, partial(self._tile, level, row, column))

    def follow(self, earlier: Picture | None, tiles: Tiles) -> None:
        """Show ``earlier``, or what it shows instead, until the tiles of this one are there."""
        while earlier is not None and not earlier.is_ready(tiles):
            earlier = earlier.earlier
        if earlier is not None and (earlier.width, earlier.height) == (self.width, self.height):
            self.earlier, earlier.earlier = earlier, None

    def is_ready(self, tiles: Tiles) -> bool:
        """Whether any tile of the picture is ready."""
        return tiles.has(self._id)

    def done_with(self, tiles: Tiles) -> None:
        """Nothing of the picture is shown in place of a later one any more."""

    def paint_ready(
        self,
        painter: QPainter,
        level: int,
        where: tuple[float, float, float],
        clip: QRect,
        tiles: Tiles,
    ) -> bool:
        """Paint the finest level from ``level`` on of which all is ready; False without one."""
        for coarser in range(level, self.coarsest + 1):
            if self._paint_level(
                painter, coarser, self._place(*where, coarser), clip, tiles, only_if_ready=True
            ):
                return True
        return False

    def _place(self, left: float, top: float, zoom: float, level: int) -> Place:
        # The last column of a level may stand for half a pixel: measure by the picture itself.
        width, height = self.size(level)
        across, down = self.width * zoom / width, self.height * zoom / height
        return Place(left, top, across, down, smooth=zoom < 2 or not self.crisp)

    def _paint_coarser(
        self,
        painter: QPainter,
        level: int,
        where: tuple[float, float, float],
        clip: QRect,
        tiles: Tiles,
    ) -> bool:
        """Paint the nearest coarser level of which all is ready; have one made where none is.

        Gives whether it was painted.
        """
        if self.paint_ready(painter, level + 1, where, clip, tiles):
            return True
        if not self._takes_time(level):
            return False
        coarser = min(level + 2, self.coarsest)
        place = self._place(*where, coarser)
        return self._paint_level(painter, coarser, place, clip, tiles, first=True)

    def _paint_level(
        self,
        painter: QPainter,
        level: int,
        place: Place,
        clip: QRect,
        tiles: Tiles,
        *,
        only_if_ready: bool = False,
        partly: bool = False,
        first: bool = False,
    ) -> bool:
        """Paint a level's tiles; False, and nothing is painted, while some are missing.

        ``partly`` paints those that are there. ``first`` has what is missing made before all else
        that is made on the thread.
        """
        width, height = self.size(level)
        found: list[tuple[QRect, int, int, QImage]] = []
        missing = False
        later = self._takes_time(level)
        rows = _lines(place.top, place.down, height, clip.top(), clip.bottom())
        columns = _lines(place.left, place.across, width, clip.left(), clip.right())
        tops = _edges(place.top, place.down, height, rows)
        lefts = _edges(place.left, place.across, width, columns)
        for row, top, bottom in zip(rows, tops, tops[1:], strict=False):
            for column, left, right in zip(columns, lefts, lefts[1:], strict=False):
                key = (self._id, level, row, column)
                tile = tiles.peek(key) if only_if_ready else tiles.found(key)
                if tile is None and only_if_ready:
                    if level == self.coarsest and not later:
                        tile = tiles.keep(key, self._tile(level, row, column))
                elif tile is None:
                    make = partial(self._tile, level, row, column)
                    if later:
                        tile = tiles.get_later(key, make, first=first)
                    else:
                        tile = tiles.get(key, make)
                if tile is None:
                    missing = True
                else:
                    found.append((QRect(left, top, right - left, bottom - top), row, column, tile))
        if missing and not partly:
            return False
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, place.smooth)
        for area, row, column, tile in found:
            apron_x, apron_y = min(column, 1), min(row, 1)
            if place.exact:
                times = int(place.across)
                source = QRect(apron_x, apron_y, area.width() // times, area.height() // times)
                painter.drawImage(area, tile, source)
                continue
            # Clipped to whole pixels, each painted once, from a tile that knows its neighbours:
            # resampled as if it were one image.
            painter.setClipRect(area.intersected(clip))
            target = QRectF(
                place.left + (column * SIDE - apron_x) * place.across,
                place.top + (row * SIDE - apron_y) * place.down,
                tile.width() * place.across,
                tile.height() * place.down,
            )
            painter.drawImage(target, tile)
        return not missing

    def _pixels(self, place: Region) -> NDArray[Any]:
        """What is there (height, width, channels), in the depth and the colours of the source."""
        if isinstance(self.source, Document):
            return (self.renderer or Renderer(lenient=True)).render(self.source, place)
        return self.source.level(place.level).read(place)

    def _tile(self, level: int, row: int, column: int) -> QImage:
        """A tile and one pixel of its neighbours on each side where there is one."""
        place = tile_region(self.size(level), level, row, column)
        return self._look.image(self._pixels(place))


class SmallerCopy(Picture):
    """A smaller copy of a picture, which is painted as large as that is."""

    def __init__(self, raster: Raster, profile: Profile, whole: tuple[int, int]) -> None:
        super().__init__(raster, profile)
        self._copy = Picture(raster, profile)
        self._copy.crisp = False
        self.width, self.height = whole

    def paint(
        self, painter: QPainter, left: float, top: float, zoom: float, clip: QRect, tiles: Tiles
    ) -> None:
        """Paint the whole picture, as ``Picture.paint`` does a part."""
        self._copy.paint(painter, left, top, zoom * self._times, clip, tiles)

    @property
    def _times(self) -> float:
        """How many pixels of the whole a pixel of the copy is wide."""
        return self.width / self._copy.width

    def is_ready(self, tiles: Tiles) -> bool:
        return self._copy.is_ready(tiles)

    def done_with(self, tiles: Tiles) -> None:
        """The copy is no version of what is edited: nobody goes back to it."""
        tiles.forget(self._copy._id)

    def paint_ready(
        self,
        painter: QPainter,
        level: int,
        where: tuple[float, float, float],
        clip: QRect,
        tiles: Tiles,
    ) -> bool:
        """Paint what ``Picture.paint_ready`` does, with the levels of the copy."""
        left, top, zoom = where
        zoom *= self._times
        level = self._copy.level_at(zoom)
        return self._copy.paint_ready(painter, level, (left, top, zoom), clip, tiles)


def tile_region(size: tuple[int, int], level: int, row: int, column: int) -> Region:
    """What a tile shows of a level that large: its own and one pixel of each neighbour."""
    whole = Region(0, 0, *size, level)
    return Region(column * SIDE, row * SIDE, SIDE, SIDE, level).grow(1, whole)


def _lines(start: float, size: float, count: int, first: int, last: int) -> range:
    """The rows (or columns) of tiles that meet the painter's pixels ``first`` to ``last``."""
    low = math.floor((first - start) / size / SIDE - 1e-3)
    high = math.ceil((last + 1 - start) / size / SIDE + 1e-3)
    return range(max(low, 0), min(high, -(-count // SIDE)))


def _edges(start: float, size: float, count: int, lines: range) -> list[int]:
    """The painter's pixel edges of rows (or columns) of tiles, and that behind the last; there are
    ``count`` pixels of ``size`` each.
    """
    ends = (min(line * SIDE, count) for line in range(lines.start, lines.stop + 1))
    return [nearest(start + end * size) for end in ends]


def _resamples(raster: Raster, level: int) -> bool:
    """Whether the pixels of a level are computed from those of a source each time."""
    seen = raster.level(level) if isinstance(raster, View) else raster
    return isinstance(seen, View) and not seen.exact


def chequerboard() -> QImage:
    """What is seen through transparent parts: two greys, 8 physical pixels each."""
    image = QImage(16, 16, QImage.Format.Format_RGB32)
    image.fill(QColor("#5c5c5c"))
    with QPainter(image) as painter:
        for x, y in ((0, 0), (8, 8)):
            painter.fillRect(QRect(x, y, 8, 8), QColor("#737373"))
    return image
