"""Film play: plays a film in a window, and tells which frames were seen, and when.

    python film_play.py FILM SECONDS [STOPS]

Under an exposure layer where ``STOPS`` are told. Answers with a line of JSON: ``due``, how many
frames were due; ``shown``, how many were seen whole; ``hitch``, the longest time between two of
them, and ``stand``, the longest that the window's thread did not answer, in milliseconds;
``processor``, milliseconds that this process and those that it has begun took for each one shown;
``memory``, bytes of its own at the most.
"""

import json
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from safelight.document import Layer, edits
from safelight.document.frames import frames
from safelight.gui.application import make_application
from safelight.gui.window import Window

_TICKS = os.sysconf("SC_CLK_TCK")


def until(condition):
    """Let events come until a condition holds."""
    end = time.monotonic() + 300
    while not condition():
        QApplication.processEvents()
        time.sleep(0.002)
        if time.monotonic() > end:
            raise TimeoutError


def spent():
    """Seconds of processor time of this process and all that it has begun, and they."""
    total, family = 0.0, {os.getpid()}
    for entry in sorted(int(x.name) for x in Path("/proc").iterdir() if x.name.isdigit()):
        try:
            told = Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if entry in family or int(told[1]) in family:
            family.add(entry)
            total += (int(told[11]) + int(told[12])) / _TICKS
    return total


def own_memory():
    """Bytes of memory of its own."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon"))


def main(film, seconds, stops=None):
    """Play, and tell."""
    make_application([])
    window = Window()
    window.resize(1366, 768)
    window.show()
    until(lambda: window.ready)
    window.open(Path(film))
    until(lambda: window.tabs.count() > 0)
    workspace = window.workspace()
    session, canvas, strip = workspace.session, workspace.canvas, workspace.frames
    until(lambda: session.studio is not None)
    if stops is not None:
        from safelight.actions import live_filter

        exposure = session.studio.filter("exposure")
        held = live_filter(exposure, exposure.settings({"stops": float(stops)}))
        session.do(edits.add_layer(Layer("Exposure", held)))
    for _ in range(2):  # a filter's worker is begun for the first frame
        end = time.monotonic() + 1
        until(lambda end=end: time.monotonic() > end and canvas.finished)
    seen, beats, most = [], [], 0
    paint = canvas.paintEvent

    def painted(event):
        paint(event)
        if canvas.finished and (not seen or seen[-1][1] != session.frame):
            seen.append((time.monotonic(), session.frame))

    canvas.paintEvent = painted
    beat = QTimer()
    beat.timeout.connect(lambda: beats.append(time.monotonic()))
    beat.start(5)
    start, before = time.monotonic(), spent()
    strip.play.click()
    while time.monotonic() < start + seconds:
        until(lambda: True)
        most = max(most, own_memory())
        QApplication.processEvents()
        time.sleep(0.001)
    took, end = spent() - before, time.monotonic()
    strip.pause()
    times = [each for each, _ in seen if each <= end]
    gaps = [b - a for a, b in zip([start, *times], [*times, end], strict=False)]
    stands = [b - a for a, b in zip(beats, beats[1:], strict=False)]
    mean = sum(frames.durations(session.document)) / frames.length(session.document) / 1000
    told = {
        "due": (end - start) / mean,
        "shown": len(times),
        "hitch": 1000 * max(gaps),
        "stand": 1000 * max(stands, default=0),
        "processor": 1000 * took / max(len(times), 1),
        "memory": most,
    }
    print(json.dumps(told), flush=True)
    os._exit(0)  # nobody is asked whether something is to be kept


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), *sys.argv[3:])
