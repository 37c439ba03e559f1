"""Counts how often the window's thread does not answer: a heartbeat that should come every 5 ms."""

import contextlib
import itertools
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer

BEAT = 5
"""Milliseconds between heartbeats."""

CONTROL = """
import os, sys, time
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {int(sys.argv[1])})
beat = int(sys.argv[2]) / 1000
last = time.perf_counter()
while os.getppid() == int(sys.argv[3]):
    time.sleep(beat)
    now = time.perf_counter()
    if now - last > 3 * beat:
        print(last + beat, now, flush=True)
    last = now
"""


def processors():
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]


class Machine:
    """Idle processes, one a processor, with the same heartbeat: when they stand still, the
    machine was elsewhere (a virtual one that shares its processors), not the window."""

    def __init__(self):
        settings = [str(BEAT), str(os.getpid())]
        self._controls = [
            subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", CONTROL, str(processor), *settings],
                stdout=subprocess.PIPE,
                text=True,
            )
            for processor in processors()
        ]

    def stop(self):
        """The times (start, end), in seconds of perf_counter, at which a control stood still."""
        found = []
        for control in self._controls:
            control.terminate()
            text = control.communicate(timeout=180)[0]
            found += [tuple(map(float, line.split())) for line in text.splitlines()]
        return found


class StallCounter(QObject):
    """Between ``start`` and ``stop``, collects the heartbeats.

    What the machine took from an idle process at the same time is not the window's, nor is the
    time in which its thread was ready and no processor was free: other programs have them."""

    def __init__(self, *, with_controls=True):
        super().__init__()
        self._with_controls = with_controls
        self._beats = []
        self._standstills = []
        self._machine = None
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(BEAT)
        self._timer.timeout.connect(self._beat)

    def start(self):
        self._machine = Machine() if self._with_controls else None
        self._beat()
        self._timer.start()

    def stop(self):
        self._timer.stop()
        self._beat()
        elsewhere = self._machine.stop() if self._machine else []
        self._standstills = [
            max(0.0, own(start, end, elsewhere) - (after - before))
            for (start, before), (end, after) in itertools.pairwise(self._beats)
        ]

    def above(self, milliseconds):
        """How often the event loop stood still for longer than that."""
        return len(self.when(milliseconds))

    def when(self, milliseconds):
        """At which share of the time, 0 to 1, it stood still for longer than that."""
        (first, _), (last, _) = self._beats[0], self._beats[-1]
        return [
            (start - first) / (last - first)
            for (start, _), gap in zip(self._beats, self._standstills, strict=False)
            if gap * 1000 > milliseconds
        ]

    def longest(self):
        """The longest standstill in milliseconds."""
        return max(self._standstills, default=0.0) * 1000

    def _beat(self):
        self._beats.append((time.perf_counter(), waited()))


def waited():
    """Seconds that this thread has been ready to run, without a processor; 0 where none counts.

    The second figure of /proc/*/schedstat (Documentation/scheduler/sched-stats of Linux).
    """
    with contextlib.suppress(OSError):
        state = Path(f"/proc/self/task/{threading.get_native_id()}/schedstat").read_text()
        return int(state.split()[1]) / 1e9
    return 0.0


def own(start, end, elsewhere):
    """The seconds between ``start`` and ``end`` in which no control stood still."""
    left, at = 0.0, start
    for begun, over in sorted(elsewhere):
        if over > at and begun < end:
            left += max(0.0, begun - at)
            at = over
    return left + max(0.0, end - at)
