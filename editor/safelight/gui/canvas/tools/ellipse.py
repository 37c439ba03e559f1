"""Ellipse: selects an ellipse of the picture."""

from __future__ import annotations

from typing import Annotated

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainterPath

from safelight.api import Region
from safelight.document import Edit, edits
from safelight.gui.canvas.tools.marquee import Marquee
from safelight.gui.canvas.tools.selection_tool import Mode


class Ellipse(Marquee):
    """Selects the ellipse that fills the box that is pulled."""

    id = "ellipse"
    title = "Ellipse"
    icon = "E 8 8 5.5 5"
    group = "marquee"
    hint = "Drag to select an ellipse; Shift first adds, Alt first takes; then circle, from middle"

    def options(
        self,
        *,
        mode: Annotated[Mode, "What becomes of the selection that there is"] = "new",
        smooth_edge: Annotated[bool, "Pixels on the edge are selected in part"] = True,
    ) -> None:
        """What a drag does, and how the edge is."""

    def select(self, box: Region, how: str) -> Edit:
        sides = box.x, box.y, box.width, box.height
        return edits.select_ellipse(box=sides, how=how, smooth=self.values["smooth_edge"])

    def outline(self, box: QRectF) -> QPainterPath:
        path = QPainterPath()
        path.addEllipse(box)
        return path
