"""Place choice: a point or a rectangle of the picture, in percent of its sides.

It can be typed, or picked: while its button is down, the canvas takes it with the mouse.
"""

from __future__ import annotations

from functools import partial
from typing import cast

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QWidget

from safelight.api import Parameter, Value
from safelight.gui.controls.control import Control
from safelight.gui.controls.number_field import DecimalField

_NAMES = ("X", "Y", "W", "H")
_TITLES = ("distance from the left", "distance from the top", "width", "height")

_LEAST = 0.01
"""Least percent a rectangle is wide and high here."""


class PlaceControl(Control):
    """Fields in percent, and a button to pick it in the picture.

    ``picking`` tells what is to be picked, "point" or "rectangle"; "" when nothing is any more.
    ``picked`` takes it.
    """

    picking = Signal(str)

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        super().__init__(parameter, parent)
        self.pick = QPushButton("Pick")
        self.pick.setCheckable(True)
        self.pick.setAutoDefault(False)
        what = "Click in" if parameter.kind == "point" else "Drag a rectangle over"
        self.pick.setToolTip(f"{what} the picture; Escape cancels")
        self.pick.setAccessibleName(f"Pick {parameter.title}")
        self.head.addWidget(self.pick)
        self._value = self._numbers(parameter.default)
        self.fields: list[DecimalField] = []
        grid = QGridLayout()
        grid.setHorizontalSpacing(6)
        grid.setVerticalSpacing(4)
        for index in range(len(self._value)):
            label = QLabel(_NAMES[index])
            label.setObjectName("dim")
            label.setMinimumWidth(15)
            label.setToolTip(_TITLES[index].capitalize())
            grid.addWidget(label, index // 2, index % 2 * 2)
            grid.addWidget(self._field(index), index // 2, index % 2 * 2 + 1)
        for column in (1, 3):
            grid.setColumnStretch(column, 1)
        self.body.addLayout(grid)
        self.set_value(parameter.default)
        self.pick.toggled.connect(lambda on: self.picking.emit(parameter.kind if on else ""))

    def value(self) -> Value:
        return self._value

    def set_value(self, value: Value) -> None:
        self._value = self._numbers(value)
        for field, number in zip(self.fields, self._value, strict=True):
            with QSignalBlocker(field):
                field.setValue(number * 100)
        if self.pick.isChecked():  # what the canvas marks has moved
            self.picking.emit(self.parameter.kind)

    def picked(self, value: Value) -> None:
        """Take what was picked in the picture; the button comes up."""
        self.pick.setChecked(False)
        if value != self._value:
            self.set_value(value)
            self.changed.emit()

    def _numbers(self, value: Value) -> tuple[float, ...]:
        return cast(tuple[float, ...], self.parameter.check(value))

    def _field(self, index: int) -> DecimalField:
        field = DecimalField()
        field.setDecimals(2)
        whole = self.parameter.kind == "point"
        field.setRange(0 if index < 2 else _LEAST, 100 if index > 1 or whole else 100 - _LEAST)
        field.setSuffix(" %")
        field.setMinimumWidth(70)  # two side by side fit the narrowest panel
        field.setKeyboardTracking(False)
        field.setAlignment(Qt.AlignmentFlag.AlignRight)
        field.setAccessibleName(f"{self.parameter.title}, {_TITLES[index]}")
        field.valueChanged.connect(partial(self._typed, index))
        self.fields.append(field)
        return field

    def _typed(self, index: int, percent: float) -> None:
        """What is typed counts; a rectangle gives way where it would leave the picture."""
        # The other numbers may be finer than their fields show: they stay as they are.
        numbers = list(self._value)
        numbers[index] = percent / 100
        if len(numbers) == 4:
            start, length = index % 2, index % 2 + 2
            other = length if index == start else start
            numbers[other] = min(numbers[other], 1 - numbers[index])
        self.set_value(tuple(numbers))
        self.changed.emit()
