"""Watchdog: how long a worker may get nowhere, counted in its own time, not by the clock.

On a busy machine a worker waits for a processor, and that is not its fault: such time does not
count. What counts is the time in which it runs, and the time in which it sleeps.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from safelight.workers.wire.protocol import Frame

PATIENCE = 120.0
"""Seconds of its own time a filter may be silent on one piece before it counts as hanging."""

LOOK = 0.05
"""Seconds between looks at a worker that has not answered."""

_LONGEST = 1.0
"""Seconds that count at most between two looks: who looks this late was kept waiting as well."""


@dataclass(frozen=True, slots=True)
class Doing:
    """What a process has done so far: ``ran``, the processor time of all its threads in seconds,
    and whether one of them runs now, or waits for a processor or a disk.
    """

    ran: float
    busy: bool


_LOOKS = 400
"""Looks that a patience needs at most: more cost the processor's time and tell nothing more."""

_STEP = 1e-4
"""The least that progress rises by: what only says so for ever gets nowhere."""


class Patience:
    """Counts the time in which a worker gets nowhere, until ``limit`` seconds are over.

    ``look`` says what the worker is doing, None where the system does not tell: then the time
    between looks counts. ``clock`` gives seconds.
    """

    def __init__(
        self,
        limit: float,
        look: Callable[[], Doing | None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit = limit
        self._pause = limit / _LOOKS
        self._look = look
        self._clock = clock
        self.renew()

    def renew(self) -> None:
        """The worker got somewhere: count from nothing."""
        self._counted, self._fraction = 0.0, -1.0
        self._then = self._clock()
        self._before = self._look()

    def hear(self, progress: Frame) -> None:
        """The worker says how far it is: it gets somewhere if that is further than before."""
        fraction = progress.get("fraction")
        if isinstance(fraction, float) and self._fraction + _STEP <= fraction <= 1:
            self.renew()
            self._fraction = fraction

    def over(self) -> bool:
        """Whether the worker has got nowhere for too long. Ask every ``LOOK`` seconds."""
        now = self._clock()
        if now - self._then < self._pause - LOOK / 2:
            return False
        doing = self._look()
        passed = min(now - self._then, _LONGEST)
        if doing is not None and self._before is not None and doing.busy:
            # Several threads run several seconds in one: of the clock's no more than passed.
            passed = min(passed, max(doing.ran - self._before.ran, 0.0))
        self._counted += passed
        self._then, self._before = now, doing
        return self._counted >= self._limit


def doing(pid: int) -> Doing | None:
    """What a process and those that it has started are doing; None where there is no Linux /proc.

    The processes of a confined worker are children of the one that confines it.
    """
    found = [seen for process in _family(pid) for seen in [_process(process)] if seen is not None]
    if not found:
        return None
    return Doing(sum(seen.ran for seen in found), any(seen.busy for seen in found))


def _family(pid: int) -> list[int]:
    """A process and all below it."""
    found = [pid]
    for process in found:
        for task in _tasks(process):
            try:
                found += map(int, (task / "children").read_text().split())
            except (OSError, ValueError):
                continue
    return found


def _process(pid: int) -> Doing | None:
    ticks, busy = 0, False
    tasks = _tasks(pid)
    for task in tasks:
        try:
            fields = (task / "stat").read_bytes().rpartition(b")")[2].split()
            busy = busy or fields[0] in (b"R", b"D")
        except (OSError, IndexError):
            continue
    try:
        # As proc(5) has it; the name, which may hold anything, has been cut off.
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        ticks = int(fields[11]) + int(fields[12])
    except (OSError, IndexError, ValueError):
        return None
    return Doing(ticks / os.sysconf("SC_CLK_TCK"), busy)


def _tasks(pid: int) -> list[Path]:
    try:
        return list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return []
