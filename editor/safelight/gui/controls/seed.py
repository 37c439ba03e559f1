"""Seed: where random numbers start. A die rolls another."""

from __future__ import annotations

import secrets
from typing import cast

from PySide6.QtWidgets import QLineEdit, QPushButton, QWidget

from safelight.api import Parameter, Value
from safelight.gui.controls.control import Control


class SeedControl(Control):
    """A field, and a button that rolls another number."""

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        super().__init__(parameter, parent)
        self.line = QLineEdit()
        self.line.setAccessibleName(parameter.title)
        self.roll = QPushButton("Roll")
        self.roll.setToolTip("Another random start")
        self.head.addWidget(self.roll)
        self.body.addWidget(self.line)
        self._value = cast(int, parameter.default)
        self.set_value(parameter.default)
        self.line.editingFinished.connect(lambda: self.take(self.line.text()))
        self.roll.clicked.connect(self._rolled)

    def value(self) -> Value:
        return self._value

    def set_value(self, value: Value) -> None:
        self._value = int(cast(int, value))
        self.line.setText(str(self._value))

    def _rolled(self) -> None:
        self.set_value(secrets.randbelow(int(self.parameter.maximum or 2**32 - 1) + 1))
        self.changed.emit()
