"""Export preset list: the list in the Export dialog, and what keeps, renames and removes one."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QInputDialog,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from safelight import actions
from safelight.gui.widgets.shown_text import plain


class PresetRow(QWidget):
    """A preset to choose. ``chosen`` gives one that was, ``refused`` says why something cannot be.

    ``options`` gives what is chosen now.
    """

    chosen = Signal(object)
    refused = Signal(str)

    def __init__(
        self, options: Callable[[], actions.ExportOptions], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._options = options
        self._presets = actions.Presets()
        self.list = QComboBox()
        self.list.setAccessibleName("Preset")
        self.list.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.keep = QPushButton("Save…")
        self.keep.setToolTip("Save what is chosen as a preset")
        self.rename = QPushButton("Rename…")
        self.rename.setToolTip("Give the preset that is chosen another name")
        self.forget = QPushButton("Remove")
        self.forget.setToolTip("Forget the preset that is chosen")
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        for button in (self.keep, self.rename, self.forget):
            button.setAutoDefault(False)
            buttons.addWidget(button)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.list)
        column.addLayout(buttons)
        self.list.activated.connect(lambda _: self._activated())
        self.keep.clicked.connect(self._ask_to_keep)
        self.rename.clicked.connect(self._ask_to_rename)
        self.forget.clicked.connect(self._forget)
        self._list_all()

    def keep_as(self, name: str) -> None:
        """Save what is chosen under a name, or say why that cannot be."""
        try:
            self._presets.save(name, self._options())
        except actions.ExportError as error:
            self.refused.emit(str(error))
            return
        self._list_all(name.strip())

    def rename_to(self, name: str) -> None:
        """Give the preset that is chosen another name, or say why that cannot be."""
        try:
            self._presets.rename(self._name(), name)
        except actions.ExportError as error:
            self.refused.emit(str(error))
            return
        self._list_all(name.strip())

    def _name(self) -> str:
        return str(self.list.currentData() or "")

    def _list_all(self, shown: str = "") -> None:
        with QSignalBlocker(self.list):
            self.list.clear()
            self.list.addItem("As chosen below", "")
            for name in self._presets.all():
                self.list.addItem(plain(name), name)
            self.list.setCurrentIndex(max(self.list.findData(shown), 0))
        self._show_possible()

    def _show_possible(self) -> None:
        saved = self._name() in self._presets.saved()
        for button in (self.rename, self.forget):
            button.setEnabled(saved)

    def _activated(self) -> None:
        self._show_possible()
        found = self._presets.all().get(self._name())
        if found is not None:
            self.chosen.emit(found)

    def _ask_to_keep(self) -> None:
        name, sure = QInputDialog.getText(self, "Save preset", "Name of the preset")
        if sure:
            self.keep_as(name)

    def _ask_to_rename(self) -> None:
        old = self._name()
        name, sure = QInputDialog.getText(self, "Rename preset", "Name of the preset", text=old)
        if sure:
            self.rename_to(name)

    def _forget(self) -> None:
        try:
            self._presets.remove(self._name())
        except actions.ExportError as error:
            self.refused.emit(str(error))
        self._list_all()
