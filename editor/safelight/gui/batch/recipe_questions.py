"""Recipe questions: what a recipe leaves open, asked with the controls that filters have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget

from safelight.actions.recipes import Question, Recipe
from safelight.actions.recipes.varying_settings import Open
from safelight.api import Declaration, Parameter, ParameterError, Value
from safelight.document import DECLARED
from safelight.gui.controls import Control, control_for
from safelight.gui.widgets.shown_text import plain
from safelight.gui.widgets.small_widgets import confirming_buttons, remark

_NARROWEST = 340


class Questions(QWidget):
    """A control for each thing that a recipe leaves open. ``changed`` tells of another answer."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.controls: dict[str, Control] = {}
        self._rows = QVBoxLayout(self)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(10)
        self._rows.addStretch(1)

    def ask(self, recipe: Recipe, filter_of: Callable[[str], Declaration]) -> None:
        """Ask what this recipe leaves open, in place of what was asked before."""
        for control in self.controls.values():
            self._rows.removeWidget(control)
            control.hide()
            control.deleteLater()
        self.controls = {}
        for name, question in recipe.open.items():
            control = control_for(_parameter(recipe, name, question, filter_of), self)
            control.set_value(question.default)
            control.changed.connect(self.changed)
            self._rows.insertWidget(self._rows.count() - 1, control)
            self.controls[name] = control

    def answers(self) -> dict[str, Value]:
        """What was answered. Raises ParameterError for what is not legal."""
        return {name: control.value() for name, control in self.controls.items()}


def _parameter(
    recipe: Recipe, name: str, question: Question, filter_of: Callable[[str], Declaration]
) -> Parameter:
    """The setting that a question is about, with the question's words: it knows what is legal."""
    for step in recipe.steps:
        for setting, value in step.settings.items():
            if not isinstance(value, Open) or value.question != name:
                continue
            try:
                declared = DECLARED[step.id] if step.kind == "command" else filter_of(step.id)
                found = declared.parameter(setting)
                found.check(question.default)
            except (LookupError, ValueError):
                continue  # the recipe is refused as a whole, with the reason
            help = question.help or found.help
            return replace(
                found, name=name, default=question.default, title=question.title, help=help
            )
    kind = "flag" if isinstance(question.default, bool) else "text"
    if isinstance(question.default, (int, float)) and kind == "text":
        kind = "number"
    return Parameter(name, kind, question.default, question.title, question.help)


class QuestionsDialog(QDialog):
    """Asks what a recipe leaves open. ``answered`` has the answers."""

    answered = Signal(object)

    def __init__(
        self, recipe: Recipe, title: str, filter_of: Callable[[str], Declaration], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(plain(title))
        self.setMinimumWidth(_NARROWEST)
        self.questions = Questions()
        self.questions.ask(recipe, filter_of)
        self.trouble = remark()
        self.trouble.hide()
        buttons, self.confirm = confirming_buttons(self, "Run")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 16, 18, 14)
        layout.setSpacing(12)
        if recipe.description:
            layout.addWidget(remark(recipe.description))
        for part in (self.questions, self.trouble, buttons):
            layout.addWidget(part)

    def accept(self) -> None:
        """Tell the answers; where one is not legal, say so and stay."""
        try:
            answers = self.questions.answers()
        except ParameterError as error:
            self.trouble.setText(plain(str(error)))
            self.trouble.show()
            return
        super().accept()
        self.answered.emit(answers)
