"""Play frames: a 1080p film played in a window, against the film's own time and OpenCV alone.

``time`` is how many milliseconds lie between two frames that are seen whole, against their
duration; ``hitch`` the longest, against three durations; ``processor`` the processor time for each
frame that is seen, of all processes, against what it takes to decode one and make it half as
large. All three plain and under a tone layer. ``memory`` is by how much the memory of the window's
process grows over a long film, against a short one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import cv2

from tests.benchmarks.drawn_film import drawn_film
from tests.benchmarks.pairs import Row

PAIRS = {"full": 3, "quick": 2, "tiny": 1}

_SIZE = {"full": (1920, 1080), "quick": (1280, 720), "tiny": (160, 90)}
_SECONDS = {"full": 4.0, "quick": 2.0, "tiny": 1.0}
_LENGTHS = {"full": (10, 100, 1000), "quick": (10, 50, 200), "tiny": (5, 10)}
_RATE = 25


def measure(pairs: int, size: str = "full") -> list[Row]:
    """The rows time, hitch and processor, plain and under a tone layer; and memory by length."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "home").mkdir()
        film = drawn_film(
            place / "film.webm", _SIZE[size], 100 if size == "full" else 30, "VP90", _RATE
        )
        _played(film, place, 0.5, "0.3")  # kernels are compiled meanwhile
        rows = []
        for under, stops in (("plain", []), ("under a tone layer", ["0.3"])):
            told, bare = [], []
            for _ in range(pairs):
                told.append(_played(film, place, _SECONDS[size], *stops))
                bare.append(_bare(film))
            due = [1000 / _RATE] * pairs
            times = [1000 * _SECONDS[size] / max(each["shown"], 1) for each in told]
            hitches = [each["hitch"] for each in told]
            rows += [
                Row(f"play: time between frames, {under}", "ms", times, due, goal=1.1),
                Row(f"play: longest hitch, {under}", "ms", hitches, due, goal=3.0),
                Row(
                    f"play: processor time of a frame, {under}",
                    "ms",
                    [each["processor"] for each in told],
                    bare,
                    goal=3.0,
                ),
            ]
        peaks = {}
        for count in _LENGTHS[size]:
            long = drawn_film(place / f"{count}.webm", _SIZE[size], count, "VP90", _RATE)
            peaks[count] = _played(long, place, _SECONDS[size])["memory"] / 1e6
        short, *longer = _LENGTHS[size]
        for count in longer:
            name = f"play: memory, {count:,} frames against {short}"
            rows.append(Row(name, "MB", [peaks[count]], [peaks[short]], goal=2.0))
        return rows


def _played(film: Path, place: Path, seconds: float, *stops: str) -> dict[str, Any]:
    """What a window in a process of its own tells of a film that it plays."""
    script = Path(__file__).with_name("film_play.py")
    done = subprocess.run(
        [sys.executable, str(script), str(film), str(seconds), *stops],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "HOME": str(place / "home"), "QT_QPA_PLATFORM": "offscreen"},
    )
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def _bare(film: Path) -> float:
    """Milliseconds of processor time in which OpenCV decodes a frame and makes it half as large."""
    source = cv2.VideoCapture(str(film))
    count = min(int(source.get(cv2.CAP_PROP_FRAME_COUNT)), 50)
    start = time.process_time()
    for _ in range(count):
        there, pixels = source.read()
        assert there
        cv2.cvtColor(cv2.resize(pixels, None, fx=0.5, fy=0.5), cv2.COLOR_BGR2RGB)
    return 1000 * (time.process_time() - start) / count
