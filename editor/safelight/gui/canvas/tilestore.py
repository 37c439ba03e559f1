"""Tiles: what has been made ready for the screen, and how much of a frame may go into more."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

from PySide6.QtGui import QImage

Key = tuple[int, int, int, int]
"""Which tile: picture, level, row, column."""

_KEPT = 160
"""Tiles kept ready, of 1 MB each."""


class Tiles:
    """Ready tiles of all pictures; those not looked at for longest go first.

    A frame makes tiles until its time is over, and one at least, so that every picture becomes
    sharp in the end. What is missing then is shown from a coarser level, and ``incomplete`` asks
    for another frame.
    """

    def __init__(self) -> None:
        self._ready: OrderedDict[Key, QImage] = OrderedDict()
        self._deadline = 0.0
        self._made = 0
        self.incomplete = False

    def start_frame(self, seconds: float) -> None:
        """A frame begins that may spend ``seconds`` on making tiles."""
        self._deadline = time.perf_counter() + seconds
        self._made = 0
        self.incomplete = False

    @property
    def late(self) -> bool:
        """Whether this frame may make no more."""
        return self._made > 0 and time.perf_counter() > self._deadline

    def get(self, key: Key, make: Callable[[], QImage]) -> QImage | None:
        """The tile of that key, made now if there is time; None when there is none left."""
        image = self._ready.get(key)
        if image is not None:
            self._ready.move_to_end(key)
            return image
        if self.late:
            self.incomplete = True
            return None
        self._made += 1
        return self.keep(key, make())

    def peek(self, key: Key) -> QImage | None:
        """The tile of that key if it is ready."""
        return self._ready.get(key)

    def keep(self, key: Key, image: QImage) -> QImage:
        """Note a tile as ready."""
        self._ready[key] = image
        if len(self._ready) > _KEPT:
            self._ready.popitem(last=False)
        return image
