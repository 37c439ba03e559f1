"""Close up: a small picture, larger, beside the panel that shows it."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from safelight.gui.screen.display_transform import display
from safelight.gui.widgets.shown_text import plain

_GAP = 20
"""Pixels between a close-up and what it belongs to."""


class CloseUp(QFrame):
    """A picture and a line below it, to the left of something. The mouse passes through."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.ToolTip | Qt.WindowType.WindowTransparentForInput)
        self.setObjectName("closeup")
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.picture = QLabel()
        self.words = QLabel()
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.words.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        column.setSpacing(6)
        column.addWidget(self.picture, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self.words)

    def show_beside(self, widget: QWidget, image: QImage, words: str) -> None:
        """Show a picture to the left of a widget, or to its right where there is more room."""
        pixmap = QPixmap.fromImage(display().shown(image))
        pixmap.setDevicePixelRatio(widget.devicePixelRatioF())
        self.picture.setPixmap(pixmap)
        self.words.setText(plain(words))
        self.adjustSize()
        beside = QRect(widget.mapToGlobal(QPoint()), widget.size())
        screen = widget.screen().availableGeometry()
        left = beside.left() - _GAP - self.width()
        if left < screen.left():
            left = min(beside.right() + _GAP, screen.right() - self.width())
        top = beside.center().y() - self.height() // 2
        top = max(min(top, screen.bottom() - self.height()), screen.top())
        self.move(left, top)
        self.show()
