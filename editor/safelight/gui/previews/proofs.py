"""Proofs: one filter's results with several values of one parameter, small, one after the other.

As a test strip in a darkroom: the same part of the picture, exposed in steps. Knows no widget.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QImage

from safelight import actions
from safelight.api import Declaration, Parameter, Region, Value
from safelight.document import Document, Kept, Layer, Live, render, render_srgb
from safelight.document.rendered.result_choices import margin
from safelight.gui.canvas.mask_tint import OPACITY, RED
from safelight.gui.canvas.picture import Picture
from safelight.gui.previews.computed_area import middle, what_matters
from safelight.gui.previews.job_run import Run, Task
from safelight.gui.previews.scaled_document import at_level
from safelight.gui.screen.display_transform import tagged
from safelight.gui.session import Session
from safelight.gui.threads.background import Background
from safelight.pixels import SRGB, Profile, Raster, RasterBuilder, to_float

_PIXELS = 400_000
"""Most pixels of a result that a job computes for one proof."""

_SIDE = 600
"""Longest side of a proof in pixels."""


def _is_latent(parameter: Parameter) -> bool:
    return parameter.kind == "code" and not parameter.role


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be proved: ``values`` of the parameter ``name`` among the complete ``settings``.

    ``layer_id`` is the filter layer it is about; None for a filter that is being tried. ``seen``
    is what the user looks at.
    """

    declaration: Declaration
    settings: Mapping[str, Value]
    name: str
    values: tuple[Value, ...]
    layer_id: str | None
    seen: Region

    def with_value(self, index: int) -> dict[str, Value]:
        """The settings of one proof: another seed says what is made, as in the panel."""
        settings = {**self.settings, self.name: self.values[index]}
        if self.declaration.parameter(self.name).kind == "seed":
            settings |= {x.name: () for x in self.declaration.parameters if _is_latent(x)}
        return settings

    def same_but_values(self, other: Wanted) -> bool:
        """Whether proofs of the other would show the same, as far as their values are."""
        names = self.declaration.id, self.name, self.layer_id
        if names != (other.declaration.id, other.name, other.layer_id):
            return False
        mine, theirs = ({**x.settings, self.name: 0} for x in (self, other))
        return mine == theirs


@dataclass(frozen=True, slots=True)
class _Plan:
    """Which part is shown, and whether the filter is cheap with all the values."""

    region: Region
    cheap: bool


class Proofs(QObject):
    """Computes proofs, whenever neither a preview nor a job of the user's runs.

    ``arrived`` has the place among the values and the picture; ``progressed`` a place and 0 to 1;
    ``waits`` whether something of the user's is let past. ``failed``: one could not be computed,
    and none after it will be. ``finished``: all there will be is there.
    """

    arrived = Signal(int, QImage)
    progressed = Signal(int, float)
    waits = Signal(bool)
    failed = Signal()
    finished = Signal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.wanted: Wanted | None = None
        self._base: tuple[Document, str] | None = None
        self._plan: _Plan | None = None
        self._left: list[int] = []
        self._run: Run | None = None
        self._on_thread = False
        self._round = 0
        session.job_changed.connect(self._go_on)
        session.overlay_changed.connect(self._go_on)

    @property
    def running(self) -> bool:
        """Whether there are proofs to come."""
        return bool(self._left)

    def start(self, wanted: Wanted) -> None:
        """Compute these proofs, and give up the others."""
        self.stop()
        self.wanted, self._base = wanted, self._bare(wanted)
        self._left = list(range(len(wanted.values)))
        self._go_on()

    def stop(self) -> None:
        """Give up what is not there yet."""
        self._round += 1
        self._left = []
        self._plan = None
        self._end_run()

    def outdated_by(self, wanted: Wanted) -> bool:
        """Whether the proofs asked for last would look different now."""
        if self.wanted is None or self._base is None:
            return False
        return not wanted.same_but_values(self.wanted) or self._bare(wanted) != self._base

    # -- one after the other -------------------------------------------------------------------

    def _go_on(self) -> None:
        """Do what comes next, unless it is under way or something of the user's runs."""
        if not self._left or self.wanted is None:
            return
        session = self._session
        occupied = session.previews.run is not None or session.job is not None or bool(session.busy)
        if occupied:
            self._end_run()
        self.waits.emit(occupied)
        if occupied or self._on_thread or self._run is not None or session.studio is None:
            return
        if self._plan is None:
            self._make_plan(self.wanted, session.studio)
        elif self._plan.cheap:
            self._draw(self.wanted, self._plan, session.studio)
        else:
            self._start_run(self.wanted, self._plan)

    def _make_plan(self, wanted: Wanted, studio: actions.Studio) -> None:
        document = self._session.document.picture
        layer = document.layer(wanted.layer_id) if wanted.layer_id is not None else None
        declaration = wanted.declaration
        mask = layer.mask if layer is not None else document.selection
        if declaration.selects:
            mask = None

        def work() -> _Plan:
            each = [wanted.with_value(index) for index in range(len(wanted.values))]
            largest = max(declaration.factor(settings) for settings in each)
            cheap = largest == 1 and all(studio.is_cheap(declaration, x) for x in each)
            region = what_matters(mask, wanted.seen, document.region)
            if not cheap and not declaration.masked:  # which sees its mask whole in any case
                most = _PIXELS // largest**2
                shared = region.intersect(wanted.seen)
                if region.width * region.height > most and not shared.empty:
                    region = shared
                region = middle(region, most)
            return _Plan(region, cheap)

        def done(plan: _Plan) -> None:
            self._plan = plan

        self._on_a_thread(work, done)

    def _draw(self, wanted: Wanted, plan: _Plan, studio: actions.Studio) -> None:
        """A cheap filter runs as its document is rendered."""
        task = self._task(wanted)
        assert task.layer is not None
        assert task.layer.filter is not None
        held, document = task.layer.filter, task.document(self._session.document)
        document = document.with_layer(task.layer)
        level = _level(plan.region)

        def work() -> QImage | None:
            image = _image(document, at_level(plan.region, level), studio.live)
            return None if studio.live.reach(held, level) is None else image

        def done(image: QImage | None) -> None:
            if image is None:  # the session has said why
                self._fail()
            else:
                self._arrive(image)

        self._on_a_thread(work, done)

    def _start_run(self, wanted: Wanted, plan: _Plan) -> None:
        task, region = self._task(wanted), plan.region
        if task.layer is not None and task.layer.filter is not None:
            region = region.grow(margin(task.layer.filter, 0), self._session.document.region)
        self._run = Run(self._session, task, region, None, self._heard)

    def _heard(self, run: Run, event: actions.JobEvent, picture: Picture | None) -> None:
        if run is not self._run or self._plan is None:
            return
        if isinstance(event, actions.JobProgress):
            self.progressed.emit(self._left[0], event.done)
        elif isinstance(event, actions.JobFinished):
            self._run = None
            self._show_result(run, event.raster, self._plan.region)
        elif isinstance(event, actions.JobFailed):
            self._run = None
            self._session.said.emit(event.message, event.details)
            self._fail()
        elif isinstance(event, actions.JobCancelled):
            self._run = None
            self._fail()

    def _show_result(self, run: Run, raster: Raster, region: Region) -> None:
        """Put a job's result into the document, and look at it as the canvas would."""
        task, computed, document = run.task, run.overlay.region, run.job.document
        studio = self._session.studio
        live = studio.live if studio is not None else None

        def work() -> QImage:
            if task.declaration.selects:
                return _selected(document, computed, raster, live)
            if task.layer is None:
                return _of_raster(raster, document.profile)
            size = document.width, document.height
            builder = RasterBuilder(*size, raster.channels, document.depth)
            builder.write(computed, raster.to_array())
            kept = _with_filter(task.layer, kept=Kept(builder.finish(), "", place=document.frame))
            return _image(document.with_layer(kept), region, live)

        self._on_a_thread(work, self._arrive)

    def _arrive(self, image: QImage) -> None:
        self.arrived.emit(self._left.pop(0), image)
        if not self._left:
            self.finished.emit()

    def _fail(self) -> None:
        """What one value cannot do the next would hardly do better, and it would be said again."""
        self._left = []
        self.failed.emit()

    def _end_run(self) -> None:
        if self._run is not None:
            self._run.end()
            self._run = None

    def _on_a_thread(self, work: Callable[[], Any], done: Callable[[Any], None]) -> None:
        current, self._on_thread = self._round, True

        def ended(result: Any) -> None:
            self._on_thread = False
            if current == self._round:
                done(result)
            self._go_on()

        def failed(error: Exception) -> None:
            self._on_thread = False
            if current == self._round and self.wanted is not None:
                title = self.wanted.declaration.title
                self._session.said.emit(f"{title} cannot be tried: {error}", "")
                self._fail()
            self._go_on()

        Background(self, work, ended, failed)

    def _task(self, wanted: Wanted) -> Task:
        """What the next proof needs."""
        settings = wanted.with_value(self._left[0])
        if wanted.layer_id is None:
            return Task.new(wanted.declaration, settings, self._session)
        layer = self._session.document.layer(wanted.layer_id)
        layer = _with_filter(replace(layer, visible=True), settings=settings, kept=None)
        return Task(wanted.declaration, settings, layer, is_new=False)

    def _bare(self, wanted: Wanted) -> tuple[Document, str]:
        """What proofs are made of, without what they try."""
        document = self._session.document
        if wanted.layer_id is None:
            return document, self._session.active
        layer = document.layer(wanted.layer_id)
        layer = _with_filter(replace(layer, visible=True), settings={}, kept=None)
        return document.with_layer(layer), layer.id


def _with_filter(layer: Layer, **changes: Any) -> Layer:
    """A filter layer whose filter is another in some respects."""
    assert layer.filter is not None
    return replace(layer, content=replace(layer.filter, **changes))


def _level(region: Region) -> int:
    """The coarsest zoom level at which a region still has as many pixels as a proof."""
    level = 0
    while max(region.width, region.height) >> (level + 1) >= _SIDE:
        level += 1
    return level


def _of_raster(raster: Raster, profile: Profile) -> QImage:
    document = Document.from_raster(raster, profile=profile)
    return _image(document, at_level(raster.region, _level(raster.region)), None)


def _selected(document: Document, region: Region, mask: Raster, live: Live | None) -> QImage:
    """The picture with a mask of the region (8-bit, one channel) over it in red."""
    pixels = render_srgb(document, region, live, lenient=True)[..., :3]
    share = to_float(mask.to_array()) * np.float32(OPACITY)
    red = np.array(RED, np.float32) / np.float32(255)
    return _for_screen(pixels * (1 - share) + share * red, SRGB)


def _image(document: Document, region: Region, live: Live | None) -> QImage:
    """The picture at a region for the screen."""
    return _for_screen(render(document, region, live, lenient=True), document.profile)


def _for_screen(pixels: NDArray[Any], profile: Profile) -> QImage:
    """Pixels (height, width, 3 or 4) of a profile, with at most ``_SIDE`` of them a side."""
    image = tagged(pixels, profile)
    if max(image.width(), image.height()) <= _SIDE:
        return image
    keep, smooth = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
    return image.scaled(_SIDE, _SIDE, keep, smooth)
