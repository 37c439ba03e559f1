"""Number field: a number to be typed, with either decimal sign in every language."""

from __future__ import annotations

import math
import re
from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QFocusEvent, QKeyEvent, QValidator, QWheelEvent
from PySide6.QtWidgets import QDoubleSpinBox, QSpinBox

from safelight.gui.widgets.typed_number import in_ascii, typed_number

_SIGNS_OF_NUMBERS = re.compile(r"[\d+\-.'\u2019\u066c\s_eE]*")
"""What some number is written with somewhere; of these, groups and powers are not guessed at."""


class _Typed:
    """What the fields below have in common: text that stays as it is typed until the field is left.

    What is no number of the field is not turned into another one by leaving out a key: it is seen,
    and gives way to the number there was when the field is left. Return does not go on with it.
    """

    leaves_wheel = False
    """Whether the wheel scrolls what is around the field, and never changes the number."""

    _point = True

    def _number(self, text: str) -> float | None:
        """The number in the text; None where it is not one that this field takes."""
        words = self.specialValueText()  # type: ignore[attr-defined]
        if words and self._bare(text).strip() in ("", words):
            return float(self.minimum())  # type: ignore[attr-defined]
        number = typed_number(self._bare(text))
        whole = number is not None and (self._point or "." not in in_ascii(self._bare(text)))
        if not whole or number is None or not math.isfinite(number):
            return None
        low, high = self.minimum(), self.maximum()  # type: ignore[attr-defined]
        return number if low <= number <= high else None

    def _bare(self, text: str) -> str:
        """The text without what the field itself writes around the number."""
        prefix, suffix = self.prefix(), self.suffix()  # type: ignore[attr-defined]
        return text.removeprefix(prefix).removesuffix(suffix)

    def validate(self, text: str, position: int) -> Any:
        if self._number(text) is not None:
            state = QValidator.State.Acceptable
        elif _SIGNS_OF_NUMBERS.fullmatch(in_ascii(self._bare(text))):
            state = QValidator.State.Intermediate
        else:
            state = QValidator.State.Invalid
        return state, text, position

    def fixup(self, text: str) -> str:
        """The text as it is: Qt would take what it calls group separators out of it."""
        return text

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Have words that stand for a number give way to what is typed, also after a click."""
        super().focusInEvent(event)  # type: ignore[misc]
        if self.text() == self.specialValueText():  # type: ignore[attr-defined]
            QTimer.singleShot(0, self, self.selectAll)  # type: ignore[attr-defined,call-overload]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        entered = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        refused = entered and not self.hasAcceptableInput()  # type: ignore[attr-defined]
        super().keyPressEvent(event)  # type: ignore[misc]
        if refused:
            event.accept()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.leaves_wheel:
            event.ignore()
        else:
            super().wheelEvent(event)  # type: ignore[misc]


class WholeField(_Typed, QSpinBox):
    """A field for a whole number."""

    _point = False

    def typed(self) -> int:
        """The number that stands there, also while it is being typed."""
        return self.valueFromText(self.text())

    def valueFromText(self, text: str) -> int:
        number = self._number(text)
        return self.value() if number is None else int(number)


class DecimalField(_Typed, QDoubleSpinBox):
    """A field for a number, which it rounds to its decimals."""

    def valueFromText(self, text: str) -> float:
        number = self._number(text)
        return self.value() if number is None else number
