"""Number: a slider over the usual range, and a field over the legal one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import cast

from PySide6.QtCore import QPointF, QRectF, QSignalBlocker, Qt
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QHBoxLayout, QSlider, QWidget

from safelight.api import Parameter, Value
from safelight.gui.controls.control import Control, Title
from safelight.gui.controls.number_field import DecimalField, WholeField
from safelight.gui.widgets import theme
from safelight.gui.widgets.shown_text import plain

_WIDEST = 1e9
_POSITIONS = 1000

_UNBOUNDED = (1 << 24) - 1
"""Qt's own limit of a width."""

_FIELD = 86
"""Pixels of a field; one whose lowest number is shown in words may need more."""

_QUIET = 50
"""Pixels of a number that has no box around it."""

_STEPS = 5
"""Numbers that are tried beside one another; odd, so that the middle is one of them."""


_THICK, _HANDLE = 3.0, 13.0
"""Pixels that a slider's line is high and its handle wide, as the style has them."""


class Slider(QSlider):
    """A slider the wheel does not move: scrolling a panel must not change a picture.

    With an ``origin``, a position between its ends, what is set is seen from there on; ``track``
    has the colours, from left to right, that its line has instead.
    """

    origin: int | None = None
    track: tuple[str, ...] = ()

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.origin is None and not self.track:
            super().paintEvent(event)
            return
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._paint(painter)

    def _paint(self, painter: QPainter) -> None:
        left, width = _HANDLE / 2, self.width() - _HANDLE
        middle = self.height() / 2
        line = QRectF(left, middle - _THICK / 2, width, _THICK)
        painter.setPen(Qt.PenStyle.NoPen)
        if self.track:
            colours = QLinearGradient(line.topLeft(), line.topRight())
            for place, colour in enumerate(self.track):
                colours.setColorAt(place / max(len(self.track) - 1, 1), QColor(colour))
            painter.setBrush(colours)
        else:
            painter.setBrush(QColor(theme.LINE))
        painter.drawRoundedRect(line, 1, 1)
        x = left + width * self._part(self.sliderPosition())
        if self.origin is not None and not self.track:
            start = left + width * self._part(self.origin)
            painter.setBrush(QColor(theme.ACCENT if self.isEnabled() else theme.OFF))
            painter.drawRect(QRectF(min(start, x), line.top(), abs(x - start), _THICK))
        ring = self.hasFocus()
        painter.setPen(QPen(QColor(theme.ACCENT), 2) if ring else Qt.PenStyle.NoPen)
        bright = "#ffffff" if self.underMouse() else theme.TEXT
        painter.setBrush(QColor(bright if self.isEnabled() else theme.OFF))
        radius = _HANDLE / 2 - (1 if ring else 0)
        painter.drawEllipse(QPointF(x, middle), radius, radius)

    def _part(self, position: int) -> float:
        span = max(self.maximum() - self.minimum(), 1)
        return (position - self.minimum()) / span


class NumberControl(Control):
    """A slider over the usual range, and a field over the legal one.

    ``has_range`` tells whether that range was declared: without it a slider in a bar is of no use.
    """

    more = "Finer"

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        super().__init__(parameter, parent)
        low = -_WIDEST if parameter.minimum is None else parameter.minimum
        high = _WIDEST if parameter.maximum is None else parameter.maximum
        self._whole = parameter.kind == "integer"
        default = float(cast(float, parameter.default))
        shown = parameter.slider or (low, high)
        stated = parameter.slider or (parameter.minimum, parameter.maximum)
        self.has_range = None not in stated
        if shown[1] - shown[0] >= _WIDEST:  # nothing declared: ten times the default around 0
            reach = max(abs(default) * 10, 10.0)
            shown = (max(low, -reach), min(high, reach))
        self._shown = shown
        self._logarithmic = parameter.logarithmic and shown[0] > 0
        step = parameter.step or (1.0 if self._whole else (shown[1] - shown[0]) / 100)
        self._step = max(step, 1.0) if self._whole else step
        self.field: WholeField | DecimalField
        if self._whole:
            self.field = WholeField(self)
            self.field.setRange(int(max(low, -(2**31))), int(min(high, 2**31 - 1)))
            self.field.setSingleStep(int(self._step))
        else:
            self.field = DecimalField(self)
            self.field.setDecimals(min(max(-math.floor(math.log10(self._step)), 0), 6))
            self.field.setRange(low, high)
            self.field.setSingleStep(self._step)
        if parameter.unit:
            self.field.setSuffix(f" {parameter.unit}")
        self.field.setKeyboardTracking(False)
        self.field.setFixedWidth(_FIELD)
        if parameter.lowest and parameter.minimum is not None:
            self.field.setSpecialValueText(plain(parameter.lowest))
            self.field.setFixedWidth(max(_FIELD, self.field.sizeHint().width()))
        self.field.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.field.setAccessibleName(parameter.title)
        self.head.addWidget(self.field)
        self.slider = Slider(Qt.Orientation.Horizontal, self)
        self.slider.setRange(0, self._positions())
        self.slider.setPageStep(max(self._positions() // 10, 1))
        self.slider.setAccessibleName(parameter.title)
        if shown[0] < default < shown[1]:
            self.slider.origin = self._position(default)
        self.body.addWidget(self.slider)
        if parameter.ends is not None:
            self.body.addLayout(_ends(parameter.ends))
        self.set_value(parameter.default)
        self.field.valueChanged.connect(self._field_moved)
        self.slider.valueChanged.connect(self._slider_moved)
        self.slider.sliderPressed.connect(lambda: self.hold(True))
        self.slider.sliderReleased.connect(lambda: self.hold(False))

    def value(self) -> Value:
        return self.parameter.check(self.field.value())

    def set_value(self, value: Value) -> None:
        number = cast(float, value)
        with QSignalBlocker(self.field), QSignalBlocker(self.slider):
            self.field.setValue(int(number) if self._whole else float(number))  # type: ignore[arg-type]
            self.slider.setValue(self._position(float(number)))

    def steps(self, shown: Sequence[Value] = ()) -> tuple[Value, ...]:
        """All of the slider in even steps; after ``shown``, half as far, around what is chosen."""
        low, high = self._shown
        if shown:
            numbers = [cast(float, value) for value in shown]
            span = (max(numbers) - min(numbers)) / 2
            middle = min(max(cast(float, self.value()), low), high)
            low = min(max(middle - span / 2, low), high - span)
            high = low + span
        found = {self._rounded(low + i * (high - low) / (_STEPS - 1)) for i in range(_STEPS)}
        fresh = len(found) > 1 and not found <= set(shown)
        return tuple(sorted(found)) if fresh else ()

    def _rounded(self, number: float) -> float:
        """The number as the field holds it."""
        if isinstance(self.field, WholeField):
            return round(number)
        return round(number, self.field.decimals())

    def in_words(self, value: Value) -> str:
        words = self.field.specialValueText()
        if words and value == self.parameter.minimum:
            return words
        return self.field.textFromValue(value) + self.field.suffix()  # type: ignore[arg-type]

    def lie_in_a_row(self) -> None:
        super().lie_in_a_row()
        self.head.removeWidget(self.field)
        self.head.addWidget(self.field)
        self.slider.setMinimumWidth(40)
        self.slider.setMaximumWidth(140)
        self.slider.setVisible(self.has_range)
        if not self.field.specialValueText():
            self.field.setFixedWidth(76)

    def lie_in_a_line(self, name: int, neutral: float | None = None) -> None:
        """Have name, slider and a quiet field in one line, the name ``name`` pixels wide.

        What is set is seen from ``neutral`` on, where that is not the default.
        """
        self.lie_in_a_row()
        self.title.setFixedWidth(name)
        self.slider.setMaximumWidth(_UNBOUNDED)
        self.head.setStretchFactor(self.slider, 1)
        self.field.setObjectName("quiet")
        self.field.setFixedWidth(_QUIET)
        if neutral is not None:
            low, high = self._shown
            self.slider.origin = self._position(neutral) if low < neutral < high else None

    def _positions(self) -> int:
        return max(1, min(round((self._shown[1] - self._shown[0]) / self._step), _POSITIONS))

    def _position(self, value: float) -> int:
        low, high = self._shown
        if self._logarithmic:
            part = math.log(max(value, low) / low, high / low)
        else:
            part = (value - low) / (high - low)
        return round(part * self._positions())

    def _slider_moved(self, position: int) -> None:
        low, high = self._shown
        part = position / self._positions()
        value = low * (high / low) ** part if self._logarithmic else low + part * (high - low)
        with QSignalBlocker(self.field):
            self.field.setValue(round(value) if self._whole else value)  # type: ignore[arg-type]
        self.changed.emit()

    def _field_moved(self, value: float) -> None:
        with QSignalBlocker(self.slider):
            self.slider.setValue(self._position(float(value)))
        self.changed.emit()


def _ends(words: tuple[str, str]) -> QHBoxLayout:
    """What the slider means at its left and at its right end."""
    left, right = (Title(plain(word)) for word in words)
    row = QHBoxLayout()
    for label in (left, right):
        label.setObjectName("dim")
        label.setMinimumWidth(1)  # a short word has no room of its own to its right
        row.addWidget(label)
    row.insertStretch(1)
    return row
