"""Open batch window: File, Batch: the window in which a recipe is done to many files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from safelight.gui.deed_context import DeedContext


def open_batch(context: DeedContext, files: Sequence[Path] = ()) -> None:
    """Show the batch window; where it is open already, bring it to the front. It gets ``files``."""
    from safelight.gui.batch.batch_window import BatchWindow

    studio = context.backend.studio
    if studio is None:
        return
    for window in context.closing.windows:
        if isinstance(window, BatchWindow):
            window.raise_()
            window.activateWindow()
            window.take(files)
            return

    def opened() -> list[Path]:
        paths = (item.session.files.path for item in context.tabs.workspaces())
        return [path for path in paths if path is not None]

    here = [*files, *opened()]
    folder = (here[0].absolute().parent if here else Path.home()) / "batch"
    window = BatchWindow(studio, context.window, folder=folder, opened=opened)
    context.closing.windows.add(window)
    window.destroyed.connect(lambda: context.closing.windows.discard(window))
    window.show()
    window.take(files)
