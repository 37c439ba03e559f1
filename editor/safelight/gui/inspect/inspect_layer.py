"""Inspect layer: what a filter does that is tried, or that the active layer has, in a window."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from safelight.gui.deed_context import DeedContext

if TYPE_CHECKING:
    from safelight.api import Declaration
    from safelight.gui.workspace import Workspace


def can_inspect(context: DeedContext, front: Workspace) -> bool:
    """Whether a filter is being tried, or the active layer has one, that can be inspected."""
    asked = _asked(context, front)
    if asked is None:
        return False
    from safelight.actions.inspection.tried_filter import can_be_tried

    return can_be_tried(asked[0])


def inspect_layer(context: DeedContext, front: Workspace) -> None:
    """Have the filter that is being tried inspected in the middle of what is seen, else that of the
    active layer.
    """
    from safelight.gui.inspect.inspector_dialog import InspectorDialog

    session, studio, asked = front.session, context.backend.studio, _asked(context, front)
    if studio is None or asked is None:
        return
    declared, settings, layer_id = asked
    seen = front.canvas.visible()
    middle = seen.x + seen.width // 2, seen.y + seen.height // 2
    dialog = InspectorDialog(
        studio, declared, settings, session.document, layer_id, middle, context.window
    )
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.show()


def _asked(
    context: DeedContext, front: Workspace
) -> tuple[Declaration, Mapping[str, object], str | None] | None:
    """The filter that is looked at, its settings, and the layer that holds it: None for one that is
    being tried, upon all of the picture. None without one that is installed.
    """
    tried, held = front.filters.tried, front.session.layer.filter
    if context.backend.studio is None:
        return None
    if tried is not None:
        return tried.declaration, tried.settings(), None
    if held is None:
        return None
    declared = next((item for item in context.backend.filters if item.id == held.id), None)
    return None if declared is None else (declared, held.settings, front.session.active)
