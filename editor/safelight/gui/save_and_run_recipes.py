"""Save and run recipes: steps saved as a list, and such a list done to the photograph in front."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from safelight.gui.background import Background
from safelight.gui.deed_context import Desk
from safelight.gui.save_projects import ask_for_name
from safelight.gui.shown_text import plain

if TYPE_CHECKING:
    from safelight.actions import Studio
    from safelight.actions.recipes import Recipe
    from safelight.document import Document, Edit, History, Record
    from safelight.gui.recipe_thread import Playing
    from safelight.gui.workspace import Workspace

_KIND = "Recipes (*.json)"

_MOST = 8
"""Sentences of what no recipe can hold that are shown; of more it says how many."""


def save_steps(desk: Desk) -> None:
    """Save what was done to the photograph in front as a recipe; what no recipe can hold is named
    first.
    """
    from safelight.actions.recipes import recorded

    workspace = desk.front
    if workspace is None:
        return
    workspace.canvas.tool.settle()
    recipe, lost = recorded(workspace.session.history)
    if lost and not _may_leave_out(desk.window, lost, some=bool(recipe.steps)):
        return
    near = workspace.session.files.path or Path.home() / "Untitled"
    path = ask_for_name(
        desk.window, "Save steps as recipe", near.with_suffix(".json"), _KIND, ".json"
    )
    if path is not None:
        _write(workspace, recipe, path)


def _write(workspace: Workspace, recipe: Recipe, path: Path) -> None:
    from safelight.actions import atomic_write

    text, count = recipe.to_json().encode("utf-8"), len(recipe.steps)
    steps = f"{count} step{'' if count == 1 else 's'}"

    def failed(error: Exception) -> None:
        reason = getattr(error, "strerror", None) or error
        workspace.messages.say(f"The recipe cannot be saved to {path}: {reason}.", about="recipe")

    def done(_: object) -> None:
        workspace.messages.settle("recipe")
        workspace.line.mention(f"Saved {steps} as {path}.")

    replaces = os.path.lexists(path)  # which has been asked

    def write() -> None:
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


def ask_and_run(desk: Desk) -> None:
    """Choose a recipe, and do to the photograph in front what it says."""
    workspace, studio = desk.front, desk.backend.studio
    if workspace is None or studio is None:
        return
    near = workspace.session.files.path or Path.home() / "Untitled"
    name, _ = QFileDialog.getOpenFileName(desk.window, "Run recipe", str(near.parent), _KIND)
    if name:
        run(workspace, studio, Path(name))


def run(workspace: Workspace, studio: Studio, path: Path) -> None:
    """Do a recipe to a photograph on a thread: each step is one of its history, all or none. How
    far it is shows below the picture, where it can be stopped.
    """
    from safelight.actions.recipes import check_recipe, play, read_recipe
    from safelight.gui.recipe_thread import Playing, Stopped

    workspace.canvas.tool.settle()
    session = workspace.session
    history = session.history
    session.previews.stop()
    session.busy = "The recipe"
    playing = session.recipe = Playing(session, path.stem, workspace.show_progress)

    def work() -> History:
        recipe = read_recipe(path)
        check_recipe(recipe, studio.filter)
        filtered = partial(_filtered, studio, playing)
        return play(recipe, history, filtered, studio.live, playing.begin)

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
        reason = str(error).rstrip(".")
        workspace.messages.say(f"The recipe {path.name} is not done: {reason}.", about="recipe")

    Background(session, work, done, failed)
    session.job_changed.emit()


def _filtered(
    studio: Studio, playing: Playing, document: Document, step: Record, above: str
) -> Edit:
    """The edit that applies a filter; waits for the result. Raises EditError for none, Stopped."""
    from safelight.actions import JobFinished
    from safelight.actions.recipes import placed
    from safelight.document import Edit, EditError

    filter = studio.filter(step.id)
    settings = filter.settings(step.settings)
    there, layer = placed(document, filter, settings, step, above)
    job = studio.start(filter, settings, there, layer_id=layer, listener=playing.hear)
    outcome = playing.wait(job)
    if not isinstance(outcome, JobFinished):
        raise EditError(getattr(outcome, "message", f"{filter.title} was stopped"))
    result = job.edit().apply(there)
    return Edit(filter.title, lambda _: result, record=step)
