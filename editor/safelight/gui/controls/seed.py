"""Seed: where random numbers start. A die rolls another."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import cast

from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QToolButton, QWidget

from safelight.api import Parameter, Value
from safelight.gui.controls.control import Control

_VARIATIONS = 3
"""Seeds that are tried beside one another."""

_GREATEST = 2**32 - 1
"""Greatest seed where a filter names none."""


class SeedControl(Control):
    """A field, and a button that rolls another number."""

    trying = "Variations"

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        super().__init__(parameter, parent)
        self.line = QLineEdit()
        self.line.setAccessibleName(parameter.title)
        self.roll = QPushButton("Roll")
        self.roll.setToolTip("Another random start")
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.line, 1)
        row.addWidget(self.roll)
        self.body.addLayout(row)
        self._value = cast(int, parameter.default)
        self.set_value(parameter.default)
        self.line.editingFinished.connect(lambda: self.take(self.line.text()))
        self.roll.clicked.connect(self._rolled)

    def value(self) -> Value:
        return self._value

    def set_value(self, value: Value) -> None:
        self._value = int(cast(int, value))
        self.line.setText(str(self._value))

    def add_tool(self, button: QToolButton) -> None:
        button.setObjectName("words")
        button.setIcon(QIcon())  # there is room for the word
        super().add_tool(button)

    def steps(self, shown: Sequence[Value] = ()) -> tuple[Value, ...]:
        """The seed there is and those after it; after ``shown``, the next ones."""
        first, last = self._limits()
        start = cast(int, shown[-1]) + 1 if shown else self._value
        count = min(_VARIATIONS, last - first + 1)
        return tuple(first + (start - first + i) % (last - first + 1) for i in range(count))

    def _limits(self) -> tuple[int, int]:
        """The least and the greatest seed."""
        least, greatest = self.parameter.minimum, self.parameter.maximum
        return int(least or 0), _GREATEST if greatest is None else int(greatest)

    def _rolled(self) -> None:
        first, last = self._limits()
        self.set_value(first + secrets.randbelow(last - first + 1))
        self.changed.emit()
