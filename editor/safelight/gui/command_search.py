"""Command search: every deed, found by typing; those that are possible now come first."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from safelight.gui.deeds.deed import Deed, Deeds
from safelight.gui.widgets.shown_text import plain


def search(window: QWidget, deeds: Deeds) -> None:
    """Show the search at the top right of a window, over the box that leads to it."""
    dialog = CommandSearch(deeds, window)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    room = window.rect().adjusted(_EDGE, 2, -_EDGE, -_EDGE)
    dialog.resize(dialog.size().boundedTo(room.size()))
    corner = window.mapToGlobal(room.topRight())
    dialog.move(corner.x() - dialog.width(), corner.y())
    dialog.open()


_EDGE = 6
"""Pixels between the search and the edge of the window."""


class CommandSearch(QDialog):
    """A list that narrows while you type; Return runs the first or the chosen one."""

    def __init__(self, deeds: Deeds, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Search commands and filters")
        self.setWindowFlag(Qt.WindowType.FramelessWindowHint)
        self.setObjectName("search")
        self.resize(460, 420)
        self._deeds = deeds
        self._possible = [deed for deed in deeds if deeds[deed.id].isEnabled()]
        self._others = [deed for deed in deeds if not deeds[deed.id].isEnabled()]
        self._possible_rows = 0
        self.line = QLineEdit()
        self.line.setPlaceholderText("A tool, a filter, a command: any word for it")
        self.line.textChanged.connect(self._fill)
        self.line.installEventFilter(self)
        self.list = QListWidget()
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.itemActivated.connect(lambda _: self._run())
        self.list.itemClicked.connect(lambda _: self._run())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 10, 10, 10)
        layout.addWidget(self.line)
        layout.addWidget(self.list, 1)
        self._fill("")

    def _fill(self, text: str) -> None:
        from safelight.gui.widgets.fuzzy_search import found

        self.list.clear()
        for deed in found(text, map(_told, self._possible)):
            keys = self._deeds.keys(deed)
            tail = f"    {keys}" if keys else ""
            item = QListWidgetItem(plain(f"{deed.title}   ·   {deed.place}{tail}"))
            item.setData(Qt.ItemDataRole.UserRole, deed)
            self.list.addItem(item)
        self._possible_rows = self.list.count()
        for deed in found(text, map(_told, self._others)) if text.strip() else []:
            self._say(f"{deed.title}   ·   {deed.place}   ·   not now")
        if self.list.count() == 0:
            self._say("Nothing is called that.")
        self.list.setCurrentRow(0 if self._possible_rows else -1)

    def _say(self, words: str) -> None:
        """A line that cannot be chosen."""
        line = QListWidgetItem(plain(words))
        line.setFlags(Qt.ItemFlag.NoItemFlags)
        self.list.addItem(line)

    def _run(self) -> None:
        item = self.list.currentItem()
        deed: Deed | None = item.data(Qt.ItemDataRole.UserRole) if item is not None else None
        if deed is not None:
            self.accept()
            self._deeds[deed.id].trigger()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._run()
                return True
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
            if step:
                row = self.list.currentRow() + step
                self.list.setCurrentRow(min(max(row, 0), self._possible_rows - 1))
                return True
        return super().eventFilter(watched, event)


def _told(deed: Deed) -> tuple[Deed, str, str, str]:
    return deed, deed.title, deed.place, deed.tip
