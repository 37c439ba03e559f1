"""Choice: one of a few, as buttons side by side; one of many, as a list."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QButtonGroup, QComboBox, QHBoxLayout, QPushButton, QWidget

from safelight.api import Parameter, Value
from safelight.gui.controls.control import Control
from safelight.gui.widgets.shown_text import plain

_BUTTONS = 4
_LETTERS = 24

_TRIED = 6
"""Choices that are tried beside one another."""


class ChoiceControl(Control):
    """A button for each choice; a list where they are many."""

    tells_itself = True

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        super().__init__(parameter, parent)
        names = [_named(f"{choice}{parameter.unit}") for choice in parameter.choices]
        self.buttons: list[QPushButton] = []
        self.list: QComboBox | None = None
        if len(names) <= _BUTTONS and sum(map(len, names)) <= _LETTERS:
            self._add_buttons(names)
        else:
            self._add_list(names)
        self.set_value(parameter.default)

    def value(self) -> Value:
        if self.list is not None:
            return self.parameter.choices[self.list.currentIndex()]
        return self.parameter.choices[self._group.checkedId()]

    def set_value(self, value: Value) -> None:
        index = self.parameter.choices.index(value)
        if self.list is not None:
            with QSignalBlocker(self.list):
                self.list.setCurrentIndex(index)
        else:
            with QSignalBlocker(self._group):
                self.buttons[index].setChecked(True)

    def steps(self, shown: Sequence[Value] = ()) -> tuple[Value, ...]:
        """The first choices; after ``shown``, the next ones, and then the first again."""
        choices = self.parameter.choices
        if len(choices) < 2 or (shown and len(choices) <= _TRIED):
            return ()
        start = choices.index(shown[-1]) + 1 if shown else 0
        return choices[start : start + _TRIED] or choices[:_TRIED]

    def in_words(self, value: Value) -> str:
        return plain(_named(f"{value}{self.parameter.unit}"))

    def _add_buttons(self, names: list[str]) -> None:
        self._group = QButtonGroup(self)
        row = QHBoxLayout()
        row.setSpacing(6)
        for index, name in enumerate(names):
            button = QPushButton(name.replace("&", "&&"))
            button.setCheckable(True)
            button.setAutoDefault(False)
            button.setAccessibleName(f"{self.parameter.title} {name}")
            self._group.addButton(button, index)
            self.buttons.append(button)
            row.addWidget(button, 1)
        self.body.addLayout(row)
        self._group.idToggled.connect(lambda _, on: self.changed.emit() if on else None)

    def _add_list(self, names: list[str]) -> None:
        self.list = QComboBox()
        self.list.addItems(names)
        self.list.setAccessibleName(self.parameter.title)
        self.body.addWidget(self.list)
        self.list.currentIndexChanged.connect(lambda _: self.changed.emit())


def _named(text: str) -> str:
    """A choice as people read it: ``soft_light`` is Soft light, ``sRGB`` stays."""
    text = text.replace("_", " ")
    return text if text[1:2].isupper() else text[:1].upper() + text[1:]
