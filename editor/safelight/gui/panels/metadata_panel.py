"""Metadata panel: what the photograph's file says of it, to be read, searched and written."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QFocusEvent, QFontMetrics, QKeyEvent, QShowEvent
from PySide6.QtWidgets import (
    QApplication,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from safelight.document import Document, Edit, Live, Metadata
from safelight.files.metadata.coordinates import EXAMPLES, locate, place_of, place_text, typed_place
from safelight.files.metadata.descriptive_metadata import FACTS, as_text
from safelight.files.metadata.descriptive_metadata import facts as stated
from safelight.files.metadata.metadata_commands import describe, strip_location, strip_metadata
from safelight.files.metadata.metadata_list import Group, listed
from safelight.files.metadata.place_removal import without_places
from safelight.gui.panels.latest_task import Latest
from safelight.gui.panels.panel import Panel
from safelight.gui.widgets.shown_text import plain, size, tooltip
from safelight.gui.widgets.small_widgets import remark
from safelight.pixels import DEPTHS

if TYPE_CHECKING:
    from safelight.gui.canvas import Canvas
    from safelight.gui.session import Session

EDITED = (
    *("title", "caption", "keywords", "creator", "rights"),
    *("location", "city", "state", "country"),
)
"""The facts that the panel has a field for, from top to bottom."""

_HINTS = {
    "keywords": "Words between commas",
    "creator": "Several between semicolons",
    "location": "A place within the city",
    "place": "47.3601, 8.5400",
}
_LINES = 3
"""Lines of a caption that are seen at once."""


class FactsPanel(Panel):
    """Fields for what people say of a photograph, and below them everything its metadata say.

    What was typed is one step of the history, once its field is left.
    """

    title = "Metadata"
    tab = "Metadata"
    icon = "M 3.5 2 L 9.5 2 L 12.5 5 L 12.5 14 L 3.5 14 Z M 6 7.5 L 10 7.5 M 6 10.5 L 10 10.5"
    edit_wanted = Signal(Edit)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._metadata: Metadata | None = None
        self._shown: Metadata | None = None
        self._told: dict[str, str] = {}
        self._reading = Latest(self)
        self._rows: list[tuple[QTreeWidgetItem, list[QTreeWidgetItem]]] = []
        self.fields: dict[str, Field | TextField] = {}
        self.wrong = remark()
        self.wrong.hide()
        self.about = remark()
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 8, 10, 8)
        column.setSpacing(6)
        column.addLayout(self._build_fields())
        column.addLayout(self._build_buttons())
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search the metadata")
        self.search.setAccessibleName("Search the metadata")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._sift)
        column.addWidget(self.search)
        column.addWidget(self.about)
        self.tree = QTreeWidget()
        self.tree.setColumnCount(2)
        self.tree.setHeaderHidden(True)
        self.tree.setIndentation(12)
        self.tree.setUniformRowHeights(True)
        self.tree.setAccessibleName("All metadata")
        self.tree.setMinimumHeight(180)
        self.tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
        self.tree.header().setStretchLastSection(True)
        self.tree.installEventFilter(self)
        column.addWidget(self.tree, 1)
        self.none = QLabel("The file says nothing of the photograph.")
        self.none.setObjectName("dim")
        self.none.setWordWrap(True)
        column.addWidget(self.none)
        self._show(_Read())

    def _build_fields(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        for row, key in enumerate((*EDITED, "place")):
            title = "Coordinates" if key == "place" else FACTS[key].title
            heading = QLabel(title)
            heading.setObjectName("dim")
            line = TextField() if key == "caption" else Field()
            line.setAccessibleName(title)
            line.setPlaceholderText(_HINTS.get(key, ""))
            line.left.connect(partial(self._write, key))
            heading.setBuddy(line)
            align = Qt.AlignmentFlag.AlignTop if key == "caption" else Qt.AlignmentFlag.AlignVCenter
            grid.addWidget(heading, row, 0, align)
            grid.addWidget(line, row, 1)
            self.fields[key] = line
        self.fields["place"].setToolTip(f"Latitude and longitude, as {EXAMPLES}")
        grid.addWidget(self.wrong, grid.rowCount(), 1)
        return grid

    def _build_buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(6)
        self.place = QPushButton("Strip location")
        self.everything = QPushButton("Strip all")
        for button, command in ((self.place, strip_location), (self.everything, strip_metadata)):
            button.setToolTip(tooltip(command.description))
            button.clicked.connect(lambda _=False, command=command: self._strip(command()))
            row.addWidget(button)
        row.addStretch(1)
        return row

    def attach(self, session: Session, canvas: Canvas) -> None:
        self.edit_wanted.connect(session.do)
        session.job_changed.connect(lambda: self.setEnabled(not session.locked))

    def show_picture(self, document: Document | None, live: Live | None = None) -> None:
        self._metadata = None if document is None else document.metadata
        if document is not None:
            pixels = size(document.width, document.height)
            words = f"{pixels}, {DEPTHS[document.depth]}, {document.profile.title}"
            self.about.setText(plain(words))
        self.about.setVisible(document is not None)
        self._look()

    def showEvent(self, event: QShowEvent) -> None:
        """What was not looked at while hidden is looked at now."""
        super().showEvent(event)
        self._look()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Copy the value of the line in front, as keys for copying ask."""
        copies = event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent)
        if copies and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_C:
            item = self.tree.currentItem()
            if event.modifiers() & Qt.KeyboardModifier.ControlModifier and item is not None:
                QApplication.clipboard().setText(item.text(1) or item.text(0))
                event.accept()
                return True
        return super().eventFilter(watched, event)

    # -- reading -------------------------------------------------------------------------------

    def _look(self) -> None:
        metadata = self._metadata
        if metadata is self._shown or not self.isVisible():
            return
        self._shown = metadata
        if metadata is None:
            self._reading.forget()
            self._show(_Read())
        else:
            self._reading.ask(lambda: _read(metadata), self._show)

    def _show(self, found: _Read | None) -> None:
        found = found or _Read()
        self._told = found.texts
        for key, line in self.fields.items():
            line.tell(found.texts.get(key, ""))
        folded = {item.text(0) for item, _ in self._rows if not item.isExpanded()}
        self.tree.clear()
        self._rows = []
        for title, rows in found.groups:
            top = QTreeWidgetItem([plain(title), ""])
            self.tree.addTopLevelItem(top)
            top.setFirstColumnSpanned(True)
            items: list[QTreeWidgetItem] = []
            for name, value in rows:
                item = QTreeWidgetItem(top, [plain(name), plain(value)])
                item.setToolTip(0, tooltip(name))
                item.setToolTip(1, tooltip(value))
                items.append(item)
            self._rows.append((top, items))
            top.setExpanded(plain(title) not in folded)
        self.tree.setColumnWidth(0, 130)
        anything = bool(found.groups)
        self.none.setVisible(not anything)
        for widget in (self.tree, self.search, self.everything):
            widget.setVisible(anything)
        self.place.setVisible(anything)
        self.place.setEnabled(found.placed)
        self._sift(self.search.text())

    def lines(self) -> list[tuple[str, str, str]]:
        """(group, name, value) of each line that is not sifted out."""
        return [
            (top.text(0), item.text(0), item.text(1))
            for top, items in self._rows
            for item in items
            if not item.isHidden()
        ]

    def _sift(self, wanted: str) -> None:
        """Show the lines that hold every word typed; a group's name counts for its lines."""
        words = wanted.casefold().split()
        for top, items in self._rows:
            for item in items:
                text = f"{top.text(0)} {item.text(0)} {item.text(1)}".casefold()
                item.setHidden(not all(word in text for word in words))
            top.setHidden(all(item.isHidden() for item in items))

    # -- writing -------------------------------------------------------------------------------

    def _write(self, key: str, text: str) -> None:
        before = self._told.get(key, "")
        if key == "place":
            self.wrong.hide()
        if text.strip() == before.strip() or self._metadata is None:
            return
        if key != "place":
            self._told[key] = text.strip()
            self.edit_wanted.emit(describe(fact=key, text=text.strip()))
            return
        try:
            place = place_text(typed_place(text))
        except ValueError as error:
            reason = str(error)
            self.wrong.setText(plain(f"{reason[:1].upper()}{reason[1:]}."))
            self.wrong.show()
            return
        self._told[key] = place
        self.edit_wanted.emit(locate(place=place))

    def _strip(self, edit: Edit) -> None:
        self.edit_wanted.emit(edit)


@dataclass(frozen=True, slots=True)
class _Read:
    """What metadata say: the facts, every line in its group, and whether a place is told."""

    texts: dict[str, str] = field(default_factory=dict)
    groups: tuple[Group, ...] = ()
    placed: bool = False


def _read(metadata: Metadata) -> _Read:
    texts = {key: as_text(key, items) for key, items in stated(metadata).items()}
    texts["place"] = place_text(place_of(metadata))
    return _Read(texts, tuple(listed(metadata)), without_places(metadata) != metadata)


class Field(QLineEdit):
    """A line of text. ``left`` gives it when the user has finished with it."""

    left = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumWidth(60)
        self.editingFinished.connect(lambda: self.left.emit(self.text()))

    def tell(self, text: str) -> None:
        """Show what is stated now, unless the user is about to state something else."""
        shown = plain(text, longest=10_000)
        if self.text() != shown and not (self.hasFocus() and self.isModified()):
            with QSignalBlocker(self):
                self.setText(shown)
                self.setCursorPosition(0)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape brings back what was stated."""
        if event.key() == Qt.Key.Key_Escape and self.isModified():
            while self.isUndoAvailable():
                self.undo()
            self.setModified(False)
            return
        super().keyPressEvent(event)


class TextField(QPlainTextEdit):
    """A field of metadata as ``Field`` is, of several lines; Ctrl+Enter finishes with it too, and
    Tab goes on.
    """

    left = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setTabChangesFocus(True)
        height = QFontMetrics(self.font()).lineSpacing() * _LINES
        self.setFixedHeight(round(height + 2 * self.document().documentMargin() + 4))

    def tell(self, text: str) -> None:
        """Show what the file says, as ``Field.tell`` does."""
        shown = plain(text, lines=True, longest=100_000)
        if self.toPlainText() != shown and not (self.hasFocus() and self.document().isModified()):
            self.setPlainText(shown)
            self.document().setModified(False)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Finish with the text."""
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self._leave()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Finish with the text at Ctrl+Enter."""
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._leave()
        else:
            super().keyPressEvent(event)

    def _leave(self) -> None:
        self.document().setModified(False)
        self.left.emit(self.toPlainText())
