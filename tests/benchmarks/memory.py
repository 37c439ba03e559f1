"""Memory: peak resident memory of enlarging in pieces, against the whole picture at once.

Both sides enlarge 2048 x 2048 pixels twofold in fresh processes that have loaded the network and
run it on 64 x 64 pixels. ``worker`` compares the peaks of the two processes that run the network,
everything included. ``growth`` compares what the picture adds: on our side the growth of the
worker and of the editor together, from before the picture exists to the finished raster. Shared
blocks count twice in that sum, because both processes map them: our side is not flattered.
"""

from __future__ import annotations

from pathlib import Path

from tests.benchmarks.pairs import Row, Skipped, alternate, available_memory
from tests.benchmarks.talk import Program, enlarging_model

PAIRS = {"full": 3, "quick": 3, "tiny": 1}
"""Fewer than elsewhere: bytes hardly vary, as the spread shows."""

_SIDE = {"full": 2048, "quick": 1024, "tiny": 128}

_FACTOR = 2


def measure(pairs: int, size: str = "full") -> list[Row]:
    """The rows worker and growth. Raises Skipped where memory is short or cannot be asked for."""
    if not Path("/proc/self/status").exists():
        raise Skipped("this system does not tell a process's peak memory in /proc")
    side = _SIDE[size]
    # The whole picture takes about 1 kB for each of its pixels; networks may become larger.
    needed, free = 2000 * side * side, available_memory()
    if free < needed:
        raise Skipped(
            f"the whole picture of {side} px may need {needed / 1e9:.1f} GB"
            f" and {free / 1e9:.1f} GB are free; try --quick"
        )
    enlarging_model(_FACTOR)
    tiled: list[dict[str, float]] = []
    whole: list[dict[str, float]] = []
    alternate(lambda: _tiled(side, tiled), lambda: _whole(side, whole), pairs, warm=0)
    name = f"x{_FACTOR}, {side} px"
    ours = [run["worker growth"] + run["editor growth"] for run in tiled]
    reference = [run["growth"] for run in whole]
    parts = [max(run[part] for run in tiled) for part in ("worker growth", "editor growth")]
    note = f"memory: of our growth {parts[0]:.0f} MB are the worker's, {parts[1]:.0f} the editor's"
    return [
        Row(
            f"memory: worker, {name}",
            "MB",
            [run["worker peak"] for run in tiled],
            [run["peak"] for run in whole],
            goal=0.3,
        ),
        Row(f"memory: growth, {name}", "MB", ours, reference, goal=0.3, notes=[note]),
    ]


def _tiled(side: int, found: list[dict[str, float]]) -> float:
    with Program("pieces.py", str(_FACTOR), str(side)) as program:
        before, after = program.ready, program.ask()
    figures = {f"{who} peak": after[who]["peak"] / 1e6 for who in ("worker", "editor")}
    for who in ("worker", "editor"):
        figures[f"{who} growth"] = (after[who]["peak"] - before[who]["resident"]) / 1e6
    found.append(figures)
    return figures["worker peak"]


def _whole(side: int, found: list[dict[str, float]]) -> float:
    model = enlarging_model(_FACTOR)
    with Program("whole_picture.py", str(model), str(side)) as program:
        before, after = program.ready, program.ask()
    peak, growth = after["peak"] / 1e6, (after["peak"] - before["resident"]) / 1e6
    found.append({"peak": peak, "growth": growth})
    return peak
