"""Index page: an index of plugins is chosen, searched, and a plugin of it taken to be looked up."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from safelight.actions.plugins.plugin_index import Entry, read_index, search, source_of
from safelight.gui.notices import MessageBar
from safelight.gui.open_and_save.samples_and_recent_files import settings
from safelight.gui.plugins.plugin_text import Facts
from safelight.gui.threads.background import Background
from safelight.gui.widgets.shown_text import plain, tooltip

_HINT = (
    "An index is a list of plugins: a folder, its file index.json, or an https address that you"
    " name. Its plugins are strangers' work; each is shown before it is added."
)
_KEY = "plugins/index"
_ENTRY = Qt.ItemDataRole.UserRole


class IndexPage(QWidget):
    """``left`` says that the user wants back, ``chosen`` what the installer takes for a plugin.

    The index that was opened last is remembered.
    """

    left = Signal()
    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._entries: Sequence[Entry] = ()
        self._there: Mapping[str, str] = {}
        self._opened = ""
        self._round = 0
        title = QLabel("Find a plugin")
        title.setObjectName("title")
        self.hint = QLabel(_HINT)
        self.hint.setObjectName("dim")
        self.hint.setWordWrap(True)
        self.place = QLineEdit()
        self.place.setPlaceholderText("https://example.org/plugins/index.json, or a folder")
        self.place.setAccessibleName("Index of plugins")
        self.folder = _button("Folder…", self._choose_folder)
        self.open_button = _button("Open", self.open)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search")
        self.search.setAccessibleName("Search the index")
        self.search.setClearButtonEnabled(True)
        self.list = QListWidget()
        self.list.setAccessibleName("Plugins of the index")
        self.facts = Facts("About the plugin of the index")
        self.message = MessageBar()
        self.back = _button("Back", self.left.emit)
        self.look_up = _button("Look up", self._take)
        self.look_up.setToolTip("Fetch it and show what would be added")
        self._lay_out(title)
        self.place.returnPressed.connect(self.open)
        self.search.textChanged.connect(self._show_found)
        self.list.currentItemChanged.connect(lambda *_: self._show_chosen())
        self.list.itemActivated.connect(lambda _: self._take())
        self._show_found()

    def begin(self, there: Mapping[str, str]) -> None:
        """Show the index that was opened last; ``there`` has the installed plugins' versions."""
        self._there = there
        self.message.hide()
        if not self.place.text():
            self.place.setText(str(settings().value(_KEY, "")))
        self.place.setFocus()
        if self.place.text():
            self.open()

    def open(self) -> None:
        """Read the index that is named."""
        place = self.place.text().strip()
        if not place:
            return
        self._round += 1
        current = self._round
        self.message.hide()
        self.open_button.setEnabled(False)

        def show(found: Sequence[Entry]) -> None:
            if current == self._round:
                self.open_button.setEnabled(True)
                self._opened, self._entries = place, found
                settings().setValue(_KEY, place)
                self._show_found()
                self.search.setFocus()

        def fail(error: Exception) -> None:
            if current == self._round:
                self.open_button.setEnabled(True)
                self._opened, self._entries = "", ()
                self._show_found()
                self.message.say(str(error))

        Background(self, lambda: read_index(place), show, fail)

    # -- making --------------------------------------------------------------------------------

    def _lay_out(self, title: QLabel) -> None:
        named = QHBoxLayout()
        named.addWidget(self.place, 1)
        named.addWidget(self.folder)
        named.addWidget(self.open_button)
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.search)
        column.addWidget(self.list, 1)
        splitter = QSplitter(Qt.Orientation.Horizontal)
        left.setMinimumWidth(170)
        self.facts.setMinimumSize(280, 120)
        splitter.addWidget(left)
        splitter.addWidget(self.facts)
        splitter.setChildrenCollapsible(False)
        splitter.setHandleWidth(12)
        splitter.setSizes([300, 600])
        splitter.setStretchFactor(1, 1)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.back)
        buttons.addWidget(self.look_up)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        layout.addWidget(title)
        layout.addWidget(self.hint)
        layout.addLayout(named)
        layout.addWidget(self.message)
        layout.addWidget(splitter, 1)
        layout.addLayout(buttons)

    # -- showing -------------------------------------------------------------------------------

    def _show_found(self) -> None:
        """List what the words that are searched for are in."""
        self.list.clear()
        for entry in search(self._entries, self.search.text()):
            item = QListWidgetItem(plain(f"{entry.name} {entry.version}"))
            item.setData(_ENTRY, entry)
            item.setToolTip(tooltip(entry.summary))
            self.list.addItem(item)
        self.search.setEnabled(bool(self._entries))
        self.list.setCurrentRow(0)
        self._show_chosen()

    def _show_chosen(self) -> None:
        entry = self._entry()
        self.look_up.setEnabled(entry is not None)
        if entry is not None:
            self.facts.show_entry(entry, self._there.get(entry.name, ""))
        elif self._entries:
            self.facts.setPlainText("No plugin of the index has these words.")
        else:
            self.facts.clear()

    def _entry(self) -> Entry | None:
        item = self.list.currentItem()
        found: Entry | None = None if item is None else item.data(_ENTRY)
        return found

    # -- doing ---------------------------------------------------------------------------------

    def _take(self) -> None:
        entry = self._entry()
        if entry is not None:
            self.chosen.emit(source_of(self._opened, entry))

    def _choose_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(
            self, "Choose an index of plugins", str(Path.home())
        )
        if chosen:
            self.place.setText(chosen)
            self.open()


def _button(text: str, run: Callable[[], object]) -> QPushButton:
    button = QPushButton(text)
    button.setAutoDefault(False)
    button.clicked.connect(lambda _=False: run())
    return button
