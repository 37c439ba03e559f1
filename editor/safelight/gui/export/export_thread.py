"""Export thread: a picture that is exported on a thread: how far it is, and a way to stop it."""

from __future__ import annotations

import threading
from collections.abc import Callable

from PySide6.QtCore import QObject

from safelight.gui.threads.background import Mailbox


class Writing:
    """What is known on the window's thread of an export that is done on another.

    ``hear`` is called there; ``changed`` is called here when it is further. ``stop`` ends what does
    not hear of its own accord: a filter's job.
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
        """Hear how much of the export is done, 0 to 1. Raises ``actions.Cancelled`` once it is to
        stop.
        """
        from safelight.actions import Cancelled

        if self._stopped.is_set():
            raise Cancelled
        self._mailbox.post(done)

    def retitle(self, title: str) -> None:
        """Be called otherwise; from the other thread."""
        self._mailbox.post(title)

    def cancel(self) -> None:
        """Stop the export where it can be stopped; no file is left of it."""
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
