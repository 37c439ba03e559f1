"""Batch thread: a batch that runs beside the window, which hears of each file."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from safelight.actions import Studio
from safelight.actions.batch.run_batch import Batch, Order, Report, by_studio, usual_jobs
from safelight.gui.threads.background import Background, Mailbox


class RunningBatch(QObject):
    """A batch on threads of its own. ``begun`` has a source, ``reported`` a ``Report``, ``ended``
    why it ended early; "" where all is done, or where it was stopped.

    ``done`` files of ``count`` have ended; ``failed`` of them failed.
    """

    begun = Signal(object)
    reported = Signal(object)
    ended = Signal(str)

    def __init__(
        self,
        order: Order,
        sources: Sequence[Path],
        studio: Studio,
        parent: QObject,
        *,
        resume: bool,
    ) -> None:
        super().__init__(parent)
        self.count, self.done, self.failed = len(sources), 0, 0
        self.stopped = False
        self._worked = 0
        self._started = time.monotonic()
        self._mail = Mailbox(self, self._take)
        self._lock = threading.Lock()
        self._batch: Batch | None = None
        post = self._mail.post

        def begun(_: int, source: Path) -> None:
            post(source)

        def run() -> str:
            work, jobs = by_studio(studio), usual_jobs()
            batch = Batch(order, sources, work, jobs=jobs, resume=resume, begun=begun)
            with self._lock:
                self._batch = batch
                if self.stopped:
                    batch.stop.ask()
            for report in batch:
                post(report)
            return batch.ended_early

        Background(self, run, self._end, lambda error: self._end(str(error)))

    def stop(self) -> None:
        """Have the batch end: what is under way is left, nothing of it is written."""
        with self._lock:
            self.stopped = True
            if self._batch is not None:
                self._batch.stop.ask()

    def seconds_left(self) -> float | None:
        """How long what is left will take, by what was done up to now; None: nothing was."""
        if not self._worked:
            return None
        return (time.monotonic() - self._started) / self._worked * (self.count - self.done)

    def _take(self, letter: Path | Report) -> None:
        if isinstance(letter, Path):
            if not self.stopped:
                self.begun.emit(letter)
            return
        self.done += 1
        self._worked += letter.state != "there"
        self.failed += letter.state == "failed"
        self.reported.emit(letter)

    def _end(self, why: str) -> None:
        self._mail.close()
        self.ended.emit(why)
