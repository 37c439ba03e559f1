"""Pixels: a question for a number of pixels, by which something is changed."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFormLayout, QVBoxLayout, QWidget

from safelight.gui.controls.field import WholeField


class PixelsDialog(QDialog):
    """Asks for a number of pixels. ``chosen`` gives it."""

    chosen = Signal(int)

    def __init__(
        self, title: str, question: str, verb: str, most: int, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.field = WholeField()
        self.field.setRange(1, most)
        self.field.setFixedWidth(90)
        self.field.setKeyboardTracking(False)
        self.field.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.field.setAccessibleName(question)
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.addRow(question, self.field)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        confirm = buttons.addButton(verb, QDialogButtonBox.ButtonRole.AcceptRole)
        confirm.setDefault(True)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self.field.lineEdit().textChanged.connect(
            lambda _: confirm.setEnabled(self.field.hasAcceptableInput())
        )
        self.accepted.connect(lambda: self.chosen.emit(self.field.typed()))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 16, 18, 14)
        layout.setSpacing(14)
        layout.addLayout(form)
        layout.addWidget(buttons)

    def ask(self, pixels: int) -> None:
        """Show it, with a number that is there to be typed over."""
        self.field.setValue(pixels)
        self.field.selectAll()
        self.field.setFocus()
        self.open()
