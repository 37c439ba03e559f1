"""Open batch window: File, Batch: the window in which a recipe is done to many files."""

from __future__ import annotations

from pathlib import Path

from safelight.gui.deed_context import Desk


def open_batch(desk: Desk) -> None:
    """Show the batch window; where it is open already, bring it to the front."""
    from safelight.gui.batch.batch_window import BatchWindow

    studio = desk.backend.studio
    if studio is None:
        return
    for window in desk.closing.windows:
        if isinstance(window, BatchWindow):
            window.raise_()
            window.activateWindow()
            return

    def opened() -> list[Path]:
        paths = (item.session.files.path for item in desk.tabs.workspaces())
        return [path for path in paths if path is not None]

    here = opened()
    folder = (here[0].absolute().parent if here else Path.home()) / "batch"
    window = BatchWindow(studio, desk.window, folder=folder, opened=opened)
    desk.closing.windows.add(window)
    window.destroyed.connect(lambda: desk.closing.windows.discard(window))
    window.show()
