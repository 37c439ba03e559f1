"""Edited photograph: its history, active layer and back end, for what computes something of it."""

from __future__ import annotations

from PySide6.QtCore import QObject

from safelight import actions
from safelight.document import Document, History, Layer
from safelight.document.frames import frames
from safelight.document.frames.frame_documents import FrameDocuments
from safelight.gui.message_source import MessageSource


class Edited(MessageSource):
    """A history, the layer that edits are about, and the back end.

    ``frame`` is the picture of a sequence that is looked at: nothing that is done, and nothing that
    is saved.

    ``active`` is the id of that layer. ``busy`` names what is being done to the document on a
    thread, "" when nothing is. ``studio`` is None until the back end is ready. ``prepared``
    remembers what filters have found out about the whole picture.
    """

    def __init__(self, history: History, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.history = history
        self.frame = frames.position(history.document)
        self._at = FrameDocuments()
        self.active = history.document.layers[-1].id
        self.busy = ""
        self.studio: actions.Studio | None = None
        self.prepared = actions.Preparations()

    @property
    def document(self) -> Document:
        """The document as it is now, at the frame that is looked at; the same object each time."""
        return self.document_at(self.frame)

    def document_at(self, number: int) -> Document:
        """The document as it is now, at any frame; the same object each time."""
        return self._at.at(self.history.document, number)

    @property
    def layer(self) -> Layer:
        """The active layer."""
        return self.document.layer(self.active)
