"""Pairs: two sides measured in turn, A B A B, so that what disturbs one disturbs the other."""

from __future__ import annotations

import contextlib
import os
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

KERNELS = Path(__file__).parents[2] / "build" / "kernels"
"""Compiled kernels of this checkout, for what does not measure their making."""

QUIET = 0.05
"""Share of the cores that strangers may use before a figure is doubtful."""


class Skipped(Exception):
    """The benchmark cannot be done here; the message is a sentence that says why."""


@dataclass(frozen=True)
class Row:
    """One comparison: ``ours`` and ``reference`` hold one figure for each pair, in ``unit``.

    The ratio is ours / reference, or reference / ours for a ``rate`` (both sides are times, and
    the faster one does more in them). ``goal`` is the most it should be; the least for a rate.
    """

    name: str
    unit: str
    ours: Sequence[float]
    reference: Sequence[float]
    goal: float
    rate: bool = False
    notes: Sequence[str] = field(default=())

    @property
    def ratio(self) -> float:
        """Of the two medians."""
        ours, reference = statistics.median(self.ours), statistics.median(self.reference)
        return reference / ours if self.rate else ours / reference

    @property
    def met(self) -> bool:
        """Whether the ratio is within the goal."""
        return self.ratio >= self.goal if self.rate else self.ratio <= self.goal

    def to_json(self) -> dict[str, Any]:
        """All figures, not only the medians."""
        return {
            "name": self.name,
            "unit": self.unit,
            "ours": list(self.ours),
            "reference": list(self.reference),
            "ratio": self.ratio,
            "goal": self.goal,
            "goal_is": "at least" if self.rate else "at most",
            "met": self.met,
            "notes": list(self.notes),
        }


def alternate(
    ours: Callable[[], float], reference: Callable[[], float], pairs: int, *, warm: int = 1
) -> tuple[list[float], list[float]]:
    """Both sides in turn, ``pairs`` times after ``warm`` rounds that do not count.

    Each side returns its own figure.
    """
    figures = [(ours(), reference()) for _ in range(warm + pairs)][warm:]
    return [figure for figure, _ in figures], [figure for _, figure in figures]


def seconds(work: Callable[[], object]) -> float:
    """How long ``work`` takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def touch(size: int) -> None:
    """Touch and free ``size`` bytes, or half of the free memory if that is less.

    On a virtual machine the first touch of a page may have to wait for its host.
    """
    count = min(size, available_memory() // 2)
    memory = np.empty(count, np.uint8)
    memory[::4096] = 1


def available_memory() -> int:
    """Bytes that can be had without swapping; a guess of 4 GiB where the system does not say."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return 4 << 30


@dataclass(frozen=True)
class Disturbance:
    """What others do on this machine while we are silent, as shares of all its cores."""

    load: float
    foreign: float
    stolen: float

    @property
    def quiet(self) -> bool:
        """Whether figures taken now can be trusted."""
        return max(self.foreign, self.stolen) <= QUIET

    @classmethod
    def sample(cls, duration: float = 0.5) -> Disturbance:
        """Look on for ``duration`` seconds, doing nothing."""
        before = _processor_times()
        time.sleep(duration)
        after = _processor_times()
        spent = [late - early for early, late in zip(before, after, strict=True)]
        total = max(sum(spent), 1)
        # user, nice, system, idle, iowait, irq, softirq, steal
        idle, stolen = (spent[3] + spent[4], spent[7]) if len(spent) > 7 else (total, 0)
        load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
        return cls(load, (total - idle - stolen) / total, stolen / total)

    def __str__(self) -> str:
        return (
            f"load {self.load:.2f}, others use {self.foreign:.0%} of the cores,"
            f" {self.stolen:.0%} stolen"
        )


def _processor_times() -> list[int]:
    with contextlib.suppress(OSError):
        first = Path("/proc/stat").read_text().splitlines()[0]
        return [int(word) for word in first.split()[1:9]]
    return []


_COLUMNS = ("", "ours", "reference", "ratio", "goal", "n", "unit")


def table(rows: Sequence[Row], *, judged: bool = True) -> str:
    """The rows as lines of text; where they are judged, a cross marks a goal that is missed."""
    cells = [_COLUMNS, *(_cells(row, judged) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(_COLUMNS))]
    lines = []
    for line in cells:
        name, *figures, unit = line
        middle = [text.rjust(width) for text, width in zip(figures, widths[1:-1], strict=True)]
        lines.append("  ".join([name.ljust(widths[0]), *middle, unit]).rstrip())
    lines.insert(1, "-" * max(len(line) for line in lines))
    return "\n".join(lines)


def _cells(row: Row, judged: bool) -> tuple[str, ...]:
    goal = f"{'≥' if row.rate else '≤'} {row.goal:g}"
    if judged:
        goal += " ✓" if row.met else " ✗"
    return (
        row.name,
        _spread(row.ours),
        _spread(row.reference),
        f"{figure(row.ratio)}×",
        goal,
        str(len(row.ours)),
        row.unit,
    )


def _spread(figures: Sequence[float]) -> str:
    middle, low, high = statistics.median(figures), min(figures), max(figures)
    return f"{figure(middle)} ({figure(low)}–{figure(high)})"


def figure(value: float) -> str:
    """Three digits that count, without an exponent."""
    if value == 0 or abs(value) >= 100:
        return f"{value:.0f}"
    digits = 2 - int(np.floor(np.log10(abs(value))))
    return f"{value:.{min(digits, 9)}f}"
