"""Close photographs: what would be lost is asked about first, memory is given back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QMessageBox, QWidget

from safelight.gui.photograph_tabs import Tabs
from safelight.gui.threads.backend import BackEnd
from safelight.gui.threads.background import Background
from safelight.gui.threads.garbage_collection import destroy, give_back
from safelight.gui.widgets.shown_text import plain

if TYPE_CHECKING:
    from safelight.gui.session import Session
    from safelight.gui.workspace import Workspace

_REST = (1500, 4500, 9000)
"""Milliseconds after a photograph was closed, and after each other, at which memory is given back:
threads end first, which on a busy machine takes its time.
"""

_MOST_LINES = 6
"""Photographs that a question lists; of more it says how many."""


class Closing(QObject):
    """Closes photographs. ``save`` saves the one in front and then calls what it is given.

    ``exporting`` has the sessions of which an export runs, ``windows`` those of their own that ask
    before they close; ``closed`` tells that a tab has gone.
    """

    closed = Signal()

    def __init__(
        self, tabs: Tabs, backend: BackEnd, save: Callable[[Callable[[], object]], object]
    ) -> None:
        super().__init__(tabs)
        self._tabs = tabs
        self._backend = backend
        self._save = save
        self.exporting: set[Session] = set()
        self.windows: set[QWidget] = set()
        self.rest = QTimer(self)
        self.rest.setSingleShot(True)
        self.rest.timeout.connect(self._give_back)
        self._rests: list[int] = []

    def close(self, page: Any) -> None:
        """Close the tab of a photograph; asks when it has edits that are in no file."""
        if page is None or not self._tabs.holds(page):
            return
        if hasattr(page, "session"):
            if not self.may_close([page], lambda: self.close(page)):
                return
            page.close_session()
        self._tabs.removeTab(self._tabs.indexOf(page))
        destroy(page)
        self.closed.emit()
        self._rests = list(_REST)
        self.rest.start(self._rests.pop(0))

    def _give_back(self) -> None:
        """Return the memory of closed photographs, on a thread; with the last, the workers' too."""
        studio = self._backend.studio if not self._tabs.count() else None

        if self._rests:
            studio = None  # workers rest once, when all else has
            self.rest.start(self._rests.pop(0))

        def work() -> None:
            give_back()
            if studio is not None:
                studio.rest()

        # A worker that cannot be started is told when it is wanted.
        Background(self, work, lambda _: None, lambda _: None)

    def may_close(self, workspaces: Sequence[Workspace], again: Callable[[], object]) -> bool:
        """Whether these may close; ``again`` asks for it once more when one has been saved."""
        exporting = [item for item in workspaces if item.session in self.exporting]
        if exporting:
            exporting[0].line.mention("The export is not finished yet.")
            return False
        for item in workspaces:
            if item.session.files.being_saved is item.session.document:
                item.line.mention(f"{item.session.files.name} closes as soon as it is saved.")
                item.session.files.when_saved(again)
                return False
        to_save = [item for item in workspaces if item.session.files.unsaved]
        running = [item.session.files.name for item in workspaces if item.session.job is not None]
        if not to_save and not running:
            return True
        answer = self._ask(to_save, running)
        if answer == "save":
            self._tabs.setCurrentWidget(to_save[0])
            self._save(again)
        return answer == "close"

    def close_windows(self) -> bool:
        """Close windows of their own, which may ask; whether all are closed."""
        return all(window.close() for window in list(self.windows))

    def _ask(self, to_save: Sequence[Workspace], running: Sequence[str]) -> str:
        """Ask whether to "save", to "close" or neither (""), saying what would be lost."""
        box = QMessageBox(self._tabs.window())
        box.setWindowTitle("Safelight")
        box.setTextFormat(Qt.TextFormat.PlainText)
        if to_save:
            box.setText(_one_a_line([unsaved_words(item.session) for item in to_save]))
            box.setInformativeText("They are lost when you close.")
        else:
            sentences = [f"A filter is still running on {plain(name)}." for name in running]
            box.setText(_one_a_line(sentences))
            box.setInformativeText("It is stopped when you close.")
        save = box.addButton("Save project", QMessageBox.ButtonRole.AcceptRole) if to_save else None
        close = box.addButton("Close anyway", QMessageBox.ButtonRole.DestructiveRole)
        cancel = box.addButton("Cancel", QMessageBox.ButtonRole.RejectRole)
        box.setEscapeButton(cancel)
        box.exec()
        clicked = box.clickedButton()
        box.deleteLater()
        if save is not None and clicked is save:
            return "save"
        return "close" if clicked is close else ""


def unsaved_words(session: Session) -> str:
    """What of a photograph is in no project, and where it was exported to."""
    name = plain(session.files.name)
    if session.files.exported is None:
        where = "in no file" if session.files.project is None else "not in its project"
        return f"{name} has edits that are {where}."
    document, path = session.files.exported
    state = (
        "was exported to" if document is session.document else "has been edited since it went to"
    )
    lost = "its layers and its history are in no project"
    if session.files.project is not None:
        lost = "its last edits are not in its project"
    return f"{name} {state} {plain(str(path))}, but {lost}."


def _one_a_line(sentences: Sequence[str]) -> str:
    shown = list(sentences[:_MOST_LINES])
    if len(sentences) > _MOST_LINES:
        shown.append(f"And {len(sentences) - _MOST_LINES} more.")
    return "\n".join(shown)
