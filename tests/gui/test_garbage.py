"""The cyclic collector runs on the window's thread, or widgets are destroyed on another."""

import gc
import threading
import weakref

from PySide6.QtCore import QObject


class Knot(QObject):
    """In a cycle with itself; tells on which thread it goes."""

    def __init__(self, gone):
        super().__init__()
        self.me = self
        weakref.finalize(self, lambda: gone.append(threading.current_thread()))


def allocate():
    return [[] for _ in range(200_000)]


def test_no_other_thread_collects(qtbot):
    gone = []
    Knot(gone)
    thread = threading.Thread(target=allocate)
    thread.start()
    thread.join()
    assert gone == []
    allocate()
    assert gone == []
    gc.collect()
    assert gone == [threading.main_thread()]


def test_what_is_in_a_cycle_goes_in_the_end(qtbot):
    gone = []
    Knot(gone)
    kept = allocate()
    qtbot.waitUntil(lambda: bool(gone), timeout=10_000)
    assert gone == [threading.main_thread()]
    assert kept
