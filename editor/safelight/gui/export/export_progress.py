"""Export progress: how far an export is, all of it and the file that is written."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QProgressBar, QWidget

from safelight import actions
from safelight.gui.threads.background import Mailbox


class Running(QWidget):
    """A bar, and a second one for each file where there are several. ``said`` tells which it is."""

    said = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names: Sequence[str] = ()
        self._cancelled = threading.Event()
        self._mail = Mailbox(self, self._hear)
        self.busy, self.each = QProgressBar(), QProgressBar()
        self._words = QLabel("This file"), QLabel("All files")
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(1, 1)
        for row, (label, bar) in enumerate(zip(self._words, (self.each, self.busy), strict=True)):
            label.setObjectName("dim")
            label.setBuddy(bar)
            bar.setAccessibleName(label.text())
            bar.setRange(0, 1000)
            bar.setTextVisible(False)
            grid.addWidget(label, row, 0)
            grid.addWidget(bar, row, 1)
        self.end()

    def begin(self, names: Sequence[str]) -> Callable[[int, float], None]:
        """Show that these are exported; what it returns is told how far which one is, on any
        thread, and raises ``actions.Cancelled`` once nobody wants it any more.
        """
        self._names = names
        self._cancelled = cancelled = threading.Event()
        post = self._mail.post
        for bar in (self.busy, self.each):
            bar.setValue(0)
        self._show(True)

        def hear(place: int, done: float) -> None:
            if cancelled.is_set():
                raise actions.Cancelled("Cancelled: nothing was written.")
            post((place, done))

        return hear

    def cancel(self) -> None:
        """End what is under way where it can be; nothing of it is left."""
        self._cancelled.set()

    def end(self) -> None:
        """Show that nothing is exported any more."""
        self._cancelled.set()
        self._show(False)

    def _show(self, on: bool) -> None:
        self.busy.setVisible(on)
        for item in (*self._words, self.each):
            item.setVisible(on and len(self._names) > 1)

    def _hear(self, letter: tuple[int, float]) -> None:
        if self._cancelled.is_set():
            return
        place, done = letter
        count = len(self._names)
        self.each.setValue(round(1000 * done))
        self.busy.setValue(round(1000 * (place + done) / count))
        if count > 1:
            self.said.emit(f"{place + 1} of {count}: {self._names[place]}")
