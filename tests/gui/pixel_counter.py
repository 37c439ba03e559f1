"""Counts the pixels that the window's thread touches, which is what makes it stand still.

A count is the same on a busy machine; how long a standstill lasts is for tests/benchmarks.
"""

from __future__ import annotations

import threading

from PySide6.QtCore import QAbstractEventDispatcher, QObject

from safelight.pixels import Raster


class Reading(QObject):
    """While a patch lasts, counts the pixels of every turn of the event loop.

    ``most`` and ``total`` are pixels; ``turns`` is how often the loop came round.
    """

    def __init__(self, patch) -> None:
        super().__init__()
        self.most = self.total = self.turns = 0
        self._now = 0
        for name in ("read", "digests", "from_array", "tiles"):
            self._count(patch, name)
        dispatcher = QAbstractEventDispatcher.instance()
        dispatcher.awake.connect(self._turn)

    def _turn(self) -> None:
        self.turns += 1
        self._now = 0

    def _count(self, patch, name: str) -> None:
        method = getattr(Raster, name)

        def counted(first, *rest):
            if threading.current_thread() is threading.main_thread():
                touched = rest[0] if name == "read" else first
                shape = touched.shape if name == "from_array" else (touched.height, touched.width)
                self._now += shape[0] * shape[1]
                self.total += shape[0] * shape[1]
                self.most = max(self.most, self._now)
            return method(first, *rest)

        patch.setattr(Raster, name, staticmethod(counted) if name == "from_array" else counted)
