"""Pictures: the window draws itself for the README. ``python -m safelight.gui.pictures FOLDER``."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QEventLoop, QIODevice, QPointF
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QApplication

from safelight.gui.application import make_application
from safelight.gui.samples import sample_photographs
from safelight.gui.window import Window

_PHOTOGRAPH = "oakland-zoo-otters.jpg"
_SUBJECT = (0.4, 0.4)
"""Where the otter's head is, in parts of the canvas's width and height."""

_LIMIT = 120.0
"""Seconds to wait for anything."""


def draw_window(path: Path, photograph: Path, filter: str = "enlarge") -> None:
    """Draw the window with a photograph, a filter layer, and another filter's panel, its preview
    and the split line.

    Raises TimeoutError when the preview does not come.
    """
    application = make_application(sys.argv[:1])
    window = Window()
    window.resize(1280, 800)
    window.show()
    window.open(photograph)
    _wait(application, lambda: window.ready and window.workspace() is not None)
    workspace = window.workspace()
    assert workspace is not None
    found = {item.name: item for item in window.filters}
    session = workspace.session
    session.jobs.apply(found["warmth"], found["warmth"].settings({"amount": 0.08}), None)
    _wait(application, lambda: len(session.document.layers) == 2)
    canvas = workspace.canvas
    canvas.fit()
    canvas.zoom_to(2.0, QPointF(canvas.width() * _SUBJECT[0], canvas.height() * _SUBJECT[1]))
    canvas.set_split(True)
    window.open_filter(found[filter])
    _wait(application, lambda: session.overlay is not None and session.previews.run is None)
    _wait(application, lambda: bool(window.status.device.text()) and workspace.canvas.finished)
    _save(window.grab(), path)
    session.files.mark_saved(session.document)  # or closing would ask
    window.close()


def _wait(application: QApplication, condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _LIMIT
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("the window did not get ready")
        application.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 50)
        time.sleep(0.01)


def _save(pixmap: QPixmap, path: Path) -> None:
    from safelight import actions

    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    pixmap.save(buffer, "PNG")
    path.parent.mkdir(parents=True, exist_ok=True)
    actions.atomic_write(path, lambda file: file.write(data.data()), overwrite=True)


def main(arguments: list[str]) -> int:
    """Draw every picture into the folder named."""
    if len(arguments) != 1:
        print("usage: python -m safelight.gui.pictures FOLDER", file=sys.stderr)
        return 2
    samples = sample_photographs()
    if not samples:
        print("There are no sample photographs to draw the window with.", file=sys.stderr)
        return 1
    photograph = next((path for path in samples if path.name == _PHOTOGRAPH), samples[0])
    draw_window(Path(arguments[0]) / "window.png", photograph)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
