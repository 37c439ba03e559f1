"""Edited: a photograph that is being edited, as those see it that compute something for it."""

from __future__ import annotations

from PySide6.QtCore import QObject

from safelight import actions
from safelight.document import Document, History
from safelight.gui.speaker import Speaker


class Edited(Speaker):
    """A history and the back end. ``studio`` is None until that is ready.

    ``prepared`` remembers what filters have found out about the whole picture.
    """

    def __init__(self, history: History, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.history = history
        self.studio: actions.Studio | None = None
        self.prepared = actions.Preparations()

    @property
    def document(self) -> Document:
        """The document as it is now."""
        return self.history.document
