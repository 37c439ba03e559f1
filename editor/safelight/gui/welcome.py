"""Welcome: what an empty window offers: open, drop, a recent file, a sample."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon, QImage, QImageReader, QPixmap, QResizeEvent
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

from safelight.gui.open_and_save.samples_and_recent_files import recent_files, sample_photographs
from safelight.gui.threads.background import Background
from safelight.gui.widgets.shown_text import plain, tooltip

_INVITATION = "Open a photograph"

_SAMPLES = 4
"""Samples that are offered at most."""

_MARGIN, _GAP = 24, 10
"""Pixels around all, and between two samples."""

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
        self._columns = 0
        self.title = QLabel(_INVITATION)
        self.title.setObjectName("large")
        self._hint = QLabel("Drag one here, or open it. Your original is never written.")
        self._hint.setObjectName("dim")
        self.open = QPushButton("Open…")
        self.open.setDefault(True)
        self.open.clicked.connect(self.open_wanted)
        self.new = QToolButton()
        self.new.setObjectName("plain")
        self.new.setText("New…")
        self.new.setToolTip("An empty page, or a picture that a generator makes")
        self.new.clicked.connect(self.new_wanted)
        centre = Qt.AlignmentFlag.AlignHCenter
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(_MARGIN, _MARGIN, _MARGIN, _MARGIN)
        column.setSpacing(_GAP)
        column.addStretch(2)
        column.addWidget(self.title, 0, centre)
        column.addWidget(self._hint, 0, centre)
        column.addSpacing(8)
        column.addWidget(self.open, 0, centre)
        column.addWidget(self.new, 0, centre)
        column.addSpacing(26)
        self._recent = QVBoxLayout()
        self._recent.setSpacing(2)
        column.addLayout(self._recent)
        self._sample_title = QLabel("Or try a sample")
        self._sample_title.setObjectName("dim")
        column.addSpacing(10)
        column.addWidget(self._sample_title, 0, centre)
        self._places = [_Place() for _ in range(_SAMPLES)]
        self._grid = QGridLayout()
        self._grid.setSpacing(_GAP)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addLayout(self._grid)
        row.addStretch(1)
        column.addLayout(row)
        column.addStretch(3)
        for part in (self._hint, self.open, self.new, self._sample_title, *self._places):
            _keep_room(part)
        self._sample_title.hide()
        self._arrange(_SAMPLES)
        scroller = QScrollArea()
        scroller.setWidgetResizable(True)
        scroller.setWidget(inside)
        inside.setObjectName("transparent")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(scroller)

    def show_opening(self, opening: bool) -> None:
        """Say that a photograph is on its way, in place of asking for one."""
        self.title.setText("Opening…" if opening else _INVITATION)
        self._hint.setHidden(opening)
        self.open.setHidden(opening)
        self.new.setHidden(opening)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        room = event.size().width() - 2 * _MARGIN + _GAP
        self._arrange(min(max(room // (self._places[0].sizeHint().width() + _GAP), 1), _SAMPLES))

    def _arrange(self, columns: int) -> None:
        """Have the samples in so many columns."""
        if columns == self._columns:
            return
        self._columns = columns
        for number, place in enumerate(self._places):
            self._grid.addWidget(place, number // columns, number % columns)

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
        for place, (path, image) in zip(self._places, loaded, strict=False):
            place.fill(path, image)
            place.clicked.connect(lambda _=False, path=path: self.chosen.emit(path))
            self.samples.append(place)


class _Place(QToolButton):
    """Where a sample will be: nothing moves when its picture has been decoded."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("plain")
        self.setIconSize(_THUMBNAIL)
        self._image: QImage | None = None
        self.hide()

    def fill(self, path: Path, image: QImage) -> None:
        """Show a sample."""
        from safelight.gui.screen.display_transform import display  # after the first paint

        name = path.stem.replace("-", " ").capitalize()
        if self._image is None:
            display().changed.connect(self._draw)
        self._image = image
        self._draw()
        self.setToolTip(f"Open the sample photograph “{name}”")
        self.setAccessibleName(name)
        self.show()

    def _draw(self) -> None:
        """Show the sample in the colours of the screen, as it will look once it is open."""
        from safelight.gui.screen.display_transform import display

        if self._image is not None:
            self.setIcon(QIcon(QPixmap.fromImage(display().shown(self._image))))


def _keep_room(widget: QWidget) -> None:
    """Have the room of a widget kept while it is hidden."""
    policy = widget.sizePolicy()
    policy.setRetainSizeWhenHidden(True)
    widget.setSizePolicy(policy)


def _thumbnails() -> list[tuple[Path, QImage]]:
    loaded = []
    for path in sample_photographs()[:_SAMPLES]:
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
