"""New: a picture that a generator makes, of a size to be said."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from safelight.actions.generating import LONGEST
from safelight.api import Declaration
from safelight.gui.parts import remark
from safelight.gui.text import plain, size

SIDE = 2048
"""Pixels a side that are offered first."""


class NewDialog(QDialog):
    """Asks which generator, and how large. ``declaration`` and ``sides`` are what was said."""

    def __init__(self, generators: Sequence[Declaration], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("New from generator")
        self.setMinimumWidth(380)
        self._generators = list(generators)
        self.list = QComboBox()
        self.list.addItems([plain(item.title) for item in generators])
        self.list.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.description = remark()
        self.outcome = remark()
        self.width_field, self.height_field = _field("Width"), _field("Height")
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(8)
        form.addRow("Generator", self.list)
        form.addRow("", self.description)
        form.addRow("Width", self.width_field)
        form.addRow("Height", self.height_field)
        form.addRow("", self.outcome)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.confirm = buttons.addButton("Create", QDialogButtonBox.ButtonRole.AcceptRole)
        self.confirm.setDefault(True)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 16, 18, 14)
        layout.setSpacing(14)
        layout.addLayout(form)
        layout.addWidget(buttons)
        self.list.currentIndexChanged.connect(self._show)
        self.width_field.valueChanged.connect(self._show)
        self.height_field.valueChanged.connect(self._show)
        self._show()

    @property
    def declaration(self) -> Declaration:
        """The generator."""
        return self._generators[self.list.currentIndex()]

    @property
    def sides(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.width_field.value(), self.height_field.value()

    def _show(self) -> None:
        self.description.setText(plain(" ".join(self.declaration.description.split())))
        self.outcome.setText(size(*self.sides))


def _field(name: str) -> QSpinBox:
    field = QSpinBox()
    field.setRange(1, LONGEST)
    field.setValue(SIDE)
    field.setSuffix(" px")
    field.setFixedWidth(110)
    field.setAlignment(Qt.AlignmentFlag.AlignRight)
    field.setAccessibleName(name)
    return field
