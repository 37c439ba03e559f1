"""``python -m tests.benchmarks``: measure, print one table, and say what disturbed it."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from pathlib import Path
from typing import Any

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from tests.benchmarks import (
    batches,
    blur,
    canvas,
    composite,
    confinement,
    export_pictures,
    handoff,
    hands,
    layers,
    memory,
    on_screen,
    open_picture,
    play_frames,
    plugins,
    project,
    sequence,
    sketches,
    stack,
    stalls,
    startup,
    thread,
    throughput,
    tones,
    undo,
)
from tests.benchmarks.pairs import Disturbance, Row, Skipped, table

BENCHMARKS = {
    "startup": startup,
    "thread": thread,
    "throughput": throughput,
    "tones": tones,
    "stack": stack,
    "memory": memory,
    "handoff": handoff,
    "undo": undo,
    "composite": composite,
    "layers": layers,
    "canvas": canvas,
    "opening": open_picture,
    "onscreen": on_screen,
    "exporting": export_pictures,
    "plugins": plugins,
    "confinement": confinement,
    "batches": batches,
    "project": project,
    "sequence": sequence,
    "frames": play_frames,
    "sketches": sketches,
    "blur": blur,
    "stalls": stalls,
    "hands": hands,
}

_MOST_LOAD = 0.5


def main(words: list[str] | None = None) -> int:
    """Measure what was named. The exit status says only whether that worked."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks",
        description="Measure Safelight, as ratios whose two sides are taken in one run.",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--pairs", type=int, help="pairs of runs instead of each one's own number")
    parser.add_argument("--quick", action="store_true", help="smaller pictures, fewer pairs")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures as JSON")
    options = parser.parse_args(words)
    unknown = [name for name in options.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]}; choose from {', '.join(BENCHMARKS)}")
    if options.pairs is not None and options.pairs < 1:
        parser.error("--pairs takes a number from 1")

    at_start = Disturbance.sample(1.0)
    if at_start.load > _MOST_LOAD or not at_start.quiet:
        _say(f"Warning: this machine is not idle ({at_start}): figures will be off.")
    size = "quick" if options.quick else "full"
    rows: list[Row] = []
    doubtful: dict[str, str] = {}
    skipped: dict[str, str] = {}
    for name in options.names or BENCHMARKS:
        module = BENCHMARKS[name]
        before, start = Disturbance.sample(), time.monotonic()
        try:
            rows += module.measure(options.pairs or module.PAIRS[size], size)
        except Skipped as reason:
            skipped[name] = str(reason)
            continue
        took, after = time.monotonic() - start, Disturbance.sample()
        _say(f"{name}: {took:.0f} s")
        if not (before.quiet and after.quiet):
            doubtful[name] = f"before: {before}; after: {after}"

    print(table(rows, judged=not options.quick))
    if options.quick:
        print("The goals are for the full sizes: fixed costs weigh more on smaller pictures.")
    for row in rows:
        for note in row.notes:
            print(note)
    for name, reason in skipped.items():
        print(f"{name}: skipped, {reason}")
    for name, reason in doubtful.items():
        print(f"{name}: doubtful, the machine was not idle ({reason})")
    if options.json:
        report = _report(size, rows, at_start, doubtful, skipped)
        options.json.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", "utf-8")
    return 0


def _report(
    size: str,
    rows: list[Row],
    at_start: Disturbance,
    doubtful: dict[str, str],
    skipped: dict[str, str],
) -> dict[str, Any]:
    return {
        "size": size,
        "machine": {
            "processor": platform.machine(),
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "load": at_start.load,
            "foreign": at_start.foreign,
            "stolen": at_start.stolen,
        },
        "rows": [row.to_json() for row in rows],
        "doubtful": doubtful,
        "skipped": skipped,
    }


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
