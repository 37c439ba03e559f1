"""Curve: a tone curve, drawn through points that can be pulled, added and removed."""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QWidget

from safelight.api import Parameter, Value, curve_samples
from safelight.api.compound_values import FEWEST, MOST, Pair
from safelight.gui.controls.control import Control
from safelight.gui.controls.drawn_control import Drawn
from safelight.gui.widgets import theme

_MARGIN = 6.0
_NEAR = 12.0
"""Pixels from a point within which a click is meant for it."""

_APART = 0.01
"""How near two points can be pulled together, along x."""

_DIM = 60
"""Opacity, to 255, of the histogram behind the curve."""

_SAME = 0.02
"""How near to a point, along x, a tone of the picture is meant for it."""

_HINT = (
    "Click to add a point, drag to move it, double-click to remove it. Keys: arrows move it "
    "(Shift: further), Page Up and Page Down choose another, Insert adds one, Delete removes it."
)


class CurveBox(Drawn):
    """The drawing: ``points`` and which of them is ``chosen``."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(title, parent)
        self.points: tuple[Pair, ...] = ((0.0, 0.0), (1.0, 1.0))
        self.chosen = 0
        self.histogram: NDArray[np.float64] | None = None
        self._tinge = QColor(theme.TEXT)
        self._tell()

    def sizeHint(self) -> QSize:
        return QSize(220, 170)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, 170)

    def show_points(self, points: tuple[Pair, ...]) -> None:
        """Show other points, without telling that they are edited."""
        self.points = points
        self.chosen = min(self.chosen, len(points) - 1)
        self._tell()
        self.update()

    def show_histogram(self, heights: NDArray[np.float64] | None, colour: str = "") -> None:
        """Show dimly, behind the curve, how often each tone enters it: (count,), 0 to 1, the
        darkest tone first; None for nothing.
        """
        self.histogram = heights
        self._tinge = QColor(colour or theme.TEXT)
        self._tinge.setAlpha(_DIM)
        self.update()

    def place(self, point: Pair) -> QPointF:
        """Where a point of the curve is drawn."""
        area = self._area()
        x, y = point
        return QPointF(area.left() + x * area.width(), area.bottom() - y * area.height())

    # -- changing ------------------------------------------------------------------------------

    def move_point(self, x: float, y: float) -> None:
        """Move the chosen point there, as far as its neighbours let it."""
        index, last = self.chosen, len(self.points) - 1
        low = self.points[index - 1][0] + _APART if index > 0 else 0.0
        high = self.points[index + 1][0] - _APART if index < last else 1.0
        x, y = _rounded(min(max(x, low), high)), _rounded(min(max(y, 0.0), 1.0))
        if low > high:  # they are closer together than a hand can pull them
            x = self.points[index][0]
        self._edit((*self.points[:index], (x, y), *self.points[index + 1 :]))

    def add_point(self, x: float, y: float) -> bool:
        """Add a point there and choose it, unless there are too many or one stands there.

        Returns whether it has.
        """
        x, y = _rounded(min(max(x, 0.0), 1.0)), _rounded(min(max(y, 0.0), 1.0))
        near = min(abs(x - point[0]) for point in self.points)
        if len(self.points) >= MOST or near < _APART:
            return False
        points = tuple(sorted([*self.points, (x, y)]))
        self.chosen = points.index((x, y))
        self._edit(points)
        return True

    def take_point(self, x: float) -> Pair:
        """Choose the point that stands at a tone, 0 to 1, or add one there, on the curve.

        Returns where the point is.
        """
        x = min(max(x, 0.0), 1.0)
        near = min(range(len(self.points)), key=lambda index: abs(self.points[index][0] - x))
        full = len(self.points) >= MOST
        if full or abs(self.points[near][0] - x) < _SAME:
            self._choose(near)
        else:
            self.add_point(x, float(curve_samples(self.points, 1001)[round(x * 1000)]))
        return self.points[self.chosen]

    def remove_point(self, index: int) -> None:
        """Remove a point, unless too few would be left."""
        if len(self.points) > FEWEST:
            points = self.points[:index] + self.points[index + 1 :]
            self.chosen = min(index, len(points) - 1)
            self._edit(points)

    def _add_in_the_widest_gap(self) -> None:
        """Add a point on the curve, where it is longest without one."""
        pairs = zip(self.points, self.points[1:], strict=False)
        x = max(((b[0] - a[0], (a[0] + b[0]) / 2) for a, b in pairs), default=(0, 0.5))[1]
        samples = curve_samples(self.points, 1001)
        self.add_point(x, float(samples[round(x * 1000)]))

    def _edit(self, points: tuple[Pair, ...]) -> None:
        if points != self.points:
            self.points = points
            self.edited.emit()
        self._tell()
        self.update()

    def _choose(self, index: int) -> None:
        self.chosen = min(max(index, 0), len(self.points) - 1)
        self._tell()
        self.update()

    def _tell(self) -> None:
        x, y = self.points[self.chosen]
        where = f"Point {self.chosen + 1} of {len(self.points)}: {x:.0%} becomes {y:.0%}"
        self.setAccessibleDescription(f"{where}. {_HINT}")
        self.setToolTip(f"{where}\n{_HINT}")

    # -- events --------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        self._dragging = True
        self.held.emit(True)  # a point that is added and dragged on is one step
        near = self._near(event.position())
        if near is not None:
            self._choose(near)
        else:
            self._dragging = self.add_point(*self._point_at(event.position()))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        near = self._near(event.position())
        if near is not None:
            self.remove_point(near)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            self._choose(self.chosen + (1 if key == Qt.Key.Key_PageUp else -1))
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.remove_point(self.chosen)
        elif key == Qt.Key.Key_Insert:
            self._add_in_the_widest_gap()
        else:
            super().keyPressEvent(event)

    def pull(self, at: QPointF) -> None:
        self.move_point(*self._point_at(at))

    def push(self, right: float, up: float) -> None:
        x, y = self.points[self.chosen]
        self.move_point(x + right, y + up)

    # -- painting ------------------------------------------------------------------------------

    def _area(self) -> QRectF:
        return QRectF(self.rect()).adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN)

    def _point_at(self, at: QPointF) -> Pair:
        area = self._area()
        x, y = (at.x() - area.left()) / area.width(), (area.bottom() - at.y()) / area.height()
        return x, y

    def _near(self, at: QPointF) -> int | None:
        """The point that is meant by a click there."""
        far = [(self.place(point) - at).manhattanLength() for point in self.points]
        nearest = min(range(len(far)), key=far.__getitem__)
        return nearest if far[nearest] <= _NEAR else None

    def paint(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = self._area()
        painter.setPen(QPen(QColor(theme.ACCENT if self.hasFocus() else theme.LINE), 1))
        painter.setBrush(QColor("#1b1b1b"))
        painter.drawRoundedRect(area.adjusted(-0.5, -0.5, 0.5, 0.5), 4, 4)
        if self.histogram is not None:
            self._paint_histogram(painter, self.histogram)
        painter.setPen(QPen(QColor(theme.LINE), 1))
        for quarter in (0.25, 0.5, 0.75):
            painter.drawLine(self.place((quarter, 0)), self.place((quarter, 1)))
            painter.drawLine(self.place((0, quarter)), self.place((1, quarter)))
        painter.drawLine(self.place((0, 0)), self.place((1, 1)))
        count = max(round(area.width()), 2)
        samples = curve_samples(self.points, count).tolist()
        line = [self.place((index / (count - 1), y)) for index, y in enumerate(samples)]
        painter.setPen(QPen(QColor(theme.TEXT if self.isEnabled() else theme.OFF), 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF(line))
        for index, point in enumerate(self.points):
            chosen = index == self.chosen and self.hasFocus()
            painter.setBrush(QColor(theme.ACCENT if chosen else theme.PANEL))
            painter.drawEllipse(self.place(point), 4.0, 4.0)

    def _paint_histogram(self, painter: QPainter, heights: NDArray[np.float64]) -> None:
        """The shape alone, without a rim: the curve is what is read."""
        last = len(heights) - 1
        tops = [self.place((index / last, y)) for index, y in enumerate(heights.tolist())]
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._tinge)
        painter.drawPolygon(QPolygonF([self.place((0, 0)), *tops, self.place((1, 0))]))


class CurveControl(Control):
    """A curve whose points are dragged, added by a click, removed by a double-click."""

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        super().__init__(parameter, parent)
        self.box = CurveBox(parameter.title)
        self.body.addWidget(self.box)
        self.set_value(parameter.default)
        self.box.edited.connect(self.changed)
        self.box.held.connect(self.hold)

    def value(self) -> Value:
        return self.box.points

    def set_value(self, value: Value) -> None:
        self.box.show_points(cast(tuple[Pair, ...], self.parameter.check(value)))


def _rounded(number: float) -> float:
    """Finer than any screen, and short to type."""
    return round(number, 4)
