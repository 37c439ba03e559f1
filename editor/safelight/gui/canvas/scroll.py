"""Scroll: a widget whose picture has moved keeps what is painted on it, and paints the rest."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QRegion
from PySide6.QtWidgets import QWidget

from safelight.gui.canvas.scene import Scene
from safelight.gui.canvas.tools.tool import Tool

_EDGE = 3
"""How wide the edge of a widget is on which the keyboard is shown to be, in widget pixels."""


def scrolled(widget: QWidget, way: tuple[float, float], still: QRegion) -> bool:
    """Move what is painted on a widget, and have the rest painted; False where that cannot be.

    ``way``: how far the picture has moved, in pixels of the screen. ``still``: what of the widget
    has not moved with it; it is painted again, and what it was moved onto too.
    """
    ratio = widget.devicePixelRatioF()
    x, y = (far / ratio for far in way)
    whole = all(far.is_integer() for far in (*way, x, y))
    if not whole or abs(x) >= widget.width() or abs(y) >= widget.height():
        return False
    below = widget.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly)
    if any(child.isVisible() for child in below):
        return False  # Qt would move what they have painted too
    widget.scroll(int(x), int(y), widget.rect())
    if not still.isEmpty():
        widget.update(still + still.translated(int(x), int(y)))
    return True


def still_parts(scene: Scene, tools: Iterable[Tool]) -> QRegion | None:
    """What of a canvas is painted that does not move with its picture, in widget pixels; None where
    that is not known.
    """
    if scene.picture is None:
        return None
    found = scene.still()
    for tool in tools:
        own = tool.still()
        if own is None:
            return None
        found += own
    return found


def edge(room: QRect) -> QRegion:
    """The edge of a widget."""
    return QRegion(room) - QRegion(room.adjusted(_EDGE, _EDGE, -_EDGE, -_EDGE))
