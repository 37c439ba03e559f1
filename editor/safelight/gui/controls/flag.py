"""Flag: on or off."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QCheckBox, QWidget

from safelight.api import Parameter, Value
from safelight.gui.controls.control import Control


class FlagControl(Control):
    """A box to tick."""

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        super().__init__(parameter, parent)
        self.title.hide()
        self.box = QCheckBox(parameter.title.replace("&", "&&"))
        self.head.insertWidget(0, self.box)
        self.set_value(parameter.default)
        self.box.toggled.connect(lambda on: self.changed.emit())

    def value(self) -> Value:
        return self.box.isChecked()

    def set_value(self, value: Value) -> None:
        with QSignalBlocker(self.box):
            self.box.setChecked(bool(value))
