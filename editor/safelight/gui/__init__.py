"""The window: the only folder that imports PySide6.

application   starts Qt, shows the window, opens what was named
window        menus, tabs, status line; light, so that it is there at once
workspace     one open document: canvas, panels, jobs; loaded with the first photograph
session       the model behind a workspace: history, preview, job
plugindialog/ what is installed beside the editor: install, update, switch, uninstall
canvas/       the picture on the screen
panels/       filters, settings, history
controls/     one control for each kind of parameter
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def display_available() -> bool:
    """Whether Qt can find a display. Asked before Qt is, which aborts where there is none."""
    if not sys.platform.startswith("linux"):
        return True
    platform = os.environ.get("QT_QPA_PLATFORM", "").split(":")[0]
    if platform in ("offscreen", "minimal", "vnc", "linuxfb", "eglfs"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def run(paths: list[Path], *, device: str = "auto", safe: bool = False) -> int:
    """Open the window on the photographs named; returns its exit status when it is closed."""
    from safelight.gui.application import run as run_application

    return run_application(paths, device=device, safe=safe)
