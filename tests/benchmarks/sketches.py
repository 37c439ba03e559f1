"""Sketches: nine thumbnails of a lightbox, against the nine network runs that they are.

Ours is the time until the ninth surface of nine codes is there, made by two workers; the reference
makes the same nine with the same function in this process, one after the other, each run on all
cores. The line below the table tells the milliseconds, which a person waits for.
"""

from __future__ import annotations

import queue
from statistics import median

from safelight import api
from safelight.actions import Sketch, SketchFailed, Studio
from safelight.actions.lightbox_codes import NEAR, current, neighbours
from safelight.workers.far.check_promises import LocalJob
from safelight.workers.far.inference import Inference
from tests.benchmarks.pairs import Row, Skipped, alternate, figure, seconds

PAIRS = {"full": 15, "quick": 9, "tiny": 2}

_SIDE = 128
_LIMIT = 120.0
_GOAL = 1.25
"""The boundary may cost a quarter of the runs themselves."""


def measure(pairs: int, size: str = "full") -> list[Row]:
    """One row. Raises Skipped where the generators are not installed."""
    try:
        from safelight_generate import surfaces
    except ImportError:
        raise Skipped("the plugin generate is not installed") from None
    code = current((), 1, api.registered(surfaces).declaration.parameter("code").size)
    codes = [code, *neighbours(code, NEAR)]
    told: queue.SimpleQueue[Sketch | SketchFailed] = queue.SimpleQueue()
    job, canvas = LocalJob(surfaces, Inference()), api.Region(0, 0, _SIDE, _SIDE)
    with Studio("cpu") as studio:
        sketcher = studio.sketcher(studio.filter("surfaces"), told.put)

        def ours() -> None:
            sketcher.want([{"code": item} for item in codes], _SIDE)
            for _ in codes:
                event = told.get(timeout=_LIMIT)
                if isinstance(event, SketchFailed):
                    raise RuntimeError(event.message)

        def reference() -> None:
            for item in codes:
                surfaces(canvas, canvas, job, code=item)

        warm = 0 if size == "tiny" else 3
        both = alternate(lambda: seconds(ours), lambda: seconds(reference), pairs, warm=warm)
    note = f"lightbox: the ninth thumbnail after {figure(median(both[0]) * 1000)} ms"
    return [Row("lightbox: nine thumbnails", "s", *both, goal=_GOAL, notes=[note])]
