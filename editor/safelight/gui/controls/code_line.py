"""Code line: a line for a code that is set beside a lightbox: what is held, or the other end."""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from safelight.actions.lightbox_codes import Code
from safelight.api import Parameter, Value
from safelight.gui.controls.control import Control
from safelight.gui.controls.thumb import Thumb
from safelight.gui.widgets.small_widgets import small_button

_SIDE = 44
"""Pixels that the thumb is wide and high."""


class CodeControl(Control):
    """A thumb of a code, which is taken from the lightbox.

    ``taking`` asks for what the lightbox shows; ``shown`` tells that another code's picture is
    wanted.
    """

    taking = Signal()
    shown = Signal()

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        super().__init__(parameter, parent)
        self._value: Code = ()
        self.thumb = Thumb("None")
        self.thumb.setFixedSize(_SIDE, _SIDE)
        self.thumb.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.thumb.setCursor(Qt.CursorShape.ArrowCursor)
        self.thumb.setAccessibleName(parameter.title)
        self.take_current = QPushButton("Take current")
        self.take_current.setToolTip("Put here what the lightbox shows in its middle")
        self.take_current.clicked.connect(self.taking)
        self.take_current.setAutoDefault(False)
        self.clear = small_button("Clear", "None again")
        self.clear.clicked.connect(self.reset)
        self.head.addWidget(self.clear)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.thumb)
        row.addWidget(self.take_current)
        row.addStretch(1)
        self.body.addLayout(row)
        self.set_value(parameter.default)

    def value(self) -> Value:
        return self._value

    def set_value(self, value: Value) -> None:
        self._value = cast(Code, value)
        self.clear.setEnabled(bool(self._value))
        self.thumb.setText("" if self._value else "None")
        if not self._value:
            self.thumb.show_image(None)
        self.shown.emit()

    def in_words(self, value: Value) -> str:
        return "Chosen" if value else "None"

    def wanted_pictures(self) -> list[tuple[Thumb, Code]]:
        """Where which code is to be shown."""
        return [(self.thumb, self._value)] if self._value else []
