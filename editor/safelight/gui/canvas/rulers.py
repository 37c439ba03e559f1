"""Rulers: the picture's pixels along the top and the left of the canvas."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter

from safelight.gui.canvas.view_geometry import View
from safelight.gui.widgets import theme

THICK = 20
"""How wide a ruler is, in widget pixels."""

_APART = 64.0
_FINE = 5.0
"""Least distance of numbers, and of ticks, in widget pixels."""


def steps(scale: float) -> tuple[int, int]:
    """How many picture pixels from number to number, and from tick to tick, by 1, 2 and 5.

    ``scale``: widget pixels per picture pixel.
    """
    number = _step(_APART / scale)
    for parts in (10, 5, 4, 2):
        if number % parts == 0 and number / parts * scale >= _FINE:
            return number, number // parts
    return number, number


def _step(least: float) -> int:
    """The smallest of 1, 2, 5, 10, 20, 50 ... that is not below ``least``."""
    ten: int = 10 ** max(math.floor(math.log10(max(least, 1))), 0)
    return next(ten * part for part in (1, 2, 5, 10) if ten * part >= least)


def axis_along_top(view: View) -> int:
    """Which axis of the picture (0 = x) the upper ruler measures; the left one has the other."""
    return 0 if abs(math.remainder(view.angle, 180)) <= 45 else 1


def paint_rulers(
    painter: QPainter,
    view: View,
    picture: tuple[int, int],
    room: tuple[float, float],
    ratio: float,
    pointer: QPointF | None,
) -> None:
    """Paint both rulers, in physical pixels; ``pointer`` is marked on them.

    A slanting picture's ticks are where its lines of pixels meet the ruler's inner edge.
    """
    thick = THICK * ratio
    font = painter.font()
    font.setPixelSize(round(10 * ratio))
    painter.save()
    painter.setFont(font)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    for left in (False, True):
        axis = axis_along_top(view) ^ int(left)
        near, far = ((thick, 0.0), (thick, 1.0)) if left else ((0.0, thick), (1.0, thick))
        start = view.to_picture(*near, room)[axis]
        each = view.to_picture(*far, room)[axis] - start
        _Ruler(painter, left, room[1] if left else room[0], ratio).paint(
            start, each, picture[axis], pointer
        )
    painter.fillRect(QRectF(0, 0, thick, thick), QColor(theme.WINDOW))
    painter.setPen(QColor(theme.OFF))
    painter.drawText(QRectF(0, 0, thick, thick), Qt.AlignmentFlag.AlignCenter, "px")
    painter.restore()


@dataclass(frozen=True, slots=True)
class _Ruler:
    """One ruler: along the top, or along the left. All in physical pixels."""

    painter: QPainter
    left: bool
    length: float
    ratio: float

    def paint(self, start: float, each: float, size: int, pointer: QPointF | None) -> None:
        """``start``: what is measured at its beginning; ``each``: how much more a pixel on."""
        thick = THICK * self.ratio
        self._fill(0, 0, self.length, thick, theme.WINDOW)
        edges = sorted((-start / each, (size - start) / each))
        first, last = max(round(edges[0]), 0), min(round(edges[1]), math.ceil(self.length))
        if last > first:
            self._fill(first, 0, last - first, thick, theme.RAISED)
        self._fill(0, thick - self.ratio, self.length, self.ratio, "#101010")
        number, tick = steps(1 / (abs(each) * self.ratio))
        low, high = sorted((start, start + each * self.length))
        for count in range(math.floor(low / tick), math.ceil(high / tick) + 1):
            value = count * tick
            at = round((value - start) / each)
            if value % number == 0:
                self._fill(at, 0, self.ratio, thick, theme.OFF)
                self._write(str(value).replace("-", "\N{MINUS SIGN}"), at)
            else:
                long = number % 2 == 0 and value % (number // 2) == 0
                deep = (7 if long else 4) * self.ratio
                self._fill(at, thick - deep, self.ratio, deep, theme.OFF)
        if pointer is not None:
            place = (pointer.y() if self.left else pointer.x()) * self.ratio
            self._fill(round(place), 0, self.ratio, thick, theme.ACCENT)

    def _fill(self, at: float, depth: float, along: float, across: float, colour: str) -> None:
        area = QRectF(depth, at, across, along) if self.left else QRectF(at, depth, along, across)
        self.painter.fillRect(area, QColor(colour))

    def _write(self, text: str, at: float) -> None:
        painter, ratio = self.painter, self.ratio
        painter.setPen(QColor(theme.DIM))
        painter.save()
        if self.left:  # read from below, like the spine of a book
            width = painter.fontMetrics().horizontalAdvance(text)
            painter.translate(0, at + width + 6 * ratio)
            painter.rotate(-90)
            at = 0
        painter.drawText(QPointF(at + 3 * ratio, 10 * ratio), text)
        painter.restore()
