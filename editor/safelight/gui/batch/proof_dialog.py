"""Proof dialog: the first picture of a batch, as it is and as it would be written, side by side."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QCloseEvent, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from safelight.actions import Studio
from safelight.actions.batch.run_batch import Order, by_studio
from safelight.actions.opened_file import opened_file
from safelight.actions.recipes.process_file import Processed
from safelight.actions.stop import Stop
from safelight.gui.panels.document_glimpse import small_image
from safelight.gui.screen.display_transform import display
from safelight.gui.threads.background import Background
from safelight.gui.widgets.shown_text import file_size, plain, size
from safelight.gui.widgets.small_widgets import remark

_PIXELS = 1_500_000
"""Of a picture that is shown: as many as half of a large screen has."""


@dataclass(frozen=True, slots=True)
class Proof:
    """The picture before and after, small, and what would be written."""

    before: QImage
    after: QImage
    had: tuple[int, int]
    has: tuple[int, int]
    made: Processed


def proof_of(order: Order, source: Path, studio: Studio, stop: Stop) -> Proof:
    """What comes of a file, written into a folder that is gone afterwards. For a thread.

    Raises what a batch would tell of that file.
    """
    with tempfile.TemporaryDirectory(prefix="safelight-proof-") as folder:
        there = replace(order, folder=Path(folder))

        def path(made: object) -> Path:
            return there.path_of(source, 1, made)  # type: ignore[arg-type]

        before, had = _seen(source, studio)
        stop.check()
        made = by_studio(studio)(there, 1, source, path, stop)
        after, has = _seen(made.path, studio)
        return Proof(before, after, had, has, made)


def _seen(path: Path, studio: Studio) -> tuple[QImage, tuple[int, int]]:
    with opened_file(path, importers=studio.importers) as (history, _):
        document = history.document
        image = small_image(document, _PIXELS, studio.live)
        return image, (document.width, document.height)


class _Shown(QWidget):
    """A picture as large as there is room, whole."""

    def __init__(self) -> None:
        super().__init__()
        self.image = QImage()
        self.setMinimumSize(160, 120)

    def show_image(self, image: QImage) -> None:
        """Show another picture, in the screen's colours."""
        self.image = display().shown(image)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.image.isNull():
            return
        ratio = self.devicePixelRatioF()
        room = self.size() * ratio
        whole = self.image.size()
        if whole.width() > room.width() or whole.height() > room.height():
            whole = whole.scaled(room, Qt.AspectRatioMode.KeepAspectRatio)
        smooth = Qt.TransformationMode.SmoothTransformation
        scaled = self.image.scaled(whole, Qt.AspectRatioMode.IgnoreAspectRatio, smooth)
        scaled.setDevicePixelRatio(ratio)
        with QPainter(self) as painter:
            x = (self.width() - whole.width() / ratio) / 2
            y = (self.height() - whole.height() / ratio) / 2
            painter.drawImage(round(x), round(y), scaled)


class ProofDialog(QDialog):
    """Shows one file of a batch before and after its recipe, which it has done to that. Accepted:
    the batch begins.
    """

    def __init__(self, order: Order, source: Path, studio: Studio, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(plain(f"Proof of {source.name}"))
        self._stop = Stop()
        self.before, self.after = _Shown(), _Shown()
        self.words = remark("Before"), remark("After")
        self.busy = QProgressBar()
        self.busy.setRange(0, 0)
        self.busy.setTextVisible(False)
        self.note = QLabel()
        self.note.setTextFormat(Qt.TextFormat.PlainText)
        self.note.setWordWrap(True)
        self.note.hide()
        sides = QHBoxLayout()
        sides.setSpacing(12)
        for words, shown in zip(self.words, (self.before, self.after), strict=True):
            column = QVBoxLayout()
            column.addWidget(shown, 1)
            column.addWidget(words)
            sides.addLayout(column, 1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.start = buttons.addButton("Start batch", QDialogButtonBox.ButtonRole.AcceptRole)
        self.start.setEnabled(False)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 16, 18, 14)
        layout.setSpacing(10)
        layout.addLayout(sides, 1)
        for part in (self.note, self.busy, buttons):
            layout.addWidget(part)
        room = self.screen().availableGeometry().size() - QSize(16, 48)
        self.resize(QSize(1100, 620).boundedTo(room))
        self.finished.connect(lambda _: self._stop.ask())
        stop = self._stop
        Background(self, lambda: proof_of(order, source, studio, stop), self._show, self._failed)

    def closeEvent(self, event: QCloseEvent) -> None:
        self._stop.ask()
        super().closeEvent(event)

    def _show(self, proof: Proof) -> None:
        self.busy.hide()
        self.before.show_image(proof.before)
        self.after.show_image(proof.after)
        made = proof.made
        self.words[0].setText(f"Before: {size(*proof.had)}")
        what = f"{size(*proof.has)}, {file_size(made.bytes)}"
        self.words[1].setText(plain(f"After: {made.path.name}, {what}"))
        self.note.setText(plain("\n".join(made.notes), lines=True, longest=1000))
        self.note.setVisible(bool(made.notes))
        self.start.setEnabled(True)
        self.start.setDefault(True)

    def _failed(self, error: Exception) -> None:
        self.busy.hide()
        self.note.setText(plain(str(error) or type(error).__name__, longest=1000))
        self.note.show()
