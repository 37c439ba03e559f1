"""Print photograph: the Print dialog for the one in front, and what is said when it is done."""

from __future__ import annotations

from PySide6.QtCore import Qt

from safelight.gui.deed_context import DeedContext


def print_picture(context: DeedContext) -> None:
    """The Print dialog for the photograph in front."""
    from safelight.gui.prints.print_dialog import PrintDialog

    workspace = context.front
    if workspace is None:
        return
    workspace.canvas.tool.settle()
    dialog = PrintDialog(workspace.session.document, context.backend.studio, context.window)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.accepted.connect(lambda: workspace.line.mention(dialog.said))
    dialog.open()
