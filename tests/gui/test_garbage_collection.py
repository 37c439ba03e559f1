"""The cyclic collector runs on the window's thread, or widgets are destroyed on another."""

import gc
import platform
import subprocess
import sys
import threading
import weakref

import pytest
from PySide6.QtCore import QObject

from safelight.gui.threads import garbage_collection


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


ONE_ARENA = """
import ctypes, threading
from pathlib import Path
from safelight.gui.threads import garbage_collection as garbage

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

if {mended}:
    garbage.keep_to_one_arena()
library = ctypes.CDLL(None)
library.malloc.restype = ctypes.c_void_p
library.free.argtypes = [ctypes.c_void_p]
library.free(library.malloc(ctypes.c_size_t(30 << 20)))  # from now on little is mapped alone
may_end, freed = threading.Event(), threading.Event()
before = resident()

def work():
    blocks = [library.malloc(ctypes.c_size_t(1 << 20)) for _ in range(48)]
    for block in blocks:
        ctypes.memset(block, 1, 1 << 20)
    for block in blocks:
        library.free(block)
    freed.set()
    may_end.wait()

threading.Thread(target=work).start()
freed.wait()
garbage.give_back()
print(resident() - before)
may_end.set()
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="how glibc keeps memory")
def test_what_a_thread_has_freed_is_given_back():
    def left(mended):
        words = [sys.executable, "-c", ONE_ARENA.format(mended=mended)]
        return int(subprocess.run(words, capture_output=True, text=True, check=True).stdout)

    assert left(mended=False) > 32 << 20  # or this test shows nothing
    assert left(mended=True) < 8 << 20


def test_the_application_keeps_to_one_arena(qapp):
    assert garbage_collection.keep_to_one_arena.cache_info().currsize == 1
