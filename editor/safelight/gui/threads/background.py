"""Background: run a function on a thread and hear of its result on the window's."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal

_under_way: set[QObject] = set()
"""What a thread may still emit a signal of: Qt must not destroy it before, as it would a child."""


class Background(QObject):
    """One function on a thread of its own. Nothing arrives once ``parent`` is destroyed."""

    _ended = Signal(object, object)

    def __init__(
        self,
        parent: QObject,
        work: Callable[[], Any],
        done: Callable[[Any], None],
        failed: Callable[[Exception], None],
    ) -> None:
        super().__init__()
        self._work = work
        self._done = done
        self._failed = failed
        self._wanted = True
        parent.destroyed.connect(self._give_up)
        self._ended.connect(self._deliver, Qt.ConnectionType.QueuedConnection)
        _under_way.add(self)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        result: Any = None
        error: Exception | None = None
        try:
            result = self._work()
        except Exception as caught:
            error = caught
        with contextlib.suppress(RuntimeError):  # the application has ended meanwhile
            self._ended.emit(result, error)

    def _give_up(self) -> None:
        self._wanted = False

    def _deliver(self, result: Any, error: Exception | None) -> None:
        self._thread.join()  # it has only to return from emitting this
        _under_way.discard(self)
        self.deleteLater()
        done, failed = self._done, self._failed
        # What they have hold of may be a photograph, and this lives until Qt has deleted it.
        del self._work, self._done, self._failed, self._thread
        if not self._wanted:
            return
        if error is None:
            done(result)
        else:
            failed(error)


class Mailbox(QObject):
    """Takes letters on any thread and delivers them on the window's, in order, until closed.

    It is closed at the latest when ``parent`` is destroyed.
    """

    _posted = Signal(object)

    def __init__(self, parent: QObject, deliver: Callable[[Any], None]) -> None:
        super().__init__()
        self._receiver: Callable[[Any], None] | None = deliver
        self._lock = threading.Lock()
        parent.destroyed.connect(self.close)
        self._posted.connect(self._open, Qt.ConnectionType.QueuedConnection)
        _under_way.add(self)

    def post(self, letter: Any) -> None:
        """Hand in a letter; may be called on any thread."""
        with self._lock, contextlib.suppress(RuntimeError):  # the application has ended meanwhile
            if self._receiver is not None:
                self._posted.emit(letter)

    def close(self) -> None:
        """Deliver nothing more, not even what is on its way."""
        with self._lock:
            closed, self._receiver = self._receiver is None, None
        if not closed:
            _under_way.discard(self)
            self.deleteLater()

    def _open(self, letter: Any) -> None:
        if self._receiver is not None:
            self._receiver(letter)
