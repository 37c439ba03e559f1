"""Reload plugins: an author's plugin is loaded afresh while the window is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from safelight.gui.threads.background import Background

if TYPE_CHECKING:
    from safelight.actions import Studio

INTERVAL = 1000
"""Milliseconds between two looks at the folders of editable plugins."""


class Reloader(QObject):
    """Looks at the folders of editable plugins, on a thread, as long as there are any.

    ``reloaded`` tells, in a sentence, what became of one that has changed; ``failed`` why nothing
    is looked at any more. What there is to be had now, the studio tells.
    """

    reloaded = Signal(str)
    failed = Signal(str)

    def __init__(self, studio: Studio, parent: QObject) -> None:
        super().__init__(parent)
        self._studio = studio
        self._looking = False
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._look)
        self.start()

    def start(self) -> None:
        """Begin to look, if there are editable plugins now: some may just have been installed."""
        if self._studio.editable() and not self._timer.isActive():
            self._timer.start(INTERVAL)

    def _look(self) -> None:
        if self._looking:
            return
        self._looking = True
        studio = self._studio

        def look() -> str:
            return "  ".join(item.sentence() for item in studio.reload())

        Background(self, look, self._done, self._failed)

    def _done(self, sentence: str) -> None:
        self._looking = False
        if sentence:
            self.reloaded.emit(sentence)

    def _failed(self, error: Exception) -> None:
        self._looking = False
        self._timer.stop()
        self.failed.emit(f"Plugins are no longer reloaded: {error}")
