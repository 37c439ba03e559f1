"""Kills exports and counts what is found: the old picture, the new one, else.

Every second one ends itself at a random place, told in calls of functions, which is the same on a
busy machine; the others are killed at a random moment, be it within a call.

Run by test_killed_export.py: `killed_export.py FOLDER KILLS SEED`; prints the counts as JSON.
One warm process forks a child for each export, because a new interpreter each time would spend
nearly all of the time on starting.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import threading
import time
from pathlib import Path

from safelight.document import Document
from safelight.files import ExportOptions, export, open_picture
from safelight.pixels import Raster
from tests import pictures

SUFFIXES = (".jpg", ".png", ".tif", ".webp")


class Calls:
    """Counts the calls of functions in every thread; at the number ``last`` the process dies."""

    def __init__(self, last: int = 0) -> None:
        self.count = 0
        self._last = last

    def start(self) -> None:
        threading.setprofile(self._hear)
        sys.setprofile(self._hear)

    def _hear(self, frame, event, argument) -> None:
        self.count += 1
        if self.count == self._last:
            os.kill(os.getpid(), signal.SIGKILL)


def calls_of(document: Document, path: Path) -> int:
    """How many calls an export over ``path`` takes, return included, in this process."""
    calls = Calls()
    calls.start()
    export(document, path, ExportOptions(), overwrite=True)
    sys.setprofile(None)
    threading.setprofile(None)
    return calls.count


def exporting(document: Document, path: Path, last: int = 0) -> int:
    """A child process that exports over ``path``; it dies at the call of number ``last``."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            if last:
                Calls(last).start()
            export(document, path, ExportOptions(), overwrite=True)
            status = 0
        finally:
            os._exit(status)
    return child


def main(folder: Path, kills: int, seed: int) -> None:
    chance = random.Random(seed)
    document = Document.from_raster(Raster.from_array(pictures.noise(500, 400, seed=2)))
    old, new, usual, calls = {}, {}, {}, {}
    for suffix in SUFFIXES:
        path = folder / f"picture{suffix}"
        export(Document.from_raster(Raster.from_array(pictures.noise(500, 400))), path)
        old[suffix] = path.read_bytes()
        times = []
        for _ in range(3):
            start = time.monotonic()
            child = exporting(document, path)
            assert os.waitpid(child, 0)[1] == 0
            times.append(time.monotonic() - start)
        new[suffix] = path.read_bytes()
        calls[suffix] = calls_of(document, path)
        usual[suffix] = sorted(times)[1]
        assert old[suffix] != new[suffix]
    counts = {"old": 0, "new": 0, "else": 0, "unreadable": 0, "killed": 0, "temporary": 0}
    counts |= {"old by place": 0, "new by place": 0}
    for number in range(kills):
        suffix = SUFFIXES[number // 2 % len(SUFFIXES)]
        path = folder / f"picture{suffix}"
        path.write_bytes(old[suffix])
        by_place = number % 2 == 0
        # Places lie evenly over the whole of an export and what comes after it.
        share = (7 * number % kills + chance.uniform(0, 2)) / kills
        child = exporting(document, path, by_place * (1 + int(1.3 * share * calls[suffix])))
        if not by_place:
            time.sleep(chance.uniform(0, 1.3 * usual[suffix]))
            os.kill(child, signal.SIGKILL)
        counts["killed"] += os.WIFSIGNALED(os.waitpid(child, 0)[1])
        found = path.read_bytes()
        which = {old[suffix]: "old", new[suffix]: "new"}.get(found, "else")
        counts[which] += 1
        if by_place and which != "else":
            counts[f"{which} by place"] += 1
        if open_picture(path).notes:
            counts["unreadable"] += 1
    # One more write sweeps what the last kill left.
    export(document, folder / "last.png")
    counts["temporary"] = sum(name.startswith(".") for name in os.listdir(folder))
    print(json.dumps(counts))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
