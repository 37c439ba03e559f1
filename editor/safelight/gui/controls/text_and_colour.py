"""Text and colour: a line of text, and a button that shows a colour."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QColorDialog, QLineEdit, QPushButton, QWidget

from safelight.api import Parameter, Value
from safelight.gui.controls.control import Control


class TextControl(Control):
    """A field."""

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        super().__init__(parameter, parent)
        self.line = QLineEdit()
        self.line.setAccessibleName(parameter.title)
        self.body.addWidget(self.line)
        self.set_value(parameter.default)
        self.line.textEdited.connect(self._edited)
        self.line.editingFinished.connect(lambda: self.hold(False))

    def value(self) -> Value:
        return self.line.text()

    def set_value(self, value: Value) -> None:
        with QSignalBlocker(self.line):
            self.line.setText(str(value))

    def lie_in_a_row(self) -> None:
        super().lie_in_a_row()
        self.line.setFixedWidth(52)

    def _edited(self) -> None:
        """All that is typed until the field is left is one step."""
        if not self._held:
            self.hold(True)
        self.changed.emit()


class BoxControl(TextControl):
    """A field for four whole numbers."""

    def value(self) -> Value:
        return self.parameter.parse(self.line.text())

    def set_value(self, value: Value) -> None:
        super().set_value(self.parameter.text(value))


class ColourControl(Control):
    """A patch that opens a colour chooser, and a field for the hexadecimal name."""

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        super().__init__(parameter, parent)
        self.line = QLineEdit()
        self.line.setFixedWidth(86)
        self.line.setAccessibleName(parameter.title)
        self.patch = QPushButton()
        self.patch.setAutoDefault(False)  # Return in a dialog is not for it
        self.patch.setFixedSize(40, 26)
        self.patch.setAccessibleName(f"Choose {parameter.title}")
        self.head.addWidget(self.line)
        self.head.addWidget(self.patch)
        self._value = str(parameter.default)
        self.set_value(parameter.default)
        self.line.editingFinished.connect(lambda: self.take(self.line.text()))
        self.patch.clicked.connect(self._choose)

    def value(self) -> Value:
        return self._value

    def set_value(self, value: Value) -> None:
        self._value = str(value)
        self.line.setText(self._value)
        self.patch.setStyleSheet(f"background: {self._value};")

    def _choose(self) -> None:
        chosen = QColorDialog.getColor(QColor(self._value), self, self.parameter.title)
        if chosen.isValid():
            self.set_value(chosen.name())
            self.changed.emit()
