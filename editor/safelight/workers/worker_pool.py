"""Worker pool: the near side of the process boundary: workers are started, asked, replaced."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from safelight.workers.network_sight import Saw, nobody
from safelight.workers.plugin_environment import BuiltIns, Confined
from safelight.workers.worker_process import START_LIMIT, WorkerDied, WorkerProcess, WorkerSilent

_OFTEN = 3
"""Deaths of a plugin's workers after which it is offered to switch it off."""


class Pool:
    """Worker processes, started when needed and kept for the next job.

    ``limit`` is how many may run at once, so that a preview need not wait for a long job.
    ``memory_limit`` bounds what each may allocate, in bytes; 0 = nine tenths of the machine's,
    half of it for a stranger's.
    ``plugin_folders`` hold further installed plugins, beside those of the editor's environment.
    ``saw`` is told what networks are shown in them.
    The workers are confined. With an ``environment`` they load its plugin alone, without one those
    of the editor.
    """

    def __init__(
        self,
        *,
        limit: int = 2,
        memory_limit: int = 0,
        plugin_folders: Sequence[Path] = (),
        environment: Confined | None = None,
        saw: Saw = nobody,
    ) -> None:
        self._saw = saw
        self.plugin_folders = tuple(plugin_folders)
        self.environment = environment or BuiltIns(tuple(plugin_folders))
        self._limit = limit
        self._memory_limit = memory_limit or _default_memory_limit(
            0.9 if self.environment.trusted else 0.5
        )
        self._idle: list[WorkerProcess] = []
        self._all: list[WorkerProcess] = []
        self._starting = 0
        self._deaths = 0
        self._closed = self._retired = False
        self._changed = threading.Condition()
        self._resting: threading.Timer | None = None

    @contextlib.contextmanager
    def worker(self, *faults: type[Exception]) -> Iterator[WorkerProcess]:
        """A worker for one job; a dead one is replaced afterwards.

        What a stranger's plugin broke in its process stays broken: where one of ``faults`` is
        raised, its worker ends. Raises WorkerDied when none can be started or the pool is closed.
        """
        try:
            worker = self._acquire()
        except WorkerDied:
            self._count()
            raise
        try:
            yield worker
        except WorkerDied:
            self._count()
            raise
        except faults:
            if not self.environment.trusted:
                worker.kill()
            raise
        finally:
            self._release(worker)

    def _count(self) -> None:
        with self._changed:
            self._deaths += not self._closed

    def often(self) -> str:
        """What to say where a stranger's plugin has died too often: a part of a sentence after why
        it did last; "" where it has not.
        """
        if self.environment.trusted or self._deaths < _OFTEN:
            return ""
        return f", and has died {self._deaths} times: switch it off with Filters › Plugins"

    def begin(self) -> None:
        """Have a worker start while something else is done. Waits for nothing, raises WorkerDied
        where none can be started.
        """
        with self._changed:
            if self._closed or self._all or self._starting:
                return
            self._starting += 1
        self._release(self._started())

    def warm(self) -> None:
        """Start a worker now, so that the first job need not wait for it."""
        with self.worker():
            pass

    def rest(self) -> None:
        """End the workers that do nothing now."""
        with self._changed:
            idle, self._idle = self._idle, []
            for worker in idle:
                self._drop(worker)

    def rest_after(self, seconds: float) -> None:
        """End the workers that do nothing then, should nothing be asked of them until then."""
        resting = threading.Timer(seconds, self.rest)
        resting.daemon = True
        with self._changed:
            self._stay()
            self._resting = resting
            resting.start()

    def _stay(self) -> None:
        if self._resting is not None:
            self._resting.cancel()

    def retire(self) -> None:
        """End each worker as soon as it does nothing; jobs under way come to their end."""
        self._retired = True
        self.rest()

    def close(self) -> None:
        """End all workers; jobs under way end as failed."""
        with self._changed:
            self._closed = True
            self._stay()
            workers = list(self._all)
            self._idle.clear()
            self._changed.notify_all()
        for worker in workers:
            worker.kill()

    def _acquire(self) -> WorkerProcess:
        worker = self._free() or self._started()
        try:
            worker.await_ready()
        except (WorkerDied, WorkerSilent) as end:
            self._release(worker)
            if self._closed:
                raise WorkerDied("was closed") from None
            if isinstance(end, WorkerDied):
                raise
            raise WorkerDied(f"did not start within {START_LIMIT:.0f} s") from None
        except BaseException:
            self._release(worker)
            raise
        return worker

    def _free(self) -> WorkerProcess | None:
        """A worker that does nothing; None where one more may start. Waits for either."""
        with self._changed:
            self._stay()
            while not self._closed:
                while self._idle:
                    worker = self._idle.pop()
                    if worker.alive:
                        return worker
                    self._drop(worker)
                if len(self._all) + self._starting < self._limit:
                    self._starting += 1
                    return None
                self._changed.wait()
        raise WorkerDied("was closed")

    def _started(self) -> WorkerProcess:
        """A worker that starts now, as ``_starting`` has counted already."""
        try:
            worker = WorkerProcess(self._memory_limit, self.plugin_folders, self.environment)
            worker.saw = self._saw
        except BaseException:
            with self._changed:
                self._starting -= 1
                self._changed.notify()
            raise
        with self._changed:
            self._starting -= 1
            self._all.append(worker)
            closed = self._closed
        if closed:
            worker.kill()
            raise WorkerDied("was closed")
        return worker

    def _release(self, worker: WorkerProcess) -> None:
        with self._changed:
            if worker.alive and not (self._closed or self._retired):
                worker.expect_nothing()
                self._idle.append(worker)
            else:
                self._drop(worker)
            self._changed.notify()

    def _drop(self, worker: WorkerProcess) -> None:
        if worker in self._all:
            self._all.remove(worker)
        worker.kill()


def _default_memory_limit(share: float) -> int:
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        return int(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") * share)
    return 0
