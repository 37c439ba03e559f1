"""After paint: what is loaded once the window has been painted, and on which thread.

A window is painted with Qt and the files of ``gui`` that it is made of, and nothing else. The
window's deeds, dialogs and panels import what stands below ``gui`` in the functions that need
that: until then it is loaded from here. ``tests/promises/test_start.py`` lists what may not be
loaded before.

What stands below ``gui`` is loaded on a thread. What imports Qt is loaded on the window's thread
and nowhere else: PySide6 makes a class of Qt's when its name is first asked for, and two threads
that do so at once, one with widgets, end the process.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

_PACKAGES = (
    "safelight.gui.controls",
    "safelight.gui.canvas.tools",
    "safelight.gui.canvas",
    "safelight.gui.panels",
    "safelight.gui.adjust",
    "safelight.gui.previews",
)
"""What a photograph is shown in, lowest first: what a package needs of another comes before it."""

_LAST = (
    "safelight.gui.session",
    "safelight.gui.jobs.filter_stack",
    "safelight.gui.frames.frame_strip",
    "safelight.gui.sidebar",
    "safelight.gui.workspace",
)

_loading = threading.RLock()


def load_decoder() -> None:
    """Have the process started that decodes pictures: it is ready when the rest is loaded.

    At a start with photographs it comes first: other processors have nothing to do yet.
    """
    from safelight.workers.decoders import shared
    from safelight.workers.worker_process import WorkerDied

    with contextlib.suppress(WorkerDied, OSError):  # who opens a picture is told
        shared().begin()


def load_for_photographs() -> None:
    """Documents, files, codecs and jobs: what a photograph is opened with, before it is shown.
    Nothing of Qt: a thread runs it, for photographs that were named at the start beside the window,
    so that they are decoded while that is made.
    """
    with _loading:
        load_decoder()
        import safelight.gui.open_and_save.loaded_files  # noqa: F401


def load_below() -> None:
    """All that stands below the window's code, and nothing of Qt: a thread runs it."""
    with _loading:
        load_for_photographs()
        from safelight.actions import Studio  # noqa: F401


def end_loading() -> None:
    """Wait for a thread that is loading, and have none load any more: the process is about to end,
    and aborts where a thread is in the middle of making a library of C++ ready.
    """
    _loading.acquire()


def loading_workspaces() -> Iterator[None]:
    """The canvas, its tools and all panels: what a photograph is shown in, in steps of a few files.
    It is loaded on the window's thread, once ``load_below`` has returned.
    """
    from safelight.gui.threads.import_turns import in_turns

    return in_turns(_PACKAGES, _LAST)
