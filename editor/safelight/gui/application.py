"""Application: starts Qt, shows the window, and keeps an unforeseen error from being silent."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path
from types import TracebackType

from PySide6.QtWidgets import QApplication

from safelight.gui.threads.after_paint import end_loading
from safelight.gui.threads.garbage_collection import keep_to_one_arena, keep_to_this_thread
from safelight.gui.widgets import theme
from safelight.gui.window import Window

_TURN = 0.0005
"""Seconds a thread may keep Python to itself while the window waits for it: painting takes it up
again a dozen times, and a dozen of the interpreter's own 5 ms would be seen."""


def make_application(arguments: list[str]) -> QApplication:
    """The one QApplication, with Safelight's names and looks."""
    keep_to_one_arena()
    existing = QApplication.instance()
    application = existing if isinstance(existing, QApplication) else QApplication(arguments)
    application.setApplicationName("Safelight")
    application.setDesktopFileName("safelight")
    theme.apply(application)
    keep_to_this_thread(application)
    sys.setswitchinterval(_TURN)
    return application


def run(paths: list[Path], *, device: str = "auto", safe: bool = False) -> int:
    """Show the window with these photographs; returns when it is closed."""
    application = make_application(sys.argv[:1])
    window = Window(device, safe=safe)

    def report(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        details = "".join(traceback.format_exception(kind, error, trace))
        print(details, file=sys.stderr)
        if issubclass(kind, Exception):
            window.say(f"Something went wrong that should not have: {error}", details)

    sys.excepthook = report
    window.show()
    for path in paths:
        window.take(path)
    status = application.exec()
    end_loading()
    return status
