"""Question box: a choice of two ways to go on, or neither; the window goes on meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

Way: TypeAlias = tuple[str, Callable[[], object]]
"""The words of a button, and what it does."""


def ask(parent: QWidget, text: str, details: str, careful: Way, loses: Way) -> QMessageBox:
    """Show ``text`` and ``details``, plain ones. Return goes the ``careful`` way, Esc none; what
    ``loses`` something has to be pressed.
    """
    box = QMessageBox(parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setWindowTitle("Safelight")
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(text)
    box.setInformativeText(details)
    first = box.addButton(careful[0], QMessageBox.ButtonRole.AcceptRole)
    second = box.addButton(loses[0], QMessageBox.ButtonRole.DestructiveRole)
    cancel = box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(first)
    box.setEscapeButton(cancel)

    def answered() -> None:
        if box.clickedButton() is first:
            careful[1]()
        elif box.clickedButton() is second:
            loses[1]()

    box.finished.connect(answered)
    box.open()
    return box
