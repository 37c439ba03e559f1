"""First look: a photograph while it is read, to be looked at meanwhile."""

from __future__ import annotations

from PySide6.QtCore import QMargins, Qt
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from safelight import actions
from safelight.gui.canvas.canvas import Canvas
from safelight.gui.canvas.picture import Picture, SmallerCopy
from safelight.gui.widgets.shown_text import plain


class FirstLook(QWidget):
    """A tab that shows a smaller copy, or a coarse conversion, until the photograph takes its
    place; ``around`` is what lies around that then, in widget pixels.

    It has no session: nothing of it can be edited, exported or saved.
    """

    def __init__(
        self, opened: actions.Opened, around: QMargins, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.title = opened.document.name
        self.canvas = Canvas()
        raster, profile = opened.document.layers[0].raster, opened.document.profile
        picture = (
            Picture(raster, profile)
            if opened.whole is None
            else SmallerCopy(raster, profile, opened.whole)
        )
        self.canvas.show_picture(picture, picture)
        doing = (
            "its colours are being converted exactly"
            if opened.whole is None
            else "all of it is being read"
        )
        words = QLabel(plain(f"{self.title}: {doing}; it can be edited then."))
        words.setTextFormat(Qt.TextFormat.PlainText)
        words.setObjectName("dim")
        words.setFixedHeight(around.top())
        words.setIndent(6)
        column = QVBoxLayout(self)
        column.setContentsMargins(around.left(), 0, around.right(), around.bottom())
        column.setSpacing(0)
        column.addWidget(words)
        column.addWidget(self.canvas, 1)
