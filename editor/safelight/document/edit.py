"""Edit: a named function from a document to a document."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from safelight.document.document import Document


class EditError(ValueError):
    """An edit that this document does not allow; the message says why, for people."""


@dataclass(frozen=True, slots=True)
class Edit:
    """What is done to a document: a label people read in the history, and the function.

    Edits with the same ``token``, one after the other, are one step of the history: the many
    positions of one slider drag.
    """

    label: str
    apply: Callable[[Document], Document]
    token: str | None = None
