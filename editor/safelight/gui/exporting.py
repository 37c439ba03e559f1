"""Exporting: the Export dialog for the photograph in front, and what is said when it is done."""

from __future__ import annotations

from PySide6.QtCore import Qt

from safelight.gui.desk import Desk
from safelight.gui.text import file_size


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
        exported = dialog.exported
        assert exported is not None
        session.files.mark_exported(document, exported.path)
        workspace.line.mention(f"Exported to {exported.path} ({file_size(exported.bytes)}).")
        if exported.notes:
            workspace.messages.say("\n".join(exported.notes), about="export")
        else:
            workspace.messages.settle("export")

    dialog.ran.connect(ran)
    dialog.accepted.connect(done)
    dialog.open()
