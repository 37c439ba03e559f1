"""README pictures: the window draws itself. ``python -m safelight.gui.readme_pictures FOLDER``."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QEventLoop, QIODevice
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QApplication

from safelight.gui.application import make_application
from safelight.gui.open_and_save.samples_and_recent_files import sample_photographs
from safelight.gui.panels.document_glimpse import Glimpse
from safelight.gui.window import Window

_PHOTOGRAPH = "oakland-zoo-otters.jpg"
_LIMIT = 120.0
"""Seconds to wait for anything."""


_SET = (
    ("white_balance", "temperature", 6900.0),
    ("light", "exposure", 0.35),
    ("light", "contrast", 18.0),
    ("light", "highlights", -40.0),
    ("light", "shadows", 22.0),
)
"""What is set in *Adjust*: the filter, its parameter and the value."""


def draw_window(path: Path, photograph: Path) -> None:
    """Draw the window with a photograph, what is set in *Adjust*, and the split line.

    Raises TimeoutError when it does not get ready.
    """
    application = make_application(sys.argv[:1])
    window = Window()
    window.resize(1366, 768)
    window.show()
    window.open(photograph)
    _wait(application, lambda: window.ready and window.workspace() is not None)
    workspace = window.workspace()
    assert workspace is not None
    session, page = workspace.session, workspace.filters.home
    for name, parameter, value in _SET:
        row = page.row_of(f"safelight_adjust.{name}")
        assert row is not None
        row.controls[parameter].choose(value)
    _wait(application, lambda: len(session.document.layers) == 3)
    canvas = workspace.canvas
    canvas.fit()
    canvas.set_split(True)
    canvas.setFocus()
    _wait(application, lambda: bool(window.status.device.text()) and workspace.canvas.finished)
    page.area.verticalScrollBar().setValue(0)
    _wait(application, lambda: not _looks_again(window))
    _save(window.grab(), path)
    session.files.mark_saved(session.document)  # or closing would ask
    window.close()


def _looks_again(window: Window) -> bool:
    """Whether histogram and navigator are about to show another picture."""
    return any(glimpse.busy for glimpse in window.findChildren(Glimpse))


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
        print("usage: python -m safelight.gui.readme_pictures FOLDER", file=sys.stderr)
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
