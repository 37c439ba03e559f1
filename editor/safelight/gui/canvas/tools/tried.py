"""Tried: an edit of a tool that is made again as its options change, as one step of the history."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

from PySide6.QtCore import QTimer

from safelight.document import Document, Edit
from safelight.gui.canvas.viewport import Viewport

_PAUSE = 150
"""Milliseconds without another option after which the edit is made again."""


class Tried:
    """What a tool has done last, which it does again with other options until something else is
    done to the document.
    """

    def __init__(self, surface: Viewport) -> None:
        self._surface = surface
        self._before: Document | None = None
        self._make: Callable[[], Edit] | None = None
        self._token = ""
        self._timer = QTimer(surface)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_PAUSE)
        self._timer.timeout.connect(self._again)

    def do(self, make: Callable[[], Edit], *, anew: bool = True) -> None:
        """Do the edit that ``make`` gives, and do it again whenever an option changes; ``anew``: as
        another step.
        """
        document = self._surface.document
        if anew or self._before is None:
            self._before, self._token = document, uuid4().hex
        self._make = make
        self._again()

    def soon(self) -> None:
        """An option is another one: do it again when it stays."""
        if self._make is not None:
            self._timer.start()

    def forget(self) -> None:
        """Forget the edit: it is not done again."""
        self._timer.stop()
        self._before = self._make = None

    def _again(self) -> None:
        self._timer.stop()
        if self._make is not None and self._before is not None:
            self._surface.do(self._make().upon(self._before, self._token))
