"""Recipe choice: a ready recipe, one of the user's own or one of a file, and its questions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QComboBox, QFileDialog, QVBoxLayout, QWidget

from safelight.actions.recipes import Recipe, RecipeError, check_recipe, read_recipe
from safelight.actions.recipes.ready_recipes import ready_recipes
from safelight.api import Declaration
from safelight.gui.batch.recipe_questions import Questions
from safelight.gui.batch.save_and_run_recipes import KIND
from safelight.gui.widgets.scrolling_rows import ScrollingRows
from safelight.gui.widgets.shown_text import plain, tooltip
from safelight.gui.widgets.small_widgets import remark


class RecipeChoice(QWidget):
    """A recipe to choose. ``changed`` tells that it, or an answer, is another.

    ``recipe`` is the one that is chosen, as it lies in its file ``path``; None where it cannot be
    used, which ``trouble`` says.
    """

    changed = Signal()

    def __init__(
        self, filter_of: Callable[[str], Declaration], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._filter_of = filter_of
        self.recipe: Recipe | None = None
        self.path: Path | None = None
        self.trouble = ""
        self.list = QComboBox()
        self.list.setAccessibleName("Recipe")
        self.list.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.list.setMinimumContentsLength(16)
        for path in ready_recipes().values():
            self._add(path)
        self.list.insertSeparator(self.list.count())
        self.list.addItem("From a file…")
        self._last = 0
        self.about = remark()
        self.about.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.questions = Questions()
        self.area = ScrollingRows(self.questions)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        layout.addWidget(self.list)
        layout.addWidget(self.about)
        layout.addWidget(self.area, 1)
        self.list.activated.connect(self._activated)
        self.questions.changed.connect(self.changed)
        self._show()

    def answered(self) -> Recipe | None:
        """The recipe with nothing left open; None where none can be used. Raises ParameterError."""
        return None if self.recipe is None else self.recipe.answered(self.questions.answers())

    def choose(self, path: Path) -> None:
        """Have the recipe of a file."""
        paths = [self.list.itemData(row) for row in range(self.list.count())]
        if path not in paths:
            self._add(path, before=len(paths) - 2)
            paths.insert(len(paths) - 2, path)
        self.list.setCurrentIndex(paths.index(path))
        self._show()

    def _add(self, path: Path, *, before: int | None = None) -> None:
        """Offer a recipe; one that cannot be read is offered too, and says why when chosen."""
        name, tip = path.stem, str(path)
        try:
            recipe = read_recipe(path)
            name, tip = recipe.name or name, recipe.description or tip
        except RecipeError:
            pass
        place = self.list.count() if before is None else before
        self.list.insertItem(place, plain(name), path)
        self.list.setItemData(place, tooltip(tip), Qt.ItemDataRole.ToolTipRole)

    def _activated(self, row: int) -> None:
        if self.list.itemData(row) is not None:
            self._show()
            return
        near = str((self.path or Path.home() / "x").parent)
        name, _ = QFileDialog.getOpenFileName(self, "Recipe", near, KIND)
        if name:
            self.choose(Path(name))
        else:
            with QSignalBlocker(self.list):
                self.list.setCurrentIndex(self._last)

    def _show(self) -> None:
        self._last = self.list.currentIndex()
        self.path = self.list.currentData()
        self.recipe, self.trouble = None, ""
        try:
            assert self.path is not None
            recipe = read_recipe(self.path)
            check_recipe(recipe, self._filter_of)
            self.recipe = recipe
        except RecipeError as error:
            self.trouble = str(error)
        self.about.setText(plain(self.trouble or (self.recipe.description if self.recipe else "")))
        self.questions.ask(self.recipe or Recipe(()), self._filter_of)
        self.area.setVisible(bool(self.questions.controls))
        self.changed.emit()
