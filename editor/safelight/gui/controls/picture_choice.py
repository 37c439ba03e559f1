"""Picture choice: where a filter looks for other pixels than the ones it changes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QMimeData, QSignalBlocker
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QComboBox, QFileDialog, QLineEdit, QPushButton, QWidget

from safelight.api import Parameter, Value
from safelight.document.contents.embedded_picture import is_embedded, named
from safelight.gui.controls.control import Control
from safelight.gui.widgets.shown_text import plain, tooltip


class PictureControl(Control):
    """A field for a file, which can be typed, browsed for or dropped there."""

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
        self.line.editingFinished.connect(self._typed)
        self.line.textChanged.connect(self._emptied)
        self.browse.clicked.connect(self._choose)

    def value(self) -> Value:
        return self._value

    def set_value(self, value: Value) -> None:
        self._value = str(value)
        with QSignalBlocker(self.line):
            self.line.setText(named(self._value))
        # The end of the line, where the file's name is, is what can be seen.
        self.line.end(False)
        self.line.setToolTip(tooltip(named(self._value)))

    def _typed(self) -> None:
        if self.line.text() != named(self._value):  # the title of a picture is no file's name
            self.take(self.line.text())

    def _emptied(self, text: str) -> None:
        if not text:  # the clear button ends no editing
            self.take("")

    def _find(self, name: str) -> None:
        """Take the name of a file as it is: what was typed loses its spaces at the ends."""
        if name and name != self._value:
            self.set_value(name)
            self.changed.emit()

    def _choose(self) -> None:
        is_file = self._value and not is_embedded(self._value)
        folder = str(Path(self._value).parent) if is_file else ""
        name, _ = QFileDialog.getOpenFileName(self, self.parameter.title, folder)
        self._find(name)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _file(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        self._find(_file(event.mimeData()))
        event.acceptProposedAction()


class LayerControl(Control):
    """A list of the document's layers that hold pixels."""

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        super().__init__(parameter, parent)
        self.list = QComboBox()
        self.list.setAccessibleName(parameter.title)
        self.list.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.body.addWidget(self.list)
        self._value = ""
        self._layers: list[tuple[str, str]] = []
        self.set_value(parameter.default)
        self.list.activated.connect(self._chosen)

    def value(self) -> Value:
        return self._value

    def set_value(self, value: Value) -> None:
        self._value = str(value)
        self._show()

    def set_layers(self, layers: Iterable[tuple[str, str]]) -> None:
        """Offer these layers, each an id and a name; what is chosen stays."""
        layers = list(layers)
        if layers != self._layers:
            self._layers = layers
            self._show()

    def _show(self) -> None:
        with QSignalBlocker(self.list):
            self.list.clear()
            for identity, name in [("", "None"), *self._layers]:
                self.list.addItem(plain(name), identity)
            place = self.list.findData(self._value)
            if place < 0:  # a command or a recipe may have named it
                names = [name for _, name in self._layers]
                place = names.index(self._value) + 1 if self._value in names else -1
            if place < 0:
                self.list.addItem("A layer that is not there", self._value)
                place = self.list.count() - 1
            self.list.setCurrentIndex(place)

    def _chosen(self, place: int) -> None:
        chosen = str(self.list.itemData(place))
        if chosen != self._value:
            self.set_value(chosen)
            self.changed.emit()


def _file(data: QMimeData) -> str:
    """The first file of what is dragged; "" when there is none."""
    return next((url.toLocalFile() for url in data.urls() if url.isLocalFile()), "")
