"""Scene: all that is shown on a canvas, and the order in which it is painted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QPointF, QRectF, QSizeF
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QRegion
from PySide6.QtWidgets import QWidget

from safelight.api import Region
from safelight.gui.canvas.clipping import Clipping
from safelight.gui.canvas.grid import paint_grid
from safelight.gui.canvas.marks import paint_edge, paint_frame, paint_word
from safelight.gui.canvas.mask_tint import Tint
from safelight.gui.canvas.overlay import Overlay
from safelight.gui.canvas.picture import Picture, chequerboard
from safelight.gui.canvas.pose import Pose, nearest
from safelight.gui.canvas.rulers import THICK
from safelight.gui.canvas.selection_outline import Seen, outline, outline_takes_time
from safelight.gui.canvas.tile_store import Tiles, Wanted
from safelight.gui.canvas.tools.tool import Tool
from safelight.gui.screen.display_transform import display
from safelight.gui.threads.background import Background
from safelight.gui.widgets import theme
from safelight.gui.widgets.shown_text import plain
from safelight.pixels import Raster

FRAME = 0.008
"""Seconds a frame may spend on making tiles; the rest comes with the next frames."""

MASK_FRAME = 0.004
"""Seconds a frame may spend on making tiles of the mask above the picture."""


class Scene:
    """What is shown: the picture and what is above it.

    ``before`` is the picture as it was; it is shown instead where ``shows_before``, and on the
    left of the split line. ``tinted`` tells that the mask is seen in red; otherwise what is
    selected is outlined.
    """

    def __init__(self, widget: QWidget) -> None:
        self._widget = widget
        self.tiles = Tiles(widget, widget.update)
        self.mask_tiles = Tiles(widget, widget.update)
        self.picture: Picture | None = None
        self.before: Picture | None = None
        self.shows_before = False
        self.overlay: Overlay | None = None
        self.selection: Raster | None = None
        self._outline: tuple[Raster, Seen, QImage] | None = None
        self._preparing = False  # a zoom level of the selection, on a thread
        self.mask: Raster | None = None
        self.shape = (0.0, 0.0)
        self.tint: Tint | None = None
        self.tinted = False
        self._alone = False
        self.clipping: Clipping | None = None
        self._board = QBrush(chequerboard())
        self.words: list[QRectF] = []
        """What the words of the last frame cover, in widget pixels."""

    def take_over(self, look: Scene) -> None:
        """Show what a first look at the picture shows until all of the picture is ready."""
        if look.picture is not None and self.picture is not None:
            self.tiles.take(look.tiles)
            self.picture.follow(look.picture, self.tiles)

    def show_selection(self, selection: Raster | None) -> None:
        """Outline what is selected; None = all is."""
        if selection is self.selection:
            return
        self.selection = selection
        if selection is None:
            self._outline = None
        self._widget.update()

    def _paint_outline(
        self, painter: QPainter, pose: Pose, selection: Raster, region: QRegion
    ) -> None:
        """Lay the outline of a selection over the picture, where a ``region`` has to be painted.

        Where a zoom level of a large selection has first to be made, on a thread, one at a time,
        the outline before stays until then if it is of the same view.
        """
        seen = Seen.through(pose)
        if outline_takes_time(selection, seen.level):
            self._prepare(selection, seen.level)
        elif self._outline is not None and self._outline[:2] == (selection, seen):
            pass
        elif not pose.view.angle and not region.contains(self._widget.rect()):
            self._outline = None
            for part in region:  # type: ignore[attr-defined]
                area = QRectF(QPointF(part.topLeft()), QSizeF(part.size()))
                at = QRectF(area.topLeft() * pose.ratio, area.size() * pose.ratio).toAlignedRect()
                one = replace(seen, area=seen.area.intersected(at))
                if not one.area.isEmpty():
                    painter.drawImage(one.area.topLeft(), outline(selection, one))
        else:
            self._outline = selection, seen, outline(selection, seen)
        if self._outline is not None and self._outline[1] == seen:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, pose.slants)
            painter.drawImage(seen.area.topLeft(), self._outline[2])

    def _prepare(self, selection: Raster, level: int) -> None:
        if self._preparing:
            return
        self._preparing = True

        def end(_: object) -> None:
            self._preparing = False
            self._widget.update()

        Background(self._widget, lambda: selection.level(level), end, end)

    def show_mask(self, mask: Raster | None, grow: float = 0.0, feather: float = 0.0) -> None:
        """Have ``mask`` as what a brush paints on: it is seen in red where ``tinted``.

        It is seen grown and feathered by so many pixels of the picture.
        """
        if mask is not self.mask or (grow, feather) != self.shape:
            self.mask, self.shape = mask, (grow, feather)
            if self.tinted or self._alone:
                self._widget.update()

    @property
    def finished(self) -> bool:
        """Whether the last frame showed everything as fine as it gets."""
        if self.picture is not None and self.picture.draft:
            return False
        stores = (self.tiles, self.mask_tiles)
        return not (self._preparing or any(tiles.incomplete or tiles.waiting for tiles in stores))

    @property
    def incomplete(self) -> bool:
        """Whether the last frame had no time for everything."""
        return self.tiles.incomplete or self.mask_tiles.incomplete

    # -- painting ------------------------------------------------------------------------------

    def paint(
        self,
        painter: QPainter,
        region: QRegion,
        pose: Pose,
        lines: dict[str, bool],
        split: float | None,
        tools: Sequence[Tool],
    ) -> None:
        """Paint all of it: the picture, what is above it, and what the ``tools`` show, in turn.

        ``region`` is what has to be painted, in widget pixels.
        """
        self.words = []
        if not self._covers(pose, split):
            painter.fillRect(region.boundingRect(), QColor(theme.CANVAS))
        if self.picture is None:
            return
        painter.scale(1 / pose.ratio, 1 / pose.ratio)  # from here on in physical pixels
        self.tiles.start_frame(FRAME)
        self.mask_tiles.start_frame(MASK_FRAME)
        painter.save()
        if self.shows_before:
            self._paint_before(painter, pose)
        else:
            self._paint_after(painter, pose)
        painter.restore()
        if split is not None and not self.shows_before:
            self._paint_left(painter, pose, split)
        self.tinted = self._is_tinted(lines["mask"], tools)
        painter.save()
        pose.lay(painter)
        self._paint_clipping(painter, pose, lines["clipping"])
        self._alone = lines["mask_alone"] and not self.shows_before
        self._paint_mask(painter, pose, region)
        if lines["grid"]:
            corner = pose.in_frame(0, 0)
            paint_grid(painter, corner, pose.view.zoom, pose.size, pose.clip(), slants=pose.slants)
        for tool in tools:
            tool.paint(painter, pose)
        painter.restore()
        for tool in tools:
            tool.paint_above(painter, pose)
        self._paint_words(painter, pose, lines, split, tools)
        self.tiles.end_frame()
        self.mask_tiles.end_frame()

    def needed(self, picture: Picture, pose: Pose) -> list[Wanted]:
        """The tiles of a picture, shown instead of the one there is, that would be looked for."""
        zoom = pose.zoom * pose.size[0] / picture.width
        return picture.needed(*pose.in_frame(0, 0), zoom, pose.clip())

    def still(self) -> QRegion:
        """What of the widget the last frame's words cover: they stay where the picture moves."""
        covered = QRegion()
        for word in self.words:
            covered += word.toAlignedRect().adjusted(-1, -1, 1, 1)
        return covered

    def _covers(self, pose: Pose, split: float | None) -> bool:
        """Whether the picture hides all of the widget, so that nothing need be painted below."""
        picture = self.picture
        if picture is None or not picture.immediate:  # of the latter nothing may be ready yet
            return False
        return not self.shows_before and split is None and pose.covers

    def _paint_mask(self, painter: QPainter, pose: Pose, region: QRegion) -> None:
        if self.tinted or self._alone:
            self._paint_tint(painter, pose)
        elif self.selection is not None and self.overlay is None:  # a result is judged beside it
            self._paint_outline(painter, pose, self.selection, region)

    def _is_tinted(self, asked: bool, tools: Sequence[Tool]) -> bool:
        """Whether the mask is seen in red: where that is ``asked`` for, or a tool paints on it.

        A tool that has only come into the hand gives way to a preview, which is to be judged.
        """
        if self.shows_before:
            return False
        return asked or any(
            tool.tints and (self.overlay is None or tool.painting) for tool in tools
        )

    def _paint_clipping(self, painter: QPainter, pose: Pose, asked: bool) -> None:
        """Mark what of the picture is clipped; of a preview above it, nothing is known yet."""
        picture, earlier = self.picture, self.clipping
        if not asked or picture is None:
            self.clipping = None
        elif self.overlay is None and not self.shows_before:
            if earlier is None or earlier.of is not picture:
                self.clipping = Clipping(picture)
                self.clipping.follow(earlier, self.mask_tiles)
            assert self.clipping is not None
            left, top = pose.in_frame(0, 0)
            self.clipping.paint(painter, left, top, pose.zoom, pose.clip(), self.mask_tiles)

    def _paint_tint(self, painter: QPainter, pose: Pose) -> None:
        mask = self.mask
        if mask is None or (mask.width, mask.height) != pose.size:
            self.tint = None
            return
        tint = self.tint
        shown = mask, self.shape, self._alone
        if tint is None or (tint.mask, tint.shape, tint.alone) != shown:
            earlier, tint = tint, Tint(mask, *self.shape, alone=self._alone)
            if earlier is not None:
                tint.adopt(earlier, self.mask_tiles)
            self.tint = tint
        left, top = pose.in_frame(0, 0)
        if self._alone:
            painter.fillRect(pose.whole_box(Region(0, 0, *pose.size)), QColor("black"))
        tint.paint(painter, left, top, pose.zoom, pose.clip(), self.mask_tiles)

    def _paint_words(
        self,
        painter: QPainter,
        pose: Pose,
        lines: dict[str, bool],
        split: float | None,
        tools: Sequence[Tool],
    ) -> None:
        """Say in words what is seen."""
        edge = (12 + (THICK if lines["rulers"] else 0)) * pose.ratio
        word = next((tool.word for tool in tools if tool.word), "")
        if self.shows_before:
            self._say(painter, "Before", edge, edge, pose.ratio)
        elif split is not None:
            line = round(pose.room[0] * split)
            paint_word(painter, "Before", line - 8 * pose.ratio, edge, pose.ratio, leftwards=True)
            paint_word(painter, "After", line + 8 * pose.ratio, edge, pose.ratio)
        elif word:
            self._say(painter, word, edge, edge, pose.ratio)
        elif self.overlay is not None:
            word = "Preview…" if self.overlay.running else "Preview"
            self._say(painter, word, edge, edge, pose.ratio)
        elif (proof := display().screen.proof) is not None:
            self._say(painter, f"Proof: {plain(proof.name)}", edge, edge, pose.ratio)
        if pose.view.angle and not any(tool.turns for tool in tools):
            word = f"View turned by {pose.view.angle:.3g}°".replace("-", "\N{MINUS SIGN}")
            self._say(painter, word, edge, pose.room[1] - 34 * pose.ratio, pose.ratio)

    def _say(self, painter: QPainter, word: str, x: float, y: float, ratio: float) -> None:
        """Paint a word that stays where it is when the picture is moved."""
        box = paint_word(painter, word, x, y, ratio)
        self.words.append(QRectF(box.topLeft() / ratio, box.size() / ratio))

    def _paint_after(self, painter: QPainter, pose: Pose) -> None:
        assert self.picture is not None
        pose.lay(painter)
        self._paint_picture(painter, pose, self.picture, 0, 0, 1)
        if self.overlay is None:
            return
        for overlay in (self.overlay.under, self.overlay.glimpse, self.overlay):
            if overlay is not None:
                self._paint_overlay(painter, pose, overlay)
        whole = Region(0, 0, *pose.size)
        region = self.overlay.region.intersect(whole)
        if region != whole:
            paint_frame(painter, pose.whole_box(region), pose.ratio)

    def _paint_overlay(self, painter: QPainter, pose: Pose, overlay: Overlay) -> None:
        region, scale = overlay.region, overlay.scale
        seen = overlay.seen(self._visible(pose))
        if overlay.is_crowded(seen):
            self._paint_sheet(painter, pose, overlay)
        else:
            for place, picture in overlay.within(seen):
                x, y = region.x + place.x / scale, region.y + place.y / scale
                self._paint_picture(painter, pose, picture, x, y, 1 / scale)

    def _visible(self, pose: Pose) -> Region:
        """The part of the picture that can be seen, in its pixels."""
        width, height = pose.room
        corners = [
            pose.view.to_picture(x, y, pose.room)
            for x, y in ((0, 0), (width, 0), (width, height), (0, height))
        ]
        left, top = (max(math.floor(min(c[axis] for c in corners)), 0) for axis in (0, 1))
        right, bottom = (
            min(math.ceil(max(c[axis] for c in corners)), pose.size[axis]) for axis in (0, 1)
        )
        return Region(left, top, max(right - left, 0), max(bottom - top, 0))

    def _paint_sheet(self, painter: QPainter, pose: Pose, overlay: Overlay) -> None:
        image, step = overlay.sheet(self.tiles)
        left, top = pose.in_frame(overlay.region.x, overlay.region.y)
        size = pose.view.zoom / overlay.scale * step
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(QRectF(left, top, image.width() * size, image.height() * size), image)

    def _paint_before(self, painter: QPainter, pose: Pose) -> None:
        assert self.picture is not None
        pose.lay(painter)
        before = self.before or self.picture
        self._paint_picture(painter, pose, before, 0, 0, self.picture.width / before.width)

    def _paint_left(self, painter: QPainter, pose: Pose, split: float) -> None:
        """Paint the picture as it was, up to the split line."""
        width, height = pose.room
        line = round(width * split)
        if pose.view.angle and line:
            # Each tile sets its own clip; one that slants cannot be cut at the line as well.
            image = QImage(line, math.ceil(height), QImage.Format.Format_RGB32)
            image.fill(QColor(theme.CANVAS))
            with QPainter(image) as inside:
                self._paint_before(inside, pose)
            painter.drawImage(0, 0, image)
        else:
            painter.save()
            painter.setClipRect(QRectF(0, 0, line, height))
            painter.fillRect(QRectF(0, 0, line, height), QColor(theme.CANVAS))
            self._paint_before(painter, pose)
            painter.restore()

    def _paint_picture(
        self, painter: QPainter, pose: Pose, picture: Picture, x: float, y: float, size: float
    ) -> None:
        """Paint a picture with its corner at (x, y); its pixels are ``size`` document pixels."""
        zoom = pose.zoom * size
        left, top = pose.in_frame(x, y)
        clip = pose.clip()
        if painter.hasClipping():
            clip = clip.intersected(painter.clipBoundingRect().toAlignedRect())
        right, bottom = left + picture.width * zoom, top + picture.height * zoom
        area = QRectF(
            QPointF(nearest(left), nearest(top)), QPointF(nearest(right), nearest(bottom))
        )
        if picture.has_alpha:
            corner = pose.in_frame(0, 0)  # of the whole: the board moves with it, without a seam
            painter.setBrushOrigin(nearest(corner[0]), nearest(corner[1]))
            painter.fillRect(area.intersected(QRectF(clip)), self._board)
        picture.paint(painter, left, top, zoom, clip, self.tiles)
        if pose.slants:
            paint_edge(painter, area)
