"""Leaving out: what to do about a layer that cannot be computed and is about to be missed."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from safelight.document import LayerFailed
from safelight.gui.text import plain


def ask_without(
    parent: QWidget,
    verb: str,
    failure: LayerFailed,
    again: Callable[[], object],
    without: Callable[[], object],
) -> QMessageBox:
    """Ask whether to compute the layer ``again`` or to go on ``without`` it; or neither.

    ``verb`` is what is being done: *Export*, *Flatten*.
    """
    box = QMessageBox(parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setWindowTitle("Safelight")
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(plain(str(failure)))
    box.setInformativeText("Without it the result is another picture than the one you have made.")
    retry = box.addButton("Try again", QMessageBox.ButtonRole.AcceptRole)
    leave = box.addButton(f"{verb} without it", QMessageBox.ButtonRole.DestructiveRole)
    cancel = box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(retry)
    box.setEscapeButton(cancel)

    def answered() -> None:
        if box.clickedButton() is retry:
            again()
        elif box.clickedButton() is leave:
            without()

    box.finished.connect(answered)
    box.open()
    return box
