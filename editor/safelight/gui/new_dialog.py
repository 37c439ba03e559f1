"""New dialog: a picture that a generator makes, of a size to be said."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QVBoxLayout,
    QWidget,
)

from safelight.actions.generated_documents import LONGEST
from safelight.api import Declaration
from safelight.gui.controls.number_field import WholeField
from safelight.gui.shown_text import plain, size
from safelight.gui.small_widgets import confirming_buttons, form, remark

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
        fields = form()
        fields.addRow("Generator", self.list)
        fields.addRow("", self.description)
        fields.addRow("Width", self.width_field)
        fields.addRow("Height", self.height_field)
        fields.addRow("", self.outcome)
        buttons, self.confirm = confirming_buttons(self, "Create")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 16, 18, 14)
        layout.setSpacing(14)
        layout.addLayout(fields)
        layout.addWidget(buttons)
        self.list.currentIndexChanged.connect(self._show)
        for field in (self.width_field, self.height_field):
            field.setKeyboardTracking(False)
            field.lineEdit().textChanged.connect(self._typed)
        self._show()

    @property
    def declaration(self) -> Declaration:
        """The generator."""
        return self._generators[self.list.currentIndex()]

    @property
    def sides(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.width_field.typed(), self.height_field.typed()

    def _typed(self) -> None:
        """Nothing is made of what cannot be a number of pixels."""
        fields = (self.width_field, self.height_field)
        self.confirm.setEnabled(all(field.hasAcceptableInput() for field in fields))
        self._show()

    def _show(self) -> None:
        self.description.setText(plain(" ".join(self.declaration.description.split())))
        self.outcome.setText(size(*self.sides))


def _field(name: str) -> WholeField:
    field = WholeField()
    field.setRange(1, LONGEST)
    field.setValue(SIDE)
    field.setSuffix(" px")
    field.setFixedWidth(110)
    field.setAlignment(Qt.AlignmentFlag.AlignRight)
    field.setAccessibleName(name)
    return field
