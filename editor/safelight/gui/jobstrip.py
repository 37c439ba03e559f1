"""Job strip: what runs, how far it is, how long it will take, and a way to stop it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QPushButton, QWidget

from safelight.gui.run import Run
from safelight.gui.text import duration, plain


class JobStrip(QFrame):
    """Shown below the picture while a job runs."""

    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
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
        self.hide()

    def show_run(self, run: Run | None) -> None:
        """Show a job's state; nothing when there is none."""
        self.setVisible(run is not None)
        if run is None:
            self.cancel.setEnabled(True)
            return
        self.title.setText(plain(run.declaration.title))
        # Left to itself a progress bar repaints at once, and all else that waits to be painted.
        self.bar.setUpdatesEnabled(False)
        self.bar.setValue(round(run.done * 1000))
        self.bar.setUpdatesEnabled(True)
        if not self.cancel.isEnabled():
            self.left.setText("Stopping…")
        elif run.remaining is None:
            self.left.setText("Starting…")
        else:
            self.left.setText(f"{run.done:.0%}, {duration(run.remaining)} left")

    def _cancel(self) -> None:
        self.cancel.setEnabled(False)
        self.left.setText("Stopping…")
        self.cancelled.emit()
