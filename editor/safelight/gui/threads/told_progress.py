"""Told progress: how far a file is that another thread reads or writes, and a way to stop it."""

from __future__ import annotations

import threading
from collections.abc import Callable

from PySide6.QtCore import QObject

from safelight.gui.threads.background import Mailbox


class ToldProgress:
    """What is known on the window's thread of a file that is read or written on another.

    ``hear`` is called there; ``changed`` is called here when it is further. ``stop`` ends what does
    not hear of its own accord: a filter's job. ``said`` is "" until anything was heard.
    """

    def __init__(
        self,
        owner: QObject,
        title: str,
        changed: Callable[[], object],
        stop: Callable[[], object] = lambda: None,
    ) -> None:
        self.title = title
        self.done = 0.0
        self.said = ""
        self._changed = changed
        self._stop = stop
        self._mailbox = Mailbox(owner, self._take)
        self._stopped = threading.Event()

    def hear(self, done: float) -> None:
        """Hear how much is done, 0 to 1. Raises ``actions.Cancelled`` once it is to stop."""
        from safelight.actions import Cancelled

        if self._stopped.is_set():
            raise Cancelled
        self._mailbox.post(done)

    def retitle(self, title: str) -> None:
        """Be called otherwise; from the other thread."""
        self._mailbox.post(title)

    def cancel(self) -> None:
        """Stop what is read or written where that can be; nothing is left of it."""
        self._stopped.set()
        self._stop()

    def end(self) -> None:
        """Hear no more of it."""
        self._mailbox.close()

    def _take(self, told: float | str) -> None:
        if isinstance(told, str):
            self.title = told
        else:
            self.done, self.said = told, f"{round(100 * told)} %"
        self._changed()
