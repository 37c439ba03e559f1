"""Counts how often the window's thread does not answer: a heartbeat that should come every 5 ms."""

import time

from PySide6.QtCore import QObject, Qt, QTimer

BEAT = 5
"""Milliseconds between heartbeats."""


class StallCounter(QObject):
    """Between ``start`` and ``stop``, ``gaps`` collects the seconds between heartbeats."""

    def __init__(self):
        super().__init__()
        self.gaps = []
        self._last = 0.0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(BEAT)
        self._timer.timeout.connect(self._beat)

    def start(self):
        self._last = time.perf_counter()
        self._timer.start()

    def stop(self):
        self._timer.stop()
        self._beat()

    def above(self, milliseconds):
        """How often the event loop stood still for longer than that."""
        return sum(gap * 1000 > milliseconds for gap in self.gaps)

    def longest(self):
        """The longest standstill in milliseconds."""
        return max(self.gaps, default=0.0) * 1000

    def _beat(self):
        now = time.perf_counter()
        self.gaps.append(now - self._last)
        self._last = now
