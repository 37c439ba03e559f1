"""Job queue: filters that are applied to a photograph, or computed anew, one at a time."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal

from safelight import actions
from safelight.api import Declaration, ParameterError, Region, Value
from safelight.document import Document, Edit, LiveFilter
from safelight.gui.canvas.overlay import Overlay
from safelight.gui.canvas.picture import Picture
from safelight.gui.edited_photograph import Edited
from safelight.gui.message_source import MessageSource
from safelight.gui.plugins.installed_filters import Installed
from safelight.gui.previews.job_run import Run, Task
from safelight.gui.previews.previews import Previews
from safelight.gui.threads.background import Background


class Jobs(MessageSource):
    """The jobs of one photograph; ``do`` makes the edits that come of them.

    ``run`` is the one that runs, ``overlay`` shows what there is of its result. ``changed`` tells
    that there is more of it, or that it is over; ``measured`` what a filter has found out about the
    whole picture; ``selected`` that one has made the selection.
    """

    changed = Signal()
    measured = Signal(object)
    selected = Signal()

    def __init__(
        self,
        edited: Edited,
        installed: Installed,
        previews: Previews,
        do: Callable[[Edit], object],
    ) -> None:
        super().__init__(edited)
        self.run: Run | None = None
        self.overlay: Overlay | None = None
        self._edited = edited
        self._installed = installed
        self._previews = previews
        self._do = do

    def apply(
        self,
        declaration: Declaration,
        settings: dict[str, Value],
        focus: Region | None,
        where: Document | None = None,
    ) -> None:
        """Add a filter as a layer, give the picture a new size, or select: one step of history.

        A layer's mask is what is selected, or what is in ``where``. What a preview has computed
        already is not computed again.
        """
        edited, studio = self._edited, self._edited.studio
        if studio is None or self.run is not None or edited.busy:
            return
        exact = None if where is not None else self._previews.exact(declaration, settings)
        shown = self._previews.knows_cheap(declaration, settings)
        if exact is not None and isinstance(exact.job.outcome, actions.JobFinished):
            self._previews.stop()
            self._finished(exact, exact.job.outcome)
            self.changed.emit()
            return
        task = Task.new(declaration, settings, edited, where)
        if task.layer is None:
            self._start(task, focus)
            return
        if shown:
            self._add(task)
            return
        edited.busy = declaration.title

        def known(cheap: bool) -> None:
            edited.busy = ""
            if cheap:
                self._add(task)
                self.changed.emit()
            else:
                self._start(task, focus)

        def failed(error: Exception) -> None:
            edited.busy = ""
            self._previews.stop()
            self.complained.emit("filter", f"{declaration.title} cannot be applied: {error}", "")
            self.changed.emit()

        Background(self, lambda: studio.is_cheap(declaration, settings), known, failed)

    def _add(self, task: Task) -> None:
        """Add a cheap layer, where until now its preview was seen."""
        self._previews.stop()
        self._do(task.adding())

    def refresh(self, layer_id: str, focus: Region | None = None) -> None:
        """Compute a filter layer anew."""
        edited = self._edited
        layer = edited.document.layer(layer_id)
        if edited.studio is None or self.run is not None or layer.filter is None:
            return
        declaration, held = self._installed.declaration(layer), layer.filter
        live = edited.studio.live
        if declaration is None:
            return

        def known(current: LiveFilter) -> None:
            if any(found is layer for found in edited.document.walk()):
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

    def cancel(self) -> None:
        """Stop the job; its end is heard of like any other."""
        if self.run is not None:
            self.run.cancel()

    def look_at(self, region: Region) -> None:
        """Tell what the user looks at: those pieces come first."""
        if self.run is not None:
            self.run.job.focus = region

    def close(self) -> None:
        """Give up whatever runs, and let go of it."""
        if self.run is not None:
            self.run.end()
        self.run = self.overlay = None

    def _start(self, task: Task, focus: Region | None) -> None:
        if self.run is not None:
            return
        looked_at = self._previews.give_up()
        self.run = Run(self._edited, task, None, focus, self._heard)
        self.overlay = self.run.overlay
        self.overlay.under = looked_at
        self.changed.emit()

    def _heard(self, run: Run, event: actions.JobEvent, picture: Picture | None) -> None:
        if run is not self.run:
            return
        run.take(event, picture)
        if isinstance(event, actions.JobPrepared):
            self.measured.emit(event.values)
        elif isinstance(event, (actions.JobFinished, actions.JobFailed, actions.JobCancelled)):
            self.run = self.overlay = None
            if isinstance(event, actions.JobFinished):
                self._finished(run, event)
            elif isinstance(event, actions.JobFailed):
                self.complained.emit("filter", event.message, event.details)
        self.changed.emit()

    def _finished(self, run: Run, event: actions.JobFinished) -> None:
        self.settled.emit("filter")
        if event.shrinks_back is not None:
            self.mentioned.emit(actions.fidelity(event.shrinks_back))
        self._do(run.edit())
        if run.declaration.selects:
            self.selected.emit()
