"""After paint: what is loaded once the window has been painted, on a thread, in this order.

A window is painted with Qt and the files of ``gui`` that it is made of, and nothing else. The
window's deeds, dialogs and panels import what stands below ``gui`` in the functions that need
that: until then it is loaded from here. ``tests/promises/test_start.py`` lists what may not be
loaded before.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from safelight.actions import Studio


def load_decoder() -> None:
    """Have the process started that decodes pictures: it is ready when the rest is loaded."""
    from safelight.workers.decoders import shared
    from safelight.workers.worker_process import WorkerDied

    with contextlib.suppress(WorkerDied):  # who opens a picture is told
        shared().pool.begin()


def load_opening() -> None:
    """Documents, files, codecs and jobs: what a photograph is opened with, before it is shown."""
    import safelight.gui.loaded_files  # noqa: F401


def load_workspaces() -> None:
    """The canvas, its tools and all panels: what a photograph is shown in."""
    import safelight.gui.workspace  # noqa: F401


def studio_for(device: str, *, safe: bool) -> Studio:
    """What runs filters on ``device``, once all that has been loaded."""
    load_decoder()
    load_opening()
    load_workspaces()
    from safelight.actions import Studio

    return Studio(device, safe=safe)


def load_for_photographs() -> None:
    """What photographs are opened with that were named at the start: theirs comes first, beside
    Qt and the window, so that they are decoded while that is made.
    """
    load_decoder()
    load_opening()
