"""Start one of two programs, say on standard output when its window can be used, and end it.

    python first_paint.py editor | smallest

A window can be used when it has been painted and the event loop then answers two zero timers in
turn: whatever the program put off until after its first paint with a zero timer of its own is
done, or is running on a thread, by the second answer.
"""

import os
import sys

from PySide6 import QtWidgets
from PySide6.QtCore import QEvent, QObject, QTimer


class FirstPaint(QObject):
    """Waits for the first painting of a window. A filter on all events, the same on both sides."""

    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint and watched.isWidgetType() and watched.isWindow():
            QtWidgets.QApplication.instance().removeEventFilter(self)
            QTimer.singleShot(0, self._painted)
        return False

    def _painted(self):
        QTimer.singleShot(0, self._usable)

    def _usable(self):
        os.write(1, b"usable\n")
        QTimer.singleShot(0, QtWidgets.QApplication.instance().quit)


class WatchedApplication(QtWidgets.QApplication):
    """The application either program makes, with the filter on it from its first moment."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self._first_paint = FirstPaint(self)
        self.installEventFilter(self._first_paint)


QtWidgets.QApplication = WatchedApplication

if sys.argv[1] == "editor":
    sys.argv = ["safelight"]
    from safelight.cli import main
else:
    from smallest_window import main

sys.exit(main())
