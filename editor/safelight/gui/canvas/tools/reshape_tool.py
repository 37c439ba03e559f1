"""Reshape tool: what the tools share whose change stays in the hand until it is applied."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QKeyEvent

from safelight.document import Document
from safelight.gui.canvas.tools.tool import Pointer, Tool
from safelight.gui.canvas.viewport import Viewport


class ReshapeTool(Tool):
    """Changes a document by hand: all that is done until it is applied is one step.

    A subclass says what is ``held`` and where its ``inside`` is, and how what the hand has made is
    taken back. ``_document`` is the one that is changed, None while the tool is put away.
    """

    def __init__(self, surface: Viewport) -> None:
        super().__init__(surface)
        self._document: Document | None = None

    @property
    def trouble(self) -> str:
        """Why what the hand has made cannot be; "" where it can."""
        raise NotImplementedError

    @property
    def word(self) -> str:  # type: ignore[override]
        return self.trouble

    # -- in and out of the hand ----------------------------------------------------------------

    def take_up(self) -> None:
        """Begin with what is there now."""
        self._document = None
        if self.surface.document is not None:
            self.shows(self.surface.document)

    def apply(self) -> None:
        """Make the edit; where it cannot be made say why, and stay."""
        edit = self.under_way()
        if edit is not None and self.trouble:
            self.surface.do(edit)
        else:
            self.surface.leave()

    def give_up(self) -> None:
        """Leave everything as it was."""
        self.take_back()
        self.surface.leave()

    def take_back(self) -> None:
        """Have what there was before the hand changed anything."""
        raise NotImplementedError

    # -- what a hand does ----------------------------------------------------------------------

    @property
    def held(self) -> bool:
        """Whether a press holds something."""
        raise NotImplementedError

    def inside(self, at: QPointF) -> bool:
        """Whether a press at a widget point takes hold of everything."""
        raise NotImplementedError

    def double_click(self, pointer: Pointer) -> bool:
        if self.inside(pointer.at):
            self.apply()
        return True

    def key(self, event: QKeyEvent) -> bool:
        if event.key() == Qt.Key.Key_Escape and self.held:
            self.cancel()
            return True
        return super().key(event)
