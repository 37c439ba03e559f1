"""Film walk: goes through a film as the window does, and tells the memory of the process.

    python film_walk.py FILM SCRATCH

Every frame is drawn at half of its size. Answers with a line of JSON: bytes of its own before the
film was opened and at the most, after any frame; and those of files that are mapped at the end,
which the system takes back as it needs them.
"""

import json
import sys
from pathlib import Path

import cv2  # noqa: F401 - so that it counts on neither side

from safelight.api import Region
from safelight.document import render
from safelight.document.frames import frames
from safelight.files.sequences.open_sequence import open_sequence


def memory(what):
    """Resident memory now, of its own, RssAnon, or of mapped files, RssFile, in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(what))


def main(film, scratch):
    """Go through the film."""
    before = most = memory("RssAnon")
    document = open_sequence(film, scratch).document
    region = Region(0, 0, document.width // 2, document.height // 2, 1)
    for number in range(frames.length(document)):
        render(frames.at(document, number), region, None, "uint8")
        most = max(most, memory("RssAnon"))
    print(json.dumps({"before": before, "peak": most, "mapped": memory("RssFile")}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
