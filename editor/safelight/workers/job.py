"""Job: one run of one filter over a document, piece by piece, in a worker process.

The host renders each piece straight into a reused block of shared memory and converts the
result straight back into the document's depth. Two pieces are under way at a time, so the
worker never waits for the host.
"""

from __future__ import annotations

import itertools
import math
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from safelight import __version__
from safelight.api import Declaration, Prepared, Region, Value
from safelight.document import Document, Edit, LayerFailed, Live
from safelight.pixels import Raster, is_finite
from safelight.workers.carried_on import Arrays, CarriedOn
from safelight.workers.conversation import Conversation, Failure, Unwanted
from safelight.workers.fidelity import ShrinkingBack
from safelight.workers.filter_measurements import Preparations, view
from safelight.workers.glimpses import ROOM, SIDE
from safelight.workers.job_events import (
    JobCancelled,
    JobEvent,
    JobFailed,
    JobFinished,
    JobPiece,
    JobPrepared,
    JobProgress,
    Listener,
)
from safelight.workers.job_kinds import Task, Whole, kind_of
from safelight.workers.job_report import JobReport
from safelight.workers.network_sight import Sight
from safelight.workers.pieces import Piece, Plan, nearest, quarters, unwatched
from safelight.workers.watchdog import PATIENCE
from safelight.workers.wire import messages
from safelight.workers.wire.blocks import Block
from safelight.workers.wire.messages import Place
from safelight.workers.wire.replies import GIVEN_NO_NUMBERS, NO_NUMBERS, sentence, visible, whole
from safelight.workers.worker_pictures import (
    Images,
    NoImage,
    Read,
    filled,
    no_pictures,
    plain,
    with_ids,
)
from safelight.workers.worker_pool import Pool
from safelight.workers.worker_process import CANCEL_GRACE, WorkerDied, WorkerProcess

Threads: TypeAlias = Callable[[], int]
"""Says how many of the processor's threads a network may use now, 0 for all."""


def every_thread() -> int:
    """All that there are."""
    return 0


_SMALLEST = 64
"""Pieces are not made smaller than this when memory is short, in pixels."""


@dataclass(slots=True)
class _UnderWay:
    """A piece the worker has been given, and the blocks it travels in."""

    number: int
    piece: Piece
    device: str
    source: Block | None  # a generator is given nothing
    target: Block
    others: list[Block]
    made: NDArray[np.float32] | None = None  # a copy: the worker can still write to the block
    carried: dict[str, Block] = field(default_factory=dict)


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
        self._task = Task(
            declaration, self.settings, document, self.region, layer_id, live, region is not None
        )
        self._kind = kind_of(self._task)
        self.parts = self._kind.parts
        self._prepared = prepared or Preparations()
        self._before = before
        self._carrying = CarriedOn(declaration.carries, self.region, None)
        self._read = read
        self._pool = pool
        self._device = device
        self._threads = threads
        self._draft = draft and region is not None
        self.drafted = False
        self._patience = patience
        self._listener = listener
        self._cancelled = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"job {self.id}", daemon=True)
        self._thread.start()

    @property
    def carried(self) -> dict[str, NDArray[np.float32]]:
        """What a filter of sequences carries on to the next frame, by name: float32 (rows, columns,
        channels).
        """
        return self._carrying.made

    def cancel(self) -> None:
        """Stop the job; it ends within one piece, or is killed shortly after."""
        self._cancelled.set()

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
        exact = self._task.is_whole and not self.drafted
        if not isinstance(outcome, JobFinished) or not exact:
            raise RuntimeError("the job has no result for the whole picture")
        return self._kind.edit(Whole(outcome.layers, self.models, self._key, self.made_with), above)

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
            self._carrying = CarriedOn(self.declaration.carries, self.region, before)
            with self._pool.worker(Failure) as worker:
                run = _Run(self, worker)
                try:
                    rasters = run.run()
                finally:
                    run.settle()
            outcome: JobFinished | JobFailed | JobCancelled = JobFinished(
                next(iter(rasters.values())),
                rasters,
                run.shrinking.decibels,
            )
            if self._task.is_whole and self._kind.keeps and not self.drafted:
                self._key = self._kind.key(self.models)  # here, because it reads every pixel
        except Unwanted:
            outcome = JobCancelled()
        except Failure as failure:
            outcome = self._failed(str(failure), failure.details)
        except NoImage as reason:
            outcome = self._failed(str(reason))
        except LayerFailed as error:
            outcome = self._failed(f"works on what lies below it, and there {error}")
        except WorkerDied as death:
            if self._cancelled.is_set():
                outcome = JobCancelled()
            else:
                outcome = self._failed(f"{death}{self._pool.often()}")
        except MemoryError:
            outcome = self._failed("stopped: there is not enough memory for the result")
        except Exception as error:  # a fault of ours must end as a message too
            outcome = self._failed(f"stopped: {type(error).__name__}: {error}")
        self.outcome = outcome
        self._ended.set()
        self._tell(outcome)
        self._listener = None  # who has this job is heard no more, and both can go

    def _failed(self, reason: str, details: str = "") -> JobFailed:
        plugin = self.declaration.plugin or "no plugin"
        return JobFailed(f"{self.declaration.title} ({plugin}) {sentence(reason)}", details)

    def _say(self, words: str) -> None:
        self._tell(JobProgress(0.0, None, words))

    def _tell(self, event: JobEvent) -> None:
        if self._listener is not None:
            self._listener(event)


class _Run:
    """What a job knows while it runs: the plan, the pieces, what is under way."""

    def __init__(self, job: Job, worker: WorkerProcess) -> None:
        self.job = job
        self.worker = worker
        sight = Sight.of(job.declaration, job.document, job.region)
        self.talk = Conversation(worker, job._patience, job._cancelled.is_set, self._told, sight)
        self.glimpse: Block | None = None
        self.kind = job._kind
        self.part = job.parts[0]
        self.device = job._device
        self.carrying = job._carrying
        self.images = Images(job.declaration, job.settings, job.document, job._read)
        self.settings = plain(job.declaration, job.settings)
        self.plan = Plan()
        self.shrinking = ShrinkingBack(cut_off=job.document.depth != "float32")
        self.prepared: Prepared = {}
        self.waiting: list[Piece] = []
        self.under_way: deque[_UnderWay] = deque()
        self.uses_cuda = False
        self.numbers = itertools.count(1)
        self.report = JobReport(job._tell, self._pixels_in_all)

    def run(self) -> dict[str, Raster]:
        """Do the whole job. Raises Unwanted, Failure, NoImage, WorkerDied or MemoryError."""
        self.images.find()
        self._make_plan()
        rasters: dict[str, Raster] = {}
        for part in self.job.parts:
            self.part = part
            part.plan = self.plan
            if self.job.declaration.prepares:
                self._prepare()
            rasters[self.part.layer_id] = self._one()
        return rasters

    def _one(self) -> Raster:
        """The result for one part."""
        region, part = self.job.region, self.part
        builder = self.kind.builder(part)
        self.waiting = self.kind.pieces(part)
        self.kind.begin(part, builder)
        while self.waiting or self.under_way:
            while self.waiting and len(self.under_way) < 2:
                self._dispatch()
            finished = self._next_finished()
            if finished is None:
                continue
            place = finished.piece.keep.move(-region.x, -region.y).scale(self.plan.scale)
            pixels = self._pixels(finished)
            builder.write(place, pixels)
            if len(self.job.parts) == 1:
                self.job._tell(JobPiece(place, pixels))
            self.report.finished(finished.piece)
        return builder.finish()

    # -- asking ------------------------------------------------------------------------------

    def _make_plan(self) -> None:
        job = self.job
        question = messages.MakePlan(
            filter=job.declaration.id,
            settings=self.settings,
            images=tuple(self.images.names),
            device=self.device,
            threads=job._threads(),
            canvas=self.kind.canvas(self.part),
        )
        planned = self.talk.ask(question, messages.Planned)
        try:
            self.plan = Plan(
                reach=whole(planned.reach, 0, 1 << 16),
                multiple=whole(planned.multiple, 1, 1 << 12),
                scale=whole(planned.scale, job._task.factor, job._task.factor),
                tile=whole(planned.tile, 16, 1 << 14),
            )
        except ValueError:
            raise self.talk.nonsense() from None
        if job._listener is None and job.focus is None:
            self.plan = unwatched(self.plan)
        job.models = dict(planned.models)
        self.talk.saw(job.models)  # before a pixel is shown
        job.device_label, job.runtime = visible(planned.device), visible(planned.runtime)
        self.uses_cuda = planned.device_name == "cuda"
        job.drafted = job._draft and planned.drafted

    def _prepare(self) -> None:
        """Have the filter measure the whole picture, unless it is known."""
        job = self.job
        self.prepared = job._prepared.get(
            job.declaration, job.settings, self.part.document, self._measured
        )
        job._tell(JobPrepared(self.prepared))

    def _measured(self) -> Prepared:
        job = self.job
        task = job._task
        picture = view(job.declaration, self.part.document, task.live, lenient=task.lenient)
        block = self.worker.block(picture.size * 4, writable=False)
        try:
            np.copyto(block.array(picture.shape), picture)
            question = messages.Prepare(
                filter=job.declaration.id,
                settings=self.settings,
                device=self.device,
                threads=job._threads(),
                quantisation=job.document.source.quantisation,
                input=Place(block.id, picture.shape),
            )
            return dict(self.talk.ask(question, messages.Prepared).values)
        finally:
            self.worker.give_back(block)

    def _dispatch(self) -> None:
        piece = nearest(self.waiting, self.job.focus)
        self.waiting.remove(piece)
        window, keep, scale = piece.window, piece.keep, self.plan.scale
        given, mask = self.kind.given(self.part, window), self.kind.mask(window)
        source = None if given is None else filled(self.worker, given)
        target = self.worker.block(math.prod(self.kind.shape(keep)) * 4, writable=True)
        number = next(self.numbers)
        images, others = self.images.lend(self.worker, window, self.plan.reach)
        shown = None
        if mask is not None:
            others.append(filled(self.worker, mask))
            shown = Place(others[-1].id, mask.shape)
        if self.glimpse is None and self.job._listener is not None and len(self.job.parts) == 1:
            self.glimpse = self.worker.block(ROOM, writable=True)
        glimpse = self.glimpse
        before, lent = self.carrying.given(self.worker, window)
        carried, targets = self.carrying.room(self.worker, keep)
        others += lent
        under_way = _UnderWay(number, piece, self.device, source, target, others, carried=targets)
        self.under_way.append(under_way)
        self.talk.say(
            messages.Run(
                piece=number,
                filter=self.job.declaration.id,
                settings=self.settings,
                device=self.device,
                threads=self.job._threads(),
                region=window,
                keep=(keep.x - window.x, keep.y - window.y, keep.width, keep.height),
                scale=scale,
                input=Place(source.id, (window.height, window.width, 3)) if source else None,
                output=Place(target.id, self.kind.shape(keep)),
                images=images,
                mask=shown,
                prepared=self.prepared,
                canvas=self.kind.canvas(self.part),
                glimpse=Place(glimpse.id, (SIDE, SIDE, 3), "uint8") if glimpse else None,
                before=before,
                carried=carried,
                draft=self.job.drafted,
            )
        )

    # -- hearing -----------------------------------------------------------------------------

    def _next_finished(self) -> _UnderWay | None:
        """The piece that is done; None when one has to be done again in smaller parts."""
        first = self.under_way[0]
        try:
            self.talk.hear(messages.Done, first.number)
        except Failure as failure:
            if failure.kind != "memory":
                raise
            self._shrink(self.under_way.popleft(), failure)
            return None
        self.carrying.take(first.piece.keep, first.carried)
        self._return(self.under_way.popleft())
        first.made = first.target.array(self.kind.shape(first.piece.keep)).copy()
        self._check_numbers(first, first.made)
        return first

    def _check_numbers(self, finished: _UnderWay, made: NDArray[Any]) -> None:
        """Raise Failure where a result holds NaN or infinity, with blame where it belongs."""
        if is_finite(made):
            return
        window, source = finished.piece.window, finished.source
        given = source is None or is_finite(source.array((window.height, window.width, 3)))
        raise Failure(NO_NUMBERS if given else GIVEN_NO_NUMBERS)

    def settle(self) -> None:
        """Leave nothing under way: ask the worker to stop, then make it.

        A job that ends early, for whatever reason, leaves a worker that is fit for the next.
        """
        self.talk.settle(CANCEL_GRACE)
        for item in self.under_way:
            self._return(item)
        if self.glimpse is not None:
            self.worker.give_back(self.glimpse)
        self.images.take_back(self.worker)

    def _shrink(self, failed: _UnderWay, failure: Failure) -> None:
        """Do a piece again that was too much for the memory: in quarters, then on the CPU."""
        self._return(failed)
        side = max(failed.piece.keep.width, failed.piece.keep.height)
        if side <= _SMALLEST or self.kind.in_one_piece:
            if failed.device == "cpu" or not self.uses_cuda:
                raise Failure(f"ran out of memory, even on pieces of {side} pixels", failure.reason)
            self.device = "cpu"
            self.job.device_label = "CPU, because the GPU's memory ran out"
            self.waiting.insert(0, failed.piece)
            return
        smaller: list[Piece] = []
        for piece in [failed.piece, *self.waiting]:
            large = max(piece.keep.width, piece.keep.height) >= side
            smaller += quarters(piece, self.part.within, self.plan) if large else [piece]
        self.waiting = smaller

    def _return(self, item: _UnderWay) -> None:
        for block in (item.source, item.target, *item.others, *item.carried.values()):
            if block is not None:
                self.worker.give_back(block)

    # -- the result --------------------------------------------------------------------------

    def _pixels(self, finished: _UnderWay) -> NDArray[Any]:
        """What of a finished piece gets into the result."""
        made, keep = finished.made, finished.piece.keep
        assert made is not None
        before = self._before(finished)
        if before is not None and self.plan.scale > 1:
            self.shrinking.add(before, made)
        pixels = self.kind.pixels(self.part, keep, made, before)
        self._check_numbers(finished, pixels)  # the profile's curves may have overflown
        return pixels

    def _before(self, finished: _UnderWay) -> NDArray[np.float32] | None:
        """What the filter was given where it gave something; None where it was given nothing."""
        if finished.source is None:
            return None
        window, keep = finished.piece.window, finished.piece.keep
        given = finished.source.array((window.height, window.width, 3))
        inner = keep.move(-window.x, -window.y)
        return given[inner.rows(), inner.columns()]

    # -- what the listener hears ---------------------------------------------------------------

    def _pixels_in_all(self) -> int:
        wanted = self.kind.wanted()
        return wanted.width * wanted.height * len(self.job.parts)

    def _told(self, message: messages.Progress | messages.Glimpsed) -> None:
        """Pass on what the worker says of the piece that it is at, or of what comes before all."""
        first = self.under_way[0] if self.under_way else None
        if first is not None and message.piece != first.number:
            return
        if isinstance(message, messages.Glimpsed):
            self._show_glimpse(first, message.shape)
        else:
            self.report.progress(first.piece if first else None, message.fraction, message.words)

    def _show_glimpse(self, under_way: _UnderWay | None, shape: tuple[int, int, int]) -> None:
        """Pass on what lies in the block for glimpses."""
        tall, wide, colours = shape
        if self.glimpse is None or under_way is None:
            return
        if colours != 3 or not (0 < tall <= SIDE and 0 < wide <= SIDE):
            raise self.talk.nonsense()
        keep, region = under_way.piece.keep, self.job.region
        place = keep.move(-region.x, -region.y).scale(self.plan.scale)
        pixels = self.glimpse.array(shape, "uint8").copy()
        self.report.glimpse(place, pixels, self.kind.mask(keep))
