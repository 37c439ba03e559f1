"""Background: run a function on a thread and hear of its result on the window's."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal


class Background(QObject):
    """One function on a thread of its own. Keep it while you wait; nothing arrives afterwards."""

    _ended = Signal(object, object)

    def __init__(
        self,
        parent: QObject,
        work: Callable[[], Any],
        done: Callable[[Any], None],
        failed: Callable[[Exception], None],
    ) -> None:
        super().__init__(parent)
        self._work = work
        self._done = done
        self._failed = failed
        self._ended.connect(self._deliver, Qt.ConnectionType.QueuedConnection)
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        result: Any = None
        error: Exception | None = None
        try:
            result = self._work()
        except Exception as caught:
            error = caught
        with contextlib.suppress(RuntimeError):  # the window was closed meanwhile
            self._ended.emit(result, error)

    def _deliver(self, result: Any, error: Exception | None) -> None:
        if error is None:
            self._done(result)
        else:
            self._failed(error)
        self.deleteLater()


class Mailbox(QObject):
    """Takes letters on any thread and delivers them on the window's, in order, until closed."""

    _posted = Signal(object)

    def __init__(self, parent: QObject, deliver: Callable[[Any], None]) -> None:
        super().__init__(parent)
        self._receiver: Callable[[Any], None] | None = deliver
        self._posted.connect(self._open, Qt.ConnectionType.QueuedConnection)

    def post(self, letter: Any) -> None:
        """Hand in a letter; may be called on any thread."""
        with contextlib.suppress(RuntimeError):  # the window was closed meanwhile
            self._posted.emit(letter)

    def close(self) -> None:
        """Deliver nothing more, not even what is on its way."""
        self._receiver = None
        self.deleteLater()

    def _open(self, letter: Any) -> None:
        if self._receiver is not None:
            self._receiver(letter)
