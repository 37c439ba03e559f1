"""Icons: drawn with lines on a grid of 16, so that they are sharp at every size and in any tint."""

from __future__ import annotations

import re

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPainterPath, QPen, QPixmap, QPixmapCache

from safelight.gui.widgets import theme


def icon(name: str) -> QIcon:
    """An icon for a button, pale, and paler where it is off; ``name`` as in ``paint_icon``."""
    made = QIcon()
    for mode, tint in ((QIcon.Mode.Normal, theme.TEXT), (QIcon.Mode.Disabled, theme.OFF)):
        made.addPixmap(_pixmap(name, tint), mode)
    return made


def _pixmap(name: str, tint: str) -> QPixmap:
    """An icon of 32 pixels a side, drawn once: each workspace has the same."""
    key, pixmap = f"{tint} {name}", QPixmap()
    if QPixmapCache.find(key, pixmap):
        return pixmap
    pixmap = QPixmap(32, 32)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    paint_icon(painter, name, QRect(0, 0, 32, 32), tint)
    painter.end()
    QPixmapCache.insert(key, pixmap)
    return pixmap


def paint_icon(painter: QPainter, name: str, box: QRect, tint: str) -> None:
    """Paint an icon into ``box``: one of those here by its name, or one that is ``drawn``."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(box.left(), box.top())
    painter.scale(box.width() / 16, box.height() / 16)
    pen = QPen(QColor(tint), 1.4)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(_PATHS[name]() if name in _PATHS else drawn(name))
    painter.restore()


def drawn(text: str) -> QPainterPath:
    """The path that ``text`` describes, on a grid of 16: letters with numbers after them.

    As in SVG ``M x y`` moves, ``L x y`` is a line, ``C x y x y x y`` a curve and ``Z`` closes;
    ``E x y a b`` is an ellipse about (x, y). Raises ValueError for anything else.
    """
    path = QPainterPath()
    for letter, given in re.findall(r"([A-Z])([^A-Z]*)", text):
        numbers = [float(number) for number in given.split()]
        match letter, numbers:
            case "M", [x, y]:
                path.moveTo(x, y)
            case "L", [x, y]:
                path.lineTo(x, y)
            case "C", [a, b, c, d, x, y]:
                path.cubicTo(a, b, c, d, x, y)
            case "E", [x, y, a, b]:
                path.addEllipse(QPointF(x, y), a, b)
            case "Z", []:
                path.closeSubpath()
            case _:
                raise ValueError(f"{letter}{given} is no part of an icon")
    if path.isEmpty():
        raise ValueError(f"there is no icon {text}")
    return path


def _lines(*points: tuple[float, float], close: bool = False) -> QPainterPath:
    path = QPainterPath(QPointF(*points[0]))
    for point in points[1:]:
        path.lineTo(*point)
    if close:
        path.closeSubpath()
    return path


def _eye() -> QPainterPath:
    path = QPainterPath(QPointF(1.5, 8))
    path.quadTo(8, 0.5, 14.5, 8)
    path.quadTo(8, 15.5, 1.5, 8)
    path.addEllipse(QPointF(8, 8), 2, 2)
    return path


def _shut() -> QPainterPath:
    path = QPainterPath(QPointF(1.5, 8))
    path.quadTo(8, 13, 14.5, 8)
    return path


def _lock() -> QPainterPath:
    path = QPainterPath()
    path.addRoundedRect(QRectF(3.5, 7, 9, 7), 1, 1)
    path.moveTo(5.5, 7)
    path.lineTo(5.5, 4.5)
    path.cubicTo(5.5, 1, 10.5, 1, 10.5, 4.5)
    path.lineTo(10.5, 7)
    return path


def _clip() -> QPainterPath:
    path = _lines((11, 3), (5, 3), (5, 12))
    path.addPath(_lines((2.5, 9.5), (5, 12.5), (7.5, 9.5)))
    return path


def _folder() -> QPainterPath:
    return _lines((2, 4), (6, 4), (7.5, 6), (14, 6), (14, 13), (2, 13), close=True)


def _filter() -> QPainterPath:
    path = QPainterPath()
    for y, x in ((4, 10.5), (8, 5.5), (12, 9)):
        path.moveTo(2, y)
        path.lineTo(x - 1.7, y)
        path.addEllipse(QPointF(x, y), 1.7, 1.7)
        path.moveTo(x + 1.7, y)
        path.lineTo(14, y)
    return path


def _mask() -> QPainterPath:
    path = QPainterPath()
    path.addRoundedRect(QRectF(2, 3, 12, 10), 1, 1)
    path.addEllipse(QPointF(8, 8), 2.6, 2.6)
    return path


def _plus() -> QPainterPath:
    path = _lines((8, 3), (8, 13))
    path.addPath(_lines((3, 8), (13, 8)))
    return path


def _copy() -> QPainterPath:
    path = QPainterPath()
    path.addRoundedRect(QRectF(5.5, 5.5, 8, 8), 1, 1)
    path.addPath(_lines((3, 10.5), (2.5, 10.5), (2.5, 2.5), (10.5, 2.5), (10.5, 3)))
    return path


def _bin() -> QPainterPath:
    path = _lines((2.5, 4.5), (13.5, 4.5))
    path.addPath(_lines((6, 4), (6.5, 2.5), (9.5, 2.5), (10, 4)))
    path.addPath(_lines((4, 5), (4.7, 13.5), (11.3, 13.5), (12, 5)))
    return path


def _steps() -> QPainterPath:
    path = QPainterPath()
    for x in (1.5, 6.2, 10.9):
        path.addRoundedRect(QRectF(x, 4, 3.6, 8), 0.8, 0.8)
    return path


def _star(x: float, y: float, radius: float) -> QPainterPath:
    """Four points, drawn in towards the middle."""
    path = QPainterPath(QPointF(x, y - radius))
    for across, down in ((radius, 0.0), (0.0, radius), (-radius, 0.0), (0.0, -radius)):
        path.quadTo(x, y, x + across, y + down)
    return path


def _stars() -> QPainterPath:
    path = _star(6.5, 8.5, 5.5)
    path.addPath(_star(12.8, 3.6, 2.4))
    return path


def _notice() -> QPainterPath:
    path = _lines((8, 2), (14.5, 13.5), (1.5, 13.5), close=True)
    path.addPath(_lines((8, 6.5), (8, 9.5)))
    path.addPath(_lines((8, 11.5), (8, 11.6)))
    return path


def _brush() -> QPainterPath:
    path = _lines((13.5, 2.5), (7, 9), close=False)
    path.addPath(_lines((6.2, 8.2), (8, 10), (5, 13), (2.5, 13.5), (3.2, 11), close=True))
    return path


def _eraser() -> QPainterPath:
    path = _lines((6.5, 13), (2.5, 9), (9, 2.5), (13.5, 7), (7.5, 13), (13.5, 13))
    path.addPath(_lines((5.5, 6), (10, 10.5)))
    return path


def _zoom() -> QPainterPath:
    path = _lines((9.8, 9.8), (14, 14))
    path.addEllipse(QPointF(6.7, 6.7), 4.4, 4.4)
    return path


def _turn() -> QPainterPath:
    path = QPainterPath()
    path.arcMoveTo(QRectF(3, 3, 10, 10), 30)
    path.arcTo(QRectF(3, 3, 10, 10), 30, 290)
    path.addPath(_lines((13.5, 2), (12.4, 5.6), (8.8, 4.8)))
    return path


_PATHS = {
    "play": lambda: drawn("M 4.5 2.5 L 13 8 L 4.5 13.5 Z"),
    "pause": lambda: drawn("M 5.5 3 L 5.5 13 M 10.5 3 L 10.5 13"),
    "back": lambda: drawn("M 11 3 L 5 8 L 11 13 Z M 3 3 L 3 13"),
    "on": lambda: drawn("M 5 3 L 11 8 L 5 13 Z M 13 3 L 13 13"),
    "in": lambda: drawn("M 10 2.5 L 5 2.5 L 5 13.5 L 10 13.5"),
    "out": lambda: drawn("M 6 2.5 L 11 2.5 L 11 13.5 L 6 13.5"),
    "onion": lambda: drawn("E 6 6.5 4 4 E 10 9.5 4 4"),
    "film": lambda: drawn("M 2 3 L 14 3 L 14 13 L 2 13 Z M 5 3 L 5 13 M 11 3 L 11 13"),
    "brush": _brush,
    "eraser": _eraser,
    "zoom": _zoom,
    "turn": _turn,
    "eye": _eye,
    "shut": _shut,
    "lock": _lock,
    "clip": _clip,
    "folder": _folder,
    "filter": _filter,
    "mask": _mask,
    "plus": _plus,
    "copy": _copy,
    "bin": _bin,
    "steps": _steps,
    "stars": _stars,
    "notice": _notice,
}
