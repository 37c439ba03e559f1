"""Reloading: an author's plugin is loaded afresh while the window is open."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

from PySide6.QtCore import QObject, QTimer, Signal

from safelight.gui.background import Background

if TYPE_CHECKING:
    from safelight.actions import Studio
    from safelight.api import Declaration, Format

Offers: TypeAlias = "tuple[Sequence[Declaration], Sequence[Format]]"

INTERVAL = 1000
"""Milliseconds between two looks at the folders of editable plugins."""


class Reloader(QObject):
    """Looks at the folders of editable plugins, on a thread, as long as there are any.

    ``reloaded`` tells, in a sentence, what became of one that has changed, and gives the filters
    and formats that there are now; ``failed`` why nothing is looked at any more.
    """

    reloaded = Signal(str, object)
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

        def look() -> tuple[str, Offers]:
            found = studio.reload()
            sentence = "  ".join(item.sentence() for item in found)
            return sentence, (studio.filters(), studio.formats()) if found else ((), ())

        Background(self, look, self._done, self._failed)

    def _done(self, found: tuple[str, Offers]) -> None:
        self._looking = False
        sentence, offers = found
        if sentence:
            self.reloaded.emit(sentence, offers)

    def _failed(self, error: Exception) -> None:
        self._looking = False
        self._timer.stop()
        self.failed.emit(f"Plugins are no longer reloaded: {error}")
