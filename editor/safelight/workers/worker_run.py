"""Worker run: the pieces of one job, asked of a worker, heard of and put together."""

from __future__ import annotations

import itertools
import math
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from safelight.api import Declaration, Prepared, Region, Value
from safelight.document import Document
from safelight.pixels import Raster, is_finite
from safelight.workers.carried_on import CarriedOn
from safelight.workers.conversation import Conversation, Failure
from safelight.workers.fidelity import ShrinkingBack
from safelight.workers.filter_measurements import Preparations, view
from safelight.workers.glimpses import ROOM, SIDE
from safelight.workers.job_events import JobEvent, JobPiece, JobPrepared, Listener
from safelight.workers.job_kinds import Kind, Part, Task
from safelight.workers.job_report import JobReport
from safelight.workers.network_sight import Sight
from safelight.workers.pieces import Piece, Plan, nearest, quarters, unwatched
from safelight.workers.wire import messages
from safelight.workers.wire.blocks import Block
from safelight.workers.wire.messages import Place
from safelight.workers.wire.replies import GIVEN_NO_NUMBERS, NO_NUMBERS, visible, whole
from safelight.workers.worker_pictures import Images, Read, filled, plain
from safelight.workers.worker_process import CANCEL_GRACE, WorkerProcess

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


class RunJob(Protocol):
    """What a run reads of its job, and what it tells there; ``Job`` says what each thing is."""

    declaration: Declaration
    settings: dict[str, Value]
    document: Document
    region: Region
    focus: Region | None
    task: Task
    kind: Kind
    carrying: CarriedOn
    preparations: Preparations
    read: Read
    device: str
    patience: float
    draft: bool
    listener: Listener | None
    cancelled: threading.Event
    models: dict[str, str]
    device_label: str
    runtime: str
    drafted: bool

    @property
    def parts(self) -> list[Part]:
        """The parts that are computed one after the other, each for a layer."""

    @property
    def threads(self) -> Callable[[], int]:
        """Says how many of the processor's threads networks may use now, 0 for all."""

    def tell(self, event: JobEvent) -> None:
        """Tell the job's listener, if it has one."""


class WorkerRun:
    """What a job knows while it runs: the plan, the pieces, what is under way."""

    def __init__(self, job: RunJob, worker: WorkerProcess) -> None:
        self.job = job
        self.worker = worker
        sight = Sight.of(job.declaration, job.document, job.region)
        self.talk = Conversation(worker, job.patience, job.cancelled.is_set, self._told, sight)
        self.glimpse: Block | None = None
        self.kind = job.kind
        self.part = job.parts[0]
        self.device = job.device
        self.carrying = job.carrying
        self.images = Images(job.declaration, job.settings, job.document, job.read)
        self.settings = plain(job.declaration, job.settings)
        self.plan = Plan()
        self.shrinking = ShrinkingBack(cut_off=job.document.depth != "float32")
        self.prepared: Prepared = {}
        self.waiting: list[Piece] = []
        self.under_way: deque[_UnderWay] = deque()
        self.uses_cuda = False
        self.numbers = itertools.count(1)
        self.report = JobReport(job.tell, self._pixels_in_all)

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
                self.job.tell(JobPiece(place, pixels))
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
            threads=job.threads(),
            canvas=self.kind.canvas(self.part),
        )
        planned = self.talk.ask(question, messages.Planned)
        try:
            self.plan = Plan(
                reach=whole(planned.reach, 0, 1 << 16),
                multiple=whole(planned.multiple, 1, 1 << 12),
                scale=whole(planned.scale, job.task.factor, job.task.factor),
                tile=whole(planned.tile, 16, 1 << 14),
            )
        except ValueError:
            raise self.talk.nonsense() from None
        if job.listener is None and job.focus is None:
            self.plan = unwatched(self.plan)
        job.models = dict(planned.models)
        self.talk.saw(job.models)  # before a pixel is shown
        job.device_label, job.runtime = visible(planned.device), visible(planned.runtime)
        self.uses_cuda = planned.device_name == "cuda"
        job.drafted = job.draft and planned.drafted

    def _prepare(self) -> None:
        """Have the filter measure the whole picture, unless it is known."""
        job = self.job
        self.prepared = job.preparations.get(
            job.declaration, job.settings, self.part.document, self._measured
        )
        job.tell(JobPrepared(self.prepared))

    def _measured(self) -> Prepared:
        job = self.job
        task = job.task
        picture = view(job.declaration, self.part.document, task.live, lenient=task.lenient)
        block = self.worker.block(picture.size * 4, writable=False)
        try:
            np.copyto(block.array(picture.shape), picture)
            question = messages.Prepare(
                filter=job.declaration.id,
                settings=self.settings,
                device=self.device,
                threads=job.threads(),
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
        if self.glimpse is None and self.job.listener is not None and len(self.job.parts) == 1:
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
                threads=self.job.threads(),
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
