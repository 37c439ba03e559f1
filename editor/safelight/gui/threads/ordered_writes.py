"""Ordered writes: of a file that is written on threads the newest version stays."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

_PATIENCE = 10.0
"""Seconds that a reader waits for what is still being written."""


class OrderedWrites:
    """What is asked to be written to files, in its order: ``ask`` on the window's thread, ``write``
    on others, where ``settled`` waits for what was asked before.
    """

    def __init__(self) -> None:
        self._asked: dict[Path, int] = {}
        self._ended: dict[Path, int] = {}
        self._changed = threading.Condition()
        self._writing = threading.Lock()

    def ask(self, path: Path) -> int:
        """The number of a version of a file that is to be written."""
        with self._changed:
            self._asked[path] = self._asked.get(path, 0) + 1
            return self._asked[path]

    def write(self, path: Path, number: int, does: Callable[[], object]) -> None:
        """Write a version, unless a newer one has been asked for. Raises what ``does`` raises."""
        try:
            with self._writing:
                if number == self._asked[path]:
                    does()
        finally:
            with self._changed:
                self._ended[path] = max(number, self._ended.get(path, 0))
                self._changed.notify_all()

    def settled(self, path: Path) -> bool:
        """Wait until the newest version is written, or could not be; whether it is so far."""
        with self._changed:
            return self._changed.wait_for(
                lambda: self._ended.get(path, 0) >= self._asked.get(path, 0), _PATIENCE
            )
