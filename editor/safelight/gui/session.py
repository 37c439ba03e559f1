"""Session: one photograph being edited: its history, its job, its preview. Knows no widget."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from safelight import actions
from safelight.api import Declaration, Region, Value
from safelight.gui.background import Mailbox
from safelight.gui.canvas.overlay import Overlay
from safelight.gui.canvas.picture import Picture, make_levels
from safelight.pixels import Raster

_PICTURES = 8
"""Versions of the document whose tiles stay ready for the screen."""


class Run:
    """A job and the letters it sends. What is heavy in a letter is prepared on the job's thread."""

    def __init__(
        self,
        session: Session,
        declaration: Declaration,
        settings: dict[str, Value],
        region: Region | None,
        focus: Region | None,
        hear: Any,
    ) -> None:
        document = session.history.document
        self.declaration = declaration
        self.overlay = Overlay(region or document.region, declaration.factor(settings))
        self.done = 0.0
        self.remaining: float | None = None
        self._profile = document.profile
        self._mailbox = Mailbox(session, lambda letter: hear(self, *letter))
        assert session.studio is not None
        self.job = session.studio.start(
            declaration, settings, document, region=region, focus=focus, listener=self._listen
        )

    def end(self) -> None:
        """Stop it, and hear no more of it."""
        self._mailbox.close()
        self.job.cancel()

    def _listen(self, event: actions.JobEvent) -> None:
        picture = None
        if isinstance(event, actions.JobPiece):
            raster = Raster.from_array(event.pixels)
            make_levels(raster)
            picture = Picture(raster, self._profile)
        elif isinstance(event, actions.JobFinished):
            make_levels(event.raster)
            picture = Picture(event.raster, self._profile)
        self._mailbox.post((event, picture))


class Session(QObject):
    """The model behind a workspace. ``studio`` is None until the back end is ready."""

    history_changed = Signal()
    job_changed = Signal()
    overlay_changed = Signal()
    said = Signal(str, str)

    def __init__(
        self, document: actions.Document, path: Path | None, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.path = path
        self.name = document.name
        self.studio: actions.Studio | None = None
        self.history = actions.History.start(document)
        self.saved: actions.Document = document
        self.job: Run | None = None
        self.preview: Run | None = None
        self.overlay: Overlay | None = None
        self._pictures: OrderedDict[int, tuple[actions.Document, Picture]] = OrderedDict()

    @property
    def document(self) -> actions.Document:
        """The document as it is now."""
        return self.history.document

    @property
    def unsaved(self) -> bool:
        """Whether there are edits that have not been exported."""
        return self.document is not self.saved

    def picture(self, document: actions.Document) -> Picture:
        """A version of the document for the screen; its tiles stay ready for a while."""
        known = self._pictures.pop(id(document), None) or (document, Picture(document))
        self._pictures[id(document)] = known
        if len(self._pictures) > _PICTURES:
            self._pictures.popitem(last=False)
        return known[1]

    def undo(self) -> None:
        """One step back."""
        self.jump(self.history.position - 1)

    def redo(self) -> None:
        """One step forward."""
        self.jump(self.history.position + 1)

    def jump(self, position: int) -> None:
        """To any step. Nothing happens while a job runs, nor outside the list."""
        if self.job is None and 0 <= position < len(self.history.steps):
            self.stop_preview()
            self.history = self.history.jump(position)
            self.history_changed.emit()

    def mark_exported(self, document: actions.Document) -> None:
        """Note that this version is in a file."""
        self.saved = document
        self.history_changed.emit()

    # -- previews and jobs ---------------------------------------------------------------------

    def start_preview(
        self, declaration: Declaration, settings: dict[str, Value], region: Region
    ) -> None:
        """Try a filter on a region; an earlier preview is given up."""
        if self.studio is None or self.job is not None or region.empty:
            return
        earlier = self.overlay
        if self.preview is not None:
            self.preview.end()
        focus = Region(region.x + region.width // 2, region.y + region.height // 2, 1, 1)
        self.preview = Run(self, declaration, settings, region, focus, self._preview_heard)
        made = self.preview.overlay
        if earlier and (earlier.region, earlier.scale) == (made.region, made.scale):
            made.pieces = earlier.pieces[-1:]  # no flicker: the old one stays until it is covered
        self.overlay_changed.emit()

    def stop_preview(self) -> None:
        """Take the preview away."""
        if self.preview is not None:
            self.preview.end()
            self.preview = None
        if self.overlay is not None and self.job is None:
            self.overlay = None
        self.overlay_changed.emit()

    def apply(
        self, declaration: Declaration, settings: dict[str, Value], focus: Region | None
    ) -> None:
        """Run a filter on the whole picture; it becomes one step of the history."""
        if self.studio is None or self.job is not None:
            return
        self.stop_preview()
        self.job = Run(self, declaration, settings, None, focus, self._job_heard)
        self.overlay = self.job.overlay
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
        """Give up whatever runs."""
        for run in (self.preview, self.job):
            if run is not None:
                run.end()
        self.preview = self.job = None

    def _preview_heard(self, run: Run, event: actions.JobEvent, picture: Picture | None) -> None:
        if run is not self.preview:
            return
        self._take_piece(run, event, picture)
        if isinstance(event, actions.JobProgress):
            run.done = event.done
        elif isinstance(event, (actions.JobFinished, actions.JobFailed, actions.JobCancelled)):
            self.preview = None
            run.overlay.running = False
            if isinstance(event, actions.JobFailed):
                self.overlay = None
                self.said.emit(event.message, event.details)
        self.overlay_changed.emit()

    def _job_heard(self, run: Run, event: actions.JobEvent, picture: Picture | None) -> None:
        if run is not self.job:
            return
        self._take_piece(run, event, picture)
        if isinstance(event, actions.JobProgress):
            run.done, run.remaining = event.done, event.remaining
        elif isinstance(event, (actions.JobFinished, actions.JobFailed, actions.JobCancelled)):
            self.job, self.overlay = None, None
            if isinstance(event, actions.JobFinished):
                self._add_step(run)
            elif isinstance(event, actions.JobFailed):
                self.said.emit(event.message, event.details)
        self.job_changed.emit()
        self.overlay_changed.emit()

    def _take_piece(self, run: Run, event: actions.JobEvent, picture: Picture | None) -> None:
        if picture is None:
            return
        if isinstance(event, actions.JobFinished):
            run.overlay.complete(picture)
        elif isinstance(event, actions.JobPiece):
            run.overlay.add(event.region, picture)
        self.overlay = run.overlay

    def _add_step(self, run: Run) -> None:
        try:
            self.history = self.history.do(run.job.edit())
        except ValueError as error:
            self.said.emit(f"{run.declaration.title} could not be applied: {error}.", "")
            return
        self.history_changed.emit()
