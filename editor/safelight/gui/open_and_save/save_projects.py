"""Save projects: the photograph in front, under its project's name or one to be chosen."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from safelight.gui.deed_context import DeedContext
from safelight.gui.open_and_save.samples_and_recent_files import remember_file
from safelight.gui.widgets.shown_text import plain


def save(context: DeedContext, done: Callable[[], object] | None = None) -> None:
    """Save the project in front; asks where when it has no file yet. ``done`` is called when it is
    in the file.
    """
    workspace = context.front
    if workspace is None:
        return
    workspace.canvas.tool.settle()
    if workspace.session.files.project is None:
        save_as(context, done)
    else:
        workspace.session.files.save(done=done)


def save_as(context: DeedContext, done: Callable[[], object] | None = None) -> None:
    """Save the project in front under a name to be chosen."""
    workspace = context.front
    if workspace is None:
        return
    workspace.canvas.tool.settle()
    files = workspace.session.files
    near = files.path or Path.home() / "Untitled"
    own = files.project.path if files.project is not None else None
    path = ask_for_name(
        context.window,
        "Save project",
        near.with_suffix(".safelight"),
        "Safelight projects (*.safelight)",
        ".safelight",
        own,
    )

    def saved() -> None:
        assert path is not None
        remember_file(path)
        context.opening.opened.emit()
        context.show_state()
        if done is not None:
            done()

    if path is not None:
        files.save(path, saved, overwrite=path != own and os.path.lexists(path))


def ask_for_name(
    window: QWidget,
    title: str,
    proposed: Path,
    kind: str,
    suffix: str,
    own: Path | None = None,
    *,
    endings: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> Path | None:
    """Where a file is to be written; what is there and not its ``own`` may be replaced.

    A name that does not end in ``suffix`` is given it: what is written can be opened, and the
    dialogs list such as end so. ``endings``, of several kinds, are those that each may have, the
    usual one first, which a name without any is given.
    """
    known = {suffix, *(ending for each in endings.values() for ending in each)}
    while True:
        # The dialog would ask about the name as it is typed, which is not what is written.
        name, chosen = QFileDialog.getSaveFileName(
            window, title, str(proposed), kind, "", QFileDialog.Option.DontConfirmOverwrite
        )
        if not name:
            return None
        path = Path(name)
        if path.suffix.lower() not in known:
            path = path.with_name(path.name + next(iter(endings.get(chosen, (suffix,)))))
        if path == own or not os.path.lexists(path):
            return path
        answer = _ask_to_replace(window, title, path)
        if answer != "Another name":
            return path if answer == "Replace" else None
        proposed = path


def _ask_to_replace(window: QWidget, title: str, path: Path) -> str:
    """What to do about a file that is there: "Replace", "Another name" or "Cancel"."""
    box = QMessageBox(window)
    box.setWindowTitle(title)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(f"{plain(path.name)} exists already.")
    box.setInformativeText("What is in it is lost when you replace it.")
    box.addButton("Replace", QMessageBox.ButtonRole.DestructiveRole)
    box.addButton("Another name", QMessageBox.ButtonRole.ActionRole)
    cancel = box.addButton("Cancel", QMessageBox.ButtonRole.RejectRole)
    box.setEscapeButton(cancel)
    box.exec()
    box.deleteLater()
    return (box.clickedButton() or cancel).text()
