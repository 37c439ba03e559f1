"""Command dialog: asks for a command's settings, with the controls that filters have."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QAbstractSpinBox, QDialog, QDialogButtonBox, QVBoxLayout, QWidget

from safelight.api import ParameterError, Value
from safelight.document import Command
from safelight.gui.controls import Control, control_for
from safelight.gui.parts import remark
from safelight.gui.text import plain

_NARROWEST = 340


class CommandDialog(QDialog):
    """Asks for the settings that are not ``given``; ``told`` are those that it shows at first.

    ``chosen`` has those that were chosen. ``controls`` are by the settings' names.
    """

    chosen = Signal(object)

    def __init__(
        self,
        command: Command,
        given: Mapping[str, Value],
        told: Mapping[str, Value],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(command.title)
        self.setMinimumWidth(_NARROWEST)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 16, 18, 14)
        layout.setSpacing(12)
        layout.addWidget(remark(" ".join(command.description.split())))
        self.controls: dict[str, Control] = {}
        for parameter in command.parameters:
            if parameter.name not in given:
                control = control_for(parameter)
                control.set_value(told.get(parameter.name, parameter.default))
                self.controls[parameter.name] = control
                layout.addWidget(control)
        self.trouble = remark()
        self.trouble.hide()
        layout.addWidget(self.trouble)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.confirm = buttons.addButton(command.title, QDialogButtonBox.ButtonRole.AcceptRole)
        self.confirm.setDefault(True)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)
        self._fields = self.findChildren(QAbstractSpinBox)
        for field in self._fields:
            field.lineEdit().textChanged.connect(self._typed)
        if self._fields:
            self._fields[0].setFocus()
            self._fields[0].selectAll()

    def _typed(self) -> None:
        """Nothing is done with what cannot be a number."""
        self.confirm.setEnabled(all(field.hasAcceptableInput() for field in self._fields))

    def accept(self) -> None:
        """Tell what was chosen; where it is not legal, say so and stay."""
        for field in self._fields:
            field.interpretText()
        try:
            chosen = {name: control.value() for name, control in self.controls.items()}
        except ParameterError as error:
            self.trouble.setText(plain(str(error)))
            self.trouble.show()
            return
        super().accept()
        self.chosen.emit(chosen)
