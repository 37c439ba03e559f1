"""Marks: what the canvas paints that is no picture: the split line, frames, a word."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QCursor, QPainter, QPainterPath, QPen, QPixmap, QPolygonF, QRegion

from safelight.gui.widgets import theme

_LIGHT = QColor(235, 235, 235)
_SHADE = QColor(0, 0, 0, 120)


def paint_split(painter: QPainter, at: float, height: float, ratio: float) -> None:
    """The line between before and after, and its handle. All in physical pixels."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.fillRect(QRectF(at - ratio, 0, 2 * ratio, height), _SHADE)
    painter.fillRect(QRectF(at - ratio / 2, 0, ratio, height), _LIGHT)
    painter.setPen(QPen(QColor(20, 20, 20), ratio))
    painter.setBrush(_LIGHT)
    painter.drawEllipse(QPointF(at, height / 2), 11 * ratio, 11 * ratio)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(60, 60, 60))
    for side in (-1, 1):
        tip, back = at + side * 7 * ratio, at + side * 3 * ratio
        corners = ((tip, 0), (back, -4 * ratio), (back, 4 * ratio))
        painter.drawPolygon(QPolygonF([QPointF(x, height / 2 + y) for x, y in corners]))


def paint_frame(painter: QPainter, frame: QRectF, ratio: float) -> None:
    """A frame around a part of the picture, to be seen on light and dark."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    for colour, width in ((QColor(0, 0, 0, 140), 3 * ratio), (QColor(235, 235, 235, 200), ratio)):
        near, wide = round(width / 2 + 0.25), round(width)
        outer = frame.toAlignedRect().adjusted(-near, -near, wide - near, wide - near)
        for part in QRegion(outer) - QRegion(outer.adjusted(wide, wide, -wide, -wide)):  # type: ignore[attr-defined]
            painter.fillRect(part, colour)


def paint_marquee(painter: QPainter, box: QRectF, ratio: float) -> None:
    """The rectangle that is being pulled: a line that can be seen on light and on dark."""
    path = QPainterPath()
    path.addRect(box)
    paint_outline(painter, path, ratio)


def paint_outline(painter: QPainter, path: QPainterPath, ratio: float) -> None:
    """What is being pulled, of any shape: a line that can be seen on light and on dark."""
    for colour, style in (("#000000", Qt.PenStyle.SolidLine), ("#ffffff", Qt.PenStyle.DashLine)):
        pen = QPen(QColor(colour), ratio)
        pen.setStyle(style)
        pen.setCosmetic(True)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(path)


def paint_edge(painter: QPainter, edge: QRectF) -> None:
    """Smooth the edge of a slanting picture, which its tiles leave in steps."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(theme.CANVAS), 2, j=Qt.PenJoinStyle.MiterJoin))
    painter.drawRect(edge.adjusted(-0.5, -0.5, 0.5, 0.5))
    painter.restore()


def paint_focus(painter: QPainter, width: float, height: float, ratio: float) -> None:
    """The edge of a canvas that the keyboard has come to."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(theme.ACCENT), 2 * ratio, j=Qt.PenJoinStyle.MiterJoin))
    painter.drawRect(QRectF(ratio, ratio, width - 2 * ratio, height - 2 * ratio))


def paint_word(
    painter: QPainter, text: str, x: float, y: float, ratio: float, *, leftwards: bool = False
) -> QRectF:
    """Paint a word on a dark ground, starting at x, or ending there; gives what that covers."""
    font = painter.font()
    font.setPixelSize(round(12 * ratio))
    painter.setFont(font)
    width = painter.fontMetrics().horizontalAdvance(text) + 16 * ratio
    box = QRectF(x - width if leftwards else x, y, width, 22 * ratio)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(0, 0, 0, 170))
    painter.drawRoundedRect(box, 4 * ratio, 4 * ratio)
    painter.setPen(QColor(theme.TEXT))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
    return box


@cache
def turning_cursor() -> QCursor:
    """An arrow that goes round, light with a dark rim."""
    pixmap = QPixmap(24, 24)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for colour, width, rim in ((QColor(20, 20, 20), 4.5, 1.2), (_LIGHT, 2.0, 0.0)):
        painter.setPen(QPen(colour, width))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawArc(QRectF(5, 5, 14, 14), 30 * 16, 270 * 16)
        painter.setPen(QPen(colour, 2 * rim + 0.1))
        painter.setBrush(colour)
        painter.drawPolygon(QPolygonF([QPointF(14.5, 9), QPointF(21.5, 9), QPointF(19.5, 3)]))
    painter.end()
    return QCursor(pixmap, 12, 12)
