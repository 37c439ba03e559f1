"""Zoom: steps nearer and away."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt

from safelight.gui.canvas.tools.tool import Pointer
from safelight.gui.canvas.tools.view_buttons import Look


class Zoom(Look):
    """A click shows the picture a step larger at the pointer, with Alt a step smaller."""

    id = "zoom"
    title = "Zoom"
    icon = "zoom"
    shortcut = "Z"
    hint = "Click to see it larger, with Alt smaller; the wheel zooms with any tool"
    repeats = True

    def press(self, pointer: Pointer) -> None:
        view = self.surface.view
        self.surface.zoom_to(view.smaller_step() if pointer.alt else view.larger_step(), pointer.at)

    def cursor(self, at: QPointF) -> Qt.CursorShape:
        return Qt.CursorShape.CrossCursor
