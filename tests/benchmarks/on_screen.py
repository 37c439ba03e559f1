"""On screen: from a command with a photograph to the photograph on the screen, against GIMP.

Both are whole processes on a virtual X server, whose framebuffer is looked at every hundredth of a
second. The photograph counts as seen from the first look on after which the middle of the screen
stays as it is at the end, but for what nobody sees. Memory is what the program and all processes
that it has started hold some time after that, what they share counted once.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.open_picture import photograph_file
from tests.benchmarks.pairs import Row, Skipped, alternate, touch

PAIRS = {"full": 5, "quick": 3, "tiny": 1}

_SIZES = {
    "full": ((6000, 4000, 0.40), (12000, 8334, 0.30)),
    "quick": ((3000, 2000, 0.40),),
}
"""Width and height in pixels of the photographs, and the most that ours may take of GIMP's time."""

_WIDTH, _HEIGHT = 1920, 1080

_SPARSE = 6
"""Of so many rows and columns of the screen one is looked at."""

_PAUSE = 0.01
"""Seconds between two looks."""

_SAME = 24
"""Levels by which a pixel may differ and is still seen as the same."""

_NEARLY_ALL = 0.95
"""Share of the middle of the screen that must be the same."""

_STILL = 4.0
"""Seconds without a change after which nothing more is to come."""

_SETTLING = 20.0
"""Seconds after which a program has let go of what it only opens photographs with."""

_LIMIT = 120.0

_MANY = 20.0
"""Levels by which the pixels of the photograph differ from each other, and no window's own do."""


def measure(pairs: int, size: str = "full") -> list[Row]:
    """Three rows for each photograph. Raises Skipped where one of the programs is not there."""
    gimp, server = shutil.which("gimp"), shutil.which("Xvfb")
    if gimp is None or server is None or not Path("/proc/self/smaps_rollup").exists():
        raise Skipped("GIMP, Xvfb or /proc is not there")
    if size == "tiny":
        raise Skipped("two whole programs are started, whatever the size of the photograph")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        environment = _environment(Path(folder))
        for width, height, goal in _SIZES[size]:
            photo = str(photograph_file(Path(folder), width, height))
            touch(width * height * 12)
            ours: list[_Seen] = []
            theirs: list[_Seen] = []

            def start(words: list[str], found: list[_Seen]) -> float:
                with _screen(server, Path(folder)) as screen:
                    found.append(screen.watch(words, environment))
                return found[-1].seen

            times = alternate(
                partial(start, [sys.executable, "-m", "safelight", photo], ours),
                partial(start, [gimp, "--no-splash", "--new-instance", photo], theirs),
                pairs,
            )
            name = f"on screen: {width * height / 1e6:.3g} MP JPEG"
            rows.append(Row(f"{name}, seen", "ms", *times, goal=goal))
            for what, unit, most in (("memory", "MB", 0.65), ("processor", "ms", 1.0)):
                sides = [[getattr(x, what) for x in side[-pairs:]] for side in (ours, theirs)]
                rows.append(Row(f"{name}, {what}", unit, *sides, goal=most))
    return rows


@dataclass(frozen=True)
class _Seen:
    """Of a program: ``seen``, milliseconds from its start to the photograph, ``memory`` in MB, and
    ``processor``, milliseconds of it that the program and all it started have used until then.
    """

    seen: float
    memory: float
    processor: float


class _Screen:
    """The framebuffer of an X server: ``frame`` is uint32 (height, width)."""

    def __init__(self, display: str, frame: NDArray[np.uint32]) -> None:
        self._display, self._frame = display, frame

    def watch(self, words: Sequence[str], environment: dict[str, str]) -> _Seen:
        """Start a program, look on until nothing changes any more, and end it."""
        looks: list[tuple[float, float, NDArray[np.uint8]]] = []
        start = time.perf_counter()
        with subprocess.Popen(
            words,
            env=environment | {"DISPLAY": self._display},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as process:
            try:
                changed = time.perf_counter()
                while (now := time.perf_counter()) < changed + _STILL or not _many(looks[-1][2]):
                    if now > start + _LIMIT or process.poll() is not None:
                        raise Skipped(f"{Path(words[0]).name} shows no photograph here")
                    look = self._look()
                    if not looks or (look != looks[-1][2]).any():
                        looks.append((now, _processor(process.pid), look))
                        changed = now
                    time.sleep(_PAUSE)
                time.sleep(_SETTLING)
                memory = _memory(process.pid)
            finally:
                _end(process.pid)
        last = looks[-1][2].astype(np.int16)
        at = len(looks) - 1
        while at and (abs(looks[at - 1][2] - last).max(-1) <= _SAME).mean() >= _NEARLY_ALL:
            at -= 1
        return _Seen((looks[at][0] - start) * 1e3, memory, looks[at][1] * 1e3)

    def _look(self) -> NDArray[np.uint8]:
        """The middle of the screen, where all programs show the photograph: (rows, columns, 4)."""
        part = self._frame[_HEIGHT // 3 : -_HEIGHT // 3, _WIDTH // 3 : -_WIDTH // 3]
        return (
            np.ascontiguousarray(part[::_SPARSE, ::_SPARSE])
            .view(np.uint8)
            .reshape(-1, -(-part.shape[1] // _SPARSE), 4)
        )


def _many(look: NDArray[np.uint8]) -> bool:
    """Whether it is the photograph that is looked at."""
    return float(look[..., 1].std()) > _MANY


@contextlib.contextmanager
def _screen(server: str, folder: Path) -> Iterator[_Screen]:
    """An X server with a window manager, where there is one that windows are made large by."""
    read, write = os.pipe()
    words = ["-screen", "0", f"{_WIDTH}x{_HEIGHT}x24", "-fbdir", str(folder), "-nolisten", "tcp"]
    with subprocess.Popen(
        [server, "-displayfd", str(write), *words], pass_fds=[write], stderr=subprocess.DEVNULL
    ) as process:
        try:
            os.close(write)
            with open(read, "rb") as told:
                display = f":{int(told.readline())}"
            manager = shutil.which("openbox")
            if manager is not None:
                quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
                subprocess.Popen([manager], env=os.environ | {"DISPLAY": display}, **quiet)
                time.sleep(0.5)
            with open(folder / "Xvfb_screen0", "rb") as file:
                held = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            # An XWD file: its header's size comes first, its colours end before the pixels.
            frame = np.frombuffer(held, np.uint32)[-_WIDTH * _HEIGHT :].reshape(_HEIGHT, _WIDTH)
            yield _Screen(display, frame)
        finally:
            process.terminate()


def _environment(folder: Path) -> dict[str, str]:
    """A home of their own, so that neither finds what somebody has set."""
    names = ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")
    folders = {name: str(folder / name.lower()) for name in names}
    own = {"HOME": str(folder), "QT_QPA_PLATFORM": "xcb", "ORT_DISABLE_TELEMETRY": "1"}
    whole = os.environ | folders | own
    whole.pop("PYTHONDONTWRITEBYTECODE", None)
    return whole


def _family(pid: int) -> list[int]:
    """The process and all that come from it."""
    found = [pid]
    for parent in found:
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{parent}/task").iterdir():
                found += [int(word) for word in (task / "children").read_text().split()]
    return found


def _memory(pid: int) -> float:
    """MB that a process and all that come from it hold."""
    total = 0
    for member in _family(pid):
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{member}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1]) * 1024
    return total / 1e6


def _processor(pid: int) -> float:
    """Seconds that a process and all that come from it have used."""
    total = 0.0
    for member in _family(pid):
        with contextlib.suppress(OSError):
            words = Path(f"/proc/{member}/stat").read_text().rsplit(")", 1)[1].split()
            total += sum(map(int, words[11:15])) / os.sysconf("SC_CLK_TCK")
    return total


def _end(pid: int) -> None:
    """End a process and all that come from it."""
    for member in reversed(_family(pid)):
        with contextlib.suppress(OSError):
            os.kill(member, 9)
