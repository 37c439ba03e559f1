"""Move: moves what the active layer holds, and what others hold, by whole pixels."""

from __future__ import annotations

import json
from typing import cast
from uuid import uuid4

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QKeyEvent, QPainter

from safelight.document import Document, edits, geometry
from safelight.gui.canvas.pose import Pose
from safelight.gui.canvas.snap_lines import Box, Snapping
from safelight.gui.canvas.tools.tool import Pointer, Tool
from safelight.gui.canvas.tools.type_text import TextTool
from safelight.gui.canvas.typed_text import text_at
from safelight.gui.canvas.viewport import Viewport
from safelight.gui.widgets.keys import arrow_way


class Move(Tool):
    """Moves the active layer and those chosen beside it.

    A drag, or a key that is held, is one step of the history.
    """

    id = "move"
    title = "Move layer"
    icon = (
        "M 8 1.8 L 8 14.2 M 1.8 8 L 14.2 8 M 6 3.8 L 8 1.8 L 10 3.8 M 6 12.2 L 8 14.2 L 10 12.2"
        " M 3.8 6 L 1.8 8 L 3.8 10 M 12.2 6 L 14.2 8 L 12.2 10"
    )
    group = "placing"
    hint = (
        "Drag to move what is chosen, with Shift along one side, with Ctrl past edges and guides;"
        " arrow keys by a pixel, or ten"
    )
    _before: Document | None = None
    _token = ""
    _also = ""
    _start: tuple[float, float] | None = None
    _way = (0, 0)
    _box: Box | None = None
    moves = True

    def __init__(self, surface: Viewport) -> None:
        super().__init__(surface)
        self._snapping = Snapping(surface)

    @property
    def note(self) -> str:
        document = self.surface.document
        if document is None:
            return ""
        others = len(self._others())
        beside = f" and {others} more" if others else ""
        return f"Moves {document.layer(self.surface.active).name}{beside}"

    def _others(self) -> list[str]:
        """The ids of the layers that are chosen beside the active one."""
        return [name for name in self.surface.chosen() if name != self.surface.active]

    def press(self, pointer: Pointer) -> None:
        self._start = pointer.point
        self._begin()
        self._snap_from(self.surface.document)

    def _snap_from(self, document: Document | None) -> None:
        """Have what the active layer shows snap to all else."""
        self._box = None
        layer = None if document is None else document.layer(self.surface.active)
        if document is not None and layer is not None:
            held = geometry.box_of(document, layer)
            if held is not None:
                self._box = float(held.x), float(held.y), float(held.right), float(held.bottom)
                self._snapping.begin(document, {layer.id, *self._others()})

    def move(self, pointer: Pointer) -> None:
        if self._start is None:
            return
        x, y = (round(way) for way in pointer.way_from(self._start))
        if self._box is not None and (x or y):
            far = self._snapping.way(self._box, (x, y), free=pointer.control)
            x = round(far[0]) if x or not pointer.shift else 0
            y = round(far[1]) if y or not pointer.shift else 0
        self._go(x, y)

    def release(self, pointer: Pointer) -> None:
        self.move(pointer)
        self._start = None
        self._snapping.end()

    def cancel(self) -> None:
        """Put the layer back where the drag has found it."""
        if self._start is not None:
            self._go(0, 0)
            self._start = None
            self._snapping.end()

    def double_click(self, pointer: Pointer) -> bool:
        """Type in a text, where the click is on one."""
        if text_at(self.surface.document, pointer.point) is None:
            return False
        cast(TextTool, self.surface.tools["text"]).edit(pointer.point)
        return True

    def key(self, event: QKeyEvent) -> bool:
        if event.key() == Qt.Key.Key_Escape and self._start is not None:
            self.cancel()
            return True
        way = arrow_way(event)
        if way is None or self._start is not None:
            return super().key(event)
        if not event.isAutoRepeat():
            self._begin()
        self._go(self._way[0] + way[0], self._way[1] + way[1])
        return True

    def cursor(self, at: QPointF) -> Qt.CursorShape:
        return Qt.CursorShape.SizeAllCursor

    def paint(self, painter: QPainter, pose: Pose) -> None:
        self._snapping.paint(painter, pose)

    def _begin(self) -> None:
        self._before, self._token, self._way = self.surface.document, uuid4().hex, (0, 0)
        others = self._others()
        self._also = json.dumps(others) if others else ""

    def _go(self, x: int, y: int) -> None:
        """Have the layer that far from where it was when this began."""
        if self._before is not None and (x, y) != self._way:
            self._way = x, y
            layer = self.surface.active
            self.surface.do(edits.drag_pixels(self._before, layer, x, y, self._token, self._also))
