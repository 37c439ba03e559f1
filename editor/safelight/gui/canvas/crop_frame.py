"""Crop frame: what is painted around the box of a crop and on its edges."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from safelight.gui.canvas.composition import Guides, paint_guides
from safelight.gui.canvas.pose import Pose

_DIM = QColor(0, 0, 0, 150)
_LINE = QColor(255, 255, 255, 235)
_SHADE = QColor(0, 0, 0, 130)


def paint_crop_frame(
    painter: QPainter, box: QRectF, pose: Pose, guides: Guides, *, level: bool
) -> None:
    """Darken all around ``box``, in pixels of the screen, and paint its edges, guides and handles;
    ``level``: with the lines by which a picture is turned level.
    """
    ratio, outside, hole = pose.ratio, QPainterPath(), QPainterPath()
    outside.addRect(QRectF(0, 0, *pose.room))
    hole.addRect(box)
    painter.fillPath(outside.subtracted(hole), _DIM)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    paint_guides(painter, box, guides, ratio, level=level)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for colour, width in ((_SHADE, 3 * ratio), (_LINE, 1.3 * ratio)):
        painter.setPen(QPen(colour, width, j=Qt.PenJoinStyle.MiterJoin))
        painter.drawRect(box)
    _paint_handles(painter, box, ratio)


def _paint_handles(painter: QPainter, box: QRectF, ratio: float) -> None:
    """Squares on the corners, and bars on the edges where those are long enough."""
    painter.setPen(QPen(QColor(0, 0, 0, 170), ratio))
    painter.setBrush(QColor(255, 255, 255))
    side, bar = 9 * ratio, 5 * ratio
    middle, long = box.center(), 60 * ratio
    places = [
        (x, y, side, side) for x in (box.left(), box.right()) for y in (box.top(), box.bottom())
    ]
    if box.width() > long:
        places += [(middle.x(), y, 22 * ratio, bar) for y in (box.top(), box.bottom())]
    if box.height() > long:
        places += [(x, middle.y(), bar, 22 * ratio) for x in (box.left(), box.right())]
    for x, y, width, height in places:
        painter.drawRect(QRectF(x - width / 2, y - height / 2, width, height))
