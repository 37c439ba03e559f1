"""Selection tool: what all tools have in common that select: what becomes of the selection."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Literal, TypeAlias

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QCursor, QKeyEvent, QPainter, QPen, QPixmap

from safelight.gui.canvas.tools.tool import Pointer, Tool

Mode: TypeAlias = Literal["new", "add", "subtract", "intersect"]

_KEYS = {Qt.Key.Key_Shift: "adds", Qt.Key.Key_Alt: "subtracts"}

_SIGNS: dict[str, tuple[tuple[int, int, int, int], ...]] = {
    "replace": (),
    "add": ((18, 23, 26, 23), (22, 19, 22, 27)),
    "subtract": ((18, 23, 26, 23),),
    "intersect": ((19, 20, 25, 26), (25, 20, 19, 26)),
}
"""The lines of the mark beside the cross, by what becomes of the selection."""


class SelectionTool(Tool):
    """Selects something. Held when it begins, Shift adds that to the selection, Alt takes it away
    and both keep what lies in both, whatever the option says; a mark on the cursor tells which.
    """

    def options(
        self,
        *,
        mode: Annotated[Mode, "What becomes of the selection that there is"] = "new",
    ) -> None:
        """What becomes of the selection."""

    def how(self, pointer: Pointer) -> str:
        """What becomes of the selection, as the commands call it."""
        return self._how(shift=pointer.shift, alt=pointer.alt)

    def _how(self, *, shift: bool, alt: bool) -> str:
        if shift or alt:
            return "intersect" if shift and alt else "add" if shift else "subtract"
        mode = str(self.values["mode"])
        return {"new": "replace"}.get(mode, mode)

    @property
    def under_way_how(self) -> str | None:
        """What becomes of the selection by what has begun; None where nothing has."""
        return None

    def key(self, event: QKeyEvent) -> bool:
        name = _KEYS.get(Qt.Key(event.key()))
        if name is None:
            return super().key(event)
        self.surface.held.press(event, name)
        return True

    def cursor(self, at: QPointF) -> QCursor:
        held = self.surface.held
        how = self.under_way_how
        return cross(how or self._how(shift="adds" in held, alt="subtracts" in held))


@cache
def cross(how: str) -> QCursor:
    """A cross with a mark beside it of what becomes of the selection."""
    pixmap = QPixmap(32, 32)
    pixmap.fill(Qt.GlobalColor.transparent)
    lines = [(11, 2, 11, 20), (2, 11, 20, 11), *_SIGNS[how]]
    with QPainter(pixmap) as painter:
        for colour, width in (("#101010", 3.0), ("#f4f4f4", 1.0)):
            painter.setPen(QPen(QColor(colour), width))
            for line in lines:
                painter.drawLine(*line)
    return QCursor(pixmap, 11, 11)
