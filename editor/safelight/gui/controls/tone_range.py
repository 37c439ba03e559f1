"""Tone range: a range of tones, on a bar from black to white whose two handles are pulled."""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QLinearGradient,
    QMouseEvent,
    QPainter,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QWidget

from safelight.api import Parameter, Value
from safelight.api.compound_values import Pair
from safelight.gui.controls.control import Control
from safelight.gui.controls.drawn_control import Drawn
from safelight.gui.widgets import theme

_MARGIN = 8.0
_BAR = 14.0
_HANDLE = 5.0

_APART = 0.01
"""How near the two handles can be pulled together."""

_NAMES = ("Darkest", "Lightest")
_HINT = (
    "Drag a handle. Keys: arrows move it (Shift: further), Page Up and Page Down choose the other."
)


class ToneBar(Drawn):
    """The bar: ``tones`` and which of its two handles is ``chosen``."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(title, parent)
        self.tones: Pair = (0.0, 1.0)
        self.chosen = 0
        self._tell()

    def sizeHint(self) -> QSize:
        return QSize(220, 34)

    def minimumSizeHint(self) -> QSize:
        return QSize(100, 34)

    def show_tones(self, tones: Pair) -> None:
        """Show another range, without telling that it is edited."""
        self.tones = tones
        self._tell()
        self.update()

    def place(self, tone: float) -> QPointF:
        """Where the tip of a handle at ``tone``, 0 to 1, is drawn."""
        area = self._area()
        return QPointF(area.left() + tone * area.width(), area.bottom())

    def move_handle(self, tone: float) -> None:
        """Move the chosen handle there, as far as the other lets it."""
        low, high = self.tones
        if self.chosen == 0:
            low = _rounded(min(max(tone, 0.0), max(high - _APART, 0.0)))
        else:
            high = _rounded(max(min(tone, 1.0), min(low + _APART, 1.0)))
        if low < high and (low, high) != self.tones:
            self.tones = (low, high)
            self.edited.emit()
        self._tell()
        self.update()

    def _choose(self, handle: int) -> None:
        self.chosen = handle
        self._tell()
        self.update()

    def _tell(self) -> None:
        where = f"{_NAMES[self.chosen]} tone: {self.tones[self.chosen]:.0%}"
        self.setAccessibleDescription(f"{where}. {_HINT}")
        self.setToolTip(f"{self.tones[0]:.0%} to {self.tones[1]:.0%}\n{_HINT}")

    # -- events --------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        tone = self._tone_at(event.position())
        self._choose(0 if abs(tone - self.tones[0]) <= abs(tone - self.tones[1]) else 1)
        self._dragging = True
        self.held.emit(True)
        self.move_handle(tone)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            self._choose(1 if key == Qt.Key.Key_PageUp else 0)
        else:
            super().keyPressEvent(event)

    def pull(self, at: QPointF) -> None:
        self.move_handle(self._tone_at(at))

    def push(self, right: float, up: float) -> None:
        self.move_handle(self.tones[self.chosen] + right + up)

    # -- painting ------------------------------------------------------------------------------

    def _area(self) -> QRectF:
        return QRectF(_MARGIN, 4, self.width() - 2 * _MARGIN, _BAR)

    def _tone_at(self, at: QPointF) -> float:
        area = self._area()
        return (at.x() - area.left()) / area.width()

    def paint(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = self._area()
        ramp = QLinearGradient(area.topLeft(), area.topRight())
        ramp.setColorAt(0, Qt.GlobalColor.black)
        ramp.setColorAt(1, Qt.GlobalColor.white)
        painter.setOpacity(1.0 if self.isEnabled() else 0.4)
        painter.setPen(QPen(QColor(theme.ACCENT if self.hasFocus() else theme.LINE), 1))
        painter.setBrush(ramp)
        painter.drawRoundedRect(area, 3, 3)
        inside = QRectF(area)
        inside.setLeft(self.place(self.tones[0]).x())
        inside.setRight(self.place(self.tones[1]).x())
        painter.setPen(QPen(QColor(theme.ACCENT), 2))
        painter.drawLine(inside.bottomLeft(), inside.bottomRight())
        for index, tone in enumerate(self.tones):
            tip = self.place(tone) + QPointF(0, 1)
            corners = [
                tip,
                tip + QPointF(_HANDLE, 2 * _HANDLE),
                tip + QPointF(-_HANDLE, 2 * _HANDLE),
            ]
            chosen = index == self.chosen and self.hasFocus()
            painter.setPen(QPen(QColor(theme.TEXT), 1))
            painter.setBrush(QColor(theme.ACCENT if chosen else theme.PANEL))
            painter.drawPolygon(QPolygonF(corners))


class ToneRangeControl(Control):
    """A bar from black to white with a handle at either end of the range."""

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        super().__init__(parameter, parent)
        self.bar = ToneBar(parameter.title)
        self.body.addWidget(self.bar)
        self.set_value(parameter.default)
        self.bar.edited.connect(self.changed)
        self.bar.held.connect(self.hold)

    def value(self) -> Value:
        return self.bar.tones

    def set_value(self, value: Value) -> None:
        self.bar.show_tones(cast(Pair, self.parameter.check(value)))


def _rounded(number: float) -> float:
    """Finer than any screen, and short to type."""
    return round(number, 3)
