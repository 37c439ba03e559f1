"""Plugin pools: a pool of workers for each stranger's plugin, one that the built-ins share."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from safelight.workers.network_sight import Saw, nobody
from safelight.workers.plugin_environment import Environment
from safelight.workers.worker_pool import Pool

_AWAKE = 4
"""Strangers' plugins whose workers are kept for the next job; each takes 40 MB."""


class Pools:
    """The worker processes of a session.

    ``strangers`` gives the environments of the installed plugins by name; it is asked each time,
    so that a plugin just installed is found, and for each tile that is drawn, so it must know them
    already. ``limit``, ``memory_limit`` and ``saw`` are each pool's.
    """

    def __init__(
        self,
        strangers: Callable[[], Mapping[str, Environment]] = dict,
        *,
        limit: int = 2,
        memory_limit: int = 0,
        plugin_folders: Sequence[Path] = (),
        saw: Saw = nobody,
    ) -> None:
        self._strangers = strangers
        self._limit = limit
        self._memory_limit = memory_limit
        self._saw = saw
        self.built_in = Pool(
            limit=limit, memory_limit=memory_limit, plugin_folders=plugin_folders, saw=saw
        )
        self._others: dict[Environment, Pool] = {}
        self._closed = False
        self._lock = threading.Lock()

    def of(self, plugin: str) -> Pool:
        """The pool that runs a plugin's filters: its own, or the built-ins'."""
        environment = self._strangers().get(plugin)
        if environment is None:
            return self.built_in
        environment = environment.renewed()
        with self._lock:
            for outdated in [item for item in self._others if item.plugin == plugin]:
                if outdated != environment:
                    self._others.pop(outdated).retire()
            pool = self._others.pop(environment, None)
            if pool is None:
                pool = Pool(
                    limit=self._limit,
                    memory_limit=self._memory_limit,
                    environment=environment,
                    saw=self._saw,
                )
                if self._closed:
                    pool.close()
            self._others[environment] = pool  # the last used is the last to be put to sleep
            for other in list(self._others.values())[:-_AWAKE]:
                other.rest()
        return pool

    def forget(self, plugin: str) -> None:
        """End a plugin's workers: it has been updated, disabled or uninstalled."""
        with self._lock:
            going = [item for item in self._others if item.plugin == plugin]
            pools = [self._others.pop(item) for item in going]
        for pool in pools:
            pool.close()

    def rest(self) -> None:
        """End the workers that do nothing now, with the memory that they have taken."""
        with self._lock:
            pools = [self.built_in, *self._others.values()]
        for pool in pools:
            pool.rest()

    def close(self) -> None:
        """End all workers; jobs under way end as failed."""
        with self._lock:
            self._closed = True
            pools = [self.built_in, *self._others.values()]
        for pool in pools:
            pool.close()
