"""Inspect layer: what the filter of the active layer does, shown in a window beside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from safelight.gui.deed_context import DeedContext

if TYPE_CHECKING:
    from safelight.api import Declaration
    from safelight.gui.workspace import Workspace


def can_inspect(context: DeedContext, front: Workspace) -> bool:
    """Whether the active layer has a filter that can be tried."""
    declared = _declared(context, front)
    if declared is None:
        return False
    from safelight.actions.inspection.tried_filter import can_be_tried

    return can_be_tried(declared)


def inspect_layer(context: DeedContext, front: Workspace) -> None:
    """Have the filter of the active layer inspected in the middle of what is seen."""
    from safelight.gui.inspect.inspector_dialog import InspectorDialog

    session, studio = front.session, context.backend.studio
    held, declared = session.layer.filter, _declared(context, front)
    if held is None or studio is None or declared is None:
        return
    seen = front.canvas.visible()
    middle = seen.x + seen.width // 2, seen.y + seen.height // 2
    dialog = InspectorDialog(
        studio, declared, held.settings, session.document, session.active, middle, context.window
    )
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.show()


def _declared(context: DeedContext, front: Workspace) -> Declaration | None:
    """What is known of the active layer's filter; None without one that is installed."""
    held = front.session.layer.filter
    if held is None or context.backend.studio is None:
        return None
    return next((item for item in context.backend.filters if item.id == held.id), None)
