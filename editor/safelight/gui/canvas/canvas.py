"""Canvas: shows a picture, before and after, and a preview above it; zooms and pans.

A plain widget painted with QPainter: a third of the cost of a graphics scene, and a thirtieth of
OpenGL where that is done in software.
"""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFocusEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from safelight.api import Region
from safelight.gui import theme
from safelight.gui.canvas.picture import Picture, Tiles, chequerboard
from safelight.gui.canvas.view import View

_GRIP = 9.0
"""How near the split line a press takes hold of it, in widget pixels."""

_FRAME = 0.008
"""Seconds a frame may spend on making tiles; the rest comes with the next frames."""

_ARROWS = {
    Qt.Key.Key_Left: (1, 0),
    Qt.Key.Key_Right: (-1, 0),
    Qt.Key.Key_Up: (0, 1),
    Qt.Key.Key_Down: (0, -1),
}


class Overlay:
    """Pictures above the document: a preview's or a job's finished pieces.

    ``region`` is what they cover, in the document's pixels; ``scale`` how many of their pixels
    make one of the document's.
    """

    def __init__(self, region: Region, scale: int) -> None:
        self.region = region
        self.scale = scale
        self.pieces: list[tuple[Region, Picture]] = []

    def add(self, place: Region, picture: Picture) -> None:
        """Put a picture at ``place``, in result pixels from the region's corner."""
        self.pieces.append((place, picture))

    def complete(self, picture: Picture) -> None:
        """Replace the pieces by the whole result."""
        self.pieces = [(Region(0, 0, picture.width, picture.height), picture)]


class Canvas(QWidget):
    """The picture on the screen.

    Keys: arrows move, + and - zoom. The wheel zooms at the pointer; a drag moves the picture
    (from anywhere while Space is held, also from the split line).
    """

    view_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(160, 120)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName("Picture")
        self.view = View()
        self.fits = True
        self.overlay: Overlay | None = None
        self.split: float | None = None
        self._tiles = Tiles()
        self._picture: Picture | None = None
        self._before: Picture | None = None
        self._showing_before = False
        self._hand = False
        self._dragging: str = ""
        self._last = QPointF()
        self._board = QBrush(chequerboard())

    # -- what is shown -------------------------------------------------------------------------

    def show_picture(self, picture: Picture, before: Picture) -> None:
        """Show ``picture``; ``before`` is what the before key and the split line compare with."""
        old = self._picture
        self._picture, self._before = picture, before
        if old is None or (old.width, old.height) != (picture.width, picture.height):
            if self.fits or old is None:
                self.view = View.fitted(self._size(), self._room())
            else:  # another size: what was in the middle stays there, as large as it was
                ratio = picture.width / old.width
                view = self.view
                self.view = View(view.zoom / ratio, view.x * ratio, view.y * ratio)
            self.view_changed.emit()
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
        """Show the picture as it was, while a key is held."""
        if on != self._showing_before:
            self._showing_before = on
            self.update()

    # -- where it is ---------------------------------------------------------------------------

    def fit(self) -> None:
        """Show the whole picture."""
        self.fits = True
        self._look(View.fitted(self._size(), self._room()), fits=True)

    def zoom_to(self, zoom: float, at: QPointF | None = None) -> None:
        """Zoom to ``zoom`` (1 = one picture pixel on one screen pixel) around a widget point."""
        point = at if at is not None else QPointF(self.width() / 2, self.height() / 2)
        ratio = self.devicePixelRatioF()
        self._look(self.view.zoomed(zoom, point.x() * ratio, point.y() * ratio, self._room()))

    def zoom_in(self) -> None:
        """One step larger."""
        self.zoom_to(self.view.larger_step())

    def zoom_out(self) -> None:
        """One step smaller."""
        self.zoom_to(self.view.smaller_step())

    def visible(self) -> Region:
        """The part of the picture that can be seen, in its pixels."""
        width, height = self._size()
        room = self._room()
        left, top = self.view.to_picture(0, 0, room)
        right, bottom = self.view.to_picture(room[0], room[1], room)
        x, y = max(math.floor(left), 0), max(math.floor(top), 0)
        shown_width = max(min(math.ceil(right), width) - x, 0)
        shown_height = max(min(math.ceil(bottom), height) - y, 0)
        return Region(x, y, shown_width, shown_height)

    def picture_point(self, at: QPointF) -> tuple[float, float]:
        """The picture's point under a widget point."""
        ratio = self.devicePixelRatioF()
        return self.view.to_picture(at.x() * ratio, at.y() * ratio, self._room())

    def _size(self) -> tuple[int, int]:
        return (self._picture.width, self._picture.height) if self._picture else (1, 1)

    def _room(self) -> tuple[float, float]:
        ratio = self.devicePixelRatioF()
        return self.width() * ratio, self.height() * ratio

    def _look(self, view: View, *, fits: bool = False) -> None:
        self.fits = fits
        view = view.kept_in(self._size(), self._room())
        if view != self.view:
            self.view = view
            self.view_changed.emit()
            self.update()

    # -- painting ------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(event.rect(), QColor(theme.CANVAS))
        if self._picture is None:
            return
        ratio = self.devicePixelRatioF()
        painter.scale(1 / ratio, 1 / ratio)  # from here on in physical pixels
        self._tiles.start_frame(_FRAME)
        if self._showing_before:
            self._paint_before(painter)
            self._paint_tag(painter, "Before")
        else:
            self._paint_after(painter)
            if self.split is not None:
                self._paint_split(painter)
        if self._tiles.incomplete:
            QTimer.singleShot(0, self.update)

    def _paint_after(self, painter: QPainter) -> None:
        assert self._picture is not None
        self._paint_picture(painter, self._picture, 0, 0, 1)
        if self.overlay is None:
            return
        region, scale = self.overlay.region, self.overlay.scale
        for place, picture in self.overlay.pieces:
            x, y = region.x + place.x / scale, region.y + place.y / scale
            self._paint_picture(painter, picture, x, y, 1 / scale)
        if region != Region(0, 0, *self._size()):
            self._paint_frame(painter, region)

    def _paint_before(self, painter: QPainter) -> None:
        assert self._picture is not None
        before = self._before or self._picture
        self._paint_picture(painter, before, 0, 0, self._picture.width / before.width)

    def _paint_split(self, painter: QPainter) -> None:
        width, height = self._room()
        line = round(width * (self.split or 0))
        painter.save()
        painter.setClipRect(QRectF(0, 0, line, height))
        painter.fillRect(QRectF(0, 0, line, height), QColor(theme.CANVAS))
        self._paint_before(painter)
        painter.restore()
        ratio = self.devicePixelRatioF()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(QRectF(line - ratio, 0, 2 * ratio, height), QColor(0, 0, 0, 120))
        painter.fillRect(QRectF(line - ratio / 2, 0, ratio, height), QColor(235, 235, 235))
        painter.setPen(QPen(QColor(20, 20, 20), ratio))
        painter.setBrush(QColor(235, 235, 235))
        middle = QPointF(line, height / 2)
        painter.drawEllipse(middle, 11 * ratio, 11 * ratio)
        painter.setBrush(QColor(60, 60, 60))
        painter.setPen(Qt.PenStyle.NoPen)
        for side in (-1, 1):
            tip = QPointF(line + side * 7 * ratio, height / 2)
            back = line + side * 3 * ratio
            painter.drawPolygon(
                [
                    tip,
                    QPointF(back, height / 2 - 4 * ratio),
                    QPointF(back, height / 2 + 4 * ratio),
                ]
            )
        self._paint_tag(painter, "Before", line - 8 * ratio, left=False)
        self._paint_tag(painter, "After", line + 8 * ratio)

    def _paint_picture(
        self, painter: QPainter, picture: Picture, x: float, y: float, size: float
    ) -> None:
        """Paint a picture with its corner at (x, y); its pixels are ``size`` document pixels."""
        room, zoom = self._room(), self.view.zoom * size
        left, top = self.view.to_widget(x, y, room)
        level = max(0, math.floor(math.log2(1 / zoom) + 1e-9)) if zoom < 1 else 0
        while level and (1 << level) > max(picture.width, picture.height):
            level -= 1
        step = zoom * (1 << level)  # screen pixels per pixel of that level
        width, height = picture.size(level)
        clip = painter.clipBoundingRect() if painter.hasClipping() else QRectF(0, 0, *room)
        first_x = max(math.floor((clip.left() - left) / step) - 1, 0)
        first_y = max(math.floor((clip.top() - top) / step) - 1, 0)
        last_x = min(math.ceil((clip.right() - left) / step) + 1, width)
        last_y = min(math.ceil((clip.bottom() - top) / step) + 1, height)
        if last_x <= first_x or last_y <= first_y:
            return
        region = Region(first_x, first_y, last_x - first_x, last_y - first_y, level)
        image = picture.image(region, self._tiles)
        # The last column of a level may stand for half a pixel: measure by the picture itself.
        across = picture.width * zoom / width
        down = picture.height * zoom / height
        target = QRectF(
            left + first_x * across,
            top + first_y * down,
            region.width * across,
            region.height * down,
        )
        if abs(step - 1) < 1e-6:  # pixel for pixel: no resampling, no half pixels
            target = QRectF(round(target.x()), round(target.y()), region.width, region.height)
        painter.setRenderHint(
            QPainter.RenderHint.SmoothPixmapTransform, zoom < 2 and abs(step - 1) >= 1e-6
        )
        if picture.has_alpha:
            painter.fillRect(target, self._board)
        painter.drawImage(target, image)

    def _paint_frame(self, painter: QPainter, region: Region) -> None:
        left, top = self.view.to_widget(region.x, region.y, self._room())
        right, bottom = self.view.to_widget(region.right, region.bottom, self._room())
        frame = QRectF(QPointF(round(left), round(top)), QPointF(round(right), round(bottom)))
        ratio = self.devicePixelRatioF()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(0, 0, 0, 140), 3 * ratio))
        painter.drawRect(frame)
        painter.setPen(QPen(QColor(235, 235, 235, 200), ratio))
        painter.drawRect(frame)

    def _paint_tag(
        self, painter: QPainter, text: str, at: float | None = None, *, left: bool = True
    ) -> None:
        ratio = self.devicePixelRatioF()
        font = self.font()
        font.setPixelSize(round(12 * ratio))
        painter.setFont(font)
        width = painter.fontMetrics().horizontalAdvance(text) + 16 * ratio
        x = 12 * ratio if at is None else (at if left else at - width)
        box = QRectF(x, 12 * ratio, width, 22 * ratio)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(0, 0, 0, 150))
        painter.drawRoundedRect(box, 4 * ratio, 4 * ratio)
        painter.setPen(QColor(theme.TEXT))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    def grabbed(self) -> QImage:
        """The canvas as an image, for tests and pictures."""
        return self.grab().toImage()

    # -- mouse and keys ------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        if self._picture is not None:
            view = View.fitted(self._size(), self._room()) if self.fits else self.view
            self._look(view, fits=self.fits)
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
        if left and not self._hand and self._on_split(event.position()):
            self._dragging = "split"
        elif left or event.button() == Qt.MouseButton.MiddleButton:
            self._dragging = "hand"
        self._show_cursor(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        here = event.position()
        if self._dragging == "split":
            self.split = min(max(here.x() / max(self.width(), 1), 0.0), 1.0)
            self.update()
        elif self._dragging == "hand":
            ratio = self.devicePixelRatioF()
            moved = (here - self._last) * ratio
            self._look(self.view.moved(moved.x(), moved.y()))
        self._last = here
        self._show_cursor(here)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._dragging = ""
        self._show_cursor(event.position())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Between the whole picture and 100 % at the pointer."""
        if self.fits and self.view.zoom < 1:
            self.zoom_to(1.0, event.position())
        else:
            self.fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key == Qt.Key.Key_Space:
            self._hand = True
            self._show_cursor(self._last)
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
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._hand = False
            self._show_cursor(self._last)
        else:
            super().keyReleaseEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """A key held while the focus goes is released elsewhere."""
        self._hand = False
        super().focusOutEvent(event)

    def _on_split(self, point: QPointF) -> bool:
        return self.split is not None and abs(point.x() - self.split * self.width()) <= _GRIP

    def _show_cursor(self, point: QPointF) -> None:
        shape = Qt.CursorShape.ArrowCursor
        if self._dragging == "hand":
            shape = Qt.CursorShape.ClosedHandCursor
        elif self._dragging == "split" or (not self._hand and self._on_split(point)):
            shape = Qt.CursorShape.SplitHCursor
        elif self._hand:
            shape = Qt.CursorShape.OpenHandCursor
        self.setCursor(shape)
