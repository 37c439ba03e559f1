"""Font choice: a list of the fonts that there are, each in its own letters."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker
from PySide6.QtGui import QFont, QFontInfo
from PySide6.QtWidgets import QFontComboBox, QWidget

from safelight.api import Parameter, Value
from safelight.gui.canvas.typesetter import is_missing
from safelight.gui.controls.control import Control

_LETTERS = 10
"""Letters of a font's name that there is room for."""


class FontControl(Control):
    """A list of fonts, in which a name can be typed; one that is missing is named as such."""

    tells_itself = True

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        super().__init__(parameter, parent)
        self._value = ""
        self.list = QFontComboBox()
        self.list.setFontFilters(QFontComboBox.FontFilter.ScalableFonts)
        self.list.setAccessibleName(parameter.title)
        self.list.setSizeAdjustPolicy(
            QFontComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.list.setMinimumContentsLength(_LETTERS)
        self.body.addWidget(self.list)
        self.set_value(parameter.default)
        self.list.currentFontChanged.connect(self._chosen)

    def value(self) -> Value:
        return self._value

    def set_value(self, value: Value) -> None:
        self._value = str(value)
        with QSignalBlocker(self.list):
            if is_missing(self._value):
                self.list.setEditText(f"{self._value} (missing)")
            else:
                usual = QFontInfo(QFont("sans-serif")).family()
                self.list.setCurrentFont(QFont(self._value or usual))

    def _chosen(self, font: QFont) -> None:
        if font.family() != self._value:
            self._value = font.family()
            self.changed.emit()
