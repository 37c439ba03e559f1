"""Save status: what of an open document is in a project, a recovery file or a picture file."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from safelight import actions
from safelight.document import Document, History
from safelight.gui.message_source import MessageSource
from safelight.gui.open_and_save.document_files import Keeping
from safelight.gui.threads.background import Background, Mailbox

AUTOSAVE = 5000
"""Milliseconds after a change until it is written into the recovery file."""


class Saving(MessageSource):
    """The files of one document, whose history ``now`` gives.

    ``path`` is where it was opened or saved, None where that is nowhere; ``name`` what it is
    called. ``saved`` is the version that is in a project, ``being_saved`` one that is being
    written, ``exported`` one that is in a picture file, and which. ``changed`` tells that another
    version is saved.
    """

    changed = Signal()

    def __init__(
        self,
        now: Callable[[], History],
        path: Path | None,
        parent: QObject,
        *,
        project: actions.Project | None = None,
        recovery: actions.Recovery | None = None,
    ) -> None:
        super().__init__(parent)
        self._now = now
        document = now().document
        self.path = path
        self.name = path.name if project is not None and path else document.name
        self.project = project
        self.saved: Document | None = None if recovery is not None else document
        self.being_saved: Document | None = None
        self.exported: tuple[Document, Path] | None = None
        self.exported_how: actions.ExportOptions | None = None
        folder = actions.state_folder() / "recovery"
        self._keeping = Keeping(project, recovery or actions.Recovery(folder, path, self.name))
        self._ended = False
        self._running = 0
        self._when_saved: list[Callable[[], object]] = []
        self._noted = document
        self._autosave = QTimer(self)
        self._autosave.setSingleShot(True)
        self._autosave.setInterval(AUTOSAVE)
        self._autosave.timeout.connect(self.note)
        # Any thread may find a tile unreadable at any time, also while this is destroyed.
        self._unread = Mailbox(self, lambda message: self.said.emit(message, ""))
        if project is not None:
            project.hear(self._unread.post)

    @property
    def unsaved(self) -> bool:
        """Whether there are edits that are in no project. A picture file does not hold them."""
        return not self._ended and self._now().document is not self.saved

    @property
    def running(self) -> bool:
        """Whether anything is being written, or waits for that."""
        return self._running > 0

    def save(
        self,
        path: Path | None = None,
        done: Callable[[], object] | None = None,
        *,
        overwrite: bool = False,
    ) -> None:
        """Save as a project, on a thread: where it is saved already, or at ``path``.

        While something else is being written it waits for that. ``done`` is called when it is
        in the file. A file of that name that is no project of this document stays as it is,
        unless the user wants to ``overwrite`` it.
        """
        if path is None and self.project is None:
            return
        history = self._now()
        document = history.document
        self._running += 1
        self.being_saved = document

        def saved(made: actions.Project) -> None:
            self.project, self.path = made, made.path
            made.hear(self._unread.post)
            self.name = made.path.name
            self._end(document)
            self.mark_saved(document)
            if self._now().document is document:
                self._keeping.forget_notes()
            self.settled.emit("save")
            self.mentioned.emit(f"Saved as {self.name}.")
            if done is not None:
                done()
            waiting, self._when_saved = self._when_saved, []
            for call in waiting:
                call()

        def failed(error: Exception) -> None:
            self._end(document)
            self._when_saved = []
            self.complained.emit("save", str(error), "")

        self._hear(self._keeping.save(history, path, overwrite=overwrite), saved, failed)

    def when_saved(self, call: Callable[[], object]) -> None:
        """Have something done once what is being saved is in its file; never, when it fails."""
        self._when_saved.append(call)

    def document_changed(self) -> None:
        """Write what is new into the recovery file in a while."""
        if not self._autosave.isActive():
            self._autosave.start()

    def note(self) -> None:
        """Write what is in no project into the recovery file, on a thread."""
        history = self._now()
        if not self.unsaved or history.document is self._noted:
            return
        if self.running:
            self._autosave.start()
            return
        self._running += 1

        def noted(_: object) -> None:
            self._noted = history.document
            self._running -= 1
            self.settled.emit("recovery")

        def failed(error: Exception) -> None:
            self._running -= 1
            self.complained.emit("recovery", f"Edits cannot be kept for recovery. {error}", "")

        self._hear(self._keeping.note(history), noted, failed)

    def mark_saved(self, document: Document) -> None:
        """Note that this version is in a project."""
        self.saved = document
        self.changed.emit()

    def mark_exported(
        self, document: Document, path: Path, how: actions.ExportOptions | None = None
    ) -> None:
        """Note that this version is in a picture file, and how it was exported. That saves neither
        layers nor history.
        """
        self.exported = document, path
        self.exported_how = how or self.exported_how

    def close(self) -> None:
        """Finish what is being saved, and let go of the files. Does not wait."""
        self._ended = True
        self._when_saved = []
        self._autosave.stop()
        self._unread.close()
        self._keeping.end()

    def _hear(
        self,
        future: Future[Any],
        done: Callable[[Any], None],
        failed: Callable[[Exception], None],
    ) -> None:
        """Have what became of a file told on the window's thread, unless it is closed by then."""
        Background(self, future.result, self._unless_closed(done), self._unless_closed(failed))

    def _unless_closed(self, call: Callable[[Any], None]) -> Callable[[Any], None]:
        return lambda result: None if self._ended else call(result)

    def _end(self, document: Document) -> None:
        self._running -= 1
        if self.being_saved is document:
            self.being_saved = None
