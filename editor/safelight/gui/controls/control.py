"""Control: what every parameter's control has: a title, a value, a way back to the default."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from uuid import uuid4

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent, QPaintEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QStylePainter,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from safelight.api import Parameter, ParameterError, Value
from safelight.gui.widgets.shown_text import plain, tooltip


class Title(QLabel):
    """A name that ends in "…" where there is no room for all of it; plugins choose their own.

    ``doubled`` tells of a double click.
    """

    doubled = Signal()

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setMinimumWidth(40)

    def paintEvent(self, event: QPaintEvent) -> None:
        text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        painter = QStylePainter(self)
        with painter:
            painter.drawItemText(
                self.rect(),
                Qt.AlignmentFlag.AlignVCenter,
                self.palette(),
                self.isEnabled(),
                text,
                self.foregroundRole(),
            )

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.doubled.emit()


class Control(QWidget):
    """The control of one parameter. ``changed`` tells that the user has set another value.

    The first sentence of each one's docstring stands in resources/parameters.md.
    ``token`` is the same for all changes of one drag, and another for the next. ``more`` is what
    the button that asks for further ``steps`` says, ``trying`` what the one that asks for any.
    ``wanted`` comes before a change that the user makes while the control is dimmed. One that
    ``tells_itself`` needs no name where there is little room: what it shows is words.
    """

    changed = Signal()
    wanted = Signal()
    tells_itself = False
    more = "More"
    trying = "Try steps"

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.parameter = parameter
        self.token = ""
        self.changed.connect(self._renew)
        self._held = False
        self.title = Title(parameter.title, self)
        self.title.doubled.connect(self.reset)
        hint = f"{parameter.help}\n" if parameter.help else ""
        words = f"{parameter.title}: {parameter.range_text()}. Double-click the name to reset."
        self.setToolTip(tooltip(f"{hint}{words}", lines=True))
        self.setToolTipDuration(12000)
        self.head = QHBoxLayout()
        self.head.setSpacing(8)
        self.head.addWidget(self.title)
        self.head.addStretch(1)
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(4)
        self.body.addLayout(self.head)
        self._found: Value | None = None
        self._has_found = False

    @cached_property
    def found(self) -> QToolButton:
        """The button that takes what was measured in the picture."""
        self._has_found = True
        found = QToolButton(self)
        found.setObjectName("link")
        found.setVisible(False)
        found.clicked.connect(self._take_found)
        return found

    def lie_in_a_row(self) -> None:
        """Have the name and all that is set beside one another, for a bar."""
        self.title.ensurePolished()
        self.title.setMinimumWidth(0)  # which a hint is not below
        self.title.setMinimumWidth(self.title.sizeHint().width())
        while self.body.count() > 1:
            item = self.body.takeAt(1)
            assert item is not None
            if (widget := item.widget()) is not None:
                self.head.addWidget(widget)
            elif (layout := item.layout()) is not None:
                layout.setParent(None)
                self.head.addLayout(layout)
        self.head.setStretch(1, 0)

    def show_found(self, value: Value | None) -> None:
        """Show what was measured in the picture, to be taken by a click; None for nothing."""
        self._found = value
        if value is None:
            if self._has_found:
                self.found.setVisible(False)
            return
        words = self.in_words(value)
        self.found.setText(f"Measured: {words}")
        self.found.setToolTip(tooltip(f"Set {self.parameter.title} to what was measured"))
        self.found.setAccessibleName(f"{plain(self.parameter.title)} as measured: {words}")
        self.body.addWidget(self.found, alignment=Qt.AlignmentFlag.AlignLeft)
        self.found.setVisible(True)

    def in_words(self, value: Value) -> str:
        """A value as this control shows it."""
        return plain(self.parameter.text(value))

    def _take_found(self) -> None:
        if self._found is not None:
            self.wanted.emit()
            self.choose(self._found)

    def dim(self, on: bool) -> None:
        """Show that the value does not count now, and let nobody set it."""
        directly = Qt.FindChildOption.FindDirectChildrenOnly
        for widget in self.findChildren(QWidget, options=directly):
            if not self._has_found or widget is not self.found:
                widget.setEnabled(not on)

    def hold(self, on: bool) -> None:
        """A drag begins, or is over."""
        self._held = on
        self.token = uuid4().hex

    def _renew(self) -> None:
        if not self._held:
            self.token = uuid4().hex

    def value(self) -> Value:
        """The value shown."""
        raise NotImplementedError

    def set_value(self, value: Value) -> None:
        """Show a value, without telling that it has changed."""
        raise NotImplementedError

    def steps(self, shown: Sequence[Value] = ()) -> tuple[Value, ...]:
        """Values to lay on a proof strip, after those ``shown``; none where there are no others."""
        return ()

    def add_tool(self, button: QToolButton) -> None:
        """Put a button where this control has room for it."""
        self.head.insertWidget(2, button)  # after the name and the room it has

    def choose(self, value: Value) -> None:
        """Set another value, as if it were typed."""
        if value != self.value():
            self.set_value(value)
            self.changed.emit()

    def take(self, text: str) -> None:
        """Show what someone has typed; the value there was, when it is not legal."""
        before = self.value()
        try:
            self.set_value(self.parameter.parse(text.strip()))
        except ParameterError:
            self.set_value(before)
        if self.value() != before:
            self.changed.emit()

    def reset(self) -> None:
        """Back to the default."""
        self.choose(self.parameter.default)
