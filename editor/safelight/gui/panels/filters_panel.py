"""Filters panel: what the plugins offer, by category, with a search."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from safelight.api import Declaration
from safelight.gui.widgets.fuzzy_search import found
from safelight.gui.widgets.shown_text import plain, tooltip
from safelight.gui.widgets.small_widgets import heading, remark

_DECLARATION = Qt.ItemDataRole.UserRole


class FilterList(QWidget):
    """The list of filters.

    ``chosen`` gives the declaration that was clicked, ``closed`` goes back to *Adjust*.
    """

    chosen = Signal(object)
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.filters: Sequence[Declaration] = ()
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search filters")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(lambda _: self._fill())
        self.search.installEventFilter(self)
        self.list = QListWidget()
        self.list.setAccessibleName("Filters")
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.itemClicked.connect(self._choose)
        self.list.itemActivated.connect(self._choose)
        self.note = remark("Looking for filters…")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 10, 10, 6)
        layout.setSpacing(8)
        back = QToolButton()
        back.setObjectName("plain")
        back.setText("‹")
        back.setToolTip("Adjust (Escape)")
        back.setAccessibleName("Back to Adjust")
        back.clicked.connect(self.closed)
        head = QHBoxLayout()
        head.setSpacing(6)
        head.addWidget(back)
        head.addWidget(self.search, 1)
        layout.addLayout(head)
        layout.addWidget(self.note)
        layout.addWidget(self.list, 1)

    def show_filters(self, filters: Sequence[Declaration]) -> None:
        """Show these filters, which are in order already, those of one category together."""
        self.filters = filters
        self._fill()

    def declaration(self, identity: str) -> Declaration | None:
        """The filter of that id; None where it is not installed."""
        return next((item for item in self.filters if item.id == identity), None)

    def _fill(self) -> None:
        words = self.search.text().split()
        told = ((x, x.title, x.category, f"{x.description} {x.plugin}") for x in self.filters)
        self.list.clear()
        category = ""
        for item in found(self.search.text(), told):
            if item.category != category and not words:  # what is found is by likelihood
                category = item.category
                self._add_heading(category)
            entry = QListWidgetItem(plain(item.title))
            about = f"{item.description}\n{item.plugin} {item.version}"
            entry.setToolTip(tooltip(about, lines=True))
            entry.setData(_DECLARATION, item)
            self.list.addItem(entry)
        self.note.setVisible(not self.list.count())
        self.note.setText("No filter matches." if words else "No filters are installed.")
        if words:
            self._select_first()

    def _add_heading(self, category: str) -> None:
        self.list.addItem(heading(category, Qt.ItemFlag.ItemIsEnabled))

    def _select_first(self) -> None:
        for row in range(self.list.count()):
            if self.list.item(row).data(_DECLARATION) is not None:
                self.list.setCurrentRow(row)
                return

    def _choose(self, item: QListWidgetItem) -> None:
        declaration = item.data(_DECLARATION)
        if declaration is not None:
            self.chosen.emit(declaration)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.list.currentItem():
                self._choose(self.list.currentItem())
                return True
            if event.key() == Qt.Key.Key_Escape:
                if not self.search.text():
                    self.closed.emit()
                self.search.clear()  # and the workspace takes the keyboard back
            if event.key() == Qt.Key.Key_Down:
                self.list.setFocus()
                return True
        return super().eventFilter(watched, event)
