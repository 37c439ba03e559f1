"""Frame ruler: where in a sequence one is, its in and out, and the keyframes of a layer."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSlider, QStyle, QWidget

from safelight.gui.frames.keyframe_buttons import diamond
from safelight.gui.widgets import theme

_NEAR = 6
"""Pixels from a keyframe's sign within which a press takes hold of it."""

_KEYS = 10
"""Pixels at the top where keyframes are."""


class FrameRuler(QSlider):
    """A slider whose handle goes to where it is clicked. ``key_moved`` has the frame of a keyframe
    that was dragged, and the one where it was let go.
    """

    key_moved = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setMinimumHeight(30)
        self.keys: Sequence[int] = ()
        self.bounds: tuple[int, int] | None = None
        self._held: int | None = None
        self._to = 0

    def show_marks(self, keys: Sequence[int], bounds: tuple[int, int] | None) -> None:
        """Show keyframes, and in and out where they are not the whole."""
        if (keys, bounds) != (self.keys, self.bounds):
            self.keys, self.bounds = keys, bounds
            self.update()

    def x_of(self, frame: int) -> float:
        """Where a frame is, in the ruler's pixels."""
        handle, span = self._span()
        share = (frame - self.minimum()) / max(self.maximum() - self.minimum(), 1)
        return handle / 2 + share * span

    def _span(self) -> tuple[int, int]:
        handle = self.style().pixelMetric(QStyle.PixelMetric.PM_SliderLength, None, self)
        return handle, max(self.width() - handle, 1)

    def _frame_at(self, x: float) -> int:
        handle, span = self._span()
        place = round(x - handle / 2)
        return QStyle.sliderValueFromPosition(self.minimum(), self.maximum(), place, span)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            at = event.position()
            near = [key for key in self.keys if abs(self.x_of(key) - at.x()) <= _NEAR]
            if at.y() <= _KEYS and near:
                self._held = min(near, key=lambda key: abs(self.x_of(key) - at.x()))
                self._to = self._held
                return
            self.setValue(self._frame_at(at.x()))
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._held is None:
            super().mouseMoveEvent(event)
            return
        self._to = self._frame_at(event.position().x())
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._held is None:
            super().mouseReleaseEvent(event)
            return
        held, self._held = self._held, None
        if self._to == held:
            self.setValue(held)
        else:
            self.key_moved.emit(held, self._to)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.bounds is not None:
            left, right = (self.x_of(each) for each in self.bounds)
            bottom = float(self.height())
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(0, 0, 0, 110))
            painter.drawRect(QRectF(0, _KEYS, left, bottom))
            painter.drawRect(QRectF(right, _KEYS, self.width() - right, bottom))
            painter.setPen(QPen(QColor(theme.TEXT), 1.5))
            for x, way in ((left, 4), (right, -4)):
                painter.drawPolyline(
                    [QPointF(x + way, _KEYS + 1), QPointF(x, _KEYS + 1)]
                    + [QPointF(x, bottom - 2), QPointF(x + way, bottom - 2)]
                )
        painter.setPen(QPen(QColor(theme.CANVAS), 1))
        for key in self.keys:
            painter.setBrush(QColor(theme.ACCENT))
            at = self._to if key == self._held else key
            painter.drawPolygon(diamond(QPointF(self.x_of(at), _KEYS / 2), 4.5))
        painter.end()
