"""Overflow button: a button that shows what a bar has no room for, on a sheet below it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QToolButton, QVBoxLayout, QWidget

from safelight.gui.controls import Control
from safelight.gui.controls.number import NumberControl
from safelight.gui.widgets.shown_text import plain, tooltip


class Overflow(QToolButton):
    """There where anything is left out of its bar. What is left out lies on ``sheet`` while that
    is open; ``closed`` tells that the bar has it again.
    """

    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setText("\N{RIGHT-POINTING DOUBLE ANGLE QUOTATION MARK}")
        self.setObjectName("plain")
        self.setAccessibleName("More options")
        self.left_out: tuple[QWidget, ...] = ()
        self.is_open = False
        self.sheet = QFrame(self, Qt.WindowType.Popup)
        self.sheet.setObjectName("panel")
        self.sheet.installEventFilter(self)
        self._column = QVBoxLayout(self.sheet)
        self._column.setContentsMargins(12, 10, 12, 10)
        self._column.setSpacing(8)
        self.clicked.connect(self.open)
        self.hide()

    def offer(self, left_out: Sequence[QWidget]) -> None:
        """Stand for options and buttons that the bar leaves out; for none there is no button."""
        self.left_out = tuple(left_out)
        self.setVisible(bool(left_out))
        names = "\n".join(_name(part) for part in left_out)
        self.setToolTip(tooltip(f"What there is no room for:\n{names}", lines=True))
        self.setAccessibleDescription(names.replace("\n", ", "))

    def open(self) -> None:
        """Have all that is left out on the sheet, whole."""
        self.is_open = True
        for part in self.left_out:
            self._column.addWidget(part)
            part.setVisible(True)
            if isinstance(part, Control):
                part.title.setVisible(True)
            if isinstance(part, NumberControl) and part.has_range:
                part.slider.setVisible(True)
        self.sheet.adjustSize()
        corner = self.mapToGlobal(QPoint(self.width() - self.sheet.width(), self.height() + 2))
        room = self.screen().availableGeometry()
        corner.setX(max(min(corner.x(), room.right() + 1 - self.sheet.width()), room.left()))
        corner.setY(max(min(corner.y(), room.bottom() + 1 - self.sheet.height()), room.top()))
        self.sheet.move(corner)
        self.sheet.show()
        self.left_out[0].setFocus()
        self.sheet.focusNextChild()

    def shut(self) -> None:
        """Take the sheet away."""
        self.sheet.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Escape, or a press elsewhere, closes the sheet."""
        if event.type() == QEvent.Type.Hide and self.is_open:
            self.is_open = False
            self.closed.emit()
        elif isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            if event.type() == QEvent.Type.KeyPress:
                self.shut()
            return True
        return super().eventFilter(watched, event)


def _name(part: QWidget) -> str:
    return plain(part.title.text() if isinstance(part, Control) else part.accessibleName())
