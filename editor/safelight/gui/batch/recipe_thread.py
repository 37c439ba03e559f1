"""Recipe thread: a recipe that is done on a thread: how far it is, and a way to stop it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from safelight.actions import JobEvent, JobProgress
from safelight.actions.stop import Stop
from safelight.gui.threads.background import Mailbox
from safelight.gui.widgets.shown_text import plain


class Playing:
    """What is known on the window's thread of a recipe that is done on another.

    ``begin`` and ``hear`` are called there; ``changed`` is called here when it is further. ``stop``
    ends it: its job within a piece, and before the next step in any case.
    """

    def __init__(self, owner: QObject, title: str, changed: Callable[[], object]) -> None:
        self.title = title
        self.done = 0.0
        self.said = "Starting…"
        self._changed = changed
        self._mailbox = Mailbox(owner, self._take)
        self._step, self._steps = 1, 1
        self.stop = Stop()

    def begin(self, number: int, count: int) -> None:
        """A step of ``count`` begins, the first is 1. Raises Stopped."""
        self.stop.check()
        self._step, self._steps = number, count
        self._tell(0.0)

    def hear(self, event: JobEvent) -> None:
        """What the job of the present step sends."""
        if isinstance(event, JobProgress):
            self._tell(event.done, event.words)

    def cancel(self) -> None:
        """Stop the recipe."""
        self.stop.ask()

    def end(self) -> None:
        """Hear no more of it."""
        self._mailbox.close()

    def _tell(self, done: float, words: str = "") -> None:
        self._mailbox.post((self._step, self._steps, done, words))

    def _take(self, letter: tuple[int, int, float, str]) -> None:
        step, steps, done, words = letter
        said = f"Step {step} of {steps}"
        self.done = (step - 1 + done) / steps
        self.said = f"{said}: {plain(words)}" if words else said
        self._changed()
