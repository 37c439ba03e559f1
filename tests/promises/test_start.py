"""The start: what is loaded before the window is painted, counted; nothing that comes is lost."""

import json
import os
import subprocess
import sys

import pytest
from PIL import Image

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

_WHEN_QT_BEGINS = """
import gc, json, os, sys

class Asked:
    \"\"\"Says, when Qt is first imported, what has begun; finds none.\"\"\"

    def find_spec(self, name, path=None, target=None):
        if name == "PySide6.QtWidgets":
            from safelight.workers.decoders import shared
            found = {"begun": len(shared().pool._idle), "collects": gc.isenabled()}
            print(json.dumps(found), flush=True)
            os._exit(0)

sys.meta_path.insert(0, Asked())
from safelight.cli import main
sys.exit(main(sys.argv[1:]))
"""

_WITH_A_PHOTOGRAPH = """
import json, os, sys, threading
from PySide6 import QtWidgets
from PySide6.QtCore import QTimer

first = {}

class Seen:
    \"\"\"Notes which thread imports a module first; finds none.\"\"\"

    def find_spec(self, name, path=None, target=None):
        first.setdefault(name, threading.current_thread() is threading.main_thread())

sys.meta_path.insert(0, Seen())

def of_qt(name):
    module = sys.modules.get(name)
    held = [] if module is None else list(vars(module).values())
    return name.startswith(("PySide6", "shiboken6")) or any(
        str(getattr(one, "__module__", "")).startswith("PySide6") for one in held
    )

def look():
    for window in QtWidgets.QApplication.topLevelWidgets():
        if getattr(window, "ready", False) and window.workspaces():
            found = {
                "main": sorted(name for name in first if of_qt(name) and first[name]),
                "threads": sorted(name for name in first if of_qt(name) and not first[name]),
            }
            print(json.dumps(found), flush=True)
            os._exit(0)

Plain = QtWidgets.QApplication

class Application(Plain):
    def exec(self):
        self.timer = QTimer()
        self.timer.timeout.connect(look)
        self.timer.start(20)
        return Plain.exec()

QtWidgets.QApplication = Application
from safelight.cli import main
sys.exit(main(sys.argv[1:]))
"""

_CLOSED_AT_ONCE = """
import atexit, json, sys
from PySide6 import QtWidgets
from PySide6.QtCore import QTimer

def whole():
    loaded = sys.modules.get("safelight.gui.open_and_save.loaded_files")
    print(json.dumps(hasattr(loaded, "open_for_the_screen")), flush=True)

def look():
    if "safelight.document" in sys.modules:  # a thread has begun to load
        QtWidgets.QApplication.quit()

Plain = QtWidgets.QApplication

class Application(Plain):
    def exec(self):
        self.timer = QTimer()
        self.timer.timeout.connect(look)
        self.timer.start(0)
        return Plain.exec()

QtWidgets.QApplication = Application
atexit.register(whole)
from safelight.cli import main
sys.exit(main(sys.argv[1:]))
"""

_IN_STEPS = """
import json, sys
import safelight.gui.application
from safelight.gui.threads import after_paint

after_paint.load_below()
counts, asks = [], "asked" in sys.argv
before = set(sys.modules)
for _ in after_paint.loading_workspaces():
    if asks and not counts:
        from safelight.gui.previews.first_look import FirstLook
        from safelight.gui.controls import control_for
    new = set(sys.modules) - before
    counts.append(len([name for name in new if name.startswith("safelight.gui")]))
    before |= new
import safelight.gui.workspace
later = sorted(set(sys.modules) - before)
print(json.dumps({"counts": counts, "later": later}))
"""

_IN_A_STEP = 16
"""Files of the window that a step may load; 160 of them take 90 ms of an idle processor."""

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
def started(tmp_path_factory):
    """A function: the JSON that a script prints, begun with words as a process without a screen."""
    home = tmp_path_factory.mktemp("home")
    folders = ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")
    environment = os.environ | dict.fromkeys(folders, str(home))
    environment["QT_QPA_PLATFORM"] = "offscreen"

    def start(script, *words):
        done = subprocess.run(
            [sys.executable, "-c", script, *map(str, words)],
            **{"env": environment, "capture_output": True, "text": True, "check": True},
        )
        return json.loads(done.stdout)

    return start


def test_nothing_below_the_window_is_loaded_before_it_is_painted(started):
    found = started(_UNTIL_PAINTED)
    loaded = set(found["loaded"])
    assert not loaded & _LOADED_AFTER
    below = {name for name in loaded if name.startswith("safelight.")}
    assert {name.split(".")[1] for name in below} == {"cli", "gui"}
    assert len(loaded) <= _MOST, sorted(loaded)
    assert found["threads"] == ["MainThread"]  # the interpreter is the window's alone


def test_a_photograph_that_is_named_is_on_its_way_before_the_window_is_painted(started, tmp_path):
    photo = tmp_path / "photo.png"
    photo.write_bytes(b"\x89PNG\r\n\x1a\n")  # that it is damaged is told later
    found = started(_UNTIL_PAINTED, photo)
    assert found["coming"] == 1


def test_what_decodes_a_photograph_that_is_named_has_begun_before_qt_is_imported(started, tmp_path):
    photo = tmp_path / "photo.png"
    photo.write_bytes(b"\x89PNG\r\n\x1a\n")
    assert started(_WHEN_QT_BEGINS, photo) == {"begun": 1, "collects": False}


def test_what_imports_qt_is_imported_on_the_windows_thread_alone(started, tmp_path):
    photo = tmp_path / "photo.jpg"
    Image.new("RGB", (300, 200), "teal").save(photo)
    found = started(_WITH_A_PHOTOGRAPH, photo)
    assert "safelight.gui.workspace" in found["main"]
    assert not found["threads"]


def test_what_imports_qt_is_imported_in_steps_that_do_not_hold_the_window(started):
    found = started(_IN_STEPS)
    assert max(found["counts"]) <= _IN_A_STEP, found["counts"]
    assert not found["later"]


def test_a_name_of_a_package_that_is_half_imported_is_there(started):
    assert started(_IN_STEPS, "asked")["later"] == []


def test_a_process_does_not_end_while_a_thread_loads_a_library(started):
    assert started(_CLOSED_AT_ONCE)
