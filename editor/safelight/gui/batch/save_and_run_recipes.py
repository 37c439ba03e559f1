"""Save and run recipes: steps saved as a list, and such a list done to the photograph in front."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from safelight.gui.deed_context import DeedContext
from safelight.gui.deeds.deed import Deed
from safelight.gui.open_and_save.save_projects import ask_for_name
from safelight.gui.photograph_tabs import labelled
from safelight.gui.threads.background import Background
from safelight.gui.widgets.shown_text import plain

if TYPE_CHECKING:
    from safelight.actions import Studio
    from safelight.actions.recipes import Filtered, Recipe
    from safelight.document import Document, Edit, History, Record
    from safelight.gui.batch.recipe_thread import Playing
    from safelight.gui.workspace import Workspace

KIND = "Recipes (*.json)"

_SUBMENU = "Recip&es"

_MOST = 8
"""Sentences of what no recipe can hold that are shown; of more it says how many."""


def save_steps(context: DeedContext) -> None:
    """Save what was done to the photograph in front as a recipe; what no recipe can hold is named
    first. Then it is asked what it is called and where it goes.
    """
    from safelight.actions.recipes import recorded
    from safelight.gui.batch.save_recipe_dialog import SaveRecipeDialog

    workspace = context.front
    if workspace is None:
        return
    workspace.canvas.tool.settle()
    history = workspace.session.history
    recipe, lost = recorded(history)
    if lost and not _may_leave_out(context.window, lost, some=bool(recipe.steps)):
        return
    near = workspace.session.files.path or Path.home() / "Untitled"
    dialog = SaveRecipeDialog(near.stem, context.window)

    def save() -> None:
        steps, _ = recorded(history, relative=dialog.relative)
        made = replace(steps, name=dialog.name, description=dialog.description)
        path, replaces = dialog.own, True
        if path is None:
            proposed = near.with_name(f"{near.stem}.json")
            path = ask_for_name(context.window, "Save steps as recipe", proposed, KIND, ".json")
            replaces = path is not None and os.path.lexists(path)  # which has been asked
        if path is not None:
            _write(context, workspace, made, path, replaces=replaces)

    dialog.chosen.connect(save)
    dialog.open()


def _write(
    context: DeedContext, workspace: Workspace, recipe: Recipe, path: Path, *, replaces: bool
) -> None:
    from safelight.actions import atomic_write

    text, count = recipe.to_json().encode("utf-8"), len(recipe.steps)
    steps = f"{count} step{'' if count == 1 else 's'}"

    def failed(error: Exception) -> None:
        reason = getattr(error, "strerror", None) or error
        workspace.messages.say(f"The recipe cannot be saved to {path}: {reason}.", about="recipe")

    def done(_: object) -> None:
        workspace.messages.settle("recipe")
        workspace.line.mention(f"Saved {steps} as {path}.")
        context.deeds.replace("recipes", of_recipes(context))

    def write() -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic_write(path, lambda file: file.write(text), overwrite=replaces)

    Background(workspace, write, done, failed)


def _may_leave_out(window: QWidget, lost: Sequence[str], *, some: bool) -> bool:
    """Ask whether a recipe is to be saved without what it cannot hold; with nothing, only say."""
    shown = list(lost[:_MOST])
    if len(lost) > _MOST:
        shown.append(f"And {len(lost) - _MOST} more.")
    box = QMessageBox(window)
    box.setWindowTitle("Save steps as recipe")
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(plain("\n".join(shown), lines=True, longest=2000))
    if not some:
        box.setInformativeText("So nothing is left for a recipe.")
        box.addButton("Close", QMessageBox.ButtonRole.RejectRole)
        box.exec()
        box.deleteLater()
        return False
    box.setInformativeText("The recipe can be saved without that.")
    save = box.addButton("Save without", QMessageBox.ButtonRole.AcceptRole)
    box.setEscapeButton(box.addButton("Cancel", QMessageBox.ButtonRole.RejectRole))
    box.exec()
    box.deleteLater()
    return box.clickedButton() is save


def ask_and_run(context: DeedContext) -> None:
    """Choose a recipe, and do to the photograph in front what it says."""
    workspace, studio = context.front, context.backend.studio
    if workspace is None or studio is None:
        return
    near = workspace.session.files.path or Path.home() / "Untitled"
    name, _ = QFileDialog.getOpenFileName(context.window, "Run recipe", str(near.parent), KIND)
    if name:
        ask_and_play(workspace, studio, Path(name))


def ask_and_play(workspace: Workspace, studio: Studio, path: Path) -> None:
    """Do to a photograph what the recipe in a file says, once what it leaves open is answered."""
    from safelight.actions.recipes import check_recipe, read_recipe
    from safelight.gui.batch.recipe_questions import QuestionsDialog

    def read() -> Recipe:
        recipe = read_recipe(path)
        check_recipe(recipe, studio.filter)
        return recipe

    def go(recipe: Recipe) -> None:
        if workspace.session.idle:
            play(workspace, studio, recipe, path)
        else:
            workspace.line.mention(f"{path.name} cannot begin now: something else is being done.")

    def ready(recipe: Recipe) -> None:
        if not recipe.open:
            go(recipe)
            return
        title = recipe.name or path.stem
        dialog = QuestionsDialog(recipe, title, studio.filter, workspace.window())
        dialog.answered.connect(lambda answers: go(recipe.answered(answers)))
        dialog.open()

    Background(workspace, read, ready, lambda error: _say_not_done(workspace, path, error))


def play(workspace: Workspace, studio: Studio, recipe: Recipe, path: Path) -> None:
    """Do a recipe, of the file ``path``, to a photograph on a thread: each step is one of its
    history, all or none. How far it is shows below the picture, where it can be stopped.
    """
    from safelight.actions import recipes
    from safelight.actions.stop import Stopped
    from safelight.gui.batch.recipe_thread import Playing

    workspace.canvas.tool.settle()
    session = workspace.session
    history, source = session.history, session.files.path
    session.previews.stop()
    session.busy = "The recipe"
    playing = session.recipe = Playing(session, recipe.name or path.stem, workspace.show_progress)

    def work() -> History:
        filtered = _filtered(studio, playing)
        picture = recipes.Picture(session.files.name)
        if source is not None and source.is_file():
            picture = recipes.Picture.of(source)
        return recipes.play(recipe, history, filtered, studio.live, playing.begin, picture)

    def end() -> None:
        session.busy, session.recipe = "", None
        playing.end()
        session.job_changed.emit()

    def done(found: History) -> None:
        end()
        workspace.messages.settle("recipe")
        session.go_on(found)
        workspace.line.mention(f"{path.name} is done.")

    def failed(error: Exception) -> None:
        end()
        if isinstance(error, Stopped):
            workspace.line.mention(f"{path.name} was stopped; the picture is as it was.")
            return
        _say_not_done(workspace, path, error)

    Background(session, work, done, failed)
    session.job_changed.emit()


def _say_not_done(workspace: Workspace, path: Path, error: Exception) -> None:
    reason = str(error).rstrip(".")
    workspace.messages.say(f"The recipe {path.name} is not done: {reason}.", about="recipe")


def _filtered(studio: Studio, playing: Playing) -> Filtered:
    """Applies filters; what has failed is told with its step, as an EditError."""
    from safelight.actions import FilterFailed
    from safelight.actions.recipes.process_file import through_jobs
    from safelight.document import EditError

    through = through_jobs(studio, playing.stop, playing.hear, lays_tones=False)

    def filtered(document: Document, step: Record, above: str) -> Edit:
        try:
            return through(document, step, above)
        except FilterFailed as error:
            raise EditError(str(error)) from None

    return filtered


def of_recipes(context: DeedContext) -> list[Deed]:
    """The lines of the recipes that can be asked for by name. Those that only say how pictures are
    exported are for batches.
    """
    from safelight.actions.recipes import RecipeError, read_recipe
    from safelight.actions.recipes.ready_recipes import ready_recipes

    lines = []
    for name, path in ready_recipes().items():
        try:
            recipe = read_recipe(path)
        except RecipeError as error:
            lines.append(_line(context, name, path, name, str(error), possible=False))
            continue
        tip = recipe.description
        if not recipe.steps:
            tip = f"{tip} It says how pictures are exported: it is for File, Batch.".strip()
        shown = recipe.name or name
        lines.append(_line(context, name, path, shown, tip, possible=bool(recipe.steps)))
    return sorted(lines, key=lambda deed: deed.title.casefold())


def _line(
    context: DeedContext, name: str, path: Path, shown: str, tip: str, *, possible: bool
) -> Deed:
    def run() -> None:
        front, studio = context.front, context.backend.studio
        if front is not None and studio is not None:
            ask_and_play(front, studio, path)

    def may() -> bool:
        front = context.front
        return (
            possible
            and front is not None
            and context.backend.studio is not None
            and front.session.idle
        )

    text = labelled(shown)
    return Deed(f"recipe {name}", text, run, "Edit", 2, submenu=_SUBMENU, when=may, tip=tip)
