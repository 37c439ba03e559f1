"""Previews: a filter is tried, or its settings change, and the picture shows what would come.

A filter that has drafts of its networks is tried with those first; a setting that moves on before
they are done asks for no more, and one that rests is tried with the networks themselves.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal

from safelight import actions
from safelight.api import Declaration, Region, Value
from safelight.document import Document, Edit, Layer
from safelight.gui.canvas.overlay import Overlay
from safelight.gui.canvas.picture import Picture
from safelight.gui.edited_photograph import Edited
from safelight.gui.message_source import MessageSource
from safelight.gui.plugins.installed_filters import Installed
from safelight.gui.previews.coarse_to_fine import Looking
from safelight.gui.previews.job_run import Run, Task
from safelight.gui.previews.scaled_document import Seen
from safelight.gui.threads.background import Background


class Previews(MessageSource):
    """What is tried on one photograph, one filter at a time.

    ``run`` computes a preview, ``overlay`` shows it; ``trial`` is the document with a cheap filter
    that is tried, which needs neither. ``changed`` tells that one of them is another, ``measured``
    what a filter has found out about the whole picture. ``do`` makes an edit, ``occupied`` tells
    that a job keeps previews from being made.
    """

    changed = Signal()
    measured = Signal(object)

    def __init__(
        self,
        edited: Edited,
        installed: Installed,
        do: Callable[[Edit], object],
        occupied: Callable[[], bool],
    ) -> None:
        super().__init__(edited)
        self.run: Run | None = None
        self.trial: Document | None = None
        self.overlay: Overlay | None = None
        self._edited = edited
        self._installed = installed
        self._do = do
        self._occupied = occupied
        self._tries = 0
        self._looking = Looking(edited, lambda *seen: self.look(*seen), occupied)
        self._adjusting = self._adjusted = False
        self._exact: Run | None = None
        self._tried: Task | None = None

    def start(
        self,
        declaration: Declaration,
        settings: dict[str, Value],
        region: Region,
        level: int = 0,
    ) -> None:
        """Try a filter: a cheap one at once on all that is seen, another on a region.

        ``level`` is the zoom level that is looked at, for a filter that can be tried at any.
        """
        studio = self._edited.studio
        if studio is None or self._occupied() or region.empty:
            return
        self._tries += 1
        current, task = self._tries, Task.new(declaration, settings, self._edited)
        if declaration.zoomable and task.layer is not None:
            self._looking.start(task, region, level)
            return
        if task.layer is None:
            self._compute(task, region)
            return

        def show(cheap: bool) -> None:
            if current != self._tries:
                return
            if cheap:
                self._try(task)
            else:
                self._compute(task, region)

        Background(
            self,
            lambda: studio.is_cheap(declaration, settings),
            show,
            lambda error: self.complained.emit(
                "filter", f"{declaration.title} cannot be tried: {error}", ""
            ),
        )

    def adjust(self, edit: Edit, region: Region, level: int) -> None:
        """Change the active filter layer's settings; a zoomable one is tried on what is seen.

        Only where that shows what its result will be: nothing lies above the layer, and it is laid
        over the picture as it is.
        """
        self._adjusting = True
        try:
            self._do(edit)
        finally:
            self._adjusting = False
        layer = self._edited.layer
        declaration = self._installed.declaration(layer)
        if declaration is None or not declaration.zoomable or self._occupied():
            return
        if layer.filter is None or not _plain_on_top(self._edited.document, layer):
            return
        current, _ = self._installed.current(layer.filter)
        if current is None:
            return
        self._adjusted = True
        task = Task(declaration, dict(current.settings), layer, is_new=False)
        self._looking.start(task, region, level)

    def look(self, task: Task, region: Region, seen: Seen, draft: bool = False) -> None:
        """Try a filter at the size that is seen; what was shown stays until it is covered."""
        self.trial = None
        earlier = self.overlay
        self._end_run()
        self.run = Run(self._edited, task, region, None, self._heard, seen, draft=draft)
        made = self.run.overlay
        if earlier is not None and earlier.pieces:
            made.under, earlier.under = earlier, None
        elif earlier is not None:
            made.under = earlier.under
        self.overlay = made
        self.changed.emit()

    def document_changed(self) -> None:
        """What was shown of changed settings goes, unless it is they that have changed it."""
        self._exact = None
        if self._adjusted and not self._adjusting:
            self.stop()

    def show_frame(self) -> None:
        """Another frame is looked at: a cheap filter is tried on that one, and what was computed of
        the frame before is not shown over it, nor kept as its result.
        """
        self._exact = None
        if self.trial is not None and self._tried is not None:
            self.trial = self._tried.document(self._edited.document)
        elif self.run is not None or self.overlay is not None:
            self.stop()

    def exact(self, declaration: Declaration, settings: dict[str, Value]) -> Run | None:
        """The last preview, if it has computed all that applying the filter now would compute."""
        run = self._exact
        if run is None or run.task.above not in (None, self._edited.active):
            return None
        same = run.declaration == declaration and run.task.settings == settings
        return run if same else None

    def knows_cheap(self, declaration: Declaration, settings: dict[str, Value]) -> bool:
        """Whether a filter set so is what is shown, run as the picture is drawn."""
        task = self._tried
        same = task is not None and (task.declaration, task.settings) == (declaration, settings)
        return same and self.trial is not None

    def give_up(self) -> Overlay | None:
        """Stop, and give what was shown of changed settings: a job lays what it makes over it."""
        shown = self.overlay if self._adjusted else None
        self.stop()
        return shown

    def stop(self) -> None:
        """Take the preview away."""
        self._tries += 1
        self._adjusted = False
        self._looking.stop()
        self._end_run()
        self.trial = self.overlay = None
        self.changed.emit()

    def close(self) -> None:
        """Give up whatever runs, tell nobody, and let go of everything."""
        self.blockSignals(True)
        self._exact = None
        self.stop()

    def _try(self, task: Task) -> None:
        """Show the document with the filter's layer; it is run as the picture is drawn."""
        self._end_run()
        self.overlay = None
        self.trial, self._tried = task.document(self._edited.document), task
        self.changed.emit()

    def _compute(self, task: Task, region: Region, draft: bool = True) -> None:
        self.trial = None
        earlier = self.overlay
        self._end_run()
        focus = Region(region.x + region.width // 2, region.y + region.height // 2, 1, 1)
        self.run = Run(self._edited, task, region, focus, self._heard, draft=draft)
        made = self.run.overlay
        if earlier and (earlier.region, earlier.scale) == (made.region, made.scale):
            made.pieces = earlier.pieces[-1:]  # no flicker: the old one stays until it is covered
        self.changed.emit()

    def _end_run(self) -> None:
        if self.run is not None:
            self.run.end()
            self.run = None

    def _heard(self, run: Run, event: actions.JobEvent, picture: Picture | None) -> None:
        if run is not self.run:
            return
        if run.take(event, picture):
            self.overlay = run.overlay
        if isinstance(event, actions.JobPrepared):
            self.measured.emit(event.values)
        elif isinstance(event, (actions.JobFinished, actions.JobFailed, actions.JobCancelled)):
            self.run = None
            run.overlay.running, run.overlay.under = False, None
            well, drafted = isinstance(event, actions.JobFinished), run.drafted
            self._looking.ended(well, drafted)
            if well and drafted and run.seen is None and self.run is None:
                self._compute(run.task, run.job.region, draft=False)
            elif well:
                self._exact = run if run.is_whole and run.task.is_new and not drafted else None
                self.settled.emit("filter")
            elif isinstance(event, actions.JobFailed):
                self.overlay = None
                self.complained.emit("filter", event.message, event.details)
        self.changed.emit()


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
