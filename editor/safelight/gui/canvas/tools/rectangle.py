"""Rectangle: selects a rectangle of the picture."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainterPath

from safelight.api import Region
from safelight.document import Edit, edits
from safelight.gui.canvas.tools.marquee import Marquee


class Rectangle(Marquee):
    """Selects the rectangle that is pulled."""

    id = "rectangle"
    title = "Rectangle"
    icon = "M 3 3 L 13 3 L 13 13 L 3 13 Z"
    group = "marquee"
    hint = "Drag to select a rectangle; Shift first adds, Alt first takes; then square, from middle"

    def select(self, box: Region, how: str) -> Edit:
        return edits.select_region(box, how)

    def outline(self, box: QRectF) -> QPainterPath:
        path = QPainterPath()
        path.addRect(box)
        return path
