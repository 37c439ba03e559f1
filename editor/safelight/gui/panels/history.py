"""History: the steps, newest at the bottom; a click goes to one."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QBrush, QColor
from PySide6.QtWidgets import QLabel, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from safelight.document import History
from safelight.gui import theme
from safelight.gui.text import plain


class HistoryList(QWidget):
    """The steps of a history. ``jumped`` gives the position that was clicked."""

    jumped = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        heading = QLabel("History")
        heading.setObjectName("heading")
        self.list = QListWidget()
        self.list.setAccessibleName("History")
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.currentRowChanged.connect(lambda row: self.jumped.emit(row) if row >= 0 else None)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 8, 10, 8)
        layout.setSpacing(4)
        layout.addWidget(heading)
        layout.addWidget(self.list, 1)

    def show_history(self, history: History) -> None:
        """Show a history; steps that were undone are dimmed."""
        with QSignalBlocker(self.list):
            self.list.clear()
            for position, step in enumerate(history.steps):
                item = QListWidgetItem(plain(step.label))
                document = step.document
                item.setToolTip(f"{document.width} × {document.height} px")
                if position > history.position:
                    item.setForeground(QBrush(QColor(theme.OFF)))
                self.list.addItem(item)
            self.list.setCurrentRow(history.position)
            self.list.scrollToItem(self.list.currentItem(), QListWidget.ScrollHint.EnsureVisible)
        self.list.viewport().setCursor(Qt.CursorShape.PointingHandCursor)
