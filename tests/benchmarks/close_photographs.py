"""Closing: what memory comes back to when photographs are closed.

``python -m tests.benchmarks.close_photographs``

Photographs are opened in the real window one after the other, edited, looked at through a filter's
panel and closed without saving. After each the resident memory of the editor and of its workers
is told, and how many documents and rasters are still alive. No collection is forced: what goes
has to go by itself. The compiled kernels are there before, as they are at every start but the first
of a version: what loads them is no photograph's.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PIL import Image
from PySide6.QtCore import QEventLoop
from PySide6.QtWidgets import QApplication

from safelight.document import Document
from safelight.gui.application import make_application
from safelight.gui.window import Window
from safelight.pixels import Raster
from tests.benchmarks.pairs import KERNELS

_LIMIT = 600.0
"""Seconds to wait for anything."""

_MOST = 1.15
"""What memory may be after the last photograph, as a multiple of that after the first."""

_REST = 18.0
"""Seconds between closing and looking: threads end, timers run out."""


def main(words: list[str] | None = None) -> int:
    """Open, edit and close; print a line for each photograph. 1 when memory has grown too far."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.close_photographs")
    parser.add_argument("--times", type=int, default=10, help="photographs, one after the other")
    parser.add_argument("--size", default="6000x4000", help="of each, in pixels")
    parser.add_argument("--apply", default="warmth", help="the filter that becomes a layer")
    parser.add_argument("--panel", default="denoise", help="the filter whose preview is looked at")
    options = parser.parse_args(words)
    width, height = map(int, options.size.split("x"))
    for name in ("CACHE", "CONFIG", "DATA", "STATE"):
        os.environ[f"XDG_{name}_HOME"] = tempfile.mkdtemp()
    _have_kernels(Path(os.environ["XDG_CACHE_HOME"]) / "safelight" / "kernels")
    application = make_application(sys.argv[:1])
    window = Window()
    window.resize(900, 560)
    window.show()
    wait = Waiting(application)
    wait.until(lambda: window.ready and bool(window.status.device.text()))
    before = _resident(os.getpid())
    print(f"before: editor {before:.0f} MB")
    print("photograph  editor MB  workers MB  documents  rasters")
    editors: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "photograph.jpg"
        _picture(path, width, height)
        for number in range(1, options.times + 1):
            _use(window, wait, path, options.apply, options.panel)
            wait.seconds(_REST)
            editors.append(_resident(os.getpid()))
            workers = sum(_resident(process) for process in _children())
            alive = gc.get_objects()
            # Only a type can be asked of everything: a weak proxy of what is gone raises.
            documents = sum(issubclass(type(item), Document) for item in alive)
            rasters = sum(issubclass(type(item), Raster) for item in alive)
            del alive
            print(
                f"{number:10}  {editors[-1]:9.0f}  {workers:10.0f}  {documents:9}  {rasters:7}",
                flush=True,
            )
    grown = editors[-1] / editors[0]
    print(f"the last against the first: {grown:.2f}, where {_MOST} is the most")
    window.close()
    return 0 if grown <= _MOST else 1


def _have_kernels(folder: Path) -> None:
    """Put this checkout's compiled kernels where the editor looks for them."""
    fill = "import sys; from safelight.pixels.fused import fill; fill(sys.argv[1])"
    subprocess.run([sys.executable, "-c", fill, str(KERNELS)], check=True)
    folder.parent.mkdir(parents=True)
    folder.symlink_to(KERNELS)


def _use(window: Window, wait: Waiting, path: Path, apply: str, panel: str) -> None:
    window.open(path)
    wait.until(lambda: window.tabs.count() == 1)
    workspace = window.workspace()
    assert workspace is not None
    session = workspace.session
    filters = {item.name: item for item in window.filters}
    settings = filters[apply].settings({})
    session.jobs.apply(filters[apply], settings, None)
    wait.until(lambda: len(session.document.layers) == 2 and session.job is None)
    session.undo()
    session.redo()
    wait.until(lambda: workspace.canvas.finished)
    if panel:
        workspace.canvas.zoom_to(1.0)
        window.open_filter(filters[panel])
        wait.until(lambda: session.previews.run is not None)
        wait.until(lambda: session.previews.run is None)
        wait.seconds(1)
    session.files.mark_saved(session.document)  # or closing would ask
    window.close_tab(0)
    wait.until(lambda: window.tabs.count() == 0)


class Waiting:
    """Lets the window live until something has come about."""

    def __init__(self, application: QApplication) -> None:
        self._application = application

    def until(self, condition: Callable[[], bool]) -> None:
        """Raises TimeoutError when it does not."""
        deadline = time.monotonic() + _LIMIT
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError("the window did not get there")
            self._turn()

    def seconds(self, count: float) -> None:
        end = time.monotonic() + count
        while time.monotonic() < end:
            self._turn()

    def _turn(self) -> None:
        self._application.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 50)
        # deleteLater waits for an event loop that is left, and there is none here.
        self._application.sendPostedEvents(None, 52)
        time.sleep(0.01)


def _picture(path: Path, width: int, height: int) -> None:
    """A photograph's likeness: slow gradients and noise."""
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    noise = np.random.default_rng(5).normal(0, 8, (height, width)).astype(np.float32)
    planes = [
        columns / width * 200 + noise,
        rows / height * 200 + noise,
        90 + 60 * np.sin(rows / 99) + noise,
    ]
    pixels = np.stack(planes, axis=2).clip(0, 255).astype(np.uint8)
    Image.fromarray(pixels).save(path, quality=92)


def _resident(process: int) -> float:
    """Resident memory in MB, none once it has ended; shared blocks count in each that maps them."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1e3
    return 0.0


def _children() -> list[int]:
    """The processes that this one has started, and theirs."""
    found: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            found.setdefault(int(fields[1]), []).append(int(entry.name))
    children, waiting = [], [os.getpid()]
    while waiting:
        inner = found.get(waiting.pop(), [])
        children += inner
        waiting += inner
    return children


if __name__ == "__main__":
    sys.exit(main())
