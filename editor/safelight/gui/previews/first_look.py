"""First look: a photograph while its colours are converted exactly, to be looked at meanwhile."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from safelight import actions
from safelight.gui.canvas.canvas import Canvas
from safelight.gui.canvas.picture import Picture
from safelight.gui.shown_text import plain


class FirstLook(QWidget):
    """A tab that shows a coarse conversion until the exact one takes its place.

    It has no session: nothing of it can be edited, exported or saved.
    """

    def __init__(self, opened: actions.Opened, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = opened.document.name
        self.canvas = Canvas()
        picture = Picture(opened.document.layers[0].raster, opened.document.profile)
        self.canvas.show_picture(picture, picture)
        words = QLabel(
            plain(f"{self.title}: its colours are being converted exactly; it can be edited then.")
        )
        words.setTextFormat(Qt.TextFormat.PlainText)
        words.setObjectName("dim")
        words.setContentsMargins(12, 6, 12, 6)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(words)
        column.addWidget(self.canvas, 1)
