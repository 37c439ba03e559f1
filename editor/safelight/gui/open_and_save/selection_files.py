"""Selection files: what is selected as a grey PNG, and a picture file as what is selected."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog

from safelight.gui.deed_context import DeedContext
from safelight.gui.open_and_save.save_projects import ask_for_name
from safelight.gui.threads.background import Background

if TYPE_CHECKING:
    from safelight.document import Edit
    from safelight.gui.workspace import Workspace
    from safelight.pixels import Raster


def selects(workspace: Workspace) -> bool:
    """Whether anything is selected."""
    return workspace.session.document.selection is not None


def save(context: DeedContext, workspace: Workspace) -> None:
    """Ask for a name, and write what is selected there: white is selected."""
    from safelight import actions

    document = workspace.session.document
    near = workspace.session.files.path or Path.home() / "Untitled"
    near = near.with_name(f"{near.stem} selection.png")
    path = ask_for_name(context.window, "Save selection as PNG", near, "PNG (*.png)", ".png")
    if path is None:
        return
    replaces = os.path.lexists(path)  # which has been asked

    def write() -> None:
        actions.export(actions.shown_mask(document), path, overwrite=replaces)

    def done(_: object) -> None:
        workspace.messages.settle("selection")
        workspace.line.mention(f"Saved the selection as {path}.")

    def failed(error: Exception) -> None:
        workspace.messages.say(f"The selection was not saved. {error}", about="selection")

    Background(workspace, write, done, failed)


def load(context: DeedContext, workspace: Workspace) -> None:
    """Ask for a picture file, and select what is light in it."""
    from safelight import actions

    document = workspace.session.document
    near = workspace.session.files.path
    folder = str(near.parent) if near is not None else ""
    name, _ = QFileDialog.getOpenFileName(
        context.window, "Load selection from a picture", folder, "Pictures (*)"
    )
    if not name:
        return

    def read() -> Raster:
        return actions.read_mask(name, document)

    def done(mask: Raster) -> None:
        workspace.messages.settle("selection")
        from safelight.document import edits

        made: Edit = edits.select(mask.condensed(), "Load selection")
        workspace.session.do(made)

    def failed(error: Exception) -> None:
        workspace.messages.say(f"Nothing was selected. {error}", about="selection")

    Background(workspace, read, done, failed)
