"""Session: one photograph being edited: its history and its active layer. Knows no widget."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from safelight import actions
from safelight.document import (
    Document,
    Edit,
    EditError,
    History,
    LayerFailed,
    Renderer,
    kernels,
    plain_raster,
)
from safelight.document.commands import keyframe_commands
from safelight.document.frames import frames
from safelight.gui.batch.recipe_thread import Playing
from safelight.gui.canvas.overlay import Overlay
from safelight.gui.canvas.picture import Picture
from safelight.gui.edited_photograph import Edited
from safelight.gui.jobs.job_queue import Jobs
from safelight.gui.jobs.stale_results import Results
from safelight.gui.jobs.waiting_work import WaitingWork, Work
from safelight.gui.open_and_save.save_status import Saving
from safelight.gui.plugins.installed_filters import Installed
from safelight.gui.previews.job_run import Run
from safelight.gui.previews.previews import Previews
from safelight.gui.threads.background import Background
from safelight.gui.threads.told_progress import ToldProgress
from safelight.pixels import DAB, DEPTH, RESAMPLE, TONE, keep_beside, make_levels, prepare_beside

_PICTURES = 8
"""Versions of the document whose tiles stay ready for the screen."""

_PAUSE = 3000
"""Milliseconds after a change before old steps are looked through for memory to give back."""

_SETTLED = 10_000
"""Milliseconds after which a photograph is shown and its filters are there."""

_RENDERED = 256 << 20
"""Bytes kept of what lies below a changing layer."""


class Session(Edited):
    """The model behind a workspace.

    ``files`` knows what of it is saved, ``installed`` what plugins say of its filters, ``results``
    which of their results are true; ``previews`` has what is tried, ``jobs`` what is computed.
    ``job_changed`` tells that the job or ``busy`` is another, ``overlay_changed`` the overlay or
    what is tried. ``blocked`` tells that an edit would lack a layer that cannot be computed: its
    label, the LayerFailed, what makes it again and what makes it without the layer.
    """

    history_changed = Signal()
    active_changed = Signal()
    job_changed = Signal()
    overlay_changed = Signal()
    frame_changed = Signal()
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
        self._token: str | None = None
        self._later: Edit | None = None
        """The newest edit of the gesture whose edit before is being made."""
        self.waiting = WaitingWork()
        self._renderer = Renderer(memory=_RENDERED, lenient=True)
        self._pictures: list[tuple[Document, Picture]] = []
        self._asked_for: set[str] = set()
        self.chosen: Callable[[], Sequence[str]] = tuple
        """Gives the ids of the layers that are chosen in the list, the active one among them."""
        self.recipe: Playing | None = None
        """The recipe that is being done."""
        self.writing: ToldProgress | None = None
        """The export that is done again."""
        self._spill = actions.Spill(actions.cache_folder())
        self._tidying = QTimer(self)
        self._tidying.setSingleShot(True)
        self._tidying.setInterval(_PAUSE)
        self._tidying.timeout.connect(self._tidy)
        self.files = Saving(lambda: self.history, path, self, project=project, recovery=recovery)
        self.files.changed.connect(self.history_changed)
        self.installed = Installed(self)
        self.installed.answered.connect(self.active_changed)
        self.results = Results(self)
        self.results.outdated.connect(self.draw_afresh)
        self.previews = Previews(self, self.installed, self.do, lambda: self.job is not None)
        self.previews.changed.connect(self.overlay_changed)
        self.jobs = Jobs(self, self.installed, self.previews, self.keep)
        self.jobs.changed.connect(self.job_changed)
        self.jobs.changed.connect(self.overlay_changed)
        self.job_changed.connect(self._go_on_with_waiting)
        for source in (self.files, self.installed, self.results, self.previews, self.jobs):
            self.repeat(source)

    def set_studio(self, studio: actions.Studio) -> None:
        """The filters can be run now."""
        self.studio = studio
        self.results.hear(studio)
        self.draw_afresh()
        self._go_on_with_waiting()
        QTimer.singleShot(_SETTLED, self, _compile_ahead)

    def look_at_frame(self, number: int) -> None:
        """Look at another picture of the sequence, if there is that one."""
        number = min(max(number, 0), frames.length(self.history.document) - 1)
        if number != self.frame:
            self.frame = number
            self.previews.show_frame()
            self.frame_changed.emit()

    @property
    def job(self) -> Run | None:
        """The job that runs."""
        return self.jobs.run

    @property
    def under_way(self) -> Run | Playing | ToldProgress | None:
        """What runs, of which it is shown how far it is: a job, a recipe or an export."""
        return self.job or self.recipe or self.writing

    def cancel(self) -> None:
        """Stop the job, or the recipe, that runs, and forget what waits; or else the export."""
        self.waiting.drop()
        if self.writing is not None and self.under_way is self.writing:
            self.writing.cancel()
        if self.recipe is not None:
            self.recipe.cancel()
        self.jobs.cancel()

    @property
    def overlay(self) -> Overlay | None:
        """What a job, or else a preview, shows above the picture: of the frame it is made of."""
        job = self.job
        elsewhere = job is not None and job.frame != self.frame
        return (None if elsewhere else self.jobs.overlay) or self.previews.overlay

    def draw_afresh(self) -> None:
        """Forget what filters have drawn and measured: their code is another one now."""
        self.prepared.forget()
        if self.studio is not None:
            self._renderer = Renderer(self.studio.live, memory=_RENDERED, lenient=True)
        self._pictures.clear()
        self._after_change()

    @property
    def painted_on(self) -> str | None:
        """The layer whose mask a brush paints on: the active one if it has a mask.

        None = the selection.
        """
        layer = self.layer
        return layer.id if layer.mask is not None else None

    def picture_of(self, document: Document) -> Picture:
        """A version of the document for the screen: the one there is, or another."""
        found = (picture for known, picture in self._pictures if known.looks_like(document))
        return next(found, None) or Picture(document, renderer=self._renderer)

    def picture(self, document: Document, made: Picture | None = None) -> Picture:
        """A version of the document for the screen; its tiles stay ready for a while. It is the one
        that was ``made`` before, where that is so and there is none yet.
        """
        known = next((item for item in self._pictures if item[0].looks_like(document)), None)
        if known is None:
            known = document, made or self.picture_of(document)
        others = [item for item in self._pictures if item is not known]
        self._pictures = [*others[-(_PICTURES - 1) :], known]
        return known[1]

    # -- edits ---------------------------------------------------------------------------------

    def do(self, edit: Edit) -> None:
        """Make an edit; one that takes its time is made on a thread. While something is being done
        an edit waits; one of a gesture does not, since what it is made of may be over by then.
        """
        if self.follows(edit):
            self._later = edit
        elif self.busy and edit.token is None:
            self.wait(Work(edit.label, lambda: self.keep(edit)))
        elif self.busy:
            self.complained.emit("edit", f"{self.busy} is not finished yet.", "")
        else:
            self._make(edit, newest=True)

    def keep(self, edit: Edit) -> None:
        """Make an edit that was asked for before what waits now: a job's result, or one that has
        waited itself.
        """
        if self.busy:
            self.do(edit)
        else:
            self._make(edit, newest=False)

    def _make(self, edit: Edit, *, newest: bool) -> None:
        if edit.renders is not None:
            self._do_on_thread(edit, newest=newest)
        else:
            self._do(edit, newest=newest)

    def wait(self, work: Work) -> None:
        """Begin with something as soon as that can be: at once where nothing is in its way."""
        self.waiting.add(work)
        self._go_on_with_waiting()
        self.job_changed.emit()

    def _go_on_with_waiting(self) -> None:
        while not self.closed and self.waiting.go_on(
            busy=bool(self.busy), idle=self.idle and self.studio is not None
        ):
            pass

    def follows(self, edit: Edit) -> bool:
        """Whether an edit is a newer one of the gesture whose edit before is being made."""
        return bool(self.busy) and edit.token is not None and edit.token == self._token

    def _do(
        self, edit: Edit, of: tuple[Document, int] | None = None, *, newest: bool = True
    ) -> None:
        """Make an edit of the document at a frame: the one that is looked at, or was then.
        ``newest``: it was asked for after all that waits, so it is undone before that is forgotten.
        """
        before, position = self.document, self.history.position
        seen, number = of or (before, self.frame)
        try:
            edit = keyframe_commands.on_frame(self.history.document, seen, edit, number)
            self.history = self.history.do(edit)
        except (EditError, ValueError) as error:
            self.complained.emit("edit", f"{edit.label}: {error}.", "")
            return
        except KeyError:
            self.complained.emit("edit", f"{edit.label}: the layer is not there any more.", "")
            return
        if newest:
            self.waiting.count(self.history.position - position)
        self.settled.emit("edit")
        if self.document is not before:
            self._after_change(before)

    def _do_on_thread(
        self, wanted: Edit, without: frozenset[str] = frozenset(), *, newest: bool = True
    ) -> None:
        document, frame = self.document, self.frame
        edit = wanted.through(self.studio.live if self.studio is not None else None)
        self.busy, self._token = edit.label, edit.token

        def work() -> Document:
            changed = edit.apply(document.without(without))
            plain = plain_raster(changed)
            for raster in (plain, changed.selection):
                if raster is not None:
                    make_levels(raster)
            return changed

        def done(changed: Document) -> None:
            self.busy, later, self._later = "", self._later, None
            made = Edit(edit.label, lambda _: changed, edit.token, record=edit.record)
            self._do(made, (document, frame), newest=newest)
            self.job_changed.emit()
            if later is not None:
                self.do(later)

        def failed(error: Exception) -> None:
            self.busy, self._later = "", None
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
            self.results.try_again(error.layer_id)
            self.do(edit)

        def leave() -> None:
            if not self.locked:
                self._do_on_thread(edit, without | {error.layer_id})

        self.blocked.emit(edit.label, error, again, leave)

    def go_on(self, history: History) -> None:
        """Go on with a history that has been carried further on a thread."""
        before = self.document
        self.history = history
        self.settled.emit("edit")
        self._after_change(before)

    def activate(self, layer_id: str) -> None:
        """Make a layer the active one."""
        if layer_id != self.active:
            self.active = layer_id
            self.active_changed.emit()

    def undo(self) -> None:
        """Go one step back: what waits is forgotten before what was done before it is undone."""
        if self.waiting.drop_last():
            self.job_changed.emit()
            return
        self.jump(self.history.position - 1)

    def redo(self) -> None:
        """Go one step forward in the history."""
        self.jump(self.history.position + 1)

    def jump(self, position: int) -> None:
        """Go to any step of the history. Nothing happens while the picture is being resized, nor
        outside the list.
        """
        if not self.locked and 0 <= position < len(self.history.steps):
            self.previews.stop()
            before = self.document
            self.waiting.count(position - self.history.position)
            self.history = self.history.jump(position)
            self._after_change(before)

    def under_way_before(self, *, jobs: bool) -> str:
        """What has to be done before the document is as it was asked to be, by name;
        "" when nothing has. ``jobs``: also what a job makes.
        """
        job = self.job.title if self.job is not None else ""
        return self.busy or (job if jobs else "")

    def when_done(self, then: Callable[[], object], *, jobs: bool = False) -> None:
        """Call ``then`` in a turn of the event loop in which nothing is being done to the document,
        once what is being done to it is, and with ``jobs`` what jobs make.
        """

        def look() -> None:
            if not self.under_way_before(jobs=jobs):
                self.job_changed.disconnect(look)
                QTimer.singleShot(0, self, then)

        self.job_changed.connect(look)

    @property
    def idle(self) -> bool:
        """Whether nothing runs that will change the document."""
        return not self.busy and self.job is None

    @property
    def locked(self) -> bool:
        """Whether the document must stay as it is: a job is about all of it."""
        return bool(self.busy) or (self.job is not None and self.job.task.resizes)

    def _after_change(self, before: Document | None = None) -> None:
        """The document is another one."""
        self.previews.document_changed()
        ids = [layer.id for layer in self.document.walk()]
        known = {layer.id for layer in before.walk()} if before is not None else set(ids)
        new = [identity for identity in ids if identity not in known]
        if new:
            self.active = new[-1]
        elif self.active not in ids:
            self.active = self.document.layers[-1].id
        self.history_changed.emit()
        self.compile()
        self.results.find()
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

    def compile(self, more: Iterable[str] = ()) -> None:
        """Have compiled what the document is rendered with, and ``more`` kernels by their names:
        all that is faster then.
        """
        found = {*kernels(self.document, smaller=True), *more} - self._asked_for
        self._asked_for |= found
        prepare_beside(actions.cache_folder() / "kernels", found)

    def close(self) -> None:
        """Give up whatever runs, and let go of everything. Does not wait."""
        self.closed = True
        self.waiting.drop()
        self._tidying.stop()
        if self.recipe is not None:
            self.recipe.cancel()
        self.previews.close()
        self.jobs.close()
        self.results.close()
        self.files.close()
        self._pictures.clear()
        self._renderer = Renderer()
        self.prepared.forget()


@cache
def _compile_ahead() -> None:
    """Have compiled what a hand will want, unless that was done before: the first layer out of
    shape, the first stroke, would be drawn in numpy meanwhile, ten times as slowly.
    """
    keep_beside(actions.cache_folder() / "kernels", [RESAMPLE, DAB, TONE, DEPTH])
