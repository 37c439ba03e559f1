"""Command dialog: asks for a command's settings, with the controls that filters have."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QDialog,
    QLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from safelight.api import ParameterError, Value
from safelight.document import Command, Document
from safelight.gui.controls import Control, control_for
from safelight.gui.controls.number_field import DecimalField, WholeField
from safelight.gui.controls.text_and_colour import TextControl
from safelight.gui.widgets.shown_text import plain
from safelight.gui.widgets.small_widgets import confirming_buttons, remark

_NARROWEST = 340


class CommandDialog(QDialog):
    """Asks for the settings that are not ``given``; ``told`` are those that it shows at first.

    ``chosen`` has those that were chosen. ``controls`` are by the settings' names. A
    subclass that asks in another way, of the ``document``, overrides ``ask`` and ``settings``, and
    ``refusal``.
    """

    chosen = Signal(object)
    changed = Signal(object)
    """Other settings, all of them legal, which are not chosen yet."""

    def __init__(
        self,
        command: Command,
        given: Mapping[str, Value],
        told: Mapping[str, Value],
        parent: QWidget | None = None,
        *,
        document: Document | None = None,
    ) -> None:
        super().__init__(parent)
        self.command, self.document, self.given = command, document, given
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(command.title)
        self.setMinimumWidth(_NARROWEST)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 16, 18, 14)
        layout.setSpacing(12)
        layout.addWidget(remark(" ".join(command.description.split())))
        self.controls: dict[str, Control] = {}
        self.ask(layout, told)
        self.trouble = remark()
        self.trouble.hide()
        layout.addWidget(self.trouble)
        buttons, self.confirm = confirming_buttons(self, command.title)
        layout.addWidget(buttons)
        self._fields = [*self.findChildren(WholeField), *self.findChildren(DecimalField)]
        for field in self._fields:
            field.lineEdit().textChanged.connect(self._typed)
        self._begin_typing()

    def _begin_typing(self) -> None:
        """Have what is typed go to the first field for words or a number."""
        words = [item.line for item in self.controls.values() if type(item) is TextControl]
        found: list[QLineEdit | QAbstractSpinBox] = [*words, *self._fields]
        if found:
            places: list[QWidget] = self.findChildren(QWidget)
            first = min(found, key=places.index)
            first.setFocus()
            first.selectAll()

    def ask(self, layout: QVBoxLayout, told: Mapping[str, Value]) -> None:
        """Put what asks into the layout: a control for each setting that is not given."""
        for parameter in self.command.parameters:
            if parameter.name not in self.given:
                self.add(parameter.name, layout, told)

    def add(self, name: str, layout: QLayout, told: Mapping[str, Value]) -> Control:
        """Put the control of a setting into a layout."""
        parameter = self.command.parameter(name)
        control = control_for(parameter)
        control.set_value(told.get(name, parameter.default))
        self.controls[name] = control
        control.changed.connect(self._tell)
        layout.addWidget(control)
        return control

    def settings(self) -> dict[str, Value]:
        """What is chosen. Raises ParameterError for what is not legal."""
        return {name: control.value() for name, control in self.controls.items()}

    def refusal(self, settings: Mapping[str, Value]) -> str:
        """Why the settings cannot be, where the dialog can know; "" where it can, or the edit will
        tell.
        """
        return ""

    def say(self, trouble: str) -> None:
        """Say why what was chosen is not done."""
        self.trouble.setText(plain(trouble))
        self.trouble.show()

    def _tell(self) -> None:
        with suppress(ParameterError):
            self.changed.emit(self.settings())

    def _typed(self) -> None:
        """Nothing is done with what cannot be a number."""
        self.confirm.setEnabled(all(field.hasAcceptableInput() for field in self._fields))

    def accept(self) -> None:
        """Tell what was chosen; where it is not legal, say so and stay."""
        for field in self._fields:
            field.interpretText()
        try:
            chosen = self.settings()
            trouble = self.refusal(chosen)
        except ParameterError as error:
            trouble = str(error)
        if trouble:
            self.say(trouble)
            return
        super().accept()
        self.chosen.emit(chosen)
