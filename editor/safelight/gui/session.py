"""Session: one photograph being edited: history, active layer, job, preview. Knows no widget."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Set
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from safelight import actions
from safelight.api import Declaration, ParameterError, Region, Value
from safelight.document import (
    Document,
    Edit,
    EditError,
    History,
    Layer,
    LayerFailed,
    LiveFilter,
    Renderer,
    edits,
    is_stale,
    kernels,
    plain_raster,
)
from safelight.gui.background import Background, Mailbox
from safelight.gui.canvas.overlay import Overlay
from safelight.gui.canvas.picture import Picture, make_levels
from safelight.gui.edited import Edited
from safelight.gui.looking import Looking
from safelight.gui.run import Run, Task
from safelight.gui.saving import Saving
from safelight.gui.seeing import Seen
from safelight.pixels import kernels_ready, prepare_kernels

_PICTURES = 8
"""Versions of the document whose tiles stay ready for the screen."""

_PAUSE = 3000
"""Milliseconds after a change before old steps are looked through for memory to give back."""

_RENDERED = 256 << 20
"""Bytes kept of what lies below a changing layer."""


class Session(Edited):
    """The model behind a workspace.

    ``files`` knows what of it is saved. ``active`` is the id of the layer that edits are about.
    ``trial`` is the document with a filter that is being tried, as long as it is. ``measured``
    tells what a filter has found out about the whole picture, ``selected`` that one has made the
    selection. ``failed`` has the layers that cannot be computed, and why. ``blocked`` tells that an
    edit would lack one: its label, the LayerFailed, what makes it again and what makes it without
    the layer.
    """

    history_changed = Signal()
    active_changed = Signal()
    stale_changed = Signal()
    job_changed = Signal()
    overlay_changed = Signal()
    measured = Signal(object)
    selected = Signal()
    blocked = Signal(str, object, object, object)

    def __init__(
        self,
        history: History,
        path: Path | None,
        parent: QObject | None = None,
        *,
        project: actions.Project | None = None,
        recovery: actions.Recovery | None = None,
    ) -> None:
        super().__init__(history, parent)
        self.closed = False
        self.files = Saving(lambda: self.history, path, self, project=project, recovery=recovery)
        self.files.changed.connect(self.history_changed)
        self.repeat(self.files)
        self.active = history.document.layers[-1].id
        self.stale: frozenset[str] = frozenset()
        self.failed: dict[str, str] = {}
        self.job: Run | None = None
        self.preview: Run | None = None
        self.trial: Document | None = None
        self.overlay: Overlay | None = None
        self.busy = ""
        self._renderer = Renderer(memory=_RENDERED, lenient=True)
        self._pictures: OrderedDict[tuple[Any, ...], tuple[Document, Picture]] = OrderedDict()
        self._spill = actions.Spill(actions.cache_folder())
        self._tidying = QTimer(self)
        self._tidying.setSingleShot(True)
        self._tidying.setInterval(_PAUSE)
        self._tidying.timeout.connect(self._tidy)
        self._round = 0
        self._unfit: dict[str, str] = {}
        self._tries = 0
        self._looking = Looking(self, lambda *seen: self.look(*seen), lambda: self.job is not None)
        self._adjusting = self._adjusted = False
        self._redraws = False
        # Any thread may fail at any time, also while this is closed and destroyed.
        self._failures = Mailbox(self, lambda _: self._filter_failed())
        self._stop_hearing: Callable[[], None] = lambda: None

    def set_studio(self, studio: actions.Studio) -> None:
        """The filters can be run now."""
        self.studio = studio
        self._stop_hearing()
        self._stop_hearing = studio.hear_failures(self._failures.post)
        self.draw_afresh()

    def draw_afresh(self) -> None:
        """Forget what filters have drawn and measured: their code is another one now."""
        self.prepared.forget()
        if self.studio is not None:
            self._renderer = Renderer(self.studio.live, memory=_RENDERED, lenient=True)
        self._pictures.clear()
        self._after_change()

    @property
    def layer(self) -> Layer:
        """The active layer."""
        return self.document.layer(self.active)

    @property
    def painted_on(self) -> str | None:
        """The layer whose mask a brush paints on: the active one if it is a filter with a mask.

        None = the selection.
        """
        layer = self.layer
        return layer.id if layer.filter is not None and layer.mask is not None else None

    def picture(self, document: Document) -> Picture:
        """A version of the document for the screen; its tiles stay ready for a while."""
        # Documents that differ in their selection alone look the same.
        key = id(document.layers), id(document.profile), document.looked_at
        known = self._pictures.pop(key, None)
        if known is None:
            known = document, Picture(document, renderer=self._renderer)
        self._pictures[key] = known
        if len(self._pictures) > _PICTURES:
            self._pictures.popitem(last=False)
        return known[1]

    # -- edits ---------------------------------------------------------------------------------

    def do(self, edit: Edit) -> None:
        """Make an edit; one that takes its time is made on a thread."""
        if self.busy:
            self.complained.emit("edit", f"{self.busy} is not finished yet.", "")
        elif edit.renders is not None:
            self._do_on_thread(edit)
        else:
            self._do(edit)

    def _do(self, edit: Edit) -> None:
        before = self.document
        try:
            self.history = self.history.do(edit)
        except (EditError, ValueError) as error:
            self.complained.emit("edit", f"{edit.label}: {error}.", "")
            return
        except KeyError:
            self.complained.emit("edit", f"{edit.label}: the layer is not there any more.", "")
            return
        self.settled.emit("edit")
        if self.document is not before:
            self._after_change(before)

    def _do_on_thread(self, wanted: Edit, without: frozenset[str] = frozenset()) -> None:
        document = self.document
        edit = wanted.through(self.studio.live if self.studio is not None else None)
        self.busy = edit.label

        def work() -> Document:
            changed = edit.apply(document.without(without))
            plain = plain_raster(changed)
            for raster in (plain, changed.selection):
                if raster is not None:
                    make_levels(raster)
            return changed

        def done(changed: Document) -> None:
            self.busy = ""
            self._do(Edit(edit.label, lambda _: changed, record=edit.record))
            self.job_changed.emit()

        def failed(error: Exception) -> None:
            self.busy = ""
            if isinstance(error, LayerFailed):
                self._block(wanted, error, without)
            else:
                reason = "the layer is not there any more" if isinstance(error, KeyError) else error
                self.complained.emit("edit", f"{edit.label}: {reason}.", "")
            self.job_changed.emit()

        Background(self, work, done, failed)
        self.job_changed.emit()

    def _block(self, edit: Edit, error: LayerFailed, without: frozenset[str]) -> None:
        def again() -> None:
            self.try_again(error.layer_id)
            self.do(edit)

        def leave() -> None:
            if not self.locked:
                self._do_on_thread(edit, without | {error.layer_id})

        self.blocked.emit(edit.label, error, again, leave)

    def activate(self, layer_id: str) -> None:
        """Make a layer the active one."""
        if layer_id != self.active:
            self.active = layer_id
            self.active_changed.emit()

    def undo(self) -> None:
        """One step back."""
        self.jump(self.history.position - 1)

    def redo(self) -> None:
        """One step forward."""
        self.jump(self.history.position + 1)

    def jump(self, position: int) -> None:
        """To any step. Nothing happens while the picture is being resized, nor outside the list."""
        if not self.locked and 0 <= position < len(self.history.steps):
            self.stop_preview()
            before = self.document
            self.history = self.history.jump(position)
            self._after_change(before)

    @property
    def locked(self) -> bool:
        """Whether the document must stay as it is: a job is about all of it."""
        return bool(self.busy) or (self.job is not None and self.job.task.resizes)

    def _after_change(self, before: Document | None = None) -> None:
        """The document is another one."""
        if self._adjusted and not self._adjusting:
            self.stop_preview()
        ids = [layer.id for layer in self.document.walk()]
        known = {layer.id for layer in before.walk()} if before is not None else set(ids)
        new = [identity for identity in ids if identity not in known]
        if new:
            self.active = new[-1]
        elif self.active not in ids:
            self.active = self.document.layers[-1].id
        self.history_changed.emit()
        self._compile()
        self._find_stale()
        self.files.document_changed()
        if not self._tidying.isActive():
            self._tidying.start()

    def _tidy(self) -> None:
        """Move what old steps hold out of memory, on a thread, when there is too much of it."""
        history = self.history
        Background(
            self,
            lambda: self._spill.tidy(history),
            lambda _: None,
            lambda error: self.said.emit(f"Old steps of the history stay in memory: {error}.", ""),
        )

    def _compile(self) -> None:
        """Have compiled what the document is rendered with: it is faster then."""
        found = kernels(self.document)
        if not kernels_ready(found):
            folder = actions.cache_folder() / "kernels"
            threading.Thread(target=prepare_kernels, args=(folder, found), daemon=True).start()

    def _find_stale(self) -> None:
        """Find out, on a thread, which results are of something else, or are not there yet."""
        self._round += 1
        current, document, studio = self._round, self.document, self.studio
        if not any(layer.filter for layer in document.walk()):
            self._show_stale(current, frozenset(), {})
            self._tell_unfit(current, {})
            return

        def waits(layer: Layer) -> bool:
            return studio is not None and layer.filter is not None and studio.waits(layer.filter)

        def find() -> tuple[frozenset[str], dict[str, str], dict[str, str]]:
            filters = [layer for layer in document.walk() if layer.filter is not None]
            stale = frozenset(x.id for x in filters if is_stale(document, x.id) or waits(x))
            if studio is None:
                return stale, {}, {}
            reasons = (
                (layer.id, studio.live.failure(layer.filter))
                for layer in filters
                if layer.filter is not None
            )
            failed = {identity: reason for identity, reason in reasons if reason}
            return stale - failed.keys(), failed, actions.unfit_layers(document, studio.live)

        def found(result: tuple[frozenset[str], dict[str, str], dict[str, str]]) -> None:
            stale, failed, unfit = result
            news = failed.keys() - self.failed.keys() - unfit.keys()
            self._show_stale(current, stale, failed)
            self._tell_unfit(current, unfit)
            self._tell_failed(current, news)

        Background(
            self,
            find,
            found,
            lambda error: self.said.emit(f"Stale layers cannot be told: {error}", ""),
        )

    def _tell_unfit(self, current: int, unfit: dict[str, str]) -> None:
        """Say once of each layer that its settings are none of the installed plugin's."""
        if current != self._round:
            return
        news = [text for identity, text in unfit.items() if self._unfit.get(identity) != text]
        self._unfit = unfit
        if news:
            self.complained.emit("unfit", "\n".join(unfit.values()), "")
        elif not unfit:
            self.settled.emit("unfit")

    def _tell_failed(self, current: int, news: Set[str]) -> None:
        """Say of which layers that are shown there is nothing to see, and why."""
        if current != self._round:
            return
        shown = [layer for layer in self.document.walk() if layer.id in news and layer.shown]
        if shown:
            self.said.emit(
                "\n".join(
                    f"{layer.name} could not be computed, so the picture is shown without it:"
                    f" {self.failed[layer.id]}. To try again, click Failed in its row of Layers."
                    for layer in shown
                ),
                "",
            )
        if self._redraws and news:
            self.draw_afresh()  # some tiles may have been drawn with it
        self._redraws = False

    def _filter_failed(self) -> None:
        """A filter has failed while some picture was drawn: see whether it is this one."""
        self._redraws = True
        self._find_stale()

    def try_again(self, layer_id: str) -> None:
        """Compute a layer that failed once more, and draw the picture with it."""
        held = self.document.layer(layer_id).filter
        if self.studio is not None and held is not None:
            self.studio.try_again(held)
            self.failed = {key: text for key, text in self.failed.items() if key != layer_id}
            self.stale_changed.emit()
            self.draw_afresh()

    def _show_stale(self, current: int, stale: frozenset[str], failed: dict[str, str]) -> None:
        if current == self._round and (stale, failed) != (self.stale, self.failed):
            self.stale, self.failed = stale, failed
            self.stale_changed.emit()

    # -- previews and jobs ---------------------------------------------------------------------

    def task(self, declaration: Declaration, settings: dict[str, Value]) -> Task:
        """A new filter layer above the active one, or none; the selection is its mask."""
        if declaration.factor(settings) != 1 or declaration.selects:
            return Task(declaration, settings)
        held = actions.live_filter(declaration, settings)
        layer = edits.with_selection(Layer(declaration.title, held), self.document)
        return Task(declaration, settings, layer, self.active)

    def start_preview(
        self,
        declaration: Declaration,
        settings: dict[str, Value],
        region: Region,
        level: int = 0,
    ) -> None:
        """Try a filter: a cheap one at once on all that is seen, another on a region.

        ``level`` is the zoom level that is looked at, for a filter that can be tried at any.
        """
        studio = self.studio
        if studio is None or self.job is not None or region.empty:
            return
        self._tries += 1
        current, task = self._tries, self.task(declaration, settings)
        if declaration.zoomable and task.layer is not None:
            self._looking.start(task, region, level)
            return
        if task.layer is None:
            self._preview(task, region)
            return

        def show(cheap: bool) -> None:
            if current != self._tries:
                return
            if cheap:
                self._try(task)
            else:
                self._preview(task, region)

        Background(
            self,
            lambda: studio.is_cheap(declaration, settings),
            show,
            lambda error: self.complained.emit(
                "filter", f"{declaration.title} cannot be tried: {error}", ""
            ),
        )

    def _try(self, task: Task) -> None:
        """Show the document with the filter's layer; it is run as the picture is drawn."""
        if self.preview is not None:
            self.preview.end()
            self.preview = None
        self.overlay = None
        self.trial = task.document(self.document)
        self.overlay_changed.emit()

    def _preview(self, task: Task, region: Region) -> None:
        self.trial = None
        earlier = self.overlay
        if self.preview is not None:
            self.preview.end()
        focus = Region(region.x + region.width // 2, region.y + region.height // 2, 1, 1)
        self.preview = Run(self, task, region, focus, self._preview_heard)
        made = self.preview.overlay
        if earlier and (earlier.region, earlier.scale) == (made.region, made.scale):
            made.pieces = earlier.pieces[-1:]  # no flicker: the old one stays until it is covered
        self.overlay_changed.emit()

    def adjust(self, edit: Edit, region: Region, level: int) -> None:
        """Change the active filter layer's settings; a zoomable one is tried on what is seen.

        Only where that shows what its result will be: nothing lies above the layer, and it is laid
        over the picture as it is.
        """
        self._adjusting = True
        try:
            self.do(edit)
        finally:
            self._adjusting = False
        layer = self.layer
        declaration = self._declaration(layer)
        if declaration is None or not declaration.zoomable or self.job is not None:
            return
        if layer.filter is None or not _plain_on_top(self.document, layer):
            return
        current, _ = self.current(layer.filter)
        if current is None:
            return
        self._adjusted = True
        task = Task(declaration, dict(current.settings), layer, is_new=False)
        self._looking.start(task, region, level)

    def look(self, task: Task, region: Region, seen: Seen) -> None:
        """Try a filter at the size that is seen; what was shown stays until it is covered."""
        self.trial = None
        earlier = self.overlay
        if self.preview is not None:
            self.preview.end()
        self.preview = Run(self, task, region, None, self._preview_heard, seen)
        made = self.preview.overlay
        if earlier is not None and earlier.pieces:
            made.under, earlier.under = earlier, None
        elif earlier is not None:
            made.under = earlier.under
        self.overlay = made
        self.overlay_changed.emit()

    def stop_preview(self) -> None:
        """Take the preview away."""
        self._tries += 1
        self._adjusted = False
        self._looking.stop()
        self.trial = None
        if self.preview is not None:
            self.preview.end()
            self.preview = None
        if self.overlay is not None and self.job is None:
            self.overlay = None
        self.overlay_changed.emit()

    def apply(
        self, declaration: Declaration, settings: dict[str, Value], focus: Region | None
    ) -> None:
        """Add a filter as a layer, give the picture a new size, or select: one step of history."""
        studio = self.studio
        if studio is None or self.job is not None or self.busy:
            return
        self.stop_preview()
        task = self.task(declaration, settings)
        if task.layer is None:
            self._start(task, focus)
            return
        self.busy = declaration.title

        def known(cheap: bool) -> None:
            self.busy = ""
            if cheap:
                self.do(task.adding())
            else:
                self._start(task, focus)

        def failed(error: Exception) -> None:
            self.busy = ""
            self.complained.emit("filter", f"{declaration.title} cannot be applied: {error}", "")

        Background(self, lambda: studio.is_cheap(declaration, settings), known, failed)

    def refresh(self, layer_id: str, focus: Region | None = None) -> None:
        """Compute a filter layer anew."""
        layer = self.document.layer(layer_id)
        if self.studio is None or self.job is not None or layer.filter is None:
            return
        declaration, held, live = self._declaration(layer), layer.filter, self.studio.live
        if declaration is None:
            return

        def known(current: LiveFilter) -> None:
            if any(found is layer for found in self.document.walk()):
                settings = dict(current.settings)
                self._start(Task(declaration, settings, layer, is_new=False), focus)

        def failed(error: Exception) -> None:
            self.complained.emit("filter", f"{layer.name} cannot be refreshed: {error}.", "")

        if not live.knows(held):  # its plugin has to be asked first
            Background(self, lambda: live.current(held), known, failed)
            return
        try:
            current = live.current(held)
        except ParameterError as error:
            failed(error)
            return
        known(current)

    def current(self, held: LiveFilter) -> tuple[LiveFilter | None, str]:
        """A layer's filter as the installed plugin takes it; None, and why, where it does not.

        A plugin that has to be asked first is, on a thread; then ``active_changed`` comes.
        """
        studio = self.studio
        if studio is None:
            return held, ""
        live = studio.live
        if not live.knows(held):

            def answered(_: object) -> None:
                self.active_changed.emit()

            Background(self, lambda: live.current(held), answered, answered)
            return None, f"{held.plugin} brings the settings of {held.version} up to date."
        try:
            return live.current(held), ""
        except KeyError:
            return held, ""
        except ParameterError as error:
            return None, actions.unfit(held, error)

    def _declaration(self, layer: Layer) -> Declaration | None:
        """The installed filter of a layer; None, and a sentence, when it is not there."""
        assert self.studio is not None
        assert layer.filter is not None
        try:
            return self.studio.filter(layer.filter.id)
        except (actions.UnknownFilter, actions.WorkerDied):
            held = layer.filter
            self.complained.emit(
                "filter",
                f"{layer.name} needs the filter {held.title or held.id}, which is not installed."
                f" Install {held.plugin or held.id.split('.')[0]} to change it;"
                " what it has made of the picture is kept.",
                "",
            )
            return None

    def _start(self, task: Task, focus: Region | None) -> None:
        if self.job is not None:
            return
        look = self.overlay if self._adjusted else None
        self.stop_preview()
        self.job = Run(self, task, None, focus, self._job_heard)
        self.overlay = self.job.overlay
        self.overlay.under = look
        self.job_changed.emit()
        self.overlay_changed.emit()

    def cancel_job(self) -> None:
        """Stop the job; its end is heard of like any other."""
        if self.job is not None:
            self.job.job.cancel()

    def look_at(self, region: Region) -> None:
        """Tell what the user looks at: those pieces come first."""
        if self.job is not None:
            self.job.job.focus = region

    def close(self) -> None:
        """Give up whatever runs, and let go of everything. Does not wait."""
        self.closed = True
        self._tries += 1
        self._tidying.stop()
        for run in (self.preview, self.job):
            if run is not None:
                run.end()
        self.preview = self.job = None
        self._looking.stop()
        self._stop_hearing()
        self._failures.close()
        self.files.close()
        self.trial = self.overlay = None
        self._pictures.clear()
        self._renderer = Renderer()
        self.prepared.forget()

    def _preview_heard(self, run: Run, event: actions.JobEvent, picture: Picture | None) -> None:
        if run is not self.preview:
            return
        self._take_piece(run, event, picture)
        if isinstance(event, actions.JobPrepared):
            self.measured.emit(event.values)
        elif isinstance(event, actions.JobProgress):
            run.done = event.done
        elif isinstance(event, (actions.JobFinished, actions.JobFailed, actions.JobCancelled)):
            self.preview = None
            run.overlay.running, run.overlay.under = False, None
            self._looking.ended(isinstance(event, actions.JobFinished))
            if isinstance(event, actions.JobFinished):
                self.settled.emit("filter")
            elif isinstance(event, actions.JobFailed):
                self.overlay = None
                self.complained.emit("filter", event.message, event.details)
        self.overlay_changed.emit()

    def _job_heard(self, run: Run, event: actions.JobEvent, picture: Picture | None) -> None:
        if run is not self.job:
            return
        self._take_piece(run, event, picture)
        if isinstance(event, actions.JobPrepared):
            self.measured.emit(event.values)
        elif isinstance(event, actions.JobProgress):
            run.done, run.remaining = event.done, event.remaining
        elif isinstance(event, (actions.JobFinished, actions.JobFailed, actions.JobCancelled)):
            self.job, self.overlay = None, None
            if isinstance(event, actions.JobFinished):
                self.settled.emit("filter")
                if event.shrinks_back is not None:
                    self.mentioned.emit(actions.fidelity(event.shrinks_back))
                self.do(run.edit())
                if run.declaration.selects:
                    self.selected.emit()
            elif isinstance(event, actions.JobFailed):
                self.complained.emit("filter", event.message, event.details)
        self.job_changed.emit()
        self.overlay_changed.emit()

    def _take_piece(self, run: Run, event: actions.JobEvent, picture: Picture | None) -> None:
        if picture is None or len(run.job.inputs) > 1:
            return
        if isinstance(event, actions.JobFinished):
            run.overlay.complete(picture)
        elif isinstance(event, actions.JobPiece):
            run.overlay.add(event.region, picture)
        self.overlay = run.overlay


def _plain_on_top(document: Document, layer: Layer) -> bool:
    """Whether a filter layer's result is what is seen, as far as its mask says."""
    held = layer.filter
    return (
        held is not None
        and document.layers[-1] is layer
        and layer.shown
        and not layer.clipped
        and (layer.opacity, layer.mode) == (1.0, "normal")
        and (held.channels, held.texture) == ("all", 0.0)
    )
