"""Job strip: what runs, how far it is, how long it will take, and a way to stop it."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QPushButton, QWidget

from safelight.gui.widgets.shown_text import plain

_PAUSE = 400
"""Milliseconds that something takes at least of which is shown that it is being done."""


class Progress(Protocol):
    """Something that runs: its title, how much of it is ``done``, 0 to 1, and that in words."""

    @property
    def title(self) -> str: ...

    @property
    def done(self) -> float: ...

    @property
    def said(self) -> str: ...


class JobStrip(QFrame):
    """Shown over the lower edge of the picture while a job or a recipe runs: it moves nothing."""

    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("strip")
        self._run: Progress | None = None
        self.title = QLabel()
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 1000)
        self.left = QLabel()
        self.left.setObjectName("dim")
        self.left.setMinimumWidth(120)
        self.cancel = QPushButton("Cancel")
        self.cancel.clicked.connect(self._cancel)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 8, 6)
        row.setSpacing(12)
        row.addWidget(self.title)
        row.addWidget(self.bar, 1)
        row.addWidget(self.left)
        row.addWidget(self.cancel)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_PAUSE)
        self._soon.timeout.connect(self._show_work)
        self.hide()

    def show_work(self, title: str) -> None:
        """Show that something is being done, once that takes its time: nobody knows how far it is,
        and it cannot be stopped.
        """
        self.show_run(None)
        self.title.setText(plain(title))
        self._soon.start()

    def _show_work(self) -> None:
        self.bar.setRange(0, 0)
        self.left.setText("")
        self.cancel.hide()
        self.show()

    def show_run(self, run: Progress | None, waiting: int = 0) -> None:
        """Show how far something is, and how many things wait for it; nothing when nothing runs."""
        self._soon.stop()
        self.bar.setRange(0, 1000)
        self.cancel.show()
        self.setVisible(run is not None)
        if run is not self._run:
            self._run = run
            self.cancel.setEnabled(True)
        if run is None:
            return
        more = f" · {waiting} more to do" if waiting else ""
        self.title.setText(plain(run.title) + more)
        # Left to itself a progress bar repaints at once, and all else that waits to be painted.
        self.bar.setUpdatesEnabled(False)
        self.bar.setValue(round(run.done * 1000))
        self.bar.setUpdatesEnabled(True)
        self.left.setText(run.said if self.cancel.isEnabled() else "Stopping…")

    def _cancel(self) -> None:
        self.cancel.setEnabled(False)
        self.left.setText("Stopping…")
        self.cancelled.emit()
