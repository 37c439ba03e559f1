"""Event loop turns: work for the window's thread in steps, one step in each turn of the loop."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from PySide6.QtCore import QObject, QTimer


class Turns(QObject):
    """Does steps one after the other; between two of them the window answers and is painted."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._steps: Iterator[object] = iter(())
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._take)

    def add(self, steps: Iterable[object]) -> None:
        """Do steps after those that are there already: what comes between two yields is a step."""
        self._steps = chain(self._steps, steps)
        self._timer.start(0)

    def stop(self) -> None:
        """Do no more steps."""
        self._timer.stop()
        self._steps = iter(())

    def _take(self) -> None:
        try:
            next(self._steps)
        except StopIteration:
            self.stop()
        except BaseException:
            self.stop()
            raise
