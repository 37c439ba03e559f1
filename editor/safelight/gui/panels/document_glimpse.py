"""Document glimpse: a small version of a document, looked at on a thread, the newest one last."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from safelight.api import Region
from safelight.document import Document, Live, render, render_srgb
from safelight.gui.screen.display_transform import tagged
from safelight.gui.threads.background import Background

_PAUSE = 100
"""Milliseconds before a document is looked at: while a slider moves there is soon another."""


def small(document: Document, pixels: int, live: Live | None = None) -> NDArray[np.float32]:
    """A document from the first zoom level that has at most ``pixels`` pixels.

    (height, width, 3 or 4), sRGB-encoded, unclipped. Call it on a thread.
    """
    return render_srgb(document, _coarse(document, pixels), live, lenient=True)


def small_image(document: Document, pixels: int, live: Live | None = None) -> QImage:
    """A small version of a document as an image in the document's own profile, for
    ``Display.shown``.
    """
    found = render(document, _coarse(document, pixels), live, lenient=True)
    return tagged(found, document.profile)


def _coarse(document: Document, pixels: int) -> Region:
    """All of a document, at the first zoom level that has at most ``pixels`` pixels."""
    level = 0
    while -(-document.width >> level) * -(-document.height >> level) > pixels:
        level += 1
    step = 1 << level
    return Region(0, 0, -(-document.width // step), -(-document.height // step), level)


class Glimpse(QObject):
    """Has ``work`` done with documents on a thread, one at a time; ``done`` gets what it makes.

    Documents that came and went meanwhile are left out, and so is one that looks like the one
    before: of a selection there is nothing to see. A panel that is hidden looks at nothing
    until ``wake`` is called.
    """

    def __init__(
        self,
        panel: QWidget,
        work: Callable[[Document, Live | None], Any],
        done: Callable[[Any], None],
    ) -> None:
        super().__init__(panel)
        self._panel = panel
        self._work = work
        self._done = done
        self._seen: tuple[Document | None, Live | None] = (None, None)
        self._wanted: tuple[Document, Live | None] | None = None
        self._busy = False
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE)
        self._pause.timeout.connect(self._start)

    @property
    def busy(self) -> bool:
        """Whether another look is under way, or about to be."""
        return self._busy or self._pause.isActive()

    def look(self, document: Document | None, live: Live | None = None) -> None:
        """Look at a document; None: at nothing, and ``done`` gets None at once."""
        before = self._seen[0]
        same = document is before or (
            document is not None and before is not None and document.looks_like(before)
        )
        if same and live is self._seen[1]:
            return
        self._seen = document, live
        self._wanted = None if document is None else (document, live)
        if document is None:
            self._done(None)
        else:
            self.wake()

    def again(self) -> None:
        """Look once more at what was looked at last: what is looked for is another thing now."""
        document, live = self._seen
        if document is not None:
            self._wanted = document, live
            self.wake()

    def wake(self) -> None:
        """Look at what is waiting, if the panel can be seen."""
        if self._wanted is not None and not self._busy and not self._pause.isActive():
            self._pause.start()

    def _start(self) -> None:
        if self._wanted is None or not self._panel.isVisible():
            return
        (document, live), self._wanted = self._wanted, None
        self._busy = True
        Background(self, lambda: self._work(document, live), self._take, self._fail)

    def _take(self, result: Any) -> None:
        self._busy = False
        if self._seen[0] is not None:
            self._done(result)
        self.wake()

    def _fail(self, error: Exception) -> None:
        """What cannot be rendered is said by the canvas; here there is nothing to see."""
        self._busy = False
        self._done(None)
        self.wake()
