"""Start-up: from nothing to a window that can be used.

Ours is the command ``safelight`` without a photograph, through its real entry; the reference is
``smallest_window.py``. Both are whole processes, run in turn, timed from the moment they are
started to the line in which they say that their window is painted and answers (``first_paint.py``
says what that means and watches both alike). The ratio is what the editor adds to the price of
Python and Qt.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from safelight.actions.plugins.plugin_store import Store
from tests.benchmarks.pairs import Row, Skipped, alternate, touch
from tests.plugins.records import record

PAIRS = {"full": 11, "quick": 7, "tiny": 1}

_LIMIT = 60.0
_PLUGINS = 50


def measure(pairs: int, size: str = "full") -> list[Row]:
    """Start both ``pairs`` times. Raises Skipped when a window does not open here."""
    touch(512 << 20)
    warm = {"full": 2, "quick": 1, "tiny": 0}[size]
    with tempfile.TemporaryDirectory() as home, tempfile.TemporaryDirectory() as other:
        environment, many = _environment(Path(home)), _environment(Path(other))
        store = Store(Path(many["XDG_DATA_HOME"]) / "safelight" / "plugins")
        for number in range(_PLUGINS):
            record(store, f"safelight-p{number:02}")
        ours, reference = alternate(
            lambda: _start("editor", environment),
            lambda: _start("smallest", environment),
            pairs,
            warm=warm,
        )
        crowded, alone = alternate(
            lambda: _start("editor", many), lambda: _start("editor", environment), pairs, warm=warm
        )
    name = f"startup: {_PLUGINS} installed plugins against none"
    return [
        Row("startup: usable window", "ms", ours, reference, goal=2.0),
        Row(name, "ms", crowded, alone, goal=1.25),
    ]


def _environment(home: Path) -> dict[str, str]:
    """Folders of our own, so that the user's settings and recent photographs have no part in it;
    and what an installation has, Python's files compiled.
    """
    names = ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")
    folders = {name: str(home / name.lower()) for name in names}
    own = {"QT_QPA_PLATFORM": "offscreen", "ORT_DISABLE_TELEMETRY": "1"}
    whole = os.environ | folders | own
    whole.pop("PYTHONDONTWRITEBYTECODE", None)
    return whole


def _start(program: str, environment: dict[str, str]) -> float:
    """Milliseconds until the program can be used. Waits until all of it is gone."""
    script = Path(__file__).with_name("first_paint.py")
    start = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, str(script), program],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        limit = threading.Timer(_LIMIT, process.kill)
        limit.start()
        line = process.stdout.readline()
        usable = time.perf_counter()
        _, errors = process.communicate()
        in_time = limit.is_alive()
        limit.cancel()
    if not in_time:
        raise Skipped(f"the window of {program} did not open and close within {_LIMIT:g} s")
    if line != b"usable\n":
        last = (errors.decode(errors="replace").strip().splitlines() or ["no reason given"])[-1]
        raise Skipped(f"the window of {program} does not open: {last}")
    return (usable - start) * 1000
