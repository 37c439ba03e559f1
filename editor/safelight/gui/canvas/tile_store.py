"""Tile store: what has been made ready for the screen, and how much of a frame may go into more."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject
from PySide6.QtGui import QImage

from safelight.gui.threads.background import Mailbox

_log = logging.getLogger(__name__)

Key = tuple[int, int, int, int]
"""Which tile: picture, level, row, column."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A tile that a view needs: which it is, what makes it, and how many bytes it takes."""

    key: Key
    make: Callable[[], QImage]
    size: int


_KEPT = 160
"""Tiles kept ready, of 1 MB each."""


_AHEAD = 24
"""Tiles beyond the view that are made ahead, so that panning finds them ready."""

_IDLE = 5.0
"""Seconds without anything to do after which the thread ends."""


class Tiles:
    """Ready tiles of all pictures; those not looked at for longest go first.

    A frame makes tiles until its time is over, and one at least, so that every picture becomes
    sharp in the end. What is missing then is shown from a coarser level, and ``incomplete`` asks
    for another frame. Tiles that take longer are made on a thread; ``arrived`` is called when one
    is there. Of those, only what the last frame wanted is made.
    """

    def __init__(self, owner: QObject, arrived: Callable[[], None]) -> None:
        self._ready: OrderedDict[Key, QImage] = OrderedDict()
        self._deadline = 0.0
        self._made = 0
        self._wanted: list[tuple[Key, Callable[[], QImage]]] = []
        self._expected: list[tuple[Key, Callable[[], QImage]]] = []
        self._arrived = arrived
        self._maker = Maker(Mailbox(owner, self._take))
        self.incomplete = False
        self.looks_ahead = True
        """Whether what lies around the view is made ready, which panning comes to next."""

    def start_frame(self, seconds: float) -> None:
        """A frame begins that may spend ``seconds`` on making tiles."""
        self._deadline = time.perf_counter() + seconds
        self._made = 0
        self._wanted, self._expected = [], []
        self.incomplete = False

    def end_frame(self) -> None:
        """The frame is painted: what it lacked is made now, on the thread."""
        self._maker.want(self._wanted + self._expected)

    @property
    def waiting(self) -> bool:
        """Whether the last frame lacked tiles that are made on the thread."""
        return bool(self._wanted)

    def get_later(
        self, key: Key, make: Callable[[], QImage], *, first: bool = False
    ) -> QImage | None:
        """The tile of that key; None when it has to be made on the thread."""
        image = self.found(key)
        if image is not None:
            return image
        if all(key != other for other, _ in self._wanted):
            self._wanted.insert(0 if first else len(self._wanted), (key, make))
        return None

    def expect(self, key: Key, make: Callable[[], QImage]) -> None:
        """A tile that may be wanted soon: it is made when there is nothing else to make."""
        if self.looks_ahead and key not in self._ready and len(self._expected) < _AHEAD:
            self._expected.append((key, make))

    def has(self, picture: int) -> bool:
        """Whether any tile of a picture is ready."""
        return any(key[0] == picture for key in self._ready)

    def take(self, other: Tiles) -> None:
        """Have the tiles of another store as well, as if they had been looked at before all of
        this one's.
        """
        for key, image in reversed(other._ready.items()):
            if key not in self._ready and len(self._ready) < _KEPT:
                self._ready[key] = image
                self._ready.move_to_end(key, last=False)

    def forget(self, picture: int) -> None:
        """Give up the tiles of a picture."""
        for key in [key for key in self._ready if key[0] == picture]:
            del self._ready[key]

    def adopt(
        self, picture: int, earlier: int, same: Callable[[int, int, int], bool], *, keep: bool
    ) -> None:
        """Give a picture the tiles of an earlier one that show the ``same`` (level, row, column).

        Unless the earlier one is to ``keep`` its tiles, the others are forgotten.
        """
        for key in [key for key in self._ready if key[0] == earlier]:
            image = self._ready[key] if keep else self._ready.pop(key)
            if same(*key[1:]):
                self._ready[picture, *key[1:]] = image

    def _take(self, letter: tuple[Key, QImage]) -> None:
        self.keep(*letter)
        if any(letter[0] == key for key, _ in self._wanted):
            self._arrived()

    @property
    def late(self) -> bool:
        """Whether this frame may make no more."""
        return self._made > 0 and self.over

    @property
    def over(self) -> bool:
        """Whether this frame's time is over."""
        return time.perf_counter() > self._deadline

    def get(self, key: Key, make: Callable[[], QImage]) -> QImage | None:
        """The tile of that key, made now if there is time; None when there is none left."""
        image = self.found(key)
        if image is not None:
            return image
        if self.late:
            self.incomplete = True
            return None
        self._made += 1
        return self.keep(key, _made(make))

    def found(self, key: Key) -> QImage | None:
        """The tile of that key if it is ready; it is looked at, and so goes later than others."""
        image = self._ready.get(key)
        if image is not None:
            self._ready.move_to_end(key)
        return image

    def peek(self, key: Key) -> QImage | None:
        """The tile of that key if it is ready."""
        return self._ready.get(key)

    def keep(self, key: Key, image: QImage) -> QImage:
        """Note a tile as ready."""
        self._ready[key] = image
        if len(self._ready) > _KEPT:
            self._ready.popitem(last=False)
        return image


class Maker:
    """Makes tiles on a thread of its own, the first that is wanted first."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox
        self._wanted: list[tuple[Key, Callable[[], QImage]]] = []
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._making: Key | None = None

    def want(self, wanted: list[tuple[Key, Callable[[], QImage]]]) -> None:
        """What is wanted now; what was before and is not any more is not made."""
        with self._changed:
            self._wanted = [item for item in wanted if item[0] != self._making]
            if self._wanted and self._thread is None:
                self._thread = threading.Thread(target=self._run, name="tiles", daemon=True)
                self._thread.start()
            if self._wanted:  # waking it for nothing costs the frame a tenth of a millisecond
                self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._making = None
                if not self._wanted and not self._changed.wait_for(lambda: self._wanted, _IDLE):
                    self._thread = None  # another is started when there is something to do
                    return
                self._making, make = self._wanted.pop(0)
                key = self._making
            self._mailbox.post((key, _made(make)))
            del make  # while it waits for more it has no hold of a photograph


def _made(make: Callable[[], QImage]) -> QImage:
    """A tile; a black one where it cannot be made, so that the others are seen."""
    try:
        return make()
    except Exception:
        _log.exception("a tile cannot be made")
        image = QImage(1, 1, QImage.Format.Format_RGB32)
        image.fill(0)
        return image
