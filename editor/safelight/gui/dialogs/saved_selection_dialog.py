"""Saved selection dialog: asks which of the selections of a document, by their names."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtWidgets import QComboBox, QVBoxLayout

from safelight.api import Value
from safelight.gui.dialogs.command_dialog import CommandDialog


class SavedSelectionDialog(CommandDialog):
    """A list of names, and below it what else a command asks."""

    def ask(self, layout: QVBoxLayout, told: Mapping[str, Value]) -> None:
        self.names = QComboBox()
        self.names.setAccessibleName("Selection")
        saved = self.document.saved if self.document is not None else ()
        self.names.addItems([item.name for item in saved[::-1]])
        self.names.currentIndexChanged.connect(self._tell)
        layout.addWidget(self.names)
        for parameter in self.command.parameters:
            if parameter.name not in (*self.given, "name"):
                self.add(parameter.name, layout, told)

    def settings(self) -> dict[str, Value]:
        return {"name": self.names.currentText(), **super().settings()}
