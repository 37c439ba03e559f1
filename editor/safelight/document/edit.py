"""Edit: a named function from a document to a document."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from safelight.document.document import Document

if TYPE_CHECKING:
    from safelight.document.render import Live


class EditError(ValueError):
    """An edit that this document does not allow; the message says why, for people."""


@dataclass(frozen=True, slots=True)
class Edit:
    """What is done to a document: a label people read in the history, and the function.

    Edits with the same ``token``, one after the other, are one step of the history: the many
    positions of one slider drag. An edit that ``renders`` pixels takes its time, and may need
    cheap filters for it: apply it on a thread, ``through`` whoever runs them.
    """

    label: str
    apply: Callable[[Document], Document]
    token: str | None = None
    renders: Callable[[Document, Live | None], Document] | None = None

    def through(self, live: Live | None) -> Edit:
        """The edit with ``live`` to run cheap filters; itself when it renders nothing."""
        if self.renders is None:
            return self
        renders = self.renders
        return replace(self, apply=lambda document: renders(document, live))
