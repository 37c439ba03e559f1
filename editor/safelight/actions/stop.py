"""Stop: a way to end what is under way on other threads, jobs and all."""

from __future__ import annotations

import threading

from safelight.document import FilterFailed
from safelight.workers.job import Job
from safelight.workers.job_events import JobFailed, JobFinished


class Stopped(Exception):
    """Whoever asked wants it no more; nothing is left of it."""


class Stop:
    """A way to end what is under way on other threads: its jobs within a piece, the rest soon."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self._lock = threading.Lock()
        self._jobs: set[Job] = set()

    @property
    def asked(self) -> bool:
        """Whether everything has been asked to stop."""
        return self._asked.is_set()

    def ask(self) -> None:
        """Have everything stop."""
        with self._lock:
            self._asked.set()
            for job in self._jobs:
                job.cancel()

    def check(self, *_: object) -> None:
        """Raise Stopped where it has been asked for."""
        if self._asked.is_set():
            raise Stopped

    def wait(self, seconds: float) -> bool:
        """Wait, no longer than until it is asked for; whether it has been."""
        return self._asked.wait(seconds)

    def finished(self, job: Job) -> JobFinished:
        """How a job ended. Raises Stopped, and FilterFailed for one that has no result."""
        with self._lock:
            self._jobs.add(job)
            if self._asked.is_set():
                job.cancel()
        try:
            outcome = job.wait()
        finally:
            with self._lock:
                self._jobs.discard(job)
        self.check()
        if isinstance(outcome, JobFailed):
            raise FilterFailed(outcome.message)
        if not isinstance(outcome, JobFinished):
            raise Stopped
        return outcome
