"""Welcome: what an empty window offers: open, drop, a recent file, a sample."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon, QImage, QImageReader, QPixmap
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from safelight.gui.background import Background
from safelight.gui.samples import recent_files, sample_photographs
from safelight.gui.shown_text import plain, tooltip

_THUMBNAIL = QSize(186, 124)
_DRAWN = QSize(372, 248)
"""Twice as large, for screens with small pixels."""


class Welcome(QWidget):
    """Shown while nothing is open. ``open_wanted`` asks for the dialog, ``chosen`` for a file.

    ``new_wanted`` asks for a picture that a generator makes.
    """

    open_wanted = Signal()
    new_wanted = Signal()
    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.samples: list[QToolButton] = []
        self._asked = False  # for the samples
        title = QLabel("Open a photograph")
        title.setObjectName("large")
        hint = QLabel("Drag one here, or open it. Your original is never written.")
        hint.setObjectName("dim")
        self.open = QPushButton("Open…")
        self.open.setDefault(True)
        self.open.clicked.connect(self.open_wanted)
        self.new = QToolButton()
        self.new.setObjectName("plain")
        self.new.setText("New from generator…")
        self.new.setToolTip("A picture that a generator makes from nothing")
        self.new.clicked.connect(self.new_wanted)
        self.new.hide()
        centre = Qt.AlignmentFlag.AlignHCenter
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(24, 24, 24, 24)
        column.setSpacing(10)
        column.addStretch(2)
        column.addWidget(title, 0, centre)
        column.addWidget(hint, 0, centre)
        column.addSpacing(8)
        column.addWidget(self.open, 0, centre)
        column.addWidget(self.new, 0, centre)
        column.addSpacing(26)
        self._recent = QVBoxLayout()
        self._recent.setSpacing(2)
        column.addLayout(self._recent)
        self._sample_title = QLabel("Or try a sample")
        self._sample_title.setObjectName("dim")
        self._sample_title.hide()
        column.addSpacing(10)
        column.addWidget(self._sample_title, 0, centre)
        self._grid = QGridLayout()
        self._grid.setSpacing(10)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addLayout(self._grid)
        row.addStretch(1)
        column.addLayout(row)
        column.addStretch(3)
        scroller = QScrollArea()
        scroller.setWidgetResizable(True)
        scroller.setWidget(inside)
        inside.setObjectName("transparent")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(scroller)

    def show_samples(self) -> None:
        """Load the samples' thumbnails on a thread, once."""
        if not self._asked:
            self._asked = True
            Background(self, _thumbnails, self._show_samples, lambda error: None)

    def show_recent(self) -> None:
        """Show the recent files."""
        while (item := self._recent.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        files = recent_files()[:4]
        if files:
            heading = QLabel("Recent")
            heading.setObjectName("dim")
            self._recent.addWidget(heading, 0, Qt.AlignmentFlag.AlignHCenter)
        for path in files:
            button = QToolButton()
            button.setObjectName("plain")
            name = plain(path.name)
            button.setText(name if len(name) <= 48 else name[:30] + "…" + name[-16:])
            button.setToolTip(tooltip(str(path)))
            button.clicked.connect(lambda _=False, path=path: self.chosen.emit(path))
            self._recent.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)

    def _show_samples(self, loaded: Sequence[tuple[Path, QImage]]) -> None:
        self._sample_title.setVisible(bool(loaded))
        for number, (path, image) in enumerate(loaded):
            button = QToolButton()
            button.setObjectName("plain")
            button.setIcon(QIcon(QPixmap.fromImage(image)))
            button.setIconSize(_THUMBNAIL)
            name = path.stem.replace("-", " ").capitalize()
            button.setToolTip(f"Open the sample photograph “{name}”")
            button.setAccessibleName(name)
            button.clicked.connect(lambda _=False, path=path: self.chosen.emit(path))
            self._grid.addWidget(button, number // 4, number % 4)
            self.samples.append(button)


def _thumbnails() -> list[tuple[Path, QImage]]:
    loaded = []
    for path in sample_photographs()[:4]:
        reader = QImageReader(str(path))
        full = reader.size()
        if not full.isValid():
            continue
        covering = full.scaled(_DRAWN, Qt.AspectRatioMode.KeepAspectRatioByExpanding)
        reader.setScaledSize(covering)
        image = reader.read()
        x = (image.width() - _DRAWN.width()) // 2
        y = (image.height() - _DRAWN.height()) // 2
        loaded.append((path, image.copy(x, y, _DRAWN.width(), _DRAWN.height())))
    return loaded
