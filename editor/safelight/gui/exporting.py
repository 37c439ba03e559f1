"""Exporting: the Export dialog for the photograph in front, and what is said when it is done."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from safelight import actions
from safelight.gui.background import Background
from safelight.gui.desk import Desk
from safelight.gui.text import file_size

if TYPE_CHECKING:
    from safelight.gui.workspace import Workspace


def export(desk: Desk) -> None:
    """The Export dialog for the photograph in front."""
    from safelight.gui.export_dialog import ExportDialog

    workspace = desk.front
    if workspace is None:
        return
    workspace.canvas.tool.settle()
    session, offers = workspace.session, desk.backend.offers
    document = session.document
    dialog = ExportDialog(
        document,
        session.files.path,
        desk.window,
        studio=desk.backend.studio,
        formats=offers.exporters if offers is not None else (),
    )
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

    def ran(running: bool) -> None:
        if running:
            desk.closing.exporting.add(session)
        else:
            desk.closing.exporting.discard(session)

    def done() -> None:
        assert dialog.exported is not None
        _tell(workspace, document, dialog.exported, dialog.used)

    dialog.ran.connect(ran)
    dialog.accepted.connect(done)
    dialog.open()


def export_again(desk: Desk) -> None:
    """Export the photograph in front as the last time, to a new name beside that file; where it
    was not exported yet, ask how.
    """
    workspace = desk.front
    if workspace is None:
        return
    session = workspace.session
    if session in desk.closing.exporting:
        return
    if session.files.exported is None or session.files.exported_how is None:
        export(desk)
        return
    workspace.canvas.tool.settle()
    document, how, studio = session.document, session.files.exported_how, desk.backend.studio
    path = session.files.exported[1]
    live = studio.live if studio is not None else None
    exporters = studio.exporters if studio is not None else tuple
    desk.closing.exporting.add(session)
    workspace.line.mention("Exporting…")

    def work() -> actions.Exported:
        return actions.export(document, actions.free(path), how, live=live, exporters=exporters)

    def done(exported: actions.Exported) -> None:
        desk.closing.exporting.discard(session)
        # The name of the first file stays the one that the next is numbered after.
        _tell(workspace, document, exported, how, path)

    def failed(error: Exception) -> None:
        desk.closing.exporting.discard(session)
        workspace.messages.say(str(error), about="export")

    Background(desk.window, work, done, failed)


def _tell(
    workspace: Workspace,
    document: actions.Document,
    exported: actions.Exported,
    how: actions.ExportOptions,
    path: Path | None = None,
) -> None:
    """Say where it went, and remember how; ``path`` is what the next name is made of."""
    workspace.session.files.mark_exported(document, path or exported.path, how)
    workspace.line.mention(f"Exported to {exported.path} ({file_size(exported.bytes)}).")
    if exported.notes:
        workspace.messages.say("\n".join(exported.notes), about="export")
    else:
        workspace.messages.settle("export")
