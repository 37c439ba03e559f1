"""History: the labelled list of documents that undo steps back through."""

from __future__ import annotations

from dataclasses import dataclass

from safelight.document.document import Document
from safelight.document.edit import Edit


@dataclass(frozen=True, slots=True)
class Step:
    """One entry: what was done, and the document it led to."""

    label: str
    document: Document


@dataclass(frozen=True, slots=True)
class History:
    """Steps and the position of the present one. A value too: each method gives a new history."""

    steps: tuple[Step, ...]
    position: int = 0

    @classmethod
    def start(cls, document: Document, label: str = "Open") -> History:
        """The history of a document that was just opened."""
        return cls((Step(label, document),))

    @property
    def document(self) -> Document:
        """The document as it is now."""
        return self.steps[self.position].document

    def do(self, edit: Edit) -> History:
        """The history after ``edit``; steps that were undone are forgotten."""
        step = Step(edit.label, edit.apply(self.document))
        return History((*self.steps[: self.position + 1], step), self.position + 1)

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to go back to."""
        return self.position > 0

    @property
    def can_redo(self) -> bool:
        """Whether there is an undone step to go forward to."""
        return self.position + 1 < len(self.steps)

    def undo(self) -> History:
        """One step back; the same history at the beginning."""
        return self.jump(self.position - 1) if self.can_undo else self

    def redo(self) -> History:
        """One step forward; the same history at the end."""
        return self.jump(self.position + 1) if self.can_redo else self

    def jump(self, position: int) -> History:
        """Go to any step. Raises IndexError outside the list."""
        if not 0 <= position < len(self.steps):
            raise IndexError(f"the history has {len(self.steps)} steps, there is no {position}")
        return History(self.steps, position)
