"""Latest task: work for a panel on a thread, of which only what was asked for last is wanted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QWidget

from safelight.gui.threads.background import Background


class Latest:
    """Work on a thread, one at a time: of what is asked for meanwhile the last alone is done."""

    def __init__(self, panel: QWidget) -> None:
        self._panel = panel
        self._wanted: tuple[Callable[[], Any], Callable[[Any], None]] | None = None
        self._busy = False

    def ask(self, work: Callable[[], Any], done: Callable[[Any], None]) -> None:
        """Have work done as soon as can be; ``done`` gets what comes of it, or None if it fails.

        What cannot be rendered is said by the canvas.
        """
        self._wanted = work, done
        self._next()

    def forget(self) -> None:
        """Ask for nothing any more."""
        self._wanted = None

    def _next(self) -> None:
        if self._wanted is None or self._busy:
            return
        (work, done), self._wanted = self._wanted, None
        self._busy = True

        def end(found: Any) -> None:
            self._busy = False
            done(found)
            self._next()

        Background(self._panel, work, end, lambda _: end(None))
