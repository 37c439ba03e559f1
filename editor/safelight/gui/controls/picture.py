"""Picture and layer: where a filter looks for other pixels than the ones it changes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QMimeData, QSignalBlocker
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QComboBox, QCompleter, QFileDialog, QLineEdit, QPushButton, QWidget

from safelight.api import Parameter, Value
from safelight.gui.controls.control import Control


class PictureControl(Control):
    """The path of a picture file: typed, browsed for, or dropped here."""

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        super().__init__(parameter, parent)
        self.setAcceptDrops(True)
        self.line = QLineEdit()
        self.line.setPlaceholderText("None")
        self.line.setClearButtonEnabled(True)
        self.line.setAcceptDrops(False)  # it would take a file as the text of its address
        self.line.setAccessibleName(parameter.title)
        self.browse = QPushButton("Browse…")
        self.browse.setAutoDefault(False)
        self.browse.setAccessibleName(f"Browse for {parameter.title}")
        self.head.addWidget(self.browse)
        self.body.addWidget(self.line)
        self._value = ""
        self.set_value(parameter.default)
        self.line.editingFinished.connect(lambda: self.take(self.line.text()))
        self.line.textChanged.connect(self._emptied)
        self.browse.clicked.connect(self._choose)

    def value(self) -> Value:
        return self._value

    def set_value(self, value: Value) -> None:
        self._value = str(value)
        with QSignalBlocker(self.line):
            self.line.setText(self._value)
        # The end of the line, where the file's name is, is what can be seen.
        self.line.end(False)
        self.line.setToolTip(self._value)

    def _emptied(self, text: str) -> None:
        if not text:  # the clear button ends no editing
            self.take("")

    def _find(self, name: str) -> None:
        """Take the name of a file as it is: what was typed loses its spaces at the ends."""
        if name and name != self._value:
            self.set_value(name)
            self.changed.emit()

    def _choose(self) -> None:
        folder = str(Path(self._value).parent) if self._value else ""
        name, _ = QFileDialog.getOpenFileName(self, self.parameter.title, folder)
        self._find(name)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _file(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        self._find(_file(event.mimeData()))
        event.acceptProposedAction()


class LayerControl(Control):
    """The name of a layer, chosen from those there are, or typed. Empty is what lies below."""

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        super().__init__(parameter, parent)
        self.list = QComboBox()
        self.list.setEditable(True)
        self.list.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.list.setAccessibleName(parameter.title)
        line = self.list.lineEdit()
        assert line is not None  # it is editable
        line.setPlaceholderText("What lies below")
        # A name is offered, not filled in: one that begins like another could not be typed.
        self.list.completer().setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
        self.body.addWidget(self.list)
        self.set_value(parameter.default)
        self.list.editTextChanged.connect(lambda _: self.changed.emit())

    def value(self) -> Value:
        return self.list.currentText()

    def set_value(self, value: Value) -> None:
        if self.list.currentText() != value:
            with QSignalBlocker(self.list):
                self.list.setEditText(str(value))

    def set_names(self, names: Iterable[str]) -> None:
        """Offer these layers; what is chosen stays, whether it is among them or not."""
        offered = list(dict.fromkeys(["", *names]))
        if offered == [self.list.itemText(row) for row in range(self.list.count())]:
            return
        chosen = self.list.currentText()
        with QSignalBlocker(self.list):
            self.list.clear()
            self.list.addItems(offered)
            self.list.setEditText(chosen)


def _file(data: QMimeData) -> str:
    """The first file of what is dragged; "" when there is none."""
    return next((url.toLocalFile() for url in data.urls() if url.isLocalFile()), "")
