"""Folder place: where the strip of a folder lies in the window, and what its files open in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from safelight.gui.folder.open_ahead import Ahead
from safelight.gui.notices import Messages
from safelight.gui.open_and_save.close_photographs import Closing
from safelight.gui.open_and_save.open_files import Opening
from safelight.gui.photograph_tabs import Tabs
from safelight.gui.threads.backend import BackEnd

if TYPE_CHECKING:
    from safelight.actions.folder.paste_settings import CopiedSettings
    from safelight.document import Live
    from safelight.gui.batch.batch_thread import RunningBatch
    from safelight.gui.folder.folder_strip import FolderStrip
    from safelight.gui.workspace import Workspace


class FolderPlace(QObject):
    """Shows a folder in ``holder``, below the photographs. Those that are opened from it come one
    after the other into one tab, which is left alone once something was done to its photograph.

    ``strip`` is there from the first folder on. ``changed`` tells that another folder is shown, or
    none; ``asked`` a point of the screen at which what can be done to the chosen is wanted;
    ``compared``, that they are to be compared. ``copied`` are settings to be pasted; ``pasting``
    is what runs while they are.
    """

    changed = Signal()
    asked = Signal(object)
    compared = Signal()

    def __init__(
        self,
        tabs: Tabs,
        backend: BackEnd,
        opening: Opening,
        closing: Closing,
        messages: Messages,
    ) -> None:
        super().__init__(tabs)
        self._tabs, self._backend = tabs, backend
        self._opening, self._closing, self._messages = opening, closing, messages
        self.holder = QWidget()
        layout = QVBoxLayout(self.holder)
        layout.setContentsMargins(0, 0, 0, 0)
        self.strip: FolderStrip | None = None
        self.copied: CopiedSettings | None = None
        self.pasting: RunningBatch | None = None
        self.ahead = Ahead(backend)
        opening.ahead = self.ahead
        self._browsed: Workspace | None = None
        self._on_its_way: Path | None = None
        self._next: Path | None = None
        self._step = 1
        self._keyboard = False  # the strip had it when a photograph was asked for
        self.holder.hide()
        tabs.currentChanged.connect(lambda _: self._follow())

    # -- folders -------------------------------------------------------------------------------

    @property
    def folder(self) -> Path | None:
        """The folder that is shown."""
        return None if self.strip is None else self.strip.folder

    def ask(self) -> None:
        """Ask for a folder, and show it."""
        name = QFileDialog.getExistingDirectory(
            self._tabs.window(), "Open folder", self._opening.last_folder()
        )
        if name:
            self.show(Path(name))

    def show(self, folder: Path, select: Path | None = None) -> None:
        """Show a folder's photographs."""
        if self.strip is None:
            self._make()
        assert self.strip is not None
        self.holder.show()
        self.strip.show_folder(folder.absolute(), select)
        self.strip.view.setFocus(Qt.FocusReason.OtherFocusReason)
        self.changed.emit()

    def show_around_front(self) -> None:
        """Show the folder in which the photograph in front lies."""
        front = self._tabs.front()
        path = None if front is None else front.session.files.path
        if path is not None:
            self._browsed = front
            self.show(path.absolute().parent, path.absolute())

    def hide(self) -> None:
        """Show no folder any more."""
        if self.strip is not None and self.strip.folder is not None:
            self.strip.close_folder()
            self.holder.hide()
            self.ahead.forget()
            self._tabs.focus_front()
            self.changed.emit()

    def end(self) -> None:
        """End what is under way beside the window."""
        self.ahead.forget()
        if self.pasting is not None:
            self.pasting.stop()
        if self.strip is not None:
            self.strip.end()

    def _make(self) -> None:
        from safelight.gui.folder.folder_strip import FolderStrip

        self.strip = FolderStrip(self.endings, self._backend.importers, self._live)
        self.strip.wanted.connect(self.open)
        self.strip.stepped.connect(self.step)
        self.strip.asked.connect(self.asked)
        self.strip.compared.connect(self.compared)
        self.strip.said.connect(lambda text: self._messages.say(text, about="folder"))
        self.strip.shown.connect(lambda: self._messages.settle("folder"))
        self.strip.shown.connect(self._follow)
        self.strip.closed.connect(self.hide)
        self.strip.view.selectionModel().selectionChanged.connect(lambda *_: self.changed.emit())
        layout = self.holder.layout()
        assert layout is not None
        layout.addWidget(self.strip)

    def _live(self) -> Live | None:
        """What computes live layers, if it is there."""
        return None if self._backend.studio is None else self._backend.studio.live

    def endings(self) -> set[str]:
        """The endings of what is opened; asked on a thread."""
        from safelight.actions.batch.batch_sources import openable_endings
        from safelight.files import CODECS

        self._backend.importers()  # waits until the back end is there
        studio = self._backend.studio
        if studio is not None:
            return openable_endings(studio)
        return {ending for codec in CODECS for ending in codec.suffixes} | {".safelight"}

    # -- photographs ---------------------------------------------------------------------------

    def step(self, by: int) -> None:
        """Open the photograph so many places further than the one in front."""
        if self.strip is None:
            return
        here = self._next or self._on_its_way or self._path_in_front()
        path = self.strip.beside(here, by)
        if path is not None:
            self._step = 1 if by > 0 else -1
            self.open(path)

    def open(self, path: Path) -> None:
        """Open a photograph of the folder, or bring it to the front where it is open. While one is
        on its way, the last that was asked for follows it.
        """
        if self.strip is None:
            return
        self.strip.choose(path)
        self._keyboard = self.strip.view.hasFocus()
        if (there := self.tab_of(path)) is not None:
            self._next = None
            self._tabs.setCurrentWidget(there)
            self._give_keyboard()
            return
        if self._on_its_way is None:
            self._begin(path)
        elif path != self._on_its_way:
            self._next = path
        else:
            self._next = None

    def open_apart(self, path: Path) -> None:
        """Open a photograph in a tab of its own, which stays."""
        self._opening.open(path)

    def _begin(self, path: Path) -> None:
        self._on_its_way = path
        self._opening.open(path, ended=self._ended)

    def _ended(self, workspace: Workspace | None) -> None:
        self._on_its_way = None
        if workspace is not None:
            before, self._browsed = self._browsed, workspace
            if before is not None and self._tabs.holds(before) and _is_as_opened(before):
                self._closing.close(before)
            self._give_keyboard()
        path, self._next = self._next, None
        if path is not None:
            self.open(path)
        elif workspace is not None:
            self._prepare()

    def _prepare(self) -> None:
        """Open the photograph ahead that a further step would lead to."""
        path = None
        if self.strip is not None and self.folder is not None:
            path = self.strip.beside(self._path_in_front(), self._step)
        row = None if path is None or self.strip is None else self.strip.rows.row(path)
        if path is None or row is None or path.suffix.casefold() == ".safelight":
            self.ahead.forget()
        elif self.tab_of(path) is None:
            self.ahead.prepare(path, row.width * row.height)

    def _give_keyboard(self) -> None:
        if self._keyboard and self.strip is not None:
            self.strip.view.setFocus(Qt.FocusReason.OtherFocusReason)

    def _path_in_front(self) -> Path | None:
        front = self._tabs.front()
        path = None if front is None else front.session.files.path
        return None if path is None else path.absolute()

    def tab_of(self, path: Path) -> Workspace | None:
        """The photograph's workspace, where it is open."""
        for workspace in self._tabs.workspaces():
            if workspace.session.files.path in (path, path.absolute()):
                return workspace
        return None

    def _follow(self) -> None:
        """Have the photograph in front chosen in the strip too."""
        strip, path = self.strip, self._path_in_front()
        if strip is None or path is None or strip.folder is None or self._next is not None:
            return
        if strip.rows.place(path) >= 0 and len(strip.chosen) < 2:
            strip.choose(path)


def _is_as_opened(workspace: Workspace) -> bool:
    """Whether nothing was done to a photograph, so that closing its tab loses nothing."""
    session = workspace.session
    if session.files.unsaved or session.job is not None or session.busy or session.files.running:
        return False
    return session.files.project is not None or len(session.history.steps) == 1
