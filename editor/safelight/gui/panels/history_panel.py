"""History panel: the steps, newest at the bottom; a click goes to one."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QBrush, QColor
from PySide6.QtWidgets import QLabel, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from safelight.document import History, Step
from safelight.gui.panels.panel import Panel
from safelight.gui.widgets import theme
from safelight.gui.widgets.shown_text import plain

if TYPE_CHECKING:
    from safelight.gui.canvas import Canvas
    from safelight.gui.session import Session


class HistoryList(Panel):
    """The steps of a history. ``jumped`` gives the position that was clicked."""

    title = "History"
    tab = "History"
    icon = "E 8 8 6 6 M 8 4.5 L 8 8 L 10.5 9.5"
    jumped = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: History | None = None
        heading = QLabel("History")
        heading.setObjectName("heading")
        self.list = QListWidget()
        self.list.setAccessibleName("History")
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.viewport().setCursor(Qt.CursorShape.PointingHandCursor)
        self.list.currentRowChanged.connect(lambda row: self.jumped.emit(row) if row >= 0 else None)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 8, 10, 8)
        layout.setSpacing(4)
        layout.addWidget(heading)
        layout.addWidget(self.list, 1)

    def attach(self, session: Session, canvas: Canvas) -> None:
        self.jumped.connect(lambda position: self._jump(session, position))
        session.job_changed.connect(lambda: self.setEnabled(not session.locked))

    def show_session(self, session: Session) -> None:
        if session.history is not self._shown:
            self.show_history(session.history)

    def _jump(self, session: Session, position: int) -> None:
        if position != session.history.position:
            session.jump(position)
            # It goes nowhere while the picture is being resized.
            with QSignalBlocker(self.list):
                self.list.setCurrentRow(session.history.position)

    def show_history(self, history: History) -> None:
        """Show a history; steps that were undone are dimmed. Lines that read the same stay."""
        before, self._shown = self._shown, history
        same = 0 if before is None else _in_common(before, history)
        with QSignalBlocker(self.list):
            while self.list.count() > same:
                self.list.takeItem(self.list.count() - 1)
            for step in history.steps[same:]:
                self.list.addItem(_line(step))
            turned = 0 if before is None else min(before.position, history.position)
            for position in range(min(turned + 1, same), len(history.steps)):
                off = QBrush(QColor(theme.OFF)) if position > history.position else QBrush()
                self.list.item(position).setForeground(off)
            if self.list.currentRow() != history.position or same < len(history.steps):
                self.list.setCurrentRow(history.position)
                current = self.list.currentItem()
                self.list.scrollToItem(current, QListWidget.ScrollHint.EnsureVisible)


def _in_common(one: History, other: History) -> int:
    """How many lines of two histories read the same from the first on."""

    def same(pair: tuple[Step, Step]) -> bool:
        return pair[0] is pair[1] or _told(pair[0]) == _told(pair[1])

    return sum(1 for _ in takewhile(same, zip(one.steps, other.steps, strict=False)))


def _told(step: Step) -> tuple[str, str]:
    """What a step's line and its tooltip read."""
    return plain(step.label), f"{step.document.width} × {step.document.height} px"


def _line(step: Step) -> QListWidgetItem:
    text, tip = _told(step)
    item = QListWidgetItem(text)
    item.setToolTip(tip)
    return item
