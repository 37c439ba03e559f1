"""Print photograph: the Print dialog for the one in front, and what is said when it is done."""

from __future__ import annotations

from PySide6.QtCore import Qt

from safelight.gui.deed_context import Desk


def print_picture(desk: Desk) -> None:
    """The Print dialog for the photograph in front."""
    from safelight.gui.print_dialog import PrintDialog

    workspace = desk.front
    if workspace is None:
        return
    workspace.canvas.tool.settle()
    dialog = PrintDialog(workspace.session.document, desk.backend.studio, desk.window)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.accepted.connect(lambda: workspace.line.mention(dialog.said))
    dialog.open()
