"""Parts: small things that several panels and dialogs show."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush, QColor
from PySide6.QtWidgets import QLabel, QListWidgetItem

from safelight.gui import theme
from safelight.gui.text import plain


def remark(text: str = "") -> QLabel:
    """Dim words on as many lines as they need, never read as markup."""
    label = QLabel(plain(text))
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setObjectName("dim")
    label.setWordWrap(True)
    return label


def heading(title: str, flags: Qt.ItemFlag) -> QListWidgetItem:
    """The heading of a group in a list, which cannot be chosen: it has no data."""
    item = QListWidgetItem(plain(title).upper())
    item.setFlags(flags)
    item.setForeground(QBrush(QColor(theme.DIM)))
    font = item.font()
    font.setPointSizeF(font.pointSizeF() * 0.85)
    item.setFont(font)
    return item
