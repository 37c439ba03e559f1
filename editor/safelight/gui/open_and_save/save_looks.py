"""Save looks: the adjustments of the photograph in front, saved as a .cube file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from safelight.gui.deed_context import DeedContext
from safelight.gui.open_and_save.save_projects import ask_for_name
from safelight.gui.threads.background import Background

if TYPE_CHECKING:
    from safelight.gui.workspace import Workspace

_KIND = "Look-up tables (*.cube)"


def possible(workspace: Workspace) -> bool:
    """Whether there is anything above the picture to be saved."""
    return sum(layer.shown for layer in workspace.session.document.layers) > 1


def save_look(context: DeedContext, side: int, workspace: Workspace) -> None:
    """Ask for a name, and save what the layers above the picture make of colours, as a table of
    ``side`` points along each side. What no table can hold is said, and named.
    """
    from safelight.actions import save_look

    studio = context.backend.studio
    if studio is None:
        return
    workspace.canvas.tool.settle()
    document, live = workspace.session.document, studio.live
    near = workspace.session.files.path or Path.home() / "Untitled"
    path = ask_for_name(
        context.window, "Save look as .cube", near.with_suffix(".cube"), _KIND, ".cube"
    )
    if path is None:
        return
    replaces = os.path.lexists(path)  # which has been asked

    def failed(error: Exception) -> None:
        workspace.messages.say(f"No look was saved. {error}", about="look")

    def done(_: object) -> None:
        workspace.messages.settle("look")
        workspace.line.mention(f"Saved the look as {path}.")

    def write() -> None:
        save_look(document, path, live, side, overwrite=replaces)

    Background(workspace, write, done, failed)
