"""Canvas: shows a picture, before and after, and a preview above it; zooms and pans.

A plain widget painted with QPainter: a third of the cost of a graphics scene, and a thirtieth of
OpenGL where that is done in software.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QBrush,
    QColor,
    QCursor,
    QFocusEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QPointingDevice,
    QRegion,
    QResizeEvent,
    QTabletEvent,
    QTransform,
    QWheelEvent,
)
from PySide6.QtWidgets import QGestureEvent, QPinchGesture, QSizePolicy, QWidget

from safelight.api import Region
from safelight.gui import theme
from safelight.gui.background import Background
from safelight.gui.canvas.brush import Brush, circle, paint_circle
from safelight.gui.canvas.grid import paint_grid
from safelight.gui.canvas.guides import Guide, paint_guides, snapped
from safelight.gui.canvas.marks import (
    paint_edge,
    paint_focus,
    paint_frame,
    paint_split,
    paint_word,
    turning_cursor,
)
from safelight.gui.canvas.marquee import (
    paint_marquee,
    paint_veil,
    region_between,
    veil,
    veil_takes_time,
)
from safelight.gui.canvas.overlay import Overlay
from safelight.gui.canvas.picker import HINTS, Picker
from safelight.gui.canvas.picture import Picture, chequerboard
from safelight.gui.canvas.rulers import THICK, axis_along_top, paint_rulers
from safelight.gui.canvas.tilestore import Tiles
from safelight.gui.canvas.tint import Tint
from safelight.gui.canvas.twist import Twist
from safelight.gui.canvas.view import View
from safelight.gui.keys import HeldKeys, latin_key
from safelight.pixels import Raster

_GRIP = 9.0
"""How near the split line a press takes hold of it, in widget pixels."""

_NEAR = 5.0
"""The same of a guide."""

_FRAME = 0.008
"""Seconds a frame may spend on making tiles; the rest comes with the next frames."""

_MASK_FRAME = 0.004
"""The same for the mask above it."""

_FLUSH = 12
"""Milliseconds in which the movements of a brush are gathered into one edit."""

_SNAP = 15.0
"""Degrees to which Shift rounds a turn."""

_OFF_GRID = 1 - 4e-6
"""What the zoom of a slanting picture is multiplied with: a picture that lies on whole pixels is
copied, not resampled, and that only suits one that lies level.
"""

_ARROWS = {
    Qt.Key.Key_Left: (1, 0),
    Qt.Key.Key_Right: (-1, 0),
    Qt.Key.Key_Up: (0, 1),
    Qt.Key.Key_Down: (0, -1),
}


def _how(keys: Qt.KeyboardModifier) -> str:
    """What a marquee does: Shift adds to the selection, Alt takes from it."""
    if keys & Qt.KeyboardModifier.ShiftModifier:
        return "add"
    return "subtract" if keys & Qt.KeyboardModifier.AltModifier else "replace"


class Canvas(QWidget):
    """The picture on the screen.

    Keys: arrows move, + and - zoom. The wheel zooms at the pointer; a drag moves the picture
    (from anywhere while Space is held, also from the split line), and turns it while R is held.
    Two fingers pinch and turn.
    """

    view_changed = Signal()
    before_changed = Signal()
    guides_changed = Signal()
    tool_changed = Signal()
    """Another tool, or another size or hardness of the brush."""
    stroked = Signal(object, str)
    """A piece of a Stroke was painted; pieces of one stroke have the same token."""
    selected = Signal(object, str)
    """A Region was pulled, and what it does: "replace", "add" or "subtract"."""
    picked = Signal(object)
    """The place that the ``picker`` was for; None when the user has left it with Escape."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(160, 120)
        self.setMouseTracking(True)
        self.grabGesture(Qt.GestureType.PinchGesture)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName("Picture")
        self.view = View()
        self.fits = True
        self.overlay: Overlay | None = None
        self.split: float | None = None
        self._tool = ""
        self.brush = Brush()
        self._other_way = False
        self._flush = QTimer(self)
        self._flush.setSingleShot(True)
        self._flush.setInterval(_FLUSH)
        self._flush.timeout.connect(self._tell_stroke)
        self._picker: Picker | None = None
        self._marquee: tuple[tuple[float, float], tuple[float, float]] | None = None
        self._selection: Raster | None = None
        self._veil: QImage | None = None
        self._mask_tiles = Tiles(self, self.update)
        self._mask: Raster | None = None
        self._shape = (0.0, 0.0)
        self._tint: Tint | None = None
        self._shown = {"grid": True, "rulers": False, "guides": True, "mask": False}
        self._guides: tuple[Guide, ...] = ()
        self._guides_before: tuple[Guide, ...] = ()
        self._carried: Guide | None = None
        self._pointer: QPointF | None = None
        self._tiles = Tiles(self, self.update)
        self._picture: Picture | None = None
        self._before: Picture | None = None
        self._before_stays = False
        self._showing_before = False
        self.held = HeldKeys(self)
        self.held.changed.connect(self._held_changed)
        self._twist: Twist | None = None
        self._by_key = False
        self._dragging: str = ""
        self._last = QPointF()
        self._grip = 0.0
        self._pinched = (1.0, 0.0, QPointF())
        self._board = QBrush(chequerboard())

    # -- what is shown -------------------------------------------------------------------------

    def show_picture(self, picture: Picture, before: Picture) -> None:
        """Show ``picture``; ``before`` is what the before key and the split line compare with."""
        old = self._picture
        self._picture, self._before = picture, before
        self.brush.suit(picture.width, picture.height)
        if old is not None and old is not picture:
            picture.follow(old, self._tiles)
        if old is None or (old.width, old.height) != (picture.width, picture.height):
            if self.fits or old is None:
                self.view = self._fitted()
            else:  # another size: what was in the middle stays there, as large as it was
                ratio = picture.width / old.width
                if abs(ratio * old.height - picture.height) <= 1:  # the same in another size
                    self.guides = (guide._replace(at=guide.at * ratio) for guide in self._guides)
                view = self.view
                self.view = replace(
                    view, zoom=view.zoom / ratio, x=view.x * ratio, y=view.y * ratio
                )
            self.view_changed.emit()
        self.update()

    def look_as(self, other: Canvas) -> None:
        """Look at the picture as another canvas looks at one of the same size."""
        if not other.fits:
            self.view, self.fits = other.view, False
            self.view_changed.emit()
            self.update()

    def show_selection(self, selection: Raster | None) -> None:
        """Darken what is not selected; None = all is."""
        if selection is not self._selection:
            self._selection = selection
            if selection is None or not veil_takes_time(selection):
                self._veil = None
            else:  # the one before stays until this one is there
                Background(
                    self,
                    lambda: veil(selection),
                    lambda image: self._take_veil(selection, image),
                    lambda _: None,
                )
            self.update()

    def _take_veil(self, selection: Raster, image: QImage) -> None:
        if selection is self._selection:
            self._veil = image
            self.update()

    def show_mask(self, mask: Raster | None, grow: float = 0.0, feather: float = 0.0) -> None:
        """What a brush paints on; it is seen in red while one does, and when that is wanted.

        What is seen is grown and feathered by so many pixels of the picture.
        """
        if mask is not self._mask or (grow, feather) != self._shape:
            self._mask, self._shape = mask, (grow, feather)
            if self._tinted:
                self.update()

    @property
    def selecting(self) -> bool:
        """Whether a drag selects a rectangle instead of moving the picture."""
        return self._tool == "rectangle"

    @selecting.setter
    def selecting(self, on: bool) -> None:
        self._use("rectangle", on)

    @property
    def brushing(self) -> bool:
        """Whether a drag paints on the mask."""
        return self._tool == "brush"

    @brushing.setter
    def brushing(self, on: bool) -> None:
        self._use("brush", on)

    @property
    def erasing(self) -> bool:
        """Whether a drag erases from the mask."""
        return self._tool == "eraser"

    @erasing.setter
    def erasing(self, on: bool) -> None:
        self._use("eraser", on)

    @property
    def painting(self) -> bool:
        """Whether one of the two is in hand."""
        return self._tool in ("brush", "eraser")

    def _use(self, tool: str, on: bool) -> None:
        """Take a tool, which puts the one before away, or put it away."""
        if on == (self._tool == tool):
            return
        self._stop_drag()
        self._tool = tool if on else ""
        self._show_cursor(self._last)
        self.update()
        self.tool_changed.emit()

    @property
    def picker(self) -> Picker | None:
        """What the next press or drag picks, instead of all else it would do."""
        return self._picker

    @picker.setter
    def picker(self, picker: Picker | None) -> None:
        self._picker = picker
        self._show_cursor(self._last)
        self.update()

    def show_overlay(self, overlay: Overlay | None) -> None:
        """Put pieces above the picture, or take them away."""
        self.overlay = overlay
        self.update()

    def set_split(self, on: bool) -> None:
        """Show a line with the picture as it was on its left."""
        self.split = 0.5 if on else None
        self.update()

    @property
    def showing_before(self) -> bool:
        """Whether the picture is shown as it was."""
        return self._showing_before

    def show_before(self, on: bool) -> None:
        """Show the picture as it was, until it is told otherwise."""
        self._before_stays = on
        self._show_before()

    def _show_before(self) -> None:
        on = self._before_stays or "before" in self.held
        if on != self._showing_before:
            self._showing_before = on
            self.update()
            self.before_changed.emit()

    # -- lines above it ------------------------------------------------------------------------

    @property
    def show_grid(self) -> bool:
        """Whether lines part the picture's pixels where those are large."""
        return self._shown["grid"]

    @show_grid.setter
    def show_grid(self, on: bool) -> None:
        self._show_lines("grid", on)

    @property
    def show_rulers(self) -> bool:
        """Whether there are rulers at the top and the left."""
        return self._shown["rulers"]

    @show_rulers.setter
    def show_rulers(self, on: bool) -> None:
        self._show_lines("rulers", on)
        if self.fits:
            self.fit()

    @property
    def show_guides(self) -> bool:
        """Whether guides are shown; pulling one out of a ruler shows them."""
        return self._shown["guides"]

    @show_guides.setter
    def show_guides(self, on: bool) -> None:
        self._show_lines("guides", on)

    @property
    def show_mask_overlay(self) -> bool:
        """Whether the mask is seen in red though nothing paints on it."""
        return self._shown["mask"]

    @show_mask_overlay.setter
    def show_mask_overlay(self, on: bool) -> None:
        self._show_lines("mask", on)

    @property
    def guides(self) -> tuple[Guide, ...]:
        """The guides, in picture pixels; ``guides_changed`` tells of others, and of hiding."""
        return self._guides

    @guides.setter
    def guides(self, guides: Iterable[Guide]) -> None:
        found = tuple(sorted(set(guides)))
        if found != self._guides:
            self._guides = found
            self.guides_changed.emit()
        self.update()

    def _show_lines(self, name: str, on: bool) -> None:
        if on != self._shown[name]:
            self._shown[name] = on
            self.guides_changed.emit()
            self.update()

    # -- where it is ---------------------------------------------------------------------------

    def fit(self) -> None:
        """Show the whole picture."""
        self.fits = True
        self._look(self._fitted(), fits=True)

    def zoom_to(self, zoom: float, at: QPointF | None = None) -> None:
        """Zoom to ``zoom`` (1 = one picture pixel on one screen pixel) around a widget point."""
        point = at if at is not None else QPointF(self.width() / 2, self.height() / 2)
        ratio = self.devicePixelRatioF()
        self._look(self.view.zoomed(zoom, point.x() * ratio, point.y() * ratio, self._room()))

    def rotate_to(self, angle: float, at: QPointF | None = None) -> None:
        """Show the picture turned to ``angle`` (degrees, clockwise) around a widget point.

        That is how it is looked at; the picture itself stays as it is.
        """
        self._twist = None
        self._rotate(angle, at)

    def rotate_by(self, degrees: float) -> None:
        """Turn further, to the next multiple of ``degrees``."""
        steps = self.view.angle / degrees
        self.rotate_to(degrees * (math.floor(steps + 1e-6) + 1))

    def rotate_right(self) -> None:
        """A step clockwise."""
        self.rotate_by(_SNAP)

    def rotate_left(self) -> None:
        """A step counter-clockwise."""
        self.rotate_by(-_SNAP)

    def clear_guides(self) -> None:
        """Take all guides away."""
        self.guides = ()

    def reset_rotation(self) -> None:
        """Show the picture level again."""
        self.rotate_to(0.0)
        if self.fits:
            self.fit()

    def centre_on(self, x: float, y: float) -> None:
        """Bring a point of the picture to the middle."""
        self._look(replace(self.view, x=x, y=y))

    def zoom_in(self) -> None:
        """One step larger."""
        self.zoom_to(self.view.larger_step())

    def zoom_out(self) -> None:
        """One step smaller."""
        self.zoom_to(self.view.smaller_step())

    def visible(self) -> Region:
        """The part of the picture that can be seen, in its pixels."""
        width, height = self._size()
        corners = self.corners()
        left, top = (min(corner[axis] for corner in corners) for axis in (0, 1))
        right, bottom = (max(corner[axis] for corner in corners) for axis in (0, 1))
        x, y = max(math.floor(left), 0), max(math.floor(top), 0)
        shown_width = max(min(math.ceil(right), width) - x, 0)
        shown_height = max(min(math.ceil(bottom), height) - y, 0)
        return Region(x, y, shown_width, shown_height)

    @property
    def level(self) -> int:
        """The coarsest zoom level of the picture that has a pixel for each of the screen's."""
        return max(math.floor(-math.log2(self.view.zoom * self.devicePixelRatioF())), 0)

    def corners(self) -> list[tuple[float, float]]:
        """The picture's points under the widget's corners, clockwise from the top left."""
        room = width, height = self._room()
        places = ((0, 0), (width, 0), (width, height), (0, height))
        return [self.view.to_picture(x, y, room) for x, y in places]

    def picture_point(self, at: QPointF) -> tuple[float, float]:
        """The picture's point under a widget point."""
        ratio = self.devicePixelRatioF()
        return self.view.to_picture(at.x() * ratio, at.y() * ratio, self._room())

    def _size(self) -> tuple[int, int]:
        return (self._picture.width, self._picture.height) if self._picture else (1, 1)

    def _room(self) -> tuple[float, float]:
        ratio = self.devicePixelRatioF()
        return self.width() * ratio, self.height() * ratio

    def _fitted(self) -> View:
        """The whole picture, clear of the rulers; its middle stays the widget's."""
        width, height = self._room()
        hidden = 2 * THICK * self.devicePixelRatioF() if self.show_rulers else 0
        return View.fitted(self._size(), (width - hidden, height - hidden), self.view.angle)

    def _look(self, view: View, *, fits: bool = False) -> None:
        self.fits = fits
        view = view.kept_in(self._size(), self._room())
        if view != self.view:
            self.view = view
            self.view_changed.emit()
            self.update()

    def _rotate(self, angle: float, at: QPointF | None = None) -> None:
        point = at if at is not None else QPointF(self.width() / 2, self.height() / 2)
        ratio = self.devicePixelRatioF()
        where = point.x() * ratio, point.y() * ratio
        self._look(self.view.turned(angle, *where, self._room()), fits=self.fits)

    # -- painting ------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        # Ended even if an error keeps this call alive: Qt crashes on a painter that outlives it.
        with QPainter(self) as painter:
            self._paint(painter, event.rect())
        if self._tiles.incomplete or self._mask_tiles.incomplete:
            QTimer.singleShot(0, self.update)

    def _paint(self, painter: QPainter, area: QRect) -> None:
        if not self._covered():
            painter.fillRect(area, QColor(theme.CANVAS))
        if self._picture is None:
            return
        ratio = self.devicePixelRatioF()
        painter.scale(1 / ratio, 1 / ratio)  # from here on in physical pixels
        self._tiles.start_frame(_FRAME)
        self._mask_tiles.start_frame(_MASK_FRAME)
        painter.save()
        if self.showing_before:
            self._paint_before(painter)
        else:
            self._paint_after(painter)
        painter.restore()
        if self.split is not None and not self.showing_before:
            self._paint_left(painter)
        self._paint_lines(painter)
        self._paint_marks(painter)
        if self._by_key and self.hasFocus():
            paint_focus(painter, *self._room(), ratio)
        self._tiles.end_frame()
        self._mask_tiles.end_frame()

    def _covered(self) -> bool:
        """Whether the picture hides all of the widget, so that nothing need be painted below."""
        picture = self._picture
        if picture is None or not picture.immediate:  # of the latter nothing may be ready yet
            return False
        if self.view.angle or self.showing_before or self.split is not None:
            return False
        left, top = self.view.to_widget(0, 0, self._room())
        width, height = self._room()
        right, bottom = self.view.to_widget(picture.width, picture.height, self._room())
        return left <= 0 and top <= 0 and right >= width and bottom >= height

    def _paint_lines(self, painter: QPainter) -> None:
        """The grid and the guides."""
        painter.save()
        self._lay(painter)
        corner, clip = self._in_frame(0, 0), self._clip()
        if self._tinted:
            self._paint_tint(painter)
        elif self._selection is not None and self.overlay is None:  # a result is judged beside it
            if self._veil is None and not veil_takes_time(self._selection):
                self._veil = veil(self._selection)
            if self._veil is not None:
                paint_veil(painter, self._veil, QPointF(*corner), self._size(), self.view.zoom)
        if self._marquee is not None:
            region = region_between(*self._marquee)
            near = QPointF(*self._in_frame(region.x, region.y))
            far = QPointF(*self._in_frame(region.right, region.bottom))
            paint_marquee(painter, QRectF(near, far), self.devicePixelRatioF())
        if self._picker is not None:
            self._picker.paint(painter, self._fraction_in_frame, self.devicePixelRatioF())
        if self.show_grid:
            slants = self.view.angle % 90 != 0
            paint_grid(painter, corner, self.view.zoom, self._size(), clip, slants=slants)
        if self.show_guides:
            guides = self._guides + ((self._carried,) if self._carried else ())
            ratio = self.devicePixelRatioF()
            paint_guides(painter, guides, corner, self.view.zoom, clip, ratio)
        painter.restore()

    @property
    def _tinted(self) -> bool:
        """Whether the mask is seen in red."""
        return (self.painting or self.show_mask_overlay) and not self.showing_before

    def _paint_tint(self, painter: QPainter) -> None:
        mask = self._mask
        if mask is None or (mask.width, mask.height) != self._size():
            self._tint = None
            return
        tint = self._tint
        if tint is None or tint.mask is not mask or tint.shape != self._shape:
            earlier, tint = tint, Tint(mask, *self._shape)
            if earlier is not None:
                tint.adopt(earlier, self._mask_tiles)
            self._tint = tint
        zoom = self.view.zoom * (_OFF_GRID if self.view.angle % 90 else 1.0)
        left, top = self._in_frame(0, 0)
        tint.paint(painter, left, top, zoom, self._clip(), self._mask_tiles)

    def _paint_marks(self, painter: QPainter) -> None:
        """The split line, what is seen in words, the rulers, and the brush."""
        width, height = self._room()
        ratio = self.devicePixelRatioF()
        edge = (12 + (THICK if self.show_rulers else 0)) * ratio
        if self.showing_before:
            paint_word(painter, "Before", edge, edge, ratio)
        elif self.split is not None:
            line = round(width * self.split)
            paint_split(painter, line, height, ratio)
            paint_word(painter, "Before", line - 8 * ratio, edge, ratio, leftwards=True)
            paint_word(painter, "After", line + 8 * ratio, edge, ratio)
        elif self._picker is not None:
            paint_word(painter, HINTS[self._picker.kind], edge, edge, ratio)
        elif self.overlay is not None:
            paint_word(
                painter, "Preview…" if self.overlay.running else "Preview", edge, edge, ratio
            )
        if self.view.angle:
            word = f"View turned by {self.view.angle:.3g}°".replace("-", "\N{MINUS SIGN}")
            paint_word(painter, word, edge, height - 34 * ratio, ratio)
        if self.show_rulers:
            paint_rulers(painter, self.view, self._size(), (width, height), ratio, self._pointer)
        if self._carried is not None and self._pointer is not None:
            at = self._pointer * ratio
            word = f"{self._carried.at:g} px"
            paint_word(painter, word, at.x() + 14 * ratio, at.y() + 14 * ratio, ratio)
        if self._pointer is not None and self._brush_in_hand:
            radius = self.brush.size / 2 * self.view.zoom
            at, erases = self._pointer * ratio, self._erases
            paint_circle(painter, at, radius, self.brush.hardness, ratio, erases=erases)

    def _turn(self) -> QTransform:
        """From the frame in which the picture lies level to the widget.

        It turns around a whole pixel, so that a quarter turn puts pixels on pixels.
        """
        x, y = (math.floor(side / 2) for side in self._room())
        return QTransform().translate(x, y).rotate(self.view.angle).translate(-x, -y)

    def _in_frame(self, x: float, y: float) -> tuple[float, float]:
        """Where the picture's point is in the frame in which the picture lies level."""
        place = self.view.to_widget(x, y, self._room())
        if not self.view.angle:
            return place
        turned = self._turn().inverted()[0].map(QPointF(*place))
        return turned.x(), turned.y()

    def _fraction_in_frame(self, x: float, y: float) -> QPointF:
        width, height = self._size()
        return QPointF(*self._in_frame(x * width, y * height))

    def _paint_after(self, painter: QPainter) -> None:
        assert self._picture is not None
        self._lay(painter)
        self._paint_picture(painter, self._picture, 0, 0, 1)
        if self.overlay is None:
            return
        for overlay in (self.overlay.under, self.overlay):
            if overlay is not None:
                self._paint_overlay(painter, overlay)
        whole = Region(0, 0, *self._size())
        region = self.overlay.region.intersect(whole)
        if region != whole:
            paint_frame(painter, self._place(region), self.devicePixelRatioF())

    def _paint_overlay(self, painter: QPainter, overlay: Overlay) -> None:
        region, scale = overlay.region, overlay.scale
        seen = overlay.seen(self.visible())
        if overlay.is_crowded(seen):
            self._paint_sheet(painter, overlay)
        else:
            for place, picture in overlay.within(seen):
                x, y = region.x + place.x / scale, region.y + place.y / scale
                self._paint_picture(painter, picture, x, y, 1 / scale)

    def _paint_sheet(self, painter: QPainter, overlay: Overlay) -> None:
        image, step = overlay.sheet(self._tiles)
        left, top = self._in_frame(overlay.region.x, overlay.region.y)
        size = self.view.zoom / overlay.scale * step
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(QRectF(left, top, image.width() * size, image.height() * size), image)

    def _place(self, region: Region) -> QRectF:
        left, top = self._in_frame(region.x, region.y)
        width, height = region.width * self.view.zoom, region.height * self.view.zoom
        corner = QPointF(round(left + width), round(top + height))
        return QRectF(QPointF(round(left), round(top)), corner)

    def _clip(self) -> QRect:
        """What of the frame in which the picture lies level can be seen."""
        width, height = self._room()
        clip = QRect(0, 0, math.ceil(width), math.ceil(height))
        if not self.view.angle:
            return clip
        return self._turn().inverted()[0].mapRect(QRectF(clip)).toAlignedRect()

    def _lay(self, painter: QPainter) -> None:
        """Go into the frame in which the picture lies level."""
        if self.view.angle:
            painter.setTransform(self._turn(), combine=True)

    def _paint_before(self, painter: QPainter) -> None:
        assert self._picture is not None
        self._lay(painter)
        before = self._before or self._picture
        self._paint_picture(painter, before, 0, 0, self._picture.width / before.width)

    def _paint_left(self, painter: QPainter) -> None:
        """The picture as it was, up to the split line."""
        width, height = self._room()
        line = round(width * (self.split or 0))
        if self.view.angle and line:
            # Each tile sets its own clip; one that slants cannot be cut at the line as well.
            image = QImage(line, math.ceil(height), QImage.Format.Format_RGB32)
            image.fill(QColor(theme.CANVAS))
            with QPainter(image) as inside:
                self._paint_before(inside)
            painter.drawImage(0, 0, image)
        else:
            painter.save()
            painter.setClipRect(QRectF(0, 0, line, height))
            painter.fillRect(QRectF(0, 0, line, height), QColor(theme.CANVAS))
            self._paint_before(painter)
            painter.restore()

    def _paint_picture(
        self, painter: QPainter, picture: Picture, x: float, y: float, size: float
    ) -> None:
        """Paint a picture with its corner at (x, y); its pixels are ``size`` document pixels."""
        zoom = self.view.zoom * size
        slants = self.view.angle % 90 != 0
        if slants:
            zoom *= _OFF_GRID
        left, top = self._in_frame(x, y)
        clip = self._clip()
        if painter.hasClipping():
            clip = clip.intersected(painter.clipBoundingRect().toAlignedRect())
        right, bottom = left + picture.width * zoom, top + picture.height * zoom
        area = QRectF(QPointF(round(left), round(top)), QPointF(round(right), round(bottom)))
        if picture.has_alpha:
            painter.fillRect(area.intersected(QRectF(clip)), self._board)
        picture.paint(painter, left, top, zoom, clip, self._tiles)
        if slants:
            paint_edge(painter, area)

    @property
    def finished(self) -> bool:
        """Whether the last frame showed everything as fine as it gets."""
        stores = (self._tiles, self._mask_tiles)
        return not any(tiles.incomplete or tiles.waiting for tiles in stores)

    def grabbed(self) -> QImage:
        """The canvas as an image, for tests and pictures."""
        return self.grab().toImage()

    # -- mouse and keys ------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        if self._picture is not None:
            self._look(self._fitted() if self.fits else self.view, fits=self.fits)
        super().resizeEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        pixels = event.pixelDelta()
        zooms = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier) or pixels.isNull()
        if not zooms:  # a trackpad: two fingers move
            ratio = self.devicePixelRatioF()
            self._look(self.view.moved(pixels.x() * ratio, pixels.y() * ratio))
        else:
            factor = math.exp2(event.angleDelta().y() / 120 / 3)
            self.zoom_to(self.view.zoom * factor, event.position())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._last = event.position()
        left = event.button() == Qt.MouseButton.LeftButton
        if self._dragging == "brush":
            return  # another button while one paints
        if left and self._turning:
            self._dragging = "turn"
            self._grip = self.view.angle - self._bearing(event.position())
        elif left and not self._hand and self._picker is not None:
            self._dragging = "pick"
            self._picker.press(*self._fraction(event.position()))
            self.update()
        elif left and self._brush_in_hand and not self._on_ruler(event.position()):
            self._start_stroke(event.position(), event.modifiers())
        elif left and not self._hand and self._take_guide(event.position()):
            self._dragging = "guide"
            self._carry(event.position())
        elif left and not self._hand and self._on_split(event.position()):
            self._dragging = "split"
        elif left and self.selecting and not self._hand:
            self._dragging = "marquee"
            point = self.picture_point(event.position())
            self._marquee = point, point
        elif left or event.button() == Qt.MouseButton.MiddleButton:
            self._dragging = "hand"
        self._show_cursor(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        here = event.position()
        if self._dragging == "brush":
            self._continue_stroke(here)
        elif self._dragging == "split":
            self.split = min(max(here.x() / max(self.width(), 1), 0.0), 1.0)
            self.update()
        elif self._dragging == "pick" and self._picker is not None:
            self._picker.move(*self._fraction(here))
            self.update()
        elif self._dragging == "guide":
            self._carry(here)
        elif self._dragging == "marquee" and self._marquee is not None:
            self._marquee = self._marquee[0], self.picture_point(here)
            self.update()
        elif self._dragging == "turn":
            angle = self._grip + self._bearing(here)
            if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
                angle = _SNAP * round(angle / _SNAP)
            self.rotate_to(angle)
        elif self._dragging == "hand":
            ratio = self.devicePixelRatioF()
            moved = (here - self._last) * ratio
            self._look(self.view.moved(moved.x(), moved.y()))
        self._last = here
        self._point_at(here)
        self._show_cursor(here)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._dragging == "brush":
            if event.button() != Qt.MouseButton.LeftButton:
                return
            self._continue_stroke(event.position())
            self._end_stroke()
        elif self._dragging == "guide":
            self._put_guide(event.position())
        elif self._dragging == "pick" and self._picker is not None:
            self._end_pick()
        elif self._dragging == "marquee" and self._marquee is not None:
            region, self._marquee = region_between(*self._marquee), None
            self.selected.emit(region, _how(event.modifiers()))
            self.update()
        self._dragging = ""
        self._show_cursor(event.position())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Between the whole picture and 100 % at the pointer."""
        picking = self._picker is not None and not self._hand
        if self._brush_in_hand or self._dragging == "brush":
            self.mousePressEvent(event)  # a second dab, near the first
        elif not self._turning and not picking and not self._on_ruler(event.position()):
            self._look_closer(event.position())

    def _fraction(self, at: QPointF) -> tuple[float, float]:
        """The picture's point under a widget point, as fractions of its width and height."""
        (x, y), (width, height) = self.picture_point(at), self._size()
        return x / width, y / height

    def _end_pick(self) -> None:
        """The mouse has come up: tell what was picked, unless it was a slip."""
        if self._picker is None or not self._picker.pressed:
            return
        zoom = self.view.zoom / self.devicePixelRatioF()
        place = self._picker.release(*(side * zoom for side in self._size()))
        self.update()
        if place is not None:
            self.picked.emit(place)

    def _look_closer(self, at: QPointF) -> None:
        if self.fits and self.view.zoom < 1:
            self.zoom_to(1.0, at)
        else:
            self.fit()

    def _bearing(self, at: QPointF) -> float:
        """Degrees, clockwise, at which a widget point is seen from the middle."""
        return math.degrees(math.atan2(at.y() - self.height() / 2, at.x() - self.width() / 2))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = latin_key(event)
        if key == Qt.Key.Key_Space:
            self.held.press(event, "hand")
        elif key == Qt.Key.Key_Alt and self.painting:
            self.held.press(event, "other way")
        elif key == Qt.Key.Key_Escape and self._dragging == "guide":
            self._stop_drag()
        elif key == Qt.Key.Key_Escape and self._picker is not None:
            self._picker.cancel()
            self.picked.emit(None)
        elif key == Qt.Key.Key_R and not event.modifiers() & ~Qt.KeyboardModifier.ShiftModifier:
            self.held.press(event, "turn")
        elif key in _ARROWS:
            dx, dy = _ARROWS[Qt.Key(key)]
            self._look(self.view.moved(dx * self._room()[0] / 8, dy * self._room()[1] / 8))
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom_in()
        elif key == Qt.Key.Key_Minus:
            self.zoom_out()
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if self.held.release(event):
            return
        if event.key() == Qt.Key.Key_Alt and self._other_way:  # it came down elsewhere
            self._turn_brush(False)
        else:
            super().keyReleaseEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show where the keyboard is when it came here by keyboard."""
        by_key = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
        self._by_key = event.reason() in by_key
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """A key held while the focus goes is released elsewhere."""
        self.held.let_go()
        self._turn_brush(False)
        super().focusOutEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """So it is when the whole window loses the keyboard."""
        if event.type() == QEvent.Type.ActivationChange and not self.isActiveWindow():
            self.held.let_go()
        super().changeEvent(event)

    def _held_changed(self) -> None:
        """A key has come down or up that does something while it is down."""
        self._turn_brush("other way" in self.held)
        self._show_cursor(self._last)
        self._show_before()

    @property
    def _hand(self) -> bool:
        """Whether a drag moves the picture, whatever is in hand."""
        return "hand" in self.held

    @property
    def _turning(self) -> bool:
        """Whether a drag turns the picture."""
        return "turn" in self.held

    # -- the brush -----------------------------------------------------------------------------

    def larger_brush(self) -> None:
        """A step larger."""
        self.brush.resize_by(1)
        self.show_brush()

    def smaller_brush(self) -> None:
        """A step smaller."""
        self.brush.resize_by(-1)
        self.show_brush()

    def harder_brush(self) -> None:
        """A step harder."""
        self.brush.harden_by(1)
        self.show_brush()

    def softer_brush(self) -> None:
        """A step softer."""
        self.brush.harden_by(-1)
        self.show_brush()

    def show_brush(self) -> None:
        """The brush has another size or hardness."""
        self.update()
        self.tool_changed.emit()

    @property
    def _brush_in_hand(self) -> bool:
        """Whether a press begins a stroke, or one is under way."""
        if self._dragging:
            return self._dragging == "brush"
        return self.painting and not (self._hand or self._turning or self._picker is not None)

    @property
    def _erases(self) -> bool:
        """Whether the next stroke erases; Alt turns a brush into an eraser, and back."""
        return self.brush.erases if self.brush.pressed else self.erasing != self._other_way

    def _turn_brush(self, other_way: bool) -> None:
        if other_way != self._other_way:
            self._other_way = other_way
            self.update()

    def _start_stroke(
        self, at: QPointF, keys: Qt.KeyboardModifier, pressure: float = 1.0, *, rubber: bool = False
    ) -> None:
        self._dragging = "brush"
        self._other_way = bool(keys & Qt.KeyboardModifier.AltModifier)
        line = bool(keys & Qt.KeyboardModifier.ShiftModifier)
        erase = rubber or self._erases
        self.brush.press(self.picture_point(at), pressure, erase=erase, line=line)
        self._point_at(at)
        self._tell_stroke()

    def _continue_stroke(self, at: QPointF, pressure: float = 1.0) -> None:
        moved = self.brush.move(self.picture_point(at), pressure, self.view.zoom)
        if moved and not self._flush.isActive():
            self._flush.start()

    def _tell_stroke(self) -> None:
        """Hand on what has been painted since the last time."""
        stroke = self.brush.take()
        if stroke is not None:
            self.stroked.emit(stroke, self.brush.token)

    def _end_stroke(self) -> None:
        self._flush.stop()
        self._tell_stroke()
        self.brush.release()
        self._dragging = ""

    def tabletEvent(self, event: QTabletEvent) -> None:
        """A pen paints with its pressure, and with its other end it erases."""
        at, kind = event.position(), event.type()
        if kind == QEvent.Type.TabletPress and event.button() == Qt.MouseButton.LeftButton:
            if not self._brush_in_hand or self._dragging or self._on_ruler(at):
                event.ignore()  # it comes again, as a mouse
                return
            rubber = event.pointerType() == QPointingDevice.PointerType.Eraser
            self._start_stroke(at, event.modifiers(), event.pressure(), rubber=rubber)
        elif self._dragging != "brush":
            event.ignore()
            return
        elif kind == QEvent.Type.TabletMove:
            self._continue_stroke(at, event.pressure())
            self._point_at(at)
        elif kind == QEvent.Type.TabletRelease and event.button() == Qt.MouseButton.LeftButton:
            self._end_stroke()
        event.accept()

    # -- guides --------------------------------------------------------------------------------

    def leaveEvent(self, event: QEvent) -> None:
        """No pointer, no mark on the rulers."""
        self._point_at(None)
        super().leaveEvent(event)

    def _point_at(self, at: QPointF | None) -> None:
        before, self._pointer = self._pointer, at
        if self._brush_in_hand:
            ratio = self.devicePixelRatioF()
            radius = self.brush.size / 2 * self.view.zoom
            for place in (before, at):
                if place is not None:
                    covered = circle(place * ratio, radius, ratio)
                    self.update(
                        QRectF(covered.topLeft() / ratio, covered.size() / ratio).toAlignedRect()
                    )
        if self.show_rulers and not self._dragging:
            self.update(QRegion(0, 0, self.width(), THICK) + QRegion(0, 0, THICK, self.height()))

    def _on_ruler(self, at: QPointF) -> str:
        """The ruler at a widget point: "top", "left", "both" in their corner, or none."""
        if not self.show_rulers or min(at.x(), at.y()) >= THICK:
            return ""
        return "top" if at.x() >= THICK else "left" if at.y() >= THICK else "both"

    def _guide_at(self, at: QPointF) -> Guide | None:
        if not self.show_guides:
            return None
        point, ratio = self.picture_point(at), self.devicePixelRatioF()
        near = [(abs(guide.of(point) - guide.at), guide) for guide in self._guides]
        distance, guide = min(near, default=(math.inf, None))
        return guide if distance * self.view.zoom <= _NEAR * ratio else None

    def _take_guide(self, at: QPointF) -> bool:
        """Take hold of a guide, or pull a new one out of a ruler."""
        ruler = self._on_ruler(at)
        taken = None if ruler else self._guide_at(at)
        if self._picture is None or ruler == "both" or not (ruler or taken):
            return bool(ruler)
        self._guides_before = self._guides
        if taken is not None:
            self._carried = taken
            self._guides = tuple(guide for guide in self._guides if guide != taken)
        else:  # from the upper ruler comes a line along it, which has the other axis
            self.show_guides = True
            across = axis_along_top(self.view) ^ int(ruler == "top")
            self._carried = Guide("y" if across else "x", 0.0)
        return True

    def _carry(self, at: QPointF) -> None:
        if self._carried is None:
            return
        size = self._size()[self._carried.axis == "y"]
        place = self._carried.of(self.picture_point(at))
        zoom = self.view.zoom / self.devicePixelRatioF()
        self._carried = self._carried._replace(at=snapped(place, size, zoom))
        self.update()

    def _put_guide(self, at: QPointF) -> None:
        """Let go of a guide; over a ruler, or outside, that is the end of it."""
        carried, self._carried = self._carried, None
        if carried is None:
            return
        left, self._guides = self._guides, self._guides_before
        stays = self.rect().contains(at.toPoint()) and not self._on_ruler(at)
        self.guides = (*left, carried) if stays else left

    def _stop_drag(self) -> None:
        """Let go of whatever is dragged; a guide goes back to where it was."""
        if self._carried is not None:
            self._carried, self._guides = None, self._guides_before
        if self._picker is not None:
            self._picker.cancel()
        if self._dragging == "brush":
            self._end_stroke()
        self._dragging = ""
        self.update()

    # -- two fingers ---------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        """Fingers on a trackpad come as native gestures, those on a screen as a pinch."""
        if event.type() == QEvent.Type.NativeGesture:
            assert isinstance(event, QNativeGestureEvent)
            return self._trackpad(event)
        if event.type() == QEvent.Type.Gesture:
            assert isinstance(event, QGestureEvent)
            pinch = event.gesture(Qt.GestureType.PinchGesture)
            if isinstance(pinch, QPinchGesture):
                self._pinch(pinch)
                event.accept(pinch)
                return True
        return super().event(event)

    def _trackpad(self, event: QNativeGestureEvent) -> bool:
        kind, value, at = event.gestureType(), event.value(), event.position()
        if kind == Qt.NativeGestureType.ZoomNativeGesture:
            self.zoom_to(self.view.zoom * max(1 + value, 0.1), at)
        elif kind == Qt.NativeGestureType.RotateNativeGesture:
            self._twist = self._twist or Twist(self.view.angle)
            self._rotate(self._twist.turn(value), at)
        elif kind == Qt.NativeGestureType.SmartZoomNativeGesture:
            self._look_closer(at)
        elif kind == Qt.NativeGestureType.PanNativeGesture:
            way = event.delta() * self.devicePixelRatioF()
            self._look(self.view.moved(way.x(), way.y()))
        elif kind in (
            Qt.NativeGestureType.BeginNativeGesture,
            Qt.NativeGestureType.EndNativeGesture,
        ):
            self._twist = None
        else:
            return False
        event.accept()
        return True

    def _pinch(self, pinch: QPinchGesture) -> None:
        now = pinch.scaleFactor(), pinch.rotationAngle(), pinch.centerPoint()
        if pinch.state() == Qt.GestureState.GestureStarted:
            self._stop_drag()  # the first finger came as a mouse and has begun one
            self._twist = None
            self._pinched = (1.0, *now[1:])
        last, self._pinched = self._pinched, now
        if now == last:
            return  # Qt may tell of one movement twice
        way = (now[2] - last[2]) * self.devicePixelRatioF()
        if not way.isNull():
            self._look(self.view.moved(way.x(), way.y()))
        at = QPointF(self.mapFromGlobal(now[2]))
        self.zoom_to(self.view.zoom * now[0], at)
        self._twist = self._twist or Twist(self.view.angle)
        self._rotate(self._twist.turn(now[1] - last[1]), at)
        if pinch.state() in (Qt.GestureState.GestureFinished, Qt.GestureState.GestureCanceled):
            self._twist = None

    def _on_split(self, point: QPointF) -> bool:
        return self.split is not None and abs(point.x() - self.split * self.width()) <= _GRIP

    def _line_at(self, point: QPointF) -> Qt.CursorShape | None:
        """The cursor that tells which way a guide, or one out of a ruler, can be moved."""
        if self._dragging not in ("", "guide"):
            return None
        guide, ruler = self._carried, self._on_ruler(point)
        if guide is None and not ruler:
            guide = self._guide_at(point)
        if guide is not None:
            level = (guide.axis == "y") == (axis_along_top(self.view) == 0)
            return Qt.CursorShape.SplitVCursor if level else Qt.CursorShape.SplitHCursor
        shapes = {"top": Qt.CursorShape.SplitVCursor, "left": Qt.CursorShape.SplitHCursor}
        return shapes.get(ruler, Qt.CursorShape.ArrowCursor) if ruler else None

    def _show_cursor(self, point: QPointF) -> None:
        shape: Qt.CursorShape | QCursor = Qt.CursorShape.ArrowCursor
        if self._turning or self._dragging == "turn":
            shape = turning_cursor()
        elif self._dragging == "hand":
            shape = Qt.CursorShape.ClosedHandCursor
        elif self._picker is not None and not self._hand:
            shape = Qt.CursorShape.CrossCursor
        elif self._brush_in_hand and not self._on_ruler(point):
            shape = Qt.CursorShape.BlankCursor
        elif not self._hand and (line := self._line_at(point)):
            shape = line
        elif self._dragging == "split" or (not self._hand and self._on_split(point)):
            shape = Qt.CursorShape.SplitHCursor
        elif self._hand:
            shape = Qt.CursorShape.OpenHandCursor
        elif self.selecting:
            shape = Qt.CursorShape.CrossCursor
        self.setCursor(shape)
