"""History: the labelled list of documents that undo steps back through."""

from __future__ import annotations

from dataclasses import dataclass, replace

from safelight.document.commands.command import Edit, Record
from safelight.document.document import Document


@dataclass(frozen=True, slots=True)
class Step:
    """One entry: what was done, and the document it led to. ``record`` is what was done as data;
    None for the first step, and for one that put pixels there which no data of a step hold.
    """

    label: str
    document: Document
    token: str | None = None
    record: Record | None = None


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

    def records(self) -> tuple[Record, ...]:
        """What was done until now, as far as it is data."""
        done = self.steps[1 : self.position + 1]
        return tuple(step.record for step in done if step.record is not None)

    def do(self, edit: Edit) -> History:
        """The history after ``edit``; steps that were undone are forgotten.

        An edit with the token of the step before it takes that step's place, and tells of it also
        where it changes nothing. Any other edit that changes nothing makes no step, and neither
        do those of one token that end where they began.
        """
        document = edit.apply(self.document)
        same = edit.token is not None and edit.token == self.steps[self.position].token
        end = self.position if same else self.position + 1
        if same and document == self.steps[end - 1].document:
            return History(self.steps[:end], end - 1)
        step = Step(edit.label, document, edit.token, edit.record)
        if document is not self.document:
            return History((*self.steps[:end], step), end)
        told = (*self.steps[:end], step, *self.steps[end + 1 :])
        return replace(self, steps=told) if same else self

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to go back to."""
        return self.position > 0

    @property
    def can_redo(self) -> bool:
        """Whether there is an undone step to go forward to."""
        return self.position + 1 < len(self.steps)

    def undo(self) -> History:
        """The history one step back; unchanged at the beginning."""
        return self.jump(self.position - 1) if self.can_undo else self

    def redo(self) -> History:
        """The history one step forward; unchanged at the end."""
        return self.jump(self.position + 1) if self.can_redo else self

    def jump(self, position: int) -> History:
        """Go to any step. Raises IndexError outside the list."""
        if not 0 <= position < len(self.steps):
            raise IndexError(f"the history has {len(self.steps)} steps, there is no {position}")
        return History(self.steps, position)
