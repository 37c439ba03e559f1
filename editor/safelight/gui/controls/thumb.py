"""Thumb: a square button that shows what a code makes."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QKeyEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QWidget

from safelight.gui.screen.display_transform import display
from safelight.gui.widgets import theme

_ROUND = 4.0
_CLICKS = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)
_FADED = 0.3
"""How much is seen of what will be replaced by another picture in a moment."""


class Thumb(QAbstractButton):
    """A picture, or its words where there is none. ``marked`` has a frame of its own.

    Return clicks it, as Space does; the other keys are for what it lies in.
    """

    def __init__(self, words: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.image: QImage | None = None
        self.waiting = False
        self.marked = False
        self.setText(words)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def show_image(self, image: QImage | None) -> None:
        """Show a picture, or none."""
        self.image, self.waiting = image, False
        self.update()

    def show_waiting(self) -> None:
        """Fade what there is while another picture is made."""
        self.waiting = True
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(40, 40)

    def minimumSizeHint(self) -> QSize:
        return QSize(24, 24)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _CLICKS:
            self.click()
        else:
            event.ignore()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        box = QRectF(self.rect()).adjusted(2, 2, -2, -2)
        shape = QPainterPath()
        shape.addRoundedRect(box, _ROUND, _ROUND)
        with QPainter(self) as painter:
            painter.setRenderHints(
                QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
            )
            painter.fillPath(shape, QColor(theme.CANVAS))
            if self.image is not None:
                painter.save()
                painter.setClipPath(shape)
                painter.setOpacity(_FADED if self.waiting or not self.isEnabled() else 1.0)
                painter.drawImage(box, display().shown(self.image))
                painter.restore()
            self._paint_words(painter, box)
            self._paint_edge(painter, box)

    def _paint_words(self, painter: QPainter, box: QRectF) -> None:
        if not self.text():
            return
        if self.image is None:
            painter.setPen(QColor(theme.DIM if self.isEnabled() else theme.OFF))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self.text())
            return
        badge = QRectF(box.left(), box.bottom() - 15, 15, 15)
        shape = QPainterPath()
        shape.addRoundedRect(badge, _ROUND, _ROUND)
        painter.fillPath(shape, QColor(0, 0, 0, 150))
        painter.setPen(QColor(theme.TEXT))
        painter.drawText(badge, Qt.AlignmentFlag.AlignCenter, self.text())

    def _paint_edge(self, painter: QPainter, box: QRectF) -> None:
        if self.marked:
            pen = QPen(QColor(theme.ACCENT), 2)
            painter.setPen(pen)
            painter.drawRoundedRect(box.adjusted(-1, -1, 1, 1), _ROUND, _ROUND)
        if self.hasFocus():
            painter.setPen(QPen(QColor(theme.TEXT), 1.5))
        elif self.underMouse() and self.isEnabled():
            painter.setPen(QPen(QColor(theme.DIM), 1))
        elif self.image is None:
            painter.setPen(QPen(QColor(theme.LINE), 1))
        else:
            return
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), _ROUND, _ROUND)
