"""Drawn control: a control's drawing, in which a drag or the arrow keys move what is chosen."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from safelight.gui.widgets.keys import ARROWS, arrow_way

STEP = 0.01
"""How far an arrow key moves what is chosen; with Shift ten times as far."""


class Drawn(QWidget):
    """A drawing as wide as there is room. ``edited`` tells that the hand has changed what it shows,
    ``held`` that a drag, or a key that is down, begins or is over.

    A subclass says what ``pull``, ``push`` and ``paint`` do, and begins a drag with ``_dragging``.
    """

    edited = Signal()
    held = Signal(bool)

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._dragging = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(title)

    def pull(self, at: QPointF) -> None:
        """Move what is chosen to a point of the widget."""
        raise NotImplementedError

    def push(self, right: float, up: float) -> None:
        """Move what is chosen by so much of the drawing's sides."""
        raise NotImplementedError

    def paint(self, painter: QPainter) -> None:
        """Draw everything."""
        raise NotImplementedError

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragging:
            self.pull(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._dragging = False
            self.held.emit(False)

    def event(self, event: QEvent) -> bool:
        """What pages are turned with chooses here, and is for no menu."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride:
            event.setAccepted(event.key() in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown))
            return event.isAccepted()
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        way = arrow_way(event)
        if way is None:
            super().keyPressEvent(event)
            return
        if not event.isAutoRepeat():
            self.held.emit(True)  # for as long as it is down
        self.push(STEP * way[0], -STEP * way[1])

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() not in ARROWS:
            super().keyReleaseEvent(event)
        elif not event.isAutoRepeat():
            self.held.emit(False)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """A key held while the focus goes is released elsewhere."""
        self.held.emit(False)
        super().focusOutEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            self.paint(painter)
