"""The start: what is loaded before the window is painted, counted; nothing that comes is lost."""

import json
import os
import subprocess
import sys

import pytest

_UNTIL_PAINTED = """
import json, os, sys, threading
from PySide6 import QtWidgets
from PySide6.QtCore import QEvent, QObject

bare = set(sys.modules)

class FirstPaint(QObject):
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint and watched.isWidgetType() and watched.isWindow():
            opening = getattr(watched, "opening", None)
            found = {
                "loaded": sorted(set(sys.modules) - bare),
                "coming": opening.count,
                "threads": [thread.name for thread in threading.enumerate()],
            }
            print(json.dumps(found), flush=True)
            os._exit(0)
        return False

class Application(QtWidgets.QApplication):
    def __init__(self, *given):
        super().__init__(*given)
        self.first = FirstPaint(self)
        self.installEventFilter(self.first)

QtWidgets.QApplication = Application
from safelight.cli import main
sys.exit(main(sys.argv[1:]))
"""

_LOADED_AFTER = {
    # What computes, and what reads and writes files.
    *("numpy", "PIL", "imagecodecs", "cv2", "tifffile", "lensfunpy", "sqlite3", "mmap"),
    # What plugins and workers are found, described and run with.
    *("pluggy", "packaging", "importlib.metadata", "platformdirs", "tomllib", "inspect"),
    *("subprocess", "socket", "multiprocessing", "concurrent.futures", "asyncio"),
    # What dialogs need.
    *("difflib", "uuid", "secrets", "logging", "ctypes.util"),
}
"""What of the standard library and of others' is loaded once the window has been painted."""

_MOST = 100
"""Modules that may come with the window, beside those that PySide6 itself brings. There are 84."""


@pytest.fixture(scope="module")
def at_first_paint(tmp_path_factory):
    """A function: what is there when the window that the words ask for is painted first."""
    home = tmp_path_factory.mktemp("home")
    folders = ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")
    environment = os.environ | dict.fromkeys(folders, str(home))
    environment["QT_QPA_PLATFORM"] = "offscreen"

    def start(*words):
        done = subprocess.run(
            [sys.executable, "-c", _UNTIL_PAINTED, *map(str, words)],
            **{"env": environment, "capture_output": True, "text": True, "check": True},
        )
        return json.loads(done.stdout)

    return start


def test_nothing_below_the_window_is_loaded_before_it_is_painted(at_first_paint):
    found = at_first_paint()
    loaded = set(found["loaded"])
    assert not loaded & _LOADED_AFTER
    below = {name for name in loaded if name.startswith("safelight.")}
    assert {name.split(".")[1] for name in below} == {"cli", "gui"}
    assert len(loaded) <= _MOST, sorted(loaded)
    assert found["threads"] == ["MainThread"]  # the interpreter is the window's alone


def test_a_photograph_that_is_named_is_on_its_way_before_the_window_is_painted(
    at_first_paint, tmp_path
):
    photo = tmp_path / "photo.png"
    photo.write_bytes(b"\x89PNG\r\n\x1a\n")  # that it is damaged is told later
    found = at_first_paint(photo)
    assert found["coming"] == 1
