"""Save recipe dialog: how steps that were done are called as a recipe, and where it goes."""

from __future__ import annotations

import re
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QLineEdit,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from safelight.actions.recipes.ready_recipes import own_recipe, ready_recipes
from safelight.gui.widgets.shown_text import plain
from safelight.gui.widgets.small_widgets import confirming_buttons, form, remark

_NARROWEST = 440


class SaveRecipeDialog(QDialog):
    """Asks for a recipe's name. ``chosen`` tells that it is to be saved.

    ``name`` and ``description`` are for people; ``relative``: rectangles are in parts of the
    picture; ``own``: the file among the user's recipes, None for a file that is asked for.
    """

    chosen = Signal()

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Save steps as recipe")
        self.setMinimumWidth(_NARROWEST)
        self.line = QLineEdit(name)
        self.line.selectAll()
        self.about = QLineEdit()
        self.about.setPlaceholderText("What it is for")
        self.parts = QCheckBox("Rectangles in parts of the picture")
        self.parts.setToolTip("A crop of the left half is the left half of every picture")
        self.among = QRadioButton("Among my recipes: in Edit, Recipes and in batches, by its name")
        self.file = QRadioButton("In a file…")
        self.among.setChecked(True)
        self.note = remark()
        buttons, self.confirm = confirming_buttons(self, "Save")
        rows = form()
        rows.addRow("Name", self.line)
        rows.addRow("Description", self.about)
        rows.addRow("", self.parts)
        rows.addRow("Where", self.among)
        rows.addRow("", self.file)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 16, 18, 14)
        layout.setSpacing(12)
        layout.addLayout(rows)
        layout.addWidget(self.note)
        layout.addWidget(buttons)
        self.line.textChanged.connect(lambda _: self._look())
        self.among.toggled.connect(lambda _: self._look())
        self._look()

    @property
    def name(self) -> str:
        """What the recipe is to be called."""
        return self.line.text().strip()

    @property
    def description(self) -> str:
        """What the recipe is for."""
        return self.about.text().strip()

    @property
    def relative(self) -> bool:
        """Whether rectangles are in parts of the picture."""
        return self.parts.isChecked()

    @property
    def own(self) -> Path | None:
        """The recipe's file among the user's; None where the recipe goes to a file that is asked
        for.
        """
        return own_recipe(file_stem(self.name)) if self.among.isChecked() else None

    def _look(self) -> None:
        """Say what saving it under that name would replace."""
        stem, own = file_stem(self.name), self.own
        self.confirm.setEnabled(bool(stem))
        replaces = bool(stem) and own is not None and own.exists()
        self.confirm.setText("Replace" if replaces else "Save")
        words = ""
        if replaces:
            words = "There is one of your recipes of that name, which is lost."
        elif own is not None and stem in ready_recipes():
            words = "It stands in for the recipe of that name that comes with Safelight."
        self.note.setText(plain(words))

    def accept(self) -> None:
        """Tell that it is to be saved."""
        super().accept()
        self.chosen.emit()


def file_stem(name: str) -> str:
    """A file's name made of a recipe's: ``Black and white`` is ``black-and-white``."""
    return re.sub(r"[^\w]+", "-", name.casefold()).strip("-_")[:80]
