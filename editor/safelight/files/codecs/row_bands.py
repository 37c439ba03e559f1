"""Row bands: a picture's rows in bands, each worked on by itself, on all cores."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

Item = TypeVar("Item")
Made = TypeVar("Made")

_AHEAD = 2
"""Bands for each core that are finished before somebody asks for them."""


@dataclass(frozen=True, slots=True)
class Band:
    """Some rows of a picture in a file. ``coded`` is what stands there of them alone; ``alone``
    makes a file of them, and with all that describes the picture if they are the first of a file.
    """

    rows: slice
    coded: bytes | memoryview
    alone: Callable[[], bytes]


Proof: TypeAlias = Callable[[Band], object]
"""Told of each band when it has been coded, on several threads at once; raises what ends the work.
"""


def on_all_cores(work: Callable[[Item], Made], items: Sequence[Item]) -> Iterator[Made]:
    """``work`` done to every item, several at once; what comes of them in the order of the items.

    ``work`` has to let other threads run, as encoders do. What it raises is raised here, and
    nothing more is begun then, nor when nobody asks for more.
    """
    cores = min(os.cpu_count() or 1, len(items))
    if cores <= 1:
        yield from map(work, items)
        return
    pool = ThreadPoolExecutor(cores, "rows")
    waiting: deque[Future[Made]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) > _AHEAD * cores:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def bands(height: int, rows: int) -> list[slice]:
    """The rows of a picture, so many in each band."""
    return [slice(top, min(top + rows, height)) for top in range(0, height, rows)]
