"""The window: the only folder that imports PySide6.

application     starts Qt, shows the window, opens what was named
window          menus, tabs, status line; light, so that it is there at once
workspace       one open document: canvas, panels, jobs; loaded with the first photograph
session         the model behind a workspace: history, preview, job
plugins_dialog/ what is installed beside the editor: install, update, switch, uninstall
canvas/         the picture on the screen
panels/         filters, settings, history
controls/       one control for each kind of parameter
"""

from __future__ import annotations

import ctypes
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
    if paths:
        from safelight.gui.after_paint import load_for_photographs

        threading.Thread(target=load_for_photographs, name="photographs", daemon=True).start()
    from safelight.gui.application import run as run_application

    return run_application(paths, device=device, safe=safe)
