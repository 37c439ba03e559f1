"""The window: the only folder that imports PySide6.

application     starts Qt, shows the window, opens what was named
window          menus, tabs, status line; light, so that it is there at once
workspace       one open document: canvas, panels, jobs; loaded with the first photograph
session         the model behind a workspace: history and active layer

canvas/         the picture on the screen, and the tools that touch it
adjust/         the sliders of *Adjust* and the layers that they make
panels/         layers, filters, settings, history, histogram, facts
controls/       one control for each kind of parameter
previews/       what a filter would give, before it is applied
jobs/           filters chosen, waiting, running, out of date
frames/         a sequence below the picture, and its keyframes
folder/         the photographs of a folder below the one that is open
open_and_save/  photographs, projects and raw files on their way in, and what keeps them
export/         photographs written to files
prints/         photographs on paper
batch/          recipes, done to one photograph or to many files
plugins/        what is installed: install, update, switch, uninstall
inspect/        what a filter does at a place, and whether its result can be made again
dialogs/        what asks for sizes, colours, keys and a command's settings
deeds/          everything that can be asked for: menus, keys and search are drawn from it
screen/         a document's colours as a screen, or a print on it, shows them
widgets/        colours, icons and small parts that the others share
threads/        what runs beside the window's thread, and what is loaded when
"""

from __future__ import annotations

import ctypes
import gc
import os
import sys
import threading
from importlib.util import find_spec
from pathlib import Path

_WITHOUT_SCREEN = ("offscreen", "minimal", "vnc", "linuxfb", "eglfs")  # of Qt's platforms


def why_no_window() -> str:
    """What keeps a window from being shown here, as a sentence without its stop; "" for nothing.

    Asked before Qt is, which ends the process where it finds no display, or no library that its
    platform "xcb" needs.
    """
    if not sys.platform.startswith("linux"):
        return ""
    platform = os.environ.get("QT_QPA_PLATFORM", "").split(":")[0]
    if platform in _WITHOUT_SCREEN:
        return ""
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return (
            "there is no display here; the command line works without one:"
            " safelight apply enlarge photo.jpg big.png --set factor=2"
        )
    if platform == "xcb" or not (platform or os.environ.get("WAYLAND_DISPLAY")):
        library = _missing_library(_qt() / "plugins/platforms/libqxcb.so")
        if library:
            return (
                f"Qt needs the library {library} to show a window;"
                f" on Debian and Ubuntu: apt install {_debian_package(library)}"
            )
    return ""


def _qt() -> Path:
    """Where PySide6 keeps Qt. Nothing of PySide6 is loaded for it."""
    found = find_spec("PySide6")
    return Path(found.origin or "").parent / "Qt" if found else Path()


def _missing_library(path: Path) -> str:
    """The name of the first library that is missing to load `path`; "" where none is."""
    if not path.exists():
        return ""  # a PySide6 of the system keeps Qt elsewhere, and its packages are whole
    try:
        ctypes.CDLL(str(path))
    except OSError as error:
        name, _, rest = str(error).partition(":")
        return name if "No such file" in rest and name != str(path) else ""
    return ""


def _debian_package(library: str) -> str:
    """The package of a library by Debian's naming policy: libxcb-cursor.so.0 is libxcb-cursor0."""
    name, _, version = library.partition(".so")
    dash = "-" if name[-1:].isdigit() else ""
    return f"{name}{dash}{version.strip('.')}".lower()


def run(paths: list[Path], *, device: str = "auto", safe: bool = False) -> int:
    """Open the window on the photographs named; returns its exit status when it is closed."""
    gc.disable()  # Nothing of the start is garbage; from the application on, it collects when idle.
    if paths:
        from safelight.gui.threads.after_paint import load_decoder, load_for_photographs

        # Begun by a thread it would come after the window, whose imports hold the interpreter.
        load_decoder()
        threading.Thread(target=load_for_photographs, name="photographs", daemon=True).start()
    from safelight.gui.application import run as run_application

    return run_application(paths, device=device, safe=safe)
