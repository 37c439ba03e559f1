"""Stroke by pieces: a stroke that changes a document while the hand draws it, a piece at a time."""

from __future__ import annotations

from dataclasses import dataclass, field

from safelight.api import Region
from safelight.document.document import Document
from safelight.document.strokes.stroke import Stroke


@dataclass(slots=True)
class StrokeByPieces:
    """A stroke that changes a layer piece by piece: the same as if it were made at once.

    ``asked`` is the layer, by its id. ``document`` is what the pieces so far have made. A subclass
    says what a piece does (``_lay_piece``) and what its pieces come to (``_made``).
    """

    asked: str
    document: Document = field(init=False)
    _began: Document = field(init=False)
    _pieces: list[Stroke] = field(default_factory=list, init=False)
    _laid: int = field(default=0, init=False)

    def begin(self, document: Document) -> None:
        """Begin on a document, with no piece laid. Raises EditError for a layer on which no such
        stroke can be laid, KeyError where there is no such layer.
        """
        self._began = self.document = document
        self._laid = 0

    def add(self, piece: Stroke) -> None:
        """Take a further piece, which is laid by the next ``laid_on``."""
        self._pieces.append(piece)

    @property
    def waits(self) -> bool:
        """Whether there are pieces that have not been laid."""
        return self._laid < len(self._pieces)

    @property
    def heals(self) -> bool:
        """Whether the end of the stroke changes more than its last piece."""
        return False

    @property
    def covered(self) -> Region:
        """The smallest rectangle that the end of the stroke changes; empty where it changes
        nothing.
        """
        return Region(0, 0, 0, 0)

    def laid_on(self, document: Document) -> Document:
        """The document with all pieces; with one that was changed by others meanwhile, all anew."""
        if document is not self._began and document is not self.document:
            self.begin(document)
        pieces = self._pieces[self._laid :]
        for piece in pieces:
            self._lay_piece(piece)
        self._laid = len(self._pieces)
        return self._made()

    def finished_on(self, document: Document) -> Document:
        """The document with the whole stroke."""
        return self.laid_on(document)

    def _lay_piece(self, piece: Stroke) -> None:
        """Lay a piece."""
        raise NotImplementedError

    def _made(self) -> Document:
        """The document with the pieces that have been laid."""
        return self.document
