"""Picker: a point or a rectangle of the picture, picked on the canvas for a filter's setting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from safelight.gui.canvas.marquee import paint_marquee

Kind: TypeAlias = Literal["point", "rectangle"]
Place: TypeAlias = tuple[float, ...]

HINTS = {
    "point": "Click to pick a point; Escape cancels",
    "rectangle": "Drag to pick a rectangle; Escape cancels",
}

_SMALLEST = 4.0
"""Widget pixels a rectangle is wide and high; less is a click that slipped."""

_ARM = 9.0
"""Half the size of the cross that marks a point, in widget pixels."""


class Picker:
    """What is picked, in fractions of the picture's width and height from its top left.

    ``place`` is the point (x, y) or rectangle (x, y, width, height) that is shown: what is set,
    and while the mouse is down what it would become.
    """

    def __init__(self, kind: Kind, place: Place) -> None:
        self.kind = kind
        self.place = place
        self._before = place
        self._start: tuple[float, float] | None = None

    @property
    def pressed(self) -> bool:
        """Whether the mouse is down on it."""
        return self._start is not None

    def press(self, x: float, y: float) -> None:
        """The mouse goes down there."""
        self._before, self._start = self.place, (_inside(x), _inside(y))
        self.move(x, y)

    def move(self, x: float, y: float) -> None:
        """It moves there; nothing happens where it is not down."""
        if self._start is None:
            return
        x, y = _inside(x), _inside(y)
        if self.kind == "point":
            self.place = x, y
            return
        left, right = sorted((self._start[0], x))
        top, bottom = sorted((self._start[1], y))
        self.place = left, top, right - left, bottom - top

    def release(self, width: float, height: float) -> Place | None:
        """It comes up: what is picked; None, and the place there was, for a slip.

        ``width`` and ``height`` are how large the picture is shown, in widget pixels.
        """
        self._start = None
        slipped = self.kind == "rectangle" and (
            self.place[2] * width < _SMALLEST or self.place[3] * height < _SMALLEST
        )
        if slipped:
            self.place = self._before
        return None if slipped else self.place

    def cancel(self) -> None:
        """Back to the place there was before the mouse went down."""
        self.place, self._start = self._before, None

    def paint(
        self, painter: QPainter, to_frame: Callable[[float, float], QPointF], ratio: float
    ) -> None:
        """Paint it. ``to_frame`` tells where a fraction of the picture lies."""
        x, y, *size = self.place
        if size:
            far = to_frame(x + size[0], y + size[1])
            paint_marquee(painter, QRectF(to_frame(x, y), far), ratio)
        else:
            _paint_cross(painter, to_frame(x, y), ratio)


def _paint_cross(painter: QPainter, at: QPointF, ratio: float) -> None:
    """A ring and a cross that can be seen on light and on dark."""
    arm = _ARM * ratio
    for colour, width in (("#000000", 3.0), ("#ffffff", 1.2)):
        painter.setPen(QPen(QColor(colour), width * ratio))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawLine(at - QPointF(arm, 0), at + QPointF(arm, 0))
        painter.drawLine(at - QPointF(0, arm), at + QPointF(0, arm))
        painter.drawEllipse(at, arm * 0.6, arm * 0.6)


def _inside(fraction: float) -> float:
    """A fraction within the picture, finer than any screen and short to type."""
    return round(min(max(fraction, 0.0), 1.0), 5)
