"""Frame documents: a document at those of its frames that were asked for last."""

from __future__ import annotations

from safelight.document.document import Document
from safelight.document.frames import frames

_MOST = 300
"""Frames that are remembered: more than anybody makes ready ahead."""


class FrameDocuments:
    """Gives a document at its frames, the same object each time: what was made of it is found again
    by that. Of one document at a time. Not for two threads at once.
    """

    def __init__(self) -> None:
        self._of: Document | None = None
        self._made: dict[int, Document] = {}

    def at(self, document: Document, number: int) -> Document:
        """The document at a frame, as ``frames.at`` gives it."""
        if document is not self._of:
            self._of, self._made = document, {}
        made = self._made.pop(number, None) or frames.at(document, number)
        self._made[number] = made  # the last that was asked for is the last to go
        if len(self._made) > _MOST:
            del self._made[next(iter(self._made))]
        return made
