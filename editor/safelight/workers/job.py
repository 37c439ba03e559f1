"""Job: one run of one filter over a document, piece by piece, in a worker process.

The host renders each piece straight into a reused block of shared memory and converts the
result straight back into the document's depth. Two pieces are under way at a time, so the
worker never waits for the host.
"""

from __future__ import annotations

import itertools
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from safelight.api import Declaration, Prepared, Region, Value
from safelight.document import (
    Document,
    Edit,
    Kept,
    Layer,
    LayerFailed,
    Live,
    LiveFilter,
    Record,
    Synthetic,
    canvas,
    edits,
    effective_raster,
    is_grey,
    named_layers,
    reachable,
    render,
    result_key,
    seen_around,
)
from safelight.pixels import (
    Raster,
    RasterBuilder,
    framed,
    from_float,
    is_finite,
    to_float,
    without_colour,
)
from safelight.workers.conversation import Conversation, Failure, Unwanted
from safelight.workers.images import Images, NoImage, Read, filled, no_pictures, plain, with_ids
from safelight.workers.patience import PATIENCE
from safelight.workers.pool import CANCEL_GRACE, Pool, WorkerDied, WorkerProcess
from safelight.workers.preparing import Preparations, view
from safelight.workers.shrinking import ShrinkingBack
from safelight.workers.tiling import Piece, Plan, cut, quarters
from safelight.workers.wire import messages
from safelight.workers.wire.blocks import Block
from safelight.workers.wire.messages import Place
from safelight.workers.wire.replies import GIVEN_NO_NUMBERS, NO_NUMBERS, sentence, whole

_BICUBIC = 2
"""Pixels around its own that a bicubic enlargement looks at."""

_SMALLEST = 64
"""Pieces are not made smaller than this when memory is short, in pixels."""


@dataclass(frozen=True, slots=True)
class JobProgress:
    """``done`` is 0 to 1; ``remaining`` seconds, None while unknown."""

    done: float
    remaining: float | None


@dataclass(frozen=True, slots=True)
class JobPrepared:
    """What the filter has measured of the whole picture: numbers, texts and lists, by name."""

    values: Prepared


@dataclass(frozen=True, slots=True)
class JobPiece:
    """A finished piece: its place in the result, its pixels in the document's depth and profile.

    Of a selection: 8-bit, with one channel.
    """

    region: Region
    pixels: NDArray[Any]


@dataclass(frozen=True, slots=True)
class JobFinished:
    """The whole result: of the picture, or of each pixel layer by its id when it changes size.

    ``shrinks_back``: of an enlarged one, how well it is the original once it is reduced again, in
    dB (see ``workers.shrinking``); None for others and for pictures of a few pixels.
    """

    raster: Raster
    layers: Mapping[str, Raster] = field(default_factory=dict)
    shrinks_back: float | None = None


@dataclass(frozen=True, slots=True)
class JobFailed:
    """It failed: one sentence that names the filter, its plugin and the reason."""

    message: str
    details: str = ""


@dataclass(frozen=True, slots=True)
class JobCancelled:
    """It was cancelled; nothing was changed."""


JobEvent: TypeAlias = JobProgress | JobPrepared | JobPiece | JobFinished | JobFailed | JobCancelled
Listener: TypeAlias = Callable[[JobEvent], None]


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


class Job:
    """A run that has been started. ``listener`` hears events on the job's own thread.

    ``region`` limits it to a part of the document (a preview); pixels around it are still
    looked at. A layer below that cannot be computed makes the job fail, but is left out of a
    preview, as it is on the screen. ``focus`` may be set at any time: pieces near it come first.
    ``read`` gives the pixels of a picture file that a setting names, as ``Images`` has it.
    ``prepared`` remembers what filters have measured. A filter that asks for a mask is told that
    of the layer, or the selection where there is no layer yet.
    """

    ids = itertools.count(1)
    """Numbers of what workers are asked to do: no two of a process are the same."""

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
    ) -> None:
        self.id = next(Job.ids)
        self.declaration = declaration
        self.settings = with_ids(declaration, settings, document)
        self.document = document
        self.region = (region or document.region).intersect(document.region)
        self.focus = focus
        self.device_label = ""
        self.models: dict[str, str] = {}
        self.outcome: JobFinished | JobFailed | JobCancelled | None = None
        self._key = ""
        self.inputs = self._parts(document, layer_id)
        self._layer_id = layer_id
        new = edits.with_selection(Layer(declaration.title, self.filter), document)
        layer = document.layer(layer_id) if layer_id else new
        self._masked = layer.seen(document.looked_at) if declaration.masked else None
        self.canvas = canvas(document, layer) if declaration.generates else None
        self._prepared = prepared or Preparations()
        self._read = read
        self._live = live
        self._preview = region is not None
        self._pool = pool
        self._device = device
        self._patience = patience
        self._listener = listener
        self._cancelled = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"job {self.id}", daemon=True)
        self._thread.start()

    def cancel(self) -> None:
        """Stop it; it ends within one piece, or is killed shortly after."""
        self._cancelled.set()

    def wait(self, timeout: float | None = None) -> JobFinished | JobFailed | JobCancelled | None:
        """How it ended; None when it still runs after ``timeout`` seconds."""
        self._ended.wait(timeout)
        return self.outcome

    def edit(self, above: str | None = None) -> Edit:
        """The edit that puts the result in the document. Raises RuntimeError if there is none.

        What changes the size enlarges the document. Otherwise the result is kept by the filter
        layer it was computed for, or by a new one ``above`` another layer (None = on top), which
        has the selection as its mask. What selects changes the selection alone.
        """
        outcome, title = self.outcome, self.declaration.title
        if not isinstance(outcome, JobFinished) or self.region != self.document.region:
            raise RuntimeError("the job has no result for the whole picture")
        record = Record("filter", self.declaration.id, self.settings)
        if self.declaration.selects:
            selected = outcome.raster if outcome.raster.bounds() else None
            return replace(edits.select(selected, title), record=record)
        factor = self.declaration.factor(self.settings)
        if factor != 1:
            made = edits.enlarge(outcome.layers, factor, title, self._lengths)
            return replace(made, record=record)
        invented: Synthetic = "partly" if self.declaration.invents else ""
        synthetic = self.inputs[0][1].synthetic or invented
        frame = self.document.frame
        kept = Kept(outcome.raster, self._key, self.models, synthetic, frame)
        if self._layer_id is not None:
            return edits.keep_result(self._layer_id, kept, self.filter)
        filled = replace(self.filter, kept=kept)
        return edits.add_layer(
            edits.with_selection(Layer(title, filled), self.document), above, title
        )

    @property
    def filter(self) -> LiveFilter:
        """The filter and its settings, as a layer holds them."""
        return live_filter(self.declaration, self.settings)

    def _parts(self, document: Document, layer_id: str | None) -> list[tuple[str, Document]]:
        """What is computed, one after the other: a layer's id, and the document that it sees."""
        whole = self.region == document.region
        if self.declaration.generates:
            return [("", replace(document, layers=(), selection=None))]
        if whole and self.declaration.factor(self.settings) != 1:
            pixel_layers = [layer for layer in document.walk() if layer.holds_pixels]
            return [(layer.id, replace(document, layers=(_bare(layer),))) for layer in pixel_layers]
        return [("", document if layer_id is None else document.below(layer_id))]

    def _lengths(self, filter: LiveFilter) -> LiveFilter:
        """The document's other filters, once the picture has grown."""
        scale = getattr(self._live, "scaled", None)
        factor = self.declaration.factor(self.settings)
        return filter if scale is None else scale(filter, factor)

    # -- the job's thread --------------------------------------------------------------------

    def _run(self) -> None:
        try:
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
            if self.region == self.document.region and "" in rasters:
                # Here, because it reads every pixel of the input.
                named = named_layers(self.document, self.filter)
                below, filter = self.inputs[0][1], self.filter
                self._key = result_key(below, filter, self.models, named, self._masked, self.canvas)
        except Unwanted:
            outcome = JobCancelled()
        except Failure as failure:
            outcome = self._failed(str(failure), failure.details)
        except NoImage as reason:
            outcome = self._failed(str(reason))
        except LayerFailed as error:
            outcome = self._failed(f"works on what lies below it, and there {error}")
        except WorkerDied as death:
            outcome = JobCancelled() if self._cancelled.is_set() else self._failed(str(death))
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

    def _tell(self, event: JobEvent) -> None:
        if self._listener is not None:
            self._listener(event)


class _Run:
    """What a job knows while it runs: the plan, the pieces, what is under way."""

    def __init__(self, job: Job, worker: WorkerProcess) -> None:
        self.job = job
        self.worker = worker
        self.talk = Conversation(worker, job._patience, job._cancelled.is_set)
        self.document = job.inputs[0][1]
        self.device = job._device
        self.images = Images(job.declaration, job.settings, job.document, job._read)
        self.settings = plain(job.declaration, job.settings)
        self.plan = Plan()
        self.shrinking = ShrinkingBack(cut_off=self.document.depth != "float32")
        self.mask: Raster | None = None
        self.within = job.region
        self.grey = False
        self.prepared: Prepared = {}
        self.waiting: list[Piece] = []
        self.under_way: deque[_UnderWay] = deque()
        self.uses_cuda = False
        self.numbers = itertools.count(1)
        self.started = time.monotonic()
        self.done_pixels = 0

    def run(self) -> dict[str, Raster]:
        """Do all of it. Raises Unwanted, Failure, NoImage, WorkerDied or MemoryError."""
        self.images.find()
        self._make_plan()
        rasters: dict[str, Raster] = {}
        for layer_id, document in self.job.inputs:
            self.document = document
            if self.job.declaration.prepares:
                self._prepare()
            rasters[layer_id] = self._one()
        return rasters

    def _one(self) -> Raster:
        job = self.job
        region, scale = job.region, self.plan.scale
        channels = 4 if self.document.has_alpha else 3
        self.grey = job.declaration.keeps_grey and is_grey(self.document.picture.layers)
        alpha = self._scaled_alpha() if channels == 4 and scale != 1 else None
        depth = self.document.depth
        self.within = reachable(self.document, self.plan.reach)
        if job.declaration.selects:
            channels, depth = 1, "uint8"
        elif job.canvas is not None:
            channels = 3 if job.canvas == self.document.region else 4
        builder = RasterBuilder(region.width * scale, region.height * scale, channels, depth)
        if job._masked is not None:
            self.mask = effective_raster(job._masked)
            self.waiting = [self._around_the_mask()]
            self._copy_below(builder)
        elif job.canvas is not None:
            self.waiting = cut(self._on_the_canvas(job.canvas), self.document.region, self.plan)
        else:
            self.waiting = cut(region, self.within, self.plan)
        while self.waiting or self.under_way:
            while self.waiting and len(self.under_way) < 2:
                self._dispatch()
            finished = self._next_finished()
            if finished is None:
                continue
            place = finished.piece.keep.move(-region.x, -region.y).scale(scale)
            if scale > 1:
                self.shrinking.add(*self._compared(finished))
            pixels = self._pixels(finished, alpha)
            builder.write(place, pixels)
            if len(job.inputs) == 1:
                job._tell(JobPiece(place, pixels))
            self._report(finished.piece)
        return builder.finish()

    # -- asking ------------------------------------------------------------------------------

    def _make_plan(self) -> None:
        job = self.job
        question = messages.MakePlan(
            filter=job.declaration.id,
            settings=self.settings,
            images=tuple(self.images.names),
            device=self.device,
            canvas=self._canvas(),
        )
        planned = self.talk.ask(question, messages.Planned)
        try:
            self.plan = Plan(
                reach=whole(planned.reach, 0, 1 << 16),
                multiple=whole(planned.multiple, 1, 1 << 12),
                scale=whole(planned.scale, 1, 64),
                tile=whole(planned.tile, 16, 1 << 14),
            )
        except ValueError:
            raise self.talk.nonsense() from None
        job.models = dict(planned.models)
        job.device_label = planned.device
        self.uses_cuda = planned.device_name == "cuda"

    def _prepare(self) -> None:
        """Have the filter measure the whole picture, unless it is known."""
        job = self.job
        self.prepared = job._prepared.get(
            job.declaration, job.settings, self.document, self._measured
        )
        job._tell(JobPrepared(self.prepared))

    def _measured(self) -> Prepared:
        job = self.job
        picture = view(job.declaration, self.document, job._live, lenient=job._preview)
        block = self.worker.block(picture.size * 4, writable=False)
        try:
            np.copyto(block.array(picture.shape), picture)
            question = messages.Prepare(
                filter=job.declaration.id,
                settings=self.settings,
                device=self.device,
                quantisation=job.document.source.quantisation,
                input=Place(block.id, picture.shape),
            )
            return dict(self.talk.ask(question, messages.Prepared).values)
        finally:
            self.worker.give_back(block)

    def _around_the_mask(self) -> Piece:
        """The one piece of a filter that works on what a mask says. Raises Failure without one."""
        job = self.job
        found = self.mask.bounds() if self.mask is not None else None
        if found is None:
            raise Failure(
                "needs to know where: select what it should work on, with the brush or a selection"
            )
        keep = found.intersect(job.region)
        if keep.empty:
            raise Failure("has nothing to do here: what is selected lies elsewhere")
        return Piece(keep, found.grow(self.plan.reach, self.within))

    def _on_the_canvas(self, canvas: Region) -> Region:
        """What is to be made. Raises Failure where there is nothing."""
        wanted = canvas.intersect(self.job.region)
        if wanted.empty:
            raise Failure("has nothing to do here: what is selected lies elsewhere")
        return wanted

    def _copy_below(self, builder: RasterBuilder) -> None:
        """Fill the result with what lies below; the mask's pixels are put over it."""
        region = self.job.region
        for piece in cut(region, self.document.region, Plan()):
            pixels = self._rendered(piece.keep)
            builder.write(piece.keep.move(-region.x, -region.y), pixels)

    def _rendered(self, region: Region, depth: str | None = None) -> NDArray[Any]:
        """What the filter works on. Raises LayerFailed unless the result is only looked at."""
        return render(self.document, region, self.job._live, depth, lenient=self.job._preview)

    def _dispatch(self) -> None:
        piece = self._nearest()
        window, keep, scale = piece.window, piece.keep, self.plan.scale
        generates = self.job.canvas is not None
        source = None if generates else self._source(window)
        target = self.worker.block(math.prod(self._shape(keep)) * 4, writable=True)
        number = next(self.numbers)
        images, others = self.images.lend(self.worker, window, self.plan.reach)
        mask = None
        if self.mask is not None:
            shown = to_float(framed(self.mask, window).to_array())[..., 0]
            others.append(filled(self.worker, shown))
            mask = Place(others[-1].id, shown.shape)
        self.under_way.append(_UnderWay(number, piece, self.device, source, target, others))
        self.talk.say(
            messages.Run(
                piece=number,
                filter=self.job.declaration.id,
                settings=self.settings,
                device=self.device,
                region=window,
                keep=(keep.x - window.x, keep.y - window.y, keep.width, keep.height),
                scale=scale,
                input=Place(source.id, (window.height, window.width, 3)) if source else None,
                output=Place(target.id, self._shape(keep)),
                images=images,
                mask=mask,
                prepared=self.prepared,
                canvas=self._canvas(),
            )
        )

    def _canvas(self) -> Region:
        """What a generator is told of what it fills, and a filter of the whole picture."""
        return self.job.canvas or self.document.region

    def _source(self, window: Region) -> Block:
        """A block with the pixels that a filter sees: nothing of what transparent ones hide."""
        block = self.worker.block(window.height * window.width * 12, writable=False)
        read = partial(self._rendered, depth="float32")
        pixels = seen_around(
            self.document, read(window), window, self.within, self.plan.reach, read
        )[..., :3]
        shared = block.array((window.height, window.width, 3))
        np.copyto(shared, self.document.profile.to_srgb(pixels))
        return block

    def _nearest(self) -> Piece:
        """The waiting piece nearest to what the user looks at."""
        focus = self.job.focus
        if focus is None:
            return self.waiting.pop(0)
        x, y = focus.x + focus.width / 2, focus.y + focus.height / 2

        def distance(piece: Piece) -> float:
            keep = piece.keep
            return math.hypot(keep.x + keep.width / 2 - x, keep.y + keep.height / 2 - y)

        nearest = min(self.waiting, key=distance)
        self.waiting.remove(nearest)
        return nearest

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
        self._return(self.under_way.popleft())
        first.made = first.target.array(self._shape(first.piece.keep)).copy()
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
        self.images.take_back(self.worker)

    def _shrink(self, failed: _UnderWay, failure: Failure) -> None:
        """Do a piece that was too much for the memory again: in quarters, then on the CPU."""
        self._return(failed)
        side = max(failed.piece.keep.width, failed.piece.keep.height)
        if side <= _SMALLEST or self.job.declaration.masked:
            if failed.device == "cpu" or not self.uses_cuda:
                raise Failure(f"ran out of memory, even on pieces of {side} pixels", failure.reason)
            self.device = "cpu"
            self.job.device_label = "CPU, because the GPU's memory ran out"
            self.waiting.insert(0, failed.piece)
            return
        smaller: list[Piece] = []
        for piece in [failed.piece, *self.waiting]:
            large = max(piece.keep.width, piece.keep.height) >= side
            smaller += quarters(piece, self.within, self.plan) if large else [piece]
        self.waiting = smaller

    def _return(self, item: _UnderWay) -> None:
        for block in (item.source, item.target, *item.others):
            if block is not None:
                self.worker.give_back(block)

    # -- the result --------------------------------------------------------------------------

    def _pixels(self, finished: _UnderWay, alpha: NDArray[np.float32] | None) -> NDArray[Any]:
        """A finished piece in the document's profile and depth, with the document's alpha."""
        keep, scale = finished.piece.keep, self.plan.scale
        made = finished.made
        assert made is not None
        if self.job.declaration.selects:
            return from_float(made[..., None], "uint8")
        profile = self.document.profile
        if scale == 1 and self.job.canvas is None and not profile.is_srgb:
            own = self._rendered(keep, "float32")[..., :3]
            colour = profile.returned(made, self._compared(finished)[0], own)
        else:
            colour = profile.from_srgb(made)
        if self.grey:
            colour = without_colour(colour)
        pixels = from_float(colour, self.document.depth)
        self._check_numbers(finished, pixels)  # the profile's curves may have overflown
        if self.mask is not None:
            below = self._rendered(keep)[..., :3]
            pixels = np.where(self.mask.read(keep) > 0, pixels, below)
        if self.job.canvas is not None and self.job.canvas != self.document.region:
            return np.concatenate([pixels, np.full_like(pixels[..., :1], _opaque(pixels))], axis=2)
        if self.job.canvas is not None or not self.document.has_alpha:
            return pixels
        if alpha is None:
            channel = self._rendered(keep)[..., 3:]
        else:
            place = keep.move(-self.job.region.x, -self.job.region.y).scale(scale)
            channel = from_float(alpha[place.rows(), place.columns(), None], self.document.depth)
        return np.concatenate([pixels, channel], axis=2)

    def _shape(self, keep: Region) -> tuple[int, ...]:
        """The shape of what the filter gives for a piece."""
        sides = (keep.height * self.plan.scale, keep.width * self.plan.scale)
        return sides if self.job.declaration.selects else (*sides, 3)

    def _compared(self, finished: _UnderWay) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """A finished piece before and after, both sRGB-encoded."""
        window, keep = finished.piece.window, finished.piece.keep
        assert finished.source is not None
        assert finished.made is not None
        before = finished.source.array((window.height, window.width, 3))
        inner = keep.move(-window.x, -window.y)
        return before[inner.rows(), inner.columns()], finished.made

    def _scaled_alpha(self) -> NDArray[np.float32]:
        """The alpha of the job's region at the result's size (bicubic), in one go: no seams."""
        region, scale = self.job.region, self.plan.scale
        wide = region.grow(_BICUBIC, self.document.region)
        alpha = self._rendered(wide, "float32")[..., 3]
        size = (alpha.shape[1] * scale, alpha.shape[0] * scale)
        image = PillowImage.fromarray(np.ascontiguousarray(alpha))
        large = np.asarray(image.resize(size, PillowImage.Resampling.BICUBIC), np.float32)
        inside = region.move(-wide.x, -wide.y).scale(scale)
        return np.clip(large[inside.rows(), inside.columns()], 0.0, 1.0)

    def _report(self, piece: Piece) -> None:
        region = self.job.region
        self.done_pixels += piece.keep.width * piece.keep.height
        if self.job.canvas is not None:
            region = self._on_the_canvas(self.job.canvas)
        done = self.done_pixels / (region.width * region.height * len(self.job.inputs))
        elapsed = time.monotonic() - self.started
        self.job._tell(JobProgress(done, elapsed / done * (1 - done)))


def _opaque(pixels: NDArray[Any]) -> float:
    """The alpha of what is not transparent, in the pixels' own numbers."""
    return 1.0 if pixels.dtype.kind == "f" else float(np.iinfo(pixels.dtype).max)


def live_filter(declaration: Declaration, settings: Mapping[str, Value]) -> LiveFilter:
    """A filter and its settings, as a layer holds them."""
    return LiveFilter(
        declaration.id,
        declaration.title,
        declaration.plugin,
        declaration.version,
        settings,
        masked=declaration.masked,
        generates=declaration.generates,
        keeps_grey=declaration.keeps_grey,
    )


def _bare(layer: Layer) -> Layer:
    """A layer's pixels alone."""
    return replace(layer, opacity=1.0, mode="normal", mask=None, clipped=False, visible=True)
