"""Small widgets: what several panels and dialogs show."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush, QColor, QResizeEvent
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QListWidgetItem,
    QPushButton,
)

from safelight.gui.widgets import theme
from safelight.gui.widgets.shown_text import plain


class _Lines(QLabel):
    """Words on as many lines as they need: never lower than that, however wide it is made. A layout
    asks a label only how high it would like to be where that is as wide as it would like.
    """

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        needed = self.heightForWidth(self.width())
        if needed > 0 and needed != self.minimumHeight():
            self.setMinimumHeight(needed)

    def setText(self, text: str) -> None:
        super().setText(text)
        if self.isVisible():  # before it has the width that it is shown with
            self.setMinimumHeight(max(self.heightForWidth(self.width()), 0))


def remark(text: str = "") -> QLabel:
    """Dim words on as many lines as they need, never read as markup."""
    label = _Lines(plain(text))
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setObjectName("dim")
    label.setWordWrap(True)
    return label


def form() -> QFormLayout:
    """Names with fields behind them, as far apart in every dialog."""
    made = QFormLayout()
    made.setHorizontalSpacing(16)
    made.setVerticalSpacing(10)
    made.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    return made


def confirming_buttons(dialog: QDialog, words: str) -> tuple[QDialogButtonBox, QPushButton]:
    """The buttons at the end of a dialog: one with ``words``, which accepts it, and *Cancel*.

    Gives the row of both, and the one that accepts.
    """
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
    confirm = buttons.addButton(words, QDialogButtonBox.ButtonRole.AcceptRole)
    confirm.setDefault(True)
    buttons.accepted.connect(dialog.accept)
    buttons.rejected.connect(dialog.reject)
    return buttons, confirm


def small_button(words: str, hint: str) -> QPushButton:
    """A button of a word or two, low enough for the line with a control's name."""
    button = QPushButton(words)
    button.setObjectName("words")
    button.setAutoDefault(False)
    button.setToolTip(hint)
    return button


def heading(title: str, flags: Qt.ItemFlag) -> QListWidgetItem:
    """The heading of a group in a list, which cannot be chosen: it has no data."""
    item = QListWidgetItem(plain(title).upper())
    item.setFlags(flags)
    item.setForeground(QBrush(QColor(theme.DIM)))
    font = item.font()
    font.setPointSizeF(font.pointSizeF() * 0.85)
    item.setFont(font)
    return item
