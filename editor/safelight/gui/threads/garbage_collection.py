"""Garbage collection: Python's, kept to the window's thread and away from what stays.

Left to itself it runs on whichever thread allocates next. There it destroys widgets, which Qt
allows on the window's thread alone: the process crashes, now and then. On the window's thread it
walks everything the start has made, for 40 ms.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
from functools import cache

from PySide6.QtCore import QCoreApplication, QObject, QTimer
from PySide6.QtWidgets import QWidget

_PAUSE = 500
"""Milliseconds between looks; what is in no cycle goes at once, by its reference count."""


class Garbage(QObject):
    """Collects on the thread it was made on, by the interpreter's own thresholds."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        gc.disable()
        self._timer = QTimer(self)
        self._timer.setInterval(_PAUSE)
        self._timer.timeout.connect(self._look)
        self._timer.start()

    def _look(self) -> None:
        counts, limits = gc.get_count(), gc.get_threshold()
        for generation in (2, 1, 0):
            if counts[generation] > limits[generation]:
                gc.collect(generation)
                return


_ARENA_MAX = -8
"""M_ARENA_MAX of mallopt(3)."""


@cache
def keep_to_one_arena() -> None:
    """Have the C library take all memory from one place, where it can be told to. Done at start.

    glibc gives threads arenas of their own, and keeps up to 64 MB at the end of each of them for
    good: malloc_trim(3) returns what lies between pages in use, and the end of the first arena
    alone.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_ARENA_MAX, 1)


def give_back() -> None:
    """Return to the system what the C library keeps of freed memory, where it can be told to.

    It takes some milliseconds, in which other threads go on.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def destroy(widget: QWidget) -> None:
    """Have Qt destroy a widget with all that is inside, and let what it had hold of go with it.

    What Qt destroys stays an object of Python's, with what its attributes hold: signals, methods
    and parents make cycles of them, and until a collection comes by a closed photograph would
    take its memory.
    """
    inside: list[QObject] = [widget, *widget.findChildren(QObject)]

    def empty() -> None:
        for item in inside:
            vars(item).clear()

    widget.destroyed.connect(empty)
    widget.deleteLater()


@cache
def keep_to_this_thread(application: QCoreApplication) -> Garbage:
    """Collect on this thread from now on, as long as the application lives."""
    return Garbage(application)


@cache
def keep_for_good() -> None:
    """Let no collection walk what there is now. Done once a process, when all is loaded."""
    gc.freeze()
