"""Job: one run of one filter over a document, piece by piece, in a worker process.

The host renders each piece straight into a reused block of shared memory and converts the
result straight back into the document's depth. Two pieces are under way at a time, so the
worker never waits for the host.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from safelight import __version__
from safelight.api import Declaration, Region, Value
from safelight.document import Document, Edit, LayerFailed, Live
from safelight.workers.carried_on import Arrays, CarriedOn
from safelight.workers.conversation import Failure, Unwanted
from safelight.workers.filter_measurements import Preparations
from safelight.workers.job_events import (
    JobCancelled,
    JobEvent,
    JobFailed,
    JobFinished,
    JobProgress,
    Listener,
)
from safelight.workers.job_kinds import Task, Whole, kind_of
from safelight.workers.watchdog import PATIENCE
from safelight.workers.wire.replies import sentence
from safelight.workers.worker_pictures import NoImage, Read, no_pictures, with_ids
from safelight.workers.worker_pool import Pool
from safelight.workers.worker_process import WorkerDied
from safelight.workers.worker_run import WorkerRun

Threads: TypeAlias = Callable[[], int]
"""Says how many of the processor's threads a network may use now, 0 for all."""


def every_thread() -> int:
    """All that there are."""
    return 0


Before: TypeAlias = Arrays | Callable[[Callable[[str], object]], Arrays | None] | None
"""What a filter of sequences carries from the frame before, or what finds it and tells in words how
far it is.
"""


class Job:
    """A run that has been started. ``listener`` hears events on the job's own thread.

    ``region`` limits it to a part of the document (a preview); pixels around it are still
    looked at. A layer below that cannot be computed makes the job fail, but is left out of a
    preview, as it is on the screen. ``focus`` may be set at any time: pieces near it come first.
    ``read`` gives the pixels of a picture file that a setting names, as ``Images`` has it.
    ``prepared`` remembers what filters have measured. ``before`` is what a filter of sequences
    carries from the frame before, by name, moved to this one, or finds it on the job's thread
    before all else (what it raises ends the job); what it carries on is ``carried`` then: float32
    (height / size, width / size, channels), of the whole frame. A filter that asks for a mask is
    told that of the layer, or the selection where there is no layer yet. ``threads`` says before
    each piece how many its networks may use of the processor's; the result is the same. With
    ``draft`` the drafts that its filter names stand in for networks; whether one did, ``drafted``
    says once the job has ended.
    """

    _ids = itertools.count(1)

    def __init__(
        self,
        pool: Pool,
        declaration: Declaration,
        settings: dict[str, Value],
        document: Document,
        *,
        layer_id: str | None = None,
        live: Live | None = None,
        region: Region | None = None,
        focus: Region | None = None,
        device: str = "auto",
        patience: float = PATIENCE,
        listener: Listener | None = None,
        read: Read = no_pictures,
        prepared: Preparations | None = None,
        before: Before = None,
        threads: Threads = every_thread,
        draft: bool = False,
    ) -> None:
        self.id = next(Job._ids)
        self.declaration = declaration
        self.settings = with_ids(declaration, settings, document)
        self.document = document
        self.region = (region or document.region).intersect(document.region)
        self.focus = focus
        self.device_label = self.runtime = ""
        self.models: dict[str, str] = {}
        self.outcome: JobFinished | JobFailed | JobCancelled | None = None
        self._key = ""
        self.task = Task(
            declaration, self.settings, document, self.region, layer_id, live, region is not None
        )
        self.kind = kind_of(self.task)
        self.parts = self.kind.parts
        self.preparations = prepared or Preparations()
        self._before = before
        self.carrying = CarriedOn(declaration.carries, self.region, None)
        self.read = read
        self._pool = pool
        self.device = device
        self.threads = threads
        self.draft = draft and region is not None
        self.drafted = False
        self.patience = patience
        self.listener = listener
        self.cancelled = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"job {self.id}", daemon=True)
        self._thread.start()

    @property
    def carried(self) -> dict[str, NDArray[np.float32]]:
        """What a filter of sequences carries on to the next frame, by name: float32 (rows, columns,
        channels).
        """
        return self.carrying.made

    def cancel(self) -> None:
        """Stop the job; it ends within one piece, or is killed shortly after."""
        self.cancelled.set()

    def wait(self, timeout: float | None = None) -> JobFinished | JobFailed | JobCancelled | None:
        """How the job ended; None when it still runs after ``timeout`` seconds."""
        self._ended.wait(timeout)
        return self.outcome

    def edit(self, above: str | None = None) -> Edit:
        """The edit that puts the result in the document. Raises RuntimeError if there is none.

        What changes the size enlarges the document. Otherwise the result is kept by the filter
        layer it was computed for, or by a new one ``above`` another layer (None = on top), which
        has the selection as its mask. What selects changes the selection alone.
        """
        outcome = self.outcome
        exact = self.task.is_whole and not self.drafted
        if not isinstance(outcome, JobFinished) or not exact:
            raise RuntimeError("the job has no result for the whole picture")
        return self.kind.edit(Whole(outcome.layers, self.models, self._key, self.made_with), above)

    @property
    def made_with(self) -> dict[str, str]:
        """What the result is computed with, in words: "editor", "plugin", "runtime", "device"."""
        declaration = self.declaration
        told = {
            "editor": __version__,
            "plugin": f"{declaration.plugin} {declaration.version}".strip(),
            "runtime": self.runtime,
            "device": self.device_label,
        }
        return {name: text for name, text in told.items() if text}

    @property
    def key(self) -> str:
        """What a finished whole result was computed from (``document.result_key``), else ""."""
        return self._key

    # -- the job's thread --------------------------------------------------------------------

    def _run(self) -> None:
        try:
            before = self._before(self._say) if callable(self._before) else self._before
            self._before = None
            self.carrying = CarriedOn(self.declaration.carries, self.region, before)
            with self._pool.worker(Failure) as worker:
                run = WorkerRun(self, worker)
                try:
                    rasters = run.run()
                finally:
                    run.settle()
            outcome: JobFinished | JobFailed | JobCancelled = JobFinished(
                next(iter(rasters.values())),
                rasters,
                run.shrinking.decibels,
            )
            if self.task.is_whole and self.kind.keeps and not self.drafted:
                self._key = self.kind.key(self.models)  # here, because it reads every pixel
        except Unwanted:
            outcome = JobCancelled()
        except Failure as failure:
            outcome = self._failed(str(failure), failure.details)
        except NoImage as reason:
            outcome = self._failed(str(reason))
        except LayerFailed as error:
            outcome = self._failed(f"works on what lies below it, and there {error}")
        except WorkerDied as death:
            if self.cancelled.is_set():
                outcome = JobCancelled()
            else:
                outcome = self._failed(f"{death}{self._pool.often()}")
        except MemoryError:
            outcome = self._failed("stopped: there is not enough memory for the result")
        except Exception as error:  # a fault of ours must end as a message too
            outcome = self._failed(f"stopped: {type(error).__name__}: {error}")
        self.outcome = outcome
        self._ended.set()
        self.tell(outcome)
        self.listener = None  # who has this job is heard no more, and both can go

    def _failed(self, reason: str, details: str = "") -> JobFailed:
        plugin = self.declaration.plugin or "no plugin"
        return JobFailed(f"{self.declaration.title} ({plugin}) {sentence(reason)}", details)

    def _say(self, words: str) -> None:
        self.tell(JobProgress(0.0, None, words))

    def tell(self, event: JobEvent) -> None:
        """Tell the listener, while there is one."""
        if self.listener is not None:
            self.listener(event)
