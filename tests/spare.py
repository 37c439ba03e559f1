"""Idle worker processes of closed pools, kept for the pools of further tests.

A worker takes a second to start and to prove its device; nearly every window and every command
needs one. Those of strangers' plugins, and what is busy when its pool closes, end as they always
do. What has to be started begins behind its imports: see ``tests/at_hand.py``.
"""

from __future__ import annotations

import sys

from safelight.workers import worker_pool, worker_process
from safelight.workers.worker_pool import Pool
from safelight.workers.worker_process import WorkerProcess
from tests.at_hand import AtHand

_MOST = 2
"""Workers of one kind that are kept."""


class Spare:
    """Keeps workers by what they were started with."""

    def __init__(self, at_hand: AtHand) -> None:
        self._kept: dict[tuple[object, ...], list[WorkerProcess]] = {}
        self._at_hand = at_hand

    def take_part(self, patch) -> None:
        """While a patch lasts, have pools start from here and leave here what is idle."""
        end = Pool.close

        def close(closing: Pool) -> None:
            self._keep(closing)
            end(closing)

        def start(memory_limit=0, plugin_folders=(), environment=None) -> WorkerProcess:
            kept = self._kept.get((memory_limit, tuple(plugin_folders)), [])
            while (environment is None or environment.trusted) and kept:
                worker = kept.pop()
                if worker.alive:
                    return worker
            return WorkerProcess(memory_limit, plugin_folders, environment)

        patch.setattr(Pool, "close", close)
        patch.setattr(worker_pool, "WorkerProcess", start)
        if sys.platform == "linux":
            patch.setattr(worker_process, "_spawn", self._at_hand.spawn)

    def close(self) -> None:
        """End them all."""
        for kept in self._kept.values():
            for worker in kept:
                worker.kill()
        self._kept.clear()

    def _keep(self, closing: Pool) -> None:
        if not closing.environment.trusted:
            return
        kept = self._kept.setdefault((closing._memory_limit, closing.plugin_folders), [])
        with closing._changed:
            while closing._idle and len(kept) < _MOST:
                worker = closing._idle.pop()
                closing._all.remove(worker)
                kept.append(worker)
